# SPDX-License-Identifier: GPL-2.0-or-later
check_PROGRAMS += testsuite/bench/bench_shell
testsuite_bench_bench_shell_SOURCES = %D%/bench_shell.c
testsuite_bench_bench_shell_LDADD = testsuite/unit/shell/libfakebroker.la
EXTRA_testsuite_bench_bench_shell_DEPENDENCIES = shell/job/flux-shell

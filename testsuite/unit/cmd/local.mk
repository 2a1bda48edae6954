# SPDX-License-Identifier: GPL-2.0-or-later
CMD_LIBS = $(FLUX_CMD_LIBS) $(UNIT_LIBS)

check_PROGRAMS += testsuite/unit/cmd/test_args
TESTS += testsuite/unit/cmd/test_args
testsuite_unit_cmd_test_args_SOURCES = %D%/test_args.c
testsuite_unit_cmd_test_args_LDADD = $(CMD_LIBS)

check_PROGRAMS += testsuite/unit/cmd/test_fmt
TESTS += testsuite/unit/cmd/test_fmt
testsuite_unit_cmd_test_fmt_SOURCES = %D%/test_fmt.c
testsuite_unit_cmd_test_fmt_LDADD = $(CMD_LIBS)

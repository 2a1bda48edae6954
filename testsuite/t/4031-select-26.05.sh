#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# select/graph for Slurm 26.05, of which Debian has no more than a source, if that: it compiles. With a
# Slurm made of it the other tests run, too (testsuite/slurm/make-slurm --help).
. "$(dirname "$0")/lib.sh"
SOURCE=${T_SOURCE:-}
[ -n "$SOURCE" ] || SOURCE=$("$top_srcdir/testsuite/slurm/source" "$top_builddir/slurm-source" --version 26.05 2>"$T_STATE/source") ||
    skip_loudly "THE SOURCE OF SLURM 26.05"
BUILD=$top_builddir/select-26.05

test_case -t 600 'it compiles, without a warning' <<'END'
mkdir -p "$BUILD"
cd "$BUILD"
[ -f config.status ] || "$top_srcdir/configure" --enable-werror CFLAGS=-O1 CC="$(sed -n 's/^CC = //p' "$top_builddir/Makefile")" \
    --with-slurm-source="$SOURCE" >configure.log 2>&1 || { tail configure.log; exit 1; }
nice make -s -j2 select_graph/select_graph.la
expect_equal "fini init plugin_id plugin_name plugin_type plugin_version" \
    "$(nm -D --defined-only select_graph/.libs/select_graph.so | awk '{ print $3 }' | sort | grep -v '^select_p_' | xargs)"
for name in node_init reconfigure job_test job_begin job_fini job_resized job_expand job_suspend job_resume; do
    nm -D --defined-only select_graph/.libs/select_graph.so | grep -q " select_p_$name\$"
done
END

test_done

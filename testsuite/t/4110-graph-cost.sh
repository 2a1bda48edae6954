#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# What a match costs, counted in vertices and index entries looked at.

. "$(dirname "$0")/lib.sh"

test_case 'what is looked at stays within what match.h promises' <<'END'
"$top_builddir/testsuite/bench/graph_bench" --check >out 2>&1 || { cat out; false; }
expect_match 'visits are within bounds' "$(cat out)"
END

test_done

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Includes point one way, and the check that says so can fail.
. "$(dirname "$0")/lib.sh"

test_case 'no include points the wrong way' <<'END'
"$top_srcdir/testsuite/check-includes"
END

test_case 'one that does is named' <<'END'
mkdir -p tree
for d in lib shell spank select_graph contrib; do cp -r "$top_srcdir/$d" tree; done
echo '#include "shell/cmd/cmd.h"' >>tree/lib/set/idset.c
echo '#include <slurm/spank.h>' >>tree/lib/util/buf.c
expect_exit 1 env top_srcdir="$PWD/tree" "$top_srcdir/testsuite/check-includes" >out
grep -q 'lib/set/idset.c: lib/set must not include from shell/cmd' out
grep -q 'lib/util/buf.c: lib/ must not see a Slurm header: slurm/spank.h' out
END

test_done

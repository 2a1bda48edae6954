#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# select/graph in a simulated slurmctld above the real select_cons_tres.so: its books against
# Slurm's after every event of a random life (20,000 of them; SOAK_EVENTS for more), and a bench that is run for its answers only.
. "$(dirname "$0")/lib.sh"
SIM=$top_builddir/testsuite/sim
[ -d "$SIM" ] && make -s -C "$top_builddir" testsuite/sim/soak testsuite/sim/bench testsuite/sim/counts >/dev/null 2>&1 ||
    skip_all "testsuite/sim was not built (configure --with-slurm-source, Slurm 22.05 installed)"

test_case 'what the graph has is what select/cons_tres has, whatever happens' <<'END'
for seed in 1 2 3; do
    "$SIM/soak" "${SOAK_EVENTS:-$((seed == 1 ? 20000 : 3000))}" $seed >out
    cat out
    expect_in_file ' [1-9][0-9]* preempted, [1-9][0-9]* drains, [1-9][0-9]* restarts' out
    expect_in_file ' 0 differences$' out
done
END

case_if 'command -v valgrind' 'there is no valgrind' -- 'without an error in memory' <<'END'
nice valgrind -q --error-exitcode=9 --leak-check=no --undef-value-errors=no "$SIM/soak" 100 3 >out 2>err || { cat err; exit 1; }
expect_in_file ' 0 differences$' out
END

test_case 'both answer alike for jobs that fit and that do not' <<'END'
"$SIM/bench" 200 1 >out 2>err || { cat out err; false; }
expect_no_match DIFFERS "$(cat out)"
expect_no_match 'LATER' "$(grep -v anywhere out)"
expect_no_match 'does not know' "$(cat out)" # a core of a pool is not all of it
for part in sizes policies options switches requests others power cores devices; do
    expect_in_file "^$part: .* 200 nodes" out
done
expect_in_file '^ *50 run_now .*  1 node' out
END

test_case 'no call makes state anew, looks up jobs or visits more than it must; the graph is no heavier than it may be' <<'END'
for nodes in 200 1000; do
    "$SIM/counts" $nodes 2000 >out || { cat out; false; }
    expect_in_file '^all counts are within bounds$' out
done
END

test_done

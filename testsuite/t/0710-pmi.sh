#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# flux pmi, and with it the PMI service of the job shell.

. "$(dirname "$0")/lib.sh"

LIBPMI=$top_builddir/lib/pmi/.libs

inst ()
{
    timeout -k 5 50 flux start "$@"
}

test_case 'barrier' <<'END'
cat >run.sh <<'EOF'
set -e
flux run -n2 flux pmi barrier
flux run -n2 flux pmi barrier --test-timing
flux run -n2 flux pmi -v barrier --test-count=3
EOF
inst bash run.sh >out 2>err
expect_equal 5 "$(grep -c 'completed pmi barrier on 2 tasks' out)"
expect_equal 1 "$(grep -c 'completed pmi barrier on 2 tasks in [0-9.]*s\.' out)"
expect_in_file 'simple: initialize: success' err
END

test_case 'exchange, on one node and over the tree' <<'END'
cat >run.sh <<'EOF'
set -e
flux run -n2 flux pmi exchange
flux run -N7 -n14 flux pmi exchange --count=3
flux run -N7 --tasks-per-node=8 flux pmi exchange
EOF
inst -s7 -Stbon.topo=kary:2 bash run.sh >out
expect_equal '2 14 14 14 56' "$(sed 's/.* on \([0-9]*\) tasks in .*/\1/' out | xargs)"
END

# Of 15 brokers, 8 tasks each: what goes over a link for one exchange is one message each way, and the
# longest way is the depth of the tree, there and back.
test_case 'hops: one message a link for an exchange, whatever the number of tasks' <<'END'
cat >run.sh <<'EOF'
set -e
count () # KEY: of each rank
{
    flux exec -l -r all flux module stats group >raw
    sed -n 's/^\([0-9]*\): *"'$1'": \([0-9]*\).*/\1 \2/p' raw | sort -n | cut -d' ' -f2 | xargs
}
[ "$(count ended)" = "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0" ]
flux run -N15 --tasks-per-node=8 flux pmi exchange --count=10
count ended >ended; count from-tasks >tasks; count from-brokers >brokers; count sent-up >up
EOF
inst -s15 -Stbon.topo=kary:2 bash run.sh >out
expect_in_file 'on 120 tasks' out
ops=$(cut -d' ' -f1 ended)
[ $ops -ge 10 ] && [ $ops -le 40 ]
[ "$(cut -d' ' -f2- ended)" = '0 0 0 0 0 0 0 0 0 0 0 0 0 0' ]
expect_equal "$(printf "$ops %.0s" {1..15})" "$(cat tasks) "
expect_equal "0 $(printf "$ops %.0s" {1..14})" "$(cat up) "
expect_equal "$(printf "$((2 * ops)) %.0s" {1..7})0 0 0 0 0 0 0 0" "$(cat brokers)"
END

test_case 'an exchange ends at the lowest broker that has all shells below it' <<'END'
cat >run.sh <<'EOF'
set -e
flux run -N2 -n4 --requires=ranks:3-4 flux pmi exchange --count=5
flux exec -l -r all flux module stats group >raw
EOF
inst -s7 -Stbon.topo=kary:2 bash run.sh >out
count () { sed -n 's/^\([0-9]*\): *"'$1'": \([0-9]*\).*/\1 \2/p' raw | sort -n | cut -d' ' -f2 | xargs; }
n=$(count ended | cut -d' ' -f2)
[ $n -ge 5 ]
expect_equal "0 $n 0 0 0 0 0" "$(count ended)"
expect_equal "0 0 0 $n $n 0 0" "$(count sent-up)"
expect_equal "0 $((2 * n)) 0 0 0 0 0" "$(count from-brokers)"
END

# It has no shell itself, and dies amid thousands of exchanges: somewhere some shells have got a
# result that others have not.
test_case 'that broker dies: the exchanges go on below another one' <<'END'
cat >run.sh <<'EOF'
victim=$(flux exec -r 1 flux getattr broker.pid)
job=$(flux submit -N2 -n2 --requires=ranks:3-4 bash -c 'for i in 1 2 3 4 5 6 7 8; do
    flux pmi exchange --count=200 >/dev/null || exit 1; [ $FLUX_TASK_RANK = 0 ] && [ $i = 2 ] && touch half; done; true')
for i in $(seq 1000); do [ -e half ] && break; sleep .01; done
kill -9 $victim
flux job attach $job && echo went on
EOF
inst -s7 -Stbon.topo=kary:2 bash run.sh >out 2>err || true # a broker of it has been killed
expect_equal 'went on' "$(cat out)" || { cat err; exit 1; }
END

test_case 'get' <<'END'
cat >run.sh <<'EOF'
set -e
flux run -n2 flux pmi get PMI_process_mapping flux.taskmap
flux run -n2 flux pmi get --ranks=all flux.instance-level
flux run -n2 flux pmi get --ranks=1 flux.instance-level
! flux run -n1 flux pmi get nokey
! flux run -n1 flux pmi get
! flux run -n1 flux pmi get --ranks=x flux.taskmap
! flux run -n1 flux pmi get --badopt flux.taskmap
EOF
inst bash run.sh >out 2>err || { cat out err; exit 1; }
expect_equal '(vector,(0,1,2)) [[0,1,2,1]] 0 0 0' "$(xargs <out)"
END

test_case 'methods' <<'END'
cat >run.sh <<'EOF'
set -e
flux run -n2 flux pmi --method=simple exchange
flux run -n2 flux pmi --method=libpmi:$LIBPMI/libpmi.so exchange
flux run -n2 flux pmi exchange --method=libpmi2:$LIBPMI/libpmi2.so
flux run -n2 flux pmi exchange --method=libpmi2:$LIBPMI/libpmi2.so --libpmi2-cray
! flux run -n1 flux pmi get --method=libpmi2:$LIBPMI/libpmi2.so --libpmi2-cray flux.instance-level
flux run -n1 flux pmi get --method=libpmi2:$LIBPMI/libpmi2.so flux.instance-level >level
flux run -n2 flux pmi --method=single barrier
EOF
inst bash run.sh >out
expect_equal '2 2 2 2 1 1' "$(sed 's/.* on \([0-9]*\) tasks.*/\1/' out | xargs)"
expect_equal 0 "$(cat level)"
expect_in_file ' on 1 tasks' <(flux pmi barrier)
for m in simple nosuch libpmi:/nowhere/libpmi.so; do
    expect_exit 1 flux pmi --method=$m barrier 2>err
    expect_in_file "^flux-pmi: $m: " err
done
expect_exit 1 flux pmi --method=single get flux.taskmap
END

test_case 'one that aborts ends all; a time-out' <<'END'
expect_exit 143 inst flux run -n2 flux pmi barrier --test-abort=1 2>err
expect_in_file 'rank 1 is aborting' err
cat >late.sh <<'EOF'
[ $FLUX_TASK_RANK = 0 ] && exec flux pmi -t 0.2s barrier
sleep 20
EOF
expect_exit 1 inst flux run -n2 -o exit-on-error bash late.sh 2>err
expect_in_file 'flux-pmi: timeout' err
END

test_done

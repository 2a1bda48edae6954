#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Messages between tasks (libflux-tasks): groups in one job and between jobs.

. "$(dirname "$0")/lib.sh"

EXAMPLES=$top_builddir/contrib/examples
TASK=$top_builddir/testsuite/unit/tasks/group_task

# inst [START-OPTION]... COMMAND...: in an instance of its own
inst ()
{
    timeout -k 5 55 flux start "$@"
}

for what in collective 'messages 1000' 'messages 300000' pressure 'topics 20' going timeouts loop; do
    test_case "$what: one job over four nodes" <<'END'
expect_equal "${what% *} ok" "$(inst -s4 flux run -N4 -n8 $TASK $what)"
END
done

test_case 'subscribers that do not read lose messages, with a count, and stop nobody' <<'END'
expect_equal 'flood ok' "$(inst -s3 flux run -N3 -n3 $TASK flood 80)"
END

test_case 'a tree of three levels, and one broker alone' <<'END'
cat >run.sh <<'EOF'
set -e
flux run -N2 -n4 --requires=ranks:3-4 $TASK collective
flux exec -r 0-1 flux module stats group | jq .reduce.ended >ended
for what in collective 'messages 100000' 'topics 5' going; do flux run -N7 -n14 $TASK $what; done
on () { rc=0; flux run -n1 --requires=ranks:$1 $TASK churn $2 2>/dev/null || rc=$?; [ $2 = visit ] || [ $rc = 137 ]; }
job=$(flux submit -N2 -n2 --requires=ranks:3-4 $TASK churn stay)
on 2 visit; on 4 visit; on 1 visit; on 0 visit; on 5 die; on 3 die
touch stop
flux job attach $job
EOF
expect_equal 'collective ok collective ok messages ok topics ok going ok churn ok churn ok churn ok churn ok'\
' 120 with three, 2 failed churn ok' "$(inst -s7 -Stbon.topo=kary:2 bash run.sh | xargs)"
expect_equal 24 "$(jq -s add ended)"
[ "$(head -1 ended)" -le 6 ] || fail "rank 0 had $(head -1 ended) operations of tasks that are below rank 1"
expect_equal 'collective ok' "$(inst flux run -n1 $TASK collective)"
expect_equal 'collective ok' "$(inst $TASK collective)"
END

test_case 'who takes all and leaves has given receipts' <<'END'
for n in 1 5 40; do
    expect_equal 'leave ok' "$(inst -s2 flux run -N2 -n2 $TASK leave $n)"
    expect_equal 'leave ok' "$(FLUX_TASKS_DIRECT=0 inst -s2 flux run -N2 -n2 $TASK leave $n)"
done
expect_equal 'leave ok' "$(inst -s3 flux run -N3 -n3 $TASK leave 5)"
expect_equal 'leave ok' "$(inst flux run -n2 $TASK leave 5)"
END

test_case 'direct links: for large messages, for none, for all' <<'END'
export EXPECT_LINKS=yes
expect_equal 'messages ok' "$(inst -s4 flux run -N4 -n4 $TASK messages 300000)"
expect_equal 'messages ok' "$(FLUX_TASKS_DIRECT=0 inst -s4 flux run -N4 -n4 $TASK messages 3000)"
export EXPECT_LINKS=no
expect_equal 'messages ok' "$(inst -s4 flux run -N4 -n4 $TASK messages 3000)"
expect_equal 'messages ok' "$(FLUX_TASKS_DIRECT=off inst -s4 flux run -N4 -n4 $TASK messages 300000)"
END

test_case 'direct links: CURVE only, and only with keys that came through the brokers' <<'END'
inst flux run -n1 "${TASK%group_task}link_rogue" >out
expect_equal 'without CURVE: refused
a key that it was not told: refused
another key for the task: refused
both keys: let in' "$(cat out)"
END

test_case 'a member that dies is noticed' <<'END'
expect_equal 'death ok' "$(inst -s4 flux run -N4 -n8 -o exit-timeout=none $TASK death 2>err)" || { cat err; exit 1; }
END

test_case 'many tasks' <<'END'
expect_equal 'collective ok' "$(inst -s4 flux run -N4 --tasks-per-node=16 $TASK collective)"
END

test_case 'two jobs meet, and others later under the same name' <<'END'
cat >run.sh <<'EOF'
set -e
for i in 1 2; do
    one=$(flux submit -N2 -n3 $TASK meet 5)
    flux run -N2 -n2 $TASK meet 5
    flux job attach $one
done
EOF
expect_equal 'meet ok meet ok meet ok meet ok' "$(inst -s4 bash run.sh | xargs)"
END

test_case 'example: sum' <<'END'
inst -s4 flux run -N4 -n8 $EXAMPLES/sum >out
expect_equal 'sum of squares of 8 ranks: 140' "$(head -1 out)"
expect_equal 8 "$(grep -c '^rank [0-7] is on ' out)"
END

test_case 'example: a farm whose workers come late and die' <<'END'
cat >run.sh <<'EOF'
set -e
farmer=$(flux submit -N1 -n1 $EXAMPLES/farm farmer 30)
dies=$(flux submit -N1 -n1 --env=FARM_WORKER_DIES=3 $EXAMPLES/farm worker)
flux job wait-event -q $dies finish # before others can have taken all
flux submit -N2 -n2 $EXAMPLES/farm worker >/dev/null
flux job attach $farmer
flux queue drain
EOF
inst -s4 bash run.sh >out 2>err || { cat out err; exit 1; }
expect_equal '30 pieces of work, sum of results 50035' "$(cat out)"
expect_in_file 'is given to another one' err
END

test_case 'example: a feed between jobs' <<'END'
cat >run.sh <<'EOF'
set -e
flux submit -N1 $EXAMPLES/feed publish 3 2 >/dev/null
one=$(flux submit -N1 $EXAMPLES/feed follow step. 2)
two=$(flux submit -N1 $EXAMPLES/feed follow energy 2)
flux job attach $one
flux job attach $two
EOF
expect_equal 'step.0: 1.000 step.1: 0.500 step.2: 0.333 energy: 1.000 energy: 0.500 energy: 0.333' \
    "$(inst -s4 bash run.sh | xargs)"
END

# What one stage has is the sum of what all before it have put in, whatever way it took.
test_case 'example: a large stream, over direct links and without' <<'END'
inst -s3 flux run -N3 -n3 $EXAMPLES/stream 20 >one 2>/dev/null
FLUX_TASKS_DIRECT=off inst -s3 flux run -N3 -n3 $EXAMPLES/stream 20 >two 2>/dev/null
expect_equal '20 MiB through 3 tasks, sum 64000' "$(cat one)"
cmp one two
END

test_case 'flux group' <<'END'
cat >run.sh <<'EOF'
set -e
test -z "$(flux group list -n)"
one=$(flux submit -N2 -n2 --requires=ranks:1-2 $TASK meet 3)
for i in $(seq 100); do flux group list -n | grep -q 0-1 && break; sleep .05; done
flux group list
flux group list --json | jq -r '.[0] | .name, .size, .lost'
flux group show /meeting | awk 'NR > 1 { print $1, $2 }' | sort
flux run -n1 $TASK meet 3
flux job attach $one
test -z "$(flux group list -n)"
expect_exit 1 flux group show /meeting
EOF
inst -s4 bash run.sh >out 2>err || { cat out err; exit 1; }
expect_in_file '^/meeting  *2  0-1 *$' out
expect_equal '/meeting 2' "$(sed -n 3,4p out | xargs)"
expect_equal '0 1' "$(sed -n 6,7p out | cut -d' ' -f1 | xargs)"
END

test_case 'an inner broker dies on the way of messages and operations: none is lost' <<'END'
cat >run.sh <<'EOF'
rm -f stop
victim=$(flux exec -r 1 flux getattr broker.pid)
below=$(flux submit -N2 -n2 --requires=ranks:3-4 $TASK churn stay) # its operations end there
for i in $(seq 300); do
    [ $(flux exec -r 1 flux module stats group | jq .reduce.ended) -gt 10 ] && break; sleep .02
done
job=$(flux submit -N6 -n6 --requires=ranks:0,2-6 $TASK steady 300)
for i in $(seq 500); do [ -e half ] && break; sleep .02; done
flux exec -r 1 flux module stats group | jq .reduce.ended
kill -9 $victim
flux job attach $job
touch stop
flux job attach $below
EOF
inst -s7 -Stbon.topo=kary:2 bash run.sh >out 2>err || true # a broker of it has been killed
expect_equal 'steady ok 0 with three, 0 failed churn ok' "$(sed 1d out | xargs)" || { cat err; exit 1; }
[ "$(head -1 out)" -gt 10 ]
END

test_case 'a node that dies is noticed by the tasks of another job' <<'END'
cat >run.sh <<'EOF'
one=$(flux submit -N3 -n3 --requires=ranks:0-2 $TASK node 3)
two=$(flux submit -N1 -n1 --requires=ranks:3 $TASK node kill)
flux job attach $one
EOF
inst -s4 bash run.sh >out 2>err || true # a broker of it has been killed
expect_equal 'node ok' "$(cat out)" || { cat err; exit 1; }
END

test_done

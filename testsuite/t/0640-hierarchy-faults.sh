#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Instances within instances when something dies: each ends in a state that is known, with its jobs
# accounted for and nothing left running.

. "$(dirname "$0")/lib.sh"

gone () { ! pgrep -fx "$1" >/dev/null; }
runs () { pgrep -fx "$1" >/dev/null; }

test_case 'a child whose first broker is killed: its job fails, the parent goes on' <<'END'
cat >run.sh <<'EOF'
task="sleep 301.$$"
id=$(flux alloc -N2 --bg)
flux proxy $id flux submit --quiet -N2 $task
wait_until 10 runs "$task"
kill -9 $(flux proxy $id flux getattr broker.pid)
flux job wait-event -q -t 20 $id clean
expect_output FAILED flux jobs -ano '{result}' $id
wait_until 15 gone "$task"
expect_output free flux resource list -no '{state}' -s free
flux run -N2 true
EOF
flux start -s2 bash -eEu run.sh 2>err || { cat err; false; }
END

test_case 'a child whose second broker is killed: jobs there get an exception, others go on' <<'END'
cat >run.sh <<'EOF'
task="sleep 302.$$"
id=$(flux alloc -N2 --bg)
lost=$(flux proxy $id flux submit --requires=rank:1 $task)
kept=$(flux proxy $id flux submit --requires=rank:0 sleep 4)
wait_until 10 runs "$task"
kill -9 $(flux proxy $id flux exec -r 1 flux getattr broker.pid)
flux proxy $id flux job wait-event -q -t 30 $lost exception
wait_until 15 gone "$task"
flux proxy $id flux job status $kept
flux shutdown --quiet $id || true
flux job wait-event -q -t 30 $id clean
EOF
flux start -s2 bash -eEu run.sh 2>err || { cat err; false; }
END

test_case 'the parent ends while a child and its child run: nothing is left' <<'END'
task="sleep 303.$$"
cat >run.sh <<EOF
id=\$(flux alloc -N1 --bg)
inner=\$(flux proxy \$id flux alloc -n1 --bg)
flux proxy \$id/\$inner flux submit --quiet $task
wait_until 10 runs "$task"
EOF
flux start bash -eEu run.sh 2>err || { cat err; false; }
wait_until 15 gone "$task"
END

test_case 'the parent is killed while a child and its child run: nothing is left' <<'END'
task="sleep 304.$$"
cat >run.sh <<EOF
id=\$(flux alloc -N1 --bg)
inner=\$(flux proxy \$id flux alloc -n1 --bg)
flux proxy \$id/\$inner flux submit --quiet $task
wait_until 10 runs "$task"
flux proxy \$id/\$inner flux getattr broker.pid >inner.pid
flux proxy \$id flux getattr broker.pid >outer.pid
kill -9 \$(flux getattr broker.pid)
EOF
flux start bash -eEu run.sh 2>err || true
wait_until 15 gone "$task"
wait_until 15 eval '! kill -0 $(cat inner.pid) 2>/dev/null'
wait_until 15 eval '! kill -0 $(cat outer.pid) 2>/dev/null'
END

test_case 'a child that ignores the signal to end is killed' <<'END'
cat >run.sh <<'EOF'
id=$(flux batch -n1 --output=out --wrap "trap '' TERM INT HUP; echo deaf; while :; do sleep 0.2; done")
wait_until 10 expect_in_file deaf out
pid=$(flux job hostpids $id); pid=${pid#*:}
flux cancel $id
flux job wait-event -q -t 30 $id clean
expect_output CANCELED flux jobs -ano '{result}' $id
wait_until 10 eval "! kill -0 $pid 2>/dev/null"
EOF
flux start bash -eEu run.sh 2>err || { cat err; false; }
END

test_case 'a child whose program ignores a shutdown: its jobs are ended, it is killed' <<'END'
task="sleep 306.$$"
cat >run.sh <<EOF
id=\$(flux batch -n1 --output=out --wrap "flux submit --quiet $task; trap '' TERM INT HUP; echo deaf; while :; do sleep 0.2; done")
wait_until 10 expect_in_file deaf out
pid=\$(flux job hostpids \$id); pid=\${pid#*:}
wait_until 10 runs "$task"
flux shutdown --quiet \$id
flux job wait-event -q -t 15 \$id clean
expect_output '0 0 1 0' flux jobs -ano '{annotations.user.jobs.successful} {annotations.user.jobs.failed} {annotations.user.jobs.canceled} {annotations.user.jobs.timeout}' \$id
wait_until 10 gone "$task"
! kill -0 \$pid 2>/dev/null
EOF
flux start bash -eEu run.sh 2>err || { cat err; false; }
END

test_case 'a child whose broker does not react at all is killed when it is canceled' <<'END'
task="sleep 307.$$"
cat >run.sh <<EOF
id=\$(flux alloc -N2 --bg)
flux proxy \$id flux submit --quiet -N2 $task
wait_until 10 runs "$task"
kill -STOP \$(flux proxy \$id flux getattr broker.pid)
flux cancel \$id
flux job wait-event -q -t 20 \$id clean
expect_output CANCELED flux jobs -ano '{result}' \$id
wait_until 15 gone "$task"
flux run -N2 true
EOF
flux start -s2 bash -eEu run.sh 2>err || { cat err; false; }
END

test_case 'the parent loses a node of a child: the child goes on without it' <<'END'
cat >run.sh <<'EOF'
id=$(flux alloc -N3 --bg)
plain=$(flux submit -N1 --requires=rank:3 sleep 300)
job=$(flux proxy $id flux submit --requires=rank:2 sleep 300)
flux proxy $id flux job wait-event -q $job start
flux job wait-event -q $plain start
kill -9 $(flux exec -r 2 flux getattr broker.pid) $(flux exec -r 3 flux getattr broker.pid)
flux job wait-event -q -t 30 -m severity=0 $plain exception
flux job wait-event -q -t 30 -m severity=2 $id exception
flux proxy $id flux job wait-event -q -t 30 $job exception
flux proxy $id flux run -N2 true
wait_until 20 expect_output n2 flux proxy $id flux resource list -no '{nodelist}' -s down
flux proxy $id flux resource shrink --quiet 2
expect_output '0-1 RUN' flux jobs -no '{ranks} {state}' $id
flux shutdown --quiet $id
flux job wait-event -q -t 30 $id clean
expect_output COMPLETED flux jobs -ano '{result}' $id
EOF
flux start -s4 --test-hosts=n[0-3] bash -eEu run.sh 2>err || { cat err; false; }
END

test_case 'three levels, a broker in the middle is lost: the top and the other half go on' <<'END'
task="sleep 308.$$"
cat >run.sh <<EOF
id=\$(flux alloc -N3 --bg)
a=\$(flux proxy \$id flux alloc -N1 --requires=rank:1 --bg)
b=\$(flux proxy \$id flux alloc -N1 --requires=rank:2 --bg)
flux proxy \$id/\$a flux submit --quiet $task
kept=\$(flux proxy \$id/\$b flux submit sleep 3)
wait_until 10 runs "$task"
kill -9 \$(flux proxy \$id flux exec -r 1 flux getattr broker.pid)
flux proxy \$id flux job wait-event -q -t 30 \$a exception
wait_until 15 gone "$task"
flux proxy \$id flux job wait-event -q -t 30 \$a clean
expect_output FAILED flux proxy \$id flux jobs -ano '{result}' \$a
flux proxy \$id/\$b flux job status \$kept
expect_output n1 flux proxy \$id flux resource list -no '{nodelist}' -s down
expect_output RUN flux jobs -no '{state}' \$id
flux shutdown --quiet \$id || true
flux job wait-event -q -t 30 \$id clean
flux run -N3 true
EOF
flux start -s3 --test-hosts=n[0-2] bash -eEu run.sh 2>err || { cat err; false; }
END

test_case 'three levels, a broker of the first is lost: what ran there fails, the rest goes on' <<'END'
cat >run.sh <<'EOF'
task="sleep 305.$$"
id=$(flux alloc -N2 -n2 --bg)
strict=$(flux alloc -N2 -n2 --broker-opts=-Sbroker.critical-ranks=0-1 --bg)
expect_equal '0 0-1' "$(flux module stats job-exec | jq -r '.jobs[].critical_ranks' | sort | xargs)"
inner=$(flux proxy $id flux alloc -N1 --requires=rank:1 --bg)
flux proxy $id/$inner flux submit --quiet $task
wait_until 10 runs "$task"
kill -9 $(flux exec -r 1 flux getattr broker.pid)
wait_until 30 gone "$task"
flux job wait-event -q -t 30 -m severity=2 $id exception
flux job wait-event -q -t 30 -m severity=0 $strict exception
flux proxy $id flux job wait-event -q -t 30 $inner clean
expect_output FAILED flux proxy $id flux jobs -ano '{result}' $inner
flux proxy $id flux run -N1 true
EOF
flux start -s2 bash -eEu run.sh 2>err || { cat err; false; }
END

test_case 'a child is asked for more than the parent has: refused, with the reason' <<'END'
cat >run.sh <<'EOF'
expect_exit 1 flux alloc -N3 true 2>err
expect_in_file 'unsatisfiable' err
id=$(flux alloc -N1 --bg)
expect_exit 1 flux proxy $id flux alloc -N2 true 2>err
expect_in_file 'unsatisfiable' err
flux shutdown --quiet $id
EOF
flux start -s2 bash -eEu run.sh
END

test_done

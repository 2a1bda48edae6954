#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# flux top on a terminal: keys, sizes, instances within the instance.

. "$(dirname "$0")/lib.sh"

tmux () { command tmux -S "$T_TMP/tmux" -f /dev/null "$@"; }
screen () { tmux capture-pane -p; }
shows () { screen >now; expect_in_file "$1" now; }

test_case 'jobs, keys, a child instance, a smaller window, and the end' <<'END'
cat >run.sh <<'EOF'
flux submit --quiet --wait true
flux submit --quiet --wait false || true
flux submit --quiet --cc=1-2 sleep 300
child=$(flux alloc -n1 --bg)
flux proxy $child flux submit --quiet --job-name=inner sleep 300
tmux new-session -d -x 80 -y 20 "flux top; echo code \$?; sleep 60"
wait_until 10 shows 'flux-top - '
shows '3 running'
shows '2 inactive'
shows '^ *JOBID .*NAME'
shows 'sleep$'
tmux send-keys d
wait_until 5 shows '1 complete, 1 failed'
tmux send-keys j Enter
wait_until 5 shows 'inner$'
shows "/$child .*left"
shows 'depth: 1'
tmux resize-window -x 60 -y 9
wait_until 5 expect_output 9 eval 'screen | wc -l'
wait_until 5 shows 'inner$'
tmux send-keys q
wait_until 5 shows 'depth: 0'
tmux resize-window -x 80 -y 20
tmux send-keys Down Down Up k k C-l
wait_until 5 shows '3 running'
tmux send-keys q
wait_until 5 shows '^code 0$'
tmux kill-server
flux cancel --all 2>/dev/null
EOF
TERM=screen flux start --test-size=4 bash -eEu run.sh
END

test_case 'the instance above is shown when a child ends, and nothing when the first does' <<'END'
cat >run.sh <<'EOF'
child=$(flux alloc -n1 --bg)
tmux new-session -d -x 80 -y 20 "flux top; echo code \$?; sleep 60"
wait_until 10 shows '1 running'
tmux send-keys j Enter
wait_until 5 shows 'depth: 1'
flux shutdown --quiet $child
wait_until 10 shows 'depth: 0'
EOF
TERM=screen flux start bash -eEu run.sh
wait_until 10 shows '^code 1$'
shows 'the instance has ended'
tmux kill-server
END

test_case 'queues: all, one by one, one from the command line' <<'END'
cat >run.sh <<'EOF'
flux submit --quiet -q batch --job-name=slow sleep 300
flux submit --quiet -q debug --job-name=quick sleep 300
flux top --test-exit -q debug >one
tmux new-session -d -x 90 -y 20 "flux top"
wait_until 10 shows 'queue: all'
shows slow
shows quick
tmux send-keys l
wait_until 5 shows 'queue: batch'
expect_no_match quick "$(screen)"
tmux send-keys Right
wait_until 5 shows 'queue: debug'
expect_no_match slow "$(screen)"
tmux send-keys h
wait_until 5 shows 'queue: batch'
tmux kill-server
flux cancel --all 2>/dev/null
EOF
TERM=screen flux start -s2 --conf='{"queues":{"batch":{},"debug":{}}}' bash -eEu run.sh
expect_in_file quick one
expect_no_match slow "$(cat one)"
END

test_case 'no terminal: one sentence' <<'END'
expect_exit 1 flux start flux top 2>err </dev/null
expect_in_file 'must be a terminal' err
END

test_done

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# What an instance that is a job has of the one above it: its time, and where its results are seen.

. "$(dirname "$0")/lib.sh"

expires () { flux ${1:+proxy $1} flux resource R | jq .execution.expiration; }
memo () { flux jobs -ano "{annotations.user.$2}" "$1"; }

test_case 'state and results of a child are notes on its job' <<'END'
cat >run.sh <<'EOF'
id=$(flux alloc -n1 --bg)
wait_until 5 expect_output run memo $id state
expect_match '^ssh://.*/local-0$' "$(memo $id uri)"
flux proxy $id sh -c 'flux submit --quiet --wait --cc=1-3 true; flux submit --quiet --wait false; flux submit --quiet sleep 300' || true
flux shutdown --quiet $id
flux job wait-event -q $id clean
expect_output shutdown memo $id state
expect_output '3 1 1 0' flux jobs -ano '{annotations.user.jobs.successful} {annotations.user.jobs.failed} {annotations.user.jobs.canceled} {annotations.user.jobs.timeout}' $id
flux job eventlog $id >log
expect_in_file ' memo state="shutdown"' log
EOF
flux start bash -eEu run.sh
END

test_case 'more time for the job is more time for the instance in it, two levels down' <<'END'
cat >run.sh <<'EOF'
end () { flux proxy $1 flux kvs get resource.R | jq '.execution.expiration | floor'; }
id=$(flux alloc -N1 -t 10m --bg)
inner=$(flux proxy $id flux alloc -n1 --bg)
before=$(end $id)
expect_equal $before $(end $id/$inner)
flux update $id duration=+20m
wait_until 10 expect_output $((before + 1200)) end $id
wait_until 10 expect_output $((before + 1200)) end $id/$inner
flux shutdown --quiet $id
EOF
flux start bash -eEu run.sh
END

test_case 'jobs without a limit of their own follow, others keep theirs' <<'END'
cat >run.sh <<'EOF'
id=$(flux alloc -N1 -t 2.5s --bg)
flux proxy $id flux submit --quiet sleep 4
flux proxy $id flux submit --quiet -t 0.2s sleep 300
flux update $id duration=1h
flux proxy $id sh -c 'flux queue drain; flux jobs -ano "{name} {result} {exception.type}"' >out
flux shutdown --quiet $id
EOF
flux start bash -eEu run.sh
expect_in_file 'sleep COMPLETED' out
expect_in_file 'sleep TIMEOUT timeout' out
END

test_case 'the end of the time ends the child, and all that runs in it' <<'END'
cat >run.sh <<'EOF'
task="sleep 300.$$"
id=$(flux alloc -n1 -t 1.5s --bg)
flux proxy $id flux submit --quiet $task
wait_until 5 pgrep -fx "$task" >/dev/null
flux job wait-event -q $id clean
expect_output 'TIMEOUT timeout' flux jobs -ano '{result} {exception.type}' $id
wait_until 10 eval "! pgrep -fx '$task'"
EOF
flux start bash -eEu run.sh
END

test_done

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Job queues by configuration: what jobs get from them, what they refuse, stop, drain and throttle;
# limits on the history. The nodes are made up and the execution is simulated.

. "$(dirname "$0")/lib.sh"

cat >R.json <<'END'
{"version":1,"execution":{"R_lite":[{"rank":"0-3","children":{"core":"0-3"}}],
 "nodelist":["n[0-3]"],"properties":{"batch":"0-1","debug":"2-3"},"starttime":0,"expiration":0}}
END
cat >conf.toml <<'END'
[policy.jobspec.defaults.system]
duration = "1h"
queue = "batch"
[policy.limits]
duration = "4h"
job-size.max.nnodes = 2
[queues.batch]
requires = ["batch"]
[queues.debug]
requires = ["debug"]
policy.limits.duration = "30m"
policy.jobspec.defaults.system.duration = "1m"
[queues.short]
parent = "debug"
policy.limits.duration = "2m"
END

# in_queues [OPTIONS of flux start...] <script: run it in an instance with these queues
in_queues ()
{
    cat >script
    flux start -c conf.toml -Sresource.path=R.json "$@" bash -eu script
}

# sim SECONDS [OPTIONS...]: submit a job whose execution is simulated
sim ()
{
    local t=$1
    shift
    flux submit --setattr=exec.test.run_duration="$t" "$@" true
}

test_case 'a job gets queue, duration and constraint of its queue' <<'END'
in_queues <<'EOS'
id=$(sim .01)
flux job attach $id
flux job info $id jobspec | jq -e '.attributes.system | .queue == "batch" and .duration == 3600 and .constraints == {"properties":["batch"]}'
expect_match '^[01]$' "$(flux jobs -no '{ranks}' $id)"
id=$(sim .01 -q debug)
flux job attach $id
flux job info $id jobspec | jq -e '.attributes.system | .queue == "debug" and .duration == 60'
expect_match '^[23]$' "$(flux jobs -no '{ranks}' $id)"
id=$(sim .01 -q short --requires=host:n3)
flux job attach $id
expect_equal 'short 3' "$(flux jobs -no '{queue} {ranks}' $id)"
expect_equal 'debug' "$(flux jobs -a -no '{queue}' --queue=debug)"
EOS
END

test_case 'what is over a limit, or no queue, is refused with the reason' <<'END'
in_queues <<'EOS'
refused ()
{
    local want=$1 code=0
    shift
    "$@" 2>err || code=$?
    expect_equal "1 flux-submit: $want" "$code $(cat err)"
}
refused "'no' is not a valid queue" sim 0 -q no
refused 'requested duration (5h) exceeds policy limit of 4h for queue batch' sim 0 -t 5h
refused 'requested duration (1h) exceeds policy limit of 30m for queue debug' sim 0 -t 1h -q debug
refused 'requested duration (3m) exceeds policy limit of 2m for queue short' sim 0 -t 3m -q short
refused 'requested nnodes (3) exceeds policy limit of 2 for queue batch' sim 0 -N3
[ "$(flux jobs -an | wc -l)" = 0 ]
EOS
END

test_case 'flux queue: list, status, disable, enable' <<'END'
in_queues <<'EOS'
expect_equal "batch*  enabled started 0-2
debug  enabled started 0-2
short debug enabled started 0-2" "$(flux queue list -no '{queuem} {parent} {submission} {scheduling} {limits.range.nnodes}' | sort)"
expect_fail flux queue disable -m why
flux queue disable -m 'for repair' debug >/dev/null
expect_fail sim 0 -q debug 2>err
expect_equal 'flux-submit: job submission to debug is disabled: for repair' "$(cat err)"
sim 0 >/dev/null
expect_match 'debug.*disabled.*for repair' "$(flux queue status debug)"
flux queue enable debug
sim 0 -q debug >/dev/null
flux queue disable -a -m all >/dev/null
expect_fail sim 0 2>/dev/null
flux kvs get checkpoint.job-manager | jq -e '[.queue[].enable] == [false,false,false]'
EOS
END

test_case 'flux queue list: what each queue has, what its jobs may have, a parent that is stopped' <<'END'
in_queues --conf=queues.batch.policy.limits.job-size.min.ncores=2 <<'EOS'
columns () { flux queue list -no "$1" | sort | xargs; }
flux resource drain 0 worn
held=$(sim 1000 -q debug)
flux job wait-event -t 20 $held start
flux queue stop debug >/dev/null
expect_equal 'batch 2 1 1 0 1 debug 2 2 0 1 2 short 2 2 0 1 2' "$(columns '{queue} {resources.all.nnodes} {resources.up.nnodes} {resources.down.nnodes} {resources.allocated.nnodes} {resources.free.nnodes}')"
expect_equal 'batch 8 0 debug 8 0 short 8 0' "$(columns '{queue} {resources.all.ncores} {resources.all.ngpus}')"
expect_equal 'batch 2-inf 2-8 debug 0-inf 0-8 short 0-inf 0-8' "$(columns '{queue} {limits.range.ncores} {limits.range.effective.ncores}')"
expect_equal 'batch 1h 4h debug 1m 30m short 1m 2m' "$(columns '{queue} {defaults.timelimit!F} {limits.timelimit!F}' | sed 's/.000s/s/g; s/60s/1m/g')"
expect_equal 'batch started y debug stopped n short stopped (parent) p' "$(columns '{queue} {scheduling} {started.ascii}')"
expect_equal 'debug short' "$(flux queue list -q short,debug -no '{queue}' | sort | xargs)"
expect_equal '2-inf 2-8' "$(flux queue list -q batch -no policy | awk '{print $(NF-1)}') $(flux queue list -q batch -n | awk '{print $(NF-1)}')"
sim 0 -q short --urgency=0 >/dev/null
expect_equal 60 "$(flux job info $(flux job last) jobspec | jq .attributes.system.duration)"
EOS
END

test_case 'a queue that is stopped or full does not hold up another' <<'END'
in_queues <<'EOS'
flux queue stop batch >/dev/null
waiting=$(sim 0)
held=$(sim 1000 -q debug -N2)
behind=$(sim 0 -q debug)
flux job wait-event -t 20 $held start
expect_equal 'S S' "$(flux jobs -no '{status_abbrev}' $waiting $behind | xargs)"
flux queue start batch >/dev/null
flux job wait-event -t 20 $waiting clean >/dev/null
flux cancel $held
flux job wait-event -t 20 $behind clean >/dev/null
EOS
END

test_case 'a virtual queue waits in the order of its parent, and stops with it' <<'END'
in_queues <<'EOS'
flux queue stop debug >/dev/null
a=$(sim .05 -q debug -N2)
b=$(sim .05 -q short -N2)
c=$(sim .05 -q debug -N2)
expect_match 'parent queue .debug. is stopped' "$(flux queue status short)"
flux queue start debug >/dev/null
flux queue drain --timeout=30s
expect_equal "$a $b $c" "$(flux jobs -a -no '{t_run} {id.f58}' | sort -n | cut -d' ' -f2 | xargs)"
EOS
END

test_case 'throttling: so many active and running jobs in a queue, and of a user' <<'END'
in_queues --conf=queues.debug.policy.limits.max-jobs.user.running=1 \
    --conf=queues.batch.policy.limits.max-jobs.active=2 <<'EOS'
a=$(sim 1000 -q debug)
b=$(sim 0 -q debug)
flux job wait-event -t 20 $a start
sim 0 --quiet --wait
expect_equal S "$(flux jobs -no '{status_abbrev}' $b)"
flux cancel $a
flux job wait-event -t 20 $b clean >/dev/null
flux queue stop batch >/dev/null
sim 0 >/dev/null
sim 0 >/dev/null
expect_fail sim 0 2>err
expect_equal 'flux-submit: the policy limit of 2 active jobs for queue batch is reached' "$(cat err)"
EOS
END

test_case 'queues change as the instance runs; a bad configuration is refused' <<'END'
in_queues <<'EOS'
id=$(sim 1000 -q debug)
flux job wait-event -t 20 $id start
flux config load <<<'{"queues":{"new":{},"batch":{}}}'
expect_equal 'batch new' "$(flux queue list -no '{queue}' | sort | xargs)"
expect_fail sim 0 -q debug 2>/dev/null
sim 0 -q new --wait --quiet
flux cancel $id
flux job wait-event -t 20 $id clean >/dev/null
expect_fail flux config load <<<'{"queues":{"new":{"parent":"x"}}}' 2>err
expect_match "queue 'new': parent queue 'x' is not configured" "$(cat err)"
expect_equal 'batch new' "$(flux queue list -no '{queue}' | sort | xargs)"
EOS
in_queues <<'EOS'
while read -r key value; do
    expect_fail flux config load <<<"$key = $value" 2>err
    expect_match "^flux-config: the new configuration: $key: " "$(cat err)"
done <<'EOF'
policy.foo 1
policy.jobspec.foo 1
policy.jobspec.defaults.foo 1
policy.jobspec.defaults.system.foo 1
policy.jobspec.defaults.system.duration 1
policy.limits.foo 1
policy.limits.duration 1.0
policy.limits.job-size.foo 1
policy.limits.job-size.max.foo 1
policy.limits.job-size.min.foo 1
policy.limits.max-jobs.foo 1
policy.limits.max-jobs.user.foo 1
policy.access.foo []
queues.x.foo 1
queues.x.requires ["a|b"]
queues.x.policy.foo 1
queues.x.policy.limits.duration 1
queues.x.policy.jobspec.defaults.system.queue "x"
EOF
EOS
expect_fail flux start --conf=policy.limits.duration=x true 2>err
expect_match 'policy.limits.duration: FSD value is malformed' "$(cat err)"
END

test_case 'a waiting job can move to another queue' <<'END'
in_queues <<'EOS'
flux queue stop batch >/dev/null
a=$(sim 0 -t 5m)
expect_fail flux update $a queue=no 2>err
expect_match "'no' is not a valid queue" "$(cat err)"
flux update $a queue=debug
flux job wait-event -t 20 $a clean >/dev/null
expect_match '^debug [23]$' "$(flux jobs -no '{queue} {ranks}' $a)"
b=$(sim 0 -t 5m --requires=host:n0)
expect_fail flux update $b queue=debug 2>err
expect_match 'non-queue constraints' "$(cat err)"
c=$(sim 0 -t 2h)
expect_fail flux update $c queue=debug 2>err
expect_match 'exceeds policy limit of 30m for queue debug' "$(cat err)"
EOS
END

test_case 'counts of each queue' <<'END'
in_queues <<'EOS'
sim 0 --cc=1-3 --quiet --wait
sim 0 --cc=1-2 -q debug --quiet --wait
flux job stats 2>/dev/null | jq -e '[.queues[] | {name, n: .job_states.inactive, ok: .successful}] | sort_by(.name)
    == [{"name":"batch","n":3,"ok":3},{"name":"debug","n":2,"ok":2},{"name":"short","n":0,"ok":0}]'
EOS
END

test_case 'only so many jobs, and only so old ones, are kept' <<'END'
in_queues --conf=job-manager.inactive-num-limit=5 <<'EOS'
sim 0 --cc=1-30 --quiet
flux queue drain
many () { [ "$(flux jobs -an | wc -l)" = "$1" ]; }
wait_until 20 many 5
flux config load <<<'{"job-manager":{"inactive-age-limit":"0.2s"}}'
wait_until 20 many 0
EOS
expect_fail flux start --conf=job-manager.inactive-num-limit=-1 true 2>err
expect_match 'job-manager.inactive-num-limit' "$(cat err)"
END

test_done

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Who starts, and where, by policy: each case would end otherwise under another one. The nodes are made
# up and the execution is simulated; nothing here depends on how long anything takes.

. "$(dirname "$0")/lib.sh"

cat >R.json <<'END'
{"version":1,"execution":{"R_lite":[{"rank":"0-3","children":{"core":"0-3","gpu":"0-1"}}],
 "nodelist":["n[0-3]"],"starttime":0,"expiration":0}}
END
cat >inside.sh <<'END'
sim () { flux submit -S exec.test.run_duration="$1" "${@:2}" true; }
# job NAME DURATION OPTIONS: one that runs for an hour of the clock, whatever its limit
job () { sim 1h --quiet --job-name="$1" -t "$2" "${@:3}"; }
running () { flux jobs -f running -n -o 'sort:name {name}' | xargs; }
wait_running () { wait_until 20 bash -c "[ \"\$(running)\" = '$1' ]" || { running; false; }; }
where () { flux jobs -n -o '{name}:{ranks}:{ncores}' --sort=name "$@" | xargs; }
export -f running
# When all that came is decided on: the last one was seen by the scheduler
settle ()
{
    local id
    id=$(flux submit --urgency=0 -n1 true)
    flux job wait-event -q -t 20 $id priority
    flux cancel $id
    flux job wait-event -q -t 20 $id clean
}
END
in_flux ()
{
    cat >script
    flux start -Sresource.path=R.json "$@" bash -eu -o pipefail script
}

# Two of four nodes are taken for 10 minutes. B needs three then; what comes after B differs:
# E is long and takes one node, G is short and takes one.
begin='. ./inside.sh
job A 10m -N2 -x
wait_running A
flux queue stop --quiet
job B 10m -N3 -x'
end='job E 1h -N1 -x
job G 5m -N1 -x
flux queue start --quiet
settle'

# policy CASE WANT OPTIONS of flux start
policy ()
{
    printf '%s\n%s\n%s\n%s\n' "$begin" "$1" "$end" "wait_running '$2'
settle
expect_equal '$2' \"\$(running)\"" | in_flux "${@:3}"
}
Q=--conf=sched-fluxion-qmanager
two='job C 10m -N4 -x'     # E would delay it, not B
three="job C 10m -N3 -x
job D 10m -N4 -x"          # E would delay D only, the third that waits

test_case 'FCFS: who cannot start holds up all behind' <<'END'
policy "$two" A $Q.queue-policy=fcfs
policy "$two" A   # it is the default
END

test_case 'EASY: nobody delays the first that waits' <<'END'
policy "$two" 'A E G' $Q.queue-policy=easy
policy 'job C 10m -N4 -x --urgency=20' 'A G' $Q.queue-policy=easy # now C is the first
END

test_case 'conservative: nobody delays any that waits' <<'END'
policy "$two" 'A G' $Q.queue-policy=conservative
policy "$three" 'A G' $Q.queue-policy=conservative
END

test_case 'hybrid: nobody delays the first reservation-depth that wait' <<'END'
policy "$two" 'A E G' $Q.queue-policy=hybrid $Q.policy-params.reservation-depth=1
policy "$two" 'A G' $Q.queue-policy=hybrid $Q.policy-params.reservation-depth=2
policy "$three" 'A E G' $Q.queue-policy=hybrid $Q.policy-params.reservation-depth=2
policy "$three" 'A G' $Q.queue-policy=hybrid $Q.policy-params.reservation-depth=3
END

test_case 'queue-depth: who is further behind is not looked at' <<'END'
policy "$two" 'A G' $Q.queue-policy=conservative $Q.queue-params.queue-depth=4
policy "$two" A $Q.queue-policy=conservative $Q.queue-params.queue-depth=3
END

test_case 'by urgency, then by age; a changed urgency counts at once' <<'END'
in_flux <<'EOS'
. ./inside.sh
flux queue stop --quiet
one () { sim 0.01s --quiet --job-name="$1" --urgency="$2" -N4 -x; }
one low 3; one first 16; one second 16; one high 30; one late 16; one held hold; one expedited expedite
flux job urgency $(flux pgrep '^late$') 20
flux queue start --quiet
wait_until 30 bash -c '[ $(flux jobs -an -f inactive | wc -l) = 6 ]'
expect_equal 'expedited high late first second low' "$(flux jobs -a -f inactive -no 'sort:t_run {name}' | xargs)"
expect_equal held "$(flux jobs -no '{name}')"
EOS
END

test_case 'cores share a node, GPUs are counted, exclusive nodes are whole' <<'END'
in_flux <<'EOS'
. ./inside.sh
job a 1m -n1 -c2; job b 1m -n1 -c2; job c 1m -n1 -c3
job g1 1m -n1 -g1; job g2 1m -n1 -g1; job g3 1m -n1 -g1
wait_running 'a b c g1 g2 g3'
expect_equal 'a:0:2 b:0:2 c:1:3 g1:1:1 g2:2:1 g3:2:1' "$(where)" # b fills 0, c does not leave room for g2 on 1
job x 1m -N1 -x
wait_running 'a b c g1 g2 g3 x'
expect_equal 'x:3:4' "$(where $(flux pgrep '^x$'))"
job late 1m -n1 -g2 # there is a core on 2, but no two GPUs on any node
settle
expect_equal 'SCHED' "$(flux jobs -no '{state}' $(flux pgrep late))"
flux cancel $(flux pgrep '^x$')
wait_running 'a b c g1 g2 g3 late'
expect_equal 'late:3:1' "$(where $(flux pgrep late))"
EOS
END

test_case 'whole nodes for all jobs, by the match policy' <<'END'
in_flux --conf=sched-fluxion-resource.match-policy=lonodex <<'EOS'
. ./inside.sh
job a 1m -n1; job b 1m -n1
wait_running 'a b'
expect_equal 'a:0:4 b:1:4' "$(where)"
EOS
END

test_case 'a node that drains gets no job, those on it go on, and it has some again at once' <<'END'
in_flux -s4 <<'EOS'
. ./inside.sh
job a 1m -N1 -x
wait_running a
flux resource drain 0-1
expect_equal 'drained 1 draining 0' "$(flux resource status -s drain -no '{state} {ranks}' | sort | xargs)"
expect_equal '2-3 0-1' "$(flux resource list -s free -no '{ranks}') $(flux resource list -s down -no '{ranks}')"
job b 1m -N2 -x
wait_running 'a b'
expect_equal 'b:2-3:8' "$(where $(flux pgrep '^b$'))"
job c 1m -N1 -x
settle
expect_equal 'a b' "$(running)"
flux resource undrain 1
wait_running 'a b c'
expect_equal 'c:1:4' "$(where $(flux pgrep '^c$'))"
job d 1m -N1 -x
flux cancel $(flux pgrep '^a$')
settle
expect_equal 'b c' "$(running)" # 0 is free and drained
flux resource undrain 0
wait_running 'b c d'
EOS
END

test_case 'so many jobs of a queue and of a user, that are active and that run' <<'END'
limit ()
{
    in_flux "--conf=policy.limits.max-jobs.$1" <<'EOS'
. ./inside.sh
for name in a b c; do job $name 1m -n1 2>>err || true; done
settle 2>/dev/null || true
running >now
EOS
    expect_equal "$2" "$(cat now)"
    expect_equal "$3" "$(cat err)"
    rm err
}
limit running=2 'a b' ''
limit user.running=1 a ''
limit active=2 'a b' 'flux-submit: the policy limit of 2 active jobs is reached'
limit user.active=1 a 'flux-submit: the policy limit of 1 active jobs of a user is reached
flux-submit: the policy limit of 1 active jobs of a user is reached'
END

test_case 'a job that is over a limit does not hold up those of others; it goes when one ends' <<'END'
in_flux --conf=queues.one={} --conf=queues.two={} --conf=queues.one.policy.limits.max-jobs.running=1 <<'EOS'
. ./inside.sh
job a 1m -q one -n1; job b 1m -q one -n1; job c 1m -q two -n1
wait_running 'a c'
flux cancel $(flux pgrep '^a$')
wait_running 'b c'
EOS
END

test_done

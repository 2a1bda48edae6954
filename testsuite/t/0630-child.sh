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
expect_output '1 5 PD:0 R:0 CD:3 F:1' flux jobs -ano '{instance.stats.failed} {instance.stats.total} {instance.stats}' $id
EOF
flux start bash -eEu run.sh
END

test_case 'what fails two levels down is seen at the top, while all runs and when it is over' <<'END'
cat >run.sh <<'EOF'
failed () { flux jobs -ano '{annotations.user.jobs.failed} {annotations.user.below.failed}' $id; }
id=$(flux alloc -N1 --bg)
inner=$(flux proxy $id flux alloc -n1 --bg)
flux proxy $id/$inner flux submit --quiet --cc=1-3 false
flux proxy $id/$inner flux submit --quiet sleep 300
flux proxy $id flux submit --quiet false
wait_until 15 expect_output '1 3' failed
flux proxy $id flux shutdown --quiet $inner
flux proxy $id/ flux job wait-event -q $inner clean || true
inner=$(flux proxy $id flux alloc -n1 --bg)
flux proxy $id/$inner flux submit --quiet --cc=1-2 false
wait_until 15 expect_output '1 5' failed
flux shutdown --quiet $id
flux job wait-event -q $id clean
expect_output '1 5' failed
EOF
flux start -s2 bash -eEu run.sh
END

test_case 'each way to be an instance in a job: where it is, what it has, its own policy' <<'END'
echo '{"version":1,"execution":{"R_lite":[{"rank":"0-1","children":{"core":"0-3","gpu":"0-1"}}],"properties":{"fast":"1"},"nodelist":["n[0-1]"],"starttime":0,"expiration":0}}' >R.json
cat >inside.sh <<'EOF'
#!/bin/bash
R=$(flux resource R)
echo level $(flux getattr instance-level) size $(flux getattr size)
test "$(flux getattr parent-uri)" = "$(flux --parent getattr local-uri)" && echo parent
test "$(flux getattr jobid-path)" = "/$(flux getattr jobid)" && echo path
test "$FLUX_URI" = "$(flux getattr local-uri)" && echo uri
echo cores "$(jq -c '[.execution.R_lite[] | .rank, .children.core]' <<<"$R")" gpus "$(jq -r '.execution.R_lite[0].children.gpu' <<<"$R")" "$(jq -c .execution.properties <<<"$R")"
left=$(jq ".execution.expiration - now | floor" <<<"$R"); [ $left -gt 500 ] && [ $left -le 600 ] && echo time
flux getattr sched.queue-policy 2>/dev/null || true
EOF
chmod 755 inside.sh
cat >want <<'EOF'
level 1 size 1
parent
path
uri
cores ["0","0-2"] gpus 0 {"fast":"0"}
time
EOF
cat >run.sh <<'EOF'
opts="-n1 --requires=fast -t 10m"
flux alloc $opts -c3 -g1 ./inside.sh >1
flux batch $opts -c3 -g1 --output=2 inside.sh
flux run $opts -c3 -g1 flux start ./inside.sh >3
flux run $opts -c3 -g1 flux broker ./inside.sh >4
flux queue drain
for i in 1 2 3 4; do diff want $i; done
expect_equal 'level 1 size 2' "$(flux run -N2 -n2 flux start ./inside.sh | head -n1)"
expect_equal 'cores ["0-1","0-3"] gpus 0-1 {"fast":"1"}' "$(flux alloc -N2 ./inside.sh | grep cores)"
cat >policy.toml <<'E2'
[sched-fluxion-qmanager]
queue-policy = "conservative"
[sched-fluxion-resource]
match-policy = "hinode"
E2
expect_output '"conservative" "hinode"' sh -c 'flux alloc -n1 --conf=policy.toml sh -c "flux config get sched-fluxion-qmanager.queue-policy; flux config get sched-fluxion-resource.match-policy" | xargs -n2 printf "\"%s\" \"%s\"\n"'
expect_exit 1 flux config get sched-fluxion-qmanager.queue-policy 2>/dev/null
id=$(flux batch -n1 --dump=kept.tgz --output=none --wrap 'flux kvs put kept=1')
flux job status $id
tar tzf kept.tgz | grep -qx kept
flux job info $id jobspec | jq -r '.attributes.system.files.script.data' | grep -q 'kvs put kept=1'
EOF
flux start -s2 --conf=resource.path="$PWD/R.json" bash -eEu run.sh
END

test_case 'policies of its own, by TOML, JSON and on the command line: each acts in the child alone' <<'END'
printf '[sched-fluxion-qmanager]\nqueue-policy = "fcfs"\n[sched-fluxion-resource]\nmatch-policy = "lonodex"\n' >fcfs.toml
echo '{"sched-fluxion-qmanager":{"queue-policy":"easy"},"sched-fluxion-resource":{"match-policy":"hinodex"}}' >easy.json
# Two nodes: one is in use, the next job needs both, the third one is short and needs one.
cat >inside.sh <<'EOF'
first=$(flux submit -N1 -t 1h sleep 300)
flux job wait-event -q -t 10 $first start
flux submit --quiet -N2 -t 1h sleep 300
third=$(flux submit -N1 -t 1m sleep 300)
sleep 0.3
echo $(flux jobs -no '{ranks}' $first) $(flux jobs -no '{state}' $third)
flux cancel --all 2>/dev/null
flux queue drain
EOF
cat >run.sh <<'EOF'
child () { flux alloc -N2 "$@" bash inside.sh; }
expect_output '0 SCHED' child --conf=fcfs.toml
expect_output '1 RUN' child --conf=easy.json
expect_output '0 RUN' child --conf=sched-fluxion-qmanager.queue-policy=easy --conf=sched-fluxion-resource.match-policy=lonodex
expect_output '1 SCHED' child --conf='{"sched-fluxion-qmanager":{"queue-policy":"easy","queue-params":{"queue-depth":1}},"sched-fluxion-resource":{"match-policy":"hinodex"}}'
flux batch -N2 --conf=easy.json --output=batch --wrap bash inside.sh >id
flux job status $(cat id)
expect_output '1 RUN' cat batch
printf '#!/bin/bash\n#FLUX: -N2 --output=directive\n#FLUX: --conf="""\n#FLUX: [sched-fluxion-resource]\n#FLUX: match-policy = "hinodex"\n#FLUX: """\n. ./inside.sh\n' >job.sh
flux job status $(flux batch job.sh)
expect_match '^1 ' "$(cat directive)"
expect_exit 1 flux config get sched-fluxion-qmanager.queue-policy 2>/dev/null
expect_exit 1 flux alloc -N1 --conf=sched-fluxion-qmanager.queue-policy=none true 2>err
expect_in_file 'none' err
EOF
flux start -s2 bash -eEu run.sh 2>errs || { cat errs; false; }
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

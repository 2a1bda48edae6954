#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# An instance asks the one above for more resources, and gives back what it does not need.

. "$(dirname "$0")/lib.sh"

FOLLOW=$top_builddir/testsuite/helpers/rpc_follow
[ -x "$FOLLOW" ] || make -s -C "$top_builddir" testsuite/helpers/rpc_follow >/dev/null 2>&1

cat >R.json <<'END'
{"version":1,"execution":{"R_lite":[{"rank":"0-3","children":{"core":"0-3","gpu":"0"}}],
 "starttime":0,"expiration":0,"nodelist":["n[0-3]"]}}
END
cat >flux.toml <<END
[resource]
path = "$PWD/R.json"
END

# has STATE 'NODES CORES GPUS' [CHILD]: what is in this state, here or in a child.
has () { ${3:+flux proxy $3} flux resource list -no '{nnodes} {ncores} {ngpus}' -s $1 | grep -qx "$2"; }
gone () { ! pgrep -fx "$1" >/dev/null; }
ended () { flux job wait-event -q -t 20 $1 clean; has free '4 16 4'; } # with all resources back
refused () { want=$1; shift; expect_exit 1 "$@" 2>refused; expect_in_file "$want" refused; }
# run.sh in an instance of four nodes with four cores and a GPU each
in_flux () { timeout 50 flux start -s4 -c flux.toml "$@" bash -eEu run.sh 2>err || { cat err; false; }; }

test_case 'more nodes: brokers start there, jobs run on them, the parent has them no more' <<'END'
cat >run.sh <<'EOF'
id=$(flux alloc -N1 --bg)
expect_output '3 nodes, 12 cores, 3 GPUs' flux proxy $id flux resource grow -N2
expect_equal '0 1 2' "$(flux proxy $id flux run -N3 flux getattr rank | sort | xargs)"
expect_output 3 flux proxy $id flux getattr size
expect_output 'simple rejoin rejoin' eval "flux proxy $id flux exec -r all flux getattr broker.boot-method | sort -r | xargs"
expect_output '3 0-2 12' flux jobs -no '{nnodes} {ranks} {ncores}'
has free '1 4 1'
expect_equal '0-2 3' "$(flux job info $id R | jq -r '.execution | "\(.R_lite[].rank) \(.nslots)"')"
flux proxy $id flux resource eventlog >log
expect_in_file 'resource-define method="grow"' log
flux job eventlog $id >log
expect_in_file ' resource-update .*ranks="0-2"' log
expect_equal "$id $id $id" "$(flux proxy $id flux exec flux getattr jobid | xargs)"
flux shutdown --quiet $id
ended $id
EOF
in_flux
END

test_case 'more nodes for an instance that has some, and the same node again' <<'END'
cat >run.sh <<'EOF'
id=$(flux alloc -N2 --bg)
flux proxy $id flux resource grow --quiet -N1
expect_equal '0 1 2' "$(flux proxy $id flux run -N3 flux getattr rank | sort | xargs)"
expect_equal '3 3 3' "$(flux proxy $id flux exec flux getattr size | xargs)"
flux proxy $id flux exec -r1 flux ping -c1 2 >/dev/null
flux proxy $id flux exec -r2 flux ping -c1 1 >/dev/null
flux proxy $id flux resource shrink --quiet 2
has free '2 8 2'
flux proxy $id flux resource grow --quiet -N1
expect_equal '0 1 2' "$(flux proxy $id flux run -N3 flux getattr rank | sort | xargs)"
expect_output 3 flux proxy $id flux getattr size
has free '1 4 1'
flux shutdown --quiet $id
ended $id
EOF
in_flux
END

test_case 'idle nodes go back: their brokers leave, what was started with the job and what came later' <<'END'
cat >run.sh <<'EOF'
id=$(flux alloc -N3 --bg)
expect_output '2 nodes, 8 cores, 2 GPUs' flux proxy $id flux resource shrink -N1
wait_until 10 has free '2 8 2'
expect_output '1 nodes, 4 cores, 1 GPUs' flux proxy $id flux resource shrink 1
wait_until 10 has free '3 12 3'
has free '1 4 1' $id
expect_output '1 0 4' flux jobs -no '{nnodes} {ranks} {ncores}'
flux run -N3 true
flux proxy $id flux run -n4 true
refused 'asks for 2 nodes' flux proxy $id flux run -N2 true
flux shutdown --quiet $id
flux job wait-event -q -t 20 $id clean
expect_output COMPLETED flux jobs -ano '{status}' $id
has free '4 16 4'
EOF
in_flux
END

test_case 'parts of a node, both ways' <<'END'
cat >run.sh <<'EOF'
id=$(flux alloc -n1 -c2 --bg)
expect_output '1 nodes, 4 cores, 1 GPUs' flux proxy $id flux resource grow -n1 -c2 -g1
has free '3 12 3'
flux proxy $id flux run -n1 -c4 -g1 true
expect_output '1 nodes, 1 cores, 1 GPUs' flux proxy $id flux resource shrink -c3
has free '4 15 3'
expect_output '1 nodes, 1 cores, 0 GPUs' flux proxy $id flux resource shrink -g1
has free '4 15 4'
refused 'nothing is idle' flux proxy $id flux resource shrink --idle
expect_output '2 nodes, 6 cores, 0 GPUs' flux proxy $id flux resource grow -n5
has free '4 10 4'
flux proxy $id flux run -n6 true
expect_output '1 nodes, 1 cores, 0 GPUs' flux proxy $id flux resource shrink --idle
wait_until 10 has free '4 15 4'
flux shutdown --quiet $id
ended $id
EOF
in_flux
END

case_if '[ "$(nproc)" -ge 2 ]' 'this machine has one CPU' -- \
    'tasks run on the cores that came, and on no others' <<'END'
cat >run.sh <<'EOF'
mask () { flux proxy $id flux run "$@" awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status | sort -u; }
id=$(flux alloc -n1 --bg)
first=$(mask -n1)
flux proxy $id flux resource grow --quiet -n1
test "$(mask -n1 -c2)" != "$first"
expect_equal 2 "$(mask -n2 -o cpu-affinity=per-task | wc -l)"
flux proxy $id flux submit --quiet -n1 sleep 300
test "$(mask -n1)" != "$first"
flux cancel --all
EOF
timeout 50 flux start bash -eEu run.sh 2>err || { cat err; false; }
END

test_case 'what is in use stays' <<'END'
cat >run.sh <<'EOF'
id=$(flux alloc -N3 --bg)
job=$(flux proxy $id flux submit -N1 --requires=rank:2 sleep 300)
part=$(flux proxy $id flux submit -n3 --requires=rank:0 sleep 300)
flux proxy $id flux job wait-event -q $part start
flux proxy $id flux job wait-event -q $job start
refused 'jobs run on rank 2' flux proxy $id flux resource shrink 2
refused 'jobs run on rank 2' flux proxy $id flux resource shrink 1-2
refused 'rank 0 cannot be given back' flux proxy $id flux resource shrink 0
refused '1 of the nodes besides that of rank 0 is idle, not 2' flux proxy $id flux resource shrink -N2
refused 'only 5 cores' flux proxy $id flux resource shrink -c6
expect_output '2 nodes, 7 cores, 2 GPUs' flux proxy $id flux resource shrink -c5
wait_until 10 has free '3 9 2'
late=$(flux proxy $id flux submit -n1 --requires=rank:0 sleep 300)
refused 'asks for 4 cores' flux proxy $id flux run -n4 --requires=rank:0 true
refused 'asks for 4 cores' flux proxy $id flux run -n1 -c4 --requires=rank:0 true
flux proxy $id flux resource grow --quiet -n1
flux proxy $id flux job wait-event -q -t 10 $late start
flux proxy $id flux cancel $late
flux proxy $id flux job wait-event -q -t 10 $late clean
flux proxy $id flux resource shrink --quiet -c1
expect_equal 2 "$(flux proxy $id flux jobs -no '{id}' -f running | wc -l)"
flux cancel $id
ended $id
EOF
in_flux
END

test_case 'more than the parent has, or than it has free: refused with the reason, and all is as it was' <<'END'
cat >run.sh <<'EOF'
id=$(flux alloc -N1 --bg)
refused 'asks for 4 nodes, and there are 3' flux proxy $id flux resource grow -N4
other=$(flux submit -N2 sleep 300)
flux job wait-event -q $other start
refused 'not free now' flux proxy $id flux resource grow -N2
refused 'how much more is needed' flux proxy $id flux resource grow
refused 'not a job of another' flux resource grow -N1
refused 'not a job of another' flux resource shrink -N1
has free '1 4 1' $id
has free '1 4 1'
flux cancel --all
EOF
in_flux
END

test_case 'jobs that wait go before, unless the configuration says otherwise' <<'END'
cat >run.sh <<'EOF'
id=$(flux alloc -N1 --bg)
flux submit -N4 true
refused '1 job waits for resources' flux proxy $id flux resource grow -N1
flux config get | jq '."job-manager".resize.grow = "always"' | flux config load
flux proxy $id flux resource grow --quiet -N1
flux config get | jq '."job-manager".resize = {"grow":"never","shrink":false}' | flux config load
refused 'may not grow here' flux proxy $id flux resource grow -N1
refused 'may not shrink here' flux proxy $id flux resource shrink 1
has free '2 8 2' $id
flux config get | jq '."job-manager".resize = {}' | flux config load
flux proxy $id flux resource shrink --quiet 1
flux cancel --all
echo '{"job-manager":{"resize":{"grow":"x"}}}' >bad
refused 'must be never, idle or always' sh -c 'flux config load <bad'
EOF
in_flux
END

test_case 'limits hold for what has grown' <<'END'
cat >run.sh <<'EOF'
flux config get | jq '.policy.limits."job-size".max.nnodes = 2' | flux config load
id=$(flux alloc -N1 --bg)
refused 'requested nnodes .3. exceeds policy limit of 2' flux proxy $id flux resource grow -N2
flux proxy $id flux resource grow --quiet -N1
flux config get | jq '.policy.limits."job-size".max.ncores = 100' | flux config load
refused 'requested ncores .4294967295. exceeds policy limit of 100' \
    flux proxy $id flux resource grow -n65536 -c65536 # as many as 32 bits cannot count
flux shutdown --quiet $id
EOF
in_flux
END

test_case 'with a graph: the child has racks, memory and properties of what it gets and gives back' <<'END'
echo 'cluster/rack=2/node=2/[socket=2/core=2;memory=8{unit:GB}]' >recipe
cat >all.json <<'EOF'
{"version": 9999, "attributes": {"system": {"duration": 0}},
 "resources": [{"type": "node", "count": 4, "exclusive": true, "with":
   [{"type": "slot", "count": 1, "label": "task", "with": [{"type": "core", "count": 1}]}]}],
 "tasks": [{"command": ["true"], "slot": "task", "count": {"per_slot": 1}}]}
EOF
printf 'match allocate all.json\nquit\n' |
    flux resource-query -d -L recipe -f recipe -F rv1 -t out >/dev/null
head -n1 out | jq -c '.execution.properties = {"fast": "1-2"}' >graph.json
printf '[resource]\npath = "%s"\n' "$PWD/graph.json" >graph.toml
cat >run.sh <<'EOF'
nodes () { flux ${1:+proxy $1} flux resource R | jq -c '[.scheduling.graph.nodes[].metadata | select (.type == "node" and .rank >= 0) | .rank] | sort'; }
racks () { flux job info $1 R | jq -c '[.scheduling.graph.nodes[].metadata | select (.type == "rack")] | length'; }
id=$(flux alloc -N1 --bg)
expect_equal 1 $(racks $id)
flux proxy $id flux resource grow --quiet -N2
expect_equal 2 $(racks $id)
expect_equal '0 1 2' "$(flux proxy $id flux run -N3 flux getattr rank | sort | xargs)"
expect_output 'fast' flux proxy $id flux resource list -no '{properties}' -s free -i 1-2
flux proxy $id flux run -N1 --requires=fast true
job=$(flux proxy $id flux submit -n10 sleep 300)
flux proxy $id flux job wait-event -q -t 10 $job start
flux proxy $id flux resource shrink -c1
late=$(flux proxy $id flux submit -n2 sleep 300)
sleep 0.2
expect_output SCHED flux proxy $id flux jobs -no '{state}' $late
flux proxy $id flux resource grow --quiet -n1
flux proxy $id flux job wait-event -q -t 10 $late start
flux proxy $id flux cancel --all
flux proxy $id flux queue drain
flux proxy $id flux resource shrink --quiet 1-2
wait_until 10 expect_equal 1 $(racks $id)
refused 'asks for 2 nodes' flux proxy $id flux run -N2 true
flux proxy $id flux resource grow --quiet -N1
flux proxy $id flux run -N2 true
flux cancel $id
flux job wait-event -q -t 20 $id clean
flux run -N4 true
EOF
timeout 50 flux start -s4 -c graph.toml bash -eEu run.sh 2>err || { cat err; false; }
END

test_case 'who follows the resources hears what comes and goes (RFC 28)' <<'END'
cat >run.sh <<'EOF'
id=$(flux alloc -N2 -t 10m --bg)
flux proxy $id $FOLLOW resource.acquire >changes &
lines () { [ $(wc -l <changes) -ge $1 ]; }
line () { sed -n "$1p" changes | jq -c "$2"; }
wait_until 10 lines 1
expect_equal '"0-1"' "$(line 1 .up)"
expect_equal '["n[0-1]"]' "$(line 1 .resources.execution.nodelist)"
flux proxy $id flux resource drain 1
wait_until 10 lines 2
expect_equal '{"down":"1"}' "$(line 2 .)"
flux proxy $id flux resource undrain 1
wait_until 10 lines 3
expect_equal '{"up":"1"}' "$(line 3 .)"
flux proxy $id flux resource grow --quiet -N1
wait_until 10 lines 5
expect_equal '"0-2"' "$(line 4 '.resources.execution.R_lite[0].rank')"
expect_equal '{"up":"2"}' "$(line 5 .)"
flux proxy $id flux resource shrink --quiet 2
wait_until 10 lines 6
expect_equal '["2","2"]' "$(line 6 '[.down, .shrink]')"
flux update $id duration=+10m
wait_until 10 lines 7
expect_equal '["expiration"]' "$(line 7 keys)"
flux shutdown --quiet $id
ended $id
EOF
in_flux
END

test_case 'an instance that is no job: more ranks by hand' <<'END'
cat >run.sh <<'EOF'
refused 'the hosts are missing' flux overlay grow
flux overlay grow --launch=env extra[1-2] &
wait_until 20 has free '4 16 4'
expect_equal '0 1 2 3' "$(flux run -N4 flux getattr rank | sort | xargs)"
expect_output 'n[0-1],extra[1-2]' flux getattr hostlist
EOF
jq -c '.execution.nodelist = ["n[0-1],extra[1-2]"]' R.json >four.json
timeout 50 flux start -s2 --test-hosts=n[0-1] --conf=resource.path="$PWD/four.json" bash -eEu run.sh 2>err || { cat err; false; }
END

test_case 'brokers below others leave first, and those with others below them do not' <<'END'
cat >run.sh <<'EOF'
id=$(flux alloc -N4 --bg --broker-opts=-Stbon.topo=kary:1)
refused 'brokers below others' flux proxy $id flux resource shrink 2
has free '4 16 4' $id
refused 'brokers below others' flux proxy $id flux resource shrink 1,3
wait_until 10 has free '1 4 1'
has free '3 12 3' $id
flux proxy $id flux run -N3 true
flux proxy $id flux resource shrink --quiet 2
for i in 2 3; do flux proxy $id flux resource grow --quiet -N1; done # rank 2 need not look for 3 below it
once () { [ "$(flux proxy $id flux overlay status | grep -o '[0-9]* [a-zA-Z0-9.-]*:' | sed 's/ .*//' | sort | xargs)" = '0 1 2 3' ]; }
wait_until 10 once
expect_output '1 nodes, 4 cores, 1 GPUs' flux proxy $id flux resource shrink 1-3
wait_until 10 has free '3 12 3'
expect_output '3 nodes, 12 cores, 3 GPUs' flux proxy $id flux resource grow -N2
expect_equal 3 "$(flux proxy $id flux run -N3 flux getattr size | wc -l)"
flux proxy $id flux exec -r 0-2 flux ping -c1 0 >/dev/null
flux shutdown --quiet $id
ended $id
EOF
in_flux
END

test_case 'two levels: a grandchild grows into what its parent has got' <<'END'
cat >run.sh <<'EOF'
id=$(flux alloc -N1 --bg)
flux proxy $id flux resource grow --quiet -N2
inner=$(flux proxy $id flux alloc -N1 --bg)
expect_output '2 nodes, 8 cores, 2 GPUs' flux proxy $id/$inner flux resource grow -N1
expect_equal '0 1' "$(flux proxy $id/$inner flux run -N2 flux getattr rank | sort | xargs)"
has free '1 4 1' $id
flux proxy $id/$inner flux resource shrink --quiet -N1
has free '2 8 2' $id
flux shutdown --quiet $id
ended $id
EOF
in_flux
END

test_case 'levels that have too little ask further up, each for what it lacks' <<'END'
cat >run.sh <<'EOF'
id=$(flux alloc -N1 --bg)
mid=$(flux proxy $id flux alloc -N1 --bg)
low=$(flux proxy $id/$mid flux alloc -n1 --bg)
expect_output '2 nodes, 5 cores, 1 GPUs' flux proxy $id/$mid/$low flux resource grow -N1
expect_equal '0 1' "$(flux proxy $id/$mid/$low flux run -N2 -n2 flux getattr rank | sort | xargs)"
expect_output '2 8' flux proxy $id flux jobs -no '{nnodes} {ncores}' $mid
expect_output '2 8' flux jobs -no '{nnodes} {ncores}' $id
has free '2 8 2'
expect_output '2 nodes, 8 cores, 1 GPUs' flux proxy $id/$mid/$low flux resource grow -n3
has free '2 8 2' # which the level above had
flux proxy $id/$mid flux resource grow --quiet -N1
expect_output 3 flux proxy $id flux jobs -no '{nnodes}' $mid
expect_output '4 nodes, 16 cores, 3 GPUs' flux proxy $id/$mid/$low flux resource grow -N2 # one of them is there
has free '0 0 0'
refused '; above: .*; above: ' flux proxy $id/$mid/$low flux resource grow -N9
flux shutdown --quiet $id
ended $id
EOF
in_flux
END

test_case 'an instance that is not to ask further up does not' <<'END'
cat >run.sh <<'EOF'
id=$(flux alloc -N1 --bg --conf=job-manager.resize.upward=false)
low=$(flux proxy $id flux alloc -N1 --bg)
refused 'unsatisfiable' flux proxy $id/$low flux resource grow -N1
expect_no_match 'above' "$(cat refused)"
has free '3 12 3'
flux proxy $id flux submit --quiet -N1 true
flux proxy $id flux config get | jq '."job-manager".resize = {}' | flux proxy $id flux config load
refused '1 job waits' flux proxy $id/$low flux resource grow -N1 # and that is no reason to ask
has free '3 12 3'
flux cancel --all
EOF
in_flux
END

test_case 'a child with more nodes is killed: nothing of it is left on any' <<'END'
cat >run.sh <<'EOF'
task="sleep 310.$$"
id=$(flux alloc -N1 --bg)
flux proxy $id flux resource grow --quiet -N2
flux proxy $id flux submit --quiet -N3 $task
wait_until 10 pgrep -fx "$task" >/dev/null
pids=$(flux proxy $id flux exec flux getattr broker.pid)
kill -9 $(flux proxy $id flux getattr broker.pid)
flux job wait-event -q -t 20 $id clean
wait_until 20 gone "$task"
for p in $pids; do wait_until 20 eval "! kill -0 $p 2>/dev/null"; done
has free '4 16 4'
flux run -N4 true
EOF
in_flux
END

test_case 'the parent begins anew with its state: what had grown has failed, and all is free' <<'END'
cat >before.sh <<'EOF'
id=$(flux alloc -N1 --bg)
flux proxy $id flux resource grow --quiet -N2
flux proxy $id flux resource shrink --quiet 1
wait_until 10 has free '2 8 2'
flux jobs -no '{nnodes} {ranks}' $id >size
echo $id >id
flux proxy $id flux exec -r 0,2 flux getattr broker.pid >pids
flux kvs put --sync told=1
[ "$1" = order ] || kill -9 $(flux getattr broker.pid)
EOF
cat >after.sh <<'EOF'
id=$(cat id)
expect_output "$1 $(cat size)" flux jobs -ano '{result} {nnodes} {ranks}' $id
expect_equal '0,2' "$(flux job info $id R | jq -r '[.execution.R_lite[].rank] | join (",")')"
flux job eventlog $id >log
expect_in_file ' resource-update .*ranks="0,2"' log
has free '4 16 4'
flux run -N4 true
EOF
for how in kill:FAILED order:CANCELED; do
    rm -rf state && mkdir state
    timeout 60 flux start -s4 -c flux.toml -Sstatedir="$PWD/state" bash -eEu before.sh ${how%:*} 2>err || [ ${how%:*} = kill ] || { cat err; false; }
    expect_equal '2 0,2' "$(cat size)"
    for p in $(cat pids); do wait_until 20 eval "! kill -0 $p 2>/dev/null"; done
    timeout 60 flux start -s4 -c flux.toml -Sstatedir="$PWD/state" bash -eEu after.sh ${how#*:} 2>err || { cat err; false; }
done
END

test_case 'a node that came later is lost: an exception of its jobs in the child' <<'END'
cat >run.sh <<'EOF'
id=$(flux alloc -N1 --bg)
flux proxy $id flux resource grow --quiet -N1
job=$(flux proxy $id flux submit --requires=rank:1 sleep 300)
flux proxy $id flux job wait-event -q $job start
kill -9 $(flux proxy $id flux exec -r1 flux getattr broker.pid)
flux proxy $id flux job wait-event -q -t 30 $job exception
flux proxy $id flux run -n1 true
flux shutdown --quiet $id || true
ended $id
EOF
in_flux
END

test_done

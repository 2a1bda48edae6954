#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# The scheduler of an instance: its configuration, changed as it runs, match policies of jobs, and
# the graph that goes down to an instance in a job.

. "$(dirname "$0")/lib.sh"

# R of two racks with two nodes of four cores each, with its graph.
echo 'cluster/rack=2/node=2/[socket=2/core=2;memory=8{unit:GB}]' >recipe
cat >all.json <<'END'
{"version": 9999, "attributes": {"system": {"duration": 0}},
 "resources": [{"type": "node", "count": 4, "exclusive": true, "with":
   [{"type": "slot", "count": 1, "label": "task", "with": [{"type": "core", "count": 1}]}]}],
 "tasks": [{"command": ["true"], "slot": "task", "count": {"per_slot": 1}}]}
END
printf 'match allocate all.json\nquit\n' |
    flux resource-query -d -L recipe -f recipe -F rv1 -t out >/dev/null
head -n1 out | jq -c '.execution.properties = {"fast": "1-2"}' >R.json

# The ranks of a running job.
cat >inside.sh <<'END'
ranks_of () { flux job info "$1" R | jq -r '[.execution.R_lite[].rank] | join (",")'; }
wait_run () { flux job wait-event -t 10 "$1" alloc >/dev/null; }
# The nodes are not there: execution is simulated.
sim () { flux submit -S exec.test.run_duration="$1" "${@:2}" true; }
END

test_case 'queue and match policies from a file, with the keys of Fluxion' <<'END'
cat >sched.toml <<'EOF'
[sched-fluxion-qmanager]
queue-policy = "easy"
[sched-fluxion-qmanager.queue-params]
queue-depth = 100
[sched-fluxion-resource]
match-policy = "hinode"
EOF
cat >run.sh <<'EOF'
. ./inside.sh
a=$(sim 1h -N1 -x -t 1h)
wait_run $a
expect_equal 3 "$(ranks_of $a)"
b=$(sim 1m -N4 -t 1m)   # waits for all
c=$(sim 1h -n1 -t 10m)  # goes before it
wait_run $c
expect_match '^[0-9.]+$' "$(flux jobs -n -o '{annotations.sched.t_estimate}' $b)"
expect_equal 'insufficient resources' "$(flux jobs -n -o '{annotations.sched.reason_pending}' $b)"
expect_equal 'rank2/core3' "$(flux jobs -n -o '{annotations.sched.resource_summary}' $c)"
flux cancel --all
expect_equal 'rank2/core3' "$(flux jobs -an -o '{annotations.sched.resource_summary}' $c)"
EOF
flux start -Sresource.path=R.json -c sched.toml bash -eEu run.sh
END

test_case 'a change acts at once; a bad one is refused and nothing changes' <<'END'
cat >run.sh <<'EOF'
. ./inside.sh
a=$(sim 1h -N3 -x -t 1h)
b=$(sim 1m -N4 -x -t 1m)
c=$(sim 1h -n1 -t 10m)
wait_run $a
expect_equal 'SCHED SCHED' "$(flux jobs -n -o '{state}' $b $c | xargs)"
expect_exit 1 flux config set sched-fluxion-qmanager.queue-policy best 2>err
expect_in_file 'sched-fluxion-qmanager.queue-policy=best: is none of fcfs' err
expect_exit 1 flux config set sched-fluxion-resource.match-policy best 2>err
expect_in_file "sched-fluxion-resource.match-policy=best: unknown match policy 'best'" err
expect_equal 'SCHED SCHED' "$(flux jobs -n -o '{state}' $b $c | xargs)"
flux config set sched-fluxion-qmanager.queue-policy conservative
wait_run $c
expect_equal SCHED "$(flux jobs -n -o '{state}' $b)"
flux cancel --all
EOF
flux start -Sresource.path=R.json bash -eEu run.sh
END

test_case 'the head of the queue is cancelled: the next one goes' <<'END'
cat >run.sh <<'EOF'
. ./inside.sh
a=$(sim 1h -N3 -x)
b=$(sim 1m -N4)
c=$(sim 1h -n1)
wait_run $a
expect_equal 'SCHED SCHED' "$(flux jobs -n -o '{state}' $b $c | xargs)"
flux cancel $b
wait_run $c
flux cancel --all
EOF
flux start -Sresource.path=R.json bash -eEu run.sh
END

test_case 'each queue has its resources and its policy' <<'END'
jq -c '.execution.properties = {"big": "0-2", "small": "3"}' R.json >queues.json
cat >queues.toml <<'EOF'
[queues.big]
requires = ["big"]
[queues.small]
requires = ["small"]
[sched-fluxion-qmanager]
queue-policy = "fcfs"
[sched-fluxion-qmanager.queues.big]
queue-policy = "easy"
EOF
cat >run.sh <<'EOF'
. ./inside.sh
a=$(sim 1h -q big -N2 -x -t 1h)
b=$(sim 1m -q big -N3 -x -t 1m)     # waits
c=$(sim 1m -q big -N1 -x -t 30m)    # goes before it
d=$(sim 1h -q small -n3 -t 1h)      # held up by none of them
e=$(sim 1m -q small -n2 -t 1m)      # waits
f=$(sim 1m -q small -n1 -t 1m)      # does not go before it
wait_run $d
expect_equal 'RUN SCHED RUN RUN SCHED SCHED' "$(flux jobs -n -o '{state}' $a $b $c $d $e $f | xargs)"
expect_equal '0-1 2 3' "$(ranks_of $a) $(ranks_of $c) $(ranks_of $d)"
expect_exit 1 flux submit -q small -N2 true 2>err
expect_in_file 'it asks for 2 nodes, and there is 1 where its constraint holds' err
flux cancel --all
EOF
flux start -Sresource.path=queues.json -c queues.toml bash -eEu run.sh
END

test_case 'no instance with a bad scheduler' <<'END'
expect_exit 1 flux start --conf=sched-fluxion-qmanager.queue-policy=best true 2>err
expect_in_file 'sched-fluxion-qmanager.queue-policy=best' err
expect_exit 1 flux start --conf=sched-fluxion-resource.load-file=/nonexistent true 2>err
expect_in_file '/nonexistent: No such file' err
expect_exit 1 flux start -Ssched.match-policy=best true 2>err
expect_in_file "sched.match-policy=best: unknown match policy 'best'" err
END

test_case 'a match policy of the job: --graph-policy' <<'END'
cat >run.sh <<'EOF'
. ./inside.sh
a=$(sim 1h -n1 --graph-policy=hinode)
b=$(sim 1h -n1)
c=$(sim 1h -N1 -x --graph-policy=pack,level=rack)
d=$(sim 1h -n1 --graph-policy=policy=high,node_exclusive=true)
wait_run $d
expect_equal '3 0 1 2' "$(ranks_of $a) $(ranks_of $b) $(ranks_of $c) $(ranks_of $d)"
for policy in best pack pack,rack high,node_exclusive=perhaps; do
    expect_exit 1 flux submit --graph-policy="$policy" true 2>err
    expect_output 1 grep -c . err
done
expect_exit 1 flux submit --graph-policy=best true 2>err
expect_in_file "unknown match policy 'best'" err
expect_exit 1 flux submit -S system.graph.policy=7 true 2>err
expect_in_file 'system.graph.policy must be a string' err
flux cancel --all
EOF
flux start -Sresource.path=R.json bash -eEu run.sh
END

test_case 'R with the graph of the job, as match-format says' <<'END'
cat >run.sh <<'EOF'
. ./inside.sh
a=$(sim 1h -n1 -c2 --requires=fast)
wait_run $a
flux job info $a R >R
expect_equal '["/cluster0","/cluster0/rack0","/cluster0/rack0/node1","/cluster0/rack0/node1/socket0"]' \
    "$(jq -c '[.scheduling.graph.nodes[].metadata | select (.type != "core") | .paths.containment] | sort' R)"
expect_equal '{"fast":"1"}' "$(jq -c .execution.properties R)"
flux config set sched-fluxion-resource.match-format rv1_nosched
a=$(sim 1h -n1)
wait_run $a
expect_equal null "$(flux job info $a R | jq .scheduling)"
flux cancel --all
EOF
flux start -Sresource.path=R.json bash -eEu run.sh
END

test_case 'the table [resource]: R from a file, ranks that get no jobs' <<'END'
cat >run.sh <<'EOF'
expect_equal '1-2' "$(flux resource list -n -s free -o '{ranks}')"
expect_equal '0' "$(flux resource status -n -s exclude --skip-empty -o '{ranks}')"
expect_exit 1 flux submit -N3 true 2>err
expect_in_file unsatisfiable err
EOF
flux start -s3 --conf='resource.exclude="0"' bash -eEu run.sh
jq 'del (.scheduling)' R.json >plain.json
jq .scheduling R.json >graph.json
expect_equal 'node[1-2]' "$(flux start -s3 --conf=resource.path=plain.json --conf=resource.scheduling=graph.json \
    --conf='resource.exclude="0"' flux resource list -n -s free -o '{nodelist}')"
cat >hosts.toml <<'EOF'
[resource]
exclude = "b2"
[[resource.config]]
hosts = "a,b[1-2]"
cores = "0-3"
[[resource.config]]
hosts = "b[1-2]"
gpus = "0"
properties = ["big"]
[[resource.config]]
hosts = "a"
cores = "7"
EOF
expect_equal 'a 5 0 /b1 4 1 big/exclude b2' "$(flux start -s3 --config-path=hosts.toml \
    bash -c 'flux resource list -n -s free -o "{nodelist} {ncores} {ngpus} {properties}"
             flux resource status -n -s exclude --skip-empty -o "{statex} {nodelist}"' | paste -sd/)"
expect_equal "exclude $(hostname)" "$(flux start --conf=resource.exclude="$(hostname)" \
    flux resource status -n -s exclude --skip-empty -o '{state} {nodelist}')"
for conf in resource=7 resource.foo=1 'resource={"config":7}' 'resource={"config":[{"hosts":"a"}]}' \
    'resource={"config":[{"hosts":"a","core":"0"}]}' resource.exclude=nohost \
    resource.path=/nonexistent resource.path=recipe 'resource.exclude="99"' resource.exclude=7x \
    'resource={"path":7}'; do
    expect_exit 1 flux start --conf="$conf" true 2>err
    expect_output 1 grep -c 'resource' err
done
END

test_case 'reload: resources that grow and shrink while jobs run' <<'END'
part () { jq -c --arg r "$1" --arg h "$2" 'del (.scheduling, .execution.properties) |
    .execution.R_lite[0].rank = $r | .execution.nodelist = [$h]' R.json; }
part 0-1 'node[0-1]' >two.json
part 0-3 'node[0-3]' >four.json
part 2-3 'node[2-3]' >other.json
cat >run.sh <<'EOF'
. ./inside.sh
a=$(sim 1h -N1 -x)
expect_exit 1 flux submit -N3 true 2>err
wait_run $a
expect_exit 1 flux resource reload four.json 2>err
expect_in_file 'R has rank 3, and the instance has 1' err
flux resource reload -f four.json
b=$(sim 1h -N3 -x)
wait_run $b
expect_equal 1-3 "$(ranks_of $b)"
flux cancel $b
flux resource reload -f other.json
expect_equal '2-3 0' "$(flux resource list -n -s free -o '{ranks}') $(flux resource list -n -s allocated -o '{nnodes}')"
c=$(sim 1h -N1 -x)
wait_run $c
expect_equal '2 RUN' "$(ranks_of $c) $(flux jobs -n -o '{state}' $a)"
expect_exit 1 flux submit -N4 true 2>err
for file in /nonexistent recipe; do
    expect_exit 1 flux resource reload -f $file 2>err
    expect_output 1 grep -c . err
done
expect_exit 1 flux resource reload -x . 2>err
expect_in_file 'there is no 0.xml' err
expect_equal 3 "$(flux resource list -n -s free -o '{ranks}')"
flux cancel --all
EOF
flux start -Sresource.path=two.json bash -eEu run.sh
END

test_case 'reload -x: a folder of hwloc files, one a rank' <<'END'
# topology HOST CORES: such as lstopo writes
topology ()
{
    local all i one common='complete_nodeset="0x1" nodeset="0x1"'
    printf -v all '0x%x' $(((1 << $2) - 1))
    echo '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE topology SYSTEM "hwloc2.dtd"><topology version="2.0">'
    echo "<object type=\"Machine\" os_index=\"0\" cpuset=\"$all\" complete_cpuset=\"$all\" allowed_cpuset=\"$all\"" \
        "$common allowed_nodeset=\"0x1\" gp_index=\"1\"><info name=\"HostName\" value=\"$1\"/>"
    echo "<object type=\"NUMANode\" os_index=\"0\" cpuset=\"$all\" complete_cpuset=\"$all\" $common gp_index=\"2\"/>"
    for ((i = 0; i < $2; i++)); do
        printf -v one '0x%x' $((1 << i))
        one="os_index=\"$i\" cpuset=\"$one\" complete_cpuset=\"$one\" $common"
        echo "<object type=\"Core\" $one gp_index=\"$((10 + i))\"><object type=\"PU\" $one gp_index=\"$((40 + i))\"/></object>"
    done
    echo '</object></topology>'
}
mkdir xml
topology tux0 3 >xml/0.xml
topology tux1 5 >xml/1.xml
cat >run.sh <<'EOF'
flux resource reload -x xml
expect_equal 'tux[0-1] 8' "$(flux resource list -n -s free -o '{nodelist} {ncores}')"
expect_equal '[{"rank":"0","children":{"core":"0-2"}},{"rank":"1","children":{"core":"0-4"}}]' \
    "$(flux kvs get resource.R | jq -c .execution.R_lite)"
flux run -n8 true
expect_fail flux submit -n9 true
cp xml/0.xml xml/2.xml
expect_exit 1 flux resource reload -x xml 2>err
expect_in_file 'R has rank 2, and the instance has 2' err
echo '<topology' >xml/1.xml
expect_exit 1 flux resource reload -x xml 2>err
expect_in_file '1.xml' err
expect_equal 8 "$(flux resource list -n -s free -o '{ncores}')"
EOF
flux start -s2 bash -eEu run.sh
END

test_case 'an instance in a job has the graph of its job' <<'END'
cat >child.sh <<'EOF'
. ./inside.sh
expect_equal 'fast 2 8 node[1-2]' "$(flux resource list -n -s all -o '{properties} {nnodes} {ncores} {nodelist}')"
flux kvs get resource.R >R.child
expect_equal '[["/cluster0/rack0/node1",0],["/cluster0/rack0",-1],["/cluster0/rack1/node2",1],["/cluster0/rack1",-1]]' \
    "$(jq -c '[.scheduling.graph.nodes[].metadata | select (.type == "node" or .type == "rack") | [.paths.containment, .rank]]' R.child)"
expect_exit 1 flux submit -N3 true 2>err
expect_in_file unsatisfiable err
a=$(sim 1h -N1 --requires=fast --graph-policy=hinode)
wait_run $a
flux job info $a R >R.job
expect_equal '1 node2 {"fast":"1"}' "$(jq -r '.execution | "\(.R_lite[0].rank) \(.nodelist[0]) \(.properties)"' R.job)"
expect_equal 1 "$(jq -c '[.scheduling.graph.nodes[].metadata.paths.containment] | map (select (. == "/cluster0/rack1")) | length' R.job)"
expect_equal '1 Nodes, 4 Cores, 0 GPUs' "$(flux alloc -N1 -x --graph-policy=lonode flux resource info)"
flux cancel --all
EOF
timeout 50 flux start -s4 --conf=resource.path=R.json flux alloc -N2 -x --requires=fast bash -eEu child.sh
END

test_case 'and its share of what feeds it' <<'END'
jq -c '.scheduling.graph |= (
    (.nodes | map (select (.metadata.type == "node") | {key: .metadata.paths.containment, value: .id}) | from_entries) as $id |
    .nodes += [{id: "900", metadata: {type: "pdu", id: 0, rank: -1, size: 500, paths: {power: "/pdu0"}}}] |
    .edges += [$id[] | {source: "900", target: ., metadata: {subsystem: "power"}}])' R.json >power.json
cat >child.sh <<'EOF'
. ./inside.sh
expect_equal 300 "$(flux kvs get resource.R | jq '.scheduling.graph.nodes[].metadata | select (.type == "pdu").size')"
flux config set sched-fluxion-qmanager.queue-policy easy
a=$(sim 1h -N1 -n1 --graph-policy=power,draw=200)
b=$(sim 1h -N1 -n1 --graph-policy=power,draw=200)
c=$(sim 1h -N1 -n1 --graph-policy=power,draw=100)
wait_run $c
expect_equal 'RUN SCHED RUN' "$(flux jobs -n -o '{state}' $a $b $c | xargs)"
flux cancel --all
EOF
cat >run.sh <<'EOF'
flux alloc -N1 -x --graph-policy=power,draw=300 bash -eEu child.sh
EOF
timeout 50 flux start -s4 --conf=resource.path=power.json bash -eEu run.sh
END

test_case 'what can never run is refused, also of canonical jobspecs' <<'END'
cat >run.sh <<'EOF'
while IFS=: read -r request why; do
    expect_exit 1 flux submit $request true 2>err
    expect_in_file "unsatisfiable request: $why\$" err
done <<'LIST'
-N5:it asks for 5 nodes, and there are 4
-n17:it asks for 17 cores in all, and there are 16
-n1 -c5:it asks for 5 cores in a slot, which is on one node, and there are 4
-N2 -n10:it asks for 5 cores on each node, and there are 4
-n1 -g1:it asks for 1 GPU in a slot, which is on one node, and there is none
-N3 --requires=fast:it asks for 3 nodes, and there are 2 where its constraint holds
-n1 --requires=slow:no node meets its constraint
LIST
expect_exit 1 flux submit -N1 --requires=rank:9 true 2>err
expect_in_file 'no node meets its constraint' err
jq '.resources[0].with[0].with[0] = {"type": "memory", "count": 9}' all.json >memory.json
expect_exit 1 flux job submit memory.json 2>err
expect_in_file 'unsatisfiable' err
jq '.resources[0].with[0].with[0] = {"type": "tape", "count": 1}' all.json >tape.json
expect_exit 1 flux job submit tape.json 2>err
expect_in_file 'unsatisfiable request: there is nothing of type tape' err
jq '.attributes.system.exec.test.run_duration = "0s"' all.json >sim.json
flux job submit sim.json >/dev/null
EOF
flux start -Sresource.path=R.json bash -eEu run.sh
END

test_case 'levels that a request does not name; the flexible traverser' <<'END'
cat >run.sh <<'EOF'
. ./inside.sh
cores () { flux job info "$1" R | jq -r '.execution.R_lite | map (.rank + ":" + .children.core) | join (" ")'; }
a=$(sim 1h --shape='cluster/rack=2/slot/node/core=3')
b=$(sim 1h --shape='cluster/slot=2/core')
wait_run $b
expect_equal '0,2:0-2' "$(cores $a)"
expect_equal 2 "$(flux jobs -n -o '{ncores}' $b)"
expect_exit 1 flux config set sched-fluxion-resource.traverser wild 2>err
expect_in_file 'sched-fluxion-resource.traverser=wild: is neither simple nor flexible' err
expect_exit 1 flux config set sched-fluxion-resource.subsystems power 2>err
flux cancel --all
EOF
flux start -Sresource.path=R.json bash -eEu run.sh
cat >flexible.sh <<'EOF'
. ./inside.sh
printf '[{"type":"slot","count":1,"label":"a","with":[{"type":"core","count":5}]},
         {"type":"slot","count":1,"label":"b","with":[{"type":"core","count":2}]}]' >either.json
a=$(sim 1h --resources-json=either.json)
wait_run $a
expect_equal 2 "$(flux jobs -n -o '{ncores}' $a)"
flux cancel --all
EOF
flux start -Sresource.path=R.json --conf='sched-fluxion-resource.traverser="flexible"' \
    --conf=sched-fluxion-resource.update-interval=5 bash -eEu flexible.sh
END

test_case 'R with a TreePool scheduling key: sockets, NUMA domains, memory, in the child, too' <<'END'
cat >treepool.json <<'EOF'
{"version": 1,
 "execution": {"R_lite": [{"rank": "0-1", "children": {"core": "0-7", "gpu": "0-3"}}],
               "nodelist": ["xeon[0-1]"], "starttime": 0, "expiration": 0},
 "scheduling": {"writer": "TreePool", "children": [{"ranks": "0-1", "topo": {
    "storage": [{"path": "/mnt/nvme", "capacity": 2, "unit": "TiB"}],
    "socket": [{"memory": 8, "numa": [{"cores": "0-1", "gpus": "0"}, {"cores": "2-3", "gpus": "1"}]},
               {"memory": 8, "numa": [{"cores": "4-5", "gpus": "2"}, {"cores": "6-7", "gpus": "3"}]}]}}]}}
EOF
cat >child.sh <<'EOF'
. ./inside.sh
a=$(sim 1h --shape='slot/numa{x}')
wait_run $a
expect_equal 2 "$(flux jobs -n -o '{ncores}' $a)"
flux cancel --all
EOF
cat >run.sh <<'EOF'
. ./inside.sh
lite () { flux job info "$1" R | jq -c '.execution.R_lite'; }
a=$(sim 1h --shape='slot/numa{x}')
b=$(sim 1h --shape='slot/socket{x}')
c=$(sim 1h --shape='node/slot/[core=1;memory=6144{unit:MiB}]')
expect_exit 1 flux submit --shape='slot/memory=1{unit:kW}' true 2>err
expect_in_file 'memory is counted in GiB here, not in kW' err
wait_run $c
expect_equal 6 "$(flux job info $c R | jq '.scheduling.graph.nodes[].metadata | select (.type == "memory").size')"
expect_equal '[{"rank":"0","children":{"core":"0-1","gpu":"0"}}]' "$(lite $a)"
expect_equal '[{"rank":"0","children":{"core":"4-7","gpu":"2-3"}}]' "$(lite $b)"
expect_equal '/cluster0/xeon0/socket0/numa0' \
    "$(flux job info $a R | jq -r '.scheduling.graph.nodes[].metadata.paths.containment' | grep 'numa0$')"
flux cancel --all
flux queue drain
expect_equal '' "$(flux alloc -N1 -x bash -eEu child.sh)"
EOF
timeout 50 flux start -Sresource.path=treepool.json bash -eEu run.sh
END

test_case 'resources as a shape or as JSON: ranges, alternatives, what cannot be' <<'END'
cat >xor.json <<'EOF'
{"resources": [{"type": "xor_slot", "count": 1, "label": "a", "with": [{"type": "core", "count": 1000}]},
               {"type": "xor_slot", "count": 2, "label": "a", "with": [{"type": "core", "count": 1}]}]}
EOF
jq .resources xor.json >list.json
cat >run.sh <<'EOF'
ranks () { "$@" flux getattr rank | sort | xargs; }
cores=$(flux resource list -n -s all -o '{ncores}')
expect_equal '0 0 1 1' "$(ranks flux run --resources-shape='node=2/slot=2{x}/core')"
expect_equal "$cores" "$(flux run --shape='slot=1+/core' flux getattr rank | wc -l)"
expect_equal '0 1' "$(ranks flux run --shape='slot=1+/node')"
expect_equal '0 0' "$(ranks flux run --resources-json=xor.json)"
expect_equal '0 0' "$(ranks flux run --resources-json=list.json)"
printf '[{"type":"node","count":2,"with":[{"type":"slot","count":1,"label":"a","with":[{"type":"core","count":1}]},
    {"type":"slot","count":1,"label":"b","with":[{"type":"core","count":1}]}]}]' >both.json
id=$(flux submit --resources-json=both.json true)
expect_equal 4 "$(flux jobs -an -o '{ncores}' $id)"
expect_equal 2 "$(flux alloc --shape='node=2/slot/core' flux getattr size)"
expect_equal '[{"type":"node","count":1,"with":[{"type":"slot","count":2,"label":"db","with":[{"type":"memory","count":4,"unit":"GB"}]}]}]' \
    "$(flux batch --shape='node/slot=2{db}/memory=4{unit:GB}' --dry-run --wrap true | jq -c .resources)"
while IFS='|' read -r options why; do
    expect_fail flux run $options true 2>err
    expect_in_file "$why" err
done <<'LIST'
--shape=slot/|type is missing at position 6
--shape=node=2|it has no slot
--shape=slot/core -N2|does not go with other numbers
--shape=slot/core --resources-json=list.json|do not go together
--resources-json=/nonexistent|/nonexistent
--resources-json=run.sh|run.sh
--shape=slot=1000/core|unsatisfiable
--shape=slot/unicorn|there is nothing of type unicorn
LIST
EOF
flux start -s2 bash -eEu -o pipefail run.sh
END

test_done

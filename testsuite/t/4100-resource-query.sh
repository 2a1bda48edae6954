#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# flux resource-query: what policies choose, time, cancel, find, status, formats and refusals.

. "$(dirname "$0")/lib.sh"

# query RECIPE OPTIONS...: commands on standard input
query ()
{
    printf '%s\n' "$1" >graph
    shift
    flux resource-query -d -f recipe -L graph "$@"
}

# jobspec NAME COUNT-OF-NODES CORES DURATION
jobspec ()
{
    cat >$1 <<YAML
version: 9999
resources:
  - type: node
    count: $2
    with:
      - type: slot
        count: 1
        label: default
        with:
          - type: core
            count: $3
attributes:
  system:
    duration: $4
tasks: [{command: [app], slot: default, count: {per_slot: 1}}]
YAML
}

# both.json: a cluster of one node, which draws from a panel in another subsystem
both ()
{
    cat >both.json <<JSON
{"graph": {"nodes": [
 {"id": "0", "metadata": {"type": "cluster", "id": 0, "paths": {"containment": "/cluster0"}}},
 {"id": "1", "metadata": {"type": "node", "id": 0, "rank": 0,
   "paths": {"containment": "/cluster0/node0", "power": "/panel0/node0"}}},
 {"id": "2", "metadata": {"type": "panel", "id": 0, "paths": {"power": "/panel0"}}},
 {"id": "3", "metadata": {"type": "watts", "id": 0, "size": 100,
   "paths": {"power": "/panel0/node0/watts0"}}}],
 "edges": [{"source": "0", "target": "1"},
  {"source": "2", "target": "1", "metadata": {"subsystem": "power"}},
  {"source": "1", "target": "3", "metadata": {"subsystem": "power"}}]}}
JSON
}

test_case 'policies choose by id' <<'END'
jobspec one 1 2 60
for policy in low high; do
    printf 'match allocate one\nquit\n' | query 'cluster/node=3/core=4' -P $policy | grep -v INFO
done >out
expect_equal '      ---------core0[1:x]
      ---------core1[1:x]
      ------node0[1:s]
      ---cluster0[1:s]
      ---------core2[1:x]
      ---------core3[1:x]
      ------node2[1:s]
      ---cluster0[1:s]' "$(cat out)"
END

test_case 'a job that does not fit now is reserved, and cancelled' <<'END'
jobspec all 2 4 100
printf '%s\n' 'match allocate all' 'match allocate all' 'match allocate_orelse_reserve all' \
    'cancel 1' 'match allocate all' 'cancel 9' quit |
    query 'cluster/node=2/core=4' -P low 2>err | grep -E 'JOBID|RESOURCES|AT=|No match' >out
expect_equal 'INFO: JOBID=1
INFO: RESOURCES=ALLOCATED
INFO: SCHEDULED AT=Now
INFO: No matching resources found
INFO: JOBID=2
INFO: JOBID=3
INFO: RESOURCES=RESERVED
INFO: SCHEDULED AT=100
INFO: JOBID=4
INFO: RESOURCES=ALLOCATED
INFO: SCHEDULED AT=Now' "$(cat out)"
expect_equal 'cancel: ERROR: nonexistent job 9' "$(cat err)"
END

test_case 'what can never be is told apart' <<'END'
jobspec big 3 4 100
printf '%s\n' 'match satisfiability big' 'match allocate_with_satisfiability big' quit |
    query 'cluster/node=2/core=4' -P low >out
expect_equal 2 "$(grep -c 'Unsatisfiable' out)"
END

test_case 'status, properties and find' <<'END'
printf '%s\n' 'set-status /cluster0/node1 down' 'get-status /cluster0/node1' \
    'set-property /cluster0/node0 class=4' 'get-property /cluster0/node0' \
    'find status=down' 'find colour=red' quit | query 'cluster/node=2/core=1' >out 2>err
expect_match '/cluster0/node1 is down' "$(cat out)"
expect_match '^class=4$' "$(cat out)"
expect_equal 3 "$(grep -c 'x\]' out)"
expect_match 'invalid criteria: colour=red' "$(cat err)"
END

test_case 'R and JGF go out, and JGF comes in again' <<'END'
jobspec one 1 2 60
printf 'match allocate one\nquit\n' | query 'cluster/node=3/core=4' -P low -F rv1 | sed -n 1p >R
expect_match '"R_lite": \[\{"rank": "0", "children": \{"core": "0-1"\}\}\]' "$(cat R)"
expect_match '"nodelist": \["node0"\]' "$(cat R)"
printf 'find status=up\nquit\n' | query 'cluster/node=3/core=4' -F jgf | sed -n 1p >all.json
printf 'update allocate jgf all.json 7 0 100\nmatch allocate one\nquit\n' >cmds
flux resource-query -d -f jgf -L all.json -P low <cmds >out
expect_match 'JOBID=7' "$(cat out)"
expect_match 'No matching resources found' "$(cat out)"
END

test_case 'this machine by hwloc, and only the types that are allowed' <<'END'
jobspec one 1 1 60
printf 'match allocate one\nfind status=up\nquit\n' >cmds
flux resource-query -d -f hwloc -W node,core -P low <cmds >out
expect_match 'JOBID=1' "$(cat out)"
expect_match '--core0\[1:x\]' "$(cat out)"
! grep -E 'socket|cache|pu[0-9]' out
printf 'no XML' >bad.xml
! flux resource-query -f hwloc -L bad.xml </dev/null 2>err
expect_match 'bad.xml: hwloc' "$(cat err)"
END

test_case 'types of every subsystem are known, and only they' <<'END'
both
jobspec one 1 1 60
sed 's/type: core/type: watts/' one >watts
sed 's/type: core/type: volts/' one >volts
printf 'match allocate watts\nmatch allocate volts\nquit\n' >cmds
flux resource-query -d -f jgf -L both.json -P low <cmds >out 2>err
expect_equal 1 "$(grep -c 'must be a resource type known' err)"
expect_equal 'INFO: JOBID=1
INFO: JOBID=2' "$(grep JOBID out)"
END

test_case 'what a job holds is booked in a graph that walks another subsystem' <<'END'
both
jobspec one 1 1 60
sed 's/type: core/type: watts/' one >watts
printf 'resources: [{type: node, count: 1, exclusive: true}]\nversion: 9999
tasks: [{command: [app], slot: none, count: {per_slot: 1}}]\nattributes: {system: {duration: 60}}\n' >whole
printf 'match allocate whole\nquit\n' | flux resource-query -d -f jgf -L both.json -F jgf >held
head -1 held >held.json
printf 'match allocate watts\nquit\n' >cmds
flux resource-query -d -f jgf -L both.json -S PA <cmds >out
expect_match 'RESOURCES=ALLOCATED' "$(cat out)"
printf 'update allocate jgf held.json 1 0 60\nmatch allocate watts\nquit\n' >cmds
flux resource-query -d -f jgf -L both.json -S PA <cmds >out
expect_equal 'INFO: JOBID=1
INFO: RESOURCES=ALLOCATED
INFO: No matching resources found
INFO: JOBID=2' "$(grep -E 'JOBID|RESOURCES|match' out)"
END

test_case 'only types that are allowed, whatever the graph was read from' <<'END'
echo 'cluster/rack=2/node=2/[socket=2/core=2{ids:node};gpu=1]' >graph
jobspec one 4 2 60
printf 'match allocate one\nquit\n' >cmds
flux resource-query -d -f recipe -L graph -F jgf -t all.json <cmds >/dev/null
head -1 all.json >all
types () { flux resource-query -d -e "$@" -o dot -F jgf -t out <cmds >said; jq -r '[.graph.nodes[].metadata.type] | unique | join (",")' <<<"$(head -1 out)"; }
expect_equal cluster,core,node,rack,socket "$(types -f recipe -L graph)"
expect_equal cluster,core,node "$(types -f recipe -L graph -W node,core)"
expect_equal '/cluster0/node3/core3' "$(head -1 out | jq -r '.graph.nodes[].metadata.paths.containment' | grep core3 | sort | tail -1)"
expect_in_file 'Vertex Count: 21' said
expect_equal cluster,core,node,rack "$(types -f jgf -L all -W node,core -W rack)"
echo 'cluster/node=1/socket=2/core=2{ids:parent}' >twice
expect_fail flux resource-query -d -f recipe -L twice -W node,core <cmds 2>err
expect_in_file 'core0' err
END

test_case 'what is wrong is named' <<'END'
! query 'cluster/node=0' </dev/null 2>err
expect_match 'recipe' "$(cat err)"
! query 'cluster' -P nonsense </dev/null 2>err
expect_match "unknown match policy 'nonsense'|invalid policy" "$(cat err)"
jobspec bad 1 1 60
sed -i 's/type: core/type: unicorn/' bad
grep -v tasks bad >short
printf '%s\n' 'match allocate bad' 'match allocate short' 'match allocate missing' 'match nonsense bad' quit |
    query 'cluster/node=1' 2>err >out
expect_match 'must be a resource type known' "$(cat err)"
expect_match 'needs version, resources, tasks and attributes' "$(cat err)"
expect_match "can't open missing" "$(cat err)"
expect_match 'unknown subcmd nonsense' "$(cat err)"
END

test_done

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# select/graph, as a shadow of select/cons_tres: nodes that fail and come back, that are made and
# deleted while slurmctld runs, backfill, the horizon, and what of slurm.conf is in the graph.
. "$(dirname "$0")/lib.sh"
. "$top_srcdir/testsuite/t/select.sh"

SELECT_SHADOW=1
for i in 0 1; do mknod "$T_TMP/gpu$i" c 1 3; done
echo "NodeName=n[1-4],d[1-2] Name=gpu File=$T_TMP/gpu[0-1]" >"$T_TMP/gres.conf"
printf 'SwitchName=s1 Nodes=n[1-2]\nSwitchName=s2 Nodes=n[3-4]\nSwitchName=s0 Switches=s[1-2]\n' >"$T_TMP/topology.conf"
select_up 4 --file "$T_TMP/gres.conf" --file "$T_TMP/topology.conf" \
    --conf GresTypes=gpu --conf TopologyPlugin=topology/tree --conf PrivateData=cloud \
    --conf SelectTypeParameters=CR_Core_Memory --conf SchedulerType=sched/backfill \
    --conf SchedulerParameters=bf_interval=1,sched_interval=2 --conf ReturnToService=0 --conf MaxNodeCount=8 --conf TreeWidth=65533 \
    --conf ResumeProgram=/bin/true --conf SuspendProgram=/bin/true --conf SuspendTime=3000 --conf ResumeTimeout=40 \
    --conf 'NodeName=DEFAULT Sockets=2 CoresPerSocket=2 Feature=old,slow Gres=gpu:2' \
    --conf 'PartitionName=all Nodes=ALL Default=YES MaxTime=600 DefMemPerCPU=10'
echo 'Policy=high' >"$CLUSTER_DIR/graph.conf"
reconfigure
graph_conf () { printf '%s\n' "$@" >"$CLUSTER_DIR/graph.conf"; reconfigure; }
nodes_of () { as_user squeue -h -j "$1" -o %N; }
on_nodes () { [ "$(nodes_of "$1")" = "$2" ]; }
node () { as_root scontrol update NodeName="$1" State="$2" Reason=test; }
chosen () { [ "$(as_user srun -n1 hostname)" = "$1" ]; }
told () { as_user sbatch --test-only "$@" --wrap true 2>&1 || :; }

test_case 'a node that is down, fails or drains is left alone, with its jobs gone or not, until it is back' <<'END'
a=$(submit -N2 -n6 --no-requeue)
wait_until 20 on_nodes "$a" 'n[3-4]'
node n4 down
wait_until 30 on_nodes "$a" ''
wait_until 30 chosen n3
restart_ctld
expect_equal n3 "$(as_user srun -n4 -N1 hostname | sort -u)"
expect_exit 1 as_user srun -N4 --immediate=1 true
node n4 resume
wait_until 30 chosen n4
expect_equal n4 "$(as_user srun -n4 -N1 hostname | sort -u)" # nothing of the job is left there
for state in fail drain; do
    b=$(submit -N1 -n1)
    wait_until 20 on_nodes "$b" n4
    node n4 $state
    expect_equal n4 "$(nodes_of "$b")"
    wait_until 30 chosen n3
    reconfigure
    wait_until 30 chosen n3
    node n4 resume
    wait_until 30 chosen n4
    expect_equal n3 "$(as_user srun -n4 -N1 hostname | sort -u)" # it still has its core
    as_user scancel "$b"
    wait_until 20 on_nodes "$b" ''
done
clear_jobs
expect_equal n4 "$(as_user srun -n4 -N1 hostname | sort -u)"
END

test_case 'backfill: what is over in time goes first, where the policy wants it; nothing else does' <<'END'
clear_jobs
a=$(submit -N1 --exclusive -t 10)
wait_until 20 on_nodes "$a" n4
b=$(submit -N4 --exclusive -t 10)
has_start () { as_user squeue -h -j "$b" -o %S | grep -q ^20; }
wait_until 20 has_start
c=$(submit -N1 -t 60)
d=$(submit -N1 -n2 -t 5)
wait_until 20 on_nodes "$d" n3
sleep 3
expect_equal "PENDING PENDING" "$(as_user squeue -h -j "$b,$c" -o %T | xargs)"
# as soon as it can, and when it was told
as_user scancel "$a" "$d"
wait_until 30 on_nodes "$b" 'n[1-4]'
expect_equal PENDING "$(as_user squeue -h -j "$c" -o %T)"
as_user scancel "$b"
wait_until 30 on_nodes "$c" n4
clear_jobs
END

test_case 'no start is looked for beyond the horizon' <<'END'
clear_jobs
graph_conf Policy=high Horizon=2h
a=$(submit -N4 --exclusive -t 60)
wait_until 20 state_is "$a" RUNNING
expect_match 'to start at .* on nodes n4 ' "$(told --graph-request=node=1)"
expect_match 'to start at .* on nodes n\[3-4\] ' "$(told --graph-request=node=2)"
graph_conf Policy=high Horizon=30m
expect_no_match 'to start at' "$(told --graph-request=node=1)"
clear_jobs
expect_match 'to start at .* on nodes n4 ' "$(told --graph-request=node=1)"
END

test_case 'of slurm.conf: sockets, cores, memory, gres, switches; features are properties' <<'END'
clear_jobs
graph_conf Policy=high Alloc=all Cores=each
as_user srun -N1 -n3 --gres=gpu:1 --mem=100 -w n3 sh -c '[ $SLURM_PROCID = 0 ] && echo "$GRAPH_ALLOC"' >R.json || :
as_user flux graph from-slurm >made.json
python3 - R.json made.json <<'PY'
import json, sys
r = json.load(open(sys.argv[1]))
v = {x["metadata"]["name"]: x["metadata"] for x in r["scheduling"]["graph"]["nodes"]}
assert {"cluster", "upswitch", "switch", "node", "socket", "core", "memory", "gpu"} <= {m["type"] for m in v.values()}, v
assert set(v["n3"]["properties"]) == {"old", "slow"}, v["n3"]
edges = {(e["source"], e["target"]) for e in r["scheduling"]["graph"]["edges"]}
ids = {x["metadata"]["name"]: x["id"] for x in r["scheduling"]["graph"]["nodes"]}
assert (ids["s0"], ids["s2"]) in edges and (ids["s2"], ids["n3"]) in edges and "s1" not in ids, ids
assert len([m for m in v.values() if m["type"] == "core"]) == 3, v
assert r["execution"]["nodelist"] == ["n3"], r
nodes = json.load(open(sys.argv[2]))["graph"]["nodes"]
types = [n["metadata"]["type"] for n in nodes]
assert [types.count(t) for t in ("node", "socket", "core", "gpu", "switch")] == [4, 8, 16, 8, 2], types
n3 = next(n for n in nodes if n["metadata"]["name"] == "n3")
assert set(n3["metadata"]["properties"]) >= {"old", "slow"}, n3
PY
graph_conf Policy=high
END

test_case -t 90 'nodes made and deleted while slurmctld runs' <<'END'
clear_jobs
sed -i '/^TopologyPlugin/d' "$CLUSTER_DIR/slurm.conf" # which knows nothing of them
restart_ctld
wait_until 30 chosen n4
a=$(submit -N1 -n2 -w n2)
wait_until 20 on_nodes "$a" n2
as_root scontrol create NodeName=d1 CPUs=4 RealMemory=500 NodeAddr=127.0.0.1 State=CLOUD
expect_match 'd1' "$(as_user sinfo -h -N -o %N)"
b=$(submit -n1 -w d1)
wait_until 30 on_nodes "$b" d1
c=$(submit -N1 --exclusive)
wait_until 30 on_nodes "$c" n4
expect_exit 1 as_user srun -n3 -N1 -w n2 --immediate=1 true
expect_exit 1 as_user srun -n4 -N1 -w d1 --immediate=1 true
as_user scancel "$b" "$c"
gone () { as_root scontrol delete NodeName=d1; }
wait_until 40 gone
expect_no_match 'd1' "$(as_user sinfo -h -N -o %N)"
wait_until 30 chosen n4
expect_exit 1 as_user srun -n3 -N1 -w n2 --immediate=1 true
expect_equal 4 "$(as_user srun -N4 hostname | sort -u | wc -l)"
as_root scontrol create NodeName=d2 CPUs=4 RealMemory=500 NodeAddr=127.0.0.1 State=CLOUD
b=$(submit -n1 -w d2)
wait_until 30 on_nodes "$b" d2
clear_jobs
END

test_case 'slurmctld said nothing that it should not have' <<'END'
expect_quiet_log
END

test_done

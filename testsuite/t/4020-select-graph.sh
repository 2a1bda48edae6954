#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# select/graph with a site's own graph in a real slurmctld: policies per partition and job, requests
# for racks, storage and power, what users see of it, and the books over restarts.
. "$(dirname "$0")/lib.sh"
. "$top_srcdir/testsuite/t/select.sh"

select_up 4 --conf SchedulerType=sched/backfill \
    --conf SchedulerParameters=bf_interval=1,sched_interval=2 \
    --conf 'PartitionName=all Nodes=ALL Default=YES MaxTime=60
PartitionName=last Nodes=ALL MaxTime=60'
write_graph >"$CLUSTER_DIR/site.json"

test_case 'a policy for each partition, and one of the job' <<'END'
cat >"$CLUSTER_DIR/graph.conf" <<CONF
Policy=low # the first node first
PartitionName=last,other Policy=high
CONF
reconfigure
goes n1 -n1
goes n4 -p last -n1
goes n4 --graph-policy=high -n1
wait_until 20 batch_done
expect_equal n4 "$(as_user salloc --graph-policy=high -n1 srun hostname)"
goes n1 -p last --graph-policy=low -n1
id=$(submit -N2 --graph-policy=high)
wait_until 20 running 1
expect_match 'NodeList=n\[3-4\]' "$(shown "$id")"
expect_match 'AdminComment=graph: policy=high' "$(shown "$id")"
# one that asks the graph for nothing is told, too
plain=$(submit -N3 --exclusive)
wait_until 20 waits_for "$plain" 'no 3 whole nodes free'
clear_jobs
END

test_case 'bad values are refused by name in srun, sbatch and salloc' <<'END'
for cmd in "srun true" "salloc true" "sbatch --wrap true"; do
    # shellcheck disable=SC2086
    set -- $cmd
    expect_exit 1 as_user "$1" --graph-policy=nonesuch "${@:2}" 2>err </dev/null || expect_exit 255 as_user "$1" --graph-policy=nonesuch "${@:2}" 2>err </dev/null
    expect_in_file "graph-policy=nonesuch: unknown match policy" err
done
bad () { ! as_user srun --graph-request="$1" true 2>err || return 1; cat err; }
expect_match 'graph-request=node=: ' "$(bad node=)"
expect_match 'graph-request=@/nonesuch: /nonesuch: No such file' "$(bad @/nonesuch)"
echo '{"resources":7}' >user/seven
expect_match 'neither a jobspec nor' "$(bad @"$T_TMP/user/seven")"
expect_match 'a slot must stand alone' "$(bad 'rack/[storage;slot/node]')"
as_user srun --help >out
expect_in_file graph-policy out
expect_in_file graph-request out
END

test_case 'a request: two nodes of one rack with 3 TB of storage' <<'END'
echo "Graph=$CLUSTER_DIR/site.json" >>"$CLUSTER_DIR/graph.conf"
reconfigure
expect_no_match 'error.*select/graph' "$(cat "$CLUSTER_DIR/log/slurmctld.log")"
id=$(submit --graph-request='rack/[storage=3{unit:"TB"};node=2/core=1]')
wait_until 20 running 1
expect_match 'NodeList=n\[1-2\]' "$(shown "$id")"
expect_match 'AdminComment=graph: policy=low in rack0; storage0: 3 TB' "$(shown "$id")"
echo "$id" >first
END

test_case 'what the next one waits for is said' <<'END'
second=$(submit --graph-request='rack/[storage=3{unit:"TB"};node=2/core=1]')
wait_until 20 running 2
expect_match 'NodeList=n\[3-4\]' "$(shown "$second")"
third=$(submit --graph-request='rack/[storage=3{unit:"TB"};node/core=1]')
wait_until 20 waits_for "$third" 'no rack with 3 TB storage free'
expect_equal PENDING "$(as_user squeue -h -j "$third" -o %T)"
echo "$second $third" >next
expect_equal "Job $third waits: no rack with 3 TB storage free." "$(as_user flux graph explain "$third")"
expect_match "Job $second is RUNNING: chosen on n\[3-4\] by policy=low in rack1" "$(as_user flux graph explain "$second")"
expect_match "Job $second is RUNNING" "$(as_user flux graph explain "$second")"
expect_exit 1 as_user flux graph explain nonesuch 2>err
expect_in_file 'one id of a Slurm job' err
END

test_case 'storage is accounted for after reconfigure and restart' <<'END'
read -r second third <next
reconfigure
sleep 3
expect_equal PENDING "$(as_user squeue -h -j "$third" -o %T)"
restart_ctld
sleep 3
expect_equal PENDING "$(as_user squeue -h -j "$third" -o %T)"
as_user scancel "$second"
wait_until 40 state_is "$third" RUNNING
expect_match 'in rack1; storage1: 3 TB' "$(shown "$third")"
clear_jobs
END

test_case 'a full disk is named in the log, and jobs go on' <<'END'
as_root scontrol shutdown slurmctld
wait_until 20 ctld_gone
cp -a "$CLUSTER_DIR/state" saved
# (where slurmctld sees it)
as_root mount -t tmpfs -o size=2m none "$CLUSTER_DIR/state"
at_end "umount -l '$CLUSTER_DIR/state' 2>/dev/null || :"
as_root cp -a "$PWD/saved/." "$CLUSTER_DIR/state"
start_ctld
as_root dd if=/dev/zero of="$CLUSTER_DIR/state/fill" bs=4k 2>/dev/null || :
# (a batch script could not be stored)
hold () { as_user salloc --no-shell "$@" 2>&1 | sed -n 's/.*Granted job allocation \([0-9]*\).*/\1/p'; }
a=$(hold --graph-request='rack/[storage=1{unit:"TB"};node/core=1]')
b=$(hold --graph-request='rack/[storage=4{unit:"TB"};node/core=1]')
expect_equal "RUNNING RUNNING" "$(as_user squeue -h -j "$a,$b" -o %T | xargs)"
expect_in_file 'the state of the graph is not saved: .*graph_state: No space left' "$CLUSTER_DIR/log/slurmctld.log"
# what they hold is accounted for, though
takes_4 () { as_user srun --immediate=1 --graph-request='rack/[storage=4{unit:"TB"};node/core=1]' true; }
expect_exit 1 takes_4
as_root rm "$CLUSTER_DIR/state/fill"
as_user scancel "$b"
wait_until 30 takes_4
b=$(hold --graph-request='rack/[storage=4{unit:"TB"};node/core=1]')
restart_ctld
expect_equal RUNNING "$(as_user squeue -h -j "$b" -o %T)"
expect_exit 1 takes_4
clear_jobs
as_root scontrol shutdown slurmctld
wait_until 20 ctld_gone
as_root umount "$CLUSTER_DIR/state"
start_ctld
END

test_case 'GRAPH_ALLOC tells the job what it has, as R with a graph' <<'END'
as_user srun --graph-request='rack/[storage=2{unit:"TB"};node=2]' -n2 sh -c '[ $SLURM_PROCID = 0 ] && echo "$GRAPH_ALLOC"' >srun.json || :
printf '#!/bin/sh\nprintenv GRAPH_ALLOC\n' >user/job.sh
run_batch -o out.txt --graph-request='rack/[storage=2{unit:"TB"};node=2]' job.sh
for f in user/out.txt srun.json; do
    python3 - "$f" <<'PY'
import json, sys
r = json.load(open(sys.argv[1]))
assert r["version"] == 1, r
names = [v["metadata"]["name"] for v in r["scheduling"]["graph"]["nodes"]]
for n in ("cluster0", "rack0", "storage0", "n1", "n2", "core0"):
    assert n in names, names
size = {v["metadata"]["name"]: v["metadata"]["size"] for v in r["scheduling"]["graph"]["nodes"]}
assert size["storage0"] == 2, size
assert r["execution"]["nodelist"] == ["n[1-2]"], r
PY
done
END

test_case 'an instance in that allocation has the graph for its own jobs' <<'END'
as_user srun --flux --graph-request='rack/[storage=2{unit:"TB"};node=2]' -n2 --exclusive flux kvs get resource.R >R.json
python3 - R.json <<'PY'
import json, sys
r = json.load(open(sys.argv[1]))
names = [v["metadata"]["name"] for v in r["scheduling"]["graph"]["nodes"]]
for n in ("rack0", "storage0", "n1", "n2", "core3"):
    assert n in names, names
PY
expect_equal "n1 n2" "$(as_user srun --flux --graph-policy=low -N2 --exclusive flux run -N2 hostname | sort | xargs)"
END

test_case 'a sample of golden jobs: the nodes and cores that flux resource-query chooses' <<'END'
cp "$CLUSTER_DIR/graph.conf" graph.conf.before
job () { printf '{"version":9999,"resources":[%s],"attributes":{"system":{"duration":3600}},"tasks":[{"command":["app"],"slot":"default","count":{"per_slot":1}}]}' "$1" >"$T_TMP/user/$2.json"; }
slot () { printf '{"type":"slot","label":"default","count":%s,"with":[%s]}' "$1" "$2"; }
job "$(slot 1 '{"type":"core","count":1}')" core
job "{\"type\":\"node\",\"count\":2,\"with\":[$(slot 1 '{"type":"core","count":2}')]}" nodes
job "{\"type\":\"rack\",\"count\":1,\"with\":[$(slot 1 '{"type":"storage","count":1},{"type":"node","count":1,"exclusive":true}')]}" rack
order="core nodes core rack core"
for policy in low 'spread level=rack' bestfit; do
    [ -z "${T_VERSION:-}" ] || [ "$policy" = bestfit ] || continue
    printf 'Policy="%s" Ties=fluxion CoreChoice=graph\nGraph=%s\n' "$policy" "$CLUSTER_DIR/site.json" >"$CLUSTER_DIR/graph.conf"
    reconfigure
    for j in $order; do echo "match allocate user/$j.json"; done >cmds
    echo quit >>cmds
    "$top_builddir/shell/resource_query/flux-resource-query" -f jgf -L "$CLUSTER_DIR/site.json" -P "$policy" <cmds >chosen
    python3 - chosen >want <<'PY'
import re, sys
cores, nodes = [], []
for line in open(sys.argv[1]):
    m = re.match(r"\s+-+([a-z]+)(\d+)\[\d+:(.)\]", line)
    if m and m.group(1) == "core": cores.append(m.group(2))
    elif m and m.group(1) == "n": nodes.append((m.group(1) + m.group(2), cores)); cores = []
    elif "JOBID=" in line: print(" ".join(f"{n}={','.join(c)}" for n, c in sorted(nodes))); nodes = []
PY
    for j in $order; do
        id=$(submit --graph-request="@$T_TMP/user/$j.json")
        wait_until 20 state_is "$id" RUNNING >&2
        as_user scontrol -d show job "$id" | python3 -c '
import re, sys
def expand(s): return [n for p in re.sub(r"[\[\]n]", "", s).split(",") for n in (range(int(p.split("-")[0]), int(p.split("-")[-1]) + 1))]
out = []
for m in re.finditer(r"Nodes=(\S+) CPU_IDs=(\S+)", sys.stdin.read()):
    out += [f"n{n}=" + ",".join(map(str, expand(m.group(2)))) for n in expand(m.group(1))]
print(" ".join(sorted(out)))'
    done >have
    echo "$policy"
    expect_same_file want have
    clear_jobs
done
mv graph.conf.before "$CLUSTER_DIR/graph.conf"
reconfigure
END

test_case 'Constrain: no more nodes of a rack than its PDU feeds' <<'END'
echo 'Constrain=power:watts' >>"$CLUSTER_DIR/graph.conf"
reconfigure
submit -N2 >/dev/null
wait_until 20 running 1
expect_equal 'n[1,3]' "$(as_user squeue -h -o %N)"
id=$(submit -N1 --exclusive)
wait_until 20 waits_for "$id" 'power of pdu0: 300 of 500'
expect_equal PENDING "$(as_user squeue -h -j "$id" -o %T)"
# what is in use draws nothing more
expect_equal n1 "$(as_user srun -n1 hostname)"
clear_jobs
END

test_case 'a graph made of the running Slurm is one that it takes' <<'END'
as_user flux graph from-slurm --pretty >made.json
python3 - made.json <<'PY'
import json, sys
g = json.load(open(sys.argv[1]))["graph"]
types = [v["metadata"]["type"] for v in g["nodes"]]
assert types.count("node") == 4 and types.count("core") == 16 and types.count("memory") == 4, types
assert len(g["edges"]) == len(g["nodes"]) - 1
PY
printf 'Policy=high\nGraph=%s\n' "$T_TMP/made.json" >"$CLUSTER_DIR/graph.conf"
reconfigure
expect_match 'select/graph: policy high, 41 vertices' "$(tail -n 12 "$CLUSTER_DIR/log/slurmctld.log")"
expect_equal n4 "$(as_user srun -n1 hostname)"
END

test_case 'a graph with a node too many and one too few goes on, and says which' <<'END'
sed 's/"n4"/"n9"/' "$CLUSTER_DIR/site.json" >"$CLUSTER_DIR/other.json"
printf 'Graph=%s\n' "$CLUSTER_DIR/other.json" >"$CLUSTER_DIR/graph.conf"
reconfigure
expect_in_file 'node n9 of the graph is none of slurm.conf' "$CLUSTER_DIR/log/slurmctld.log"
expect_in_file 'node n4 of slurm.conf is not in the graph' "$CLUSTER_DIR/log/slurmctld.log"
expect_equal n1 "$(as_user srun -n1 hostname)"
expect_equal "n1 n2 n3 n4" "$(as_user srun -N4 hostname | sort | xargs)"
END

test_case 'a graph that is wrong leaves the one before in place' <<'END'
printf 'Policy=high\nGraph=%s\n' "$CLUSTER_DIR/site.json" >"$CLUSTER_DIR/graph.conf"
reconfigure
expect_equal n4 "$(as_user srun -n1 hostname)"
echo '{"graph":{"nodes":[],"edges":' >"$CLUSTER_DIR/site.json"
reconfigure
expect_in_file 'site.json: line' "$CLUSTER_DIR/log/slurmctld.log"
if [ -z "${T_VERSION:-}" ]; then
    expect_in_file 'the graph stays as it was' "$CLUSTER_DIR/log/slurmctld.log"
    expect_equal n4 "$(as_user srun -n1 hostname)"
else # a new slurmctld, with no other to fall back on when it is not a daemon
    expect_in_file 'there is no graph' "$CLUSTER_DIR/log/slurmctld.log"
    expect_equal n1 "$(as_user srun -n1 hostname)"
fi
END

test_done

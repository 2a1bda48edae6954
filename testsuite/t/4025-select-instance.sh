#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# What a job learns of its part of the graph, by srun, sbatch and salloc, and what an instance that
# was started there does with it: its own jobs are placed by racks, storage and power.
. "$(dirname "$0")/lib.sh"
. "$top_srcdir/testsuite/t/select.sh"
select_up 4 --conf SelectTypeParameters=CR_Core_Memory --conf 'PartitionName=all Nodes=ALL Default=YES MaxTime=60 DefMemPerCPU=10' \
    --conf SchedulerType=sched/backfill --conf SchedulerParameters=bf_interval=1,sched_interval=2
write_graph >"$CLUSTER_DIR/site.json"
printf 'Policy=low\nGraph=%s\n' "$CLUSTER_DIR/site.json" >"$CLUSTER_DIR/graph.conf"
reconfigure

REQUEST='rack/[storage=2{unit:"TB"};node=2]'

test_case 'GRAPH_ALLOC in srun, sbatch and salloc' <<'END'
as_user srun --graph-request="$REQUEST" sh -c '[ $SLURM_PROCID = 1 ] || printenv GRAPH_ALLOC' >srun.json
wait_until 20 batch_done
as_user salloc --graph-request="$REQUEST" printenv GRAPH_ALLOC >salloc.json
wait_until 20 batch_done
as_user salloc -n2 --graph-request="$REQUEST" srun -N1 -n1 printenv GRAPH_ALLOC >step.json
wait_until 20 batch_done
printf '#!/bin/sh\nprintenv GRAPH_ALLOC\n' >user/job.sh
run_batch -o sbatch.json --graph-request="$REQUEST" job.sh
cp user/sbatch.json .
for f in srun sbatch salloc step; do
    python3 - $f.json <<'PY'
import json, sys
r = json.load(open(sys.argv[1]))
assert r["version"] == 1 and r["execution"]["nodelist"] == ["n[1-2]"], r
v = {v["metadata"]["name"]: v["metadata"] for v in r["scheduling"]["graph"]["nodes"]}
assert {"cluster0", "rack0", "storage0", "n1", "n2", "core0"} <= set(v) and "rack1" not in v, v
assert v["storage0"]["size"] == 2 and v["n1"]["properties"] == {"watts": "300"}, v
assert v["n1"]["rank"] == 0 and v["n2"]["rank"] == 1 and v["rack0"]["rank"] == -1, v
PY
done
expect_equal "" "$(as_user srun -n1 printenv GRAPH_ALLOC || :)" # nothing was asked for
wait_until 20 batch_done
END

test_case 'the instance gives the storage of its rack out to its own jobs' <<'END'
cat >user/inner <<'IN'
submit () { flux submit --shape="rack/slot=1/[storage=$1;node=1/core=1]" "${@:2}"; }
flux kvs get resource.R >R.json
a=$(submit 2 sleep 60)
flux job wait-event "$a" start >/dev/null
b=$(submit 1 hostname) # there is a node, but no storage
sleep 0.5
flux jobs -no '{name} {state}'
submit 3 true && echo "3 of 2 TB"
flux cancel "$a"
flux job attach "$b" | sed 's/^/on /'
IN
as_user srun --flux -n2 --exclusive --graph-request="$REQUEST" timeout 40 bash inner >out 2>err || { cat out err; exit 1; }
expect_equal 'hostname SCHED
sleep RUN' "$(sort out | grep -E 'SCHED|RUN')"
expect_match '^on n[12]$' "$(cat out)"
expect_in_file 'can never be met' err
expect_no_match '3 of 2' "$(cat out)"
wait_until 20 batch_done
python3 - user/R.json <<'PY'
import json, sys
v = {v["metadata"]["name"] for v in json.load(open(sys.argv[1]))["scheduling"]["graph"]["nodes"]}
assert {"rack0", "storage0", "n1", "n2", "core3"} <= v, v
PY
END

test_case 'and sees racks' <<'END'
as_user srun --flux -N4 --exclusive --graph-policy=low bash -c 'for p in "pack,level=rack" "spread,level=rack"; do
    flux run -N2 --graph-policy="$p" hostname | sort | xargs
done' >out 2>err || { cat out err; exit 1; }
expect_match '^(n1 n2|n3 n4)$' "$(sed -n 1p out)"
expect_match '^n[12] n[34]$' "$(sed -n 2p out)"
wait_until 20 batch_done
END

test_case 'and draws no more power than the job was given' <<'END'
echo Constrain=power:watts >>"$CLUSTER_DIR/graph.conf"
reconfigure
cat >user/inner <<'IN'
flux kvs get resource.R >R.json
flux run -N1 --graph-policy=power,property=watts hostname
flux run -N1 --graph-policy=power,draw=301 hostname || echo refused
IN
as_user srun --flux -N2 --exclusive --graph-policy=low timeout 40 bash inner >out 2>err || { cat out err; exit 1; }
expect_equal "n1
refused" "$(cat out)"
python3 - user/R.json <<'PY'
import json, sys
g = json.load(open(sys.argv[1]))["scheduling"]["graph"]
v = {v["id"]: v["metadata"] for v in g["nodes"]}
assert {m["name"]: m["size"] for m in v.values() if m["type"] == "pdu"} == {"pdu0": 300, "pdu1": 300}, v
power = {(v[e["source"]]["name"], v[e["target"]]["name"]) for e in g["edges"] if e["metadata"]["subsystem"] == "power"}
assert power == {("pdu0", "n1"), ("pdu1", "n3")}, power
PY
wait_until 20 batch_done
END

test_case 'the memory that the graph has not is left to Slurm, the choice of nodes is not' <<'END'
printf 'Policy=high\nGraph=%s\nConstrain=power:watts\n' "$CLUSTER_DIR/site.json" >"$CLUSTER_DIR/graph.conf"
reconfigure
told () { as_user sbatch --test-only "$@" --wrap true 2>&1 || :; }
expect_match 'to start at .* on nodes n4 ' "$(told -n1)"
expect_match 'to start at .* on nodes' "$(told -N2 --exclusive)"
a=$(submit -n1 --mem=1500)
wait_until 20 state_is "$a" RUNNING
expect_equal n4 "$(as_user squeue -h -j "$a" -o %N)"
expect_equal n4 "$(as_user srun -n1 --mem=500 hostname)"
expect_equal n2 "$(as_user srun -n1 --mem=501 hostname)" # the power of rack1 is drawn
expect_equal n4 "$(as_user srun -n1 hostname)"
clear_jobs
END

test_case 'watts that a job asked for are its own, and after a restart, too' <<'END'
printf 'Policy=low\nGraph=%s\n' "$CLUSTER_DIR/site.json" >"$CLUSTER_DIR/graph.conf"
reconfigure
watts () { echo "rack/[pdu=$1{unit:\"W\"};node=1/core=1]"; }
a=$(submit --graph-request="$(watts 400)")
b=$(submit --graph-request="$(watts 300)")
wait_until 20 running 2
expect_equal "n1 n3" "$(as_user squeue -h -S i -o %N | xargs)"
expect_match 'AdminComment=graph: policy=low in rack1; pdu1: 300 W' "$(shown "$b")"
c=$(submit --graph-request="$(watts 250)")
wait_until 20 waits_for "$c" 'no rack with 250 W pdu free'
for how in reconfigure restart_ctld; do
    $how
    wait_until 30 expect_equal 'n1 n3' "$(as_user squeue -h -t R -S i -o %N | xargs)"
    expect_exit 1 as_user srun --immediate=1 --graph-request="$(watts 250)" true
    expect_equal n3 "$(as_user srun --graph-request="$(watts 200)" hostname)"
done
as_user scancel "$a"
wait_until 30 state_is "$c" RUNNING
expect_equal n1 "$(as_user squeue -h -j "$c" -o %N)"
clear_jobs
END

test_case 'bad requests are refused by name in srun, sbatch and salloc' <<'END'
echo '{"resources":7}' >user/seven
while read -r value error; do
    for cmd in "srun true" "salloc true" "sbatch --wrap true"; do
        # shellcheck disable=SC2086
        set -- $cmd
        ! as_user "$1" --graph-request="$value" "${@:2}" >out 2>err </dev/null || exit 1
        expect_in_file "graph-request=$value: .*$error" err || { cat out; exit 1; }
        expect_equal "" "$(as_user squeue -h)"
    done
done <<LINES
node= shape
@/nonesuch No such file
@$T_TMP/user/seven neither a jobspec nor
node=0 count
rack/node{unit:7} Expected string
LINES
END

# one that srun cannot start a step in, and that would end slurmctld 22.05
test_case 'fewer tasks than nodes are refused' <<'END'
for cmd in srun salloc; do
    expect_exit 1 as_user $cmd -n1 --graph-request=node=2/core=1 true 2>err
    expect_in_file 'Requested node configuration is not available' err
done
expect_in_file 'its graph request has 2 nodes, and -n says 1 task' "$CLUSTER_DIR/log/slurmctld.log"
expect_equal 2 "$(as_user srun -n2 --graph-request=node=2/core=1 hostname | wc -l)"
expect_equal 2 "$(as_user srun --graph-request='rack=2/node=1/core=1' hostname | sort -u | wc -l)"
as_root scontrol ping
END

test_done

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# select/graph in a real slurmctld: it loads, and what select/cons_tres does still works.
. "$(dirname "$0")/lib.sh"
SELECT_GRAPH=$top_builddir/select_graph/.libs/select_graph.so
[ -f "$SELECT_GRAPH" ] || skip_all "select_graph.so was not built (configure --with-slurm-source)"
PLUGINS=$(dirname "$(find /usr/lib -name select_cons_tres.so 2>/dev/null | head -n 1)")
mkdir "$T_TMP/select" && cp "$SELECT_GRAPH" "$T_TMP/select"

job_cores () { as_user scontrol -d show job "$1" | grep -oE 'Nodes=[^ ]* CPU_IDs=[^ ]*' | xargs; }
running () { [ "$(as_user squeue -h -t R | wc -l)" -eq "$1" ]; }
conf_up () { SLURM_CONF=$CLUSTER_DIR/slurm.conf timeout 20 "$@"; }
slurm_up 3 --conf SelectType=select/graph --conf "PluginDir=$T_TMP/select:$PLUGINS"

test_case 'exactly what Slurm looks up is exported' <<'END'
nm -D --defined-only "$SELECT_GRAPH" | awk '{ print $3 }' | sort >have
expect_equal "fini init plugin_id plugin_name plugin_type plugin_version" \
    "$(grep -v '^select_p_' have | xargs)"
expect_equal 36 "$(grep -c '^select_p_' have)"
END

test_case 'slurmctld runs it' <<'END'
expect_match 'SelectType *= select/graph$' "$(as_user scontrol show config)"
expect_no_match 'select' "$(grep -E 'error|fatal' "$CLUSTER_DIR"/log/*.log)"
END

test_case 'srun: nodes, tasks, -c, --exclusive' <<'END'
expect_equal "n1 n2 n3" "$(as_user srun -N3 hostname | sort | xargs)"
expect_equal 12 "$(as_user srun -n12 hostname | wc -l)"
expect_equal n2 "$(as_user srun -w n2 hostname)"
expect_equal 3 "$(as_user srun -n1 -c3 sh -c 'echo $SLURM_JOB_CPUS_PER_NODE')"
expect_equal 4 "$(as_user srun -n1 --exclusive sh -c 'echo $SLURM_JOB_CPUS_PER_NODE')"
expect_exit 1 as_user srun -N4 --immediate=1 true
END

test_case 'sbatch with a step, and its exit code' <<'END'
printf '#!/bin/sh\nsrun hostname | sort\nexit 3\n' >user/job.sh
expect_exit 3 run_batch -N2 -o out.txt job.sh
expect_equal "n1 n2" "$(xargs <user/out.txt)"
END

test_case 'jobs get cores of their own, and a full cluster makes them wait' <<'END'
for i in 1 2 3; do
    as_user sbatch --parsable -o /dev/null -n2 -c2 --wrap 'exec sleep 200' >>ids
done
late=$(as_user sbatch --parsable -o /dev/null -n1 --wrap true)
wait_until 20 running 3
expect_equal PENDING "$(as_user squeue -h -j "$late" -o %T)"
expect_equal 12 "$(as_user sinfo -h -o %C | cut -d/ -f1)"
as_user scancel "$late"
for id in $(cat ids); do job_cores "$id"; done >cores
expect_equal 3 "$(sort -u cores | wc -l)"
END

test_case 'reconfigure keeps the jobs and their cores' <<'END'
conf_up scontrol reconfigure
for id in $(cat ids); do job_cores "$id"; done >after
expect_same_file cores after
running 3
expect_exit 1 as_user srun -n1 --immediate=1 true
END

test_case 'so does a restart of slurmctld, as select/cons_tres and back' <<'END'
for type in cons_tres graph; do
    conf_up scontrol shutdown slurmctld
    wait_until 20 expect_exit 1 pgrep -F "$CLUSTER_DIR/slurmctld.pid"
    sed -i "s,^SelectType=.*,SelectType=select/$type," "$CLUSTER_DIR/slurm.conf"
    SLURM_CONF=$CLUSTER_DIR/slurm.conf setsid slurmctld -D >>"$CLUSTER_DIR/log/slurmctld.out" 2>&1 8>&- &
    wait_until 20 conf_up scontrol ping
    expect_match "SelectType *= select/$type\$" "$(as_user scontrol show config)"
    for id in $(cat ids); do job_cores "$id"; done >after
    expect_same_file cores after
done
running 3
expect_exit 1 as_user srun -n1 --immediate=1 true
as_user scancel --me
wait_until 30 batch_done
expect_equal "n1 n2 n3" "$(as_user srun -N3 hostname | sort | xargs)"
END

test_case 'with graph.conf the policy chooses the nodes, and cons_tres books them' <<'END'
echo 'Policy = high # the last node first' >"$CLUSTER_DIR/graph.conf"
conf_up scontrol reconfigure
expect_equal n3 "$(as_user srun -n1 hostname)"
expect_equal n3 "$(as_user srun -n1 --exclusive hostname)"
expect_equal "n2 n3" "$(as_user srun -N2 -c2 hostname | sort | xargs)"
as_user sbatch -o /dev/null -N1 -n1 -c3 --wrap 'exec sleep 100' >/dev/null
wait_until 20 running 1
expect_equal n3 "$(as_user squeue -h -o %N)"
expect_equal n3 "$(as_user srun -n1 hostname)"
expect_equal n2 "$(as_user srun -n1 -c2 hostname)"
expect_equal n1 "$(as_user srun -w n1 hostname)"
expect_equal "n1 n2" "$(as_user srun -N2 --exclusive hostname | sort | xargs)"
# More than one node has: left to the plugin beneath
expect_equal 9 "$(as_user srun -n9 hostname | wc -l)"
END

test_case 'the graph knows the running jobs again after reconfigure and restart' <<'END'
conf_up scontrol reconfigure
expect_equal n2 "$(as_user srun -n1 -c2 hostname)"
conf_up scontrol shutdown slurmctld
wait_until 20 expect_exit 1 pgrep -F "$CLUSTER_DIR/slurmctld.pid"
SLURM_CONF=$CLUSTER_DIR/slurm.conf setsid slurmctld -D >>"$CLUSTER_DIR/log/slurmctld.out" 2>&1 8>&- &
wait_until 20 conf_up scontrol ping
running 1
expect_equal n2 "$(as_user srun -n1 -c2 hostname)"
as_user scancel --me
wait_until 30 batch_done
expect_equal n3 "$(as_user srun -n1 -c4 hostname)"
END

test_case 'an error in graph.conf names the place and changes nothing' <<'END'
while read -r line; do
    printf '# a comment\n%s\n' "$line" >"$CLUSTER_DIR/graph.conf"
    conf_up scontrol reconfigure
    expect_equal n3 "$(as_user srun -n1 hostname </dev/null)"
done <<'LINES'
Policy=nonesuch
Polcy=high
high
LINES
expect_in_file 'graph.conf: line 2: Policy: .*nonesuch' "$CLUSTER_DIR/log/slurmctld.log"
expect_in_file 'graph.conf: line 2: Polcy' "$CLUSTER_DIR/log/slurmctld.log"
expect_in_file 'graph.conf: line 2: high' "$CLUSTER_DIR/log/slurmctld.log"
rm "$CLUSTER_DIR/graph.conf"
conf_up scontrol reconfigure
expect_equal n1 "$(as_user srun -n1 hostname)"
END

test_case 'clients without the plugin work' <<'END'
sed "s,^PluginDir=.*,PluginDir=$PLUGINS,; s,^SelectType=.*,SelectType=select/cons_tres," \
    "$CLUSTER_DIR/slurm.conf" >user/plain.conf
expect_no_match graph "$(cat user/plain.conf)"
plain () { as_user env SLURM_CONF="$T_TMP/user/plain.conf" "$@"; }
expect_match 'NodeName=n1 ' "$(plain scontrol show nodes)"
expect_equal 3 "$(plain sinfo -h -N | wc -l)"
expect_equal "n1 n2" "$(plain srun -N2 hostname | sort | xargs)"
id=$(plain sbatch --parsable -o /dev/null --wrap 'exec sleep 20')
expect_match "JobId=$id " "$(plain scontrol -d show job "$id")"
plain scancel "$id"
wait_until 30 batch_done
END

test_case 'installed as select_cons_tres.so it takes the place of that one' <<'END'
mkdir shadow
cp "$SELECT_GRAPH" shadow/select_cons_tres.so
at_end "[ ! -d $T_TMP/second ] || '$CLUSTER' -d $T_TMP/second down"
"$CLUSTER" -d "$T_TMP/second" up 2 --mode plain --names s --conf "PluginDir=$T_TMP/shadow:$PLUGINS"
echo Policy=high >second/graph.conf
SLURM_CONF=$T_TMP/second/slurm.conf timeout 20 scontrol reconfigure
second () { timeout 30 "$CLUSTER" -d "$T_TMP/second" as - "$@"; }
expect_match 'SelectType *= select/cons_tres$' "$(second scontrol show config)"
expect_equal s2 "$(second srun -n1 sh -c 'echo $SLURMD_NODENAME')"
expect_equal "s1 s2" "$(second srun -N2 sh -c 'echo $SLURMD_NODENAME' | sort | xargs)"
expect_in_file 'select/graph: policy high' second/log/slurmctld.log
"$CLUSTER" -d "$T_TMP/second" down
END

test_case 'without the plugin beneath slurmctld does not start, and says why' <<'END'
mkdir lonely
ln -s "$PLUGINS"/*.so lonely
rm lonely/select_cons_tres.so
cp "$SELECT_GRAPH" lonely
mkdir state
sed "s,^PluginDir=.*,PluginDir=$T_TMP/lonely,; s,$CLUSTER_DIR/\(state\|log\),$T_TMP/state," \
    "$CLUSTER_DIR/slurm.conf" >lonely.conf
expect_exit 1 timeout 20 slurmctld -D -f "$T_TMP/lonely.conf" >state/out 2>&1
cat state/*
expect_in_file 'select/graph: no select_cons_tres.so in PluginDir' <(cat state/out state/slurmctld.log)
END

test_done

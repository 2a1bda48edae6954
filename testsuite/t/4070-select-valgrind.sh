#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# A real slurmctld under valgrind with select/graph: what valgrind says of Slurm's own code is passed
# over, nothing may be said of ours.
. "$(dirname "$0")/lib.sh"
. "$top_srcdir/testsuite/t/select.sh"
version_has valgrind || skip_all "there is no valgrind"
for i in 0 1; do mknod "$T_TMP/gpu$i" c 1 3; done
echo "NodeName=n[1-4] Name=gpu File=$T_TMP/gpu[0-1]" >"$T_TMP/gres.conf"
select_up 4 --file "$T_TMP/gres.conf" --conf GresTypes=gpu --conf 'NodeName=DEFAULT Gres=gpu:2' \
    --conf SelectTypeParameters=CR_Core_Memory --conf SchedulerType=sched/backfill \
    --conf SchedulerParameters=bf_interval=1,sched_interval=2 --conf SlurmctldTimeout=120 --conf MessageTimeout=60 \
    --conf PreemptType=preempt/partition_prio --conf PreemptMode=CANCEL \
    --conf 'PartitionName=all Nodes=ALL Default=YES MaxTime=60 DefMemPerCPU=100 PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=60 DefMemPerCPU=100 PriorityTier=9'
write_graph >"$CLUSTER_DIR/site.json"
CTLD_LIMIT=90
AS_USER_LIMIT=80
as_root () { timeout -k 2 90 "$CLUSTER" -d "$CLUSTER_DIR" as root "$@"; }
checked_ctld ()
{
    start_ctld valgrind --log-file="$T_TMP/valgrind.%p" --leak-check=full --show-leak-kinds=definite \
        --keep-debuginfo=yes --fullpath-after= --num-callers=30
}
stop_ctld () { as_root scontrol shutdown slurmctld && wait_until 60 ctld_gone; }
stop_ctld

# ours LOG...: the reports whose stack goes through select_graph.so, and who calls it
ours () { awk -v RS= '/select_graph(\.so|\/)|lib\/(graph|job|set|util)\//' <(sed -E 's/^==[0-9]+== ?//' "$@"); }

test_case -t 300 'jobs, a graph request, preemption, suspending, a state file, reconfigure' <<'END'
printf 'Policy=low\nGraph=%s\nConstrain=power:watts\nAlloc=all\nGresChoice=graph\nCores=each\n' "$CLUSTER_DIR/site.json" \
    >"$CLUSTER_DIR/graph.conf"
checked_ctld
a=$(submit --graph-request='rack/[storage=3{unit:"TB"};node=1/core=1]')
b=$(submit -n2 --graph-policy=high)
wait_until 60 running 2
c=$(submit --graph-request='rack=2/[storage=3{unit:"TB"};node=1/core=1]')
wait_until 60 waits_for "$c" 'no rack with'
as_root scontrol suspend "$b"
as_root scontrol resume "$b"
as_root scontrol update NodeName=n2 State=DRAIN Reason=test
as_root scontrol update NodeName=n2 State=RESUME
as_user sbatch --test-only -N2 --exclusive --wrap true
as_root scontrol reconfigure
printf 'Policy=high\nNonesuch=1\n' >"$CLUSTER_DIR/graph.conf"
as_root scontrol reconfigure
printf 'Policy="spread level=node"\nCores=each\nCoreChoice=graph\nGresChoice=graph\nTies=fluxion\n' >"$CLUSTER_DIR/graph.conf"
as_root scontrol reconfigure
d=$(submit -N2 --gres=gpu:1)
wait_until 60 state_is "$d" RUNNING
as_user scontrol update JobId="$d" NumNodes=1 >/dev/null
e=$(submit -p urgent -N2 --exclusive)
wait_until 60 state_is "$e" RUNNING
as_user scancel --me
wait_until 90 batch_done
END

test_case -t 200 'a restart with running jobs' <<'END'
printf 'Policy=low\nGraph=%s\n' "$CLUSTER_DIR/site.json" >"$CLUSTER_DIR/graph.conf"
as_root scontrol reconfigure
a=$(submit --graph-request='rack/[storage=3{unit:"TB"};node=1/core=1]')
wait_until 60 state_is "$a" RUNNING
stop_ctld
checked_ctld
state_is "$a" RUNNING
as_user scancel --me
wait_until 90 batch_done
stop_ctld
END

test_case 'valgrind says nothing of our code' <<'END'
set -- valgrind.*
grep -h 'ERROR SUMMARY' "$@"
[ "$(grep -l 'ERROR SUMMARY' "$@" | wc -l)" -ge 2 ]
expect_equal "" "$(ours "$@")"
END

test_done

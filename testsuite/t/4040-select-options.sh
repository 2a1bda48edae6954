#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# What Slurm's options ask for still holds when the graph chooses: memory, gres, exclusive and shared
# nodes, features, arrays, heterogeneous jobs, resizing, suspending, preemption, reservations, drain.
. "$(dirname "$0")/lib.sh"
. "$top_srcdir/testsuite/t/select.sh"

nodes_of () { as_user squeue -h -j "$1" -o %N; }

takes_n4 () { [ "$(as_user srun -n1 hostname)" = n4 ]; }
select_up 4 --conf SelectTypeParameters=CR_Core_Memory --conf SchedulerType=sched/backfill \
    --conf SchedulerParameters=bf_interval=1,sched_interval=2 --conf GresTypes=lic \
    --conf PreemptType=preempt/partition_prio --conf PreemptMode=CANCEL \
    --conf 'NodeName=DEFAULT Gres=lic:4 Feature=old' \
    --conf 'PartitionName=all Nodes=ALL Default=YES MaxTime=60 DefMemPerCPU=100 PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=60 DefMemPerCPU=100 PriorityTier=9'
echo 'Policy=high' >"$CLUSTER_DIR/graph.conf"
reconfigure

test_case 'memory and gres: where they are free' <<'END'
a=$(submit -n1 --mem=1500)
wait_until 20 state_is "$a" RUNNING
expect_equal n4 "$(nodes_of "$a")"
expect_equal n3 "$(as_user srun -n1 --mem=1000 hostname)"
expect_equal n4 "$(as_user srun -n1 --mem=400 hostname)"
b=$(submit -n1 --gres=lic:3 --mem=10)
wait_until 20 state_is "$b" RUNNING
expect_equal n4 "$(nodes_of "$b")"
expect_equal n3 "$(as_user srun -n1 --gres=lic:2 --mem=10 hostname)"
expect_equal n4 "$(as_user srun -n1 --gres=lic:1 --mem=10 hostname)"
clear_jobs
END

test_case 'nodes named and left out, features, tasks per node, contiguous' <<'END'
as_root scontrol update NodeName=n3 AvailableFeatures=old,new ActiveFeatures=old,new
expect_equal n2 "$(as_user srun -n1 -w n2 hostname)"
expect_equal "n2 n4" "$(as_user srun -N2 -w n2 hostname | sort | xargs)"
expect_equal n3 "$(as_user srun -n1 -x n4 hostname)"
expect_equal n3 "$(as_user srun -n1 -C new hostname)"
expect_equal "n3 n4" "$(as_user srun -N2 -C old hostname | sort | xargs)"
expect_equal "n3 n3 n4 n4" "$(as_user srun -N2 --ntasks-per-node=2 hostname | sort | xargs)"
expect_equal 2 "$(as_user srun -N2 --contiguous hostname | sort -u | wc -l)"
expect_equal 14 "$(as_user srun -n14 hostname | wc -l)"
expect_exit 1 as_user srun -n1 -C nonesuch true
END

test_case '--exclusive, arrays, a heterogeneous job' <<'END'
a=$(submit -N1 --exclusive)
wait_until 20 state_is "$a" RUNNING
expect_equal n4 "$(nodes_of "$a")"
expect_equal n3 "$(as_user srun -n1 hostname)"
clear_jobs
id=$(as_user sbatch --parsable --array=1-6 -n1 -c2 -o /dev/null --wrap 'exec sleep 100')
wait_until 20 running 6
expect_equal "2 2 2" "$(as_user squeue -h -r -j "$id" -o %N | sort | uniq -c | awk '{print $1}' | xargs)"
clear_jobs
expect_equal 3 "$(as_user srun -n1 hostname : -n2 -c2 hostname | wc -l)"
END

test_case 'a job that waits starts when the one before it ends' <<'END'
a=$(submit -N4 --exclusive -t 5)
wait_until 20 state_is "$a" RUNNING
b=$(submit -N3 --exclusive -t 5)
has_start () { as_user squeue -h -j "$b" -o %S | grep -q ^20; }
wait_until 20 has_start
as_user scancel "$a"
wait_until 30 state_is "$b" RUNNING
expect_equal 'n[2-4]' "$(nodes_of "$b")"
clear_jobs
END

test_case 'shrinking gives a node back; suspended jobs leave their cores' <<'END'
a=$(submit -N2 -n8 --mem=10)
wait_until 20 state_is "$a" RUNNING
as_user scontrol update JobId="$a" NumNodes=1 >/dev/null
left=$(nodes_of "$a")
expect_match '^n[34]$' "$left"
b=$(submit -N1 --exclusive --mem=10)
wait_until 20 state_is "$b" RUNNING
expect_match '^n[34]$' "$(nodes_of "$b")"
as_root scontrol suspend "$a"
expect_equal "$left" "$(as_user srun -n4 --mem=10 hostname | sort -u)"
as_root scontrol resume "$a"
expect_equal n2 "$(as_user srun -n1 --mem=10 hostname)"
reconfigure
expect_equal n2 "$(as_user srun -n1 --mem=10 hostname)"
clear_jobs
END

test_case 'preemption makes room, and only there' <<'END'
for i in 1 2 3 4; do submit -N1 --exclusive >>low; done
wait_until 20 running 4
expect_match '^n[1-4]$' "$(as_user srun -p urgent -n1 hostname)"
expect_equal 3 "$(as_user squeue -h -t R -p all | wc -l)"
clear_jobs
END

test_case 'reservations and drained nodes are left alone' <<'END'
as_root scontrol update NodeName=n4 State=DRAIN Reason=test
expect_equal n3 "$(as_user srun -n1 hostname)"
as_root scontrol create reservation ReservationName=r StartTime=now Duration=10 Nodes=n3 Users=root >/dev/null
expect_equal n2 "$(as_user srun -n1 hostname)"
expect_exit 1 as_user srun -N3 --immediate=1 true
as_root scontrol delete ReservationName=r
as_root scontrol update NodeName=n4 State=RESUME
wait_until 20 takes_n4
END

test_case 'a state file that cannot be written is said, and nothing else changes' <<'END'
mkdir -p "$CLUSTER_DIR/state/graph_state.new"
as_user srun --graph-policy=low -n1 true
id=$(submit --graph-request='node=1')
wait_until 20 state_is "$id" RUNNING
expect_no_match 'graph_state' "$(cat "$CLUSTER_DIR/log/slurmctld.log")" # it holds nothing beyond its node
clear_jobs
END

test_case 'slurmctld said nothing that it should not have' <<'END'
expect_quiet_log
END

test_done

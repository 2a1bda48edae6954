#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# select/graph, as a shadow of select/cons_tres, and what sites have besides nodes and jobs: switches,
# GPUs, reservations of cores and for maintenance, jobs that grow, partitions that share, nodes that
# sleep, come and go, and a disk that is full.
. "$(dirname "$0")/lib.sh"
. "$top_srcdir/testsuite/t/select.sh"

nodes_of () { as_user squeue -h -j "$1" -o %N; }
on_nodes () { [ "$(nodes_of "$1")" = "$2" ]; }
cores_of () { as_user scontrol -d show job "$1" | sed -n 's/.*CPU_IDs=\([^ ]*\).*/\1/p'; }
gpus_of () { as_user scontrol -d show job "$1" | sed -n 's/.*GRES=gpu[^ ]*(IDX:\([^)]*\)).*/\1/p'; }
graph_conf () { printf '%s\n' "$@" >"$CLUSTER_DIR/graph.conf"; reconfigure; }
log () { cat "$CLUSTER_DIR/log/slurmctld.log"; }
all_up () { [ "$(as_user sinfo -h -N -p all -o %T | grep -cE '^(idle|mixed|allocated)$')" -eq 4 ]; }
free_port () { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

SELECT_SHADOW=1
CLOUD_PORT=$(free_port)
for i in 0 1; do mknod "$T_TMP/gpu$i" c 1 3; done
echo "NodeName=n[1-4] Name=gpu File=$T_TMP/gpu[0-1]" >"$T_TMP/gres.conf"
printf 'SwitchName=s1 Nodes=n[1-2]\nSwitchName=s2 Nodes=n[3-4],c[0-1]\nSwitchName=s0 Switches=s[1-2]\n' \
    >"$T_TMP/topology.conf"
cat >"$T_TMP/resume" <<END
#!/bin/sh
export PATH=$PATH:/usr/sbin:/sbin
mkdir -p $T_TMP/cluster/spool/c1
export SLURM_CONF=$T_TMP/cluster/slurm.conf
# out of the process group, which Slurm ends, before this is over
setsid sh -c 'slurmd -b -D -N c1 </dev/null >>$T_TMP/resume.log 2>&1 &'
END
chmod +x "$T_TMP/resume"
select_up 4 --file "$T_TMP/gres.conf" --file "$T_TMP/topology.conf" \
    --conf SelectTypeParameters=CR_Core_Memory --conf SchedulerType=sched/backfill \
    --conf SchedulerParameters=bf_interval=1,sched_interval=2,permit_job_expansion \
    --conf GresTypes=gpu --conf TopologyPlugin=topology/tree --conf MCSPlugin=mcs/user --conf PrivateData=cloud \
    --conf MCSParameters=ondemand,ondemandselect \
    --conf PreemptType=preempt/partition_prio --conf PreemptMode=SUSPEND,GANG --conf SchedulerTimeSlice=5 \
    --conf "ResumeProgram=$T_TMP/resume" --conf SuspendProgram=/bin/true --conf SuspendTime=3000 \
    --conf ResumeTimeout=40 --conf "NodeName=c1 NodeAddr=127.0.0.1 NodeHostname=$(hostname -s) Port=$CLOUD_PORT CPUs=4 RealMemory=2000 State=CLOUD
NodeName=DEFAULT Gres=gpu:2" \
    --conf 'PartitionName=DEFAULT MaxTime=60 DefMemPerCPU=50 PriorityTier=1
PartitionName=all Nodes=n[1-4] Default=YES
PartitionName=with Nodes=n[1-4],c1
PartitionName=share Nodes=n[1-2] OverSubscribe=FORCE:2
PartitionName=urgent Nodes=n[1-4] PriorityTier=9'

test_case 'in front of select/cons_tres nobody sees it but by what it chooses' <<'END'
expect_match 'SelectType *= select/cons_tres$' "$(as_user scontrol show config)"
graph_conf Policy=high
expect_match 'select/graph: policy high' "$(log)"
expect_equal n4 "$(as_user srun -n1 hostname)"
END

test_case 'away and back with jobs running: they keep their cores' <<'END'
clear_jobs
graph_conf Policy=high Cores=each CoreChoice=graph
a=$(submit -n1 -c2)
b=$(submit -N2 -n2 -c3)
wait_until 20 running 2
all_cores () { for id in $a $b; do as_user scontrol -d show job "$id" | grep -oE ' Nodes=[^ ]* CPU_IDs=[^ ]*'; done; }
all_cores >cores
for dir in "$PLUGINS" "$T_TMP/select:$PLUGINS"; do
    sed -i "s,^PluginDir=.*,PluginDir=$dir," "$CLUSTER_DIR/slurm.conf"
    before=$(log | grep -c 'select/graph: policy' || :)
    restart_ctld
    wait_until 30 all_up
    case $dir in
    *select:*) [ "$(log | grep -c 'select/graph: policy')" -gt "$before" ] ;;
    *) [ "$(log | grep -c 'select/graph: policy')" -eq "$before" ] ;;
    esac
    all_cores >cores.now
    expect_same_file cores cores.now
    running 2
    expect_exit 1 as_user srun -n4 -N1 -w n4 --immediate=1 true
done
# the graph knows them again: its two cores of n4 are taken
expect_equal 1 "$(as_user srun -n1 -w n4 hostname | wc -l)"
clear_jobs
END

test_case 'switches of topology.conf: a job that wants one waits for no choice of its own' <<'END'
clear_jobs
graph_conf Policy=low
a=$(submit -N1 --exclusive)
wait_until 20 state_is "$a" RUNNING
expect_equal n1 "$(nodes_of "$a")"
expect_equal "n3 n4" "$(as_user srun -N2 --switches=1 hostname | sort | xargs)"
b=$(submit -N1 --exclusive -w n3)
wait_until 20 state_is "$b" RUNNING
# no switch has two nodes left
c=$(submit -N2 --exclusive --switches=1)
sleep 3
expect_equal PENDING "$(as_user squeue -h -j "$c" -o %T)"
as_user scancel "$a"
wait_until 30 state_is "$c" RUNNING
expect_equal 'n[1-2]' "$(nodes_of "$c")"
clear_jobs
# a policy that knows switches
expect_equal "n3 n4" "$(as_user srun -N2 --graph-policy='pack level=switch' -x n1 hostname | sort | xargs)"
expect_equal 2 "$(as_user srun -N2 --contiguous hostname | sort -u | wc -l)"
END

test_case 'GPUs: the graph says which' <<'END'
clear_jobs
graph_conf Policy=high GresChoice=graph
a=$(submit -n1 --gres=gpu:1)
wait_until 20 state_is "$a" RUNNING
expect_equal "n4 1" "$(nodes_of "$a") $(gpus_of "$a")"
b=$(submit -n1 --gpus=1 --graph-policy=low)
wait_until 20 state_is "$b" RUNNING
expect_equal "n1 0" "$(nodes_of "$b") $(gpus_of "$b")"
c=$(submit -n1 --gres=gpu:2)
wait_until 20 state_is "$c" RUNNING
expect_equal "n3 0-1" "$(nodes_of "$c") $(gpus_of "$c")"
d=$(submit -n1 --gpus-per-node=1)
wait_until 20 state_is "$d" RUNNING
expect_equal "n4 0" "$(nodes_of "$d") $(gpus_of "$d")"
expect_match 'AllocTRES=|Gres=gpu:2' "$(as_user scontrol show node n4)"
reconfigure
e=$(submit -n1 --gpus=1)
wait_until 20 state_is "$e" RUNNING
expect_equal "n2 1" "$(nodes_of "$e") $(gpus_of "$e")"
# what is left: one of n1's, one of n2's
f=$(submit -n1 --gres=gpu:2)
sleep 2
expect_equal PENDING "$(as_user squeue -h -j "$f" -o %T)"
clear_jobs
expect_equal 1 "$(as_user srun -n1 --gres=gpu:1 sh -c 'echo $CUDA_VISIBLE_DEVICES')"
END

test_case 'cores: the graph says which' <<'END'
clear_jobs
graph_conf Policy=high Cores=each CoreChoice=graph
a=$(submit -n1 -c2)
wait_until 20 state_is "$a" RUNNING
expect_equal "n4 2-3" "$(nodes_of "$a") $(cores_of "$a")"
b=$(submit -n1 --graph-policy=low)
wait_until 20 state_is "$b" RUNNING
expect_equal "n1 0" "$(nodes_of "$b") $(cores_of "$b")"
restart_ctld
c=$(submit -n1)
wait_until 20 state_is "$c" RUNNING
expect_equal "n4 1" "$(nodes_of "$c") $(cores_of "$c")"
clear_jobs
graph_conf Policy=low
END

test_case 'reservations: of cores, and for maintenance' <<'END'
clear_jobs
as_root scontrol create reservation ReservationName=half StartTime=now Duration=20 Users=root \
    Nodes=n1 CoreCnt=2 Flags=IGNORE_JOBS >/dev/null
a=$(submit -n3 -N1)
wait_until 20 state_is "$a" RUNNING
expect_equal n2 "$(nodes_of "$a")"
b=$(submit -n2 -N1)
wait_until 20 state_is "$b" RUNNING
expect_equal n1 "$(nodes_of "$b")"
c=$(as_root sbatch --parsable -o /dev/null --reservation=half -n2 --wrap 'exec sleep 100')
wait_until 20 state_is "$c" RUNNING
expect_equal n1 "$(nodes_of "$c")"
as_root scancel "$c"
clear_jobs
as_root scontrol delete ReservationName=half
as_root scontrol create reservation ReservationName=fix StartTime=now Duration=20 Users=root Nodes=n[1-2] \
    Flags=MAINT,IGNORE_JOBS >/dev/null
expect_equal n3 "$(as_user srun -n1 hostname)"
as_root scontrol delete ReservationName=fix
# one to come: a job that would run into it goes elsewhere, a short one does not
as_root scontrol create reservation ReservationName=soon StartTime=now+5minutes Duration=20 Users=root \
    Nodes=n[1-2] Flags=MAINT >/dev/null
expect_equal n3 "$(as_user srun -t 10 -n1 hostname)"
expect_equal n1 "$(as_user srun -t 1 -n1 hostname)"
as_root scontrol delete ReservationName=soon
END

test_case 'a partition where two jobs share the cores, in turns' <<'END'
clear_jobs
graph_conf Policy=low
for i in 1 2 3 4 5; do submit -p share -N1 -n4 >>shared; done
both () { [ "$(as_user squeue -h -p share -t R,S -o %N | sort | uniq -c | awk '{print $1 $2}' | xargs)" = "2n1 2n2" ]; }
wait_until 30 both
waiting () { [ "$(as_user squeue -h -p share -t PD | wc -l)" -eq "$1" ]; }
waiting 1
# the other partition does not share
expect_equal n3 "$(as_user srun -n1 hostname)"
as_user scancel "$(as_user squeue -h -p share -t R -o %i | head -n 1)"
wait_until 30 waiting 0
wait_until 30 both
clear_jobs
expect_equal n1 "$(as_user srun -n4 hostname | sort -u)"
END

test_case 'a job that goes before others suspends them, and they go on' <<'END'
clear_jobs
for i in 1 2 3 4; do submit -N1 -n4 >>low.jobs; done
wait_until 20 running 4
u=$(submit -p urgent -N1 -n4)
wait_until 30 state_is "$u" RUNNING
suspended () { [ "$(as_user squeue -h -t S -p all | wc -l)" -eq "$1" ]; }
wait_until 20 suspended 1
victim=$(as_user squeue -h -t S -p all -o %N)
expect_equal "$victim" "$(nodes_of "$u")"
as_user scancel "$u"
wait_until 30 suspended 0
running 4
clear_jobs
expect_equal n1 "$(as_user srun -n4 hostname | sort -u)"
END

test_case 'nodes of one user, or of one label' <<'END'
clear_jobs
for how in user mcs; do
    a=$(submit -n1 --exclusive=$how)
    wait_until 20 state_is "$a" RUNNING
    expect_equal n1 "$(nodes_of "$a")"
    expect_equal n1 "$(as_user srun -n1 --exclusive=$how hostname)"
    b=$(as_root sbatch --parsable -o /dev/null -n1 --exclusive=$how --wrap 'exec sleep 100')
    wait_until 20 state_is "$b" RUNNING
    expect_equal n2 "$(nodes_of "$b")"
    as_root scancel "$b"
    clear_jobs
done
END

test_case -t 100 'a node that sleeps is the last choice, and wakes up for a job' <<'END'
clear_jobs
graph_conf Policy=high
expect_equal n4 "$(as_user srun -p with -n1 hostname)" # though c1 has a higher number
a=$(submit -p with -N1 --exclusive)
for i in 1 2 3; do submit -N1 --exclusive >/dev/null; done
wait_until 20 running 4
id=$(as_user sbatch --parsable -p with -n1 -o "$T_TMP/user/woken" --wrap 'echo on $SLURMD_NODENAME; exec sleep 60')
woken () { grep -qs 'on c1' "$T_TMP/user/woken"; }
wait_until 60 woken || { as_user squeue; as_user sinfo -N; cat "$T_TMP/resume.log" "$CLUSTER_DIR"/log/slurmd-c1.log; exit 1; }
expect_equal c1 "$(nodes_of "$id")"
clear_jobs
END

test_case -t 90 'a node more, and a node less, with jobs running' <<'END'
clear_jobs
graph_conf Policy=high
a=$(submit -N1 -n2 -w n2)
wait_until 20 state_is "$a" RUNNING
cp "$CLUSTER_DIR/slurm.conf" conf.before
sed -i 's/^NodeName=c1 /NodeName=c0 NodeAddr=127.0.0.1 Port=9 CPUs=4 RealMemory=2000 State=CLOUD\n&/; s/^PartitionName=with Nodes=/&c0,/' "$CLUSTER_DIR/slurm.conf"
before=$(log | grep -c 'select/graph: policy high')
restart_ctld
wait_until 30 all_up
expect_match 'c0' "$(as_user sinfo -h -N -o %N)"
expect_equal n4 "$(as_user srun -n1 hostname)"
expect_equal n2 "$(nodes_of "$a")"
expect_equal n2 "$(as_user srun -n2 -w n2 hostname | sort -u)"
expect_exit 1 as_user srun -n3 -N1 -w n2 --immediate=1 true
b=$(submit -N1 -w c0 -p with)
wait_until 20 on_nodes "$b" c0
as_user scancel "$b"
cp conf.before "$CLUSTER_DIR/slurm.conf"
restart_ctld
wait_until 30 all_up
expect_equal n2 "$(nodes_of "$a")"
expect_exit 1 as_user srun -n3 -N1 -w n2 --immediate=1 true
expect_equal n4 "$(as_user srun -n1 hostname)"
clear_jobs
expect_equal n2 "$(as_user srun -n3 -N1 -w n2 hostname | sort -u)"
END

test_case 'slurmctld said nothing that it should not have' <<'END'
expect_no_match 'select/graph.*(not in the graph|refused)' "$(log | grep -E 'error|fatal')"
# (a job that is over was on the node that is gone)
expect_no_match 'under-allocated|overflow|underflow|miscount|mismatch' "$(log | grep -v 'Node count mismatch for JobId=.*(1,0)')"
END

# Slurm 22.05 lets others have the cores that came to a job so; what matters here is that the graph
# has what Slurm's own books have, and is right again when the job is gone.
case_if '[ "$T_VERSION" != 26.05 ]' 'that Slurm refuses, whichever plugin it has' -- 'a job grows by the nodes of another one' <<'END'
clear_jobs
graph_conf Policy=low
hold () { as_user salloc --no-shell -N1 -n4 "$@" 2>&1 | sed -n 's/.*Granted job allocation \([0-9]*\).*/\1/p'; }
a=$(hold)
b=$(hold --dependency=expand:"$a")
expect_equal "n1 n2" "$(nodes_of "$a") $(nodes_of "$b")"
as_user scontrol update JobId="$b" NumNodes=0
wait_until 20 on_nodes "$a" 'n[1-2]'
expect_match '^n[2-4]$' "$(as_user srun -n1 hostname)"
restart_ctld
wait_until 30 all_up
on_nodes "$a" 'n[1-2]'
expect_match '^n[2-4]$' "$(as_user srun -n1 hostname)"
clear_jobs
expect_equal n1 "$(as_user srun -n4 hostname | sort -u)"
END

test_done

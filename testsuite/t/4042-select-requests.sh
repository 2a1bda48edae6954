#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# What a job may say of memory, GPUs, tasks and features: each time the node that the policy would
# take first lacks what is asked for, so that the next one must be it.
. "$(dirname "$0")/lib.sh"
. "$top_srcdir/testsuite/t/select.sh"

# Nodes of two sockets with two cores of two threads each, a GPU at each socket; the last node is first.
for i in 0 1; do mknod "$T_TMP/gpu$i" c 1 3; done
printf 'NodeName=n[1-4] Name=gpu File=%s/gpu0 Cores=0-1\nNodeName=n[1-4] Name=gpu File=%s/gpu1 Cores=2-3\n' \
    "$T_TMP" "$T_TMP" >"$T_TMP/gres.conf"
select_up 4 --cpus 8 --file "$T_TMP/gres.conf" --conf GresTypes=gpu \
    --conf SelectTypeParameters=CR_Core_Memory --conf SchedulerType=sched/backfill \
    --conf SchedulerParameters=bf_interval=1,sched_interval=2 \
    --conf 'NodeName=DEFAULT Sockets=2 CoresPerSocket=2 ThreadsPerCore=2 Gres=gpu:2' \
    --conf 'PartitionName=all Nodes=ALL Default=YES MaxTime=60 DefMemPerCPU=10'
echo 'Policy=high' >"$CLUSTER_DIR/graph.conf"
reconfigure
# with_job OPTIONS...: such a job runs
with_job () { wait_until 20 state_is "$(submit "$@")" RUNNING; }

test_case 'memory: of a node, of a CPU, of a GPU' <<'END'
with_job -n1 --mem=1500
goes n4 -n1 --mem=500
goes n3 -n1 --mem=501
goes n4 -n1 --mem-per-cpu=250 # a core is two CPUs
goes n3 -n1 --mem-per-cpu=251
goes n4 --gpus=1 -n1 --mem-per-gpu=500
goes n3 --gpus=1 -n1 --mem-per-gpu=501
goes "n3 n4" --gpus=2 --mem-per-gpu=490 -N2
goes "n2 n3" --gpus=4 --mem-per-gpu=490 -N2
clear_jobs
END

test_case 'GPUs: of a job, a node, a socket, a task, and CPUs of a GPU' <<'END'
with_job -n1 --gpus=1
goes n4 -n1 --gres=gpu:1
goes n3 -n1 --gres=gpu:2
goes n4 -n1 --gpus=1
goes n3 -N1 -n1 --gpus=2
goes n4 -n1 --gpus-per-node=1
goes n3 -n1 --gpus-per-node=2
goes n4 -N1 -n1 --gpus-per-task=1
goes n3 -N1 -n2 --gpus-per-task=1
goes n3 -N1 -n2 --ntasks-per-socket=1 --sockets-per-node=2 --gpus-per-socket=1
goes n4 -N1 -n1 --ntasks-per-gpu=1 --gpus=1
goes n3 -N1 -n2 --ntasks-per-gpu=1
goes n4 -N1 -n1 --gpus=1 --cpus-per-gpu=6
goes n3 -N1 -n1 --gpus=1 --cpus-per-gpu=8
goes "n2 n3" -N2 -n2 --gpus=4
clear_jobs
END

test_case 'tasks: of a node, a socket, a core; CPUs of a task' <<'END'
with_job -n1 # a core of n4
goes n4 -N1 -n4
goes n4 -n3 --ntasks-per-core=1
goes n3 -N1 -n4 --ntasks-per-core=1
goes n4 -N1 -n2 --ntasks-per-socket=1
goes n4 -n1 -c6
goes n3 -n1 -c7
goes "n3 n4" -n6 --ntasks-per-node=3
goes "n2 n3 n4" -n3 --ntasks-per-node=1
goes "n2 n3" -n14 --ntasks-per-node=7
clear_jobs
with_job -N1 -n4 -m block:block # the cores of a socket of n4
goes n4 -N1 -n2 -c2
goes n3 -N1 -n2 -c2 --ntasks-per-socket=1
clear_jobs
END

test_case 'nodes side by side' <<'END'
with_job -N1 --exclusive -w n3
goes "n2 n4" -N2
goes "n1 n2" -N2 --contiguous
goes "n1 n2 n4" -N3
expect_exit 1 as_user srun -N3 --contiguous --immediate=1 true
clear_jobs
END

test_case 'features: all of some, one of some, one for all nodes, so many of each' <<'END'
i=0
for f in a a,b b c; do
    i=$((i + 1))
    as_root scontrol update NodeName=n$i AvailableFeatures=$f ActiveFeatures=$f
done
goes n3 -n1 -C b
goes n2 -n1 -C 'a&b'
goes n3 -n1 -C 'a|b'
goes n4 -n1 -C 'c|b'
goes "n2 n3" -N2 -C 'a|b'
goes "n1 n2" -N2 -C '[a|b]' # the first that will do, for all of them
goes "n2 n3" -N2 -C '[c|b]'
goes "n2 n4" -N2 -C '[a*1&c*1]'
goes "n1 n2 n4" -N3 -C '[a*2&c*1]'
goes "n3 n4" -N2 -C '[c*1&b*1]'
goes n1 -n1 -C a -x n2
for c in nonesuch 'a&c' 'a*3'; do
    expect_exit 1 as_user srun -N1 -C "$c" true 2>err || expect_exit 0 as_user srun -N3 -C "$c" true
done
with_job -N1 --exclusive -w n2
goes n1 -n1 -C a
goes n3 -n1 -C 'a|b'
expect_exit 1 as_user srun -n1 -C 'a&b' --immediate=1 true
clear_jobs
END

test_case 'one that is asked about starts nowhere; what can never be is refused' <<'END'
told () { as_user sbatch --test-only "$@" --wrap true 2>&1 || :; }
expect_match 'to start at .* on nodes n4 ' "$(told -n1)"
with_job -N1 --exclusive -t 20
expect_match 'to start at .* on nodes n3 ' "$(told -n1)"
expect_match 'to start at .* on nodes n\[1-3\] ' "$(told -N3 --exclusive)"
# when the first job ends, and no sooner
start=$(told -N4 --exclusive | sed -n 's/.*to start at \([^ ]*\) .*/\1/p')
wait=$(($(date -d "$start" +%s) - $(date +%s)))
[ "$wait" -gt 1080 ] && [ "$wait" -le 1201 ] || { echo "in $wait s"; exit 1; }
expect_equal "" "$(as_user squeue -h -t PD)"
for what in '-n1 -c9' --mem=3000 --gpus-per-node=3 '-N2 -x n[1-3]' --graph-request=node=5 --graph-request=node/core=5; do
    # shellcheck disable=SC2086
    expect_exit 1 as_user sbatch -o /dev/null $what --wrap true 2>err
    expect_in_file 'Requested node configuration is not available' err
done
clear_jobs
END

test_case 'slurmctld said nothing that it should not have' <<'END'
expect_quiet_log
END

test_done

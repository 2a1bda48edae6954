#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# What sites have around a step, and what befalls a job, with an instance in it: bound tasks, an extern
# step, requeueing, suspending, heterogeneous jobs.
. "$(dirname "$0")/lib.sh"
PATH=/usr/bin:/usr/sbin:/bin:/sbin:$PATH
slurm_up 2 --conf TaskPlugin=task/affinity --conf PrologFlags=Alloc,Contain --conf SchedulerType=sched/backfill \
    --conf SchedulerParameters=bf_interval=1,sched_interval=2
as_root () { timeout -k 2 20 "$CLUSTER" -d "$CLUSTER_DIR" as root "$@"; }

test_case 'with task/affinity and an extern step the instance has what the step was given' <<'END'
expect_equal 2 "$(as_user srun --flux -N2 flux resource list -s free -no '{ncores}')"
as_user srun --flux -N2 --exclusive sh -c "flux resource list -s free -no '{ncores}'; flux run -N2 hostname | sort" >out
expect_equal "8 n1 n2" "$(xargs <out)"
END

test_case 'a job that is requeued starts anew, with a new instance' <<'END'
cat >user/job <<'S'
#!/bin/sh
echo "${SLURM_RESTART_COUNT:-0} $(flux getattr size) $(flux jobs -an | wc -l)" >>requeue.out
[ -n "$SLURM_RESTART_COUNT" ] && exec flux run -N2 hostname >>requeue.out
flux submit sleep 1000
exec sleep 1000
S
id=$(as_user sbatch --parsable --flux -N2 --requeue -o /dev/null job)
started () { [ -s user/requeue.out ] && [ -n "$(as_user squeue -h -j "$id" -t R)" ]; }
wait_until 20 started
as_root scontrol requeue "$id"
pending () { [ -n "$(as_user squeue -h -j "$id" -t PD)" ]; }
wait_until 20 pending
wait_until 10 no_user_processes
sleep 1.1 # slurmd takes no job in the second in which its credential was revoked
as_root scontrol update JobId="$id" StartTime=now
wait_until 40 batch_done
expect_equal "0 2 0 1 2 0 n1 n2" "$({ head -n 2 user/requeue.out; sed 1,2d user/requeue.out | sort; } | xargs)"
END

test_case 'suspended and resumed with the instance and its jobs' <<'END'
id=$(as_user sbatch --parsable --flux -N2 -o /dev/null --wrap 'flux run -N1 sh -c "while :; do echo >>ticks; sleep 0.05; done"')
wait_until 20 test -s user/ticks
as_root scontrol suspend "$id"
still () { local n; n=$(wc -l <user/ticks); sleep 0.5; [ "$n" -eq "$(wc -l <user/ticks)" ]; }
wait_until 20 still
as_root scontrol resume "$id"
goes_on () { ! still; }
wait_until 20 goes_on
expect_equal RUNNING "$(as_user squeue -h -j "$id" -o %T)"
as_user scancel "$id"
wait_until 20 batch_done
END

test_case 'a heterogeneous batch job: the instance is in its first component, steps reach the others' <<'END'
printf '#!/bin/sh\n#SBATCH -N1\n#SBATCH hetjob\n#SBATCH -N1\nflux getattr size\nflux run hostname\nsrun --het-group=1 hostname\n' >user/het
expect_exit 0 as_user sbatch --flux -o het.out -W het
expect_equal "1 n1 n2" "$(xargs <user/het.out)"
END

test_done

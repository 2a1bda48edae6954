#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# An allocation of Slurm changes while an instance runs in it: time, and nodes less or more.
. "$(dirname "$0")/lib.sh"
slurm_up 4 --conf SchedulerType=sched/backfill --conf SchedulerParameters=permit_job_expansion,bf_interval=1,sched_interval=1

as_root () { "$CLUSTER" -d "$CLUSTER_DIR" as root "$@"; }

test_case 'another time limit is that of the instance, and of its jobs' <<'END'
cat >user/job.sh <<'EOF'
end () { flux resource R | jq '.execution.expiration | floor'; }
until [ "$(end)" -gt 0 ]; do sleep 0.1; done
left=$(($(end) - $(date +%s)))
[ $left -gt 500 ] && [ $left -le 600 ] && echo "ten minutes"
flux submit sleep 300 >id
flux job wait-event -q $(cat id) start
scontrol update jobid=$SLURM_JOB_ID timelimit=5
until [ $(($(end) - $(date +%s))) -le 300 ]; do sleep 0.1; done
echo "five minutes"
flux job wait-event -q -t 10 $(cat id) resource-update && echo "the job, too"
flux cancel --all
EOF
as_user srun --quiet -N2 -t 10 --flux --flux-attr=slurm.poll=0.5s bash job.sh >out 2>err || { cat out err; false; }
expect_in_file '^ten minutes$' out
expect_in_file '^five minutes$' out
expect_in_file '^the job, too$' out
END

test_case 'fewer nodes: those that Slurm takes back are down, the instance goes on' <<'END'
cat >user/job.sh <<'EOF'
kept=$(flux submit --requires=hostlist:n1 sh -c 'until [ -e lost ]; do sleep 0.1; done')
lost=$(flux submit --requires=hostlist:n3 sleep 300)
flux job wait-event -q $lost start
scontrol update jobid=$SLURM_JOB_ID nodelist=n[1-2]
flux job wait-event -q -t 30 $lost exception && echo "an exception"
touch lost
until [ "$(flux resource list -no '{nodelist}' -s down)" = n3 ]; do sleep 0.2; done
flux job status $kept && echo "kept is complete"
flux run -N2 hostname | sort | xargs
EOF
as_user salloc -Q -N3 -w 'n[1-3]' srun --quiet -N3 --no-kill --flux bash job.sh >out 2>err || true # srun tells of the task that was killed
expect_in_file '^an exception$' out
expect_in_file '^kept is complete$' out
expect_in_file '^n1 n2$' out
END

test_case 'more nodes: brokers are started there and join' <<'END'
cat >user/job.sh <<'EOF'
salloc -Q --no-shell -N1 -w n3 --dependency=expand:$SLURM_JOB_ID
scontrol update jobid=$(squeue -h -w n3 -o %A) numnodes=0 >/dev/null
scontrol update jobid=$SLURM_JOB_ID numnodes=ALL >/dev/null
flux overlay grow n3 & # it does so itself within a minute, but for slurm.grow=0
until [ "$(flux resource list -no '{nnodes}' -s up)" = 3 ]; do sleep 0.1; done
flux run -N3 hostname | sort | xargs
flux getattr hostlist
EOF
as_user salloc -Q -N2 -w 'n[1-2]' srun --quiet -N2 --flux --flux-attr=slurm.grow=0 --flux-attr=slurm.poll=0.3s bash job.sh >out 2>err || { cat out err; false; }
expect_in_file '^n1 n2 n3$' out
expect_in_file '^n\[1-3\]$' out
wait_until 15 no_user_processes
END

test_case 'more nodes, and nobody tells the instance: it sees them' <<'END'
cat >user/job.sh <<'EOF'
more () {
    salloc -Q --no-shell -N1 -w $1 --dependency=expand:$SLURM_JOB_ID
    scontrol update jobid=$(squeue -h -w $1 -o %A) numnodes=0 >/dev/null
    scontrol update jobid=$SLURM_JOB_ID numnodes=ALL >/dev/null
}
more n3
until [ "$(flux resource list -no '{nnodes}' -s up)" = 2 ]; do sleep 0.1; done
flux run -N2 hostname | sort | xargs
flux getattr hostlist
more n4
until [ "$(flux resource list -no '{nnodes}' -s up)" = 3 ]; do sleep 0.1; done
flux run -N3 hostname | sort | xargs
EOF
# n2 is the job's from the beginning, but not the instance's.
as_user salloc -Q -N2 -w 'n[1-2]' srun --quiet -N1 -w n1 --flux --flux-attr=slurm.poll=0.5s bash job.sh >out 2>err || { cat out err; false; }
expect_in_file '^n1 n3$' out
expect_in_file '^n\[1,3\]$' out
expect_in_file '^n1 n3 n4$' out
wait_until 15 no_user_processes
END

test_done

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# A node of the allocation fails: with --no-kill the instance goes on without it.
. "$(dirname "$0")/lib.sh"
slurm_up 3

# All processes of this cluster that belong to a node: its daemon, the step's, the broker, jobs.
kill_node ()
{
    local p pids=()
    for p in /proc/[0-9]*; do
        grep -qsxzF "SLURM_CONF=$CLUSTER_DIR/slurm.conf" "$p/environ" || continue
        [ "$(nsenter -u -t "${p#/proc/}" hostname 2>/dev/null)" != "$1" ] || pids+=("${p#/proc/}")
    done
    kill -9 "${pids[@]}"
    "$CLUSTER" -d "$CLUSTER_DIR" as root scontrol update nodename="$1" state=down reason=test
}

test_case 'the node goes down, its jobs fail, others and new ones run' <<'END'
cat >user/job.sh <<'EOF'
lost=$(flux submit --requires=hostlist:n3 sleep 300)
kept=$(flux submit --requires=hostlist:n1 sh -c 'until [ -e lost ]; do sleep 0.1; done')
flux job wait-event -q $lost start
touch ready
flux job wait-event -q -t 60 $lost exception
touch lost
flux job status $kept && echo "kept is complete"
flux run -N2 true && echo "new ones run"
flux jobs -ano '{name} {result} {exception.type}' $lost
flux resource list -no '{state} {nodelist}' -s down
EOF
as_user srun --quiet -N3 --no-kill --flux bash job.sh >out 2>err &
wait_until 20 test -e user/ready
kill_node n3
wait $! || { cat err >&2; false; }
expect_in_file '^kept is complete$' out
expect_in_file '^new ones run$' out
expect_in_file '^sleep FAILED [a-z]' out
expect_in_file '^down n3$' out
END

test_done

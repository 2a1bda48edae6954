#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# What the tasks of a job get of its nodes: GPUs, places, process groups; and signals to all jobs.

. "$(dirname "$0")/lib.sh"

cat >R.json <<'END'
{"version":1,"execution":{"R_lite":[{"rank":"0-1","children":{"core":"0-3","gpu":"0-3"}}],
 "starttime":0,"expiration":0,"nodelist":["n[0-1]"]}}
END
printf '[resource]\npath = "%s/R.json"\n' "$PWD" >flux.toml
places () { timeout 50 flux start -s2 -c flux.toml bash -eEu -o pipefail run.sh; }

test_case 'GPUs: of the job, of each task, by a map, none, as they were' <<'END'
cat >run.sh <<'EOF'
show='echo $FLUX_TASK_RANK $CUDA_VISIBLE_DEVICES ${ROCR_VISIBLE_DEVICES-none} ${CUDA_DEVICE_ORDER-none}'
flux run -n1 -g2 sh -c "$show" >job
flux run -N1 -n2 -g2 -o gpu-affinity=per-task sh -c "$show" | sort >task
flux run -N1 -n2 -g2 -o gpu-affinity='map:3;0-1' sh -c "$show" | sort >map
CUDA_VISIBLE_DEVICES=mine flux run -n1 -g1 -o gpu-affinity=off sh -c "$show" >off
flux run -n1 sh -c "$show" >none
! flux run -n1 -g1 -o gpu-affinity=nothing true 2>err
EOF
places
expect_equal '0 0,1 0,1 PCI_BUS_ID' "$(cat job)"
expect_equal '0 0,1 0,1 PCI_BUS_ID
1 2,3 2,3 PCI_BUS_ID' "$(cat task)"
expect_equal '0 3 3 PCI_BUS_ID
1 0,1 0,1 PCI_BUS_ID' "$(cat map)"
expect_equal '0 mine none none' "$(cat off)"
expect_equal '0 -1 none PCI_BUS_ID' "$(cat none)"
expect_in_file 'gpu-affinity' err
END

test_case 'tasks by a map of ranks, by hosts, in turns' <<'END'
cat >run.sh <<'EOF'
where () { flux run -N2 -n4 --label-io "$@" flux getattr rank | sort | sed 's/.*: //' | xargs; }
echo "$(where), $(where --taskmap=cyclic), $(where --taskmap='manual:[[1,1,1,1],[0,1,3,1]]')" >out
printf 'n1\nn0\nn0\nn1\n' >hosts
where --taskmap=hostfile:hosts >>out
! where --taskmap=block:oops 2>block
! where -o per-resource.type=foo 2>per
! where --taskmap='manual:[[0,2,9,1]]' 2>err
EOF
places
expect_equal '0 0 1 1, 0 1 0 1, 1 0 0 0
1 0 0 1' "$(cat out)"
expect_in_file 'invalid taskmap: block:oops' block
expect_in_file 'per-resource.type=foo: neither node nor core' per
expect_in_file 'is for 18 tasks on 2 nodes, the job has 4 on 2' err
END

test_case 'nosetpgrp: tasks are in the process group of their job shell' <<'END'
cat >run.sh <<'EOF'
flux run -N1 -n2 bash -c 'echo $(ps -o pgid= -p $$) $$' >own
flux run -N1 -n2 -o nosetpgrp bash -c 'echo $(ps -o pgid= -p $$) $$' >shared
EOF
places
expect_equal 2 "$(awk '$1 == $2' own | wc -l)"
expect_equal 0 "$(awk '$1 == $2' shared | wc -l)"
expect_equal 1 "$(cut -d' ' -f1 shared | sort -u | wc -l)"
END

test_case 'killall and raiseall: how many first, then all' <<'END'
cat >run.sh <<'EOF'
for id in $(flux submit --cc=1-3 sleep 300); do flux job wait-event -q $id start; done
flux job killall >count 2>&1
flux job killall -f -s INT >>count 2>&1
flux queue drain --timeout=20s
flux jobs -ano '{returncode}' >codes
for id in $(flux submit --cc=1-2 sleep 300); do flux job wait-event -q $id start; done
flux job raiseall -s0 -f test why >>count 2>&1
flux queue drain --timeout=20s
flux jobs -ano '{inactive_reason}' -c2 >reasons
EOF
places
expect_match '3 jobs' "$(sed -n 1p count)"
expect_equal '130 130 130' "$(xargs <codes)"
expect_equal 2 "$(grep -c 'type=test' reasons)"
END

test_case 'bulksubmit: what stands for parts of an input' <<'END'
expect_output 'bulksubmit: submit /a/b.c /a/b b.c b /a 0
bulksubmit: submit d d d d  1' flux bulksubmit --dry-run {} {.%} {./} {./%} {.//} {seq} ::: /a/b.c d
END

test_done

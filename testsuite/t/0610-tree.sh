#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# flux tree: jobs spread over a hierarchy.

. "$(dirname "$0")/lib.sh"

test_case 'a tree of two levels runs each job once' <<'END'
flux start -s4 flux tree -T2x2 -J 50 -c1 -o perf.txt sh -c 'echo $FLUX_TREE_ID $FLUX_TREE_JOBSCRIPT_INDEX $(flux getattr instance-level) $(flux getattr size)>>'"$PWD"'/ran' >out
expect_equal 50 "$(sort -u ran | wc -l)"
expect_equal "2 1" "$(awk '{print $3, $4}' ran | sort -u)"
expect_equal "tree.1.1 13 tree.1.2 12 tree.2.1 13 tree.2.2 12" "$(awk '{n[$1]++} END {for (i in n) print i, n[i]}' ran | sort | xargs)"
expect_in_file '^tree: 50 jobs, 0 failed, in [0-9.]+s \([0-9.]+/s\) on 4 leaves$' out
expect_equal "TreeID tree tree.1 tree.1.1 tree.1.2 tree.2 tree.2.1 tree.2.2" "$(awk '{print $1}' perf.txt | xargs)"
expect_equal "50 0 4 1 0" "$(awk '$1 == "tree" {print $5, $6, $7, $8, $9}' perf.txt)"
expect_equal "13 0 1 1 0" "$(awk '$1 == "tree.2.1" {print $5, $6, $7, $8, $9}' perf.txt)"
END

test_case 'jobs that fail are known at the top' <<'END'
expect_exit 1 flux start -s2 flux tree -T2 -c1 -J 10 sh -c '[ $FLUX_TREE_ID$FLUX_TREE_JOBSCRIPT_INDEX != tree.23 ]' >out 2>err
expect_in_file '^tree: 10 jobs, 1 failed, ' out
expect_exit 1 flux start -s2 flux tree -T1x1 -c1 -J 3 no-such-program >out 2>err
expect_in_file '^tree: 3 jobs, 3 failed, ' out
END

test_case 'a leaf that dies takes its jobs with it, and no other' <<'END'
expect_exit 1 timeout 40 flux start -s2 flux tree -T2 -c1 -J 4 sh -c \
    'if [ $FLUX_TREE_ID = tree.2 ]; then kill -KILL $(flux getattr broker.pid); sleep 100; fi' >out 2>err
expect_in_file '^tree: 4 jobs, 2 failed, ' out
END

test_case 'nothing of the reports stays in the KVS' <<'END'
expect_output "" flux start sh -c 'flux tree -T1 -c1 true >/dev/null; flux kvs ls | grep tree || :'
END

test_case 'policies by level, prefix' <<'END'
flux start flux tree -T1x1 -c1 -X oak -Q easy:fcfs -P queue-depth=7:queue-depth=9 \
    sh -c 'echo $FLUX_TREE_ID; for f in "" --parent; do flux $f getattr sched.queue-policy; flux $f getattr sched.queue-depth; done >'"$PWD/policies" >out
expect_equal "fcfs 9 easy 7" "$(xargs <policies)"
expect_in_file '^oak: 1 jobs' out
END

test_case '--dry-run and -T auto' <<'END'
flux start -s4 flux tree -D -T2x2 -c2 -g0 -J 7 true >out
expect_equal "tree.1.1: 1 nodes, 2 cores and 0 GPUs on each, 2 jobs" "$(head -1 out)"
expect_equal 4 "$(wc -l <out)"
expect_equal 4 "$(flux start -s4 flux tree -D -T auto -c2 -J 5000 true | wc -l)"
expect_match '^tree: 4 nodes' "$(flux start -s4 flux tree -D -T auto -c2 -J 5000 --job-length=1m true)"
expect_output '1 leaf' sh -c 'flux start -s2 flux tree -T auto -c1 -J 5 true | sed "s/.* on //"'
END

test_case 'what is refused' <<'END'
refused () { want=$1; shift; expect_exit 1 flux start -s2 flux tree "$@" 2>err >out; expect_in_file "$want" err; }
refused 'the command to run is missing' -T2
refused '--topology=2x: ' -T2x true
refused '--njobs=0: out of range' -J0 true
refused 'tree: 9 children of 2 nodes with 1 cores: too many' -T9 -J9 -N2 -c1 true
END

test_done

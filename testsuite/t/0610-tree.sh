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
expect_equal "0.000000 50 4 1 0 0" "$(awk '$1 == "tree" {print $5, $6, $7, $8, $9, $10}' perf.txt)"
expect_equal "0.000000 13 1 1 0 0" "$(awk '$1 == "tree.2.1" {print $5, $6, $7, $8, $9, $10}' perf.txt)"
expect_equal "TreeID Elapsed(sec) Begin(Epoch) End(Epoch) Match(usec) NJobs NNodes CPN GPN NFailed" "$(head -n1 perf.txt | xargs)"
awk 'NR > 1 && ($4 < $3 || $2 < $4 - $3 - 0.001 || $2 > $4 - $3 + 0.001 || $3 < 1e9) { bad = 1 } END { exit bad }' perf.txt
END

test_case 'jobs that fail are known at the top' <<'END'
expect_exit 1 flux start -s2 flux tree -T2 -c1 -J 10 sh -c '[ $FLUX_TREE_ID$FLUX_TREE_JOBSCRIPT_INDEX != tree.23 ]' >out 2>err
expect_in_file '^tree: 10 jobs, 1 failed, ' out
expect_exit 127 flux start -s2 flux tree -T1x1 -c1 -J 3 no-such-program >out 2>err
expect_in_file '^tree: 3 jobs, 3 failed, ' out
END

test_case 'the exit code is the highest of a job, whose name and output are shown' <<'END'
expect_exit 7 flux start -s4 flux tree -T2x2 -c1 -J 12 sh -c '
    case $FLUX_TREE_ID.$FLUX_TREE_JOBSCRIPT_INDEX in
    tree.1.2.3) echo three; exit 3 ;;
    tree.2.1.2) echo the worst; echo of them >&2; exit 7 ;;
    tree.2.2.1) exit 2 ;;
    *) echo fine ;;
    esac' >out 2>err || { cat err; false; }
expect_in_file '^tree: 12 jobs, 3 failed' out
expect_in_file '^the worst$' err
expect_in_file '^of them$' err
expect_in_file 'sh: exited with exit code 7$' err
expect_in_file 'invocation id: tree.2.1@index\[2\];' err
expect_no_match 'three|fine' "$(cat err)"
expect_exit 5 flux start flux tree --leaf -c1 -J2 sh -c 'exit $((FLUX_TREE_JOBSCRIPT_INDEX + 3))' >out 2>err
expect_in_file 'tree@index\[2\]' err
END

test_case 'options of flux-sched: --leaf, names, formats, logs, run directories' <<'END'
flux start flux tree --leaf --prefix=tree.2 -J1 --nnodes=1 --ncores-per-node=1 --ngpus-per-node=0 \
    sh -c 'echo $(flux getattr instance-level) $FLUX_TREE_ID $FLUX_TREE_NCORES_PER_NODE >'"$PWD/leaf" >out
expect_equal '0 tree.2 1' "$(cat leaf)"
cat >run.sh <<'S'
flux tree -T1x1 -c1 -J2 --job-name=oaks --flux-logs=logs --flux-rundir="$PWD/dirs" -o perf.txt \
    --perf-format='{treeid:<12s},{elapse:>10.2f},{njobs:>6d}' \
    sh -c 'flux getattr rundir >>rundirs; flux logger -s err written-by-$FLUX_TREE_ID'
flux jobs -ano '{name}' >names
S
mkdir work; cd work
flux start bash -eu ../run.sh
expect_equal oaks "$(cat names)"
expect_equal "$PWD/dirs/tree.1.1" "$(sort -u rundirs)"
expect_in_file 'written-by-tree.1.1' logs/tree.1.1.log
[ -e logs/tree.1.log ]
expect_match '^TreeID      ,Elapsed\(se,? *NJobs$|^TreeID      ,Elapsed' "$(head -n1 perf.txt)"
expect_match '^tree.1.1    , {0,9}[0-9]+\.[0-9][0-9], {5}2$' "$(tail -n1 perf.txt)"
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
flux start flux tree -T1x1 -c1 -Q default:fcfs -P default:queue-depth=9 -M high:default \
    sh -c 'for f in "" --parent; do flux $f getattr sched.queue-policy || echo none; flux $f getattr sched.match-policy || echo none; done >'"$PWD/default" >out 2>/dev/null
expect_equal "fcfs none none high" "$(xargs <default)"
flux start flux tree -T1x1 -c1 -X oak -Q easy:fcfs -P queue-depth=7:queue-depth=9 \
    sh -c 'echo $FLUX_TREE_ID; for f in "" --parent; do flux $f getattr sched.queue-policy; flux $f getattr sched.queue-depth; done >'"$PWD/policies" >out
expect_equal "fcfs 9 easy 7" "$(xargs <policies)"
expect_in_file '^oak: 1 jobs' out
END

test_case '--dry-run and -T auto' <<'END'
flux start -s4 flux tree -d -T2x2 -c2 -g0 -J 7 true >out
expect_equal "tree.1.1: 1 nodes, 2 cores and 0 GPUs on each, 2 jobs" "$(head -1 out)"
expect_equal 4 "$(wc -l <out)"
expect_equal 4 "$(flux start -s4 flux tree -d -T auto -c2 -J 5000 true | wc -l)"
expect_match '^tree: 4 nodes' "$(flux start -s4 flux tree -d -T auto -c2 -J 5000 --job-length=1m true)"
expect_output '1 leaf' sh -c 'flux start -s2 flux tree -T auto -c1 -J 5 true | sed "s/.* on //"'
END

test_case 'what is refused' <<'END'
refused () { want=$1; shift; expect_exit 1 flux start -s2 flux tree "$@" 2>err >out; expect_in_file "$want" err; }
refused 'the command to run is missing' -T2
refused '--topology=2x: ' -T2x true
refused '--njobs=0: out of range' -J0 true
refused '--leaf does not go with' --leaf -T2 true
refused '--perf-format: ' --perf-format='{nothing}' true
refused 'tree: 9 children of 2 nodes with 1 cores: too many' -T9 -J9 -N2 -c1 true
END

test_done

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# flux multi-prog: another program in each task. flux sproc: processes of brokers.

. "$(dirname "$0")/lib.sh"

test_case 'multi-prog: each task its program, %t and %o, quotes, the rest' <<'END'
cat >conf <<'EOF'
# a comment
1    sh -c "echo one '%t' %o"   # and another
2-3  echo 'two  three' %t/%o a\ b ""
*    echo rest %t
EOF
expect_output "0: echo rest 0
1: sh -c 'echo one '\"'\"'1'\"'\"' 0'
3: echo 'two  three' 3/1 'a b' ''" flux multi-prog --dry-run=0-1,3 conf
timeout 60 flux start -s4 flux run -N2 -n4 --label-io flux multi-prog conf >out
expect_equal "0: rest 0
1: one 1 0
2: two  three 2/0 a b 
3: two  three 3/1 a b " "$(sort out)"
END

test_case 'multi-prog: what is wrong is named' <<'END'
bad () {
    printf "$2" >conf
    rc=0; FLUX_TASK_RANK=3 flux multi-prog conf >out 2>err || rc=$?
    expect_equal "$1" "$rc: $(cat err)"
    expect_equal '' "$(cat out)"
}
bad '1: flux-multi-prog: conf: line 2: x-3: not an idset' '0 true\nx-3 true\n'
bad '1: flux-multi-prog: conf: line 1: the command is missing' '0-3\n'
bad '1: flux-multi-prog: conf: lines 1 and 3 are for the same tasks' '0-3 a\n\n2 b\n'
bad '1: flux-multi-prog: conf: lines 1 and 2 are for the same tasks' '* a\n* b\n'
bad '1: flux-multi-prog: conf: line 1: a quote is not closed' '0 echo "a\n'
bad '1: flux-multi-prog: conf: no line is for task 3' '0-2 true\n'
bad '127: flux-multi-prog: /nonexistent: No such file or directory' '* /nonexistent\n'
bad '126: flux-multi-prog: /etc/passwd: Permission denied' '* /etc/passwd\n'
rc=0; env -u FLUX_TASK_RANK flux multi-prog conf 2>err || rc=$?
expect_equal "1: flux-multi-prog: FLUX_TASK_RANK is not set: this is for the tasks of a job" "$rc: $(cat err)"
rc=0; flux multi-prog none 2>err || rc=$?
expect_equal "1: flux-multi-prog: none: No such file or directory" "$rc: $(cat err)"
rc=0; flux multi-prog --dry-run=a conf 2>err || rc=$?
expect_equal "1: flux-multi-prog: --dry-run=a: not an idset" "$rc: $(cat err)"
END

test_case 'sproc: list, wait for and kill processes on a rank' <<'END'
cat >run.sh <<'EOF'
flux exec -r1 --bg --waitable --label=first sh -c 'exit 7' >first
flux exec -r1 --bg --waitable --label=second sleep 300 >second
pid=$(sed 's/.*: //' second)
flux sproc ps -r1 -no '{label} {pid} {state} {rank} {cmd}' | grep '^second' >ps
echo "second $pid R 1 sleep" >want
rc=0; flux sproc wait -r1 first || rc=$?; echo "wait $rc" >codes
rc=0; flux sproc kill -r1 --wait KILL second || rc=$?; echo "kill $rc" >>codes
flux sproc ps -r1 >after
rc=0; flux sproc kill -r1 15 $pid 2>err || rc=$?; echo "gone $rc" >>codes
rc=0; flux sproc wait -r1 none 2>>err || rc=$?; echo "none $rc" >>codes
rc=0; flux sproc kill -r1 FOO 1 2>>err || rc=$?; echo "signal $rc" >>codes
rc=0; flux sproc ps -s nothing 2>>err || rc=$?; echo "service $rc" >>codes
EOF
timeout 60 flux start -s2 bash run.sh
expect_equal "$(cat want)" "$(cat ps)"
expect_equal "wait 7
kill 137
gone 1
none 1
signal 1
service 1" "$(cat codes)"
expect_equal '      PID ST LABEL        COMMAND' "$(cat after)"
expect_equal 4 "$(wc -l <err)"
expect_in_file 'FOO: not a signal' err
END

test_done

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# The job shell as users meet it: environment, standard I/O, exit codes, options, MPI.

. "$(dirname "$0")/lib.sh"

# inst [-s N] COMMAND...: in an instance of its own
inst ()
{
    flux start "$@"
}

test_case 'a label before each line of output, and a limit of what is kept' <<'END'
cat >script <<'EOS'
expect_equal '0: 1 0: 2 0: 3' "$(flux run -l seq 3 | xargs)"
expect_equal "$(printf '0: a0: b\n0: c')" "$(flux run -l -u sh -c 'printf a; sleep 0.2; printf "b\nc"')"
flux submit --watch -l seq 2 >out 2>/dev/null
expect_equal 2 "$(grep -c '^ƒ[^ ]*: 0: [12]$' out)"
id=$(flux submit seq 2); flux job wait-event -q $id clean
expect_equal '0: 1 0: 2' "$(flux job attach -l $id | xargs)"
expect_equal err "$(flux run -o output.limit=10 sh -c 'seq 100; echo err >&2' 2>&1 >out | tail -1)"
expect_equal '' "$(cat out)"
expect_match 'stdout will be truncated, limit of 10 bytes' "$(flux run -o output.limit=10 seq 100 2>&1)"
expect_equal shown "$(flux run -o output.stdout.type=term echo shown)"
expect_fail flux run -o output.limit=2G true 2>err
expect_match 'output.limit' "$(cat err)"
EOS
inst bash -eu script
END

test_case 'RFC 24: the events of output, with text, bytes, files and what the shell says' <<'END'
cat >script <<'EOS'
ctx () { flux job wait-event -q $1 clean; flux job eventlog -f json -p output $1 | jq -cS "select(.name == \"$2\") | .context"; }
id=$(flux submit -n2 sh -c 'echo $FLUX_TASK_RANK; echo e >&2')
expect_equal '{"count":{"stderr":2,"stdout":2},"encoding":{"stderr":"UTF-8","stdout":"UTF-8"},"options":{},"version":1}' "$(ctx $id header)"
expect_equal '{"data":"0\n","rank":"0","stream":"stdout"} {"data":"1\n","rank":"1","stream":"stdout"} {"data":"e\n","rank":"0","stream":"stderr"} {"data":"e\n","rank":"1","stream":"stderr"} {"eof":true,"rank":"0","stream":"stderr"} {"eof":true,"rank":"0","stream":"stdout"} {"eof":true,"rank":"1","stream":"stderr"} {"eof":true,"rank":"1","stream":"stdout"}' \
    "$(ctx $id data | sort | tr '\n' ' ' | sed 's/ $//')"
id=$(flux submit printf '\377\000a\n')
expect_equal '{"data":"/wBhCg==","encoding":"base64","rank":"0","stream":"stdout"}' "$(ctx $id data | grep base64)"
id=$(flux submit -n2 --output=o.{{taskid}} true)
expect_equal '{"path":"o.0","rank":"0","stream":"stderr"} {"path":"o.0","rank":"0","stream":"stdout"} {"path":"o.1","rank":"1","stream":"stderr"} {"path":"o.1","rank":"1","stream":"stdout"}' \
    "$(ctx $id redirect | sort | tr '\n' ' ' | sed 's/ $//')"
id=$(flux submit --cwd=/no/such/dir true)
expect_match '^\{"level":3,"message":".*/no/such/dir.*","rank":0\}$' "$(ctx $id log)"
id=$(flux submit -n2 cat)
printf 'a\nb' | flux job attach $id >/dev/null
expect_equal '{"data":"a\nb","rank":"all","stream":"stdin"} {"eof":true,"rank":"all","stream":"stdin"}' \
    "$(flux job eventlog -f json -p input $id | jq -cS 'select(.name == "data") | .context' | tr '\n' ' ' | sed 's/ $//')"
id=$(flux submit -n2 cat)
(echo x; sleep 0.3) | flux job attach -l -i 1 $id >out & flux job wait-event -q -t 20 -p output $id data
flux job attach -l -i 0 $id </dev/null >/dev/null; wait
expect_equal '1: x' "$(cat out)"
id=$(flux submit -o input.limit=10 cat)
expect_exit 1 sh -c "seq 100 | flux job attach $id" 2>err
expect_match 'type=exec.*limit of 10 bytes' "$(cat err)"
EOS
inst bash -eu script
END

test_case 'a job has a name space of its own in the KVS' <<'END'
cat >script <<'EOS'
flux kvs put x=primary
id=$(flux submit -N2 -n2 sh -c 'flux kvs put x.$FLUX_TASK_RANK=$FLUX_KVS_NAMESPACE && flux kvs get x.$FLUX_TASK_RANK; sleep 1000')
other=$(flux submit sh -c 'flux kvs put x=other; flux kvs get x; flux kvs get nothing || echo none')
ns=$(flux job namespace $id)
expect_equal "job-$(flux job id --to=dec $id)" "$ns"
flux kvs get --watch --count=1 --waitcreate -N $ns x.1 >got
expect_equal $ns "$(cat got)"
flux kvs get --count=1 --watch --waitcreate -N $ns x.0 >got
flux job attach $other >got 2>&1
expect_equal 'other none' "$(grep -v 'No such' got | xargs)"
expect_equal primary "$(flux kvs get x)"
expect_equal $ns "$(flux exec -r 1 flux kvs get -N $ns x.0)"
expect_equal $ns "$(flux kvs get $(flux job id --to=kvs $id).guest.x.1)"
expect_equal $ns "$(flux job info $id guest.x.1)"
flux job wait-event -q -t 20 -p output $id header # it may come a little after what the tasks do
expect_equal 'exec output x' "$(flux kvs ls -N $ns | xargs)"
flux kvs put -N $ns a.b=1
flux kvs link -N $ns a.b c
expect_equal 1 "$(flux kvs get -N $ns c)"
flux kvs unlink -N $ns c
expect_equal 'a exec output x' "$(flux kvs ls -N $ns . | xargs)"
ref=$(flux kvs getroot --blobref -N $ns)
expect_match '^sha1-' "$ref"
flux exec -r 1 flux kvs put -N $ns r=1
expect_equal 1 "$(flux kvs get -N $ns r)"
expect_fail flux kvs namespace create $ns
flux cancel $id
flux job wait-event -q $id clean
expect_equal $ns "$(flux job info $id guest.x.1)"
expect_fail flux kvs put -N $ns late=1 2>err
expect_match 'does not run|not supported' "$(cat err)"
expect_fail flux kvs put -N job-5 late=1 2>err
expect_fail flux exec -r 1 flux kvs put -N $ns late=1 2>err
EOS
inst -s2 bash -eu script
END

test_case 'a job shell fetches nothing over the network: all is in the request that starts it' <<'END'
cat >script <<'EOS'
echo data >file
flux overlay trace >>trace & trace=$!
wait_until 20 bash -c 'flux ping -q -c 1 1 >/dev/null 2>&1 || flux ping -c 1 1 >/dev/null; [ -s trace ]'
after () { id=$(flux submit "$@"); flux job wait-event -q $id clean; flux ping -c 1 1 >/dev/null; }
: >trace
after --requires=rank:1 -n2 --job-name=x --env=A=B --add-file=file -o rlimit.core=0 -o verbose=2 \
    -o cpu-affinity=per-task -o hwloc.xmlfile --time-limit=10m --signal=USR1@1m \
    sh -c 'cat $FLUX_JOB_TMPDIR/file; test $A = B; test -r $HWLOC_XMLFILE'
flux job attach -q $id >out
expect_equal 'data data' "$(grep data out | xargs)"
wait_until 20 grep -q 'shell-exec.start .*ENODATA' trace
# one request to the node; nothing is asked for from there, only output is sent
topics () { awk '$4 == "request" { print $2, $5 }' trace | grep -v 'ping\|overlay\.\|disconnect\|job-exec.append' | sed 's/ .*-shell-[^.]*\./ /'; }
expect_equal 'tx shell-exec.start' "$(topics)"
: >trace
after -N2 -n4 sh -c 'echo hello'
wait_until 20 grep -q 'shell-exec.start .*ENODATA' trace
# shells of several nodes talk to each other, and to nobody else
expect_equal 'rx bye rx exit rx follow rx group.reduce rx write tx shell-exec.start' "$(topics | sort -u | xargs)"
expect_equal '1 1' "$(for t in bye exit; do topics | grep -c $t; done | xargs)"
kill $trace
EOS
inst -s2 bash -eu script
END

test_case 'options that are wrong, each with its name; nothing is started' <<'END'
cat >script <<'EOS'
bad () { expect_exit 1 flux run -n2 -o "$2" touch started 2>err; expect_match "type=exec.*$1" "$(cat err)"; [ ! -e started ]; }
bad rlimit.bogus rlimit.bogus=1
bad rlimit.nofile rlimit.nofile=x
bad exit-timeout exit-timeout=soon
bad cpu-affinity cpu-affinity=bogus
bad cpu-affinity cpu-affinity=map:x
bad gpu-affinity gpu-affinity=map:
bad output.stdout.buffer output.stdout.buffer.type=much
bad input.limit input.limit=99G
bad taskmap taskmap.scheme=bogus
bad sysmon sysmon.period=x
EOS
inst bash -eu script
END

test_case 'tasks have the environment of a job' <<'END'
out=$(inst -s2 flux run -N2 -n4 --label-io sh -c \
    'echo $FLUX_JOB_SIZE $FLUX_JOB_NNODES $FLUX_TASK_RANK $FLUX_TASK_LOCAL_ID $PMI_RANK $PMI_SIZE' | sort)
expect_equal '0: 4 2 0 0 0 4
1: 4 2 1 1 1 4
2: 4 2 2 0 2 4
3: 4 2 3 1 3 4' "$out"
out=$(inst flux run sh -c 'test -n "$FLUX_URI" && test -d $FLUX_JOB_TMPDIR && echo $FLUX_JOB_ID $FLUX_JOB_ID_PATH')
expect_match '^ƒ[^ ]+ /ƒ' "$out"
END

test_case 'tasks reach their instance, also a nested one' <<'END'
expect_equal 'x=1' "$(inst flux run sh -c 'flux kvs put x=1 && echo x=$(flux kvs get x)')"
cat >nested.sh <<'EOF'
flux alloc -n1 flux run sh -c 'echo $FLUX_ENCLOSING_ID $FLUX_JOB_ID_PATH $FLUX_JOB_ID'
EOF
expect_match '^(ƒ[^ ]+) /\1/(ƒ[^ ]+) \2$' "$(inst bash nested.sh)"
END

test_case 'the temporary directory goes with the job' <<'END'
dir=$(inst flux run sh -c 'mkdir $FLUX_JOB_TMPDIR/a; touch $FLUX_JOB_TMPDIR/a/b; echo $FLUX_JOB_TMPDIR')
[ -n "$dir" ] && [ ! -e "$dir" ]
END

test_case 'exit codes are those of the tasks' <<'END'
expect_exit 0 inst flux run true
expect_exit 1 inst flux run false
expect_exit 3 inst -s2 flux run -N2 -n4 sh -c 'exit $FLUX_TASK_RANK'
expect_exit 143 inst flux run sh -c 'kill -TERM $$'
expect_exit 127 inst flux run /no/such/program
expect_exit 126 inst flux run /etc/passwd
END

test_case 'a task that is killed out of nowhere: the node may be next, which would be the cause' <<'END'
cat >script <<'EOS'
id=$(flux submit sh -c 'date +%s.%N; kill -9 $$')
at=$(flux job attach -q $id 2>/dev/null) && false || expect_equal 137 $?
expect_equal true "$(flux job eventlog -f json $id | jq "select(.name == \"finish\") | .timestamp - $at >= 0.2")"
EOS
inst bash -eu script
END

test_case 'output comes whole and in order' <<'END'
inst flux run seq 300000 >out
seq 300000 | cmp - out
inst flux run head -c 100000 /dev/urandom >out
[ "$(wc -c <out)" -eq 100000 ]
expect_equal "$(printf 'a\0b' | od -c)" "$(inst flux run printf 'a\0b' | od -c)"
inst flux run sh -c 'echo out; echo err >&2' >out 2>err
expect_equal out "$(cat out)"
expect_equal err "$(cat err)"
END

test_case 'who attaches to a pending job waits for its output' <<'END'
cat >pending.sh <<'EOF'
id=$(flux submit --begin-time=+0.3s echo hello)
flux job attach $id
EOF
expect_equal hello "$(inst bash pending.sh)"
END

test_case 'output goes to files, by job, node and task' <<'END'
d=$PWD
inst -s2 flux run -N2 -n4 --output=$d/job.out sh -c 'echo $FLUX_TASK_RANK' 2>/dev/null
expect_equal '0 1 2 3' "$(sort job.out | xargs)"
inst -s2 flux run -N2 -n4 --output=$d/{{node.id}}.node sh -c 'echo $FLUX_TASK_RANK' 2>/dev/null
expect_equal '0 1' "$(sort 0.node | xargs)"
expect_equal '2 3' "$(sort 1.node | xargs)"
inst flux run -n2 --output=$d/{{taskid}}.task sh -c 'echo $FLUX_TASK_RANK; echo e >&2' 2>/dev/null
expect_equal '1 e' "$(xargs <1.task)"
inst flux run -n2 --label-io --output=$d/label.out sh -c 'echo $FLUX_TASK_RANK' 2>/dev/null
expect_equal '0: 0 1: 1' "$(sort label.out | xargs)"
inst flux run --output=$d/o --error=$d/e sh -c 'echo out; echo err >&2' 2>/dev/null
expect_equal 'out err' "$(cat o e | xargs)"
inst flux run -o output.mode=append --output=$d/o echo more 2>/dev/null
expect_equal 'out more' "$(xargs <o)"
expect_exit 1 inst flux run --output=/no/such/dir/x true
expect_exit 127 inst flux run --output=$d/said nosuchprogram 2>/dev/null
expect_match '^flux-shell\[0\]: FATAL: task 0 on host .*: start failed: nosuchprogram: ' "$(cat said)"
END

test_case 'input comes from the client, a file, or not at all' <<'END'
expect_equal 'hello' "$(echo hello | inst flux run cat)"
expect_equal '2' "$(echo hello | inst flux run -n2 cat | wc -l)"
echo from file >in
expect_equal 'from file' "$(inst flux run --input=$PWD/in cat)"
expect_exit 1 inst flux run --input=/no/such/file cat
expect_equal "$(seq 100000 | cksum)" "$(seq 100000 | inst flux run cat | cksum)"
END

test_case 'tasks start where the job was submitted, or in /tmp' <<'END'
mkdir -p here && cd here
expect_equal "$PWD" "$(inst flux run pwd)"
cat >../gone.sh <<'EOF'
mkdir $1 && cd $1 && id=$(flux submit --begin-time=+0.3s pwd); cd .. && rmdir $1
flux job attach $id
EOF
expect_equal /tmp "$(inst bash ../gone.sh $PWD/gone 2>/dev/null)"
END

test_case 'files ride in the jobspec, batch scripts too' <<'END'
printf 'a\0b' >bin
echo text >txt
out=$(inst flux run --add-file=t=txt --add-file=b=bin sh -c 'cat {{tmpdir}}/t; od -c $FLUX_JOB_TMPDIR/b')
expect_equal "text
$(od -c bin)" "$out"
chmod 751 txt
expect_equal '751 one|two 700' "$(inst flux run --add-file=t=txt --add-file='d:0700=one\ntwo\n' \
    sh -c 'stat -c %a {{tmpdir}}/t; paste -sd"|" {{tmpdir}}/d; stat -c %a {{tmpdir}}/d' | xargs)"
expect_fail inst flux run --add-file=../t=txt true
cat >batch.sh <<'EOF'
#!/bin/sh
echo inside $(flux getattr size)
EOF
cat >outer.sh <<'EOF'
id=$(flux batch -n1 --output=$PWD/batch.out batch.sh)
flux job wait-event $id clean >/dev/null
EOF
inst bash outer.sh
expect_equal 'inside 1' "$(cat batch.out)"
END

test_case 'resource limits, and an option that is wrong' <<'END'
expect_equal 100 "$(inst flux run -o rlimit.nofile=100 sh -c 'ulimit -n')"
expect_equal 100 "$(inst sh -c "ulimit -n 100; flux run --rlimit='*' sh -c 'ulimit -n'")"
expect_equal 500 "$(inst flux run -o oom.adjust=500 sh -c 'sleep 0.1; cat /proc/self/oom_score_adj')"
expect_equal x "$(inst flux run -o output.batch-timeout=1ms echo x)"
expect_fail inst flux run -o output.mode=nonsense true 2>err
expect_match 'output.mode' "$(cat err)"
END

case_if '[ $(nproc) -ge 2 ]' 'needs 2 cores' -- 'tasks are bound to cores' <<'END'
printf '{"version":1,"execution":{"R_lite":[{"rank":"0","children":{"core":"0-1"}}],"nodelist":["n0"],"starttime":0,"expiration":0}}' >two.json
expect_equal '0 1' "$(inst flux run -n2 -o cpu-affinity=per-task sh -c 'taskset -cp $$ | sed "s/.* //"' | sort | xargs)"
expect_equal '1' "$(inst flux run -o cpu-affinity=map:1 sh -c 'taskset -cp $$ | sed "s/.* //"')"
all=$(taskset -cp $$ | sed 's/.* //')
expect_equal "$all" "$(inst flux run -o cpu-affinity=off sh -c 'taskset -cp $$ | sed "s/.* //"')"
cat >script <<'EOS'
flux run -n2 -o cpu-affinity=dry-run,per-task sh -c 'taskset -cp $$ | sed "s/.* //"' >out 2>err
expect_equal "$ALL $ALL" "$(xargs <out)"
expect_equal 'cpus: 0-1 task 0: cpus: 0 task 1: cpus: 1' "$(sed -n 's/.*cpu-affinity: //p' err | xargs)"
flux run -n2 -o cpu-affinity=verbose,per-task sh -c 'taskset -cp $$ | sed "s/.* //"' >out 2>err
expect_equal '0 1' "$(sort out | xargs)"
expect_equal 'cpus: 0-1 task 0: cpus: 0 task 1: cpus: 1' "$(sed -n 's/.*cpu-affinity: //p' err | xargs)"
expect_equal '0 1' "$(flux run -n2 -o 'cpu-affinity=map:0x1;0x2' sh -c 'taskset -cp $$ | sed "s/.* //"' | sort | xargs)"
EOS
ALL=$all inst -Sresource.path=two.json bash -eu script
END

test_case 'what tasks take of their node is told when it is asked for' <<'END'
cat >script <<'EOS'
flux run -o verbose=2 -o sysmon.period=0.1 sh -c 'head -c 40000000 /dev/zero | tail -c 40000000 >/dev/null; sleep 0.3' 2>err
expect_match 'sysmon: memory.current=' "$(cat err)"
expect_match 'sysmon: loadavg=[0-9.]+' "$(cat err)"
expect_match 'sysmon: memory.peak=[3-9][0-9][.0-9]*M' "$(cat err)"
expect_match 'sysmon: loadavg-overall=[0-9]\.[0-9]' "$(cat err)"
flux run -o sysmon true 2>err
expect_equal 2 "$(grep -c 'sysmon: ' err)"
expect_no_match 'memory.peak=[3-9][0-9][.0-9]*M' "$(cat err)" # not that of the job before
expect_equal '' "$(flux run true 2>&1)"
expect_fail flux run -o sysmon.period=often true 2>err
expect_match 'sysmon.period is not a valid duration' "$(cat err)"
EOS
flux start bash -eu script
END

test_case 'input may wait for its log; its end does not' <<'END'
cat >script <<'EOS'
id=$(flux submit -o input.batch-timeout=1000 cat)
(echo one; sleep 0.3; echo two) | flux job attach $id >out
expect_equal 'one two' "$(xargs <out)"
expect_match 'one.*two.*' "$(flux job eventlog -p guest.input $id | xargs)"
expect_match 'eof=true' "$(flux job eventlog -p guest.input $id)"
expect_fail flux run -o input.batch-timeout=soon true 2>err
expect_match 'input.batch-timeout' "$(cat err)"
EOS
flux start bash -eu script
END

test_case 'taskmaps' <<'END'
out=$(inst -s2 flux run -N2 -n4 --taskmap=cyclic --label-io printenv FLUX_TASK_LOCAL_ID | sort | xargs)
expect_equal '0: 0 1: 0 2: 1 3: 1' "$out"
END

test_case 'plugins' <<'END'
so=$top_builddir/contrib/shell-plugins/.libs/task-report.so
[ -f $so ]
expect_equal '0 of 2 1 of 2' "$(inst flux run -n2 -o plugins=$so printenv REPORT_TASK | sort | xargs)"
expect_equal hi "$(inst flux run -o plugins=$so -o task-report.greeting=hi printenv REPORT_GREETING)"
expect_exit 3 inst flux run -o plugins=$so sh -c 'exit 3' 2>err
expect_match 'WARN: task-report: task 0 exited with 3' "$(cat err)"
expect_fail inst flux run -o plugins=$so -o task-report=5 true
expect_fail inst flux run -o plugins=/no/such.so true 2>err
expect_match 'no/such.so' "$(cat err)"
mkdir -p site
cp $so site/
expect_equal hello "$(FLUX_SHELL_PLUGIN_PATH=/none:$PWD/site inst flux run printenv REPORT_GREETING)"
expect_equal hello "$(FLUX_SHELL_PLUGIN_PATH=/none inst -Sconf.shell_pluginpath=$PWD/site flux run printenv REPORT_GREETING)"
END

test_case 'a terminal for a task' <<'END'
expect_match '^/dev/pts/' "$(inst flux run -o pty tty)"
expect_match '^not a tty' "$(inst flux run tty || true)"
END

test_case 'the first failure ends the job if it shall' <<'END'
expect_exit 3 inst -s2 flux run -N1 -n2 -o exit-on-error sh -c '[ $FLUX_TASK_RANK = 1 ] && exit 3; sleep 50' 2>err
expect_exit 1 inst -s2 flux run -N1 -n2 -o exit-timeout=100ms sh -c '[ $FLUX_TASK_RANK = 1 ] && exit; sleep 50' 2>err
expect_exit 2 inst -s2 flux run -N2 -n2 -o exit-on-error sh -c '[ $FLUX_TASK_RANK = 1 ] && exit 2; sleep 50' 2>err
expect_match 'exit-on-error is set' "$(cat err)"
expect_exit 1 inst -s2 flux run -N2 -n2 -o exit-timeout=100ms sh -c '[ $FLUX_TASK_RANK = 1 ] && exit; sleep 50' 2>err
expect_match 'task rank 1 on host [^ ]+ exited \(Exit 0\) and exit-timeout=100ms has expired' "$(cat err)"
END

test_case 'what holds the output open after the tasks is waited for, without a time-out' <<'END'
late='setsid sh -c "sleep 1; echo late" & echo now'
expect_equal 'now late' "$(inst flux run sh -c "$late" | xargs)"
cat >script <<'EOS'
flux run -N2 -n2 -o exit-timeout=0.5s sh -c "echo now; [ \$FLUX_TASK_RANK = $1 ] || exit 0; ${late% & echo now} &" >out
expect_equal 'late now now' "$(sort out | xargs)"
EOS
for task in 0 1; do late=$late inst -s2 bash -eu script $task; done
END

test_case 'nothing is left of a job' <<'END'
pid=$(inst flux run sh -c 'setsid sleep 4242 >/dev/null 2>&1 </dev/null & echo $!')
[ -n "$pid" ] && ! kill -0 $pid
cat >kill9.sh <<'EOF'
id=$(flux submit sh -c 'sh -c "sleep 4343 & sleep 4343"')
flux job wait-event -p guest.exec.eventlog $id shell.start >/dev/null
kill -9 $PPID
EOF
expect_exit 137 inst bash kill9.sh
for i in $(seq 50); do pgrep -f 'sleep 4343' >/dev/null || break; sleep 0.1; done
expect_fail pgrep -f 'sleep 4343'
END

test_case 'a job whose shell dies on one node ends on all' <<'END'
expect_exit 143 inst -s2 flux run -N2 -n2 sh -c '[ $FLUX_TASK_RANK = 1 ] && sleep 0.2 && kill -9 $PPID; sleep 50' 2>err
expect_match 'ended without a result' "$(cat err)"
END

test_case 'signals reach the tasks' <<'END'
expect_equal got "$(inst flux run --time-limit=3s --signal=SIGUSR1@2.8s sh -c 'trap "echo got; exit" USR1; sleep 10 & wait' 2>err)"
expect_match 'the job expires in 2.[78]s, its tasks get SIGUSR1' "$(cat err)"
cat >sig.sh <<'EOF'
id=$(flux submit --wait-event=start -n2 sh -c 'trap "echo got; exit 7" USR1; sleep 30 & wait')
flux job wait-event -p guest.output $id header >/dev/null
sleep 0.2
flux job kill -s USR1 $id
flux job attach $id
EOF
expect_exit 7 inst bash sig.sh >out
expect_equal '2' "$(grep -c got out)"
END

cat >hello.c <<'EOF'
#include <mpi.h>
#include <stdio.h>
int main (int argc, char **argv)
{
    int rank, size, sum;
    MPI_Init (&argc, &argv);
    MPI_Comm_rank (MPI_COMM_WORLD, &rank);
    MPI_Comm_size (MPI_COMM_WORLD, &size);
    MPI_Allreduce (&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (rank == 0)
        printf ("%d %d\n", size, sum);
    MPI_Finalize ();
    return 0;
}
EOF
case_if 'command -v mpicc.mpich' 'needs MPICH' -- 'MPICH over four nodes' <<'END'
mpicc.mpich -o hello.mpich hello.c
expect_equal '8 28' "$(inst -s4 flux run -N4 -n8 ./hello.mpich)"
END

case_if 'command -v mpicc.openmpi' 'needs Open MPI' -- 'Open MPI over four nodes' <<'END'
mpicc.openmpi -o hello.openmpi hello.c
expect_equal '8 28' "$(inst -s4 flux run -N4 -n8 ./hello.openmpi)"
END

test_case 'MPI and PMI up and down a tree of three levels' <<'END'
task=$top_builddir/testsuite/unit/pmi/pmi_task
cat >run.sh <<EOF
flux run -N7 -n14 $task
flux run --requires=ranks:3-6 -N4 -n8 $task
if [ -x hello.mpich ]; then flux run -N7 -n14 ./hello.mpich; else echo 14 91; fi
EOF
expect_equal 'ok 14 2 ok 8 2 14 91' "$(inst -s7 -Stbon.topo=kary:2 bash run.sh | xargs)"
END

test_case "the PMI libraries' API" <<'END'
task=$top_builddir/testsuite/unit/pmi/pmi_task
[ -x $task ]
expect_equal 'ok 8 2' "$(inst -s4 flux run -N4 -n8 $task)"
expect_equal 'ok 8' "$(inst -s4 flux run -N4 -n8 $task 2)"
inst flux run sh -c 'test -r $FLUX_PMI_LIBRARY_PATH'
expect_equal '' "$(inst flux run -o pmi=off sh -c 'echo $PMI_FD')"
END

test_done

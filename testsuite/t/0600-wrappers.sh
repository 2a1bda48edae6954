#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# srun, sbatch, salloc, squeue and scancel of an instance, without Slurm.

. "$(dirname "$0")/lib.sh"

# Run a script in a fresh instance with the wrappers on PATH.
wrapped ()
{
    cat >script
    flux start -Sbroker.wrap=1 "$@" bash -eu -o pipefail script
}

test_case 'the wrappers come first on PATH, only when asked for' <<'END'
expect_output "$top_builddir/contrib/wrappers/srun" flux start -Sbroker.wrap=1 sh -c 'realpath -s $(command -v srun)'
expect_no_match wrappers "$(flux start sh -c 'echo $PATH')"
expect_no_match wrappers "$(flux start -Sbroker.wrap=0 sh -c 'echo $PATH')"
END

test_case 'srun: sizes, tasks and their variables' <<'END'
wrapped -s3 <<'S'
test "$(srun -n1 echo hi)" = hi
test "$(srun -N3 hostname | wc -l)" = 3
test "$(srun hostname | wc -l)" = 3
test "$(srun -N2 -n4 -l sh -c 'echo $SLURM_PROCID/$SLURM_NTASKS $SLURM_NNODES' | sort | xargs)" = \
    "0: 0/4 2 1: 1/4 2 2: 2/4 2 3: 3/4 2"
test "$(srun --ntasks-per-node=2 -N2 sh -c 'echo $SLURM_LOCALID' | sort | xargs)" = "0 0 1 1"
test "$(srun -n1 sh -c 'srun -n1 echo nested')" = nested
test "$(FOO=1 srun -n1 --export=ALL,BAR=2 sh -c 'echo $FOO$BAR')" = 12
test "$(FOO=1 srun -n1 --export=BAR=2 sh -c 'echo ${FOO-no}$BAR')" = no2
S
END

test_case 'srun: output files, input, directory, exit code' <<'END'
mkdir dir
wrapped -s1 <<'S'
srun -n2 -o out-%t.txt sh -c 'echo task $SLURM_PROCID'
cat out-0.txt out-1.txt >both
srun -n1 -e err.txt -D dir sh -c 'pwd >&2'
test "$(echo text | srun -n1 cat)" = text
echo file >input
test "$(srun -n1 -i input cat)" = file
code=0; srun -n1 sh -c 'exit 9' 2>/dev/null || code=$?
test $code = 9
S
expect_equal "task 0 task 1" "$(xargs <both)"
expect_equal "$PWD/dir" "$(cat dir/err.txt)"
END

test_case 'options become those of flux' <<'END'
spec () { flux start -Sbroker.wrap=1 srun "$@" sh -c 'flux job info $FLUX_JOB_ID jobspec'; }
duration () { spec -n1 -t "$1" | jq .attributes.system.duration; }
for t in 5:300 0:30:30 1:00:00:3600 1-0:86400 1-2:3:4:93784 2-1:30:178200; do
    expect_equal "${t##*:}" "$(duration "${t%:*}" | sed 's/\.0$//')"
done
expect_equal 0 "$(duration UNLIMITED | sed 's/null/0/; s/\.0$//')"
expect_equal '"me"' "$(spec -n1 -J me | jq .attributes.system.job.name)"
expect_equal '"none"' "$(spec -n1 -W0 | jq '.attributes.system.shell.options["exit-timeout"]')"
END

test_case 'what is not known is refused by its name' <<'END'
refused () { want=$1; shift; expect_exit 1 flux start -Sbroker.wrap=1 "$@" 2>err; expect_in_file "$want" err; }
for cmd in srun sbatch salloc squeue scancel; do
    refused "^$cmd: unknown option --frob" $cmd --frob true
    refused "^$cmd: unknown option -@" $cmd -@ true
done
refused 'srun: --gpus=x: not a number' srun -n1 -G x true
refused 'srun: 3 GPUs can not be divided among 2 tasks' srun -n2 -G3 true
refused 'srun: --time=soon: ' srun -t soon true
refused 'srun: --output=%q: ' srun -o %q true
for m in x 4Q 1GB -1 ''; do
    refused "srun: --mem=$m: not an amount of memory" srun -n1 --mem="$m" true
done
refused 'sbatch: --mem-per-cpu=lots: not an amount' sbatch -n1 --mem-per-cpu=lots --wrap true
refused 'srun: --mpi=pmix: ' srun --mpi=pmix true
refused 'srun: --dependency=singleton: ' srun -d singleton true
refused 'srun: no command' srun -n1
refused 'sbatch: in a #SBATCH line: unknown option --frob' sh -c 'printf "#!/bin/sh\n#SBATCH --frob\n" >s; sbatch s'
refused 'squeue: --format: %X' squeue -o %X
expect_exit 1 env -u FLUX_URI "$top_builddir/contrib/wrappers/srun" true 2>err
expect_equal 'srun: not in a Flux instance' "$(cat err)"
END

# A plain step is run by a small program in one request; all else by the one that knows every option.
test_case 'srun: plain steps are the same jobs from the small program and from the other' <<'END'
cat >options <<'O'
-n1
-n 2 --cpus-per-task=2
-N2
-N1 -n3 -c1 -J "my job" -t 5
--nodes=2 --ntasks 3 -t1:30 --exact --overlap -Q
-n1 --time=1:02:03 --chdir / --exclusive -p part --account=a --mem=4G --mem-per-cpu 100
-n1 --kill-on-bad-exit --cpu-bind=none --comment 'a b' --hint=x -q z -A y
O
echo '{"version":1,"execution":{"R_lite":[{"rank":"0-1","children":{"core":"0-7"}}],"nodelist":["n[0-1]"],"starttime":0,"expiration":0}}' >R.json
cat >job.sh <<'J'
[ "$SLURM_PROCID" != 0 ] || flux job info $FLUX_JOB_ID jobspec >$1
J
wrapped -s2 --conf=resource.path="$PWD/R.json" <<'S'
i=0
while read -r line; do
    eval "args=($line)"
    i=$((i + 1))
    ODD=$'\a"\\\t' srun "${args[@]}" sh "$PWD/job.sh" "$PWD/quick.$i" <&9
    flux job info $(flux job last) J | cut -d. -f2 | base64 -d | jq -c .attributes.system.environment >env.$i
    ODD=$'\a"\\\t' FLUX_WRAP_FULL=1 srun "${args[@]}" sh "$PWD/job.sh" "$PWD/full.$i" <&9
    sed -i "s,$PWD/full.$i,$PWD/quick.$i," full.$i
    jq -S 'del (.attributes.system.shell.options.input)' quick.$i >quick
    jq -S . full.$i >full
    diff quick full
    [ "$(jq -c .attributes.system.shell.options.input.stdin.path quick.$i)" = '"/dev/null"' ]
    jq -e '.ODD == "\u0007\"\\\t"' env.$i >/dev/null
done 9</dev/null <options
[ $i = 7 ]
S
END

test_case 'srun: what a plain step prints, and how it ends' <<'END'
cat >all.sh <<'S'
code () { local c=0; "$@" || c=$?; echo "code $c"; }
code srun -n1 echo out
code srun -n2 -l sh -c 'echo "$SLURM_PROCID says ü"; exit $SLURM_PROCID' | sort
code srun -n1 sh -c 'echo o; echo e >&2; exit 7'
code srun -n1 sh -c 'kill -9 $$'
code srun -n1 printf '\377\0x' | od -An -c
code srun -n1 seq 20000 | md5sum
code srun -n1 cat
code srun -n1 no-such-program
code srun -n1 -t 0:1 sleep 60
code srun -n9999 true
S
flux start -Sbroker.wrap=1 bash all.sh >quick 2>quick.err </dev/null
FLUX_WRAP_FULL=1 flux start -Sbroker.wrap=1 bash all.sh >full 2>full.err </dev/null
expect_same_file full quick
expect_in_file '^e$' quick.err
for err in 'task\(s\) exited with exit code 7' 'task\(s\) Killed' 'type=exec severity=0 .*no-such-program' \
    'FATAL: task 0 .*no-such-program: No such file' 'type=timeout severity=0' 'unsatisfiable request'; do
    expect_in_file "$err" quick.err
    expect_in_file "$err" full.err
done
END

test_case 'srun: a plain step gets signals, and two of ctrl-C cancel it' <<'END'
wrapped <<'S'
up () { for i in $(seq 200); do [ -e $1 ] && return; sleep 0.05; done; return 1; }
srun -n1 sh -c 'trap "exit 5" USR1; echo >up1; while :; do sleep 0.05; done' & pid=$!
up up1
kill -USR1 $pid
code=0; wait $pid || code=$?
[ $code = 5 ]
env --default-signal=INT srun -n1 sh -c 'echo >up2; exec sleep 300' 2>err & pid=$!
up up2
until grep -q 'one more' err; do kill -INT $pid; sleep 0.1; done
for i in $(seq 100); do kill -INT $pid 2>/dev/null || break; sleep 0.05; done
! wait $pid
grep -q 'type=cancel' err
flux jobs -ano '{result}' $(flux job last) | grep -qx CANCELED
srun -n1 -N1 --exclusive sleep 300 & pid=$!
until [ "$(flux jobs -no '{name}' -f running)" = sleep ]; do sleep 0.05; done
kill -KILL $pid # its job stays, as with flux run
! wait $pid
[ "$(flux jobs -no '{name}' -f running)" = sleep ]
flux cancel --all
S
END

test_case 'srun: a plain step takes few system calls, and no other program' <<'END'
mkdir alone
cp "$top_builddir/contrib/wrappers/flux-slurm-srun" alone/srun
flux start sh -c "strace -f -o calls alone/srun -n1 --overlap echo hi </dev/null"
[ "$(wc -l <calls)" -lt 50 ] || { cat calls; false; }
expect_equal 1 "$(grep -c 'execve' calls)"
expect_equal 2 "$(grep -c 'sendmsg\|connect\|write(3' calls)"
expect_exit 1 flux start alone/srun --label true 2>err # which has no size
expect_in_file 'flux-slurm-wrap: No such file' err
expect_exit 1 flux start sh -c 'echo | alone/srun -n1 true' 2>err # whose input must be read
expect_in_file 'flux-slurm-wrap: No such file' err
END

test_case 'sbatch: #SBATCH lines, dependency, id, output' <<'END'
cat >batch.sh <<'S'
#!/bin/bash
#SBATCH -N2 -n 4 --job-name="my job"
# a comment
#SBATCH --output=out.%j   # where

#SBATCH -t 10
echo $SLURM_JOB_ID $SLURM_NTASKS $SLURM_NNODES $(flux getattr instance-level) $1
srun hostname | wc -l
srun -n1 echo step
#SBATCH --frob
S
chmod +x batch.sh
wrapped -s2 <<'S'
line=$(sbatch batch.sh arg)
id=${line##* }
[ "$line" = "Submitted batch job $id" ]
[ "$id" -gt 0 ]
dep=$(sbatch --parsable -n1 -d afterok:$id -o dep.out --wrap 'cat out.*')
flux job status $id $dep
test "$(cat out.$id | xargs)" = "$id 4 2 1 arg 4 step"
cmp out.$id dep.out
test "$(flux jobs -n -o '{name}' $id)" = "my job"
code=0; sbatch -W -n1 --wrap 'exit 3' || code=$?
test $code = 3
ls slurm-*.out >/dev/null
echo '#!/bin/sh
echo from stdin' | sbatch -W -n1 -o in.out
test "$(cat in.out)" = "from stdin"
S
END

test_case 'sbatch --array: a job for each index, under one id' <<'END'
cat >array.sh <<'S'
#!/bin/bash
#SBATCH -n1 --array=1,3-7:2
echo $SLURM_ARRAY_JOB_ID $SLURM_ARRAY_TASK_ID $SLURM_ARRAY_TASK_COUNT $SLURM_ARRAY_TASK_MIN $SLURM_ARRAY_TASK_MAX
srun -o step.%A.%a echo $SLURM_ARRAY_TASK_ID
S
wrapped -s1 <<'S'
id=$(sbatch --parsable array.sh)
dep=$(sbatch --parsable -n1 -o dep.out -d afterok:$id --wrap 'cat step.*; echo ${SLURM_ARRAY_TASK_ID-none}')
flux job status $dep
for i in 1 3 5 7; do
    test "$(head -n1 slurm-${id}_$i.out)" = "$id $i 4 1 7"
    test "$(cat step.$id.$i)" = $i
done
test "$(wc -l <dep.out) $(tail -n1 dep.out)" = "5 none"
test "$(squeue -h -t all -j $id -o %i | wc -l)" = 4
test "$(squeue -h -t all -j ${id}_5 -o %i | wc -l)" = 1
code=0; sbatch -W -n1 -a 0-2 -o /dev/null --wrap 'exit $SLURM_ARRAY_TASK_ID' || code=$?
test $code = 2
echo '#!/bin/sh
echo $SLURM_ARRAY_TASK_ID' | sbatch -W -n1 -a 8,9 -o in.%a
test "$(cat in.8 in.9 | xargs)" = "8 9"
S
END

test_case 'sbatch --array: a limit, and scancel of some or all' <<'END'
wrapped -s1 -Sbroker.quorum=1 <<'S'
id=$(sbatch --parsable -n1 -a 1-6%2 -o /dev/null --wrap 'sleep 300')
test "$(flux jobs -n --filter=depend -o '{id.dec}' | wc -l)" = 4
scancel ${id}_[5,6]
scancel ${id}_4
test "$(squeue -h -j $id -o %i | wc -l)" = 3
scancel $id
flux queue drain
test "$(squeue -h)" = ""
scancel $id # nothing of it is left
! scancel ${id}_7 2>err
grep -q "^scancel: ${id}_7: no such job" err
S
for spec in x 3-1 1-3:0 1,1 1-5%0 1- ''; do
    expect_exit 1 flux start -Sbroker.wrap=1 sbatch -n1 -a "$spec" --wrap true 2>err
    expect_in_file "sbatch: --array=$spec: not indices" err
done
END

test_case 'squeue: elements of an array, states and headings of Slurm' <<'END'
wrapped -s1 <<'S'
id=$(sbatch --parsable -n1 -a 3,5%1 -o /dev/null --wrap 'sleep 300')
wait_until 10 expect_output RUNNING squeue -h -j ${id}_3 -o %T
test "$(squeue -h -j $id -o '%i %F %K %t' | sort | xargs)" = "${id}_3 $id 3 R ${id}_5 $id 5 PD"
test "$(squeue -j ${id}_5 -o '%i|%T|%t' | xargs)" = "JOBID|STATE|ST ${id}_5|PENDING|PD"
one=$(sbatch --parsable -n1 -d afterok:$id --wrap true)
test "$(squeue -h -j $one -o '%i %A %F %K %T')" = "$one $one $one N/A PENDING"
scancel --me
flux queue drain
test "$(squeue -h -t all -j $id -o '%T' | sort -u)" = CANCELLED
srun -n1 true
! srun -n1 false
! srun -n1 -t 0:1 sleep 60 2>/dev/null
test "$(squeue -h -t CD,F,TO -o '%T %t' | sort -u | xargs)" = "COMPLETED CD FAILED F TIMEOUT TO"
S
END

test_case 'srun: each option that scripts use has its effect' <<'END'
echo '{"version":1,"execution":{"R_lite":[{"rank":"0-1","children":{"core":"0-3","gpu":"0-1"}}],"nodelist":["n[0-1]"],"starttime":0,"expiration":0}}' >gpus.json
wrapped -s2 --test-hosts=n[0-1] --conf=resource.path="$PWD/gpus.json" <<'S'
has () { flux job info $(flux job last) "$1" | jq -c "$2"; }
srun -N2 -n4 -c2 true
test "$(has R '[.execution.R_lite[].rank, .execution.R_lite[].children.core]')" = '["0-1","0-3"]'
srun --nodes=1 --ntasks=2 --gpus-per-task=1 true
test "$(has R '.execution.R_lite[0].children.gpu')" = '"0-1"'
srun -n2 -G2 true
test "$(has jobspec '.resources[0].with | map (select (.type == "gpu")) | .[0].count')" = 1
srun -n1 --gpus=gpu:1 sh -c 'echo $CUDA_VISIBLE_DEVICES' >out
test "$(cat out)" = 0
srun -n1 --gres=gpu:2 --mem=1G --mem-per-cpu=10M -A acct -p part --exclusive --exact -Q true
test "$(has R '.execution.R_lite[0].children.gpu')" = '"0-1"'
srun -n1 -t 1:30 -J name true
test "$(has jobspec '[.attributes.system.duration, .attributes.system.job.name]')" = '[90.0,"name"]' ||
    test "$(has jobspec '[.attributes.system.duration, .attributes.system.job.name]')" = '[90,"name"]'
srun -n2 -o out.%t -e err.%t sh -c 'echo o; echo e >&2' >said 2>&1
test -z "$(cat said)"
test "$(cat out.0 out.1 err.0 err.1 | xargs)" = "o o e e"
test "$(srun -n2 --label echo x | sort | xargs)" = "0: x 1: x"
test "$(A=1 B=2 srun -n1 --export=A sh -c 'echo $A${B-}')" = 1
test "$(A=1 srun -n1 --export=NONE sh -c 'echo ${A-none}')" = none
test "$(srun -n1 --chdir=/ pwd)" = /
test "$(srun -N1 -w n1 flux getattr rank) $(srun -N1 -x n1 flux getattr rank)" = "1 0"
id=$(sbatch --parsable -n1 -o dep --wrap 'sleep 0.3; echo first')
srun -n1 -d afterok:$id cat dep >out
test "$(cat out)" = first
code=0; srun -n1 --kill-on-bad-exit=1 sh -c 'exit 5' 2>/dev/null || code=$?
test $code = 5
srun -n1 --overlap --cpu-bind=none --mpi=none --distribution=block true
mkfifo open && exec 9<>open # at the end of its input script(1) types a NUL, which the terminal may echo
test "$(script -qec 'srun -n1 --pty sh -c "test -t 0 && test -t 1 && echo terminal"' /dev/null <&9 | tr -d '\r')" = terminal
S
END

test_case 'salloc' <<'END'
expect_output "1 2" flux start -Sbroker.wrap=1 -s2 salloc -N2 sh -c 'echo $(flux getattr instance-level) $(srun -N2 hostname | wc -l)'
END

test_case 'squeue and scancel' <<'END'
wrapped -s1 <<'S'
squeue | head -1 | grep -q JOBID
id=$(sbatch --parsable -n1 -J long --wrap 'sleep 100')
flux job wait-event -t 10 $id start >/dev/null
test "$(squeue -h -o '%i %j %D %T' | xargs)" = "$id long 1 RUNNING"
test "$(squeue -h -j $id -o %.4j)" = long
test "$(squeue -h -t PD -o %i)" = ""
squeue -h -j $id -o '%i%A%F%j%u%U%t%T%M%D%N%R%C%P%l%L%p%Q%V%S%e%a' >/dev/null # flux has all fields
scancel $id
flux job wait-event -t 10 $id clean >/dev/null
test "$(squeue -h)" = ""
test "$(squeue -h -t CA -o %i)" = $id
srun -n1 -J sig sh -c 'trap "exit 4" USR1; echo >up; while :; do sleep 0.05; done' & pid=$!
for i in $(seq 100); do [ -e up ] && break; sleep 0.05; done
scancel -s USR1 $(squeue -h -n sig -o %i)
code=0; wait $pid || code=$?
test $code = 4
srun -n1 sleep 100 & pid=$!
for i in $(seq 100); do [ "$(squeue -h -t R -o %j)" = sleep ] && break; sleep 0.05; done
scancel --me
! wait $pid
S
END

test_case 'a loop of srun in the background' <<'END'
wrapped -s1 <<'S'
for i in $(seq 200); do srun -n1 echo $i & done >out
wait
S
expect_equal "$(seq 200)" "$(sort -n out)"
END

test_done

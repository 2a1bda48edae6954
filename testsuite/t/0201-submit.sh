#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# flux submit, run, bulksubmit: options, exit codes, what is refused.

. "$(dirname "$0")/lib.sh"

# Run a script in a fresh instance: in_flux [OPTIONS of flux start...] <script
in_flux ()
{
    cat >script
    flux start "$@" bash -eu script
}

# Each line of standard input must hold (in jq) for the jobspec in a file; $s is attributes.system,
# $o the shell's options.
check ()
{
    local line
    while read -r line; do
        jq -e ".attributes.system as \$s | \$s.shell.options as \$o | $line" "$1" >/dev/null ||
            { echo "does not hold: $line"; return 1; }
    done
}

# Refused without an instance: no connection is made before the options are understood. The exit code
# is 1, or what RC says.
refused ()
{
    local want=$1 code=0
    shift
    unset FLUX_URI
    "$@" >out 2>err || code=$?
    [ $code -eq ${RC:-1} ] || { echo "exit $code: $*"; return 1; }
    [ ! -s out ] || { echo "output: $(cat out)"; return 1; }
    expect_equal 1 "$(wc -l <err)"
    expect_equal "$want" "$(cat err)"
}

test_case 'jobspec of --dry-run: tasks, cores, nodes, GPUs' <<'END'
flux submit --dry-run -N2 -n4 -c2 -g1 --job-name=me -t 2 -q batch -B lab app arg >spec
check spec <<'EOP'
.version == 1
.tasks[0].command == ["app", "arg"]
.resources[0] | .type == "node" and .count == 2
.resources[0].with[0] | .type == "slot" and .count == 2
[.resources[0].with[0].with[] | "\(.type) \(.count)"] == ["core 2", "gpu 1"]
$s.duration == 120 and $s.job.name == "me" and $s.queue == "batch" and $s.bank == "lab"
EOP
END

test_case '--debug: what the job manager asks for is in the eventlog' <<'END'
in_flux <<'EOS'
id=$(flux submit --debug true)
flux job wait-event -q $id clean
flux job eventlog $id >log
flux job wait-event -q $(flux submit true) clean
flux job eventlog $(flux job last) >plain
EOS
expect_equal 'submit validate depend priority debug.alloc-request alloc debug.start-request start finish release free clean' "$(cut -d' ' -f2 log | xargs)"
expect_in_file 'submit .*flags=2' log
expect_equal 0 "$(grep -c debug plain)"
END

test_case 'options of the shell, attributes, environment, limits in --dry-run' <<'END'
export KEEP=1 DROP=2
echo 'FROM_FILE=yes' >rules
printf '{"a": [1]}' >val.json
flux run --dry-run -o verbose=2 -o cpu-affinity=per-task --setattr=user.x=3 --setattr=.z=4 --setattr=w --setattr=^system.y=val.json \
    --env-remove=DROP --env-file=rules --env='NEW=${KEEP}x' --env='T={{id}}' --rlimit=-*,core=7 \
    --signal=USR2@10s --taskmap=cyclic:2 --dependency=afterok:f1 --begin-time=+1h --requires='host:n1 and -gpu' \
    --output=o.txt --error=e.txt --label-io --add-file=rules --cwd=/tmp true >spec
check spec <<'EOP'
$o.verbose == 2 and $o["cpu-affinity"] == "per-task"
.attributes.user.x == 3 and .attributes.z == 4 and $s.w == 1 and $s.y == {"a": [1]}
$s.environment | .NEW == "1x" and .FROM_FILE == "yes" and (has("DROP") | not)
$o["env-expand"] == {"T": "{{id}}"}
$o.rlimit == {"core": 7}
$o.signal == {"signum": 12, "timeleft": 10}
$o.taskmap == {"scheme": "cyclic", "value": "2"}
[$s.dependencies[].scheme] == ["afterok", "begin-time"]
$s.constraints | has("and")
$o.output.stdout.path == "o.txt" and $o.output.stderr.label
$s.cwd == "/tmp" and ($s.files | has("rules"))
EOP
END

test_case 'wrong options: one sentence that names the thing, exit code 1, or 2 when options are not understood' <<'END'
refused 'flux-submit: the command to run is missing' flux submit
RC=2 refused 'flux-submit: unknown option --bogus (see `flux submit --help`)' flux submit --bogus true
RC=2 refused 'flux-submit: option --ntasks needs an argument (N) (see `flux submit --help`)' flux submit --ntasks
refused 'flux-submit: --ntasks=x: not a number of at least 1' flux submit -nx true
refused 'flux-submit: --ntasks=0: not a number of at least 1' flux submit -n0 true
refused 'flux-submit: --time-limit=soon: not a duration' flux submit -t soon true
refused 'flux-submit: --urgency=99: not 0 to 31, default, hold or expedite' flux submit --urgency=99 true
refused 'flux-submit: --flags: unknown flag x' flux submit --flags=x true
refused 'flux-submit: --env: variable NOPE not found in A=$NOPE' flux submit '--env=A=$NOPE' true
refused 'flux-submit: --env-file: nowhere: No such file or directory' flux submit --env-file=nowhere true
refused 'flux-submit: --rlimit: bogus: no such limit' flux submit --rlimit=bogus true
refused 'flux-submit: --signal=FOO: FOO is not a signal' flux submit --signal=FOO true
refused 'flux-submit: --begin-time=whenever: not a date or time' flux submit --begin-time=whenever true
refused 'flux-submit: --cc=x: not an idset' flux submit --cc=x true
refused 'flux-submit: give one of --cc and --bcc' flux submit --cc=1 --bcc=1 true
refused 'flux-submit: --add-file=nowhere: No such file or directory' flux submit --add-file=nowhere true
refused 'flux-run: there is no Flux instance here: FLUX_URI is not set' flux run true
END

test_case 'no instance behind FLUX_URI, a wrong URI' <<'END'
rc=0; FLUX_URI=local:///nowhere flux submit true 2>err || rc=$?
expect_equal 1 $rc
expect_match '^flux-submit: local:///nowhere: broker socket /nowhere was not found' "$(cat err)"
rc=0; FLUX_URI=bogus://x flux jobs 2>err || rc=$?
expect_equal 1 $rc
expect_equal 1 "$(wc -l <err)"
END

test_case 'a request that can never be met is refused with the reason' <<'END'
in_flux <<'EOS'
rc=0; flux submit -N1000 true >out 2>err || rc=$?
[ $rc -eq 1 ] && [ ! -s out ]
rc=0; flux run -n100000 true 2>err2 || rc=$?
[ $rc -eq 1 ]
EOS
expect_match '^flux-submit: .*unsatisfiable' "$(cat err)"
expect_match '^flux-run: .*unsatisfiable' "$(cat err2)"
END

test_case '--cc, --bcc: {cc} in command and options, FLUX_JOB_CC' <<'END'
in_flux <<'EOS'
flux submit --cc=1-3 --wait --output='out.{cc}' --job-name='j{cc}' sh -c 'echo $FLUX_JOB_CC {cc}' >ids
flux submit --bcc=1,5 --wait --output='bcc.{cc}' sh -c 'echo ${FLUX_JOB_CC:-none} {cc}' >>ids
flux jobs -ano '{name}' --sort=name >names
EOS
expect_equal '2 2' "$(cat out.2)"
expect_equal 'none 5' "$(cat bcc.5)"
expect_equal 5 "$(wc -l <ids)"
expect_equal "$(printf 'j1\nj2\nj3\nsh\nsh')" "$(cat names)"
END

test_case '--watch shows output, --wait-event, --quiet, --log, exit code of the worst' <<'END'
in_flux <<'EOS'
flux submit --quiet --watch --cc=0-2 echo 'job {cc}' >watch
rc=0; flux submit --quiet --wait --cc=0-3 sh -c 'exit {cc}' || rc=$?
echo $rc >rc
flux submit --wait-event=start --log=log.{cc} --cc=0-1 sleep 300 >nothing
flux cancel --all 2>/dev/null
flux submit -vv --wait true >/dev/null 2>events
flux submit --quiet --wait-event=exec.shell.start sleep 300
flux jobs -no '{name} {state}' | grep RUN >started # those canceled may not be gone
flux cancel --all 2>/dev/null
rc=0; flux submit --wait --cc=1-2 nonexistent-program >/dev/null 2>missing || rc=$?
echo $rc >rc2
EOS
expect_equal "$(printf 'job 0\njob 1\njob 2')" "$(sort watch)"
expect_equal 3 "$(cat rc)"
[ ! -s nothing ]
expect_match '^ƒ' "$(cat log.0)"
expect_in_file '^ƒ[^ ]+: 0\.[0-9]+s: alloc' events
expect_equal 127 "$(cat rc2)"
expect_equal 'sleep RUN' "$(cat started)"
END

test_case 'hundreds of jobs in one submit, and a list of more than comes in one answer' <<'END'
in_flux <<'EOS'
flux submit --cc=1-300 --wait true >ids
flux submit --urgency=0 --cc=1-1000 --quiet true
flux jobs -ac0 -no '{status_abbrev}' >all
EOS
expect_equal 300 "$(sort -u ids | wc -l)"
expect_equal 300 "$(grep -c CD all)"
expect_equal 1300 "$(wc -l <all)"
END

test_case 'output arrives as it was written, text and bytes, one task and two' <<'END'
{ seq 1 300000; printf 'quotes " and \\ and \t and ƒ and \001\n%.0s' {1..2000}; } >text
{ head -c 300000 /dev/urandom; seq 1 20000; head -c 100 /dev/zero; printf 'no end of line ƒ'; } >bytes
in_flux <<'EOS'
flux run cat text >out1
flux run cat bytes >out2
flux run -n2 cat text >out3
EOS
cmp text out1
cmp bytes out2
expect_equal "$(cat text text | sort | md5sum)" "$(sort out3 | md5sum)"
END

test_case 'run: standard input, output and error byte for byte' <<'END'
head -c 300000 /dev/urandom >data
in_flux <<'EOS'
flux run cat <data >copy
flux run sh -c 'echo out; echo err >&2' >o 2>e
echo hello | flux run -n2 --label-io cat | sort >labels
flux run cat <&- >closed
flux run --input=data sh -c 'wc -c' >count
flux run --output=file.{{id}} echo to file 2>redirect
EOS
expect_same_file data copy
expect_equal out "$(cat o)"
expect_equal err "$(cat e)"
expect_equal "$(printf '0: hello\n1: hello')" "$(cat labels)"
expect_equal 300000 "$(xargs <count)"
expect_equal 'to file' "$(cat file.*)"
END

test_case 'run: exit codes, signals, a program that does not exist' <<'END'
in_flux <<'EOS'
for want in 0 1 42 255; do
    rc=0; flux run sh -c "exit $want" 2>/dev/null || rc=$?
    [ $rc -eq $want ]
done
rc=0; flux run sh -c 'kill -TERM $$' 2>sig || rc=$?
[ $rc -eq 143 ]
rc=0; flux run nonexistent-program 2>missing || rc=$?
[ $rc -eq 127 ]
rc=0; flux run -t 0.3s sleep 30 2>timeout || rc=$?
[ $rc -gt 128 ]
EOS
expect_in_file 'nonexistent-program' missing
expect_in_file 'type=timeout' timeout
END

test_case 'run: ctrl-C twice cancels the job' <<'END'
in_flux <<'EOS'
flux run sleep 60 2>err & pid=$!
id=
for i in $(seq 100); do
    id=$(flux jobs -no '{id}' -f run); [ "$id" ] && break; sleep 0.02
done
while kill -INT $pid 2>/dev/null; do sleep 0.2; done # whenever it listens, and however busy the node is
rc=0; wait $pid || rc=$?
[ $rc -gt 128 ]
flux jobs -ano '{status_abbrev}' >state
EOS
expect_in_file 'one more ctrl-C within 2s to cancel' err
expect_in_file 'job.exception .* type=cancel severity=0 interrupted by ctrl-C' err
expect_equal CA "$(cat state)"
END

test_case 'bulksubmit: inputs, combinations, methods, files, standard input' <<'END'
in_flux <<'EOS'
seq 1 3 | flux bulksubmit --quiet --watch echo x{} | sort >stdin
flux bulksubmit --quiet --watch echo {0}{1} ::: a b ::: 1 2 | sort >product
flux bulksubmit --quiet --watch echo {}{} ::: a b :::+ 1 2 | sort >linked
printf '/x/y.txt\n' >list
flux bulksubmit --quiet --watch echo {./%} {seq} {.//} :::: list >methods
flux bulksubmit --quiet --wait --cc={} --output=o.{0}.{cc} echo {cc} ::: 0-1 2-3
flux bulksubmit --dry-run -n{} echo {cc} ::: 1 2 >dry
flux bulksubmit --quiet --watch --requires={} --job-name=n{} echo {} ::: rank:0 -rank:5 | sort >requires
flux queue stop >/dev/null
flux bulksubmit --quiet --urgency={0} --flags={1} --rlimit=nofile={2} true ::: 7 hold :::+ debug waitable :::+ 300 301
flux submit --quiet --cc=1-2 --urgency={cc} true
flux jobs -no '{urgency}' | xargs >urgencies
for id in $(flux job last 4); do flux job eventlog $id; flux job info $id jobspec; done | grep -o 'flags=[0-9]\|"nofile":[0-9]*' | xargs >each
rc=0; FLUX_HANDLE_ROLEMASK=2 flux submit --flags=waitable true 2>role || rc=$?; [ $rc -eq 1 ]
rc=0; FLUX_HANDLE_ROLEMASK=2 flux job wait 2>>role || rc=$?; [ $rc -eq 1 ]
flux cancel --all -q 2>/dev/null; flux queue start >/dev/null
rc=0; flux bulksubmit echo {3} ::: a 2>err || rc=$?
[ $rc -eq 1 ]
rc=0; flux bulksubmit true </dev/null 2>none || rc=$?
[ $rc -eq 1 ]
flux jobs -a -no '{id}' >all
EOS
expect_equal "$(printf 'x1\nx2\nx3')" "$(cat stdin)"
expect_equal "$(printf 'a1\na2\nb1\nb2')" "$(cat product)"
expect_equal "$(printf 'a1\nb2')" "$(cat linked)"
expect_equal "y 0 /x" "$(cat methods)"
expect_equal 3 "$(cat o.2-3.3)"
expect_equal 'bulksubmit: submit --ntasks=2 echo {cc}' "$(tail -n1 dry)"
expect_equal '7 2 1 0' "$(cat urgencies)"
expect_match 'flags=4 nofile:301 flags=2 nofile:300$' "$(cat each)"
expect_equal 'flux-submit: waitable jobs are for the instance owner only
flux-job: Request requires owner credentials' "$(cat role)"
expect_match '^flux-bulksubmit: .*\{3\}' "$(cat err)"
expect_equal 'flux-bulksubmit: there are no inputs, hence no jobs' "$(cat none)"
expect_equal "$(printf 'rank:0\n-rank:5' | sort)" "$(cat requires)"
expect_equal 20 "$(wc -l <all)"
END

test_case '--progress needs a terminal, and is drawn on one' <<'END'
in_flux <<'EOS'
flux submit --progress --wait --cc=1-3 true >out 2>err
script -qec 'flux submit --quiet --progress --jps --wait --cc=1-3 true' /dev/null >screen
EOS
expect_equal 'flux-submit: stdout is not a tty. Ignoring --progress option' "$(cat err)"
expect_in_file 'CD:3 .*100\.0%.*job/s' screen
END

test_done

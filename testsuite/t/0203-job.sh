#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# flux job: single jobs, and flux cancel, update.

. "$(dirname "$0")/lib.sh"

# Run a script in a fresh instance: in_flux [OPTIONS of flux start...] <script
in_flux ()
{
    cat >script
    flux start "$@" bash -eu script
}

test_case 'job id: every form, both ways' <<'END'
expect_output 1234 flux job id 1234
f58=$(flux job id --to=f58 1234)
for to in dec hex dothex f58 f58plain words kvs emoji; do
    expect_output 1234 flux job id "$(flux job id --to=$to 1234)"
done
expect_equal "$f58" "$(echo 1234 | flux job id -t f58)"
expect_exit 1 flux job id bogus/x 2>err
expect_equal 'flux-job: bogus/x: not a job id' "$(cat err)"
expect_exit 1 flux job id --to=bogus 1 2>err
expect_equal 'flux-job: --to=bogus: not a form of ids' "$(cat err)"
END

test_case 'attach: output so far, --tail, --show-events, exit code' <<'END'
in_flux <<'EOS'
id=$(flux submit --wait sh -c 'for i in 1 2 3; do echo $i; sleep 0.05; done; exit 7') || true
rc=0; flux job attach $id >all 2>err || rc=$?; [ $rc -eq 7 ]
rc=0; flux job attach --tail=1 $id >tail 2>/dev/null || rc=$?; [ $rc -eq 7 ]
rc=0; flux job attach -EX $id >/dev/null 2>events || rc=$?
flux job attach --show-status $id >/dev/null 2>status || true
flux job attach -w submit $id >early 2>/dev/null || true
rc=0; flux job attach 0x1234 2>none || rc=$?; [ $rc -eq 1 ]
EOS
expect_equal "$(printf '1\n2\n3')" "$(cat all)"
expect_equal 3 "$(cat tail)"
expect_in_file '^0\.000s: job\.submit \{' events
expect_in_file 's: exec\.shell\.init \{' events
expect_in_file 's: job\.clean' events
expect_equal 'flux-job: task(s) exited with exit code 7' "$(cat err)"
expect_equal 'flux-job: 0x1234: no such job' "$(cat none)"
for word in submitted 'resolving dependencies' 'waiting for resources' starting started; do
    expect_in_file "$word +00:00:0" status
done
END

test_case 'several attach at once and all see the output' <<'END'
in_flux <<'EOS'
id=$(flux submit sh -c 'sleep 0.3; echo to all')
for i in 1 2 3 4 5; do flux job attach $id >out.$i & done
wait
EOS
for i in 1 2 3 4 5; do expect_equal 'to all' "$(cat out.$i)"; done
END

test_case 'eventlog, wait-event: formats, matching, time-out' <<'END'
in_flux <<'EOS'
id=$(flux submit --wait true)
flux job eventlog $id >raw
flux job eventlog -f json $id >json
flux job eventlog -H --color=never $id >human
flux job eventlog -T offset $id >offset
flux job eventlog -T iso $id >iso
flux job eventlog -p exec $id >exec
flux job eventlog -p output -f json $id >output
flux job wait-event -v $id clean >verbose
flux job wait-event -m status=0 $id finish >match
rc=0; flux job wait-event -m status=1 $id finish 2>never || rc=$?; [ $rc -eq 1 ]
held=$(flux submit --urgency=hold true)
rc=0; flux job wait-event -t 0.1s $held start 2>timeout || rc=$?; [ $rc -eq 1 ]
flux cancel $held
EOS
expect_match '^[0-9]+\.[0-9]{6} submit userid=' "$(head -n1 raw)"
expect_equal '"clean"' "$(tail -n1 json | grep -o '"clean"')"
expect_match '^\[[A-Z][a-z]{2}[0-9]{2} [0-9]{2}:[0-9]{2}\] submit' "$(head -n1 human)"
expect_match '^0\.000000 submit' "$(head -n1 offset)"
expect_match '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T' "$(head -n1 iso)"
expect_in_file 'shell.start' exec
expect_in_file '"header"' output
expect_in_file submit verbose
expect_in_file 'finish status=0' match
expect_match "event 'finish' never received" "$(cat never)"
expect_match "wait-event timeout on event 'start'" "$(cat timeout)"
END

test_case 'raise, cancel, kill: notes, severity, what can not be' <<'END'
in_flux <<'EOS'
a=$(flux submit sleep 300); b=$(flux submit sh -c 'trap "exit 9" USR1; while :; do sleep 0.05; done')
flux job wait-event -q $a start; flux job wait-event -q $b start
flux job raise -s 3 -t note $a just a note
flux job cancel -m 'not needed' $a
sleep 0.3; flux job kill -s USR1 $b
rc=0; flux job status -v $a 2>status || rc=$?; echo $rc >rc
flux job eventlog $a >log
rc=0; flux job status $b || rc=$?; [ $rc -eq 9 ]
rc=0; flux job kill $b 2>gone || rc=$?; [ $rc -eq 1 ]
rc=0; flux cancel $a 2>inactive || rc=$?; [ $rc -eq 1 ]
rc=0; flux job kill -s NOPE $b 2>nosig || rc=$?; [ $rc -eq 1 ]
rc=0; flux job cancel 2>noid || rc=$?; [ $rc -eq 1 ]
EOS
expect_in_file 'exception type="note" severity=3 note="just a note"' log
expect_in_file 'exception type="cancel" severity=0 note="not needed"' log
[ "$(cat rc)" -gt 0 ]
expect_equal 'flux-job: --signal=NOPE: not a signal' "$(cat nosig)"
expect_equal 'flux-job: a job id is needed' "$(cat noid)"
expect_equal 1 "$(wc -l <gone)"
expect_equal 1 "$(wc -l <inactive)"
END

test_case 'the *all forms say what they would do' <<'END'
in_flux <<'EOS'
flux submit --cc=1-2 sleep 300 >/dev/null
flux submit --urgency=0 true >/dev/null
flux cancel -n --all 2>dry
flux cancel -S pending 2>pending
flux job cancelall 2>would
flux job raiseall -s7 note hello 2>raise
flux job cancelall -f 2>done
flux queue drain
flux cancel --all 2>none
flux cancel --all --quiet 2>quiet
rc=0; flux cancel --all f1 2>both || rc=$?; [ $rc -eq 1 ]
rc=0; flux cancel 2>nojobs || rc=$?; [ $rc -eq 1 ]
EOS
expect_equal 'flux-cancel: Would cancel 3 jobs' "$(cat dry)"
expect_equal 'flux-cancel: Canceled 1 job (0 errors)' "$(cat pending)"
expect_equal 'flux-job: Command matched 2 jobs (-f to confirm)' "$(cat would)"
expect_equal 'flux-job: Command matched 2 jobs (-f to confirm)' "$(cat raise)"
expect_equal 'flux-job: Canceled 2 jobs (0 errors)' "$(cat done)"
expect_equal 'flux-cancel: Matched 0 jobs' "$(cat none)"
[ ! -s quiet ]
expect_equal 1 "$(wc -l <both)"
END

test_case 'info: keys, --base, what is not there' <<'END'
in_flux <<'EOS'
id=$(flux submit --wait -n1 true)
for key in jobspec R eventlog guest.exec.eventlog guest.output; do flux job info $id $key >key.$key; done
flux job info --base $id R >/dev/null
expect_equal 1 "$(flux job info $id R | jq .execution.nslots)"
rc=0; flux job info $id nokey 2>nokey || rc=$?; [ $rc -eq 1 ]
rc=0; flux job info f9999 R 2>nojob || rc=$?; [ $rc -eq 1 ]
rc=0; flux job info $id 2>one || rc=$?; [ $rc -eq 1 ]
EOS
expect_in_file '"R_lite"' key.R
expect_in_file '"clean"' key.eventlog
expect_match 'has no nokey' "$(cat nokey)"
expect_equal 1 "$(wc -l <nojob)"
expect_equal 1 "$(wc -l <one)"
END

test_case 'urgency, memo, timeleft, last, list-ids, purge, stats, namespace' <<'END'
in_flux <<'EOS'
id=$(flux submit --urgency=0 --begin-time=+1h -t 1h true)
flux job urgency -v $id 5 2>old
flux job urgency -v $id hold 2>old2
rc=0; flux job urgency $id 99 2>bad || rc=$?; [ $rc -eq 1 ]
flux job memo $id note.text=hello n=3
flux jobs -no '{annotations.user.note.text} {annotations.user.n}' >memo
rc=0; flux job timeleft $id 2>notrunning || rc=$?; [ $rc -eq 1 ]
flux job last >last; echo $id >id
flux job list-ids $id >list
flux job list >ids.list; flux job list -A --states=run >>ids.list; flux job list --states=run >none.list
rc=0; flux job list --states= 2>states || rc=$?; [ $rc -eq 1 ]
rc=0; flux job raiseall --states= test 2>>states || rc=$?; [ $rc -eq 1 ]
rc=0; flux job id </dev/null 2>>states || rc=$?; [ $rc -eq 1 ]
run=$(flux submit -t 10m sleep 300); flux job wait-event -q $run start
flux job timeleft -H $run >left
flux job timeleft $run >seconds
flux job timeleft >instance; flux job timeleft -H >>instance
flux alloc -n1 -t 5m 'flux job timeleft; flux run -t 1m flux job timeleft' >nested 2>/dev/null
flux cancel --all 2>/dev/null; flux queue drain
flux job list-inactive --since=1.5 -c 2 >ended
flux job purge --num-limit=0 >would
flux job purge -f --num-limit=0 >purged
flux job stats >stats
flux job namespace $id >ns
EOS
expect_match 'job held' "$(cat old)"
expect_equal '4294967295 infinity' "$(xargs <instance)"
expect_match '^29[0-9] 5[0-9]$' "$(xargs <nested)"
expect_match 'old urgency: 5' "$(cat old2)"
expect_match '^flux-job: 99: not an urgency' "$(cat bad)"
expect_equal 'hello 3' "$(cat memo)"
expect_equal "$(cat id)" "$(cat last)"
expect_in_file '"state"' list
expect_equal "$(cat list list)" "$(cat ids.list)"
expect_equal '2 0' "$(wc -l <ended) $(wc -l <none.list)"
expect_equal 'flux-job: --states: no state is given
flux-job: --states: no state is given
flux-job: a job id is needed' "$(cat states)"
expect_match '^(9\.[0-9]+|10)m$' "$(cat left)"
[ "$(cat seconds)" -gt 590 ] && [ "$(cat seconds)" -le 600 ]
expect_equal 'use --force to purge 3 of 3 inactive jobs' "$(cat would)"
expect_equal 'purged 3 inactive jobs, 0 remaining' "$(cat purged)"
expect_in_file '"inactive_purged": ?3' stats
END

test_case 'wait: 1 for a job that failed, 2 when none is left; timeleft of one that has ended' <<'END'
in_flux <<'EOS'
good=$(flux submit --flags=waitable true)
flux job wait >any; echo "$good" >want
bad=$(flux submit --flags=waitable sh -c 'exit 3')
rc=0; flux job wait $bad 2>err || rc=$?; echo "failed $rc" >codes
rc=0; flux job wait $bad 2>>err || rc=$?; echo "again $rc" >>codes
rc=0; flux job wait 2>>err || rc=$?; echo "none $rc" >>codes
plain=$(flux submit true)
rc=0; flux job wait $plain 2>>err || rc=$?; echo "plain $rc" >>codes
flux submit --quiet --cc=1-3 --flags=waitable true
flux job wait --all; echo "all $?" >>codes
flux submit --quiet --cc=0-2 --flags=waitable sh -c 'exit {cc}'
rc=0; flux job wait --all 2>>err || rc=$?; echo "some $rc" >>codes
held=$(flux submit --urgency=hold --flags=waitable true) # for one of two who wait
flux job wait >>any2 2>>err2 & flux job wait >>any2 2>>err2 &
rc=0; wait -n || rc=$?; echo "surplus $rc" >>codes
flux job urgency $held default
rc=0; wait || rc=$?; expect_equal "$held" "$(cat any2)"
expect_equal 'flux-job: there are no more waitable jobs' "$(cat err2)"
held=$(flux submit --urgency=hold --flags=waitable true) # and for one of two who wait for it
flux job wait $held 2>>err3 & p=$!; flux job wait $held 2>>err3 &
rc=0; wait -n $p $! || rc=$?; echo "same $rc" >>codes
flux job urgency $held default; wait
expect_equal 1 "$(wc -l <err3)"
flux job wait-event -q $plain clean
flux job timeleft $plain >left
run=$(flux submit sleep 300); flux job wait-event -q $run start
flux job timeleft $run >>left
flux job timeleft -H $run >>left
flux cancel $run
EOS
expect_equal "$(cat want)" "$(cat any)"
expect_equal 'failed 1
again 2
none 2
plain 2
all 0
some 1
surplus 2
same 2' "$(cat codes)"
expect_equal "0
4294967295
infinity" "$(cat left)"
expect_equal 1 "$(grep -c 'there are no more waitable jobs' err)"
expect_equal 2 "$(grep -c 'the job is not waitable' err)"
END

test_case 'last: how many, slices' <<'END'
in_flux <<'EOS'
flux submit --urgency=0 --cc=1-5 true >ids
flux job last >one; flux job last 3 >three
for s in '[:]' '[1:2]' '[-1:]' '[::2]' '[::-1]' '[9:]' '[:-3]'; do flux job last "$s" >"s$s" 2>/dev/null || : >"s$s"; done
rc=0; flux job last x 2>bad || rc=$?; [ $rc -eq 1 ]
rc=0; flux job last '[1]' 2>bad2 || rc=$?; [ $rc -eq 1 ]
flux cancel --all 2>/dev/null
EOS
tac ids >new
expect_equal "$(head -n1 new)" "$(cat one)"
expect_equal "$(head -n3 new)" "$(cat three)"
expect_equal "$(cat new)" "$(cat 's[:]')"
expect_equal "$(sed -n 2p new)" "$(cat 's[1:2]')"
expect_equal "$(tail -n1 new)" "$(cat 's[-1:]')"
expect_equal "$(sed -n '1p;3p;5p' new)" "$(cat 's[::2]')"
expect_equal "$(cat ids)" "$(cat 's[::-1]')"
expect_equal "" "$(cat 's[9:]')"
expect_equal "$(head -n2 new)" "$(cat 's[:-3]')"
expect_equal 'flux-job: x: not a number and not a slice like [:N]' "$(cat bad)"
expect_match 'slice' "$(cat bad2)"
END

test_case 'taskmap: of a job and as written, in every form' <<'END'
in_flux -s2 --test-hosts=n0,n1 <<'EOS'
id=$(flux submit --wait -N2 -n4 true)
flux job taskmap $id >map
for to in raw pmi hosts multiline; do flux job taskmap --to=$to $id >map.$to; done
flux job taskmap --taskids=1 $id >ids; flux job taskmap --nodeid=3 $id >node
flux job taskmap --hostname=0 $id >host; flux job taskmap --ntasks=0 $id >n
flux job taskmap --to=raw "$(cat map.pmi)" >back
rc=0; flux job taskmap --nodeid=9 $id 2>range || rc=$?; [ $rc -eq 1 ]
rc=0; flux job taskmap --to=hosts 0-1 2>nohosts || rc=$?; [ $rc -eq 1 ]
EOS
expect_equal '[[0,2,2,1]]' "$(cat map)"
expect_equal '0-1;2-3' "$(cat map.raw)"
expect_equal "$(printf 'n0: 0-1\nn1: 2-3')" "$(cat map.hosts)"
expect_equal '2-3 1 n0 2' "$(cat ids node host n | xargs)"
expect_equal "$(cat map.raw)" "$(cat back)"
expect_match 'there are only 4 tasks' "$(cat range)"
expect_match 'a job id is needed' "$(cat nohosts)"
END

test_case 'submit of a jobspec from a file and from standard input' <<'END'
flux submit --dry-run --job-name=file true >spec
in_flux <<'EOS'
flux job submit spec >/dev/null
flux job submit <spec >/dev/null
rc=0; echo '{"version": 1}' | flux job submit 2>bad || rc=$?; [ $rc -eq 1 ]
rc=0; flux job submit nofile 2>nof || rc=$?; [ $rc -eq 1 ]
flux queue drain
flux jobs -ano '{name}' >names
EOS
expect_equal "$(printf 'file\nfile')" "$(cat names)"
expect_match '^flux-job: .' "$(cat bad)"
expect_equal 'flux-job: nofile: No such file or directory' "$(cat nof)"
END

test_case 'an interactive pty: size, keys, exit code, detach' <<'END'
in_flux <<'EOS'
(sleep 0.7; echo 'stty size; tty >&2; exit 5'; sleep 1) |
    script -qec 'stty rows 33 cols 99; flux run -o pty.interactive sh; echo rc=$?' /dev/null >screen
(sleep 0.7; printf '\002d'; sleep 0.5) |
    script -qec 'flux run -o pty.interactive sleep 300; echo rc=$?' /dev/null >detach
flux jobs -no '{name}' >left
flux cancel --all 2>/dev/null
EOS
expect_in_file '^33 99' screen
expect_in_file '/dev/pts/' screen
expect_in_file '^rc=5' screen
expect_in_file 'detached from' detach
expect_in_file '^rc=0' detach
expect_equal sleep "$(cat left)"
END

test_case 'hwloc.xmlfile: the topology of the node, or of what the job has of it' <<'END'
in_flux <<'EOS'
flux run -o hwloc.xmlfile sh -c 'cat $HWLOC_XMLFILE; echo $HWLOC_XMLFILE >&2' >all 2>name
flux run -n1 -c1 -o hwloc.xmlfile -o hwloc.restrict sh -c 'cat $HWLOC_XMLFILE' >one
rc=0; flux run sh -c 'test -n "$HWLOC_XMLFILE"' 2>/dev/null || rc=$?; [ $rc -eq 1 ]
EOS
expect_in_file '<topology' all
expect_match '/hwloc.xml$' "$(cat name)"
expect_output "$(nproc)" grep -c 'type="PU"' all
expect_output 1 grep -c 'type="Core"' one
END

test_done

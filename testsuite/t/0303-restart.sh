#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# An instance that goes on where an earlier one ended.

. "$(dirname "$0")/lib.sh"

# start [OPTION...] <<SCRIPT: run a script in an instance; nothing in it reads the script as its input.
start() {
    local script
    script=$(cat)
    timeout -k 5 50 flux start "$@" bash -eu -o pipefail -c "$script" </dev/null
}
# inst FOLDER [OPTION...] <<SCRIPT: the same with this state folder.
inst() {
    local dir=$1
    shift
    start -Sstatedir="$PWD/$dir" "$@"
}
# The same for a script that ends with the death of rank 0.
inst_killed() {
    local rc=0
    inst "$@" || rc=$?
    expect_equal 137 $rc
}
# jobs with their states, by name
states() { flux jobs -a -n -o '{name}={status_abbrev}' | sort | tr '\n' ' '; }
first() { flux jobs -a -n -o '{id.f58plain}' --name="$1" | tail -1; }
wait_clean() {
    local name
    for name; do flux job wait-event -t 30 "$(first "$name")" clean >/dev/null; done
}
export -f states first wait_clean

test_case 'after an orderly end: ended jobs are known, pending ones run, running ones were canceled' <<'END'
inst a <<'EOF'
flux run -n1 --job-name=done sh -c 'echo output of done'
expect_fail flux run --job-name=bad false 2>/dev/null
long=$(flux submit -n1 --job-name=long sleep 1000)
flux job wait-event -t 30 $long start >/dev/null
flux submit --urgency=hold --job-name=held true >/dev/null
flux submit --dependency=afterany:$long --job-name=after --env=-* --env=KEEP=kept sh -c 'echo $KEEP' >/dev/null
flux submit --dependency=afterok:$long --job-name=never true >/dev/null
flux submit --begin-time=+1h --job-name=later true >/dev/null
flux job memo $(first held) text=remembered
flux submit --urgency=hold -t 1m --job-name=changed true >/dev/null
flux update $(first changed) duration=5m
[ "$(states)" = "after=D bad=F changed=S done=CD held=S later=D long=R never=D " ]
flux jobs -a -n -o '{id.dec}' | sort >ids
EOF
inst a <<'EOF'
wait_clean after
[ "$(states)" = "after=CD bad=F changed=S done=CD held=S later=D long=CA never=F " ]
[ "$(flux job attach $(first done))" = 'output of done' ]
[ "$(flux job attach $(first after))" = kept ]
[ "$(flux jobs -n -o '{annotations.user.text}' $(first held))" = remembered ]
[ "$(flux jobs -n -o '{duration}' $(first changed))" = 300.0 ]
flux jobs -n -o '{exception.type}: {exception.note}' $(first long) | grep 'cancel: the instance is shutting down'
flux jobs -n -o '{exception.type}: {exception.note}' $(first never) | grep '^dependency: '
flux job info $(first bad) eventlog | grep '"finish".*"status":256'
flux job eventlog $(first held) | grep flux-restart
flux job urgency $(first held) default
wait_clean held
new=$(flux submit true | xargs flux job id --to=dec)
[ $new -gt $(tail -1 ids) ]
expect_fail grep -x $new ids
EOF
END

test_case 'after kill -9 of rank 0: the last checkpoint, and no job id twice' <<'END'
inst_killed k <<'EOF'
flux run --job-name=done true
flux submit -n1 --job-name=long sleep 1000 >/dev/null
flux job wait-event -t 30 $(first long) start >/dev/null
flux submit --urgency=hold --job-name=held true >/dev/null
flux kvs put --sync x=1
flux submit --job-name=unseen --urgency=hold true | xargs flux job id --to=dec >unseen
kill -9 $(flux getattr broker.pid)
sleep 60
EOF
inst k <<'EOF'
states | grep -q 'done=CD held=S long=F '
flux jobs -n -o '{exception.type}: {exception.note}' $(first long) |
    grep 'exec: the instance ended while the job ran, and was started again'
wait_clean long
[ $(flux submit true | xargs flux job id --to=dec) -gt $(cat unseen) ]
EOF
END

test_case 'flux startlog knows which one crashed' <<'END'
inst sl <<'EOF'
[ "$(flux startlog | wc -l)" -eq 1 ]
flux startlog --check
EOF
inst_killed sl <<'EOF'
flux kvs put --sync x=1
kill -9 $(flux getattr broker.pid)
sleep 60
EOF
inst sl <<'EOF'
flux startlog | sed -n 2p | grep 'crashed$'
flux startlog | sed -n '3p' | grep ' - running ('
expect_fail flux startlog --check >/dev/null
[ -z "$(flux startlog --quiet)" ]
flux startlog -v | grep "$(flux getattr broker.version)  "
EOF
inst sl <<'EOF'
flux startlog --check --quiet
EOF
END

test_case 'jobs do not sync the disk: a batch for each checkpoint, or some megabytes' <<'END'
printf '{"version":1,"execution":{"R_lite":[{"rank":"0-7","children":{"core":"0-7"}}],"nodelist":["n[0-7]"],"starttime":0,"expiration":0}}' >R8.json
printf '[kvs]\ncheckpoint-period = "1h"\n' >kvs.toml
inst many -Sresource.path=$PWD/R8.json -c kvs.toml <<'EOF'
flux submit --cc=1-2000 --quiet --setattr=exec.test.run_duration=0.001s true
flux queue drain --timeout=50s
n=$(flux module stats content | jq '.batches')
[ $n -le 5 ]
flux kvs put --sync x=1
[ $(flux module stats content | jq '.batches') -gt $n ]
EOF
expect_equal 2000 "$(inst many -Sresource.path=$PWD/R8.json <<<'flux jobs -a -c0 -no "{id}" | wc -l')"
END

test_case 'an instance of several brokers: nothing starts before all are there' <<'END'
inst n --test-size=3 <<'EOF'
flux queue stop --nocheckpoint >/dev/null
flux submit -N3 --job-name=wide hostname >/dev/null
flux submit -N1 --job-name=small hostname >/dev/null
EOF
inst n --test-size=3 <<'EOF'
wait_clean wide small
[ "$(states)" = "small=CD wide=CD " ]
[ "$(flux job attach $(first wide) | wc -l)" -eq 3 ]
EOF
END

test_case 'on fewer nodes: what can never run there fails' <<'END'
inst f --test-size=2 <<'EOF'
flux queue stop --nocheckpoint >/dev/null
flux submit -N2 --job-name=wide true >/dev/null
flux submit -N1 --job-name=small true >/dev/null
EOF
inst f <<'EOF'
wait_clean wide small
[ "$(states)" = "small=CD wide=F " ]
flux jobs -n -o '{exception.type}' $(first wide) | grep -x alloc
EOF
END

test_case 'what was under way: a prolog, an epilog, housekeeping' <<'END'
cat >conf.toml <<EOF
[job-manager.prolog]
command = ["sh", "-c", "[ ! -e $PWD/slow.prolog ] || { touch $PWD/in.prolog; exec sleep 1000; }"]
[job-manager.epilog]
command = ["sh", "-c", "[ ! -e $PWD/slow.epilog ] || { touch $PWD/in.epilog; exec sleep 1000; }; [ ! -e $PWD/in.epilog ] || touch $PWD/again.epilog"]
[job-manager.housekeeping]
command = ["sh", "-c", "[ ! -e $PWD/slow.housekeeping ] || { touch $PWD/in.housekeeping; exec sleep 1000; }"]
EOF
touch slow.housekeeping
printf '{"version":1,"execution":{"R_lite":[{"rank":"0","children":{"core":"0-7"}}],"nodelist":["h0"],"starttime":0,"expiration":0}}' >R.json
inst_killed h -Sresource.path=$PWD/R.json -c conf.toml <<'EOF'
flux submit -n1 --job-name=done true
wait_until 20 [ -e in.housekeeping ]
rm slow.housekeeping
touch slow.epilog
flux submit -n1 --job-name=ending true
wait_until 20 [ -e in.epilog ]
rm slow.epilog
touch slow.prolog
flux submit -n2 --job-name=starting true
wait_until 20 [ -e in.prolog ]
rm slow.prolog
flux kvs sync 2>/dev/null || flux content flush
kill -9 $(flux getattr broker.pid)
EOF
inst h -Sresource.path=$PWD/R.json -c conf.toml <<'EOF'
wait_clean done ending starting
[ "$(states)" = "done=CD ending=CD starting=F " ]
flux jobs -n -o '{exception.type}' $(first starting) | grep -x exec
# what was cut off has ended, killed; the epilog was run again
events () { flux job eventlog -f json $1 | jq -r '.name + (.context | if .status then ":" + (.status | tostring) else "" end)' | xargs; }
expect_match 'epilog-start epilog-finish:9 epilog-start epilog-finish:0 release free clean$' "$(events $(first ending))"
expect_match 'prolog-start prolog-finish:9 exception' "$(events $(first starting))"
[ -e again.epilog ]
[ "$(flux jobs -n -o '{annotations.sched.resource_summary}' $(first done))" = rank0/core0 ]
[ "$(flux resource list -s free -no '{ncores}')" = 8 ]
flux run -n1 true # nothing is held by what is gone
EOF
END

test_case 'jobs of one name with the dependency singleton keep their order' <<'END'
inst s <<'EOF'
flux queue stop --nocheckpoint >/dev/null
for i in 1 2 3; do flux submit --job-name=one --dependency=singleton true >/dev/null; done
EOF
inst s <<'EOF'
for id in $(flux jobs -a -n -o '{id}'); do flux job wait-event -t 30 $id clean >/dev/null; done
[ "$(states)" = "one=CD one=CD one=CD " ]
EOF
END

test_case 'symbolic dependencies hold over a restart' <<'END'
inst sym <<'EOF'
flux submit --urgency=hold --job-name=first --dependency='string:x?type=out' true >/dev/null
flux submit --job-name=second --dependency='string:x?type=in' true >/dev/null
[ "$(states)" = "first=S second=D " ]
EOF
inst sym <<'EOF'
[ "$(states)" = "first=S second=D " ]
flux job urgency $(first first) default
wait_clean first second
[ "$(states)" = "first=CD second=CD " ]
EOF
END

test_case 'what queues were told is remembered' <<'END'
inst q <<'EOF'
flux queue stop -m resting >/dev/null
flux queue disable -m closed >/dev/null
EOF
inst q <<'EOF'
flux queue status | grep 'disabled: closed'
flux queue status | grep 'stopped: resting'
EOF
END

test_case 'drained nodes stay drained; the resource eventlog goes on' <<'END'
inst d --test-size=3 --test-hosts=h[0-2] <<'EOF'
flux resource drain h1 broken fan
flux resource drain 2 other
flux resource undrain 2
EOF
inst d --test-size=3 --test-hosts=h[0-2] <<'EOF'
[ "$(flux resource drain -no '{ranks} {reason}')" = "1 broken fan" ]
flux resource undrain 1
flux resource drain 0 again
EOF
inst d --test-size=3 --test-hosts=h[2,1,0] <<'EOF'
[ "$(flux resource drain -no '{ranks} {reason}')" = "2 again" ]
flux kvs get resource.eventlog | jq -r .name | sort | uniq -c | xargs >out
grep '3 resource-define 3 restart' out
flux kvs get resource.eventlog | jq -c 'select(.name == "drain").context' | head -1 |
    grep -x '{"idset":"1","nodelist":"h1","reason":"broken fan","overwrite":0}'
EOF
END

test_case 'a purged job: its id is not used again' <<'END'
inst p <<'EOF'
flux run true
flux jobs -a -n -o '{id.dec}' >last
flux job purge --force --num-limit=0 >/dev/null
EOF
inst p <<'EOF'
[ "$(flux jobs -a -n | wc -l)" -eq 0 ]
[ $(flux submit true | xargs flux job id --to=dec) -gt $(cat last) ]
EOF
END

test_case 'a job whose eventlog is none is left out, and said' <<'END'
inst b <<'EOF'
flux run --job-name=good true
flux run --job-name=broken true
flux kvs put $(flux job id --to=kvs $(first broken)).eventlog=nonsense$'\n'
EOF
inst b 2>err <<'EOF'
[ "$(states)" = "good=CD " ]
EOF
grep 'job f[^ ]* of the earlier instance is not taken over: ' err
END

test_case 'a state folder has one instance at a time' <<'END'
mkdir one
inst one <<'EOF'
expect_fail flux start -Sstatedir=$PWD/one true 2>err
grep 'is in use by another instance' err
EOF
chmod 777 one
expect_fail inst one </dev/null 2>err; grep 'nobody else may write' err
expect_fail timeout 50 flux start -Sstatedir=/dev/null true 2>err; grep '/dev/null' err
expect_fail timeout 50 flux start -Sstatedir=/nonexistent/folder true 2>err; grep 'No such file' err
END

test_case 'a state folder is made and kept, or removed at will; one in /tmp is not kept' <<'END'
inst made <<'EOF'
[ "$(flux getattr statedir)" = "$PWD/made" ]
EOF
[ -e made/content.lmdb ]
inst made <<'EOF'
[ "$(flux getattr content.backing-path)" = "$PWD/made/content.lmdb" ]
EOF
inst gone -Sstatedir-cleanup=1 </dev/null
[ ! -e gone ]
mkdir -m 1777 sticky
inst sticky <<'EOF'
flux getattr statedir | grep "^$PWD/sticky/flux-"
EOF
[ -z "$(ls sticky)" ]
END

test_case 'flux shutdown --gc: an archive, from which the next instance makes its store' <<'END'
rc=0
inst g <<'EOF' || rc=$?
flux run --job-name=done true
flux submit --urgency=hold --job-name=held true >/dev/null
flux kvs put a.b=1 a.c=2
flux kvs link a.b l
flux shutdown --gc --background
sleep 60
EOF
[ $rc -eq 129 ] # SIGHUP
[ -L g/dump/RESTORE ]
inst g <<'EOF'
[ "$(states)" = "done=CD held=S " ]
[ "$(flux kvs get l)" = 1 ]
flux kvs put a.b=3
EOF
[ ! -e g/dump/RESTORE ] && [ ! -e g/content.lmdb.old ]
inst g <<'EOF'
[ "$(flux kvs get a.b)" = 3 ]
EOF
END

test_case 'kvs.gc-threshold: flux shutdown asks' <<'END'
rc=0
inst gt --conf=kvs.gc-threshold=3 <<'EOF' || rc=$?
flux config get kvs.gc-threshold | grep -x 3
for i in 1 2 3 4 5; do flux kvs put k=$i; done
expect_fail flux shutdown --background </dev/null 2>err
grep 'more than 3 commits (kvs.gc-threshold)' err
flux shutdown --background --yes
sleep 60
EOF
[ $rc -eq 129 ] && [ -L gt/dump/RESTORE ]
for word in 2 -1s '{}'; do
    expect_fail flux start --conf="kvs.checkpoint-period=$word" true 2>err; expect_in_file 'kvs.checkpoint-period' err
done
flux start --conf=kvs.checkpoint-period=1h sh -c '
    ! echo "{\"kvs\":{\"gc-threshold\":0}}" | flux config load 2>/dev/null && flux config get kvs' | grep 1h
END

test_case 'content.dump and content.restore: to another folder, or to none' <<'END'
timeout 50 flux start -Scontent.dump=$PWD/x.tgz bash -c '
    flux run --job-name=done true; flux submit --urgency=hold --job-name=held true; flux kvs put k=v' >/dev/null
start -Scontent.restore=$PWD/x.tgz <<'EOF'
[ "$(states)" = "done=CD held=S " ]
[ "$(flux kvs get k)" = v ]
EOF
inst other -Scontent.restore=$PWD/x.tgz <<'EOF'
[ "$(states)" = "done=CD held=S " ]
EOF
inst other <<'EOF'
[ "$(states)" = "done=CD held=S " ]
EOF
END

test_case 'a restore that fails leaves the store as it was' <<'END'
head -c 300 x.tgz >bad.tgz
expect_fail inst other -Scontent.restore=$PWD/bad.tgz </dev/null 2>err
grep 'flux restore .*bad.tgz failed' err
expect_fail inst other -Scontent.restore=$PWD/absent.tgz </dev/null 2>err
grep 'absent.tgz: No such file' err
inst other <<'EOF'
[ "$(states)" = "done=CD held=S " ]
EOF
END

test_case 'flux start --recovery: a folder or an archive, and nothing runs' <<'END'
for target in other x.tgz; do
    start --recovery=$target <<'EOF'
[ "$(states)" = "done=CD held=S " ]
flux job urgency $(first held) default
flux resource list -s down -no '{ncores}' | grep -vx 0
[ "$(states)" = "done=CD held=S " ]
EOF
done
expect_fail flux start --recovery=absent true 2>err; grep absent err
expect_fail flux start --recovery -v true 2>err # of the system instance
[ -e /var/lib/flux ] || grep /var/lib/flux err
expect_fail flux start --recovery=other --test-size=2 true 2>err; grep 'one broker' err
inst other <<'EOF'
wait_clean held
EOF
END

test_case 'a full disk: the instance works on, and the next one has a state that is whole' <<'END'
unshare -rm true 2>/dev/null || exit 0 # no user namespaces here
mkdir full
head -c 30000000 /dev/urandom >big
cat >script <<'EOF'
flux run --job-name=done true
flux kvs put --sync before=1
expect_fail flux kvs put --sync --raw big=- <../big 2>../err
grep 'No space left on device' ../err
flux kvs get --raw big | wc -c | grep -x 30000000
flux run --job-name=later true
flux kvs unlink big
EOF
unshare -rm bash -c 'mount -t tmpfs -o size=8m none full && cd full && mkdir -m 700 st &&
    timeout 50 flux start -Sstatedir=$PWD/st bash -eu -o pipefail ../script;
    timeout 50 flux start -Sstatedir=$PWD/st bash -eu -c "[ \$(flux kvs get before) = 1 ]; states"' >out
cat out
grep 'done=CD' out
END

test_case 'flux content gc on a disk that is full: the store is as it was' <<'END'
unshare -rm true 2>/dev/null || exit 0
mkdir -p full
cat >script <<'EOF'
for k in first second; do head -c 2500000 /dev/urandom | tee ../$k | flux kvs put --sync --raw $k=-; done
expect_fail flux content gc 2>../err
grep -q 'No space left on device' ../err
flux kvs dropcache; flux content dropcache
flux kvs put --sync three=3
EOF
unshare -rm bash -c 'mount -t tmpfs -o size=8m none full && cd full && mkdir -m 700 st &&
    timeout 50 flux start -Sstatedir=$PWD/st bash -eu -o pipefail ../script &&
    timeout 50 flux start -Sstatedir=$PWD/st bash -eu -c "flux kvs get --raw first | cmp - ../first
        flux kvs get --raw second | cmp - ../second; flux kvs get three"; ls st' >out
cat out
expect_equal '3 content.lmdb content.lmdb-lock lock' "$(xargs <out)"
END

test_done

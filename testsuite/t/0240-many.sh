#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# What could hurt an instance: many jobs and many who watch them, a disk that is full, jobs that do
# not want to end, processes without end. It goes on and says what happened.

. "$(dirname "$0")/lib.sh"


# 64 nodes of 64 cores
printf '{"version":1,"execution":{"R_lite":[{"rank":"0-63","children":{"core":"0-63"}}],"nodelist":["n[0-63]"],"starttime":0,"expiration":0}}' >R.json

in_flux ()
{
    cat >script
    flux start "$@" bash -eu script
}

# program NAME <source: with the library for users
program ()
{
    cat >$1.c
    compile_client "$1"
}

# watch_many ID N: N watchers of one job on one connection; prints how many saw its end
program watch_many <<'END'
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/core.h>

static int ended;

static void event_cb (flux_future_t *f, void *arg)
{
    const char *event;

    if (flux_job_event_watch_get (f, &event) < 0) {
        ended += errno == ENODATA;
        flux_future_destroy (f);
        return;
    }
    flux_future_reset (f);
}

int main (int argc, char **argv)
{
    flux_t *h = flux_open (NULL, 0);
    flux_jobid_t id;

    if (!h || argc < 3 || flux_job_id_parse (argv[1], &id) < 0)
        return 1;
    for (int i = 0; i < atoi (argv[2]); i++) {
        flux_future_t *f = flux_job_event_watch (h, id, "eventlog", 0);
        if (!f || flux_future_then (f, -1., event_cb, NULL) < 0)
            return 1;
    }
    if (flux_reactor_run (flux_get_reactor (h), 0) < 0)
        return 1;
    printf ("%d\n", ended);
    flux_close (h);
    return 0;
}
END

test_case '1,000 watchers of a job, and 200 commands' <<'END'
in_flux <<'EOS'
id=$(flux submit sleep 1000)
flux job wait-event -t 30 $id start
./watch_many $id 1000 >out &
pids=
for i in $(seq 200); do
    flux job wait-event $id clean >/dev/null &
    pids="$pids $!"
done
sleep 1
flux cancel $id
for p in $pids; do wait $p; done
wait
expect_equal 1000 "$(cat out)"
EOS
END

test_case '10,000 jobs at once; none is lost; cancel them all' <<'END'
in_flux <<'EOS'
flux queue stop >/dev/null
flux submit --cc=1-10000 --quiet sleep 1000
expect_equal 10000 "$(flux job stats | jq .job_states.sched)"
expect_equal 10000 "$(flux jobs -n -c 0 -o '{id}' | sort -u | wc -l)"
flux cancel --all 2>/dev/null
flux queue drain --timeout=50s
expect_equal 10000 "$(flux job stats | jq .canceled)"
EOS
END

test_case 'a long list: each job once, whatever comes and goes meanwhile' <<'END'
in_flux <<'EOS'
flux submit --cc=1-6000 --quiet --setattr=exec.test.run_duration=0.001s true
flux queue drain
flux jobs -a -n -c 0 -o '{id}' | sort >before
expect_equal 6000 "$(uniq before | wc -l)"
flux submit --cc=1-3000 --quiet --setattr=exec.test.run_duration=0.001s true &
flux jobs -a -n -c 0 -o '{id}' | sort >during
wait
flux queue drain
expect_equal '' "$(uniq -d during)"
expect_equal '' "$(comm -23 before during)"
flux jobs -a -n -c 0 -o '{id}' >during &
flux job purge --force --num-limit=100
wait
expect_equal '' "$(sort during | uniq -d)"
expect_equal 100 "$(flux jobs -a -n -c 0 -o '{id}' | wc -l)"
EOS
END

FLOOD=$top_builddir/testsuite/helpers/wire_flood
[ -x "$FLOOD" ] || make -s -C "$top_builddir" testsuite/helpers/wire_flood >/dev/null 2>&1
test_case 'who asks for many long lists, and reads late, gets them whole; the broker keeps none of it' <<'END'
in_flux <<'EOS'
flux submit --cc=1-3000 --quiet --setattr=exec.test.run_duration=0.001s true
flux queue drain
"$FLOOD" lists 100 >out
expect_equal "300000 jobs" "$(grep jobs$ out)"
"$FLOOD" journal 30 >out
expect_equal "90000 jobs" "$(grep jobs$ out)"
EOS
END

test_case 'a million jobs would fit: what ended is small, and all of it can be read' <<'END'
in_flux -Sresource.path=R.json <<'EOS'
rss () { awk '/^RssAnon/ { print $2 }' "/proc/$(flux getattr broker.pid)/status"; }
submit () { flux submit --cc=1-$1 --quiet --setattr=exec.test.run_duration=0.001s true; flux queue drain; }
submit 25000 # more than what memory is for all jobs
m=$(rss)
submit 20000
per_job=$((($(rss) - m) * 1024 / 20000))
[ $per_job -lt 2048 ] || { echo "$per_job bytes per finished job"; exit 1; }
id=$(flux jobs -a -n -c 0 -o '{id}' | tail -n 1) # the first of all
expect_match 'clean' "$(flux job eventlog $id)"
expect_equal '"1"' "$(flux job info $id J | cut -d. -f2 | base64 -d | jq .attributes.system.environment.FLUX_JOB_CC)"
expect_equal '["true"]' "$(flux job info $id jobspec | jq -c '.tasks[0].command')"
flux queue stop >/dev/null
m=$(rss)
flux submit --cc=1-10000 --quiet --env=LONG="$(head -c 3000 /dev/zero | tr '\0' x)" true
per_job=$((($(rss) - m) * 1024 / 10000))
[ $per_job -lt 4096 ] || { echo "$per_job bytes per pending job"; exit 1; }
flux job purge --force --num-limit=0
flux cancel --all 2>/dev/null
EOS
END

test_case 'what a job writes without end goes through in bounded memory' <<'END'
in_flux <<'EOS'
size=${T_STDOUT:-96} # MiB
peak () { awk '/^VmHWM/ { printf "%d", $2 / 1024 }' "/proc/$(flux getattr broker.pid)/status"; }
n=$(flux run sh -c "yes 0123456789abcdef0123456789abcdef | head -c ${size}M" | wc -c)
expect_equal $((size * 1048576)) "$n"
[ "$(peak)" -lt 320 ] || { echo "peak of $(peak) MiB"; exit 1; }
# a slow reader holds up the writer, not the broker
flux run sh -c "yes | head -c ${size}M" | (sleep 1; head -c 1000000) >slow || true
[ "$(peak)" -lt 400 ] || { echo "peak of $(peak) MiB with a slow reader"; exit 1; }
flux run --output=big sh -c "yes 0123456789abcdef | head -c ${size}M"
expect_equal $((size * 1048576)) "$(wc -c <big)"
EOS
END

test_case 'who attaches late, and reads slowly, gets all of 170 MB, at another broker too' <<'END'
in_flux --test-size=2 --test-hosts='h[0-1]' <<'EOS'
there=$(flux exec -r 1 sh -c 'flux getattr local-uri; flux getattr broker.pid')
far () { FLUX_URI=$(echo "$there" | head -n 1) "$@"; }
line=$(head -c 9999 /dev/zero | tr '\0' x)
id=$(flux submit sh -c "yes $line | head -n 17000")
flux job wait-event -t 50 $id start >/dev/null
(flux job attach $id | (sleep 1; wc -c)) >running
expect_equal 170000000 "$(cat running)"
flux job wait-event -t 50 $id clean >/dev/null
expect_equal 170000000 "$(far flux job attach $id | (sleep 1; wc -c))"
expect_equal 30000000 "$(far flux exec -r 0 sh -c 'yes | head -c 30000000' | (sleep 0.5; wc -c))"
[ "$(awk '/^VmHWM/ { print $2 }' /proc/$(echo "$there" | tail -n 1)/status)" -lt 30000 ] # which holds none of it
[ "$(awk '/^RssAnon/ { print $2 }' /proc/$(flux getattr broker.pid)/status)" -lt 400000 ]
EOS
END

test_case 'a job that ignores SIGTERM ends by SIGKILL' <<'END'
in_flux --conf=exec.kill-timeout=0.3s <<'EOS'
id=$(flux submit --output=out sh -c 'trap "" TERM; echo ready; while :; do sleep 0.1; done')
wait_until 20 grep -q ready out
flux cancel $id
flux job wait-event -t 20 $id clean >/dev/null
expect_match 'finish status=35072$' "$(flux job eventlog $id)"
EOS
expect_fail flux start --conf=exec.kill-timeout=soon true 2>err
expect_match 'exec.kill-timeout: invalid FSD value' "$(cat err)"
END

test_case 'a job whose time is up gets SIGALRM; the signals are configured' <<'END'
in_flux --conf=exec.term-signal=SIGUSR1 --conf=exec.kill-timeout=0.3s --conf=exec.kill-signal=INT <<'EOS'
rc=0; flux run -t 0.3s sleep 300 2>err || rc=$?
expect_equal 142 $rc
expect_in_file 'Alarm clock' err
id=$(flux submit --output=alarmed bash -c 'trap "echo usr1" USR1; trap "echo int; exit 5" INT; echo ready; while :; do sleep 0.05; done')
wait_until 20 grep -q ready alarmed
flux cancel $id
flux job wait-event -t 20 $id clean >/dev/null
expect_equal "ready usr1 int" "$(echo $(grep -v signal alarmed))"
expect_equal CANCELED:5 "$(flux jobs -ano '{status}:{returncode}' $id)"
flux module stats job-exec | jq -c '[.["term-signal"], .["kill-signal"], .["kill-timeout"]]' >stats
expect_equal '["SIGUSR1","SIGINT",0.3]' "$(cat stats)"
EOS
expect_fail flux start --conf=exec.kill-signal=FOO true 2>err
expect_match 'exec.kill-signal: not a signal' "$(cat err)"
END

test_case 'a job that cannot be killed is given up, and its node is drained' <<'END'
in_flux -s2 --conf=exec.kill-timeout=0.05s --conf=exec.max-kill-count=3 <<'EOS'
id=$(flux submit --requires=rank:1 sleep 300)
flux job wait-event -t 20 $id start >/dev/null
spawner=$(flux exec -r1 sh -c 'pgrep -P $PPID flux-shell')
kill -STOP $spawner
flux cancel $id
flux job wait-event -t 20 $id clean >/dev/null
kill -CONT $spawner
expect_equal "1 unkillable user processes for job $id" "$(flux resource drain -no '{ranks} {reason}' | sed 's/job f/job ƒ/')"
expect_equal CANCELED "$(flux jobs -ano '{status}' $id)"
flux run --requires=rank:0 true
EOS
END

# A user of its own has few processes: of 150 the instance takes some ten, and the bomb gets the rest.
case_if '[ $(id -u) = 0 ]' 'needs root' -- 'a fork bomb at the limit of its user: the instance goes on, and nothing is left' <<'END'
mkdir -m 777 -p bomb
cat >bomb/script <<'EOS'
mine () { cat /proc/[0-9]*/status 2>/dev/null | grep -c "^Uid:.$(id -u)[^0-9]"; }
count0=$(mine)
cat >bomb.sh <<'EOB'
bomb () { bomb 2>/dev/null & bomb 2>/dev/null & sleep 100; }
bomb
EOB
id=$(flux submit -n1 --rlimit=nproc=150 --output=bomb.out --error=/dev/null bash bomb.sh)
wait_until 30 bash -c "[ \$(flux exec -r 0 sh -c 'cat /proc/[0-9]*/status 2>/dev/null' | grep -c '^Uid:.60003[^0-9]') -ge 120 ]"
flux jobs -n -o '{state}' $id >state          # the instance answers,
expect_equal RUN "$(cat state)"
timeout 20 flux run -n1 echo other >other || true # another job may get no process, and then says so
flux cancel $id
flux job wait-event -t 30 $id clean >/dev/null
wait_until 20 bash -c '[ $(cat /proc/[0-9]*/status 2>/dev/null | grep -c "^Uid:.60003[^0-9]") -le '$((count0 + 4))' ]'
expect_equal after "$(flux run -n1 echo after)"
EOS
cd bomb
setpriv --reuid=60003 --regid=60003 --clear-groups env HOME=/ timeout -k 5 50 flux start bash -eu script
END

test_case 'hundreds of processes of a job are gone with it' <<'END'
export TAG=$$
in_flux <<'EOS'
cat >bomb.sh <<'EOB'
n=0
while [ $n -lt 400 ]; do
    (exec sleep 1000.$TAG) &
    n=$((n + 1))
done
echo spawned
sleep 1000
EOB
id=$(flux submit --output=out bash bomb.sh)
wait_until 30 grep -q spawned out
flux cancel $id
flux job wait-event -t 30 $id clean >/dev/null
left=$(ps -eo args | grep -c "^sleep 1000.$TAG" || true)
expect_equal 0 "$left"
flux run true
EOS
END

case_if '[ "$(id -u)" -eq 0 ] && unshare -m true' 'needs root' -- 'a disk that is full: the instance goes on' <<'END'
mkdir small
cat >inner.sh <<'EOS'
mount -t tmpfs -o size=3m none small
flux start -Sstatedir=$PWD/small bash -eu script
EOS
cat >script <<'EOS'
head -c 100000000 /dev/zero >small/fill 2>/dev/null || true
flux submit --cc=1-200 --quiet true
flux queue drain --timeout=40s
expect_equal 200 "$(flux job stats | jq .successful)"
rm small/fill
flux run echo still there
EOS
unshare -m bash -eu inner.sh >out 2>err || true # what could not be saved is an error at the end
expect_equal 'still there' "$(tail -n 1 out)"
END

test_done

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Prolog, epilog and housekeeping: a site's commands around each job, their failures and time-outs.

. "$(dirname "$0")/lib.sh"

# with CONF [OPTIONS of flux start...] <script
with ()
{
    printf '%s\n' "$1" >conf.toml
    shift
    cat >script
    flux start -c conf.toml "$@" bash -eu script
}

# Names of the events of a job, in one line
events ()
{
    flux job eventlog "$1" | cut -d' ' -f2 | xargs
}

test_case 'prolog before the start, epilog before the release; what they write is logged' <<'END'
with '[job-manager.prolog]
command = ["echo", "to the log"]
[job-manager.epilog]
command = ["true"]' <<'EOS'
id=$(flux submit true)
flux job wait-event -t 30 $id clean >/dev/null
expect_equal "submit validate depend priority alloc prolog-start prolog-finish start finish epilog-start epilog-finish release free clean" "$(events $id)"
expect_match 'prolog-finish description="job-manager.prolog" status=0' "$(flux job eventlog $id)"
logged () { flux dmesg | grep -q 'prolog: rank 0: stdout: to the log'; }
wait_until 10 logged
EOS
END

test_case 'lines that a site does not want in the log' <<'END'
with '[job-manager.prolog]
command = ["sh", "-c", "echo noise 17; echo a word; echo noise >&2; echo end of noise"]
[job-manager.perilog]
log-ignore = ["^noise", "^(some|a) word$"]' <<'EOS'
flux run true
logged () { flux dmesg | grep -q 'prolog: rank 0: stdout: end of noise'; }
wait_until 10 logged
expect_equal '' "$(flux dmesg | grep -E ': (noise|a word)' || true)"
EOS
printf '[job-manager.perilog]\nlog-ignore = ["a(b"]\n' >conf.toml
expect_fail flux start -c conf.toml true 2>err
expect_match 'job-manager.perilog.log-ignore: a\(b: ' "$(cat err)"
printf '[job-manager.perilog]\nlog-ignore = "x"\n' >conf.toml
expect_fail flux start -c conf.toml true 2>err
expect_match 'job-manager.perilog.log-ignore: must be an array of strings' "$(cat err)"
END

test_case 'the command knows the job' <<'END'
out=$PWD/out
with "[job-manager.prolog]
command = [\"sh\", \"-c\", \"echo \$FLUX_JOB_ID \$FLUX_JOB_RANKS \$FLUX_JOB_USERID >>$out\"]" <<'EOS'
id=$(flux submit true)
flux job wait-event -t 30 $id clean >/dev/null
expect_equal "$(flux job id --to=f58plain $id) 0 $(id -u)" "$(cat out)"
EOS
END

test_case 'a prolog that fails: exception, no start, the epilog runs, the node is drained' <<'END'
with '[job-manager.prolog]
command = ["sh", "-c", "exit 3"]
per-rank = true
[job-manager.epilog]
command = ["true"]' <<'EOS'
id=$(flux submit true)
flux job wait-event -t 30 $id clean >/dev/null
expect_match '^submit validate depend priority alloc prolog-start exception epilog-start prolog-finish epilog-finish release free clean$' "$(events $id)"
expect_match 'exception type="prolog" severity=0 note="prolog exited with code=3 on .* \(rank 0\)"' "$(flux job eventlog $id)"
drained () { flux resource drain -no '{reason}' | grep -q "prolog failed for job"; }
wait_until 10 drained
EOS
END

test_case 'an epilog that fails does not change the result of the job' <<'END'
with '[job-manager.epilog]
command = ["sh", "-c", "kill -9 $$"]' <<'EOS'
id=$(flux submit true)
flux job wait-event -t 30 $id clean >/dev/null
flux job attach $id
expect_match 'exception type="epilog" severity=2 note="epilog killed by signal 9' "$(flux job eventlog $id)"
expect_equal CD "$(flux jobs -ano '{status_abbrev}' $id)"
EOS
END

test_case 'time-outs and cancellation end a prolog; one that stays drains its node' <<'END'
with '[job-manager.prolog]
command = ["sleep", "100"]
timeout = "0.2s"' <<'EOS'
id=$(flux submit true)
flux job wait-event -t 30 $id clean >/dev/null
expect_match 'exception type="prolog" severity=0 note="prolog timed out on' "$(flux job eventlog $id)"
EOS
with '[job-manager.prolog]
command = ["sleep", "100"]' <<'EOS'
id=$(flux submit true)
flux job wait-event -t 30 $id prolog-start >/dev/null
flux cancel $id
flux job wait-event -t 30 $id clean >/dev/null
expect_no_match 'type="prolog"' "$(flux job eventlog $id)"
EOS
with '[job-manager.prolog]
command = ["sh", "-c", "trap : TERM; touch ready; while :; do sleep 0.1; done"]
kill-timeout = 0.3' <<'EOS'
id=$(flux submit true)
flux job wait-event -t 30 $id prolog-start >/dev/null
sleep 0.3
flux cancel $id
flux job wait-event -t 30 $id clean >/dev/null
expect_match 'canceled then timed out' "$(flux job eventlog $id)"
drained () { flux resource drain -no '{reason}' | grep -q "prolog canceled then timed out"; }
wait_until 10 drained
EOS
END

test_case 'housekeeping: the job is over, its nodes come back later' <<'END'
with "[job-manager.housekeeping]
command = [\"sh\", \"-c\", \"while [ ! -e $PWD/go ]; do sleep 0.05; done\"]" --test-size=2 <<'EOS'
a=$(flux submit -N2 -x true)
flux job wait-event -t 30 $a clean >/dev/null
b=$(flux submit -N1 true)
expect_equal "$a 2 2" "$(flux housekeeping list -no '{id.f58} {nnodes} {pending.nnodes}')"
expect_equal S "$(flux jobs -no '{status_abbrev}' $b)"
expect_equal '' "$(flux housekeeping list -n -i 7)"
touch go
flux job wait-event -t 30 $b clean >/dev/null
gone () { [ -z "$(flux housekeeping list -n)" ]; }
wait_until 20 gone
EOS
END

test_case 'partial release; housekeeping kill' <<'END'
with "[job-manager.housekeeping]
command = [\"sh\", \"-c\", \"[ \$(flux getattr rank) = 0 ] || exec sleep 100\"]
release-after = \"0\"" --test-size=2 <<'EOS'
a=$(flux submit -N2 -x true)
flux job wait-event -t 30 $a clean >/dev/null
b=$(flux submit -N1 --requires=rank:0 true)
flux job wait-event -t 30 $b clean >/dev/null
c=$(flux submit -N1 --requires=rank:1 true)
first () { expect_equal "1 1" "$(flux housekeeping list -no '{ranks} {pending.ranks}' -i 1)"; }
wait_until 20 first
expect_equal S "$(flux jobs -no '{status_abbrev}' $c)"
expect_fail flux housekeeping kill 2>err
expect_match 'is needed' "$(cat err)"
flux housekeeping kill --jobid=$a
flux job wait-event -t 30 $c start >/dev/null
logged () { flux dmesg | grep -q 'housekeeping:.*rank 1: killed by signal 15'; }
wait_until 10 logged
flux housekeeping kill --all
EOS
END

test_case 'a bad configuration is refused with the key' <<'END'
bad ()
{
    expect_fail flux start --conf="$1" true 2>err
    expect_match "$2" "$(cat err)"
}
bad '{"job-manager":{"prolog":{}}}' 'job-manager.prolog: no command specified'
bad '{"job-manager":{"prolog":{"command":"x"}}}' 'job-manager.prolog.command: must be an array'
bad '{"job-manager":{"epilog":{"command":["x"],"timeout":"soon"}}}' 'job-manager.epilog.timeout: invalid FSD'
bad '{"job-manager":{"epilog":{"command":["x"],"what":1}}}' 'job-manager.epilog: .*what'
bad '{"job-manager":{"housekeeping":{"command":["x"],"release-after":"x"}}}' 'housekeeping.release-after: invalid FSD'
END

test_done

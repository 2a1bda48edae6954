#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# The SPANK plugin and its wire-up, with a small program that plays the broker.
. "$(dirname "$0")/lib.sh"
make -s -C "$top_builddir" testsuite/helpers/wire_broker >/dev/null 2>&1
T_BROKER=$top_builddir/testsuite/helpers/wire_broker
PLUGSTACK_ARGS=timeout=3
slurm_up 4

# srun without its own remarks on how tasks ended
quiet_srun () { as_user srun --quiet "$@"; }

test_case 'every broker learns its parent, the hosts and the instance' <<'END'
as_user env WIRE_BROKER_VERBOSE=1 srun --flux -N4 true 2>err
for i in 1 2 3; do
    expect_in_file "^broker $i n$((i + 1)) n\[1-4\] [0-9a-f]{32}$" err
done
expect_equal 1 "$(awk '/^broker/ { print $5 }' err | sort -u | wc -l)"
expect_in_file '^jobid [0-9]+$' err
END

test_case 'one node needs no wire-up' <<'END'
expect_equal n1 "$(as_user srun --flux -N1 -w n1 hostname)"
END

test_case 'the program runs once, and its exit code is the exit code of srun' <<'END'
expect_equal once "$(as_user srun --flux -N4 echo once)"
for code in 0 1 3 77 126; do
    expect_exit $code quiet_srun --flux -N2 sh -c "exit $code"
done
END

test_case 'death by a signal is the death of the step' <<'END'
expect_exit 137 quiet_srun --flux -N2 sh -c 'kill -KILL $$' # as with plain srun
expect_exit 139 quiet_srun --flux -N1 sh -c 'ulimit -c 0; kill -SEGV $$'
expect_exit 139 quiet_srun -N1 sh -c 'ulimit -c 0; kill -SEGV $$'
END

test_case 'standard input and output are exact to the byte' <<'END'
head -c 3000000 /dev/urandom >in
as_user srun --flux -N4 cat <in >out
expect_same_file in out
expect_equal "$(md5sum <in)" "$(as_user srun --flux -N4 -n8 md5sum <in)"
END

test_case 'more tasks than nodes: one program, and all of its input' <<'END'
head -c 1000000 /dev/urandom >in
as_user srun --flux -N2 -n8 --overcommit sh -c 'echo once >&2; sleep 0.5; cat' <in >out 2>err
expect_same_file in out
expect_equal once "$(cat err)"
expect_exit 5 quiet_srun --flux -N2 -n8 --overcommit sh -c 'sleep 0.3; exit 5'
END

test_case 'the extra tasks leave when the broker does, and hear no signal' <<'END'
as_user srun --flux -N1 -n4 --overcommit sh -c 'trap "echo got; exit 0" USR1; echo up; while :; do sleep 0.1; done' >out &
wait_until 10 expect_in_file up out
# Slurm drops a signal to a step whose tasks it is still starting, though the first is up.
signalled () { as_user scancel --signal=USR1 --me; sleep 0.2; expect_in_file got out; }
wait_until 20 signalled
wait_until 20 expect_fail kill -0 $! || { user_processes; exit 1; }
wait $! || exit 1
wait_until 5 no_user_processes
END

test_case '--pty gives the program a terminal' <<'END'
script -qec "exec timeout --foreground 20 '$CLUSTER' -d '$CLUSTER_DIR' as - srun --flux -N2 --pty sh -c 'test -t 0 && test -t 1 && echo terminal'" /dev/null >out </dev/null
expect_in_file 'terminal' out
END

test_case '--export=NONE does not cut the nodes off' <<'END'
expect_output yes as_user srun --export=NONE --flux -N2 /bin/echo yes
END

test_case 'attributes arrive, the last of a name wins' <<'END'
as_user env WIRE_BROKER_VERBOSE=1 srun --flux -N2 --flux-fanout=16 --flux-statedir=/tmp/x \
    --flux-attr=a.b=1 --flux-attr=c="x = y" --flux-attr=a.b=2 true 2>err
expect_in_file '^attr tbon.topo=kary:16$' err
expect_in_file '^attr statedir=/tmp/x$' err
expect_in_file '^attr c=x = y$' err
expect_in_file '^attr a.b=2$' err
expect_no_match '^attr a.b=1$' "$(cat err)"
END

test_case 'what describes the step is not in the environment of the program' <<'END'
as_user srun --flux -N2 env >env
expect_no_match '^(SLURM_(PROCID|NODEID|NTASKS|STEP|JOBID|NODELIST|LOCALID|FLUX|SPANK)|SLURMD_|PMI|FLUX_BOOTSTRAP)' "$(cat env)"
expect_in_file '^SLURM_JOB_ID=' env
END

test_case 'bad options are refused by name' <<'END'
expect_fail as_user srun --flux=maybe -N2 true 2>err; expect_in_file maybe err
expect_fail as_user srun --flux --flux-fanout=x -N2 true 2>err; expect_in_file 'flux-fanout=x' err
expect_fail as_user srun --flux --flux-fanout=99999 -N2 true 2>err; expect_in_file 99999 err
expect_fail as_user srun --flux --flux-statedir=here -N2 true 2>err; expect_in_file here err
expect_fail as_user srun --flux --flux-attr=novalue -N2 true 2>err; expect_in_file novalue err
END

test_case 'a broker that dies early: one sentence with its node, and nothing left' <<'END'
for how in 2:die 0:die 3:abort; do
    expect_fail as_user env WIRE_BROKER=$how srun --flux -N4 sh -c 'echo ran' >out 2>err
    expect_in_file "flux: no instance: .*n$((${how%:*} + 1))" err
    expect_equal 1 "$(grep -c 'flux:' err)"
    [ ! -s out ]
    wait_until 10 no_user_processes
done
expect_in_file 'n4: no memory for the test' err
END

test_case 'a broker that hangs: the time-out names its node, and nothing is left' <<'END'
start=$SECONDS
! as_user env WIRE_BROKER=1:hang srun --flux -N4 sh -c 'echo ran' >out 2>err
expect_in_file 'flux: no instance: the broker on n2 did not come up within 3 s' err
[ $((SECONDS - start)) -lt 15 ]
[ ! -s out ]
wait_until 10 no_user_processes
END

test_case 'two instances in one allocation' <<'END'
cat >user/two.sh <<'EOS'
srun --overlap --flux -N4 sh -c 'sleep 0.5; echo one' &
srun --overlap --flux -N2 sh -c 'echo two'
wait
EOS
expect_equal "two one" "$(as_user salloc -Q -N4 sh two.sh | xargs)"
END

test_case 'a step without --flux is as it was' <<'END'
expect_equal "a a a a" "$(as_user srun -N4 echo a | xargs)"
as_user srun -N1 env >env
expect_no_match '^(SLURM_FLUX|FLUX_[^E])' "$(cat env)"
as_user srun -N1 sh -c 'ls -l /proc/self/fd' >with
expect_no_match 'socket' "$(cat with)"
expect_equal "a a" "$(as_user srun --flux=off -N2 echo a | xargs)"
END

# What srun calls with the plugin loaded, and without it.
trace_srun ()
{
    as_user env SLURM_CONF="$CLUSTER_DIR/slurm.$1" strace -f -qq -o "trace.$1" srun -N2 true
    grep -oE '(openat\(AT_FDCWD, |open\()"[^"]*"' "user/trace.$1" | sed 's/.*"\(.*\)"/\1/' |
        sed -E 's#/proc/[0-9]+/#/proc/N/#; s#(slurm|plugstack)\.(conf|none)$#\1.conf#' | sort -u >"opened.$1"
    grep -cE '[ (](listen|execve)\(' "user/trace.$1" >"listens.$1" || :
    # srun's first thread, until it calls slurmctld: nothing runs beside it
    awk 'NR == 1 { pid = $1 } $1 == pid { if (/connect\(.*AF_INET/) exit; n++ } END { print n }' \
        "user/trace.$1" >"calls.$1"
}

case_if 'strace -qq -o /dev/null true' 'strace cannot be used here' -- \
    'srun without --flux opens the plugin, and does nothing else with it' <<'END'
cd "$T_TMP"
echo '# nothing' >"$CLUSTER_DIR/plugstack.none"
sed "s#^PlugStackConfig=.*#PlugStackConfig=$CLUSTER_DIR/plugstack.none#" "$CLUSTER_DIR/slurm.conf" >"$CLUSTER_DIR/slurm.none"
trace_srun conf
trace_srun none
expect_equal "$T_TMP/flux/spank_flux.so" "$(diff opened.none opened.conf | sed -n 's/^[<>] //p')"
expect_same_file listens.none listens.conf
# to open, map and close one file, and to read one line of plugstack.conf
[ $(($(cat calls.conf) - $(cat calls.none))) -le 40 ]
END

test_case 'an inherited ticket does not count' <<'END'
expect_equal "a a" "$(as_user env SLURM_FLUX_TICKET='1 2 1 0 2 99 ab 127.0.0.1' srun -N2 echo a | xargs)"
END

test_case 'the man page has every option and argument' <<'END'
tr -d '\\' <"$top_srcdir/spank/spank_flux.8" | sed 's/f[BIR]//g' >man
as_user srun --help | grep -oE '^ +--flux[a-z-]*' | tr -d ' ' | while read -r opt; do expect_in_file "^$opt" man; done
for arg in $(grep -oE 'arg, "[a-z_]+"' "$top_srcdir/spank/settings.c" | grep -oE '[a-z_]+"' | tr -d '"'); do
    expect_in_file "^$arg=" man
done
expect_equal "" "$(man --warnings -E UTF-8 -l -Tutf8 "$top_srcdir/spank/spank_flux.8" 2>&1 >/dev/null || true)"
END

test_done

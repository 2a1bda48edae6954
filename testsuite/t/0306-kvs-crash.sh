#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# kill -9 of rank 0 at any moment. What is found after it is a state that there was, and with
# kvs.sync-commits all that was acknowledged.
. "$(dirname "$0")/lib.sh"

# work STATE [OPTION...]: an instance that writes without an end; each number in `acked` and each job
# in `jobs` was acknowledged. It is killed when it has acknowledged as many as `until` says, and a
# bit.
cat >writer.sh <<'END'
flux getattr broker.pid >pid
n=$(cat acked 2>/dev/null | tail -1)
while :; do
    n=$((${n:-0} + 1))
    flux kvs put crash.pair.a=$n crash.pair.b=$n crash.seq.k$n=$n && echo $n >>acked
    flux kvs put --append crash.log="$n
" && echo $n >>appended
    id=$(flux submit --urgency=hold --job-name=j$n true) && echo $id >>jobs
done
END
work () # UNTIL SLEEP OPTION...
{
    local until=$1 more=$2 rc=0 have=0
    shift 2
    rm -f pid
    timeout -k 5 50 flux start "$@" bash writer.sh </dev/null >/dev/null 2>&1 &
    for ((i = 0; i < 2000; i++)); do
        [ -e acked ] && have=$(wc -l <acked)
        [ "$have" -ge "$until" ] && break
        sleep .01
    done
    [ "$have" -ge "$until" ]
    sleep "$more"
    kill -9 "$(cat pid)"
    wait $! || rc=$?
    expect_equal 137 $rc
}

# In the instance after: the two keys of a commit are from the same one, the log has each line once.
cat >check.sh <<'END'
set -e
if ! flux kvs get crash.pair.a 2>/dev/null; then # before the first checkpoint
    ! flux kvs ls crash 2>/dev/null
    echo 0 >found
    exit
fi
a=$(flux kvs get crash.pair.a) b=$(flux kvs get crash.pair.b)
[ $a = $b ]
flux kvs get --raw crash.log >log 2>/dev/null || : >log
[ -z "$lossless" ] || comm -23 <(sort appended) <(sort log) | cmp - /dev/null
sort -n log | uniq -d | cmp - /dev/null
[ $(flux kvs get crash.seq.k$a) = $a ]
[ -z "$lossless" ] || [ $(flux kvs ls -1 crash.seq | wc -l) = $a ]
echo $a >found
flux jobs -a -n -o '{id} {state}' >states
END

test_case 'without kvs.sync-commits: a state that there was' <<'END'
rm -f acked appended jobs
for more in 0 .013 .1; do
    work $(($(cat acked 2>/dev/null | wc -l) + 5)) $more -Sstatedir=$PWD/plain --conf=kvs.checkpoint-period=50ms
    timeout -k 5 50 flux start -Sstatedir=$PWD/plain bash check.sh
    tail -1 found >acked # what is lost, is lost
done
END

test_case 'with it: all that was acknowledged is there, also on the third time' <<'END'
rm -f acked appended jobs
for more in 0 .007 .031; do
    work $(($(cat acked 2>/dev/null | wc -l) + 5)) $more -Sstatedir=$PWD/sync \
        --conf=kvs.sync-commits=true --conf=kvs.checkpoint-period=1h
    lossless=yes timeout -k 5 50 flux start -Sstatedir=$PWD/sync bash check.sh
    [ $(cat found) -ge $(tail -1 acked) ]
    for id in $(cat jobs); do
        grep -qx "$id SCHED" states
    done
    # one more may have come through than was acknowledged
    tail -1 found >>acked
done
END

test_case 'a commit is answered when the store has it' <<'END'
timeout -k 5 50 flux start -Sstatedir=$PWD/answer --conf=kvs.sync-commits=true --conf=kvs.checkpoint-period=1h \
    bash -c 'flux kvs put a=1; flux dump -q --checkpoint cp.tar; kill -9 $(flux getattr broker.pid)' || true
expect_equal a "$(tar -tf cp.tar | grep -x a)"
expect_fail timeout -k 5 50 flux start --conf=kvs.sync-commits=yes true 2>err
expect_in_file 'kvs.sync-commits: must be true or false' err
END

test_done

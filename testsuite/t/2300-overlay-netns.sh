#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Brokers' overlays, each in a network namespace of its own on one bridge: kill, stop, cut, lose
# packets, under a load of questions to rank 0 and of events from it. Each question must end, once.
#
#        0            addresses 10.99.0.(1 + rank)
#      1    2
#     3 4  5 6

. "$(dirname "$0")/lib.sh"

. "$T_DIR/netns.sh"

NODE=$top_builddir/testsuite/unit/overlay/overlay_node
[ -x "$NODE" ] || make -s -C "$top_builddir" testsuite/unit/overlay/overlay_node >/dev/null 2>&1
[ -x "$NODE" ] || skip_all "overlay_node is not built"
SIZE=7
netns_up $SIZE
at_end "for f in '$T_TMP'/pid.*; do [ -f \"\$f\" ] && kill -9 \$(cat \"\$f\"); done; true"

start_node () # RANK
{
    ip netns exec "$NS-$1" "$NODE" "$1" $SIZE kary:2 "10.99.0.$(($1 + 1))" "$T_TMP" >>"$T_TMP/out.$1" 2>&1 &
    echo $! >"$T_TMP/pid.$1"
}

# signal NAME RANK...
signal ()
{
    local sig=$1 r
    shift
    for r; do
        kill "-$sig" "$(cat "$T_TMP/pid.$r")"
    done
}

start_all ()
{
    local r
    rm -f "$T_TMP"/{addr,out,pid}.*
    for ((r = 0; r < SIZE; r++)); do start_node $r; done
    wait_until 20 last_is 0 online $SIZE
}

# last_is RANK WORD VALUE: the last line with WORD has this value
last_is ()
{
    [ "$(awk -v w="$2" '$2 == w { v = $3 } END { print v }' "$T_TMP/out.$1")" = "$3" ]
}

# finish RANK...: ask nothing more, wait, end; then all questions of these ranks were answered or
# failed once, and none missed an event
finish ()
{
    local r ok=1 t last
    for r; do [ "$r" = 0 ] || signal USR1 "$r"; done
    for r; do [ "$r" = 0 ] || wait_until 10 grep -q quiet "$T_TMP/out.$r" || true; done
    for ((r = SIZE - 1; r >= 0; r--)); do
        case " $* " in *" $r "*) signal TERM $r ;; esac
    done
    for r; do wait_until 5 grep -q totals "$T_TMP/out.$r"; done
    for r; do
        t=$(grep totals "$T_TMP/out.$r")
        echo "rank $r: ${t#*totals }"
        [[ $t == *" hung=0 twice=0 "* && $t == *" gaps=0 "* ]] || ok=0
        last=${t##* last=}
        [ "$r" = 0 ] || [ "${last%% *}" -gt 100 ] || ok=0
    done
    [ $ok -eq 1 ] || { tail -n 30 "$T_TMP"/out.*; return 1; }
}

# lost and answered: of all that finished
sum () # FIELD
{
    cat "$T_TMP"/out.* | grep -o " $1=[0-9]*" | awk -F= '{ n += $2 } END { print n + 0 }'
}

test_case 'all join, and nothing fails when nothing is wrong' <<'END'
start_all
sleep 1
finish 0 1 2 3 4 5 6
expect_equal 0 "$(sum failed)"
[ "$(sum answered)" -gt 500 ]
END

test_case 'kill -9 of an inner broker under load: its children go to rank 0' <<'END'
start_all
sleep 1
signal KILL 1
wait_until 10 last_is 0 online 6
wait_until 5 last_is 3 parent 0
wait_until 5 last_is 4 parent 0
expect_in_file 'down 1 lost: lost connection' "$T_TMP/out.0"
sleep 1
finish 0 2 3 4 5 6
[ "$(sum failed)" -lt 50 ]
END

test_case 'kill -9 of a leaf: nobody else notices' <<'END'
start_all
sleep .5
signal KILL 6
wait_until 10 last_is 0 online 6
sleep .5
finish 0 1 2 3 4 5
expect_equal 0 "$(sum failed)"
END

test_case 'a killed inner broker comes back' <<'END'
start_all
signal KILL 1
wait_until 10 last_is 0 online 6
rm "$T_TMP/addr.1"
start_node 1
wait_until 10 last_is 0 online 7
wait_until 5 last_is 1 parent 0
sleep 1
finish 0 1 2 3 4 5 6
END

# all_end RANK...
all_end ()
{
    local r start=$EPOCHREALTIME
    for r; do
        wait_until 30 grep -q parent-gone "$T_TMP/out.$r"
        wait_until 5 grep -q ' hung=0 ' "$T_TMP/out.$r"
    done
    awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "all ended after %.1f s\n", b - a }'
}

test_case 'kill -9 of rank 0: all others end soon' <<'END'
start_all
start=$SECONDS
signal KILL 0
all_end 1 2 3 4 5 6
[ $((SECONDS - start)) -le 8 ]
END

# Detected in 3 s, looked for 12 s (heal_timeout), and 6 s more (limits.h) on the next level.
test_case 'the link of rank 0 is cut for good: all others end in time' <<'END'
start_all
start=$SECONDS
link_cut 0
all_end 1 2 3 4 5 6
link_restore 0
signal TERM 0
[ $((SECONDS - start)) -le 24 ]
END

test_case 'a stopped broker is torpid, not lost, and its answers come late' <<'END'
start_all
sleep .5
signal STOP 2
wait_until 10 grep -q 'status 2 .* torpid' "$T_TMP/out.0"
signal CONT 2
wait_until 5 last_is 0 online 7
sleep 1
expect_no_match 'down 2' "$(cat "$T_TMP/out.0")"
finish 0 1 2 3 4 5 6
expect_equal 0 "$(sum failed)"
END

# Nobody is told: data is no longer acknowledged.
test_case 'the link of an inner broker is cut, and restored' <<'END'
start_all
sleep .5
start=$EPOCHREALTIME
link_cut 1
wait_until 15 last_is 0 online 6
wait_until 15 last_is 3 parent 0
wait_until 15 last_is 4 parent 0
awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "healed after %.1f s\n", b - a }'
link_restore 1
wait_until 35 last_is 0 online 7 # TCP tries to connect after 1, 3, 7, 15, 31 s
sleep 1
finish 0 1 2 3 4 5 6
END

test_case 'the link of rank 0 is cut for 5 s: all come back' <<'END'
start_all
sleep .5
link_cut 0
sleep 5
link_restore 0
wait_until 35 last_is 0 online 7
sleep 1
finish 0 1 2 3 4 5 6
END

test_case 'without loss the classifier can be set' <<'END'
lossy $SIZE || echo no >"$T_TMP/lossless"
END
case_if '[ ! -f "$T_TMP/lossless" ]' 'no tc with BPF classifier' -- -t 90 '5 % packet loss: slower, and nothing fails' <<'END'
start_all
sleep 3
finish 0 1 2 3 4 5 6
tc -s -n "$NS-0" qdisc show dev eth0 | grep dropped
expect_equal 0 "$(sum failed)"
END

case_if '[ ! -f "$T_TMP/lossless" ]' 'no tc with BPF classifier' -- -t 90 '5 % packet loss and kill -9 of an inner broker' <<'END'
start_all
sleep 1
signal KILL 1
wait_until 20 last_is 0 online 6
sleep 1
finish 0 2 3 4 5 6
END

test_done

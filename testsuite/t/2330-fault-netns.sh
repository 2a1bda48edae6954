#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# An instance whose brokers have a network namespace each, so that links can be cut and lose packets
# while jobs run: no job may be lost that can be kept, and no request may hang.
#
#        0
#      1    2
#     3 4  5 6

. "$(dirname "$0")/lib.sh"
. "$T_DIR/netns.sh"

[ -x "$top_builddir/shell/broker/flux-broker" ] || skip_all "flux-broker is not built"
LOAD=$top_builddir/testsuite/helpers/rpc_load
[ -x "$LOAD" ] || make -s -C "$top_builddir" testsuite/helpers/rpc_load >/dev/null 2>&1
[ -x "$LOAD" ] || skip_all "rpc_load is not built"
SIZE=7
netns_up $SIZE
cat >"$T_TMP/in-namespace" <<EOF
#!/bin/bash
exec ip netns exec $NS-\$FLUX_BOOTSTRAP_RANK "\$@"
EOF
chmod +x "$T_TMP/in-namespace"

# in_instance: run what comes on stdin in a new instance. A link counts as lost after 2 s without
# acknowledgement.
in_instance ()
{
    cat >inside.sh
    rm -rf rd && mkdir -m 700 rd # killed brokers leave their sockets
    timeout -k 5 80 flux start --test-size=$SIZE --test-rundir="$PWD/rd" --wrap="$T_TMP/in-namespace" -Stbon.topo=kary:2 \
        -Stbon.prefertcp=1 -Stbon.interface-hint=eth0 -Stbon.tcp_user_timeout=2s \
        -Stbon.torpid_min=0.3s bash -eu -o pipefail inside.sh 2>err ||
        { local code=$?; cat err; return $code; }
}

# A job on each node that writes a line every 0.1 s for SECONDS; ids in the file ids
jobs_everywhere () # SECONDS
{
    local r id
    for ((r = 0; r < SIZE; r++)); do
        flux submit -N1 -n1 -c"$(nproc)" bash -c "for ((i = 0; i < ${1}0; i++)); do echo \$i; sleep .1; done"
    done >ids
    for id in $(cat ids); do flux job wait-event -t 10 "$id" start >/dev/null; done
}

job_on () # RANK
{
    local id
    for id in $(cat ids); do
        flux job info "$id" R | grep -qE "\"rank\": *\"$1\"" && echo "$id" && return 0
    done
    return 1
}

# All jobs of the file, but for the one given, end well and have all their output.
all_done () # SECONDS [BUT]
{
    local id bad=0
    seq 0 "$((${1}0 - 1))" >want
    for id in $(cat ids); do
        [ "$id" = "${2:-}" ] && continue
        timeout 40 flux job attach "$id" >got && cmp want got || { echo "job $id: lost"; bad=1; }
    done
    return $bad
}

# load_start RANK...: a hundred requests a second from each of these ranks to each rank
load_start ()
{
    local r
    for r; do
        FLUX_URI=local://$PWD/rd/local-$r "$LOAD" $SIZE "$PWD/stop" >load.$r 2>&1 &
    done
}

# load_end RANK...: stop it; none of the requests may hang or be answered twice
load_end ()
{
    local r bad=0
    touch stop
    for r; do
        wait_until 25 grep -q answered= load.$r || bad=1
        echo "requests from rank $r: $(cat load.$r)"
        [[ $(cat load.$r) == *" hung=0 twice=0 "* ]] || bad=1
    done
    rm stop
    return $bad
}

nodes_down () # N
{
    flux resource list | grep -qE "^ *down +$1 "
}

ping_all ()
{
    local r
    for ((r = 0; r < SIZE; r++)); do
        timeout 5 flux ping -c 1 --rank $r attr >/dev/null || return 1
    done
}

test_case 'brokers reach each other over TCP with CURVE' <<'END'
in_instance <<'EOF'
expect_match '^tcp://10.99.0.1:' "$(flux getattr tbon.endpoint)"
ping_all
EOF
END

# A ping that is under way ends with an error, as soon as the link counts as lost; none hangs.
test_case -t 90 'the link of an inner broker is cut for a moment: no job is lost' <<'END'
in_instance <<'EOF'
jobs_everywhere 10
load_start 0 3 5
link_cut 1
expect_exit 1 timeout 20 flux ping -c 1 --rank 1 attr >/dev/null 2>&1
link_restore 1
wait_until 20 ping_all
all_done 10
load_end 0 3 5
EOF
END

test_case -t 90 'the link of an inner broker is cut for good: its own job fails, no other' <<'END'
in_instance <<'EOF'
jobs_everywhere 12
lost=$(job_on 1)
link_cut 1
flux job wait-event -t 20 $lost exception >exception
link_restore 1
expect_match node-failure "$(cat exception)"
all_done 12 $lost
EOF
END

# In each of these: jobs on all nodes, and requests from some ranks to all, of which none may hang or
# be answered twice. Of the jobs only that of the dead node may be lost.

test_case -t 90 'kill -9 of a leaf under load' <<'END'
in_instance <<'EOF'
jobs_everywhere 4
lost=$(job_on 6)
load_start 0 3
kill -9 $(broker_pid 6)
flux job wait-event -t 20 $lost exception >exception
expect_match node-failure "$(cat exception)"
all_done 4 $lost
load_end 0 3
EOF
END

test_case -t 90 'kill -9 of an inner broker under load, and another one takes its place' <<'END'
in_instance <<'EOF'
jobs_everywhere 6
lost=$(job_on 1)
load_start 0 3 5
kill -9 $(broker_pid 1)
flux job wait-event -t 20 $lost exception >exception
expect_match node-failure "$(cat exception)"
wait_until 20 nodes_down 1
flux overlay rejoin --launch "ip netns exec $NS-1" 1 &
wait_until 20 ping_all
all_done 6 $lost
load_end 0 3 5
expect_equal 7 "$(flux run -N7 echo x | wc -l)"
expect_match '^tcp://10.99.0.1:' "$(flux exec -r 1 flux getattr tbon.parent-endpoint)"
EOF
END

test_case -t 90 'kill -9 of rank 0 under load: all end within 10 s' <<'END'
cat >inside.sh <<'EOF'
for ((r = 0; r < SIZE; r++)); do broker_pid $r; done >pids
jobs_everywhere 30
load_start 3 5
sleep 1
date +%s >killed
kill -9 $(broker_pid 0)
EOF
rm -rf rd && mkdir -m 700 rd
! timeout -k 5 60 flux start --test-size=$SIZE --test-rundir="$PWD/rd" --wrap="$T_TMP/in-namespace" \
    -Stbon.topo=kary:2 -Stbon.prefertcp=1 -Stbon.interface-hint=eth0 --test-exit-timeout=30s bash -eu inside.sh
for p in $(cat pids); do wait_until 15 expect_fail kill -0 $p; done
took=$(($(date +%s) - $(cat killed)))
echo "all brokers ended after $took s"
[ $took -le 10 ]
for r in 3 5; do
    wait_until 20 grep -q answered= load.$r
    cat load.$r
    expect_match '^cut .* hung=0 twice=0 ' "$(cat load.$r)"
done
END

# Its broker goes on with what rank 0 has given up, until rank 0 can tell it.
test_case -t 90 'a node that was cut off for long has nothing left of its lost job' <<'END'
in_instance <<'EOF'
for ((r = 0; r < SIZE; r++)); do
    flux submit -N1 -n1 -c$(nproc) bash -c 'echo $$ >task.$FLUX_JOB_ID; exec sleep 60'
done >ids
for id in $(cat ids); do flux job wait-event -t 10 $id start >/dev/null; done
lost=$(job_on 6)
wait_until 5 test -s task.$lost
link_cut 6
flux job wait-event -t 20 $lost exception >/dev/null
kill -0 $(cat task.$lost)
link_restore 6
wait_until 20 expect_fail kill -0 $(cat task.$lost)
wait_until 20 nodes_down 0
for id in $(cat ids); do
    [ $id = $lost ] || kill -0 $(cat task.$id)
done
flux cancel --all
expect_equal 7 "$(flux run -N7 echo x | wc -l)"
EOF
END

test_case 'can this kernel lose packets for us?' <<'END'
lossy $SIZE && lossless $SIZE || echo no >"$T_TMP/no-loss"
END

case_if '[ ! -f "$T_TMP/no-loss" ]' 'no tc with BPF classifier' -- -t 90 '5 % packet loss: all jobs and pings end well' <<'END'
lossy $SIZE
in_instance <<'EOF'
load_start 0 3
jobs_everywhere 3
ping_all
for i in 1 2 3; do flux run -N7 -n7 echo x | wc -l; done >got
expect_equal "7 7 7" "$(echo $(cat got))"
all_done 3
load_end 0 3
expect_match ' failed=0 ' "$(cat load.3)"
EOF
lossless $SIZE
END

test_done

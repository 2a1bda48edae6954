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

# The pings that are under way end with an error; none hangs.
test_case -t 90 'the link of an inner broker is cut for 4 s: no job is lost' <<'END'
in_instance <<'EOF'
jobs_everywhere 10
link_cut 1
for i in 1 2 3 4; do
    start=$SECONDS
    timeout 20 flux ping -c 1 --rank 3 attr >/dev/null 2>&1 || expect_equal 1 $?
    [ $((SECONDS - start)) -lt 10 ]
    sleep 1
    [ $i = 4 ] || continue
    link_restore 1
done
wait_until 20 ping_all
all_done 10
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

test_case 'can this kernel lose packets for us?' <<'END'
lossy $SIZE && lossless $SIZE || echo no >"$T_TMP/no-loss"
END

case_if '[ ! -f "$T_TMP/no-loss" ]' 'no tc with BPF classifier' -- -t 90 '5 % packet loss: all jobs and pings end well' <<'END'
lossy $SIZE
in_instance <<'EOF'
jobs_everywhere 3
ping_all
for i in 1 2 3; do flux run -N7 -n7 echo x | wc -l; done >got
expect_equal "7 7 7" "$(echo $(cat got))"
all_done 3
EOF
lossless $SIZE
END

test_done

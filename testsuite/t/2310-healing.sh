#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# An instance of seven brokers (kary:2: 0 - {1 - {3 4}, 2 - {5 6}}) of which some are killed while it
# works. Jobs and clients elsewhere must not notice.

. "$(dirname "$0")/lib.sh"

[ -x "$top_builddir/shell/broker/flux-broker" ] || skip_all "flux-broker is not built"
export PATH="$top_builddir/shell/cmd:$PATH"

# in_instance: run what comes on stdin in a new instance of seven
in_instance ()
{
    cat >inside.sh
    rm -rf rd && mkdir -m 700 rd # killed brokers leave their sockets
    timeout -k 5 50 flux start --test-size=7 --test-rundir="$PWD/rd" -Stbon.topo=kary:2 \
        bash -eu -o pipefail inside.sh 2>err ||
        { local code=$?; cat err; return $code; }
}

# ping RANK: one round trip
ping_rank ()
{
    flux ping -c 1 --rank "$1" attr
}

# job_on RANK: the running job that has this rank
job_on ()
{
    local id
    for id in $(cat ids); do
        flux job info "$id" R | grep -qE "\"rank\": *\"$1\"" && echo "$id" && return 0
    done
    echo "no job on rank $1" >&2
    return 1
}

test_case 'rank 1 dies: 3 and 4 are reached by rank 0 itself' <<'END'
in_instance <<'EOF'
for r in 1 3 4 6; do ping_rank $r; done
kill -9 $(broker_pid 1)
wait_until 10 ping_rank 3
wait_until 10 ping_rank 4
ping_rank 2 && ping_rank 5 && ping_rank 6
expect_fail flux ping -c 1 --rank 1 attr
EOF
expect_in_file 'child rank 1 is lost' err
END

test_case 'a job on each node: only the one on the lost node fails' <<'END'
in_instance <<'EOF'
for r in 0 1 2 3 4 5 6; do flux submit -N1 -n1 -c$(nproc) sleep 4; done >ids
for id in $(cat ids); do flux job wait-event -t 10 $id start; done >/dev/null
lost=$(job_on 1)
kill -9 $(broker_pid 1)
flux job wait-event -t 10 $lost exception >exception
expect_match node-failure "$(cat exception)"
for id in $(cat ids); do
    [ $id = $lost ] || expect_exit 0 flux job status $id
done
! flux job status $lost
EOF
END

# What was under way when the link broke is sent again, and taken once.
test_case 'output of jobs below the dead broker is complete and in order' <<'END'
in_instance <<'EOF'
for r in 0 1 2 3 4 5 6; do
    flux submit -N1 -n1 -c$(nproc) bash -c 'for ((i = 0; i < 100000; i++)); do echo $i; done'
done >ids
for id in $(cat ids); do flux job wait-event -t 10 $id start; done >/dev/null
lost=$(job_on 1)
kill -9 $(broker_pid 1)
seq 0 99999 >want
for id in $(cat ids); do
    [ $id = $lost ] && continue
    flux job attach $id >got
    expect_same_file want got
done
EOF
END

# Ranks 0 to 2 are kept busy, so that the job has 3 to 6 and its shells talk through the dead one.
test_case 'a job over both sides of the dead broker goes on' <<'END'
in_instance <<'EOF'
for r in 0 1 2; do flux submit -N1 -n1 -c$(nproc) sleep 100; done >ids
for id in $(cat ids); do flux job wait-event -t 10 $id start; done >/dev/null
id=$(flux submit -N4 -n4 -c$(nproc) bash -c 'for ((i = 0; i < 500; i++)); do echo $FLUX_TASK_RANK $i; sleep .005; done')
flux job wait-event -t 10 $id start >/dev/null
expect_match '"rank": *"3-6"' "$(flux job info $id R)"
sleep .7
kill -9 $(broker_pid 1)
flux job attach $id >got
for t in 0 1 2 3; do
    expect_equal "$(seq 0 499 | sed "s/^/$t /")" "$(grep "^$t " got)"
done
EOF
END

test_case 'new jobs run on the nodes that are left' <<'END'
in_instance <<'EOF'
kill -9 $(broker_pid 1)
wait_until 10 ping_rank 3
wait_until 10 ping_rank 4
expect_equal 6 "$(flux run -N6 echo x | wc -l)"
EOF
END

test_case 'another broker takes the place of the dead one, and has its nodes again' <<'END'
in_instance <<'EOF'
id=$(flux submit --requires=rank:1 sleep 60)
flux job wait-event -t 10 $id start >/dev/null
kill -9 $(broker_pid 1)
flux overlay rejoin --force 1 &
flux job wait-event -t 10 $id exception >exception # though it was never seen to be away
expect_match node-failure "$(cat exception)"
wait_until 10 ping_rank 1
expect_output 1 flux exec -r 1 flux getattr rank
expect_match full "$(flux overlay status --summary)"
wait_until 10 expect_equal 7 "$(flux run -N7 echo x | wc -l)"
expect_fail flux overlay rejoin 1
expect_fail flux overlay rejoin 0
expect_fail flux overlay rejoin 7
EOF
END

# The client's own broker loses its parent, and the client hears of all that happens meanwhile.
test_case 'watchers below the dead broker miss nothing' <<'END'
in_instance <<'EOF'
below=local://$PWD/rd/local-3
flux kvs put a=1
FLUX_URI=$below flux kvs get --watch --count=4 a >values & watch=$!
FLUX_URI=$below flux event sub -c 4 news >events & sub=$!
FLUX_URI=$below ping_rank 0
sleep .5
flux event pub news.1
kill -9 $(broker_pid 1)
flux event pub news.2
flux kvs put a=2
wait_until 10 ping_rank 3
flux event pub news.3
flux kvs put a=3
FLUX_URI=$below flux kvs put a=4
FLUX_URI=$below flux event pub news.4
wait_until 10 expect_fail kill -0 $watch
wait_until 10 expect_fail kill -0 $sub
expect_equal "1 2 3 4" "$(echo $(cat values))"
expect_equal "news.1 news.2 news.3 news.4" "$(echo $(cut -f1 events))"
expect_output 4 env FLUX_URI=$below flux kvs get a
EOF
END

test_case 'rank 0 dies: all brokers end soon, and leave nothing' <<'END'
rm -rf rd && mkdir -m 700 rd
cat >inside.sh <<'EOF'
for r in 0 1 2 3 4 5 6; do broker_pid $r; done >pids
flux submit -N7 sleep 100
kill -9 $(broker_pid 0)
EOF
! timeout -k 5 50 flux start --test-size=7 --test-rundir="$PWD/rd" --test-exit-timeout=15s -Stbon.topo=kary:2 bash -eu inside.sh
for p in $(cat pids); do
    wait_until 15 expect_fail kill -0 $p
done
END

test_done

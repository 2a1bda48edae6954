#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# flux overlay: status, errors, lookup, parentof, disconnect, trace.

. "$(dirname "$0")/lib.sh"

[ -x "$top_builddir/shell/broker/flux-broker" ] || skip_all "flux-broker is not built"

# in_instance: run what comes on stdin in a new instance of seven: 0 - {1 - {3 4}, 2 - {5 6}}
in_instance ()
{
    cat >inside.sh
    rm -rf rd && mkdir -m 700 rd # killed brokers leave their sockets
    timeout -k 5 50 flux start --test-size=7 --test-rundir="$PWD/rd" --test-hosts='h[0-6]' -Stbon.topo=kary:2 \
        bash -eu -o pipefail inside.sh 2>err || { local code=$?; cat err; return $code; }
}

test_case 'status shows the tree' <<'END'
in_instance <<'EOF'
flux overlay status -w full >got
expect_equal "$(cat <<'TREE'
0 h0: full
├─ 1 h1: full
│  ├─ 3 h3: full
│  └─ 4 h4: full
└─ 2 h2: full
   ├─ 5 h5: full
   └─ 6 h6: full
TREE
)" "$(cat got)"
expect_output full flux overlay status --summary
expect_output '' flux overlay status --down
expect_equal "2 h2: full" "$(flux overlay status -r 2 --no-pretty | head -n 1)"
expect_match '^0 h0: full for .*s$' "$(flux overlay status -v)"
expect_match '^0 h0: full for .*s \([0-9.]+ ms\)$' "$(flux overlay status -vv)"
expect_equal "" "$(flux overlay errors)"
flux overlay status -H 3 --highlight=h6 >got
expect_equal "$(cat <<'TREE'
<<0 h0>>: full
├─ <<1 h1>>: full
│  ├─ <<3 h3>>: full
│  └─ 4 h4: full
└─ <<2 h2>>: full
   ├─ 5 h5: full
   └─ <<6 h6>>: full
TREE
)" "$(cat got)"
expect_fail flux overlay status -H 7
expect_fail flux overlay status -H nosuchhost
EOF
END

test_case 'status shows those below a missing broker, or not' <<'END'
show='flux overlay status --no-pretty | xargs'
lead='--test-size=7 --test-hosts=h[0-6] -Stbon.topo=kary:2 --test-start-mode=leader -Sbroker.quorum=1'
expect_output "0 h0: partial 1 h1: offline 3 h3: offline 4 h4: offline 2 h2: offline 5 h5: offline 6 h6: offline" \
    flux start $lead sh -c "$show"
expect_output "0 h0: partial 1 h1: offline 2 h2: offline" flux start $lead sh -c "${show/status/status --no-ghost}"
END

test_case 'tbon.zmqdebug: connections in the log' <<'END'
flux start -s2 -Stbon.zmqdebug=1 flux dmesg >log
expect_in_file 'overlay.debug.*zmq: children: accepted' log
flux start -s2 flux dmesg >log
expect_no_match zmq "$(cat log)"
expect_output 1 flux start -s2 --conf=tbon.zmqdebug=1 flux getattr tbon.zmqdebug
END

test_case 'lookup and parentof' <<'END'
in_instance <<'EOF'
expect_output 'h[0-2]' flux overlay lookup 0-2
expect_output h6 flux overlay lookup 6
expect_output 2-4 flux overlay lookup 'h[2-4]'
expect_output 2 flux overlay parentof 5
expect_output 0 flux overlay parentof 1
expect_fail flux overlay lookup 7
expect_fail flux overlay lookup nosuchhost
expect_fail flux overlay parentof 0
expect_fail flux overlay parentof 7
EOF
END

test_case 'a lost broker: degraded, its children are adopted' <<'END'
in_instance <<'EOF'
flux overlay status -w full >/dev/null
flux overlay status -w degraded >/dev/null & waiter=$!
sleep .2
kill -9 $(broker_pid 1)
wait $waiter
wait_until 5 flux ping -c 1 --rank 3 attr
wait_until 5 flux ping -c 1 --rank 4 attr
flux overlay status >got
expect_in_file '^0 h0: degraded$' got
expect_in_file '1 h1: lost: lost connection$' got
expect_in_file '^├─ 3 h3: full$' got
expect_in_file '^└─ 4 h4: full$' got
expect_output 'h1: lost connection' flux overlay errors
EOF
END

test_case 'disconnect: those below go with it' <<'END'
in_instance <<'EOF'
flux overlay status -w full >/dev/null
flux overlay disconnect h2
sleep .2
flux overlay errors >got
expect_in_file '^h2: disconnected by request$' got
expect_in_file '^h\[5-6\]: lost parent$' got
expect_fail flux overlay disconnect 2
expect_fail flux overlay disconnect nosuchhost
flux ping -c 1 --rank 3 attr
EOF
END

test_case 'exec on the nodes of a job' <<'END'
in_instance <<'EOF'
flux submit -N3 -n3 -c$(nproc) sleep 60 >/dev/null
id=$(flux submit -N2 -n2 -c$(nproc) sleep 60)
flux job wait-event -t 10 $id start >/dev/null
expect_equal "3 4" "$(flux exec -j $id flux getattr rank | sort | xargs)"
expect_output 4 flux exec --jobid=$id -r 1 flux getattr rank
expect_output 4 flux exec -j $id -x 0 flux getattr rank
expect_fail flux exec -j $id -r 2 true
expect_fail flux exec -j f9999 true
flux cancel --all
EOF
END

test_case 'exec --attach: output and exit code of what runs in the background' <<'END'
in_instance <<'EOF'
flux exec -r1 --bg --label=tick sh -c 'echo early; until [ -e stop ]; do echo tick; sleep 0.05; done; echo tock; exit 9' >pid
flux exec -r1 --attach tick >out 2>e1 & a=$!
for i in $(seq 200); do grep -qs tick out && break; sleep 0.05; done
expect_fail flux exec -r1 --attach tick 2>busy
expect_in_file 'somebody is attached' busy
kill -INT $a; rc=0; wait $a || rc=$?; expect_equal 0 $rc
expect_in_file 'detached' e1
flux exec -r1 --attach $(sed 's/.*: //' pid) >out2 2>e2 & a=$!
for i in $(seq 200); do grep -qs tick out2 && break; sleep 0.05; done
touch stop
rc=0; wait $a || rc=$?; expect_equal 9 $rc
expect_equal tock "$(tail -n 1 out2)"
for i in $(seq 200); do flux exec -r1 flux dmesg >log; grep -q ': tock$' log && break; sleep 0.05; done
expect_in_file 'rexec.*: early$' log
expect_fail grep '^$' log
# one that has ended, and who leaves without a word
flux exec -r2 --bg --waitable --label=done sh -c 'exit 5' >/dev/null
for i in $(seq 200); do [ "$(flux sproc ps -r2 -no '{state}')" = Z ] && break; sleep 0.05; done
expect_exit 5 flux exec -r2 --attach done 2>/dev/null
expect_exit 1 flux exec -r2 --attach done 2>/dev/null
flux exec -r2 --bg --label=stays sh -c 'while :; do echo x; sleep 0.05; done' >/dev/null
flux exec -r2 --attach stays >out3 & a=$!
for i in $(seq 200); do grep -qs x out3 && break; sleep 0.05; done
kill -KILL $a
for i in $(seq 200); do kill -0 $a 2>/dev/null || break; sleep 0.05; done
expect_equal 'stays R' "$(flux sproc ps -r2 -no '{label} {state}')"
flux sproc kill -r2 KILL stays
expect_fail flux exec --attach 17 2>e3
expect_in_file 'needs one rank' e3
expect_fail flux exec -r1 --attach nothing 2>e3
expect_in_file 'there is no such process' e3
expect_fail flux exec -r1 --attach --bg x
EOF
END

test_case 'exec --with-imp: as configured, or a clear refusal' <<'END'
in_instance <<'EOF'
expect_fail flux exec --with-imp true 2>e3
expect_in_file 'exec.imp is not in the configuration' e3
EOF
printf '#!/bin/sh\necho imp "$@"\n' >imp; chmod +x imp
expect_output "imp run prolog" flux start --conf=exec.imp="$PWD/imp" flux exec --with-imp prolog
END

test_case 'trace: requests and responses, by peer, type and topic' <<'END'
in_instance <<'EOF'
flux overlay trace >all & flux overlay trace -t request 'attr.*' >requests &
flux overlay trace -r 2 --full 'attr.*' >two &
until grep -q 'tx 1 request attr.ping' all && grep -q attr.ping requests; do flux ping -c 1 --rank 3 attr; sleep .1; done >/dev/null
flux ping -c 1 --rank 6 attr
wait_until 5 grep -q '"rank": 6' two
kill %1 %2 %3
expect_in_file '^[-0-9]+T[0-9:.]+ tx 1 request attr.ping \[[0-9]+\]$' all
expect_in_file '^[-0-9]+T[0-9:.]+ rx 1 response attr.ping \[[0-9]+\] success$' all
expect_no_match response "$(cat requests)"
expect_no_match '[rt]x [^2] ' "$(cat two)"
expect_fail flux overlay trace -t nonsense
expect_fail flux overlay trace a b
expect_fail flux overlay trace --delta
EOF
END

test_case 'tbon.prefertcp=1 takes TCP between brokers of one host, 0 does not' <<'END'
endpoint () { flux start --test-size=2 "$@" flux getattr tbon.endpoint; }
expect_match '^ipc://' "$(endpoint)"
expect_match '^ipc://' "$(endpoint -Stbon.prefertcp=0)"
expect_match '^tcp://' "$(endpoint -Stbon.prefertcp=1)"
END

test_done

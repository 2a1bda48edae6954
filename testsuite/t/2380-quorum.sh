#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# broker.quorum, brokers that come later, and the times after which a broker no longer waits.

. "$(dirname "$0")/lib.sh"

[ -x "$top_builddir/shell/broker/flux-broker" ] || skip_all "flux-broker is not built"

test_case 'the program begins with the quorum; those that come later add their nodes' <<'END'
cat >inside.sh <<'EOF'
expect_output partial flux overlay status --summary
expect_output 1 flux run echo 1
expect_fail flux ping -c 1 --rank 2 attr
for r in 1 2; do flux overlay rejoin $r </dev/null & done
for r in 1 2; do wait_until 10 flux ping -c 1 --rank $r attr; done
wait_until 10 expect_output full flux overlay status --summary
wait_until 10 expect_equal 3 "$(flux run -N3 -n3 echo x | wc -l)"
expect_equal 'run run run' "$(flux exec flux getattr broker.state | xargs)"
EOF
timeout -k 5 50 flux start --test-size=3 --test-start-mode=leader --test-hosts='h[0-2]' -Sbroker.quorum=1 bash -eu -o pipefail inside.sh
END

# The second one has no parent but rank 0 yet.
test_case 'a child that comes before its parent' <<'END'
cat >inside.sh <<'EOF'
flux overlay rejoin 3 </dev/null &
wait_until 10 flux ping -c 1 --rank 3 attr
expect_match '^ipc://.*/tbon-0$' "$(flux exec -r 3 flux getattr tbon.parent-endpoint)"
flux overlay rejoin 1 </dev/null &
wait_until 10 flux ping -c 1 --rank 1 attr
flux ping -c 1 --rank 3 attr
EOF
timeout -k 5 50 flux start --test-size=4 --test-start-mode=leader -Stbon.topo=kary:2 -Sbroker.quorum=1 bash -eu -o pipefail inside.sh
END

# Rank 1, which 3 should be below, does not come in time.
test_case 'a broker that does not start is not waited for when there is a quorum' <<'END'
printf '#!/bin/bash\n[ $FLUX_BOOTSTRAP_RANK = 1 ] && exec sleep 100\nexec "$@"\n' >slow
chmod +x slow
cat >inside.sh <<'EOF'
expect_output 3 echo $(flux exec -r 0,2,3 flux getattr rank | wc -l)
expect_output 3 flux resource list -s free -no '{nnodes}'
flux overlay rejoin 1 </dev/null &
wait_until 10 flux ping -c 1 --rank 1 attr
wait_until 10 expect_output full flux overlay status --summary
EOF
timeout -k 5 50 flux start --test-size=4 --test-hosts='h[0-3]' -Stbon.topo=kary:2 -Sbroker.quorum=3 --wrap="$PWD/slow" \
    --test-start-timeout=2s --test-exit-timeout=1s bash -eu -o pipefail inside.sh
END

test_case 'without the quorum the program is not run' <<'END'
expect_fail timeout -k 5 50 flux start --test-size=2 --test-start-mode=leader -Sbroker.quorum-timeout=1s touch ran 2>err
[ ! -e ran ]
expect_in_file 'only 1 of 2 brokers joined in time' err
expect_fail timeout -k 5 50 flux start --test-size=3 --test-start-mode=leader --test-hosts='h[0-2]' -Sbroker.quorum-warn=0.5s \
    -Sbroker.quorum-timeout=1s true 2>err
expect_in_file 'waiting for brokers to join: h\[1-2\] \(rank 1-2\)' err
expect_fail flux start -Sbroker.quorum=x true 2>err
expect_in_file 'broker.quorum=x' err
expect_fail flux start --test-size=2 --test-start-mode=some true
END

test_case 'cleanup has its time: jobs that do not end are left' <<'END'
cat >inside.sh <<'EOF'
flux submit sh -c 'trap "" TERM; while :; do sleep 1; done' >/dev/null
until flux jobs -no '{status_abbrev}' | grep -q R; do sleep .05; done
EOF
start=$SECONDS
timeout -k 5 50 flux start -Sbroker.cleanup-timeout=1s bash inside.sh
[ $((SECONDS - start)) -lt 15 ]
END

# One that hangs is not waited for longer than that.
test_case 'shutdown has its time' <<'END'
cat >inside.sh <<'EOF'
broker_pid 2 >victim
kill -STOP $(cat victim)
EOF
start=$SECONDS
rc=0
timeout -k 5 50 flux start --test-size=3 -Sbroker.shutdown-timeout=1s -Sbroker.shutdown-warn=0.5s --test-hosts='h[0-2]' --test-exit-timeout=2s bash inside.sh 2>err || rc=$?
expect_in_file 'some brokers did not leave in time' err
expect_in_file 'waiting for brokers to leave: h2 \(rank 2\)' err
[ $((SECONDS - start)) -lt 20 ]
expect_fail kill -0 "$(cat victim)"
END

test_done

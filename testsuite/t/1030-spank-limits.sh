#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# What Slurm does to an instance: time limits, unreachable nodes, heterogeneous jobs, and the
# settings of plugstack.conf.
. "$(dirname "$0")/lib.sh"
PLUGSTACK_ARGS=timeout=5
T_LIMIT=120
slurm_up 4 --mode netns --conf OverTimeLimit=0 --conf 'SchedulerParameters=sched_interval=5'

no_jobs () { [ -z "$(as_user squeue -h)" ]; }

# other CLUSTER-OPTIONS...: a second cluster, $T_TMP/other, with the same plugin
other ()
{
    [ ! -d "$T_TMP/other" ] || other_down # left by a case that failed
    "$CLUSTER" -d "$T_TMP/other" up "$@" ${T_VERSION:+--version "$T_VERSION" --bind "$T_TMP"} && at_end "[ ! -d $T_TMP/other ] || '$CLUSTER' -d $T_TMP/other down"
}
other_down () { "$CLUSTER" -d "$T_TMP/other" down; }
as_other () { (cd user && timeout 50 "$CLUSTER" -d "$T_TMP/other" as - "$@"); }
plugin="required $T_TMP/flux/spank_flux.so flux=$T_TMP/flux munge_socket=$T_TMP/other/munge/socket"

test_case 'an instance across real interfaces' <<'END'
expect_equal "n1 n2 n3 n4" "$(as_user srun --flux -N4 flux run -N4 hostname | sort | xargs)"
END

test_case 'the address that a broker listens on is the one to srun, not the loopback' <<'END'
addr=$(sed -n 's/ n1$//p' "$CLUSTER_DIR/hosts")
as_user srun --flux -N2 sh -c 'ss -Htlnp | grep flux-broker; flux getattr tbon.endpoint || true' >out
expect_in_file "$addr:[0-9]+" out
expect_no_match '0\.0\.0\.0|127\.0\.0\.1' "$(cat out)"
END

test_case 'a broker that does not come up: one sentence with its node, nothing left' <<'END'
broker=$FLUX_EXEC_PATH/flux-broker
mv "$broker" "$broker.real"
cat >"$broker" <<EOS
#!/bin/sh
[ "\$SLURMD_NODENAME" = n3 ] && exec sleep 4246
exec $broker.real "\$@"
EOS
chmod 755 "$broker"
start=$SECONDS
! as_user srun --flux -N4 echo ran >out 2>err
mv "$broker.real" "$broker"
expect_in_file 'flux: no instance: the broker on n3 did not come up within 5 s' err
expect_equal 1 "$(grep -c 'flux' err)"
[ ! -s out ]
[ $((SECONDS - start)) -lt 20 ]
wait_until 15 no_user_processes
END

test_case 'with broker.quorum the program begins without a broker that is late, which joins later' <<'END'
broker=$FLUX_EXEC_PATH/flux-broker
mv "$broker" "$broker.real"
cat >"$broker" <<EOS
#!/bin/sh
[ "\$SLURMD_NODENAME" != n3 ] || until [ -e $PWD/user/begun ]; do sleep .1; done
exec $broker.real "\$@"
EOS
chmod 755 "$broker"
rc=0
as_user srun --flux --flux-attr=broker.quorum=3 -N4 sh -c '
    flux getattr size; flux resource list -s free -no "{nodelist}"; flux run -N3 hostname | sort | xargs
    touch begun; until [ "$(flux resource list -s free -no "{nnodes}")" = 4 ]; do sleep .1; done
    flux run -N4 hostname | sort | xargs' >out 2>err || rc=$?
mv "$broker.real" "$broker"
cat err
expect_equal 0 $rc
expect_equal "4 n[1-2,4] n1 n2 n4 n1 n2 n3 n4" "$(xargs <out)"
wait_until 15 no_user_processes
END

test_case 'a node whose network is cut: its name, non-zero, nothing left' <<'END'
"$CLUSTER" -d "$CLUSTER_DIR" link n3 down
! as_user srun --flux -N4 echo ran >out 2>err
"$CLUSTER" -d "$CLUSTER_DIR" link n3 up
expect_in_file 'n3' err
[ ! -s out ]
wait_until 15 no_user_processes
as_user scancel --me
wait_until 30 no_jobs
END

test_case -t 200 'the time limit ends the program, its jobs and the brokers' <<'END'
AS_USER_LIMIT=180 as_user srun --flux -N2 -t 1 sh -c 'flux submit -N2 sleep 4247 >/dev/null; echo up; sleep 4247' >out 2>err &
wait_until 10 expect_in_file up out
wait_until 10 pgrep -f '^sleep 4247'
"$CLUSTER" -d "$CLUSTER_DIR" as root scontrol update "jobid=$(as_user squeue -h -o %A)" "endtime=$(date -d '+2 sec' +%Y-%m-%dT%T)"
! wait $!
expect_in_file 'TIME LIMIT' err
wait_until 10 no_user_processes
END

case_if 'test -e /proc/net/if_inet6' 'this machine has no IPv6' -- \
    'an instance where there is IPv6 only' <<'END'
other 3 --mode netns --ipv6 --names s --plugstack "$plugin"
expect_equal "s1 s2 s3" "$(as_other srun --flux -N3 flux run -N3 hostname | sort | xargs)"
expect_match '^tcp://\[fd00:.*\]:[0-9]+$' "$(as_other srun --flux -N3 flux getattr tbon.endpoint)"
other_down
END

test_case 'a heterogeneous job: one component works, all of them are refused' <<'END'
other 3 --plugstack "$plugin" --conf SchedulerType=sched/backfill --conf SchedulerParameters=bf_interval=1,sched_interval=1
expect_equal "2" "$(as_other salloc -Q -N1 : -N2 srun --het-group=1 --flux flux getattr size)"
! as_other salloc -Q -N1 : -N2 srun --het-group=0,1 --flux true 2>err
expect_in_file 'flux: .*het-group' err
wait_until 10 eval '! pgrep -u fluxtest -x flux-broker'
other_down
END

test_case 'an unknown or bad argument in plugstack.conf is fatal, with its name' <<'END'
other 1 --plugstack "$plugin"
for arg in frob flux=relative timeout=0 ports=9 default=maybe; do
    echo "$plugin $arg" >other/plugstack.conf
    expect_fail as_other srun -N1 true 2>err
    expect_in_file "flux: .*'$arg'" err
done
other_down
END

test_case 'default=on: every allocation is an instance, unless it says --flux=off' <<'END'
other 2 --plugstack "$plugin default=on"
expect_equal 2 "$(as_other srun -N2 flux getattr size)"
expect_equal "a a" "$(as_other srun --flux=off -N2 echo a | xargs)"
expect_equal "2 a a" "$(as_other salloc -Q -N2 sh -c 'flux getattr size; srun --overlap -N2 echo a' | xargs)"
expect_equal "a a" "$(as_other salloc -Q --flux=off -N2 srun echo a | xargs)"
other_down
END

test_case 'ports= holds the wire-up in a range' <<'END'
other 2 --plugstack "$plugin ports=31000-31050"
as_other srun --flux -N2 sh -c 'echo up; sleep 1' >out &
expect_equal 2 "$(as_other srun --overlap --flux -N2 flux getattr size)"
wait
other_down
END

test_case 'without munge: one sentence' <<'END'
other 2 --plugstack "required $T_TMP/flux/spank_flux.so flux=$T_TMP/flux munge_socket=/nonexistent/socket timeout=3"
! as_other srun --flux -N2 true 2>err
expect_in_file 'munge' err
wait_until 10 no_user_processes
other_down
END

case_if 'mountpoint -q /sys/fs/cgroup/freezer' 'no cgroup version 1 here' -- \
    'cgroup version 1: nothing survives the step' <<'END'
other 2 --names cgx --proctrack cgroup --plugstack "$plugin"
as_other srun --flux -N2 sh -c 'flux submit -N2 sleep 4248 >/dev/null; flux submit setsid sleep 4248 >/dev/null; echo up; sleep 4248' >out &
wait_until 10 expect_in_file up out
sleep 0.3
as_other scancel --me
! wait $!
wait_until 10 eval '! pgrep -u fluxtest -f "sleep 4248"'
as_other srun --flux=tasks -N2 sh -c 'flux getattr size' >out
expect_equal "2 2" "$(xargs <out)"
wait_until 10 eval '! pgrep -u fluxtest -x flux-broker'
other_down
END

test_done

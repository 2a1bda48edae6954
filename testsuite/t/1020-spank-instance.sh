#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# srun --flux with the real broker: the instance lives and ends as the step does.
. "$(dirname "$0")/lib.sh"
slurm_up 4

quiet_srun () { as_user srun --quiet "$@"; }

# The user's jobs in slurmctld end with the srun that made them.
no_jobs () { [ -z "$(as_user squeue -h)" ]; }

# Folders of instances, which have a place of their own: other tests kill brokers of the same user.
eval "$(declare -f as_user | sed '1s/as_user/as_user_anywhere/')"
PLACE=$(mktemp -d /tmp/p-XXXXXX)
chown fluxtest "$PLACE"
at_end "rm -rf '$PLACE'"
as_user () { as_user_anywhere env TMPDIR="$PLACE" "$@"; }
leftovers () { find "$PLACE" -maxdepth 1 -name 'flux-*'; }
no_leftovers () { [ -z "$(leftovers)" ]; }

test_case 'the instance spans the step: size, hosts, cores, job id' <<'END'
as_user srun --flux -N4 -c4 sh -c '
    flux getattr size; flux getattr hostlist; flux getattr jobid; echo $SLURM_JOB_ID
    flux resource list -n -o "{nnodes} {ncores} {nodelist}" -s free' >out
expect_equal "4 n[1-4]" "$(sed -n 1,2p out | xargs)"
expect_equal "$(sed -n 4p out)" "$(sed -n 3p out)"
expect_equal "4 16 n[1-4]" "$(sed -n 5p out | xargs)"
END

test_case 'jobs run on every node' <<'END'
expect_equal "n1 n2 n3 n4" "$(as_user srun --flux -N4 flux run -N4 hostname | sort | xargs)"
END

test_case 'a configuration file' <<'END'
printf '[policy.limits]\nduration = "1h"\n' >user/site.toml
expect_equal "1h 1h" "$(as_user srun --flux -N2 --flux-attr=config.path=$PWD/user/site.toml \
    flux exec flux config get policy.limits.duration | xargs)"
END

test_case 'one node, one core' <<'END'
expect_equal "n1" "$(as_user srun --flux -N1 -w n1 flux run hostname)"
END

test_case 'a hundred jobs' <<'END'
as_user srun --flux -N4 -c4 sh -c '
    flux submit --cc=1-100 --wait true >ids
    flux jobs -a -n -o "{status_abbrev}" -c 200 | sort | uniq -c' >out
expect_equal "100 CD" "$(xargs <out)"
END

test_case 'exit code of the program' <<'END'
for code in 0 1 2 126; do
    expect_exit $code quiet_srun --flux -N2 sh -c "exit $code"
done
END

test_case 'a program that cannot be run: one sentence, and the exit code of a shell' <<'END'
echo hello >user/no-program
for n in 1 4; do
    expect_exit 127 quiet_srun --flux -N$n no-such-program 2>err
    expect_equal 1 "$(grep -vc "^srun: error: .*: Exited with exit code" err)"
    expect_in_file '^flux-broker: .*no-such-program: No such file or directory$' err
    expect_exit 126 quiet_srun --flux -N$n ./no-program 2>err
    expect_equal 1 "$(grep -vc "^srun: error: .*: Exited with exit code" err)"
    expect_in_file '^flux-broker: .*/no-program: Permission denied$' err
done
expect_exit 127 run_batch --flux -N2 -o out.txt --wrap no-such-program
END

test_case 'death of the program by a signal' <<'END'
for sig in KILL SEGV TERM; do
    code=0
    quiet_srun -N1 sh -c "ulimit -c 0; kill -$sig \$\$" || code=$?
    expect_exit $code quiet_srun --flux -N2 sh -c "ulimit -c 0; kill -$sig \$\$"
done
END

test_case 'standard input and output are exact to the byte' <<'END'
head -c 3000000 /dev/urandom >in
as_user srun --flux -N4 cat <in >out
expect_same_file in out
END

test_case 'more tasks than nodes' <<'END'
head -c 300000 /dev/urandom >in
as_user srun --flux -N2 -n8 --overcommit sh -c 'flux getattr size >&2; cat' <in >out 2>err
expect_same_file in out
expect_equal 2 "$(cat err)"
END

test_case '--pty' <<'END'
script -qec "exec timeout --foreground 20 '$CLUSTER' -d '$CLUSTER_DIR' as - srun --flux -N2 --pty sh -c 'test -t 0 && test -t 1 && flux getattr size && echo terminal'" /dev/null >out </dev/null
expect_in_file 'terminal' out
END

test_case 'a shell by hand has the prompt of the instance' <<'END'
printf 'flux getattr size\nexit 5\n' >keys
expect_exit 5 script -qec "exec timeout --foreground 40 '$CLUSTER' -d '$CLUSTER_DIR' as - srun --quiet --flux -N2 -w 'n[1-2]' --pty bash" /dev/null \
    >raw < <(wait_until 30 grep -q fluxtest@ raw; cat keys; wait_until 30 test -e ended)
touch ended
sed 's/\x1b\[[0-9?;]*[a-zA-Z]//g; s/\r//g' raw >out
expect_in_file '^ƒ\(s=2,d=0\) fluxtest@n1:' out
expect_in_file '^2$' out
END

test_case 'a signal of scancel reaches the program' <<'END'
as_user srun --flux -N2 -n4 --overcommit sh -c 'trap "echo got; exit 0" USR1; echo up; while :; do sleep 0.1; done' >out &
wait_until 10 expect_in_file up out
# Slurm drops a signal to a step whose tasks it is still starting, though the first is up.
signalled () { as_user scancel --signal=USR1 --me; sleep 0.2; expect_in_file got out; }
wait_until 20 signalled
wait $!
END

test_case 'scancel ends the program, its jobs and the brokers' <<'END'
as_user srun --flux -N4 sh -c 'flux submit -N4 sleep 4243 >/dev/null; flux submit sleep 4243 >/dev/null; echo up; sleep 4243' >out 2>err &
wait_until 10 expect_in_file up out
wait_until 10 pgrep -f '^sleep 4243'
as_user scancel --me
! wait $!
wait_until 10 no_user_processes
expect_fail pgrep -f '^sleep 4243'
wait_until 20 no_jobs
END

test_case 'jobs that still run when the program ends are ended with it' <<'END'
as_user srun --flux -N2 sh -c 'flux submit -N2 sleep 4244 >/dev/null; flux submit sleep 4244 >/dev/null; sleep 0.3; echo over'
wait_until 5 no_user_processes
END

test_case 'what program or jobs have cut off from themselves ends with the step' <<'END'
as_user srun --flux -N2 sh -c 'setsid -f sleep 4250; flux run -N2 sh -c "setsid -f sleep 4250 >/dev/null 2>&1"; (sleep 4250 &); sleep 0.2; echo over' >out
expect_equal over "$(cat out)"
wait_until 5 no_user_processes
as_user srun --quiet --flux -N1 sh -c 'setsid -f sleep 4251; exit 3' || code=$?
expect_equal 3 "${code:-}"
wait_until 5 no_user_processes
END

test_case 'the program outlives a broker of another node that is killed' <<'END'
as_user srun --flux -N3 -w 'n[1-3]' sh -c 'echo up; sleep 2; flux run hostname; echo over' >out 2>err &
wait_until 10 expect_in_file up out
for pid in $(pgrep -u fluxtest -x flux-broker); do
    if grep -qxz SLURMD_NODENAME=n3 /proc/$pid/environ; then kill -KILL $pid; fi
done
wait $! || true # the killed task counts
expect_equal "up n1 over" "$(xargs <out)"
wait_until 10 no_user_processes
leftovers >left; sleep 0.5
xargs rm -rf <left # the killed one could not itself
END

test_case 'two instances in one allocation, apart from each other' <<'END'
cat >user/two.sh <<'EOS'
srun --overlap --flux -N4 sh -c 'flux submit true >/dev/null; sleep 1; echo one $(flux jobs -a -n -o "{id}" | wc -l) $(flux getattr size)' &
srun --overlap --flux -N2 sh -c 'sleep 0.5; echo two $(flux jobs -a -n -o "{id}" | wc -l) $(flux getattr size)'
wait
EOS
expect_equal "one 1 4 two 0 2" "$(as_user salloc -Q -N4 sh two.sh | sort | xargs)"
END

test_case 'jobs do not look like tasks of the step' <<'END'
as_user srun --flux -N2 flux run env >env
expect_no_match '^(SLURM_(PROCID|NODEID|NTASKS|STEP|STEPID|JOBID|NODELIST|LOCALID|FLUX|SPANK|CPUS|TASK)|SLURMD_|PMIX|FLUX_BOOTSTRAP)' "$(cat env)"
END

test_case 'attributes reach the broker' <<'END'
expect_equal "kary:2 b" "$(as_user srun --flux -N4 --flux-fanout=2 --flux-attr=my.a=b sh -c 'flux getattr tbon.topo; flux getattr my.a' | xargs)"
END

test_case 'the folder that plugstack.conf names is enough to find all programs' <<'END'
expect_equal n1 "$(as_user env -u FLUX_EXEC_PATH srun --quiet --flux -N1 -w n1 "$T_TMP/flux/flux" run hostname)"
END

test_case 'a missing flux-broker: one sentence, its path, nothing left' <<'END'
broker=$(dirname "$(command -v flux)")/flux-broker
mv "$broker" "$broker.away"
! as_user srun --flux -N3 true 2>err
mv "$broker.away" "$broker"
expect_in_file "flux: no instance: n[123]: cannot run $broker: No such file" err
wait_until 5 no_user_processes
END

test_case '--flux=tasks: the tasks run as usual, with a broker beside them' <<'END'
as_user srun --flux=tasks -N2 -n4 --overcommit sh -c 'echo task $SLURM_PROCID $(flux getattr size) $(flux getattr rank)' >out
expect_equal "task 0 2 0 task 1 2 0 task 2 2 1 task 3 2 1" "$(sort out | xargs)"
expect_equal "n1 n2" "$(as_user srun --flux=tasks -N2 -w 'n[1-2]' sh -c 'if [ $SLURM_PROCID = 0 ]; then flux run -N2 hostname; touch ran; else until [ -e ran ]; do sleep 0.1; done; fi' | sort | xargs)"
as_user srun --flux=tasks -N3 sh -c 'sleep $SLURM_PROCID; flux getattr size' >out 2>err # the first leaves first
expect_equal "3 3 3" "$(xargs <out)"
expect_equal "" "$(cat err)"
expect_exit 9 quiet_srun --flux=tasks -N2 sh -c '[ $SLURM_PROCID = 0 ] || exit 9'
wait_until 5 no_user_processes
END

test_case 'scancel and a death of all tasks end --flux=tasks too' <<'END'
as_user srun --flux=tasks -N2 sh -c 'flux submit -N2 sleep 4249 >/dev/null; echo up; sleep 4249' >out 2>err &
wait_until 10 expect_in_file up out
as_user scancel --me
! wait $!
wait_until 10 no_user_processes
wait_until 10 no_jobs
END

test_case "Slurm's own PMI will do where the plugin is not loaded" <<'END'
as_user srun --mpi=list 2>&1 | grep -q pmi2 || exit 0
expect_equal "3 n[1-3] n1 n2 n3" "$(as_user srun --mpi=pmi2 -N3 -w 'n[1-3]' flux-broker sh -c 'flux getattr size; flux getattr hostlist; flux run -N3 hostname | sort' | xargs)"
END

test_case 'nothing of any instance is left' <<'END'
expect_match "^$PLACE/flux-" "$(as_user srun --quiet --flux -N1 flux getattr rundir)"
wait_until 5 no_leftovers || { leftovers; false; }
END

test_done

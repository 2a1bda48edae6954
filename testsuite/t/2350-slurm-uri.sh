#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# slurm:JOBID[.STEP] from the login node, through srun --overlap, in a real Slurm; and a broker that
# takes the place of a killed one there.
#
# The nodes have this machine's kernel, but with --mode netns network namespaces, and so sockets, of
# their own.

. "$(dirname "$0")/lib.sh"
slurm_up 3 --mode netns

# A step with an instance that lives until `stop` is there; its job id comes to the file `id`.
start_step () # OPTIONS
{
    rm -f "$T_TMP"/user/{id,stop,uri}
    as_user srun --flux "$@" sh -c '
        flux getattr local-uri >uri; echo $SLURM_JOB_ID >id.new; mv id.new id
        until [ -e stop ]; do sleep .1; done' >step.out 2>&1 &
    wait_until 20 test -s "$T_TMP/user/id"
}
stop_step ()
{
    touch "$T_TMP/user/stop"
    wait
}

test_case 'the connector: a command on the login node speaks to the instance' <<'END'
start_step -N2
id=$(cat user/id)
expect_output 2 as_user env FLUX_URI=slurm:$id flux getattr size
expect_output $id as_user env FLUX_URI=slurm:$id.0 flux getattr jobid
expect_output 'n1 n2' echo $(as_user env FLUX_URI=slurm:$id flux run -N2 hostname | sort)
expect_fail as_user env FLUX_URI=slurm:$id.7 flux getattr size
expect_fail as_user env FLUX_URI=slurm:x flux getattr size
expect_fail as_user env 'FLUX_URI=slurm:1;touch bad' flux getattr size
[ ! -e user/bad ]
stop_step
END

test_case 'flux uri, and flux proxy with one step for all commands' <<'END'
start_step -N2
id=$(cat user/id)
expect_output "ssh://n1$(sed 's,local://,,' user/uri)" as_user flux uri slurm:$id
expect_output "$(cat user/uri)" as_user flux uri --local slurm:$id
as_user flux proxy slurm:$id sh -c 'for i in 1 2 3; do flux run -N2 hostname | sort; done; squeue -hs -o %i' >out
expect_equal "n1 n2 n1 n2 n1 n2" "$(grep ^n out | xargs)"
expect_equal 1 "$(grep -c "^$id\.[1-9]" out)"
head -c 2000000 /dev/urandom >user/in # every byte, on a pseudo terminal
as_user flux proxy slurm:$id sh -c 'flux kvs put --raw big=- <in; flux kvs get --raw big >out'
expect_same_file user/in user/out
as_user srun --overlap --jobid=$id -N1 -n1 -w n2 flux uri slurm:$id >local
expect_in_file '^local:///.*/local-1$' local
stop_step
END

test_case 'an instance that is not on the first node of its job' <<'END'
rm -f user/{id,stop,uri}
as_user salloc -N3 --exclusive sh -c 'srun --overlap --flux --relative=2 -N1 sh -c "
    flux getattr local-uri >uri; echo \$SLURM_JOB_ID >id.new; mv id.new id
    until [ -e stop ]; do sleep .1; done"' >step.out 2>&1 &
wait_until 20 test -s user/id
id=$(cat user/id)
expect_output n3 as_user env FLUX_URI=slurm:$id flux run hostname
expect_output 1 as_user flux proxy slurm:$id flux getattr size
expect_output "ssh://n3$(sed 's,local://,,' user/uri)" as_user flux uri slurm:$id
expect_fail as_user env FLUX_URI=slurm:$id.7 flux getattr size
stop_step
END

# Whose attributes say another job is not taken for this one.
test_case 'other jobs are not taken for this one' <<'END'
start_step -N1
first=$(cat user/id)
expect_fail as_user flux uri slurm:$((first + 1000))
expect_output 1 as_user env FLUX_URI=slurm:$first flux getattr size
stop_step
END

test_case 'kill -9 of the broker of a node: jobs elsewhere go on, and another one takes its place' <<'END'
rm -f user/*
cat >user/work.sh <<'EOF'
set -eu
flux submit -N1 --cc=0-2 sh -c 'hostname; sleep 4; echo end' >ids
for id in $(cat ids); do flux job wait-event -t 10 $id start >/dev/null; done
flux exec -r 2 flux getattr broker.pid >victim
until flux jobs -a -no '{status} {nodelist}' | grep -q FAILED; do sleep .1; done
flux overlay rejoin n3 </dev/null >rejoin 2>&1 &
until flux ping -c 1 --rank 2 attr >/dev/null 2>&1; do sleep .1; done
flux run -N3 hostname | sort | xargs
flux exec -r 2 hostname
for id in $(cat ids); do flux job status $id >/dev/null 2>&1 && echo good; done
flux jobs -a -no '{status}' | sort | uniq -c | xargs
EOF
(wait_until 20 test -s user/victim && kill -9 "$(cat user/victim)") &
as_user srun --flux -N3 bash work.sh >out 2>err || cat err out user/rejoin # a task was killed
expect_in_file '^n1 n2 n3$' out
expect_in_file '^n3$' out
expect_equal 2 "$(grep -c good out)"
expect_in_file '^3 COMPLETED 1 FAILED$' out
END

test_done

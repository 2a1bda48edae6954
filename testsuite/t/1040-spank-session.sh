#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# The first-steps session, in an allocation of a real Slurm.
. "$(dirname "$0")/lib.sh"
slurm_up 4

# in_flux [SRUN OPTIONS...] <script
in_flux ()
{
    cat >user/script
    as_user srun --quiet --flux "$@" bash -eu script
}

test_case 'resources, run, submit, jobs, info, cancel' <<'END'
in_flux -N4 -c4 <<'EOS'
flux resource list >resources
flux run hostname >host
flux run -N4 hostname >hosts
a=$(flux submit sleep 360) b=$(flux submit sleep 360)
echo $a $b >ids
flux job wait-event -q $a start
flux job wait-event -q $b start
flux jobs >jobs
flux job info $a jobspec >spec
flux cancel $a $b
flux queue drain
flux jobs --filter=inactive >inactive
EOS
cd user
expect_equal 'STATE NNODES NCORES NGPUS NODELIST free 4 16 0 n[1-4] allocated 0 0 0 down 0 0 0' "$(xargs <resources)"
expect_match '^n[1-4]$' "$(cat host)"
expect_equal "n1 n2 n3 n4" "$(sort hosts | xargs)"
read -r a b <ids
expect_equal 'JOBID USER NAME ST NTASKS NNODES TIME INFO' "$(head -n1 jobs | xargs)"
expect_match "^$b fluxtest sleep R 1 1 [0-9.]+m?s n[1-4]$" "$(sed -n 2p jobs | xargs)"
expect_match "^$a fluxtest sleep R 1 1 [0-9.]+m?s n[1-4]$" "$(sed -n 3p jobs | xargs)"
expect_equal sleep "$(jq -r '.tasks[0].command[0]' spec)"
expect_equal 2 "$(grep -c ' sleep  *CA ' inactive)"
END

test_case 'carbon copies and their states' <<'END'
in_flux -N4 -c4 <<'EOS'
flux submit --cc=0-1 --wait /bin/true >true.ids
rc=0; flux submit --cc=0-1 --wait /bin/false >false.ids || rc=$?
[ $rc -eq 1 ]
flux submit --cc=0-7 sleep inf >sleep.ids
flux jobs --filter=inactive >inactive
flux cancel --all 2>cancel
EOS
cd user
expect_equal 2 "$(grep -c ' false  *F ' inactive)"
expect_equal 2 "$(grep -c ' true  *CD ' inactive)"
expect_equal 8 "$(wc -l <sleep.ids)"
expect_equal 'flux-cancel: Canceled 8 jobs (0 errors)' "$(cat cancel)"
END

test_case 'an ensemble as a batch job: sbatch --flux' <<'END'
cat >user/ensemble.sh <<'EOS'
#!/bin/bash
#SBATCH -N4 -c4 --flux
#SBATCH -o ensemble.out
flux submit --cc=1-50 --wait --quiet sh -c 'echo $FLUX_JOB_CC >>results'
flux jobs -a -n -o '{status_abbrev}' | sort | uniq -c
EOS
as_user touch results
run_batch ensemble.sh
expect_equal "50 CD" "$(xargs <user/ensemble.out)"
expect_equal 50 "$(sort -u user/results | wc -l)"
END

test_done

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# sbatch --flux and salloc --flux, with a small program that plays the broker.
. "$(dirname "$0")/lib.sh"
make -s -C "$top_builddir" testsuite/helpers/wire_broker >/dev/null 2>&1
T_BROKER=$top_builddir/testsuite/helpers/wire_broker
slurm_up 4

export SBATCH_EXPORT=ALL,WIRE_BROKER_VERBOSE=1
cat >user/job.sh <<'END'
#!/bin/bash
echo "args $*"
hostname
env | grep -E '^SLURM_(NODELIST|PROCID|STEP)' && echo leak
exit ${1:-0}
END
chmod 755 user/job.sh

test_case 'the batch script is the initial program, once, with its arguments and exit code' <<'END'
expect_exit 7 run_batch --flux -N4 -o out.txt job.sh 7 'a b'
expect_in_file '^args 7 a b$' user/out.txt
expect_in_file '^broker 3 n4' user/out.txt
expect_equal 1 "$(grep -c '^args' user/out.txt)"
expect_equal 1 "$(grep -cx 'n[1-4]' user/out.txt)"
expect_no_match leak "$(cat user/out.txt)"
END

test_case 'options for the steps of the script do not disturb the broker' <<'END'
run_batch --flux -N2 -n4 -c2 --mem=100 --ntasks-per-node=2 -o out.txt job.sh
expect_in_file '^broker 1 n2' user/out.txt
expect_in_file '^attr resource.cores=0-3$' user/out.txt
expect_equal 1 "$(grep -c '^args' user/out.txt)"
END

test_case 'attributes given to sbatch arrive' <<'END'
run_batch --flux --flux-attr=x=1 --flux-attr=y=2 --flux-fanout=2 -N2 -o out.txt job.sh
for a in x=1 y=2 tbon.topo=kary:2; do expect_in_file "^attr $a$" user/out.txt; done
END

test_case 'a job array makes an instance per element' <<'END'
cat >user/array.sh <<'EOS'
#!/bin/sh
echo "element $SLURM_ARRAY_TASK_ID"
EOS
SBATCH_EXPORT=ALL run_batch --flux -N1 --array=1-3 -o arr-%a.txt array.sh
for i in 1 2 3; do expect_equal "element $i" "$(cat user/arr-$i.txt)"; done
END

test_case '--export=NONE leaves the script its own environment' <<'END'
printf '#!/bin/sh\nexport MINE=1\necho "path ${PATH:+set} home ${HOME:+set}"\n' >user/export.sh
as_user true
SBATCH_EXPORT=NONE run_batch -N2 -o plain.txt export.sh
SBATCH_EXPORT=NONE run_batch --flux -N2 -o out.txt export.sh
expect_in_file '^path set ' user/plain.txt
expect_equal "$(cat user/plain.txt)" "$(cat user/out.txt)"
END

test_case 'an inner srun of the script is an ordinary one' <<'END'
printf '#!/bin/sh\nsrun --overlap -N2 -n2 hostname\n' >user/inner.sh
SBATCH_EXPORT=ALL run_batch --flux -N2 -w 'n[1-2]' -o out.txt inner.sh
expect_equal "n1 n2" "$(sort user/out.txt | xargs)"
END

test_case 'salloc runs its command, or the shell, in the instance' <<'END'
expect_exit 4 as_user env WIRE_BROKER_VERBOSE=1 salloc -Q --flux -N3 -w 'n[1-3]' sh -c 'hostname; exit 4' >out 2>err
expect_equal n1 "$(cat out)"
expect_in_file '^broker 2 n3' err
echo 'hostname; exit 6' >in
expect_exit 6 as_user salloc -Q --flux -N2 -w 'n[1-2]' <in >out
expect_equal n1 "$(cat out)"
wait_until 20 batch_done
END

test_case 'salloc --no-shell has nothing to run in an instance' <<'END'
as_user salloc -Q --flux -N1 --no-shell
expect_equal 1 "$(as_user squeue -h | wc -l)"
as_user scancel --me
wait_until 20 batch_done
END

test_case 'a salloc that hides its command refuses, rather than run it outside an instance' <<'END'
gcc -shared -fPIC -o hide.so -xc - <<'EOS'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
void *dlsym (void *handle, const char *name)
{
    if (strncmp (name, "command_arg", 11) == 0 || strcmp (name, "opt") == 0)
        return 0;
    return ((void *(*)(void *, const char *))dlvsym (RTLD_NEXT, "dlsym", "GLIBC_2.2.5")) (handle, name);
}
EOS
chmod 755 hide.so
expect_fail as_user env LD_PRELOAD="$T_TMP/hide.so" salloc -Q --flux -N1 echo ran >out 2>err
expect_in_file 'flux: the salloc of Slurm .* does not tell its command' err
expect_equal "" "$(cat out)"
expect_output ran as_user salloc -Q -N1 echo ran
END

test_case 'without --flux sbatch and salloc are as they were' <<'END'
expect_exit 3 run_batch -N2 -o out.txt job.sh 3
expect_no_match broker "$(cat user/out.txt)"
expect_equal "$(hostname)" "$(as_user salloc -Q -N2 hostname)"
END

test_case '--flux=tasks is refused where there are no tasks' <<'END'
expect_fail as_user salloc -Q --flux=tasks -N1 true 2>err
expect_in_file 'flux=tasks' err
expect_fail run_batch --flux=tasks -o out.txt job.sh
END

test_case 'scancel ends the instance of a batch job, and nothing is left' <<'END'
as_user sbatch --flux -N4 -o out.txt --wrap 'sleep 4242 & echo up; wait'
wait_until 15 expect_in_file up user/out.txt
as_user scancel --me
wait_until 15 no_user_processes
END

test_done

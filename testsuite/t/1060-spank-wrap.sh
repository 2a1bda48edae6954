#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# --flux=wrap: the same script of srun calls, by Slurm and in an instance.
. "$(dirname "$0")/lib.sh"
slurm_up 2
mkdir "$T_TMP/flux/wrappers"
cp "$top_builddir"/contrib/wrappers/flux-slurm-{wrap,srun} "$T_TMP/flux"
for name in sbatch salloc squeue scancel; do
    ln -s ../flux-slurm-wrap "$T_TMP/flux/wrappers/$name"
done
ln -s ../flux-slurm-srun "$T_TMP/flux/wrappers/srun"

cat >"$T_TMP/loop.sh" <<'END'
#!/bin/bash
start=$EPOCHREALTIME
for i in $(seq 100); do
    srun --overlap -N1 -n1 -t 5 -J step sh -c "echo task $i \$SLURM_PROCID \$SLURM_NTASKS \$SLURM_JOB_ID" &
done
wait
end=$EPOCHREALTIME
echo "$(((${end/./} - ${start/./}) / 1000))" >"$1"
END
chmod 755 "$T_TMP/loop.sh"
ms () { cat "$T_TMP/user/$1"; }

test_case -t 120 'a loop of srun runs unchanged, by Slurm and in an instance' <<'END'
as_user salloc --quiet -N2 "$T_TMP/loop.sh" slurm.ms >slurm.out 2>slurm.err
as_user srun --quiet --flux=wrap -N2 "$T_TMP/loop.sh" wrap.ms >wrap.out
expect_equal 100 "$(wc -l <wrap.out)"
strip () { sed -E 's/ [0-9]+$//' "$1" | sort; }
expect_equal "$(strip slurm.out)" "$(strip wrap.out)"
expect_equal 1 "$(awk '{print $NF}' wrap.out | sort -u | wc -l)"
echo "slurm $(ms slurm.ms) ms, wrapped $(ms wrap.ms) ms"
END

test_case 'the wrappers are on PATH with =wrap only, also of a batch script' <<'END'
expect_equal "$T_TMP/flux/wrappers/srun" "$(as_user srun --flux=wrap -N1 sh -c 'command -v srun')"
expect_no_match wrappers "$(as_user srun --flux -N1 sh -c 'command -v srun')"
printf '#!/bin/sh\ncommand -v srun\nsrun -N2 hostname\n' >"$T_TMP/user/batch.sh"
run_batch --flux=wrap -N2 -w 'n[1-2]' -o batch.out batch.sh
expect_equal "$T_TMP/flux/wrappers/srun n1 n2" "$(sort "$T_TMP/user/batch.out" | xargs)"
END

test_case 'a script without a size runs one task for each of the allocation' <<'END'
expect_equal "n1 n2" "$(as_user srun --flux=wrap -N2 -w 'n[1-2]' sh -c 'srun hostname' | sort | xargs)"
END

test_case 'the number of tasks that sbatch and salloc were told' <<'END'
expect_equal "0 1 2 3" "$(as_user salloc --quiet --flux=wrap -N2 -n4 sh -c 'srun sh -c "echo \$SLURM_PROCID"' | sort | xargs)"
printf '#!/bin/sh\n#SBATCH -N2 -n4\nsrun hostname\n' >"$T_TMP/user/tasks.sh"
run_batch --flux=wrap -w 'n[1-2]' -o tasks.out tasks.sh
expect_equal "4 n1 n2" "$(wc -l <"$T_TMP/user/tasks.out") $(sort -u "$T_TMP/user/tasks.out" | xargs)"
END

test_case -t 120 'an array runs unchanged, by Slurm and in an instance' <<'END'
cat >"$T_TMP/user/array.sh" <<'S'
#!/bin/bash
#SBATCH -n1 --array=1-9:4,20%2
echo "$SLURM_ARRAY_TASK_ID $SLURM_ARRAY_TASK_COUNT $SLURM_ARRAY_TASK_MIN $SLURM_ARRAY_TASK_MAX" >$1.$SLURM_ARRAY_TASK_ID
S
as_user sbatch -o /dev/null array.sh slurm
wait_until 60 batch_done
as_user srun --quiet --flux=wrap -N2 sbatch -W -o /dev/null array.sh wrap
for i in 1 5 9 20; do
    expect_same_file "$T_TMP/user/slurm.$i" "$T_TMP/user/wrap.$i"
done
[ "$(ls "$T_TMP/user" | grep -c '^wrap\.[0-9]')" = 4 ]
END

test_case 'an option that is not known' <<'END'
expect_fail as_user srun --flux=wrap -N1 srun --bcast=x true 2>err
expect_in_file '^srun: unknown option --bcast' err
expect_fail as_user srun --flux=wrapped -N1 true 2>err
expect_in_file 'on, off, tasks, wrap or state=DIR' err
END

test_done

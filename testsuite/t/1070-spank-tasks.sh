#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Tasks that exchange messages in a real Slurm cluster: under srun --flux=tasks and in jobs of an
# instance; MPI programs there.
. "$(dirname "$0")/lib.sh"
slurm_up 4

# Where the user may run it, with what it needs.
BIN=$T_TMP/bin
mkdir "$BIN"
cp "$top_builddir/testsuite/unit/tasks/.libs/group_task" "$BIN/" 2>/dev/null ||
    cp "$top_builddir/testsuite/unit/tasks/group_task" "$BIN/"
cp "$top_builddir"/lib/.libs/libflux-slurm.so.0 "$top_builddir"/lib/tasks/.libs/libflux-tasks.so.0 \
    "$top_builddir"/lib/pmi/.libs/libpmi.so "$BIN/"
chmod 755 "$BIN"
LD_LIBRARY_PATH=$BIN
TASK=$BIN/group_task

for what in collective 'messages 200000' 'topics 10' going timeouts; do
    test_case "srun --flux=tasks: $what" <<'END'
expect_equal "${what% *} ok" "$(as_user srun --flux=tasks -N4 -n8 --overcommit $TASK $what)"
END
done

test_case 'srun --flux=tasks: each task knows its broker and its place' <<'END'
as_user srun --flux=tasks -N2 -n4 --overcommit sh -c 'echo $SLURM_PROCID $(flux getattr rank) $FLUX_URI' >out
expect_equal '0 1 2 3' "$(cut -d' ' -f1 out | sort | xargs)"
expect_equal 4 "$(grep -c local:// out)"
as_user env FLUX_TASK_RANK=9 FLUX_JOB_SIZE=9 srun --flux=tasks -N2 -n4 --overcommit sh -c \
    'echo $SLURM_PROCID:$FLUX_TASK_RANK:$FLUX_TASK_LOCAL_ID:$FLUX_JOB_SIZE:$FLUX_JOB_NNODES:${FLUX_JOB_ID-none}' >out
expect_equal '0:0:0:4:2:none 1:1:1:4:2:none 2:2:0:4:2:none 3:3:1:4:2:none' "$(sort out | xargs)"
as_user srun -N1 -n1 sh -c 'echo ${FLUX_TASK_RANK-none}' >out
expect_equal none "$(cat out)"
END

test_case 'in a job of an instance, and between two of its jobs' <<'END'
expect_equal 'messages ok' "$(as_user srun --flux -N4 -c2 flux run -N4 -n8 $TASK messages 200000)"
as_user srun --flux -N4 sh -c '
    one=$(flux submit -N2 '$TASK' meet 4)
    flux run -N2 '$TASK' meet 4
    flux job attach $one' >out
expect_equal 'meet ok meet ok' "$(xargs <out)"
END

cat >hello.c <<'EOF'
#include <mpi.h>
#include <stdio.h>
int main (int argc, char **argv)
{
    int rank, size, sum;
    MPI_Init (&argc, &argv);
    MPI_Comm_rank (MPI_COMM_WORLD, &rank);
    MPI_Comm_size (MPI_COMM_WORLD, &size);
    MPI_Allreduce (&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (rank == 0)
        printf ("%d %d\n", size, sum);
    MPI_Finalize ();
    return 0;
}
EOF
for mpi in mpich openmpi; do
    case_if "command -v mpicc.$mpi" "needs $mpi" -- "$mpi under srun --flux" <<'END'
mpicc.$mpi -o $BIN/hello.$mpi hello.c
expect_equal '8 28' "$(as_user srun --flux -N4 -c2 flux run -N4 -n8 --env=FLUX_PMI_LIBRARY_PATH=$BIN/libpmi.so $BIN/hello.$mpi)"
END
done

test_done

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Build srun's command line. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <stdlib.h>
#include <string.h>

#include "spank/srun_args.h"

int argv_add (struct argv *a, const char *s)
{
    char **bigger = realloc (a->argv, (a->count + 2) * sizeof (a->argv[0]));

    if (!bigger)
        return -1;
    a->argv = bigger;
    if (!(a->argv[a->count] = strdup (s)))
        return -1;
    a->argv[++a->count] = NULL;
    return 0;
}

void argv_clear (struct argv *a)
{
    for (int i = 0; i < a->count; i++)
        free (a->argv[i]);
    free (a->argv);
    memset (a, 0, sizeof (*a));
}

/* What sbatch or salloc was told of tasks is about the steps that the user will start. Without
 * these srun takes one task on each node of the allocation, and all its CPUs. */
static const char *const not_for_broker[] = {"SLURM_NTASKS",
                                             "SLURM_NPROCS",
                                             "SLURM_NTASKS_PER_NODE",
                                             "SLURM_NTASKS_PER_CORE",
                                             "SLURM_NTASKS_PER_SOCKET",
                                             "SLURM_TASKS_PER_NODE",
                                             "SLURM_CPUS_PER_TASK",
                                             "SLURM_MEM_PER_CPU",
                                             "SLURM_MEM_PER_GPU",
                                             "SLURM_MEM_PER_NODE",
                                             "SLURM_DISTRIBUTION",
                                             "SLURM_CPU_BIND",
                                             "SLURM_CPU_BIND_TYPE",
                                             "SLURM_CPU_BIND_LIST",
                                             "SLURM_HINT",
                                             "SLURM_EXCLUSIVE",
                                             "SLURM_EXACT",
                                             "SLURM_THREADS_PER_CORE",
                                             "SLURM_CORE_SPEC",
                                             "SLURM_OVERCOMMIT",
                                             "SLURM_STEP_GRES",
                                             "SLURM_TRES_PER_TASK",
                                             "SLURM_GPUS_PER_TASK",
                                             NULL};

/* With --flux=wrap the number of tasks is wanted again in the instance. salloc knows it only when
 * it runs the command. */
static const char *const keep_ntasks[] = {
    "/bin/sh", "-c", "export FLUX_BOOTSTRAP_NTASKS=\"$SLURM_NTASKS\"; exec \"$@\"", "sh", NULL};

/* --overlap: the user's other steps go beside it. --mem=0: all of the job's memory. --export=ALL:
 * sbatch --export=NONE is about the environment of its user, which the script has not got. */
static const char *const srun[] = {"srun",       "--overlap",    "--flux=on",    "--mem=0",
                                   "--mpi=none", "--unbuffered", "--export=ALL", NULL};

int srun_args (struct argv *a, bool pty)
{
    for (int i = 0; keep_ntasks[i]; i++) {
        if (argv_add (a, keep_ntasks[i]) < 0)
            return -1;
    }
    if (argv_add (a, "env") < 0)
        return -1;
    for (int i = 0; not_for_broker[i]; i++) {
        if (argv_add (a, "-u") < 0 || argv_add (a, not_for_broker[i]) < 0)
            return -1;
    }
    for (int i = 0; srun[i]; i++) {
        if (argv_add (a, srun[i]) < 0)
            return -1;
    }
    return pty ? argv_add (a, "--pty") : 0;
}

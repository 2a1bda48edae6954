/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the plugin does in each kind of process: one file per context, called by the dispatcher in
 * spank_flux.c. Functions return 0, or -1 after they have said why. */

#ifndef FLUX_SPANK_CONTEXT_H
#define FLUX_SPANK_CONTEXT_H

#include <stdint.h>
#include <slurm/spank.h>

#include "spank/settings.h"

struct local;
struct step;

struct context {
    struct settings *set;
    int ncomponents;     // in srun: of a heterogeneous job, that were to get an instance
    struct local *local; // in srun, once a step gets an instance
    struct step *step;   // in slurmstepd, once it is known that the step gets one
};

/* srun */
int local_init_post_opt (spank_t sp, struct context *ctx);
int local_user_init (spank_t sp, struct context *ctx);
void local_exit (spank_t sp, struct context *ctx);

/* sbatch and salloc */
int allocator_init_post_opt (spank_t sp, struct context *ctx);

/* slurmstepd, the batch step */
int batch_task_init (spank_t sp, struct context *ctx);

/* slurmstepd, any other step that a user started */
int step_user_init (spank_t sp, struct context *ctx);
int step_task_init (spank_t sp, struct context *ctx);
int step_task_post_fork (spank_t sp, struct context *ctx);
int step_task_exit (spank_t sp, struct context *ctx);
void step_exit (spank_t sp, struct context *ctx);

#endif /* !FLUX_SPANK_CONTEXT_H */

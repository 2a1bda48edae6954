/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Slurm's commands on top of a Flux instance: each wrapper turns its options into those of a verb
 * of `flux` and runs that in the same process. What an option can't be turned into is refused. */

#ifndef FLUX_WRAPPERS_WRAP_H
#define FLUX_WRAPPERS_WRAP_H

#include "shell/cmd/cmd.h"

extern const struct cmd_verb wrap_srun;
extern const struct cmd_verb wrap_sbatch;
extern const struct cmd_verb wrap_salloc;
extern const struct cmd_verb wrap_squeue;
extern const struct cmd_verb wrap_scancel;

/* all.c or step.c: the wrappers that the program is; NULL-ended. */
extern const struct cmd_verb *const wrap_programs[];

/* The command line of a verb in the making. */
struct words {
    char **v; // NULL-ended
    int n;
};

/* Append one word; ends the program when there is no memory. */
void words_add (struct words *w, const char *fmt, ...) __attribute__ ((format (printf, 2, 3)));
/* Run the verb that the first word names, and return its exit code. */
int words_run (const struct words *w);

/* job_opts.c: options that srun, sbatch and salloc have in common. */
extern const struct cmd_opt wrap_job_opts[];
extern const struct cmd_opt wrap_ignored_opts[];

/* How much a job asks for. 0 is not given. */
struct wrap_size {
    int nnodes;
    int ntasks;
    int cores; // per task
    int gpus;  // per task
};

/* From -N, -n, --ntasks-per-node, -c and the options for GPUs; ends the program when they don't go
 * together. */
struct wrap_size wrap_size (const struct cmd *c);
/* The other common options, as those of flux run, batch and alloc. */
void wrap_job_words (const struct cmd *c, struct words *w);

/* convert.c. Each returns a string that the caller frees, or NULL when there is no such thing. */
/* "MIN", "MIN:SEC", "H:MIN:SEC", "D-H[:MIN[:SEC]]" as seconds with an s; "" for no limit. */
char *convert_time (const char *s);
/* A file name with %j, %t... as one with tags of the job shell. */
char *convert_pattern (const char *s);
/* "now+10", "now+2hours", or a date and time that flux knows too. */
char *convert_begin (const char *s);
/* GPUs that "gpu", "gpu:2", "gpu:a100:2", "a100:2" or "2" stand for; -1 for anything else. */
int convert_gpus (const char *s);
/* "afterok:1:2,after:3" as "afterok:1", "afterok:2", "after:3"; an array is all of its jobs. 0, or
 * -1 when it is of no known form. */
int convert_dependency (const struct cmd *c, const char *s, struct words *w);
/* A format of squeue's -o. On NULL *bad is the letter that means nothing here. */
char *convert_format (const char *s, char *bad);

#endif /* !FLUX_WRAPPERS_WRAP_H */

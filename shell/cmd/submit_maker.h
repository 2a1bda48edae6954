/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the makers of jobspecs out of options share: submit_spec.c for tasks, submit_nest.c for
 * instances, submit_apply.c for what both set in the end. */

#ifndef FLUX_CMD_SUBMIT_MAKER_H
#define FLUX_CMD_SUBMIT_MAKER_H

#include <stdbool.h>

#include "lib/job/jobspec_build.h"
#include "shell/cmd/submit_spec.h"

struct envrules;

/* Everything that goes into one jobspec; strings are freed when it is made. */
struct maker {
    const struct cmd *c;
    const struct subst *s;
    flux_error_t *errp;
    struct jobspec_request req;
    json_t *spec;
    json_t *resources; // of --resources-json
    struct envrules *env;
    char **argv;
    char *owned[16];
    int nowned;
    bool failed;
};

/* The first mistake stays in m->errp, and m->failed says that there is one. Returns -1. */
int maker_bad (struct maker *m, const char *fmt, ...) __attribute__ ((format (printf, 2, 3)));

/* A count of at least `min`, 0 when not given. */
int maker_count (struct maker *m, const char *name, int min);

/* What all kinds of jobs have in their request; after that m->spec is to be built from m->req. */
void maker_request (struct maker *m, char *const *argv, int argc);

/* The value of a string option, or NULL; freed with the maker. */
const char *maker_str (struct maker *m, const char *name);

/* What all have in their jobspec once it is built, and what only tasks have. */
void maker_apply_common (struct maker *m, bool has_io);
void maker_apply_taskmap (struct maker *m);

/* Free all but the jobspec, which goes to spec. -1 when something had failed. */
int maker_finish (struct maker *m, struct submit_spec *spec);

#endif /* !FLUX_CMD_SUBMIT_MAKER_H */

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* From the options of run, submit, bulksubmit, batch and alloc to a jobspec (RFC 14, 25). */

#ifndef FLUX_CMD_SUBMIT_SPEC_H
#define FLUX_CMD_SUBMIT_SPEC_H

#include <jansson.h>
#include <stdbool.h>

#include "shell/cmd/cmd.h"
#include "shell/cmd/subst.h"

/* Tables of options: all five verbs; input and output; those that start tasks; instances. */
extern const struct cmd_opt submit_common_opts[];
extern const struct cmd_opt submit_io_opts[];
extern const struct cmd_opt submit_task_opts[];
extern const struct cmd_opt submit_nest_opts[];

struct submit_spec {
    json_t *jobspec;
    int urgency;
    int flags;  // FLUX_JOB_*
    char *text; // of jobspec, if it is at hand
};

/* s may be NULL: nothing to substitute. Each wrong option gives a sentence and -1. */
int submit_spec_tasks (struct submit_spec *spec, const struct cmd *c, const struct subst *s,
                       flux_error_t *errp);

/* An instance that runs the operands (alloc), or a script with the operands after the first as its
 * arguments (batch). */
int submit_spec_nest (struct submit_spec *spec, const struct cmd *c, flux_error_t *errp);
int submit_spec_batch (struct submit_spec *spec, const struct cmd *c, const char *name,
                       const char *script, size_t len, flux_error_t *errp);
void submit_spec_clear (struct submit_spec *spec);

/* A value after substitution; the caller frees it. NULL without error: not given. */
char *submit_value (const struct cmd *c, const char *name, const struct subst *s,
                    flux_error_t *errp, bool *failed);

/* FLUX_JOB_* of --flags. may_be_signed: "signed" is one of them. */
int submit_flags (const struct cmd *c, const struct subst *s, bool may_be_signed,
                  flux_error_t *errp);

#endif /* !FLUX_CMD_SUBMIT_SPEC_H */

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What submit and bulksubmit share: jobs for the ids of --cc and --bcc. */

#ifndef FLUX_CMD_SUBMIT_CC_H
#define FLUX_CMD_SUBMIT_CC_H

#include <flux/idset.h>

#include "shell/cmd/bulk.h"

/* The ids of --cc or --bcc, one of which is not NULL. Ends the program when they are wrong. */
struct idset *submit_cc_ids (struct cmd *c, const char *cc, const char *bcc);

/* Would the job be made? Ends the program when not: before the first of many is submitted. */
void submit_cc_check (struct cmd *c, const struct subst *s, const char *cc);

/* Submit one job. cc is its id as text, or NULL; with `blind` FLUX_JOB_CC is not set. */
void submit_cc_one (struct bulk *b, struct cmd *c, const struct subst *s, const char *cc,
                    bool blind);

#endif /* !FLUX_CMD_SUBMIT_CC_H */

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A request to submit a job, and the signed jobspec in it. */

#ifndef FLUX_SERVICE_JOB_MANAGER_SUBMISSION_H
#define FLUX_SERVICE_JOB_MANAGER_SUBMISSION_H

#include <stddef.h>
#include <flux/message.h>
#include <flux/types.h>

struct submission {
    char *J;
    int urgency, flags;
    struct flux_msg_cred cred;
};

/* The caller frees J. */
int submission_get (const flux_msg_t *msg, struct submission *sub);

/* The jobspec's text, malloc'd. NULL with EINVAL and a sentence. */
char *submission_unwrap (const char *J, size_t *lenp, flux_error_t *errp);

#endif /* !FLUX_SERVICE_JOB_MANAGER_SUBMISSION_H */

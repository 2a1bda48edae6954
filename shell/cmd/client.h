/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What most verbs need of an instance: one handle, one answer, and a sentence when there is none.
 */

#ifndef FLUX_CMD_CLIENT_H
#define FLUX_CMD_CLIENT_H

#include <jansson.h>
#include <stdint.h>
#include <flux/core.h>
#include <flux/job.h>
#include <flux/job_client.h>

#include "shell/cmd/cmd.h"

/* Connect to FLUX_URI, or end the program with a sentence. */
flux_t *cmd_open (const struct cmd *c);

/* Connect to another instance. NULL with errno. */
flux_t *cmd_open_uri (const char *uri, flux_error_t *errp);

/* Why the future failed: the service's words, or errno's. */
const char *cmd_why (flux_future_t *f);

/* A job id in any form, or end the program. */
flux_jobid_t cmd_jobid (const struct cmd *c, const char *s);

/* An id as people see it (ƒ form, where the locale can). buf has at least CMD_FID_SIZE bytes. */
#define CMD_FID_SIZE 24
const char *cmd_fid (flux_jobid_t id, char *buf, size_t size);
#define FID(id) cmd_fid (id, (char[CMD_FID_SIZE]){0}, CMD_FID_SIZE)

/* Send a request with `in` (taken over; NULL: none) and wait for its one answer, which the caller
 * frees. The _try form returns NULL with errno and sentence; the other ends the program, saying
 * `what` failed and why. */
json_t *cmd_rpc_try (flux_t *h, const char *topic, uint32_t nodeid, json_t *in, flux_error_t *errp);
json_t *cmd_rpc (const struct cmd *c, flux_t *h, const char *topic, uint32_t nodeid, json_t *in,
                 const char *what);

/* A user name or number; "all" is FLUX_USERID_UNKNOWN. Ends the program when unknown. */
uint32_t cmd_userid (const struct cmd *c, const char *s);

/* "hold", "default", "expedite" or 0 to 31. -1 when it is none of these. */
int cmd_urgency (const char *s);

/* "KILL", "SIGKILL", "9". -1 when unknown. */
int cmd_signum (const char *s);

/* A date as --since, --begin-time take it: "+FSD", "-FSD", "now", seconds since the epoch,
 * "YYYY-MM-DD[ T]HH:MM[:SS]", "YYYY-MM-DD", "HH:MM[:SS][am|pm]", "3pm", "today", "yesterday",
 * "tomorrow", "N UNITS ago", "in N UNITS". -1 when not understood. */
int cmd_datetime (const char *s, double now, double *out);

/* Words as one string, separated by blanks; the caller frees it. */
char *cmd_join (char **words, int n);

/* json_pack() that ends the program when it fails, which is a lack of memory or of UTF-8. */
json_t *cmd_pack (const struct cmd *c, const char *fmt, ...);

#endif /* !FLUX_CMD_CLIENT_H */

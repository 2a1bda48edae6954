/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_CMD_JOB_RAISE_H
#define FLUX_CMD_JOB_RAISE_H

#include <flux/core.h>
#include <flux/job.h>
#include <flux/job_client.h>

#include "shell/cmd/cmd.h"

/* Split operands into ids and the note that follows them: the first word that is no id begins the
 * note. Returns how many ids there are. Ends the program when there is none. */
int job_split_note (struct cmd *c, char **note);

/* Send one request per id, all before the first answer is waited for, and name each that failed.
 * Returns the exit code. */
typedef flux_future_t *(*job_request_f) (flux_t *h, flux_jobid_t id, const void *arg);
int job_for_each (struct cmd *c, int count, job_request_f request, const void *arg);

/* job-manager.raiseall: returns how many jobs matched. */
int job_raiseall (struct cmd *c, flux_t *h, bool dry_run, uint32_t userid, int states, int severity,
                  const char *type, const char *note, int *errors);

/* States by name: "pending,run". Ends the program when one is unknown, when there is none, and
 * when one is not of active jobs unless `ended`. */
int job_parse_states (struct cmd *c, const char *text, bool ended);

extern const struct cmd_verb cmd_verb_job_cancel;
extern const struct cmd_verb cmd_verb_job_cancelall;
extern const struct cmd_verb cmd_verb_job_raise;
extern const struct cmd_verb cmd_verb_job_raiseall;
extern const struct cmd_verb cmd_verb_job_kill;
extern const struct cmd_verb cmd_verb_job_killall;

#endif /* !FLUX_CMD_JOB_RAISE_H */

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Submitting many jobs on one connection, and following them: --wait, --watch, --progress. */

#ifndef FLUX_CMD_BULK_H
#define FLUX_CMD_BULK_H

#include <flux/core.h>
#include <flux/job.h>
#include <flux/job_client.h>

#include "shell/cmd/cmd.h"
#include "shell/cmd/submit_spec.h"

extern const struct cmd_opt bulk_opts[];

struct bulk;

/* By the verb's options (bulk_opts, submit_common_opts, submit_io_opts); connects. total is the
 * number of jobs to come. Ends the program on failure. */
struct bulk *bulk_create (struct cmd *c, int total);

/* Send one job off. The label ("cc=1: ") begins messages on its failure. log and log_stderr are
 * names of files for what is said of the job, or NULL. */
void bulk_submit (struct bulk *b, const struct submit_spec *spec, const char *label,
                  const char *log, const char *log_stderr);

/* One that only follows jobs, for flux watch. */
struct bulk *bulk_create_watch (struct cmd *c);
void bulk_set_total (struct bulk *b, int total);

/* Follow a job that was submitted before. */
void bulk_follow (struct bulk *b, flux_jobid_t id);

flux_t *bulk_handle (struct bulk *b);

/* Wait for what there is to wait for. Returns the exit code; b is gone. */
int bulk_finish (struct bulk *b);

#endif /* !FLUX_CMD_BULK_H */

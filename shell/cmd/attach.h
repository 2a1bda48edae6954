/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Attach to a job: its output here, this terminal's input and signals there, its exit code ours. */

#ifndef FLUX_CMD_ATTACH_H
#define FLUX_CMD_ATTACH_H

#include <jansson.h>
#include <flux/core.h>
#include <flux/job.h>
#include <flux/job_client.h>

#include "shell/cmd/cmd.h"

struct attach_opts {
    bool show_events;
    bool show_exec;
    bool show_status;
    bool label_io;
    bool quiet;
    bool no_redirects; // do not tell of output that goes to a file
    bool read_only;
    bool unbuffered;
    bool verbose;
    int tail;                // -1: all output
    const char *wait_event;  // NULL: "clean"
    const char *stdin_ranks; // NULL: "all"
};

/* Returns the exit code. */
int attach_run (struct cmd *c, flux_t *h, flux_jobid_t id, const char *idtext,
                const struct attach_opts *opts);

/* Print a "log" event of guest.output as a line on stderr. */
void attach_print_log (FILE *f, double t, json_t *context, bool verbose);

#endif /* !FLUX_CMD_ATTACH_H */

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The output of the tasks of one shell: to the eventlog guest.output, or to files. A task writes
 * straight into its file where no other node writes to it and no labels are asked for. */

#ifndef FLUX_SHELL_OUTPUT_H
#define FLUX_SHELL_OUTPUT_H

#include <ev.h>
#include <stdbool.h>

#include "lib/shell/info.h"
#include "lib/shell/joblog.h"
#include "lib/shell/outconf.h"

struct output;

struct output_config {
    const struct shell_info *info;
    struct outconf conf;
    const char *tmpdir;
    struct joblog *log;
    struct link *link;        // of shells that are not the leader, to forward with
    const char *write_topic;  // the leader's method for that
    void (*done) (void *arg); // all streams have ended
    void *arg;
};

/* The config is copied. Posts the header event if this is the leader. */
struct output *output_create (struct ev_loop *loop, const struct output_config *config);

void output_destroy (struct output *out);

/* Make the two fds that task number `localid` shall have as stdout and stderr. -1 with errno and
 * errp when a file cannot be opened. */
int output_open_task (struct output *out, int localid, int fds[2], flux_error_t *errp);

/* The task has a terminal instead. What it writes is handed in and goes where stdout goes; len 0 is
 * its end. */
int output_open_terminal (struct output *out, int localid, flux_error_t *errp);
void output_terminal_data (struct output *out, int localid, const char *data, size_t len);

/* Close what was made for the task, after it was started. */
void output_task_started (struct output *out, int fds[2]);

/* Write what came from the task of another shell; for the leader. */
int output_write_remote (struct output *out, json_t *context, flux_error_t *errp);

/* Stop or go on reading, when the log is busy or no longer so. */
void output_update (struct output *out);

/* All streams have ended and all that was read is with the log or the file. */
bool output_ended (const struct output *out);

/* A message from the shell itself to who looks at the output (RFC 24); level as in syslog(3). */
void output_log (struct output *out, int level, const char *fmt, ...)
    __attribute__ ((format (printf, 3, 4)));

#endif /* !FLUX_SHELL_OUTPUT_H */

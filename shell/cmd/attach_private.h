/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of flux job attach share; nobody else includes it.
 *
 *   attach.c          events of the job, and what they begin and end
 *   attach_output.c   output and log messages
 *   attach_signals.c  ctrl-C, ctrl-Z, and signals that go on to the job
 *   attach_status.c   the line that says why the job does not run yet */

#ifndef FLUX_CMD_ATTACH_PRIVATE_H
#define FLUX_CMD_ATTACH_PRIVATE_H

#include "shell/cmd/attach.h"
#include "shell/cmd/attach_input.h"
#include "shell/cmd/attach_pty.h"
#include "shell/cmd/client.h"
#include "shell/cmd/jobstream.h"

#define ATTACH_NSIGNALS 7

struct attach {
    struct cmd *c;
    flux_t *h;
    flux_jobid_t id;
    const char *idtext;
    const struct attach_opts *opts;
    struct jobstream *js;
    struct attach_input *in;
    struct attach_pty *pty;
    bool pty_capture; // what the pty shows is in the output too
    char *service;
    int leader;
    flux_watcher_t *signals[ATTACH_NSIGNALS];
    flux_watcher_t *tick;
    double t_interrupt;
    const char *status; // why it does not run yet
    bool status_shown;
    bool running;
    bool fatal;
    bool done;
    int exit_code;
    json_t *tail; // output events kept back
};

/* Say it when the answer is an error. Takes over f, which may be NULL. */
void attach_answer_later (struct attach *a, flux_future_t *f);

void attach_watch_signals (struct attach *a);

/* The line is on the terminal only until something else has to be. */
void attach_watch_status (struct attach *a);
void attach_status_event (struct attach *a, const char *name);
void attach_status_clear (struct attach *a);

/* With --tail, output is kept back until attach_tail_flush(). */
bool attach_on_data (struct jobstream *js, const struct iodata *io, void *arg);
void attach_output_event (struct attach *a, double t, const char *name, json_t *context);
void attach_tail_flush (struct attach *a);

#endif /* !FLUX_CMD_ATTACH_PRIVATE_H */

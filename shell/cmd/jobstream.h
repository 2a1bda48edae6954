/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The events of one job as they come: its eventlog and, when asked, those of its shell and its
 * output. Attach, --wait, --watch and flux watch are made of these. */

#ifndef FLUX_CMD_JOBSTREAM_H
#define FLUX_CMD_JOBSTREAM_H

#include <jansson.h>
#include <flux/core.h>
#include <flux/job.h>
#include <flux/job_client.h>

#include "shell/cmd/iodata.h"

struct jobstream;

enum {
    JOBSTREAM_EXEC = 1,     // follow guest.exec.eventlog
    JOBSTREAM_OUTPUT = 2,   // and guest.output (implies EXEC)
    JOBSTREAM_SENTINEL = 4, // say when the output so far has been told
};

struct jobstream_ops {
    /* One event of "job" (the eventlog), "exec" or "output". context may be NULL. */
    void (*event) (struct jobstream *js, const char *log, double timestamp, const char *name,
                   json_t *context, void *arg);
    /* Output of a task. Where there is no such function, or it returns false, the same comes as an
     * event "data". */
    bool (*data) (struct jobstream *js, const struct iodata *io, void *arg);
    /* One of the logs could not be followed to its end; errnum ENOENT: there is no such job. */
    void (*failed) (struct jobstream *js, const char *log, int errnum, const char *text, void *arg);
    /* What was there of the output has been told (JOBSTREAM_SENTINEL). May be NULL. */
    void (*sentinel) (struct jobstream *js, void *arg);
    /* All logs have ended. js may be destroyed here. */
    void (*done) (struct jobstream *js, void *arg);
};

/* Follow a job until `last` is seen in its eventlog (NULL: to its end, after "clean"), or in that
 * of its execution ("exec.shell.start"; needs JOBSTREAM_EXEC). */
struct jobstream *jobstream_create (flux_t *h, flux_jobid_t id, int flags, const char *last,
                                    const struct jobstream_ops *ops, void *arg);
void jobstream_destroy (struct jobstream *js);

/* When the job was submitted (the time of its first event), 0 before. */
double jobstream_t0 (const struct jobstream *js);

/* Begin with the output now, though the shell has not said that it began. */
int jobstream_start_output (struct jobstream *js);

/* Ask for the end of all logs: done() will follow. */
void jobstream_cancel (struct jobstream *js);

#endif /* !FLUX_CMD_JOBSTREAM_H */

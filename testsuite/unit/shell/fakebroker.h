/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* As much of a broker as job shells need: starts them through a spawner, routes their messages
 * between them (each shell of a job has its own broker rank), gathers what they append. */

#ifndef FLUX_UNIT_FAKEBROKER_H
#define FLUX_UNIT_FAKEBROKER_H

#include <ev.h>
#include <jansson.h>
#include <stdbool.h>
#include <flux/message.h>

#include "lib/tasks/combine.h"
#include "lib/util/buf.h"
#include "shell/service/job_exec/spawner.h"

#define FAKE_JOBS_MAX 4096

struct fake_client;

/* One job shell. */
struct fake_job {
    uint64_t id; // the id for the spawner: that of the job, plus the shell's rank
    bool started, failed, exited, connected;
    int wait_status;
    int status; // from the result; -1 when there was none
    struct buf exec, output, input;
    struct buf raised; // notes of exceptions
    int appends;       // job-exec.append requests
    bool output_first; // there was output before there were exec events
};

#define FAKE_REDUCES 8
#define FAKE_SHELLS_MAX 64

struct fake_reduce {
    char name[GROUP_NAME_MAX + 1];
    uint32_t seq;
    struct combine data;
    const flux_msg_t *requests[FAKE_SHELLS_MAX];
    struct fake_client *clients[FAKE_SHELLS_MAX];
    int count; // 0: free
};

struct fakebroker {
    struct ev_loop *loop;
    struct fake_reduce reduces[FAKE_REDUCES];
    struct spawner *sp;
    struct fake_client *clients;
    struct fake_job jobs[FAKE_JOBS_MAX];
    int njobs;
    int live;
    ev_timer timeout;
    bool timed_out;
    int answer; // to fakebroker_request()
    struct buf stream;
    int stream_errnum;
    void (*ended) (struct fakebroker *fb, struct fake_job *job); // may start others
};

struct fakebroker *fakebroker_create (void);
void fakebroker_destroy (struct fakebroker *fb);

/* A request for a job with one shell that runs `command` (JSON array) with `options` (JSON object,
 * or NULL) as ntasks tasks on cores "0-<ntasks-1>". The caller frees it. */
char *fake_request (uint64_t id, const char *command, int ntasks, const char *options);

/* The same for shell number `rank` of `nshells`, with ntasks in all. */
char *fake_request_multi (uint64_t id, const char *command, int ntasks, const char *options,
                          int rank, int nshells);

struct fake_job *fakebroker_start (struct fakebroker *fb, uint64_t id, char *request);

/* Send a request to the job's shell and wait for the answer; returns its errnum, -1 for none. */
int fakebroker_request (struct fakebroker *fb, uint64_t id, const char *method, json_t *o);

/* Send a streaming request; what is answered gathers in fb->stream, one JSON text per line, and
 * fb->stream_errnum is its end (-1: not yet). */
void fakebroker_stream (struct fakebroker *fb, uint64_t id, const char *method, json_t *o);

/* Run until all jobs have ended; false when that takes too long. */
bool fakebroker_run (struct fakebroker *fb, double timeout);

/* Run for so long, or until `*flag` is true. */
void fakebroker_run_until (struct fakebroker *fb, const bool *flag, double timeout);

/* All data of a stream in the output eventlog of a job; the caller frees it. With rank not NULL,
 * only that of one task. */
char *fake_output (const struct fake_job *job, const char *stream, const char *rank);

/* An event of an eventlog by name, or NULL; the caller decrefs it. */
json_t *fake_event (const struct buf *log, const char *name);

#endif /* !FLUX_UNIT_FAKEBROKER_H */

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What `flux top` shows: an instance, those entered from it, and what they last said. It knows of
 * no screen. */

#ifndef FLUX_CMD_TOP_MODEL_H
#define FLUX_CMD_TOP_MODEL_H

#include <jansson.h>
#include <stdbool.h>
#include <flux/core.h>
#include <flux/job.h>

#include "shell/cmd/jobinfo.h"
#include "shell/cmd/joblist.h"

#define TOP_DEPTH_MAX 16

/* One instance on the way down from the first. */
struct top_level {
    flux_t *h;
    char *title; // host, then ids of jobs: host/ƒA/ƒB
    char owner[32];
    char size[16], depth[16], version[32];
    double starttime;
};

struct top {
    struct top_level levels[TOP_DEPTH_MAX];
    int depth; // index of the one that is shown
    struct jobinfo ji;
    json_t *queues;        // names, an array
    int queue;             // index, -1: all
    char *wanted;          // the queue given on the command line, or NULL
    double uptime;         // seconds; < 0: not known
    double timeleft;       // seconds; < 0: no limit
    json_t *counts;        // of rstates_counts(), may be NULL
    json_t *jobs;          // array, running before pending, the newest first
    flux_jobid_t selected; // FLUX_JOBID_ANY: none
    struct joblist_stats stats;
    bool details; // show failed and successful jobs apart
    char message[512];
};

/* Takes over h. queue may be NULL. */
void top_init (struct top *t, flux_t *h, const char *title, const char *queue);
void top_clear (struct top *t);

/* Ask the instance. -1 with the reason in t->message. */
int top_refresh (struct top *t);

/* The same; an instance that has ended gives way to the one it ran in. -1: the first has ended. */
int top_refresh_or_back (struct top *t);

const struct top_level *top_here (const struct top *t);
const char *top_queue (const struct top *t); // NULL: all

/* Index of the selected job, or -1. */
int top_selected (const struct top *t);
void top_move (struct top *t, int by);
void top_rotate_queue (struct top *t, int by);

/* Go into the selected job, if it is an instance. */
void top_enter (struct top *t);

/* Back to the instance above; false when there is none. */
bool top_back (struct top *t);

#endif /* !FLUX_CMD_TOP_MODEL_H */

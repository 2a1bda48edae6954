/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Between the files of the external scheduler. */

#ifndef FLUX_SERVICE_JOB_MANAGER_EXTSCHED_PRIVATE_H
#define FLUX_SERVICE_JOB_MANAGER_EXTSCHED_PRIVATE_H

#include <uthash.h>

#include "shell/service/job_manager/extsched.h"
#include "shell/service/job_manager/private.h"

/* A job that it was asked for. */
struct asked {
    uint64_t id;
    bool canceled;
    UT_hash_handle hh;
};

struct extsched {
    struct job_manager *jm;
    struct waiters *peer; // its hello, to know when it disconnects
    bool ready;
    uint32_t limit; // of jobs that it is asked for at a time; 0: none
    struct asked *asked;
    json_t *priorities; // [[id,priority]...] of this turn
};

struct asked *extsched_find (struct extsched *e, uint64_t id);
void extsched_answered (struct extsched *e, struct asked *a);
void extsched_stop (struct extsched *e, const char *why);

/* extsched_alloc.c */
void extsched_alloc_cb (struct router *rt, const flux_msg_t *msg, void *arg);

#endif /* !FLUX_SERVICE_JOB_MANAGER_EXTSCHED_PRIVATE_H */

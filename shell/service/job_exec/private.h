/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of this folder share: jobs that run, and their shells. */

#ifndef FLUX_SERVICE_JOB_EXEC_PRIVATE_H
#define FLUX_SERVICE_JOB_EXEC_PRIVATE_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

#include <flux/idset.h>
#include <flux/message.h>

#include "shell/broker/router.h"
#include "shell/service/job_exec/exec.h"
#include "shell/service/job_exec/killplan.h"
#include "shell/service/job_exec/local.h"

/* When the link to a shell's rank is lost, its broker may be finding another way to us: ask for the
 * shell again and again, until the rank is lost, or it takes too long. */
#define ATTACH_PERIOD .25 // seconds
#define ATTACH_TIMEOUT 60.

struct shell {
    struct running_job *job;
    uint32_t rank;
    uint32_t matchtag; // of the RPC to another rank
    bool started, ended;
    bool forgiven;   // its loss is no failure
    double detached; // since when the link is lost, or 0
    char *request;   // to be sent again should it be lost; until started
};

struct running_job {
    uint64_t id;
    uint32_t userid;
    struct job_exec *e;
    struct shell *shells;
    uint32_t nshells, nstarted, nended;
    int status;             // the highest wait status
    struct idset *critical; // indices of shells, or NULL: all
    bool cancelled;
    bool simulated;
    uint64_t text_seq; // see joblog_gate()
    ev_timer timer;    // simulated end, or the next step of the kill plan
    struct killplan_state killing;
    UT_hash_handle hh;
};

struct job_exec {
    struct router *rt;
    struct kvs *kvs;
    struct exec_local *local;
    const struct job_exec_ops *ops;
    void *arg;
    struct running_job *jobs;
    struct killplan killplan;
    struct idset *lost; // ranks
    ev_timer attach;
};

struct running_job *exec_lookup (const struct job_exec *e, uint64_t id);
void exec_job_free (struct running_job *job);

/* shells.c: the life of job shells */
void exec_append (struct job_exec *e, uint64_t id, const char *path, const char *data, size_t len);
void exec_log_event (struct running_job *job, const char *name, const char *context);
struct shell *exec_find_shell (struct running_job *job, uint32_t rank);

/* Keep the wait status if it says more than the one there is. */
void exec_take_status (struct running_job *job, int status);

/* The shell counts as dead; the job may be gone after. */
void exec_lose_shell (struct shell *sh);

/* All has ended: tell it, and free the job. */
void exec_finish (struct running_job *job);

/* What shells say: on this rank, on others; and asking again for those whose link was lost. */
void exec_local_event (uint64_t id, enum shell_event event, int status, const char *text,
                       void *arg);
void exec_remote_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void exec_attach_cb (struct ev_loop *loop, ev_timer *w, int revents);

#endif /* !FLUX_SERVICE_JOB_EXEC_PRIVATE_H */

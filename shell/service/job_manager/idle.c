/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <utlist.h>

#include "shell/service/job_manager/private.h"

/* drain waits until no job is active, idle until none runs */

size_t count_states (struct job_manager *jm, int mask)
{
    size_t n = 0;

    for (int i = 0; i < JOB_STATES; i++)
        n += (mask & (1 << i)) ? jm->state_count[i] : 0;
    return n;
}

static void drain_each (const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;

    router_respond (jm->rt, msg, NULL);
}

static void idle_each (const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;

    router_respond_pack (jm->rt, msg, "{s:i}", "pending",
                         (int)count_states (jm, JOB_NEW | JOB_PENDING));
}

static bool may_start_more (struct job_manager *jm)
{
    struct jobqueue *q;

    LL_FOREACH (jm->queues->list, q)
    {
        struct job *first = queue_first (q->pending);
        if (jobqueue_is_started (q) && first && first->priority > PRIORITY_MIN)
            return true;
    }
    return false;
}

void check_idle (struct job_manager *jm)
{
    if (waiters_count (jm->drains) > 0 && count_states (jm, JOB_NEW | JOB_ACTIVE) == 0) {
        waiters_each (jm->drains, drain_each, jm);
        waiters_clear (jm->drains);
    }
    if (waiters_count (jm->idles) > 0 && count_states (jm, JOB_RUNNING) == 0 &&
        !may_start_more (jm)) {
        waiters_each (jm->idles, idle_each, jm);
        waiters_clear (jm->idles);
    }
    int ending = jm->kept ? JOB_RUNNING : JOB_NEW | JOB_ACTIVE;
    if (jm->shutdown_cb && count_states (jm, ending) == 0) {
        void (*cb) (void *arg) = jm->shutdown_cb;
        jm->shutdown_cb = NULL;
        cb (jm->shutdown_arg);
    }
}

void drain_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;

    if (waiters_add (jm->drains, msg) < 0)
        router_respond_error (rt, msg, errno, NULL);
    check_idle (jm);
}

void idle_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;

    if (waiters_add (jm->idles, msg) < 0)
        router_respond_error (rt, msg, errno, NULL);
    check_idle (jm);
}

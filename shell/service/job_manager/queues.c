/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Requests about queues: job-manager.queue-list, queue-status, queue-enable, queue-start. What they
 * were told is kept in the KVS for the next start of the instance (restart.c). */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include <flux/request.h>

#include "lib/util/errprintf.h"
#include "shell/service/job_manager/private.h"
#include "shell/service/kvs/kvs.h"

#define RESTART_REASON "Automatically stopped due to restart"

void queue_list_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    json_t *names = json_array ();
    struct jobqueue *q;

    LL_FOREACH (jm->queues->list, q)
    {
        if (q->name && !q->removed)
            json_array_append_new (names, json_string (q->name));
    }
    router_respond_pack (rt, msg, "{s:o}", "queues", names);
}

void queue_status_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    const char *name = NULL;
    struct jobqueue *q;
    flux_error_t error;

    if (flux_request_unpack (msg, NULL, "{s?s}", "name", &name) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else if (!(q = jobqueues_find (jm->queues, name, &error)))
        router_respond_error (rt, msg, errno, error.text);
    else
        router_respond_pack (rt, msg, "o", jobqueue_status (q));
}

/* ---- checkpoint ---- */

static json_t *encode_state (const struct jobqueue *q)
{
    return json_pack ("{s:s* s:b s:s* s:b s:s*}", "name", q->name, "enable", q->enabled,
                      "disable_reason", q->disable_reason, "start", q->started, "stop_reason",
                      q->stop_reason);
}

static void keep_states (struct job_manager *jm)
{
    json_t *states = json_array ();
    struct jobqueue *q;

    LL_FOREACH (jm->queues->list, q)
    {
        if (!q->removed)
            json_array_append_new (states, encode_state (q));
    }
    json_decref (jm->queue_states);
    jm->queue_states = states;
}

static void restore_one (struct job_manager *jm, const json_t *entry, bool stop)
{
    const char *name = NULL, *disable_reason = NULL, *stop_reason = NULL;
    int enable, start = 1;
    struct jobqueue *q;

    if (json_unpack ((json_t *)entry, "{s?s s:b s?b s?s s?s}", "name", &name, "enable", &enable,
                     "start", &start, "disable_reason", &disable_reason, "stop_reason",
                     &stop_reason) < 0 ||
        !(q = jobqueues_lookup (jm->queues, name)))
        return;
    if (start && stop) {
        start = 0;
        stop_reason = RESTART_REASON;
    }
    jobqueue_enable (q, enable, disable_reason);
    jobqueue_start (q, start, stop_reason);
}

void queues_restore (struct job_manager *jm, json_t *states, bool stop)
{
    json_t *entry;
    size_t i;

    jm->queue_states = json_incref (states);
    json_array_foreach (states, i, entry) restore_one (jm, entry, stop);
}

/* ---- changes ---- */

struct change {
    const char *name;
    bool on;
    const char *reason;
    void (*apply) (struct jobqueue *q, bool on, const char *reason);
    bool keep;
};

static int apply (struct job_manager *jm, const struct change *c, bool all, flux_error_t *errp)
{
    struct jobqueue *q;

    if (!c->name && !all && jobqueues_are_named (jm->queues)) {
        errno = EINVAL;
        return errprintf (errp, "Use --all to apply this command to all queues");
    }
    if (c->name) {
        if (!(q = jobqueues_find (jm->queues, c->name, errp)))
            return -1;
        c->apply (q, c->on, c->reason);
    } else {
        LL_FOREACH (jm->queues->list, q)
        {
            if (!q->removed)
                c->apply (q, c->on, c->reason);
        }
    }
    if (c->keep)
        keep_states (jm);
    if (c->keep && job_manager_save (jm) < 0)
        return errprintf (errp, "the state of the queues cannot be kept: %s", strerror (errno));
    return 0;
}

void queue_enable_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    struct change c = {.apply = jobqueue_enable, .keep = true};
    int enable, all = 0, nocheckpoint = 0;
    flux_error_t error;

    if (flux_request_unpack (msg, NULL, "{s?s s:b s?s s?b s?b}", "name", &c.name, "enable", &enable,
                             "reason", &c.reason, "all", &all, "nocheckpoint", &nocheckpoint) < 0) {
        router_respond_error (rt, msg, errno, NULL);
        return;
    }
    c.on = enable;
    c.keep = !nocheckpoint;
    if (!enable && !c.reason)
        router_respond_error (rt, msg, EINVAL, "reason is required for disable");
    else if (apply (jm, &c, all, &error) < 0)
        router_respond_error (rt, msg, errno, error.text);
    else
        router_respond (rt, msg, NULL);
}

void queue_start_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    struct change c = {.apply = jobqueue_start};
    int start, all = 0, nocheckpoint = 0;
    flux_error_t error;

    if (flux_request_unpack (msg, NULL, "{s?s s:b s?s s?b s?b}", "name", &c.name, "start", &start,
                             "reason", &c.reason, "all", &all, "nocheckpoint", &nocheckpoint) < 0) {
        router_respond_error (rt, msg, errno, NULL);
        return;
    }
    c.on = start;
    c.keep = !nocheckpoint;
    if (apply (jm, &c, all, &error) < 0) {
        router_respond_error (rt, msg, errno, error.text);
        return;
    }
    router_respond (rt, msg, NULL);
    job_manager_reschedule (jm);
    check_idle (jm);
}

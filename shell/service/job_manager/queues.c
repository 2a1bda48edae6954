/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flux/request.h>

#include "shell/service/job_manager/private.h"

/* queues: so far the one without a name */

void queue_list_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    router_respond (rt, msg, "{\"queues\":[]}");
}

static bool name_is_known (struct router *rt, const flux_msg_t *msg, const char *name)
{
    char text[256];

    if (!name)
        return true;
    snprintf (text, sizeof (text), "'%s' is not a valid queue", name);
    router_respond_error (rt, msg, EINVAL, text);
    return false;
}

static void set_reason (char **reason, const char *text)
{
    free (*reason);
    *reason = text ? strdup (text) : NULL;
}

void queue_status_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    const char *name = NULL;

    if (flux_request_unpack (msg, NULL, "{s?s}", "name", &name) < 0) {
        router_respond_error (rt, msg, errno, NULL);
        return;
    }
    if (!name_is_known (rt, msg, name))
        return;
    json_t *o =
        json_pack ("{s:b s:b}", "enable", !jm->submit_disabled, "start", !jm->sched_stopped);
    if (jm->submit_disabled && jm->submit_disabled_reason)
        json_object_set_new (o, "disable_reason", json_string (jm->submit_disabled_reason));
    if (jm->sched_stopped && jm->sched_stopped_reason)
        json_object_set_new (o, "stop_reason", json_string (jm->sched_stopped_reason));
    router_respond_pack (rt, msg, "o", o);
}

void queue_enable_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    const char *name = NULL, *reason = NULL;
    int enable, all;

    if (flux_request_unpack (msg, NULL, "{s?s s:b s?s s:b}", "name", &name, "enable", &enable,
                             "reason", &reason, "all", &all) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if (!enable && !reason) {
        router_respond_error (rt, msg, EINVAL, "reason is required for disable");
    } else if (name_is_known (rt, msg, name)) {
        jm->submit_disabled = !enable;
        set_reason (&jm->submit_disabled_reason, enable ? NULL : reason);
        router_respond (rt, msg, NULL);
    }
}

void queue_start_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    const char *name = NULL, *reason = NULL;
    int start, all;

    if (flux_request_unpack (msg, NULL, "{s?s s:b s?s s:b}", "name", &name, "start", &start,
                             "reason", &reason, "all", &all) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if (name_is_known (rt, msg, name)) {
        jm->sched_stopped = !start;
        set_reason (&jm->sched_stopped_reason, start ? NULL : reason);
        router_respond (rt, msg, NULL);
        job_manager_reschedule (jm);
        check_idle (jm);
    }
}

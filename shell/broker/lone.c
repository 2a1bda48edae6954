/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <ev.h>
#include <flux/request.h>

#include "shell/broker/lone.h"
#include "shell/broker/router.h"

/* As net.c answers: the broker's own state, and as long as it is in it. */
static void health_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    router_respond_pack (rt, msg, "{s:i s:s s:f s:[]}", "rank", 0, "status", "full", "duration",
                         ev_now (router_loop (rt)) - *(double *)arg, "children");
}

static void topology_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    int rank;

    if (flux_request_unpack (msg, NULL, "{s:i}", "rank", &rank) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else if (rank != 0)
        router_respond_error (rt, msg, EINVAL, "there is no such rank");
    else
        router_respond_pack (rt, msg, "{s:i s:i s:[]}", "rank", 0, "size", 1, "children");
}

static const struct handler_row rows[] = {
    {"health", health_cb, FLUX_ROLE_ALL},
    {"topology", topology_cb, FLUX_ROLE_ALL},
    {NULL, NULL, 0},
};

int lone_overlay_service_add (struct router *rt, double *since)
{
    *since = ev_now (router_loop (rt));
    return router_service_add (rt, "overlay", rows, since);
}

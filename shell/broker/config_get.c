/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "shell/broker/config_get.h"
#include "shell/broker/router.h"

static void get_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    router_respond (rt, msg, "{}");
}

static const struct handler_row rows[] = {
    {"get", get_cb, FLUX_ROLE_OWNER | FLUX_ROLE_USER},
    {NULL, NULL, 0},
};

int config_service_add (struct router *rt)
{
    return router_service_add (rt, "config", rows, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Requests to the `module` service that neither load nor remove one. */

#include <errno.h>
#include <string.h>
#include <utlist.h>
#include <flux/module.h>
#include <flux/request.h>

#include "shell/service/module/modules_private.h"

void modules_list_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct modules *mods = arg;
    json_t *out = json_array (), *builtins = router_services (rt), *svc;
    struct entry *e;
    size_t i;

    json_array_foreach (builtins, i, svc)
    {
        int idle = (int)json_real_value (json_object_get (svc, "idle"));
        json_array_append_new (
            out, json_pack ("{s:O s:s s:i s:i s:[] s:i s:i}", "name", json_object_get (svc, "name"),
                            "path", "builtin", "idle", idle > 0 ? idle : 0, "status",
                            FLUX_MODSTATE_RUNNING, "services", "sendqueue", 0, "recvqueue", 0));
    }
    DL_FOREACH (mods->list, e)
    {
        json_array_append_new (out, module_describe (e->module));
    }
    json_decref (builtins);
    router_respond_pack (rt, msg, "{s:o}", "mods", out);
}

/* Modules tell of themselves: the sender is the last hop. */
void modules_status_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct modules *mods = arg;
    const char *uuid = flux_msg_route_last (msg);
    int status, errnum = 0;
    struct entry *e;

    if (flux_request_unpack (msg, NULL, "{s:i s?i}", "status", &status, "errnum", &errnum) < 0) {
        router_respond_error (rt, msg, errno, NULL);
        return;
    }
    DL_FOREACH (mods->list, e)
    {
        if (uuid && strcmp (module_uuid (e->module), uuid) == 0)
            break;
    }
    if (!e)
        router_respond_error (rt, msg, ENOENT, "only modules say how they are");
    else if (module_set_state (e->module, status, errnum) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else
        router_respond (rt, msg, NULL);
}

void modules_debug_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct modules *mods = arg;
    const char *name;
    int defer = 0;
    struct entry *e;

    if (flux_request_unpack (msg, NULL, "{s:s s?b}", "name", &name, "defer", &defer) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if (!(e = modules_find (mods, name))) {
        router_respond_error (rt, msg, ENOENT, "there is no such module");
    } else {
        module_defer (e->module, defer);
        router_respond (rt, msg, NULL);
    }
}

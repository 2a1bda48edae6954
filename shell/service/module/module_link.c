/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The connection of a module: a client of the router that the broker itself looks after. */

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>
#include <flux/request.h>

#include "shell/broker/router_client.h"
#include "shell/service/module/module_private.h"

struct held {
    flux_msg_t *msg;
    struct held *next, *prev;
};

static bool received_cb (flux_msg_t *msg, void *arg)
{
    struct module *m = arg;
    struct held *held;

    m->active = ev_now (router_loop (m->rt));
    m->ops->passed (m, "tx", msg, m->arg);
    if (!m->defer || !(held = malloc (sizeof (*held))))
        return false;
    held->msg = msg;
    DL_APPEND (m->held, held);
    m->nheld++;
    return true;
}

static void sending_cb (const flux_msg_t *msg, void *arg)
{
    struct module *m = arg;

    if (client_pending (m->rt, m->uuid) == 0)
        m->nsent = 0;
    m->nsent++;
    m->ops->passed (m, "rx", msg, m->arg);
}

static void gone_cb (void *arg)
{
    struct module *m = arg;

    m->connected = false;
    router_at_turn_end (m->rt, module_end_cb, m);
}

static const struct client_ops client_ops = {received_cb, sending_cb, gone_cb};

void module_release_held (struct module *m)
{
    struct held *held;

    while ((held = m->held)) {
        DL_DELETE (m->held, held);
        m->nheld--;
        client_inject (m->rt, m->uuid, held->msg); // drops it when the module is gone
        free (held);
    }
}

void module_defer (struct module *m, bool defer)
{
    m->defer = defer;
    if (!defer)
        module_release_held (m);
}

int module_connect (struct module *m)
{
    struct flux_msg_cred cred = {getuid (), FLUX_ROLE_OWNER};
    int fd[2];

    if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
        return -1;
    m->fd = fd[1];
    if (client_add_ops (m->rt, fd[0], cred.userid, cred.rolemask, &client_ops, m, m->uuid) < 0)
        return -1;
    m->connected = true;
    return 0;
}

int module_push (struct module *m, const char *topic, json_t *payload)
{
    char *text = payload ? json_dumps (payload, JSON_COMPACT) : NULL;
    flux_msg_t *msg = payload && !text ? NULL : flux_request_encode (topic, text);
    struct flux_msg_cred cred = {getuid (), FLUX_ROLE_OWNER | FLUX_ROLE_LOCAL};
    int rc = -1;

    if (msg && flux_msg_set_noresponse (msg) == 0 && flux_msg_set_cred (msg, cred) == 0) {
        flux_msg_route_enable (msg);
        rc = client_push (m->rt, m->uuid, msg);
    }
    flux_msg_decref (msg);
    free (text);
    return rc;
}

int module_send_welcome (struct module *m, const struct module_spec *spec)
{
    json_t *o = json_pack ("{s:O s:O s:O s:s s:s}", "args", spec->args, "attrs", spec->attrs,
                           "conf", spec->conf, "name", m->name, "uuid", m->uuid);
    int rc = o ? module_push (m, "welcome", o) : -1;

    json_decref (o);
    return rc;
}

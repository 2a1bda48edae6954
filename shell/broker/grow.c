/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* More ranks, see grow.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <flux/event.h>
#include <flux/hostlist.h>
#include <flux/request.h>

#include "lib/overlay/topology.h"
#include "lib/util/errprintf.h"
#include "shell/broker/attr.h"
#include "shell/broker/boot_attrs.h"
#include "shell/broker/conf_service.h"
#include "shell/broker/grow.h"
#include "shell/broker/lone.h"
#include "shell/broker/router_overlay.h"
#include "shell/service/services.h"

/* An instance of one broker has had no overlay. */
static int make_net (struct broker *b, uint32_t size, flux_error_t *errp)
{
    router_service_remove (b->router, "overlay"); // lone.c's
    if ((b->net = net_create_late (b->router, b->attrs, conf_service_get (b->conf), b->bootstrap,
                                   size, &broker_net_ops, b, errp)))
        return 0;
    (void)lone_overlay_service_add (b->router, &b->lone_since);
    return -1;
}

static int grow (struct broker *b, uint32_t size, const char *hostlist, flux_error_t *errp)
{
    if ((b->net ? net_grow (b->net, size, errp) : make_net (b, size, errp)) < 0)
        return -1;
    router_set_size (b->router, size);
    if (boot_attrs_grow (b->attrs, size, hostlist) < 0 || services_grow (b->services, size) < 0)
        return errprintf (errp, "out of memory");
    return 0;
}

static char *add_hosts (const struct broker *b, const json_t *hosts, flux_error_t *errp)
{
    struct hostlist *hl = hostlist_decode (attr_get (b->attrs, "hostlist"));
    const json_t *host;
    char *text = NULL;
    size_t i;

    json_array_foreach (hosts, i, host)
    {
        const char *name = json_string_value (host);
        if (!hl || !name || hostlist_append (hl, name) != 1) {
            errno = EINVAL;
            errprintf (errp, "hosts: one name each is needed");
            goto out;
        }
    }
    if (!hl || !(text = hostlist_encode (hl)))
        errprintf (errp, "out of memory");
out:
    hostlist_destroy (hl);
    return text;
}

static void grow_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct broker *b = arg;
    uint32_t first = router_size (rt);
    json_t *hosts;
    flux_error_t error = {""};
    char *text = NULL;

    if (flux_request_unpack (msg, NULL, "{s:o}", "hosts", &hosts) < 0 || !json_is_array (hosts)) {
        router_respond_error (rt, msg, EPROTO, NULL);
        return;
    }
    uint32_t size = first + (uint32_t)json_array_size (hosts);
    if (!broker_is_leader (b) || life_state (b->life) != STATE_RUN)
        router_respond_error (rt, msg, EINVAL, "only rank 0 of a running instance can grow");
    else if (size == first || size > TOPOLOGY_SIZE_MAX)
        router_respond_error (rt, msg, EINVAL, "no hosts, or too many");
    else if (!(text = add_hosts (b, hosts, &error)) || grow (b, size, text, &error) < 0)
        router_respond_error (rt, msg, errno, error.text);
    else {
        json_t *event = json_pack ("{s:i s:s}", "size", (int)size, "hostlist", text);
        char *payload = event ? json_dumps (event, JSON_COMPACT) : NULL;
        if (payload)
            router_publish_private (rt, "broker.grow", payload);
        router_respond_pack (rt, msg, "{s:i s:i}", "first", (int)first, "size", (int)size);
        free (payload);
        json_decref (event);
    }
    free (text);
}

static void event_cb (struct router *rt, const flux_msg_t *event, void *arg)
{
    struct broker *b = arg;
    const char *hostlist;
    flux_error_t error;
    int size;

    if (flux_event_unpack (event, NULL, "{s:i s:s}", "size", &size, "hostlist", &hostlist) == 0 &&
        size > (int)router_size (rt) && b->net && grow (b, (uint32_t)size, hostlist, &error) < 0)
        broker_complain (b, "rank %u: %s", router_rank (rt), error.text);
}

int grow_follow (struct broker *b)
{
    return broker_is_leader (b) ? 0
                                : router_event_subscribe (b->router, "broker.grow", event_cb, b);
}

/* Others below would be told to end as well. */
static void leave_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct broker *b = arg;

    if (broker_is_leader (b)) {
        router_respond_error (rt, msg, EINVAL, "rank 0 cannot leave its instance");
    } else if (broker_children_online (b)) {
        router_respond_error (rt, msg, EBUSY, "there are brokers below it");
    } else {
        router_respond (rt, msg, NULL);
        life_post (b->life, "shutdown");
    }
}

const struct handler_row grow_rows[] = {
    {"grow", grow_cb, FLUX_ROLE_OWNER},
    {"leave", leave_cb, FLUX_ROLE_OWNER},
    {NULL, NULL, 0},
};

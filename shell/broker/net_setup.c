/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The overlay out of attributes, configuration and what the bootstrap says. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"
#include "shell/broker/net_conf.h"
#include "shell/broker/net_private.h"

static int set_times (const struct attrs *attrs, struct overlay_conf *conf, flux_error_t *errp)
{
    const struct {
        const char *name;
        double *value;
    } times[] = {
        {"tbon.torpid_min", &conf->torpid_min},
        {"tbon.torpid_max", &conf->torpid_max},
        {"tbon.tcp_user_timeout", &conf->tcp_user_timeout},
        {"tbon.connect_timeout", &conf->connect_timeout},
    };

    for (size_t i = 0; i < sizeof (times) / sizeof (times[0]); i++) {
        if (attr_get_duration (attrs, times[i].name, times[i].value, errp) < 0)
            return -1;
    }
    return 0;
}

/* One that takes the place of a lost broker does as its parent does. */
static bool all_on_one_host (const struct attrs *attrs, const struct bootstrap_info *info)
{
    const char *tcp = attr_get (attrs, "tbon.prefertcp");

    if (info->method == BOOTSTRAP_REJOIN)
        return strncmp (info->parent_uri, "ipc://", 6) == 0;
    return info->method == BOOTSTRAP_WIREUP && (!tcp || strcmp (tcp, "0") == 0);
}

/* ipc where all brokers are known to be on one host (no address given), tcp else. */
static int make_bind_uri (const struct attrs *attrs, const struct bootstrap_info *info, char *uri,
                          size_t size, flux_error_t *errp)
{
    char addr[256];

    if (info->address) {
        snprintf (uri, size, strchr (info->address, ':') ? "tcp://[%s]:*" : "tcp://%s:*",
                  info->address);
        return 0;
    }
    if (all_on_one_host (attrs, info)) {
        snprintf (uri, size, "ipc://%s/tbon-%u", attr_get (attrs, "rundir"), (unsigned)info->rank);
        return 0;
    }
    if (overlay_interface_addr (attr_get (attrs, "tbon.interface-hint"), addr, sizeof (addr),
                                errp) < 0)
        return -1;
    snprintf (uri, size, "tcp://%s:*", addr);
    return 0;
}

int net_set_attrs (struct net *net, struct attrs *attrs, const struct bootstrap_info *info)
{
    const struct topology *topo = overlay_topology (net->ov);
    const char *endpoint = overlay_endpoint (net->ov);

    if (attr_set (attrs, "tbon.topo", topology_uri (topo)) < 0 ||
        attr_set_uint (attrs, "tbon.level", topology_level (topo, info->rank)) < 0 ||
        attr_set_uint (attrs, "tbon.maxlevel", topology_maxlevel (topo)) < 0 ||
        attr_set_uint (attrs, "tbon.descendants", topology_descendants (topo, info->rank)) < 0 ||
        (endpoint && attr_set (attrs, "tbon.endpoint", endpoint) < 0) ||
        (info->parent_uri && attr_set (attrs, "tbon.parent-endpoint", info->parent_uri) < 0))
        return -1;
    return 0;
}

int net_create_overlay (struct net *net, struct attrs *attrs, const struct bootstrap_info *info,
                        const json_t *config, const struct overlay_ops *ops, flux_error_t *errp)
{
    const char *topo = attr_get (attrs, "tbon.topo");
    uint32_t io_threads, rcvhwm, zmqdebug;
    int *parents = NULL;
    struct overlay_conf conf = {
        .loop = router_loop (net->rt),
        .rank = info->rank,
        .size = net->size,
        .topology = topo,
        .uuid = attr_get (attrs, "broker.uuid"),
        .hostname = info->hostname,
        .instance = info->instance,
        .auth = info->munge ? OVERLAY_AUTH_MUNGE : OVERLAY_AUTH_TOKEN,
        .token = info->token,
        .munge_socket = info->munge_socket,
    };

    if (set_times (attrs, &conf, errp) < 0 ||
        attr_get_uint32 (attrs, "tbon.zmq_io_threads", &io_threads, errp) < 0 ||
        attr_get_uint32 (attrs, "tbon.child_rcvhwm", &rcvhwm, errp) < 0 ||
        attr_get_uint32 (attrs, "tbon.zmqdebug", &zmqdebug, errp) < 0)
        return -1;
    if (topo && strcmp (topo, "custom") == 0 &&
        !(parents = net_conf_parents (config, info->hostlist, net->size, errp)))
        return -1;
    conf.io_threads = info->rank == 0 ? (int)io_threads : 1;
    conf.child_rcvhwm = (int)rcvhwm;
    conf.zmqdebug = zmqdebug > 0;
    conf.parents = parents;
    net->ov = overlay_create (&conf, ops, net, errp);
    free (parents);
    return net->ov ? 0 : -1;
}

int net_wire_up (struct net *net, struct attrs *attrs, struct bootstrap *b, flux_error_t *errp)
{
    const struct bootstrap_info *info = bootstrap_get_info (b);
    int parent = info->parent_rank != BOOTSTRAP_NO_PARENT
                     ? (int)info->parent_rank
                     : topology_parent (overlay_topology (net->ov), info->rank);
    char uri[1024];

    if (overlay_has_children (net->ov) &&
        (make_bind_uri (attrs, info, uri, sizeof (uri), errp) < 0 ||
         overlay_bind (net->ov, uri, errp) < 0))
        return -1;
    const char *endpoint = overlay_endpoint (net->ov);
    if (!net->late &&
        bootstrap_finish (b, endpoint ? endpoint : "", overlay_pubkey (net->ov),
                          parent < 0 ? BOOTSTRAP_NO_PARENT : (uint32_t)parent, errp) < 0)
        return -1;
    if (parent >= 0 && info->parent_rank != BOOTSTRAP_NO_PARENT)
        parent = (int)info->parent_rank;
    if (overlay_set_instance (net->ov, info->instance, info->token) < 0)
        return errprintf (errp, "out of memory");
    if (parent >= 0 &&
        overlay_connect_parent (net->ov, parent, info->parent_uri, info->parent_pubkey, errp) < 0)
        return -1;
    return 0;
}

int net_check_config (const json_t *config, flux_error_t *errp)
{
    struct attrs *attrs = attrs_create ();
    struct overlay_conf conf = {0};
    int rc = attrs ? net_conf_attrs (attrs, config, errp) : errprintf (errp, "out of memory");

    if (rc == 0)
        rc = set_times (attrs, &conf, errp);
    attrs_destroy (attrs);
    return rc;
}

/* The two that can change while the overlay runs; what was set as an attribute stays. */
void net_apply_config (struct net *net, const json_t *config)
{
    struct overlay_conf conf = {0};
    json_t *tbon = json_object_get (config, "tbon");
    const char *const names[] = {"torpid_min", "torpid_max"};
    char attr[32];

    for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++) {
        const char *value = json_string_value (json_object_get (tbon, names[i]));
        snprintf (attr, sizeof (attr), "tbon.%s", names[i]);
        if (value)
            attr_set (net->attrs, attr, value);
    }
    if (set_times (net->attrs, &conf, NULL) == 0)
        overlay_set_torpid (net->ov, conf.torpid_min, conf.torpid_max);
}

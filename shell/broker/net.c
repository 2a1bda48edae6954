/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Joins the router to the overlay, see net.h. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flux/request.h>

#include "lib/bootstrap/bootstrap.h"
#include "lib/overlay/overlay.h"
#include "lib/util/errprintf.h"
#include "shell/broker/attr.h"
#include "shell/broker/net.h"
#include "shell/broker/net_conf.h"
#include "shell/broker/net_rejoin.h"
#include "shell/broker/net_watch.h"
#include "shell/broker/router.h"
#include "shell/broker/router_overlay.h"

struct net {
    char last_log[256];
    struct router *rt;
    struct attrs *attrs;
    const struct bootstrap_info *info;
    uint32_t size;
    bool late; // bootstrapped long ago
    struct overlay *ov;
    struct net_watch *watch;
    const struct net_ops *ops;
    void *arg;
};

/* Overlay to router */

static void recv_cb (struct overlay *ov, flux_msg_t *msg, uint32_t peer, bool from_parent,
                     void *arg)
{
    struct net *net = arg;

    flux_msg_incref (msg);
    router_input_peer (net->rt, msg, from_parent);
}

static void peer_up_cb (struct overlay *ov, uint32_t rank, const char *uuid, void *arg)
{
}

static void peer_down_cb (struct overlay *ov, uint32_t rank, const char *uuid, bool lost,
                          const char *reason, void *arg)
{
    struct net *net = arg;

    router_child_lost (net->rt, rank);
}

static void rank_state_cb (struct overlay *ov, uint32_t rank, enum overlay_rank_state state,
                           void *arg)
{
    struct net *net = arg;

    if (router_rank (net->rt) == 0)
        net->ops->rank_state (rank, state, net->arg);
}

static void parent_up_cb (struct overlay *ov, uint32_t rank, const char *uuid, void *arg)
{
    struct net *net = arg;

    net->ops->parent_up (net->arg);
}

static void parent_down_cb (struct overlay *ov, bool final, int errnum, const char *reason,
                            void *arg)
{
    struct net *net = arg;

    router_parent_lost (net->rt);
    net->ops->parent_lost (final, errnum ? reason : NULL, net->arg);
}

static void online_cb (struct overlay *ov, void *arg)
{
    struct net *net = arg;

    net->ops->online (net->arg);
}

static void status_cb (struct overlay *ov, uint32_t rank, int status, bool torpid, void *arg)
{
    struct net *net = arg;

    net_watch_child (net->watch, ov, rank, status, torpid);
}

static void trace_cb (struct overlay *ov, const char *dir, uint32_t peer, const flux_msg_t *msg,
                      void *arg)
{
    struct net *net = arg;

    net_watch_message (net->watch, dir, peer, msg);
}

/* What is tried again and again is told once. */
static bool overlay_event_is_news (struct net *net, const char *text)
{
    bool same = strcmp (net->last_log, text) == 0;

    snprintf (net->last_log, sizeof (net->last_log), "%s", text);
    return !same;
}

static void log_cb (struct overlay *ov, int level, const char *text, void *arg)
{
    struct net *net = arg;

    if (level <= 4 && overlay_event_is_news (net, text))
        fprintf (stderr, "flux-broker: overlay: %s\n", text);
    if (strncmp (text, "zmq: ", strlen ("zmq: ")) == 0) // tbon.zmqdebug
        router_log (net->rt, level, "overlay", "%s", text);
}

static const struct overlay_ops overlay_ops = {
    .recv = recv_cb,
    .peer_up = peer_up_cb,
    .peer_down = peer_down_cb,
    .parent_up = parent_up_cb,
    .parent_down = parent_down_cb,
    .rank_state = rank_state_cb,
    .online = online_cb,
    .status = status_cb,
    .log = log_cb,
    .trace = trace_cb,
};

/* Router to overlay */

static int send_parent (void *arg, const flux_msg_t *msg)
{
    struct net *net = arg;

    return overlay_send_parent (net->ov, msg);
}

static int send_child (void *arg, uint32_t rank, const flux_msg_t *msg)
{
    struct net *net = arg;

    return overlay_send_child (net->ov, rank, msg);
}

static int respond (void *arg, const flux_msg_t *msg)
{
    struct net *net = arg;

    return overlay_respond (net->ov, msg);
}

static int broadcast (void *arg, const flux_msg_t *msg)
{
    struct net *net = arg;

    return overlay_bcast (net->ov, msg);
}

static int child_route (void *arg, uint32_t dst)
{
    struct net *net = arg;

    return overlay_child_route (net->ov, dst);
}

static const struct router_overlay_ops router_ops = {
    .send_parent = send_parent,
    .send_child = send_child,
    .respond = respond,
    .broadcast = broadcast,
    .child_route = child_route,
};

/* The `overlay` service */

static void health_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct net *net = arg;

    net_watch_health (net->watch, net->ov, msg);
}

static void monitor_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct net *net = arg;

    net_watch_monitor (net->watch, net->ov, msg);
}

static void trace_request_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct net *net = arg;

    net_watch_trace (net->watch, msg);
}

static void disconnect_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct net *net = arg;

    net_watch_disconnect (net->watch, msg);
}

static void stats_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct net *net = arg;

    router_respond_pack (rt, msg, "o", overlay_stats (net->ov));
}

static void topology_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct net *net = arg;
    int rank;

    if (flux_request_unpack (msg, NULL, "{s:i}", "rank", &rank) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if (rank < 0 || (uint32_t)rank >= router_size (rt)) {
        router_respond_error (rt, msg, EINVAL, "there is no such rank");
    } else {
        router_respond_pack (rt, msg, "o", topology_json (overlay_topology (net->ov), rank));
    }
}

static void disconnect_subtree_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct net *net = arg;
    int rank;

    if (flux_request_unpack (msg, NULL, "{s:i}", "rank", &rank) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else if (overlay_disconnect_child (net->ov, rank, "disconnected by request") < 0)
        router_respond_error (rt, msg, errno, "no such child is connected");
    else
        router_respond (rt, msg, NULL);
}

static void rejoin_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct net *net = arg;

    net_rejoin (rt, net->ov, net->attrs, net->info, msg);
}

static const struct handler_row rows[] = {
    {"health", health_cb, FLUX_ROLE_ALL},
    {"monitor", monitor_cb, FLUX_ROLE_ALL},
    {"trace", trace_request_cb, FLUX_ROLE_OWNER},
    {"disconnect", disconnect_cb, FLUX_ROLE_ALL},
    {"stats-get", stats_cb, FLUX_ROLE_OWNER},
    {"topology", topology_cb, FLUX_ROLE_ALL},
    {"disconnect-subtree", disconnect_subtree_cb, FLUX_ROLE_OWNER},
    {"rejoin", rejoin_cb, FLUX_ROLE_OWNER},
    {NULL, NULL, 0},
};

/* Set-up */

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
        if (attr_get_duration (attrs, times[i].name, 0, times[i].value, errp) < 0)
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

static int set_attrs (struct net *net, struct attrs *attrs, const struct bootstrap_info *info)
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

static int create_overlay (struct net *net, struct attrs *attrs, const struct bootstrap_info *info,
                           const json_t *config, flux_error_t *errp)
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
        attr_get_uint32 (attrs, "tbon.zmq_io_threads", 1, &io_threads, errp) < 0 ||
        attr_get_uint32 (attrs, "tbon.child_rcvhwm", 0, &rcvhwm, errp) < 0 ||
        attr_get_uint32 (attrs, "tbon.zmqdebug", 0, &zmqdebug, errp) < 0)
        return -1;
    if (topo && strcmp (topo, "custom") == 0 &&
        !(parents = net_conf_parents (config, info->hostlist, net->size, errp)))
        return -1;
    conf.io_threads = info->rank == 0 ? (int)io_threads : 1;
    conf.child_rcvhwm = (int)rcvhwm;
    conf.zmqdebug = zmqdebug > 0;
    conf.parents = parents;
    net->ov = overlay_create (&conf, &overlay_ops, net, errp);
    free (parents);
    return net->ov ? 0 : -1;
}

static int wire_up (struct net *net, struct attrs *attrs, struct bootstrap *b, flux_error_t *errp)
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

static struct net *create (struct router *rt, struct attrs *attrs, const json_t *config,
                           struct bootstrap *b, uint32_t size, bool late, const struct net_ops *ops,
                           void *arg, flux_error_t *errp)
{
    struct net *net = calloc (1, sizeof (*net));
    const struct bootstrap_info *info = bootstrap_get_info (b);

    if (!net)
        return NULL;
    net->rt = rt;
    net->attrs = attrs;
    net->info = info;
    net->size = size;
    net->late = late;
    net->ops = ops;
    net->arg = arg;
    if (!(net->watch = net_watch_create (rt))) {
        errprintf (errp, "out of memory");
        goto error;
    }
    if (net_conf_attrs (attrs, config, errp) < 0 ||
        create_overlay (net, attrs, info, config, errp) < 0 || wire_up (net, attrs, b, errp) < 0)
        goto error;
    if (set_attrs (net, attrs, info) < 0 || router_service_add (rt, "overlay", rows, net) < 0) {
        errprintf (errp, "out of memory");
        goto error;
    }
    router_set_overlay (rt, &router_ops, net);
    return net;
error:
    net_destroy (net);
    return NULL;
}

struct net *net_create (struct router *rt, struct attrs *attrs, const json_t *config,
                        struct bootstrap *b, const struct net_ops *ops, void *arg,
                        flux_error_t *errp)
{
    return create (rt, attrs, config, b, bootstrap_get_info (b)->size, false, ops, arg, errp);
}

struct net *net_create_late (struct router *rt, struct attrs *attrs, const json_t *config,
                             struct bootstrap *b, uint32_t size, const struct net_ops *ops,
                             void *arg, flux_error_t *errp)
{
    return create (rt, attrs, config, b, size, true, ops, arg, errp);
}

int net_grow (struct net *net, uint32_t size, flux_error_t *errp)
{
    if (overlay_grow (net->ov, size, errp) < 0)
        return -1;
    net->size = size;
    return set_attrs (net, net->attrs, net->info) < 0 ? errprintf (errp, "out of memory") : 0;
}

void net_destroy (struct net *net)
{
    if (net) {
        int saved_errno = errno;
        router_service_remove (net->rt, "overlay");
        router_set_overlay (net->rt, NULL, NULL);
        overlay_destroy (net->ov);
        net_watch_destroy (net->watch);
        free (net);
        errno = saved_errno;
    }
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

struct overlay *net_overlay (const struct net *net)
{
    return net->ov;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Those who watch the overlay, see net_watch.h. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flux/request.h>

#include "shell/broker/net_watch.h"
#include "shell/broker/router.h"
#include "shell/broker/waiters.h"

struct net_watch {
    struct router *rt;
    struct waiters *health;
    struct waiters *monitor;
    struct waiters *trace;
    struct overlay *ov;
    int status; // that the watchers of health were told last
};

struct net_watch *net_watch_create (struct router *rt)
{
    struct net_watch *w = calloc (1, sizeof (*w));

    if (!w)
        return NULL;
    w->rt = rt;
    if (!(w->health = waiters_create ()) || !(w->monitor = waiters_create ()) ||
        !(w->trace = waiters_create ())) {
        net_watch_destroy (w);
        return NULL;
    }
    return w;
}

void net_watch_destroy (struct net_watch *w)
{
    if (w) {
        int saved_errno = errno;
        waiters_destroy (w->health);
        waiters_destroy (w->monitor);
        waiters_destroy (w->trace);
        free (w);
        errno = saved_errno;
    }
}

void net_watch_disconnect (struct net_watch *w, const flux_msg_t *msg)
{
    waiters_disconnect (w->health, msg);
    waiters_disconnect (w->monitor, msg);
    waiters_disconnect (w->trace, msg);
}

/* Keep a streaming request. False when that can't be, and it was answered so. */
static bool keep (struct net_watch *w, struct waiters *list, const flux_msg_t *msg)
{
    if (!flux_msg_is_streaming (msg))
        errno = EPROTO;
    else if (waiters_add (list, msg) == 0)
        return true;
    router_respond_error (w->rt, msg, errno, NULL);
    return false;
}

/* Health */

static void tell_health (const flux_msg_t *msg, void *arg)
{
    struct net_watch *w = arg;

    router_respond_pack (w->rt, msg, "o", overlay_health (w->ov));
}

void net_watch_health (struct net_watch *w, struct overlay *ov, const flux_msg_t *msg)
{
    w->ov = ov;
    if (waiters_count (w->health) == 0)
        w->status = overlay_get_status (ov);
    if (!flux_msg_is_streaming (msg) || keep (w, w->health, msg))
        tell_health (msg, w);
}

/* At the end of the turn, so that a child which changes twice is no news. */
static void check_health (struct router *rt, void *arg)
{
    struct net_watch *w = arg;

    if (w->status == overlay_get_status (w->ov))
        return;
    w->status = overlay_get_status (w->ov);
    waiters_each (w->health, tell_health, w);
}

/* Children */

struct child_news {
    struct net_watch *w;
    uint32_t rank;
    int status;
    bool torpid;
};

static void tell_child (const flux_msg_t *msg, void *arg)
{
    struct child_news *n = arg;

    router_respond_pack (n->w->rt, msg, "{s:i s:s s:b}", "rank", (int)n->rank, "status",
                         overlay_status_str (n->status), "torpid", n->torpid);
}

void net_watch_child (struct net_watch *w, struct overlay *ov, uint32_t rank, int status,
                      bool torpid)
{
    struct child_news news = {w, rank, status, torpid};

    w->ov = ov;
    waiters_each (w->monitor, tell_child, &news);
    if (waiters_count (w->health) > 0)
        router_at_turn_end (w->rt, check_health, w);
}

static int status_of (const char *name)
{
    for (int i = OVERLAY_UNKNOWN; i <= OVERLAY_OFFLINE; i++) {
        if (strcmp (name, overlay_status_str (i)) == 0)
            return i;
    }
    return OVERLAY_UNKNOWN;
}

void net_watch_monitor (struct net_watch *w, struct overlay *ov, const flux_msg_t *msg)
{
    json_t *health, *child;
    size_t i;

    if (!keep (w, w->monitor, msg))
        return;
    health = overlay_health (ov);
    json_array_foreach (json_object_get (health, "children"), i, child)
    {
        struct child_news news = {.w = w};
        const char *name = "";
        int rank = 0;

        json_unpack (child, "{s:i s:s}", "rank", &rank, "status", &name);
        news.rank = (uint32_t)rank;
        news.status = status_of (name);
        news.torpid = overlay_child_torpid (ov, news.rank);
        if (news.status != OVERLAY_OFFLINE || news.torpid)
            tell_child (msg, &news);
    }
    json_decref (health);
}

/* Messages */

struct message_news {
    struct net_watch *w;
    const char *prefix;
    uint32_t peer;
    const flux_msg_t *msg;
    int type;
    int errnum;
    size_t size;
    const char *topic;
    const char *errstr;
    char control[40];
};

/* A control message has no topic: say what it is. The numbers are in lib/overlay. */
static const char *control_name (struct message_news *n)
{
    static const char *const names[] = {"heartbeat", "status", "disconnect"};
    int type, status;

    if (flux_msg_get_control (n->msg, &type, &status) < 0)
        return "";
    snprintf (n->control, sizeof (n->control), "%s %d",
              type >= 0 && type < 3 ? names[type] : "unknown", status);
    return n->control;
}

static void describe (struct message_news *n)
{
    const void *data;

    flux_msg_get_type (n->msg, &n->type);
    if (n->type == FLUX_MSGTYPE_CONTROL)
        n->topic = control_name (n);
    else if (flux_msg_get_topic (n->msg, &n->topic) < 0)
        n->topic = "";
    if (n->type == FLUX_MSGTYPE_RESPONSE)
        flux_msg_get_errnum (n->msg, &n->errnum);
    if (n->errnum != 0 && flux_msg_get_string (n->msg, &n->errstr) < 0)
        n->errstr = NULL;
    if (n->errnum == 0 && flux_msg_get_payload (n->msg, &data, &n->size) < 0)
        n->size = 0;
}

static bool wanted (const struct message_news *n, const flux_msg_t *request, int *full)
{
    struct flux_match match = FLUX_MATCH_ANY;
    int nodeid = -1;

    *full = 0;
    if (flux_request_unpack (request, NULL, "{s:i s:s s:i s?b}", "typemask", &match.typemask,
                             "topic_glob", &match.topic_glob, "nodeid", &nodeid, "full", full) < 0)
        return false;
    return (nodeid < 0 || (uint32_t)nodeid == n->peer) && flux_msg_cmp (n->msg, match);
}

static void tell_message (const flux_msg_t *request, void *arg)
{
    struct message_news *n = arg;
    json_t *payload = NULL;
    int full;

    if (!wanted (n, request, &full))
        return;
    if (!full || n->errnum != 0 || flux_msg_unpack (n->msg, "o", &payload) < 0)
        payload = NULL;
    router_respond_pack (n->w->rt, request, "{s:f s:s s:i s:i s:s s:i s:O? s:i s:s}", "timestamp",
                         ev_now (router_loop (n->w->rt)), "prefix", n->prefix, "rank", (int)n->peer,
                         "type", n->type, "topic", n->topic, "payload_size", (int)n->size,
                         "payload", payload, "errnum", n->errnum, "errstr",
                         full && n->errstr ? n->errstr : "");
}

void net_watch_message (struct net_watch *w, const char *prefix, uint32_t peer,
                        const flux_msg_t *msg)
{
    struct message_news news = {.w = w, .prefix = prefix, .peer = peer, .msg = msg};

    if (waiters_count (w->trace) == 0)
        return;
    describe (&news);
    if (strcmp (news.topic, "overlay.trace") != 0) // else it would feed on itself
        waiters_each (w->trace, tell_message, &news);
}

void net_watch_trace (struct net_watch *w, const flux_msg_t *msg)
{
    const char *glob;
    int typemask, nodeid;

    if (flux_request_unpack (msg, NULL, "{s:i s:s s:i}", "typemask", &typemask, "topic_glob", &glob,
                             "nodeid", &nodeid) < 0)
        router_respond_error (w->rt, msg, errno, NULL);
    else
        keep (w, w->trace, msg);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The group service of a broker: its life, and what can be asked of it. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/service/group/hold.h"

int group_request_uid (struct group_service *gs, const flux_msg_t *msg, uint32_t said,
                       uint32_t *uid)
{
    struct flux_msg_cred cred;

    if (flux_msg_get_cred (msg, &cred) < 0)
        return -1;
    if ((cred.rolemask & FLUX_ROLE_LOCAL)) {
        *uid = cred.userid;
        return 0;
    }
    if (!(cred.rolemask & FLUX_ROLE_OWNER)) {
        router_respond_error (gs->rt, msg, EPERM, NULL);
        return -1;
    }
    *uid = said;
    return 0;
}

/* A request of a task on this node about a group that it names. */
struct group *group_named (struct group_service *gs, const flux_msg_t *msg)
{
    const char *name;
    uint32_t uid;

    if (flux_msg_unpack (msg, "{s:s}", "name", &name) < 0 || flux_msg_get_userid (msg, &uid) < 0) {
        errno = EPROTO;
        return NULL;
    }
    struct group *g = group_lookup (gs, uid, name);
    if (!g)
        errno = ENOENT;
    return g;
}

struct group *group_said (struct group_service *gs, const flux_msg_t *msg)
{
    const char *name;
    json_int_t uid;

    if (flux_msg_unpack (msg, "{s:I s:s}", "uid", &uid, "name", &name) < 0 ||
        strlen (name) > GROUP_NAME_MAX)
        return NULL;
    return group_lookup (gs, uid, name);
}

/* group.lookup {"name":s "rank":i} -> {"node":i "address":s}; EHOSTUNREACH for one that died,
 * ENOENT for one that never was or has left. */
static void lookup_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct group *g = group_named (arg, msg);
    struct member *m = NULL;
    uint32_t rank;
    int id;

    if (!g || flux_msg_unpack (msg, "{s:i}", "rank", &id) < 0) {
        router_respond_error (rt, msg, errno, NULL);
        return;
    }
    rank = id;
    HASH_FIND (hh, g->members, &rank, sizeof (rank), m);
    if (m)
        router_respond_pack (rt, msg, "{s:i s:s}", "node", m->node, "address", m->address);
    else
        router_respond_error (rt, msg, idset_test (g->lost, rank) ? EHOSTUNREACH : ENOENT, NULL);
}

static bool may_see (const struct group *g, const flux_msg_t *msg)
{
    return flux_msg_authorize (msg, g->uid) == 0;
}

static json_t *describe (const struct group *g)
{
    char *members = idset_encode (g->live, IDSET_FLAG_RANGE);
    char *lost = idset_encode (g->lost, IDSET_FLAG_RANGE);
    json_t *o = json_pack ("{s:s s:I s:i s:s s:s s:I s:I}", "name", g->name, "uid",
                           (json_int_t)g->uid, "size", (int)idset_count (g->live), "members",
                           members ? members : "", "lost", lost ? lost : "", "version",
                           (json_int_t)g->version, "seq", (json_int_t)g->next_seq);

    free (members);
    free (lost);
    return o;
}

static bool only_at_root (struct router *rt, const flux_msg_t *msg)
{
    if (router_rank (rt) != 0)
        router_respond_error (rt, msg, EINVAL, "rank 0 knows all groups");
    return router_rank (rt) == 0;
}

/* group.list -> {"groups":[{"name" "uid" "size" "members" "lost" "version" "seq"}]} (rank 0) */
static void list_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct group_service *gs = arg;
    struct group *g, *tmp;
    json_t *list = json_array ();

    if (!only_at_root (rt, msg)) {
        json_decref (list);
        return;
    }
    HASH_ITER (hh, gs->groups, g, tmp)
    {
        if (may_see (g, msg))
            json_array_append_new (list, describe (g));
    }
    router_respond_pack (rt, msg, "{s:o}", "groups", list);
}

/* group.get {"name":s} -> the view: {"members":[[rank,node,address]] "lost":s ...} (rank 0) */
static void get_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    if (!only_at_root (rt, msg))
        return;
    struct group *g = group_named (arg, msg);
    if (!g)
        router_respond_error (rt, msg, errno, NULL);
    else
        router_respond_pack (rt, msg, "o", group_view (g));
}

/* Of this broker: operations that ended here, messages that came for them from tasks and from other
 * brokers, and those that went up. */
static void stats_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct group_service *gs = arg;

    router_respond_pack (rt, msg, "{s:i s:o}", "groups", (int)HASH_COUNT (gs->groups), "reduce",
                         reduce_stats (gs->reduce));
}

#define ALL (FLUX_ROLE_OWNER | FLUX_ROLE_USER)

static const struct handler_row rows[] = {
    {"join", group_join_cb, ALL},
    {"leave", group_leave_cb, ALL},
    {"lookup", lookup_cb, ALL},
    {"reduce", reduce_cb, ALL},
    {"list", list_cb, ALL},
    {"get", get_cb, ALL},
    {"stats-get", stats_cb, ALL},
    {"disconnect", group_disconnect_cb, ALL},
    /* between brokers */
    {"enter", group_enter_cb, FLUX_ROLE_OWNER},
    {"exit", group_exit_cb, FLUX_ROLE_OWNER},
    {"sync", group_sync_cb, FLUX_ROLE_OWNER},
    {"result", reduce_result_cb, FLUX_ROLE_OWNER},
    {"hold", group_hold_cb, FLUX_ROLE_OWNER},
    {"recall", group_recall_cb, FLUX_ROLE_OWNER},
    {"where", group_where_cb, FLUX_ROLE_OWNER},
    {NULL, NULL, 0},
};

struct group_service *group_service_create (struct router *rt)
{
    struct group_service *gs = calloc (1, sizeof (*gs));

    if (!gs)
        return NULL;
    gs->rt = rt;
    gs->version = 1;
    ev_timer_init (&gs->again, group_again_cb, GROUP_RETRY_PAUSE, 0.);
    gs->again.data = gs;
    if (!(gs->reduce = reduce_create (gs)) || router_service_add (rt, "group", rows, gs) < 0 ||
        router_event_subscribe (rt, "group.view", group_event_cb, gs) < 0) {
        group_service_destroy (gs);
        return NULL;
    }
    return gs;
}

void group_service_destroy (struct group_service *gs)
{
    if (gs) {
        int saved_errno = errno;
        struct group *g, *tmp;
        ev_timer_stop (router_loop (gs->rt), &gs->again);
        router_event_unsubscribe (gs->rt, "group.view", group_event_cb, gs);
        router_service_remove (gs->rt, "group");
        reduce_destroy (gs->reduce);
        HASH_ITER (hh, gs->groups, g, tmp)
        group_free (g);
        free (gs);
        errno = saved_errno;
    }
}

void group_service_rank_lost (struct group_service *gs, uint32_t rank)
{
    struct group *g, *tmp;

    HASH_ITER (hh, gs->groups, g, tmp)
    group_lose_members (g, rank);
    reduce_rank_lost (gs->reduce, rank);
}

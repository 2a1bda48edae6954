/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Tasks of this node that join groups: rank 0 gives them their ranks. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "shell/service/group/private.h"

static bool valid_name (const char *name)
{
    size_t len = strlen (name);

    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)name[i] <= ' ' || name[i] == 0x7f)
            return false;
    }
    return len > 0 && len <= GROUP_NAME_MAX;
}

/* The sender of a request, counted once more. NULL with EMFILE when it is in too many groups. */
static struct joiner *joiner_get (struct group_service *gs, const flux_msg_t *msg)
{
    const char *sender = flux_msg_route_first (msg);
    struct joiner *jr;

    HASH_FIND_STR (gs->joiners, sender ? sender : "", jr);
    if (jr && jr->count >= GROUP_JOINS_MAX) {
        errno = EMFILE;
        return NULL;
    }
    if (!jr) {
        if (!(jr = calloc (1, sizeof (*jr))) || !(jr->sender = strdup (sender ? sender : ""))) {
            free (jr);
            return NULL;
        }
        HASH_ADD_STR (gs->joiners, sender, jr);
    }
    jr->count++;
    return jr;
}

static void joiner_put (struct group_service *gs, struct joiner *jr)
{
    if (jr && --jr->count == 0) {
        HASH_DEL (gs->joiners, jr);
        free (jr->sender);
        free (jr);
    }
}

void group_join_free (struct join *j)
{
    DL_DELETE (j->group->joins, j);
    joiner_put (j->group->gs, j->joiner);
    flux_msg_decref (j->request);
    free (j->address);
    free (j);
}

void group_join_end (struct join *j, int errnum)
{
    if (errnum)
        router_respond_error (j->group->gs->rt, j->request, errnum, NULL);
    group_join_free (j);
}

/* What was asked for in one message, in order. */
struct entering {
    struct group_service *gs;
    char *key;
    uint64_t *ids; // of joins
    size_t count;
};

static void entering_free (struct entering *e)
{
    free (e->ids);
    free (e->key);
    free (e);
}

static void entered (struct group *g, struct join *j, int rank, json_int_t seq)
{
    char *members = idset_encode (g->live, IDSET_FLAG_RANGE);
    char *lost = idset_encode (g->lost, IDSET_FLAG_RANGE);

    if (rank < 0 || !members || !lost) {
        group_join_end (j, rank < 0 ? -rank : ENOMEM);
    } else {
        j->rank = rank;
        router_respond_pack (g->gs->rt, j->request, "{s:i s:I s:I s:s s:s}", "rank", rank, "seq",
                             seq, "version", (json_int_t)g->version, "members", members, "lost",
                             lost);
    }
    free (members);
    free (lost);
}

/* NULL when the task has gone meanwhile. */
static struct join *join_by_id (struct group *g, uint64_t id)
{
    struct join *j;

    DL_FOREACH (g->joins, j)
    {
        if (j->id == id)
            return j;
    }
    return NULL;
}

static void enter_failed (struct group *g, struct entering *e, int errnum)
{
    for (size_t i = 0; i < e->count; i++) {
        struct join *j = join_by_id (g, e->ids[i]);
        if (j)
            group_join_end (j, errnum);
    }
}

static void enter_done (struct group *g, struct entering *e, json_t *ranks, json_int_t seq)
{
    for (size_t i = 0; i < e->count; i++) {
        int rank = json_integer_value (json_array_get (ranks, i));
        struct join *j = join_by_id (g, e->ids[i]);
        if (j && rank >= 0 && !idset_test (g->live, rank)) // the event that tells it is on its way
            group_add_member (g, rank, router_rank (g->gs->rt), j->address);
        if (j)
            entered (g, j, rank, seq);
        else if (rank >= 0)
            group_tell_gone (g, rank);
    }
}

static void enter_cb (struct router *rt, const flux_msg_t *response, void *arg)
{
    struct entering *e = arg;
    struct group *g;
    json_t *ranks, *view = NULL;
    json_int_t seq;
    int errnum = EPROTO;

    HASH_FIND_STR (e->gs->groups, e->key, g);
    if (g &&
        flux_msg_unpack (response, "{s:o s:I s?o}", "ranks", &ranks, "seq", &seq, "view", &view) ==
            0 &&
        json_array_size (ranks) == e->count && (!view || group_set_view (g, view) == 0)) {
        if ((int32_t)((uint32_t)seq - g->hold.seen) > 0)
            g->hold.seen = seq;
        group_tell (g);
        enter_done (g, e, ranks, seq);
    } else if (g) {
        flux_msg_get_errnum (response, &errnum);
        enter_failed (g, e, errnum ? errnum : EPROTO);
    }
    if (g)
        group_check (g);
    entering_free (e);
}

static struct entering *collect_joins (struct group *g, json_t *list)
{
    struct entering *e = calloc (1, sizeof (*e));
    struct join *j;
    int count = 0;

    DL_COUNT (g->joins, j, count);
    if (!e || !(e->key = strdup (g->key)) || !(e->ids = calloc (count + 1, sizeof (*e->ids)))) {
        if (e)
            entering_free (e);
        return NULL;
    }
    e->gs = g->gs;
    DL_FOREACH (g->joins, j)
    {
        if (j->asked)
            continue;
        j->asked = true;
        e->ids[e->count++] = j->id;
        json_array_append_new (list, json_pack ("[i,s]", j->wanted, j->address));
    }
    return e;
}

static void send_joins (struct group *g)
{
    struct router *rt = g->gs->rt;
    json_t *list = json_array ();
    struct entering *e = collect_joins (g, list);

    if (e && e->count > 0 &&
        router_rpc_pack (rt, "group.enter", 0, 0, enter_cb, e, "{s:I s:s s:i s:I s:O}", "uid",
                         (json_int_t)g->uid, "name", g->name, "node", router_rank (rt), "have",
                         (json_int_t)g->version, "joins", list) > 0)
        e = NULL;
    if (e) {
        enter_failed (g, e, ENOMEM);
        entering_free (e);
    }
    json_decref (list);
}

/* All that want to join in a turn are one request. */
static void joins_turn_end (struct router *rt, void *arg)
{
    struct group_service *gs = arg;
    struct group *g, *tmp;
    struct join *j;

    HASH_ITER (hh, gs->groups, g, tmp)
    {
        DL_FOREACH (g->joins, j)
        {
            if (!j->asked) {
                send_joins (g);
                break;
            }
        }
    }
}

static struct join *add_join (struct group_service *gs, const flux_msg_t *msg, const char *name,
                              int wanted, const char *address)
{
    uint32_t uid;
    struct group *g = NULL;
    struct join *j = calloc (1, sizeof (*j));

    if (!j || !(j->address = strdup (address)) || flux_msg_get_userid (msg, &uid) < 0 ||
        !(j->joiner = joiner_get (gs, msg)) || !(g = group_get (gs, uid, name))) {
        joiner_put (gs, j ? j->joiner : NULL);
        free (j ? j->address : NULL);
        free (j);
        return NULL;
    }
    j->id = ++gs->last_join;
    j->group = g;
    j->request = flux_msg_incref (msg);
    j->wanted = wanted;
    j->rank = -1;
    DL_APPEND (g->joins, j);
    return j;
}

/* group.join {"name":s "rank":i "address":s}, streaming -> {"rank":i "seq":i "version":i
 * "members":s "lost":s}, then {"version" "members" "lost"} at each change. A rank below 0 asks for
 * the next one. */
void group_join_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct group_service *gs = arg;
    const char *name, *address;
    int wanted;

    if (flux_msg_unpack (msg, "{s:s s:i s:s}", "name", &name, "rank", &wanted, "address",
                         &address) < 0)
        router_respond_error (rt, msg, EPROTO, NULL);
    else if (!flux_msg_is_streaming (msg) || !flux_msg_is_local (msg))
        router_respond_error (rt, msg, EPROTO, "join is a streaming request to the own broker");
    else if (!valid_name (name) || !*address || strlen (address) > GROUP_ADDRESS_MAX)
        router_respond_error (rt, msg, EINVAL, "not a name of a group");
    else if (!add_join (gs, msg, name, wanted, address))
        router_respond_error (rt, msg, errno, NULL);
    else
        router_at_turn_end (rt, joins_turn_end, gs);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The group service of a broker: what tasks ask of it. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "shell/service/group/private.h"

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

static bool valid_name (const char *name)
{
    size_t len = strlen (name);

    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)name[i] <= ' ' || name[i] == 0x7f)
            return false;
    }
    return len > 0 && len <= GROUP_NAME_MAX;
}

/* A request of a task on this node about a group that it names. */
static struct group *find_group (struct group_service *gs, const flux_msg_t *msg)
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

static struct join *find_join (struct group *g, const flux_msg_t *msg, int rank)
{
    struct join *j;

    DL_FOREACH (g->joins, j)
    {
        if (j->rank == rank && flux_msg_route_match_first (j->request, msg))
            return j;
    }
    errno = ENOENT;
    return NULL;
}

static void join_end (struct join *j, int errnum)
{
    if (errnum)
        router_respond_error (j->group->gs->rt, j->request, errnum, NULL);
    DL_DELETE (j->group->joins, j);
    flux_msg_decref (j->request);
    free (j->address);
    free (j);
}

/* ---- join ---- */

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
        join_end (j, rank < 0 ? -rank : ENOMEM);
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

static void tell_gone (struct group *g, int rank);

static void enter_failed (struct group *g, struct entering *e, int errnum)
{
    for (size_t i = 0; i < e->count; i++) {
        struct join *j = join_by_id (g, e->ids[i]);
        if (j)
            join_end (j, errnum);
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
            tell_gone (g, rank);
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
        !(g = group_get (gs, uid, name))) {
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
static void join_cb (struct router *rt, const flux_msg_t *msg, void *arg)
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

/* ---- leave ---- */

static uint32_t send_exit (struct group *g, const char *ranks, bool died, response_f cb, void *arg)
{
    return router_rpc_pack (g->gs->rt, "group.exit", 0, 0, cb, arg, "{s:I s:s s:s s:b}", "uid",
                            (json_int_t)g->uid, "name", g->name, "ranks", ranks, "died", died);
}

static void left_cb (struct router *rt, const flux_msg_t *response, void *arg)
{
    const flux_msg_t *request = arg;
    int errnum = 0;

    flux_msg_get_errnum (response, &errnum);
    if (errnum)
        router_respond_error (rt, request, errnum, NULL);
    else
        router_respond (rt, request, NULL);
    flux_msg_decref (request);
}

/* group.leave {"name":s "rank":i} */
static void leave_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct group *g = find_group (arg, msg);
    struct join *j = NULL;
    char text[16];
    int rank;

    if (!g || flux_msg_unpack (msg, "{s:i}", "rank", &rank) < 0 || rank < 0 ||
        !(j = find_join (g, msg, rank))) {
        router_respond_error (rt, msg, errno, NULL);
        return;
    }
    snprintf (text, sizeof (text), "%d", rank);
    if (send_exit (g, text, false, left_cb, (void *)flux_msg_incref (msg)) == 0) {
        router_respond_error (rt, msg, errno, NULL);
        flux_msg_decref (msg);
        return;
    }
    join_end (j, ENODATA);
    group_check (g);
}

static void gone_turn_end (struct router *rt, void *arg);

struct gone_rpc {
    struct group_service *gs;
    char *key;
    struct idset *ranks;
};

static void gone_rpc_free (struct gone_rpc *r)
{
    free (r->key);
    idset_destroy (r->ranks);
    free (r);
}

/* Rank 0 was out of reach: again later. */
static void gone_cb (struct router *rt, const flux_msg_t *response, void *arg)
{
    struct gone_rpc *r = arg;
    struct group *g;
    int errnum = 0;

    HASH_FIND_STR (r->gs->groups, r->key, g);
    flux_msg_get_errnum (response, &errnum);
    if (g && errnum == EHOSTUNREACH && idset_add (g->gone, r->ranks) == 0)
        ev_timer_start (router_loop (rt), &r->gs->again);
    gone_rpc_free (r);
}

static void send_gone (struct group *g)
{
    struct gone_rpc *r = calloc (1, sizeof (*r));
    char *text = idset_encode (g->gone, IDSET_FLAG_RANGE);

    if (r)
        r->gs = g->gs;
    if (r && text && (r->key = strdup (g->key)) && (r->ranks = idset_copy (g->gone)) &&
        send_exit (g, text, true, gone_cb, r) > 0) {
        idset_clear_all (g->gone);
        r = NULL;
    }
    if (r)
        gone_rpc_free (r);
    free (text);
}

static void gone_turn_end (struct router *rt, void *arg)
{
    struct group_service *gs = arg;
    struct group *g, *tmp;

    HASH_ITER (hh, gs->groups, g, tmp)
    {
        if (!idset_empty (g->gone))
            send_gone (g);
    }
}

static void again_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct group_service *gs = w->data;

    gone_turn_end (gs->rt, gs);
}

static void tell_gone (struct group *g, int rank)
{
    idset_set (g->gone, rank);
    router_at_turn_end (g->gs->rt, gone_turn_end, g->gs);
}

static void disconnect_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct group_service *gs = arg;
    struct group *g, *gtmp;
    struct join *j, *tmp;

    HASH_ITER (hh, gs->groups, g, gtmp)
    {
        DL_FOREACH_SAFE (g->joins, j, tmp)
        {
            if (!flux_msg_route_match_first (j->request, msg))
                continue;
            if (j->rank >= 0)
                tell_gone (g, j->rank);
            join_end (j, 0);
        }
        group_check (g);
    }
    reduce_disconnect (gs->reduce, msg);
}

/* ---- questions ---- */

/* group.lookup {"name":s "rank":i} -> {"node":i "address":s}; EHOSTUNREACH for one that died,
 * ENOENT for one that never was or has left. */
static void lookup_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct group *g = find_group (arg, msg);
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
    struct group *g = find_group (arg, msg);
    if (!g)
        router_respond_error (rt, msg, errno, NULL);
    else
        router_respond_pack (rt, msg, "o", group_view (g));
}

#define ALL (FLUX_ROLE_OWNER | FLUX_ROLE_USER)

static const struct handler_row rows[] = {
    {"join", join_cb, ALL},
    {"leave", leave_cb, ALL},
    {"lookup", lookup_cb, ALL},
    {"reduce", reduce_cb, ALL},
    {"list", list_cb, ALL},
    {"get", get_cb, ALL},
    {"disconnect", disconnect_cb, ALL},
    /* between brokers */
    {"enter", group_enter_cb, FLUX_ROLE_OWNER},
    {"exit", group_exit_cb, FLUX_ROLE_OWNER},
    {"sync", group_sync_cb, FLUX_ROLE_OWNER},
    {NULL, NULL, 0},
};

struct group_service *group_service_create (struct router *rt)
{
    struct group_service *gs = calloc (1, sizeof (*gs));

    if (!gs)
        return NULL;
    gs->rt = rt;
    gs->version = 1;
    ev_timer_init (&gs->again, again_cb, GROUP_RETRY_PAUSE, 0.);
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

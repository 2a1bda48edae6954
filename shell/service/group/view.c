/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Who is in a group. Rank 0 numbers each change; the others take a whole view first and then the
 * changes from events, which no broker misses (a gap all the same makes it ask again). */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include <flux/rpc.h>

#include "lib/util/monotime.h"
#include "shell/service/group/hold.h"

static int make_key (char key[GROUP_NAME_MAX + 16], uint32_t uid, const char *name)
{
    return snprintf (key, GROUP_NAME_MAX + 16, "%u/%s", (unsigned)uid, name);
}

struct group *group_lookup (struct group_service *gs, uint32_t uid, const char *name)
{
    char key[GROUP_NAME_MAX + 16];
    struct group *g;

    make_key (key, uid, name);
    HASH_FIND_STR (gs->groups, key, g);
    return g;
}

struct group *group_get (struct group_service *gs, uint32_t uid, const char *name)
{
    struct group *g = group_lookup (gs, uid, name);
    char key[GROUP_NAME_MAX + 16];

    if (g)
        return g;
    if (HASH_COUNT (gs->groups) >= GROUP_GROUPS_MAX) {
        errno = ENOSPC;
        return NULL;
    }
    make_key (key, uid, name);
    if (!(g = calloc (1, sizeof (*g))))
        return NULL;
    g->gs = gs;
    g->uid = uid;
    g->key = strdup (key);
    g->live = idset_create (0, IDSET_FLAG_AUTOGROW);
    g->lost = idset_create (0, IDSET_FLAG_AUTOGROW);
    g->gone = idset_create (0, IDSET_FLAG_AUTOGROW);
    g->left = idset_create (0, IDSET_FLAG_AUTOGROW);
    g->had = idset_create (0, IDSET_FLAG_AUTOGROW);
    g->below = idset_create (0, IDSET_FLAG_AUTOGROW);
    g->added = json_array ();
    if (!g->key || !g->live || !g->lost || !g->gone || !g->left || !g->had || !g->below ||
        !g->added) {
        group_free (g);
        errno = ENOMEM;
        return NULL;
    }
    g->name = strchr (g->key, '/') + 1;
    if (router_rank (gs->rt) == 0) {
        g->version = g->told = gs->version;
        g->next_seq = gs->next_seq;
    }
    HASH_ADD_KEYPTR (hh, gs->groups, g->key, strlen (g->key), g);
    return g;
}

static void member_free (struct group *g, struct member *m)
{
    HASH_DEL (g->members, m);
    free (m->address);
    free (m);
}

static void clear_members (struct group *g)
{
    struct member *m, *tmp;

    HASH_ITER (hh, g->members, m, tmp)
    member_free (g, m);
    idset_clear_all (g->live);
    idset_clear_all (g->lost);
}

void group_free (struct group *g)
{
    struct join *j, *tmp;

    if (g->name)
        HASH_DEL (g->gs->groups, g);
    if (g->next_seq > g->gs->next_seq)
        g->gs->next_seq = g->next_seq;
    DL_FOREACH_SAFE (g->joins, j, tmp)
    group_join_free (j);
    if (g->live)
        clear_members (g);
    idset_destroy (g->live);
    idset_destroy (g->lost);
    idset_destroy (g->gone);
    idset_destroy (g->left);
    idset_destroy (g->had);
    idset_destroy (g->below);
    group_hold_free (g);
    json_decref (g->added);
    free (g->key);
    free (g);
}

void group_check (struct group *g)
{
    if (!g->joins && idset_empty (g->gone) && (idset_empty (g->live) || g->version == 0) &&
        g->told == g->version)
        group_free (g);
}

int group_add_member (struct group *g, uint32_t rank, uint32_t node, const char *address)
{
    struct member *m = calloc (1, sizeof (*m));

    if (!m || !(m->address = strdup (address)) || idset_set (g->live, rank) < 0) {
        free (m ? m->address : NULL);
        free (m);
        return -1;
    }
    m->rank = rank;
    m->node = node;
    idset_clear (g->lost, rank);
    HASH_ADD (hh, g->members, rank, sizeof (m->rank), m);
    return 0;
}

void group_remove_member (struct group *g, uint32_t rank, bool died)
{
    struct member *m;

    HASH_FIND (hh, g->members, &rank, sizeof (rank), m);
    if (!m)
        return;
    member_free (g, m);
    idset_clear (g->live, rank);
    if (died)
        idset_set (g->lost, rank);
}

static json_t *set_json (const struct idset *set)
{
    char *s = idset_encode (set, IDSET_FLAG_RANGE);
    json_t *o = s ? json_string (s) : NULL;

    free (s);
    return o;
}

json_t *group_view (const struct group *g)
{
    json_t *list = json_array ();
    struct member *m, *tmp;

    HASH_ITER (hh, g->members, m, tmp)
    json_array_append_new (list, json_pack ("[i,i,s]", m->rank, m->node, m->address));
    return json_pack ("{s:I s:s s:i s:o s:o}", "uid", (json_int_t)g->uid, "name", g->name,
                      "version", g->version, "members", list, "lost", set_json (g->lost));
}

static int add_members (struct group *g, json_t *list)
{
    size_t index;
    json_t *entry;

    json_array_foreach (list, index, entry)
    {
        json_int_t rank, node;
        const char *address;
        if (json_unpack (entry, "[I,I,s]", &rank, &node, &address) < 0 || rank < 0 ||
            rank > GROUP_RANK_MAX || node < 0 || node >= router_size (g->gs->rt)) {
            errno = EPROTO;
            return -1;
        }
        group_remove_member (g, rank, false);
        if (group_add_member (g, rank, node, address) < 0)
            return -1;
    }
    return 0;
}

static int remove_members (struct group *g, const char *ranks, bool died)
{
    struct idset *set = idset_decode (ranks);

    if (!set || idset_last (set) > GROUP_RANK_MAX) {
        if (set && !idset_empty (set)) {
            idset_destroy (set);
            errno = EPROTO;
            return -1;
        }
    }
    for (unsigned int id = idset_first (set); id != IDSET_INVALID_ID; id = idset_next (set, id)) {
        group_remove_member (g, id, died);
        if (died)
            idset_set (g->lost, id);
    }
    idset_destroy (set);
    return 0;
}

int group_set_view (struct group *g, json_t *o)
{
    json_int_t version;
    json_t *members;
    const char *lost;

    if (json_unpack (o, "{s:I s:o s:s}", "version", &version, "members", &members, "lost", &lost) <
        0) {
        errno = EPROTO;
        return -1;
    }
    if (router_rank (g->gs->rt) == 0 || version <= g->version)
        return 0;
    group_hold_drop (g);
    clear_members (g);
    if (add_members (g, members) < 0 || remove_members (g, lost, true) < 0)
        return -1;
    g->version = g->told = version;
    return 0;
}

static int apply_changes (struct group *g, json_t *o)
{
    json_int_t version;
    json_t *add;
    const char *left, *lost;

    if (json_unpack (o, "{s:I s:o s:s s:s}", "version", &version, "add", &add, "left", &left,
                     "lost", &lost) < 0 ||
        remove_members (g, left, false) < 0 || remove_members (g, lost, true) < 0 ||
        add_members (g, add) < 0)
        return -1;
    group_hold_drop (g);
    g->version = g->told = version;
    return 0;
}

static void sync_cb (struct router *rt, const flux_msg_t *response, void *arg)
{
    struct group_service *gs = arg;
    json_int_t uid;
    const char *name;
    json_t *o;

    if (flux_msg_unpack (response, "{s:I s:s}", "uid", &uid, "name", &name) < 0 ||
        flux_msg_unpack (response, "o", &o) < 0)
        return;
    struct group *g = group_lookup (gs, uid, name);
    if (!g)
        return;
    g->syncing = false;
    if (group_set_view (g, o) == 0) {
        group_tell (g);
        reduce_check_group (g);
    }
    group_check (g);
}

void group_sync (struct group *g)
{
    if (!g->syncing && router_rank (g->gs->rt) != 0)
        g->syncing = router_rpc_pack (g->gs->rt, "group.sync", 0, 0, sync_cb, g->gs, "{s:I s:s}",
                                      "uid", (json_int_t)g->uid, "name", g->name) > 0;
}

void group_event_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct group_service *gs = arg;
    json_int_t uid, base, version;
    const char *name;
    json_t *o;

    if (router_rank (rt) == 0 || flux_msg_unpack (msg, "o", &o) < 0 ||
        json_unpack (o, "{s:I s:s s:I s:I}", "uid", &uid, "name", &name, "base", &base, "version",
                     &version) < 0)
        return;
    struct group *g = group_lookup (gs, uid, name);
    if (!g || version <= g->version || g->version == 0)
        return;
    if (base > g->version || apply_changes (g, o) < 0)
        group_sync (g);
    else {
        group_tell (g);
        reduce_check_group (g);
    }
    group_check (g);
}

void group_tell (struct group *g)
{
    char *members = idset_encode (g->live, IDSET_FLAG_RANGE);
    char *lost = idset_encode (g->lost, IDSET_FLAG_RANGE);
    struct join *j;

    DL_FOREACH (g->shown == g->version ? NULL : g->joins, j)
    {
        if (j->rank >= 0 && members && lost)
            router_respond_pack (g->gs->rt, j->request, "{s:I s:s s:s}", "version",
                                 (json_int_t)g->version, "members", members, "lost", lost);
    }
    g->shown = g->version;
    free (members);
    free (lost);
}

const struct idset *group_below (struct group *g)
{
    struct member *m, *tmp;

    if (g->version == 0)
        return NULL;
    if (g->below_version == g->version && monotime_now () - g->below_time < GROUP_RECHECK_TIME)
        return g->below;
    idset_clear_all (g->below);
    HASH_ITER (hh, g->members, m, tmp)
    {
        if (router_rank_below (g->gs->rt, m->node) && idset_set (g->below, m->rank) < 0)
            return NULL;
    }
    g->below_version = g->version;
    g->below_time = monotime_now ();
    return g->below;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Rank 0: gives out the ranks in groups, and tells all brokers of those who come and go. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/service/group/hold.h"

static void publish (struct group *g)
{
    char *left = idset_encode (g->left, IDSET_FLAG_RANGE);
    char *lost = idset_encode (g->lost, IDSET_FLAG_RANGE);
    json_t *o = json_pack ("{s:I s:s s:i s:i s:O s:s s:s}", "uid", (json_int_t)g->uid, "name",
                           g->name, "base", g->told, "version", g->version, "add", g->added, "left",
                           left ? left : "", "lost", lost ? lost : "");
    char *s = json_dumps (o, JSON_COMPACT);

    if (s)
        router_publish_private (g->gs->rt, "group.view", s);
    json_array_clear (g->added);
    idset_clear_all (g->left);
    g->told = g->version;
    free (s);
    free (left);
    free (lost);
    json_decref (o);
}

static void publish_turn_end (struct router *rt, void *arg)
{
    struct group_service *gs = arg;
    struct group *g, *tmp;

    HASH_ITER (hh, gs->groups, g, tmp)
    {
        if (g->told == g->version)
            continue;
        publish (g);
        group_tell (g);
        group_check (g);
    }
}

static void changed (struct group *g)
{
    g->version = ++g->gs->version;
    router_at_turn_end (g->gs->rt, publish_turn_end, g->gs);
}

/* The rank that one gets, or a negative errno. */
static int enter (struct group *g, uint32_t node, int wanted, const char *address)
{
    uint32_t rank = wanted;

    if (wanted < 0) {
        while (idset_test (g->had, g->next_rank))
            g->next_rank++;
        rank = g->next_rank;
    }
    if (rank > GROUP_RANK_MAX)
        return wanted < 0 ? -ENOSPC : -EINVAL;
    if (idset_test (g->live, rank))
        return -EEXIST;
    if (strlen (address) > GROUP_ADDRESS_MAX)
        return -EINVAL;
    if (idset_set (g->had, rank) < 0 || group_add_member (g, rank, node, address) < 0)
        return -ENOMEM;
    json_array_append_new (g->added, json_pack ("[i,i,s]", rank, node, address));
    changed (g);
    return rank;
}

static json_t *enter_all (struct group *g, uint32_t node, json_t *joins)
{
    json_t *ranks = json_array (), *entry;
    size_t index;

    json_array_foreach (joins, index, entry)
    {
        int wanted, rank = -EPROTO;
        const char *address;
        if (json_unpack (entry, "[i,s]", &wanted, &address) == 0)
            rank = enter (g, node, wanted, address);
        json_array_append_new (ranks, json_integer (rank));
    }
    return ranks;
}

/* group.enter {"uid":i "name":s "node":i "have":i "joins":[[wanted,address]]}
 *          -> {"ranks":[i] "seq":i ["view":{...}]}; a rank below 0 is an errno. A broker that has a
 * version gets the rest by events. */
void group_enter_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct group_service *gs = arg;
    json_int_t uid, node, have;
    const char *name;
    json_t *joins;
    struct group *g;

    if (flux_msg_unpack (msg, "{s:I s:s s:I s:I s:o}", "uid", &uid, "name", &name, "node", &node,
                         "have", &have, "joins", &joins) < 0 ||
        strlen (name) > GROUP_NAME_MAX || node < 0 || node >= router_size (rt)) {
        router_respond_error (rt, msg, EPROTO, NULL);
    } else if (!(g = group_get (gs, uid, name))) {
        router_respond_error (rt, msg, errno, NULL);
    } else if (!group_hold_defer (g, msg, group_enter_cb)) {
        json_t *ranks = enter_all (g, node, joins);
        router_respond_pack (rt, msg, "{s:o s:I s:o*}", "ranks", ranks, "seq",
                             (json_int_t)g->next_seq, "view", have ? NULL : group_view (g));
        group_check (g);
    }
}

static void exit_all (struct group *g, const struct idset *ranks, bool died)
{
    unsigned int id = idset_first (ranks);

    for (; id != IDSET_INVALID_ID; id = idset_next (ranks, id)) {
        group_remove_member (g, id, died);
        if (!died)
            idset_set (g->left, id);
    }
    changed (g);
    reduce_members_changed (g->gs->reduce, g, died ? ranks : NULL);
}

/* group.exit {"uid":i "name":s "ranks":s "died":b} */
void group_exit_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct group_service *gs = arg;
    json_int_t uid;
    const char *name, *text;
    int died;
    struct idset *ranks = NULL;

    if (flux_msg_unpack (msg, "{s:I s:s s:s s:b}", "uid", &uid, "name", &name, "ranks", &text,
                         "died", &died) < 0 ||
        !(ranks = idset_decode (text))) {
        router_respond_error (rt, msg, EPROTO, NULL);
        return;
    }
    struct group *g = group_lookup (gs, uid, name);
    if (group_hold_defer (g, msg, group_exit_cb)) {
        idset_destroy (ranks);
        return;
    }
    struct idset *known = g ? idset_intersect (g->live, ranks) : NULL; // told twice counts once
    if (known && !idset_empty (known))
        exit_all (g, known, died);
    router_respond (rt, msg, NULL);
    idset_destroy (known);
    idset_destroy (ranks);
}

void group_lose_members (struct group *g, uint32_t node)
{
    struct idset *ranks;
    struct member *m, *tmp;

    if (group_hold_lost (g, node))
        return;
    ranks = idset_create (0, IDSET_FLAG_AUTOGROW);
    HASH_ITER (hh, g->members, m, tmp)
    {
        if (ranks && m->node == node)
            idset_set (ranks, m->rank);
    }
    if (ranks && !idset_empty (ranks))
        exit_all (g, ranks, true);
    idset_destroy (ranks);
}

/* group.sync {"uid":i "name":s} -> the view */
void group_sync_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct group_service *gs = arg;
    json_int_t uid;
    const char *name;

    if (flux_msg_unpack (msg, "{s:I s:s}", "uid", &uid, "name", &name) < 0 ||
        strlen (name) > GROUP_NAME_MAX) {
        router_respond_error (rt, msg, EPROTO, NULL);
        return;
    }
    struct group *g = group_get (gs, uid, name);
    if (!g) {
        router_respond_error (rt, msg, errno, NULL);
        return;
    }
    router_respond_pack (rt, msg, "o", group_view (g));
    group_check (g);
}

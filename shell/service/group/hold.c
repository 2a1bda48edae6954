/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The broker that holds a group's operations, and how it gets them. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/service/group/hold.h"

struct asked {
    struct group_service *gs;
    char *key;
    uint32_t version;
};

static void hold_cb (struct router *rt, const flux_msg_t *response, void *arg)
{
    struct asked *a = arg;
    struct group *g;
    int errnum = EPROTO;

    HASH_FIND_STR (a->gs->groups, a->key, g);
    flux_msg_get_errnum (response, &errnum);
    if (g && g->hold.asking) {
        g->hold.asking = false;
        g->hold.here = errnum == 0 && g->version == a->version;
        if (g->hold.here)
            g->next_seq = g->hold.seq;
        g->hold.steady = 0;
        reduce_check_group (g);
    }
    free (a->key);
    free (a);
}

static void ask (struct group *g, uint32_t seq)
{
    struct router *rt = g->gs->rt;
    struct asked *a = calloc (1, sizeof (*a));

    if (!a || !(a->key = strdup (g->key))) {
        free (a);
        return;
    }
    a->gs = g->gs;
    a->version = g->version;
    if (router_rpc_pack (rt, "group.hold", 0, 0, hold_cb, a, "{s:I s:s s:I s:I s:I}", "uid",
                         (json_int_t)g->uid, "name", g->name, "rank", (json_int_t)router_rank (rt),
                         "version", (json_int_t)g->version, "seq", (json_int_t)seq) > 0) {
        g->hold.asking = true;
        g->hold.seq = seq;
    } else {
        free (a->key);
        free (a);
    }
}

void group_hold_consider (struct group *g, uint32_t seq)
{
    if (g->hold.version != g->version)
        g->hold.steady = 0;
    g->hold.version = g->version;
    if (++g->hold.steady >= GROUP_HOLD_AFTER && !g->hold.asking)
        ask (g, seq + 1);
}

bool group_hold_waits (const struct group *g, uint32_t seq)
{
    return g && g->hold.asking && g->hold.seq == seq;
}

void group_hold_drop (struct group *g)
{
    g->hold.here = false;
}

/* group.recall {"uid":i "name":s} -> {"seq":i}, the next operation; EINVAL: none are held here */
void group_recall_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct group *g = group_said (arg, msg);

    if (!g || !g->hold.here) {
        router_respond_error (rt, msg, EINVAL, "not held here");
        return;
    }
    group_hold_drop (g);
    router_respond_pack (rt, msg, "{s:I}", "seq", (json_int_t)g->next_seq);
    reduce_check_group (g);
}

/* group.where {"uid":i "name":s} -> {"seq":i}, the first operation that did not end here yet */
void group_where_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct group *g = group_said (arg, msg);

    router_respond_pack (rt, msg, "{s:I}", "seq", (json_int_t)(g ? g->hold.seen : 0));
}

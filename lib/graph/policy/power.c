/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Never above what feeds it: `power draw=350` or `power subsystem=power property=watts`. What is
 * chosen at the top level draws units (its property, else `draw`) from every vertex above it in
 * another subsystem; a candidate is left out when one of those has less than that. Of the others
 * the least ids. Works for any flow: watts of a PDU, GB/s of a switch. */

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/policy_priv.h"
#include "lib/util/array_room.h"

static int set (struct policy *p, const char *key, const char *value)
{
    char *end;
    if (!strcmp (key, "subsystem") && *value)
        return policy_set_text (&p->subsystem, value);
    if (!strcmp (key, "property") && *value)
        return policy_set_text (&p->draw, value);
    if (!strcmp (key, "draw")) {
        unsigned long n = strtoul (value, &end, 10);
        if (*value >= '0' && *value <= '9' && !*end && n <= GRAPH_MAX_SIZE) {
            p->units = n;
            return 0;
        }
    }
    errno = EINVAL;
    return -1;
}

static const char *check (const struct policy *p)
{
    return p->draw || p->units ? NULL : "needs draw=UNITS or property=NAME";
}

static const char *subsystem_of (const struct policy *p)
{
    return p->subsystem ? p->subsystem : "power";
}

static const char *lacks (const struct policy *p, struct graph *g, const char **what)
{
    *what = "subsystem";
    return graph_subsystem_find (g, subsystem_of (p)) < 0 ? subsystem_of (p) : NULL;
}

/* A property that is no number counts as none. */
static uint32_t draw_of (const struct arrangement *a, uint32_t v)
{
    const char *text = a->policy->draw ? graph_property (a->g, v, a->policy->draw) : NULL;
    char *end;
    unsigned long n = text && *text >= '0' && *text <= '9' ? strtoul (text, &end, 10) : ULONG_MAX;
    return n > GRAPH_MAX_SIZE || *end ? a->policy->units : n;
}

static struct charge *find_charge (struct charges *c, uint32_t v)
{
    for (uint32_t i = 0; i < c->n; i++)
        if (c->list[i].vertex == v)
            return &c->list[i];
    return NULL;
}

static int charge (struct charges *c, uint32_t v, int64_t units)
{
    struct charge *old = find_charge (c, v);
    if (old) {
        old->units += units;
        return 0;
    }
    if (ARRAY_ROOM (c->list, c->n, c->room, 16) < 0)
        return -1;
    c->list[c->n++] = (struct charge){.vertex = v, .units = units};
    return 0;
}

static bool can_draw (const struct arrangement *a, uint32_t v, uint32_t units)
{
    const struct vertex *x = &a->g->v[v];
    const struct charge *c = find_charge (a->charges, v);
    uint64_t used = (a->satisfy ? 0 : x->used) + (c ? (uint64_t)c->units : 0);
    return (a->satisfy || x->status == GRAPH_UP) && used + units <= x->size;
}

/* A panel of size 1 without a unit is a thing that what it feeds goes through, not a limit. */
static bool is_limit (const struct graph *g, uint32_t v)
{
    return g->v[v].size != 1 || *names_text (g->names, g->info[v].unit);
}

/* Draw for all vertices of a group; units of vertices above are drawn once per vertex. 1 done,
 * 0 somewhere there is not enough (nothing drawn), -1 ENOMEM. */
static int draw (struct arrangement *a, const struct group *grp, uint32_t sub)
{
    uint32_t done = 0;
    int rc = 1;
    for (uint32_t pass = 0; pass < 2 && rc > 0; pass++)
        for (uint32_t e = 0; e < grp->nedges && rc > 0; e++) {
            uint32_t v = a->edges[grp->edge + e].vertex, units = draw_of (a, v);
            uint32_t up;
            if (graph_up (a->g, sub, v, &up) < 0)
                return -1;
            for (; units && up != GRAPH_NONE && rc > 0 && done <= GRAPH_MAX_CHILDREN; done++) {
                if (!is_limit (a->g, up))
                    ;
                else if (pass == 0 ? !can_draw (a, up, units * (e + 1))
                                   : charge (a->charges, up, units) < 0)
                    rc = pass ? -1 : 0;
                if (graph_up (a->g, sub, up, &up) < 0)
                    return -1;
            }
        }
    return rc;
}

/* Take those that can draw, in order, until there are enough; the units taken, or -1. */
static int64_t draw_all (struct arrangement *a, int sub)
{
    uint64_t got = 0;
    uint32_t to = 0;
    a->charges->n = 0;
    for (uint32_t i = 0; i < a->n && got < a->k; i++) {
        int rc = draw (a, &a->group[i], sub);
        if (rc < 0)
            return -1;
        if (rc > 0) {
            got += a->group[i].count;
            a->group[to++] = a->group[i];
        }
    }
    a->n = to;
    return got;
}

static void order_by_draw (struct arrangement *a)
{
    for (uint32_t i = 0; i < a->n; i++) {
        a->group[i].key = 0;
        for (uint32_t e = 0; e < a->group[i].nedges; e++)
            a->group[i].key += draw_of (a, a->edges[a->group[i].edge + e].vertex);
    }
    arrangement_sort (a);
}

/* The least ids; when so there are not enough, those that draw least. */
static int arrange (struct arrangement *a)
{
    int sub = graph_subsystem_find (a->g, subsystem_of (a->policy));
    uint32_t n = a->n;
    if (sub < 0) {
        a->n = 0;
        return 0;
    }
    memcpy (a->spare, a->group, n * sizeof (*a->group));
    int64_t got = draw_all (a, sub);
    if (got < 0 || got >= a->k || !a->policy->draw)
        return got < 0 ? -1 : 0;
    memcpy (a->group, a->spare, n * sizeof (*a->group));
    a->n = n;
    order_by_draw (a);
    return draw_all (a, sub) < 0 ? -1 : 0;
}

const struct policy_ops policy_power = {
    .name = "power",
    .description = "never above what feeds it (draw=UNITS, property=NAME, subsystem=NAME)",
    .set = set,
    .check = check,
    .lacks = lacks,
    .arrange = arrange,
    .fixed_score = true,
    .top = ORDER_LOW,
    .nested = ORDER_LOW,
    .slot = ORDER_LOW,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Which types lie below each vertex: vertices with the same set of them share it. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/tree_priv.h"
#include "lib/util/errprintf.h"

int tree_fail (const struct graph *g, uint32_t v, int errnum, const char *what, flux_error_t *errp)
{
    char name[64];
    errno = errnum;
    return errprintf (errp, "%s (vertex %u) %s", graph_say (g, v, name, sizeof (name)), v, what);
}

static bool same_types (const struct tree *t, const struct layout *l)
{
    uint32_t n = 0;
    for (uint32_t w = 0; w < t->nwords; w++)
        n += __builtin_popcountll (t->bits[w]);
    if (n != l->ntypes)
        return false;
    for (uint32_t k = 0; k < l->ntypes; k++)
        if (!(t->bits[l->type[k] / 64] >> (l->type[k] % 64) & 1))
            return false;
    return true;
}

static int intern_layout (struct tree *t)
{
    for (uint32_t i = 0; i < t->nlayouts; i++)
        if (same_types (t, &t->layout[i]))
            return i;
    if (t->nlayouts == 0xfffe) {
        errno = ENOSPC;
        return -1;
    }
    struct layout *list = realloc (t->layout, (t->nlayouts + 1) * sizeof (*list));
    if (!list)
        return -1;
    t->layout = list;
    struct layout *l = &list[t->nlayouts];
    l->ntypes = 0;
    l->type = tree_take (t->g->ntypes, sizeof (*l->type));
    l->slot = tree_take (t->g->ntypes, 1);
    t->nlayouts++;
    if (!l->type || !l->slot)
        return -1;
    memset (l->slot, 0xff, t->g->ntypes);
    for (uint32_t type = 0; type < t->g->ntypes; type++)
        if (t->bits[type / 64] >> (type % 64) & 1) {
            if (l->ntypes == 0xff) {
                errno = ENOSPC;
                return -1;
            }
            l->slot[type] = l->ntypes;
            l->type[l->ntypes++] = type;
        }
    return t->nlayouts - 1;
}

static void add_bits (struct tree *t, uint32_t c)
{
    uint32_t type = t->g->v[c].type;
    t->bits[type / 64] |= UINT64_C (1) << (type % 64);
    if (t->which[c] != 0xffff) {
        const struct layout *l = &t->layout[t->which[c]];
        for (uint32_t k = 0; k < l->ntypes; k++)
            t->bits[l->type[k] / 64] |= UINT64_C (1) << (l->type[k] % 64);
    }
}

int tree_make_layouts (struct tree *t, flux_error_t *errp)
{
    for (uint32_t i = t->reached; i-- > 0;) {
        uint32_t v = t->order[i];
        t->which[v] = 0xffff;
        t->agg[v] = GRAPH_NONE;
        if (t->off[v] == t->off[v + 1])
            continue;
        memset (t->bits, 0, t->nwords * sizeof (*t->bits));
        for (uint32_t k = t->off[v]; k < t->off[v + 1]; k++) {
            uint32_t c = t->child[k], before = k > t->off[v] ? t->child[k - 1] : GRAPH_NONE;
            if (before == GRAPH_NONE || t->which[c] != t->which[before] ||
                t->g->v[c].type != t->g->v[before].type)
                add_bits (t, c);
        }
        int l = intern_layout (t);
        if (l < 0)
            return tree_fail (t->g, v, errno, "has too many types below it", errp);
        t->which[v] = l;
        t->agg[v] = t->nagg;
        t->nagg += t->layout[l].ntypes;
    }
    return 0;
}

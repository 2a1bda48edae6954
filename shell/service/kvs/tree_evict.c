/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What is cold leaves memory for the store. */

#include "config.h"
#include "shell/service/kvs/limits.h"
#include "shell/service/kvs/tree.h"

static bool stays_inline (const struct node *n)
{
    const struct val *v = (const struct val *)n;
    return v->nrefs == 0 && v->len <= KVS_COLD_INLINE_MAX;
}

/* As tree_store(), for a directory that is forgotten at once: small values, and directories below
 * that are loaded and not stored, become part of it. One blob takes less than many. */
static int store_cold (struct forest *f, struct dir *d)
{
    for (uint32_t i = 0; i < d->count; i++) {
        struct node *n = d->kids[i];
        if (n->type == NODE_VAL && !stays_inline (n) && tree_store_val (f, node_val (n)) < 0)
            return -1;
        if (n->type != NODE_DIR || node_has_digest (n))
            continue;
        for (uint32_t j = 0; j < node_dir (n)->count; j++) {
            struct node *below = node_dir (n)->kids[j];
            if (below->type == NODE_VAL && !stays_inline (below) &&
                tree_store_val (f, node_val (below)) < 0)
                return -1;
        }
    }
    return tree_put_dir (f, d);
}

/* Is it one with little in it, and no loaded directories but with values? */
static bool is_compact (const struct dir *d)
{
    if (d->count > KVS_COLD_ENTRIES_MAX || d->n.wide)
        return false;
    for (uint32_t i = 0; i < d->count; i++) {
        struct dir *sub = d->kids[i]->type == NODE_DIR ? node_dir (d->kids[i]) : NULL;
        for (uint32_t j = 0; sub && j < sub->count; j++)
            if (sub->count > KVS_COLD_ENTRIES_MAX || sub->n.wide || sub->kids[j]->type == NODE_DIR)
                return false;
    }
    return true;
}

/* What goes when d is the coldest one: d, or the directory it is in, if that is about as cold. */
static struct dir *coldest_whole (const struct forest *f, struct dir *d)
{
    struct dir *up = d->n.parent ? node_dir (d->n.parent) : NULL;
    uint32_t age = f->touches - d->touched;

    if (up && up->n.parent && f->touches - up->touched + 8 > age - age / 4 && is_compact (up))
        return up;
    return d;
}

static int forget (struct forest *f, struct dir *d)
{
    if (!node_has_digest (&d->n) && (is_compact (d) ? store_cold (f, d) : tree_store (f, d)) < 0)
        return -1;
    dir_unload (f, d);
    return 0;
}

int forest_evict (struct forest *f, size_t max, int steps)
{
    int n = 0;
    while (f->bytes > max && n < steps && f->lru) {
        if (forget (f, coldest_whole (f, f->lru)) < 0)
            break;
        n++;
    }
    return n;
}

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

/* As before tree_put_dir() in tree_store(), for a directory that is forgotten at once: small
 * values, and directories below that are loaded and not stored, become part of it. One blob takes
 * less than many. */
static int store_below (struct forest *f, struct dir *d)
{
    for (uint32_t i = 0; i < d->count; i++) {
        struct node *n = d->kids[i];
        if (n->type == NODE_VAL && !stays_inline (n) && tree_store_val (f, node_val (n)) < 0)
            return -1;
        if (n->type == NODE_DIR && !node_has_digest (n) && store_below (f, node_dir (n)) < 0)
            return -1;
    }
    return 0;
}

/* Is there little in it and below, and are not many levels of it loaded? */
static bool is_compact (const struct dir *d, int levels)
{
    if (d->count > KVS_COLD_ENTRIES_MAX || d->n.wide || levels == 0)
        return false;
    for (uint32_t i = 0; i < d->count; i++) {
        struct node *n = d->kids[i];
        if (n->type == NODE_DIR && n->loaded && !is_compact (node_dir (n), levels - 1))
            return false;
    }
    return true;
}

static bool is_small (const struct dir *d)
{
    return is_compact (d, KVS_COLD_LEVELS_MAX);
}

/* What goes when d is the coldest one: d, or a directory it is in, if that is about as cold. */
static struct dir *coldest_whole (const struct forest *f, struct dir *d)
{
    uint32_t age = f->touches - d->touched;
    struct dir *whole = d;

    for (struct node *n = d->n.parent; n && n->parent; n = n->parent) {
        struct dir *up = node_dir (n);
        if (f->touches - up->touched + 8 <= age - age / 4 || !is_small (up))
            break;
        whole = up;
    }
    return whole;
}

static int forget (struct forest *f, struct dir *d)
{
    int rc = 0;

    if (!node_has_digest (&d->n))
        rc = !is_small (d) ? tree_store (f, d) : store_below (f, d) < 0 ? -1 : tree_put_dir (f, d);
    if (rc == 0)
        dir_unload (f, d);
    return rc;
}

int forest_forget (struct forest *f, struct dir *d)
{
    return d->n.parent && d->n.loaded && is_small (d) ? forget (f, d) : 0;
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

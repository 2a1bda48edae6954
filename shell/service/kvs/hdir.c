/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "shell/service/kvs/hdir.h"
#include "shell/service/kvs/treeobj.h"

static uint32_t hash (const char *name, size_t len)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)name[i]) * 16777619u;
    return h;
}

static uint32_t bucket_of (const struct dir *d, const char *name, size_t len)
{
    return hash (name, len) % d->count;
}

struct dir *hdir_find (const struct dir *d, const char *name, size_t len)
{
    return node_dir (d->kids[bucket_of (d, name, len)]);
}

static void set_bucket (struct dir *d, uint32_t i, struct node *n)
{
    n->parent = &d->n;
    n->bucket = true;
    d->kids[i] = n;
}

struct dir *hdir_place (struct walk *w, struct dir *d, const char *name, size_t namelen,
                        bool create)
{
    struct node *n;

    if (!d->n.wide)
        return d;
    uint32_t i = bucket_of (d, name, namelen);
    if (!d->kids[i]) {
        if (!create) {
            errno = ENOENT;
            return NULL;
        }
        if (!(n = node_create (w->tree->forest, NODE_DIR, "", 0)))
            return NULL;
        set_bucket (d, i, n);
        node_dirty (&d->n);
    }
    return tree_load (w, node_dir (d->kids[i])) < 0 ? NULL : node_dir (d->kids[i]);
}

/* ---- all entries */

static int by_name (const void *a, const void *b)
{
    const struct node *x = *(struct node *const *)a, *y = *(struct node *const *)b;
    size_t min = x->namelen < y->namelen ? x->namelen : y->namelen;
    int c = memcmp (node_name (x), node_name (y), min);

    return c ? c : (x->namelen > y->namelen) - (x->namelen < y->namelen);
}

static struct node **list_flat (const struct dir *d)
{
    struct node **list = malloc ((d->count + 1) * sizeof (list[0]));

    if (list && d->count > 0)
        memcpy (list, d->kids, d->count * sizeof (list[0]));
    return list;
}

static struct node **list_buckets (const struct dir *d, uint32_t *countp)
{
    struct node **list;
    uint32_t n = 0;

    for (uint32_t i = 0; i < d->count; i++)
        n += d->kids[i] ? node_dir (d->kids[i])->count : 0;
    *countp = n;
    if (!(list = malloc ((n + 1) * sizeof (list[0]))))
        return NULL;
    n = 0;
    for (uint32_t i = 0; i < d->count; i++) {
        struct dir *b = node_dir (d->kids[i]);
        if (b && b->count > 0)
            memcpy (list + n, b->kids, b->count * sizeof (list[0]));
        n += b ? b->count : 0;
    }
    qsort (list, n, sizeof (list[0]), by_name);
    return list;
}

/* Those that are not here are all named at once. */
static int load_buckets (struct walk *w, struct dir *d)
{
    bool again = false;

    for (uint32_t i = 0; i < d->count; i++) {
        if (!d->kids[i] || tree_load (w, node_dir (d->kids[i])) == 0)
            continue;
        if (errno != EAGAIN)
            return -1;
        again = true;
    }
    errno = EAGAIN;
    return again ? -1 : 0;
}

int hdir_list (struct walk *w, struct dir *d, struct node ***kidsp, uint32_t *countp)
{
    if (!d->n.wide) {
        *countp = d->count;
        return (*kidsp = list_flat (d)) ? 0 : -1;
    }
    if (load_buckets (w, d) < 0)
        return -1;
    return (*kidsp = list_buckets (d, countp)) ? 0 : -1;
}

/* ---- becoming wide */

static void free_buckets (struct forest *f, struct node **buckets, uint32_t size)
{
    for (uint32_t i = 0; buckets && i < size; i++)
        node_destroy (f, buckets[i]);
    free (buckets);
}

/* Empty ones, with room for what will be in them: what follows can't fail. */
static struct node **make_buckets (struct forest *f, uint32_t size, struct node **list,
                                   uint32_t count)
{
    struct node **buckets = calloc (size, sizeof (buckets[0]));
    uint32_t *fill = calloc (size, sizeof (fill[0]));
    bool ok = buckets && fill;

    for (uint32_t i = 0; ok && i < count; i++)
        fill[hash (node_name (list[i]), list[i]->namelen) % size]++;
    for (uint32_t i = 0; ok && i < size; i++) {
        if (fill[i] == 0)
            continue;
        ok = (buckets[i] = node_create (f, NODE_DIR, "", 0)) &&
             dir_reserve (f, node_dir (buckets[i]), fill[i]) == 0;
    }
    free (fill);
    if (ok)
        return buckets;
    free_buckets (f, buckets, size);
    return NULL;
}

static void spread (struct forest *f, struct dir *d, struct node **buckets, uint32_t size,
                    struct node **list, uint32_t count)
{
    struct node *old;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t k = hash (node_name (list[i]), list[i]->namelen) % size;
        dir_set (f, node_dir (buckets[k]), list[i], &old);
    }
    dir_set_kids (f, d, buckets, size);
    d->n.wide = true;
    for (uint32_t i = 0; i < size; i++) {
        if (buckets[i])
            set_bucket (d, i, buckets[i]);
    }
    for (struct node *n = &d->n; n; n = n->parent) // not colder than what is in it
        dir_touch (f, node_dir (n));
}

static void widen (struct forest *f, struct dir *d, struct node **list, uint32_t count)
{
    uint32_t size = 16, nold = d->n.wide ? d->count : 0;
    struct node **buckets, **old = NULL;

    while (size < HDIR_BUCKETS_MAX && size < count / f->dir_fill)
        size *= 2;
    if (size <= nold || !(buckets = make_buckets (f, size, list, count)))
        return;
    if (nold > 0 && !(old = list_flat (d))) {
        free_buckets (f, buckets, size);
        return;
    }
    for (uint32_t i = 0; i < nold; i++) {
        if (old[i])
            node_dir (old[i])->count = 0; // its entries are in the list
    }
    spread (f, d, buckets, size, list, count);
    free_buckets (f, old, nold);
}

static bool is_crowded (const struct forest *f, const struct dir *d)
{
    for (uint32_t i = 0; i < d->count; i++) {
        const struct node *n = d->kids[i];
        if (n && n->loaded && ((const struct dir *)n)->count > 4 * f->dir_fill)
            return true;
    }
    return false;
}

void hdir_adapt (struct forest *f, struct dir *d)
{
    struct tree t = {.forest = f, .root = &d->n};
    struct walk w = {.tree = &t};
    struct node **list;
    uint32_t count;

    if (f->dir_max == 0 || d->n.bucket ||
        !(d->n.wide ? d->count < HDIR_BUCKETS_MAX && is_crowded (f, d) : d->count > f->dir_max))
        return;
    if (hdir_list (&w, d, &list, &count) == 0) {
        widen (f, d, list, count);
        free (list);
    }
    buf_clear (&w.missing);
}

/* ---- the object */

int hdir_append (const struct forest *f, struct buf *b, struct dir *d)
{
    buf_reserve (b, 128 + (size_t)d->count * (BLOBREF_MAX + 48));
    buf_puts (b, "{\"data\":{\"bucket\":[");
    for (uint32_t i = 0; i < d->count; i++) {
        if (i > 0)
            buf_putc (b, ',');
        if (d->kids[i])
            treeobj_append_dirref (f, b, node_dir (d->kids[i])->digest);
        else
            buf_puts (b, "null");
    }
    buf_printf (b, "],\"func\":\"" HDIR_FUNC "\",\"size\":%u},\"type\":\"hdir\",\"ver\":1}",
                (unsigned)d->count);
    return b->err ? -1 : 0;
}

static int decode_buckets (struct forest *f, struct dir *d, const json_t *list)
{
    size_t i;
    json_t *o;

    json_array_foreach ((json_t *)list, i, o)
    {
        struct node *n;
        if (json_is_null (o))
            continue;
        if (!(n = treeobj_to_node (f, o, "", 0)))
            return -1;
        if (n->type != NODE_DIR || n->loaded) {
            node_destroy (f, n);
            errno = EPROTO;
            return -1;
        }
        set_bucket (d, i, n);
    }
    return 0;
}

int hdir_decode (struct forest *f, struct dir *d, const json_t *data)
{
    const char *func;
    struct node **kids;
    json_t *list;
    json_int_t size;

    if (json_unpack ((json_t *)data, "{s:s s:I s:o}", "func", &func, "size", &size, "bucket",
                     &list) < 0 ||
        strcmp (func, HDIR_FUNC) != 0 || size < 1 || size > HDIR_BUCKETS_MAX ||
        json_array_size (list) != (size_t)size) {
        errno = EPROTO;
        return -1;
    }
    if (!(kids = calloc (size, sizeof (kids[0]))))
        return -1;
    dir_set_kids (f, d, kids, size);
    d->n.wide = true;
    return decode_buckets (f, d, list);
}

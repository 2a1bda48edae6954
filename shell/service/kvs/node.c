/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"
#include "shell/service/kvs/node.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { MALLOC_OVERHEAD = 16 }; // about what the allocator adds to a piece

static size_t type_size (int type)
{
    return type == NODE_DIR   ? sizeof (struct dir)
           : type == NODE_VAL ? sizeof (struct val)
                              : sizeof (struct link);
}

const char *node_name (const struct node *n)
{
    return (const char *)n + type_size (n->type);
}

static size_t node_weight (const struct node *n)
{
    return type_size (n->type) + n->namelen + 1 + MALLOC_OVERHEAD;
}

struct node *node_create (struct forest *f, enum node_type type, const char *name, size_t namelen)
{
    struct node *n;
    if (namelen > UINT16_MAX) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    if (!(n = calloc (1, type_size (type) + namelen + 1)))
        return NULL;
    n->type = type;
    n->namelen = namelen;
    memcpy ((char *)node_name (n), name, namelen);
    f->bytes += node_weight (n);
    f->nodes++;
    if (type == NODE_DIR) {
        n->loaded = true;
        dir_touch (f, node_dir (n));
    }
    return n;
}

struct node *node_create_dirref (struct forest *f, const char *name, size_t namelen,
                                 const uint8_t *digest)
{
    struct node *n = node_create (f, NODE_DIR, name, namelen);
    if (n) {
        memcpy (node_dir (n)->digest, digest, f->alg->size);
        n->stored = true;
        dir_unload (f, node_dir (n));
    }
    return n;
}

void dir_unload (struct forest *f, struct dir *d)
{
    if (!d->n.loaded)
        return;
    for (uint32_t i = 0; i < d->count; i++) {
        if (d->kids[i]) // there are empty buckets
            d->kids[i]->parent = NULL;
        node_destroy (f, d->kids[i]);
    }
    f->bytes -= d->size * sizeof (d->kids[0]);
    free (d->kids);
    d->kids = NULL;
    d->count = d->size = 0;
    d->n.loaded = d->n.wide = false;
    DL_DELETE (f->lru, d);
    d->prev = d->next = NULL;
}

static void val_clear_refs (struct forest *f, struct val *v)
{
    f->bytes -= (size_t)v->nrefs * f->alg->size + v->nlens * sizeof (v->lens[0]);
    free (v->refs);
    free (v->lens);
    v->refs = NULL;
    v->lens = NULL;
    v->nrefs = v->nlens = 0;
}

void val_set (struct forest *f, struct val *v, char *data, size_t len)
{
    val_clear_refs (f, v);
    free (v->data);
    f->bytes -= v->size;
    v->data = data;
    v->len = v->size = len;
    f->bytes += v->size;
}

void node_destroy (struct forest *f, struct node *n)
{
    if (!n)
        return;
    int saved_errno = errno;
    if (n->type == NODE_DIR)
        dir_unload (f, node_dir (n));
    else if (n->type == NODE_VAL)
        val_set (f, node_val (n), NULL, 0);
    else {
        free (node_link (n)->target);
        free (node_link (n)->ns);
    }
    f->bytes -= node_weight (n);
    f->nodes--;
    free (n);
    errno = saved_errno;
}

static int name_cmp (const char *a, size_t alen, const struct node *n)
{
    size_t min = alen < n->namelen ? alen : n->namelen;
    int c = memcmp (a, node_name (n), min);
    return c ? c : (alen > n->namelen) - (alen < n->namelen);
}

/* The place of a name, or where it belongs. Job ids grow, so that the end is tried first. */
static uint32_t dir_place (const struct dir *d, const char *name, size_t namelen, bool *found)
{
    uint32_t lo = 0, hi = d->count;
    int c;
    *found = false;
    if (d->count > 0 && (c = name_cmp (name, namelen, d->kids[d->count - 1])) >= 0) {
        *found = c == 0;
        return c == 0 ? d->count - 1 : d->count;
    }
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if ((c = name_cmp (name, namelen, d->kids[mid])) == 0) {
            *found = true;
            return mid;
        }
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

struct node *dir_find (const struct dir *d, const char *name, size_t namelen)
{
    bool found;
    uint32_t i = dir_place (d, name, namelen, &found);
    return found ? d->kids[i] : NULL;
}

int dir_reserve (struct forest *f, struct dir *d, uint32_t size)
{
    struct node **kids;
    if (size <= d->size)
        return 0;
    if (!(kids = realloc (d->kids, size * sizeof (kids[0]))))
        return -1;
    f->bytes += (size - d->size) * sizeof (kids[0]);
    d->kids = kids;
    d->size = size;
    return 0;
}

static int dir_grow (struct forest *f, struct dir *d)
{
    if (d->count < d->size)
        return 0;
    return dir_reserve (f, d, d->size ? d->size + d->size / 2 + 1 : 4);
}

void dir_set_kids (struct forest *f, struct dir *d, struct node **kids, uint32_t count)
{
    f->bytes += count * sizeof (kids[0]);
    f->bytes -= d->size * sizeof (kids[0]);
    free (d->kids);
    d->kids = kids;
    d->count = d->size = count;
}

int dir_set (struct forest *f, struct dir *d, struct node *n, struct node **oldp)
{
    bool found;
    uint32_t i = dir_place (d, node_name (n), n->namelen, &found);
    if (found) {
        d->kids[i]->parent = NULL;
        *oldp = d->kids[i];
    } else {
        if (dir_grow (f, d) < 0)
            return -1;
        memmove (d->kids + i + 1, d->kids + i, (d->count - i) * sizeof (d->kids[0]));
        d->count++;
        *oldp = NULL;
    }
    d->kids[i] = n;
    n->parent = &d->n;
    return 0;
}

struct node *dir_take (struct dir *d, const char *name, size_t namelen)
{
    bool found;
    uint32_t i = dir_place (d, name, namelen, &found);
    struct node *n;
    if (!found)
        return NULL;
    n = d->kids[i];
    d->count--;
    memmove (d->kids + i, d->kids + i + 1, (d->count - i) * sizeof (d->kids[0]));
    n->parent = NULL;
    return n;
}

void dir_touch (struct forest *f, struct dir *d)
{
    d->touched = ++f->touches;
    if (d->prev) {
        if (f->lru->prev == d)
            return;
        DL_DELETE (f->lru, d);
    }
    DL_APPEND (f->lru, d);
}

void node_dirty (struct node *n)
{
    if (n->type != NODE_DIR)
        n = n->parent;
    for (; n && n->stored; n = n->parent)
        n->stored = n->inlined = false;
}

int val_append (struct forest *f, struct val *v, const void *data, size_t len)
{
    size_t need = v->len + len, size;
    char *p;
    if (need > UINT32_MAX / 2) {
        errno = EFBIG;
        return -1;
    }
    if (need > v->size) {
        size = v->len ? need + need / 2 : need;
        if (!(p = realloc (v->data, size ? size : 1)))
            return -1;
        f->bytes += size - v->size;
        v->data = p;
        v->size = size;
    }
    if (len)
        memcpy (v->data + v->len, data, len);
    v->len += len;
    return 0;
}

int val_add_ref (struct forest *f, struct val *v, const uint8_t *digest)
{
    size_t dsize = f->alg->size;
    if ((v->nrefs & (v->nrefs - 1)) == 0) { // full at each power of two
        uint8_t *p = realloc (v->refs, (v->nrefs ? 2 * (size_t)v->nrefs : 1) * dsize);
        if (!p)
            return -1;
        v->refs = p;
    }
    memcpy (v->refs + v->nrefs * dsize, digest, dsize);
    v->nrefs++;
    f->bytes += dsize;
    return 0;
}

/* The memory stays as it is: with one less than a power of two the next add would not grow it, so
 * that growing again is harmless. */
void val_pop_ref (struct forest *f, struct val *v)
{
    v->nrefs--;
    f->bytes -= f->alg->size;
    if (v->nlens > v->nrefs) {
        v->nlens = v->nrefs;
        f->bytes -= sizeof (v->lens[0]);
    }
}

void val_know_length (struct forest *f, struct val *v, size_t len)
{
    uint32_t n = v->nlens, *p = v->lens;

    if (len > UINT32_MAX || n >= v->nrefs)
        return;
    if ((n & (n - 1)) == 0) { // full at each power of two
        if (!(p = realloc (p, (n ? 2 * (size_t)n : 1) * sizeof (p[0]))))
            return;
        v->lens = p;
    }
    v->lens[v->nlens++] = len;
    f->bytes += sizeof (p[0]);
}

int link_set (struct forest *f, struct link *l, const char *ns, const char *target)
{
    char *t = strdup (target), *s = ns ? strdup (ns) : NULL;
    if (!t || (ns && !s)) {
        free (t);
        free (s);
        return -1;
    }
    free (l->target);
    free (l->ns);
    l->target = t;
    l->ns = s;
    return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* R version 1 (RFC 20), straight as text: nodes that have the same cores and GPUs share an entry.
 * Memory is kept from one R to the next. */

#include <errno.h>
#include <flux/hostlist.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/io/write_priv.h"
#include "lib/job/jsonbuf.h"
#include "lib/util/array_room.h"

enum { KIND_OTHER, KIND_CORE, KIND_GPU, KIND_NODE };

static int add_id (struct rlite_ids *ids, int64_t id)
{
    if (id < 0 || id >= UINT32_MAX) {
        errno = EINVAL;
        return -1;
    }
    if (ARRAY_ROOM (ids->id, ids->n, ids->room, 16) < 0)
        return -1;
    ids->id[ids->n++] = id;
    return 0;
}

static int by_value (const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void sort_ids (struct rlite_ids *ids)
{
    for (size_t i = 1; i < ids->n; i++)
        if (ids->id[i - 1] > ids->id[i]) {
            qsort (ids->id, ids->n, sizeof (*ids->id), by_value);
            break;
        }
}

static void put_number (struct buf *b, uint64_t n)
{
    char text[24], *p = text + sizeof (text);
    do
        *--p = '0' + n % 10;
    while (n /= 10);
    buf_append (b, p, text + sizeof (text) - p);
}

/* An idset (RFC 22): "0-3,7". */
static void put_ids (struct buf *b, struct rlite_ids *ids)
{
    sort_ids (ids);
    for (size_t i = 0, last; i < ids->n; i = last + 1) {
        for (last = i; last + 1 < ids->n && ids->id[last + 1] <= ids->id[last] + 1;)
            last++;
        if (i > 0)
            buf_putc (b, ',');
        put_number (b, ids->id[i]);
        if (ids->id[last] > ids->id[i]) {
            buf_putc (b, '-');
            put_number (b, ids->id[last]);
        }
    }
}

static void put_children (struct buf *b, const char *type, struct rlite_ids *ids)
{
    if (ids->n == 0)
        return;
    buf_puts (b, b->len > 1 ? ", \"" : "\"");
    buf_puts (b, type);
    buf_puts (b, "\": \"");
    put_ids (b, ids);
    buf_putc (b, '"');
    ids->n = 0;
}

/* The group of a children text, in the order of the texts. */
static struct rlite_group *find_group (struct rlite *r, const char *key)
{
    size_t lo = 0, hi = r->n;
    if (r->last < r->n && !strcmp (r->group[r->last].key, key))
        return &r->group[r->last];
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp (r->group[mid].key, key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    r->last = lo;
    if (lo < r->n && !strcmp (r->group[lo].key, key))
        return &r->group[lo];
    char *copy = ARRAY_ROOM (r->group, r->n, r->room, 16) < 0 ? NULL : strdup (key);
    if (!copy)
        return NULL;
    struct rlite_group *group = &r->group[lo];
    memmove (group + 1, group, (r->n++ - lo) * sizeof (*group));
    *group = (struct rlite_group){.key = copy};
    return group;
}

/* Note the name that has been put at `at` for a rank. */
static int add_name (struct rlite *r, struct rlite_names *names, int64_t rank, size_t at)
{
    if (ARRAY_ROOM (names->list, names->n, names->room, 16) < 0 || buf_putc (&r->text, '\0') < 0)
        return -1;
    names->list[names->n++] = (struct rlite_name){.rank = rank, .at = at};
    return 0;
}

static int add_host (struct rlite *r, const struct graph *g, uint32_t v, int64_t rank)
{
    char name[GRAPH_MAX_NAME + 16];
    size_t at = r->text.len;
    if (graph_name (g, v, name, sizeof (name)) < 0)
        return -1;
    buf_puts (&r->text, name);
    return add_name (r, &r->hosts, rank, at);
}

static int add_properties (struct rlite *r, const struct graph *g, uint32_t v, int64_t rank)
{
    const char *key, *value;
    size_t cursor = 0;
    while (graph_property_next (g, v, &cursor, &key, &value)) {
        size_t at = r->text.len;
        buf_puts (&r->text, key);
        if (*value) {
            buf_putc (&r->text, '=');
            buf_puts (&r->text, value);
        }
        if (add_name (r, &r->properties, rank, at) < 0)
            return -1;
    }
    return 0;
}

static int add_node (struct rlite *r, const struct graph *g, uint32_t v)
{
    int64_t rank = graph_rank (g, v);
    if (!r->cores.n && !r->gpus.n)
        return 0;
    buf_reset (&r->key);
    buf_putc (&r->key, '{');
    put_children (&r->key, "core", &r->cores);
    put_children (&r->key, "gpu", &r->gpus);
    if (buf_putc (&r->key, '}') < 0)
        return -1;
    struct rlite_group *group = find_group (r, r->key.data);
    if (!group || add_id (&group->ranks, rank) < 0 || add_host (r, g, v, rank) < 0)
        return -1;
    return add_properties (r, g, v, rank);
}

static int kind_of (const char *type)
{
    if (!strcmp (type, "core"))
        return KIND_CORE;
    if (!strcmp (type, "gpu"))
        return KIND_GPU;
    return !strcmp (type, "node") || !strcmp (type, "storage_node") ? KIND_NODE : KIND_OTHER;
}

int rlite_vertex (struct rlite *r, const struct graph *g, const struct write_vertex *v)
{
    const char *type = graph_type (g, v->vertex);
    if (type != r->type) { // the same text lies in the same place
        r->type = type;
        r->kind = kind_of (type);
    }
    switch (r->kind) {
    case KIND_CORE:
        return add_id (&r->cores, graph_id (g, v->vertex));
    case KIND_GPU:
        return add_id (&r->gpus, graph_id (g, v->vertex));
    case KIND_NODE:
        return add_node (r, g, v->vertex);
    }
    return 0;
}

static bool put_nodelist (struct rlite *r, struct buf *b)
{
    const struct rlite_names *hosts = &r->hosts;
    struct hostlist *hl = hostlist_create ();
    for (size_t i = 0; hl && i < hosts->n; i++)
        hostlist_append (hl, r->text.data + hosts->list[i].at);
    char *text = hl ? hostlist_encode (hl) : NULL;
    if (text) {
        buf_puts (b, ", \"nodelist\": [");
        jsonbuf_str (b, text);
        buf_putc (b, ']');
    }
    free (text);
    hostlist_destroy (hl);
    return text;
}

static int by_rank (const void *a, const void *b)
{
    const struct rlite_name *x = a, *y = b;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static int by_name (const void *a, const void *b, void *arg)
{
    const struct rlite_name *x = a, *y = b;
    int cmp = strcmp ((const char *)arg + x->at, (const char *)arg + y->at);
    return cmp ? cmp : by_rank (a, b);
}

static int put_properties (struct rlite *r, struct buf *b)
{
    struct rlite_names *p = &r->properties;
    if (p->n == 0)
        return 0;
    qsort_r (p->list, p->n, sizeof (*p->list), by_name, r->text.data);
    buf_puts (b, ", \"properties\": {");
    for (size_t i = 0; i < p->n;) {
        const char *name = r->text.data + p->list[i].at;
        buf_puts (b, i ? ", " : "");
        r->cores.n = 0;
        for (; i < p->n && !strcmp (r->text.data + p->list[i].at, name); i++)
            if (add_id (&r->cores, p->list[i].rank) < 0)
                return -1;
        jsonbuf_str (b, name);
        buf_puts (b, ": \"");
        put_ids (b, &r->cores);
        buf_putc (b, '"');
    }
    r->cores.n = 0;
    return buf_putc (b, '}');
}

int rlite_put (struct rlite *r, struct buf *b)
{
    buf_putc (b, '[');
    for (size_t i = 0; i < r->n; i++) {
        buf_puts (b, i ? ", {\"rank\": \"" : "{\"rank\": \"");
        put_ids (b, &r->group[i].ranks);
        buf_puts (b, "\", \"children\": ");
        buf_puts (b, r->group[i].key);
        buf_putc (b, '}');
    }
    return buf_putc (b, ']');
}

static bool is_ascending (const struct rlite_names *hosts)
{
    for (size_t i = 1; i < hosts->n; i++)
        if (hosts->list[i - 1].rank > hosts->list[i].rank)
            return false;
    return true;
}

int rv1_put (struct writer *w, struct buf *b)
{
    struct rlite *r = &w->rlite;
    if (r->n == 0)
        return 0;
    if (!is_ascending (&r->hosts))
        qsort (r->hosts.list, r->hosts.n, sizeof (*r->hosts.list), by_rank);
    buf_puts (b, "{\"version\": 1, \"execution\": {\"R_lite\": ");
    rlite_put (r, b);
    put_nodelist (r, b);
    if (put_properties (r, b) < 0)
        return -1;
    return buf_printf (b, ", \"starttime\": %lld, \"expiration\": %lld}}", (long long)w->start,
                       (long long)w->end);
}

void rlite_reset (struct rlite *r)
{
    for (size_t i = 0; i < r->n; i++) {
        free (r->group[i].key);
        free (r->group[i].ranks.id);
    }
    r->n = r->last = r->cores.n = r->gpus.n = r->hosts.n = r->properties.n = 0;
    r->type = NULL;
    buf_reset (&r->text);
}

void rlite_clear (struct rlite *r)
{
    rlite_reset (r);
    free (r->group);
    free (r->cores.id);
    free (r->gpus.id);
    free (r->hosts.list);
    free (r->properties.list);
    buf_clear (&r->text);
    buf_clear (&r->key);
}

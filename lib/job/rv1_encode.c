/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* R version 1 (RFC 20): resource sets to text. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/jsonbuf.h"
#include "lib/job/rv1_private.h"
#include "lib/set/hostlist_codec.h"
#include "lib/set/idset_codec.h"

/* Encoding: nodes with equal children make one entry. */
struct group {
    const struct rv1_children *children;
    struct idset *ranks;
    char *key; // text of the children
    UT_hash_handle hh;
};

static void put_children (struct buf *b, const struct rv1_children *c)
{
    buf_puts (b, "{\"core\":\"");
    idset_encode_buf (b, c->core, IDSET_FLAG_RANGE);
    if (c->gpu) {
        buf_puts (b, "\",\"gpu\":\"");
        idset_encode_buf (b, c->gpu, IDSET_FLAG_RANGE);
    }
    buf_puts (b, "\"}");
}

static void free_groups (struct group *groups)
{
    struct group *g, *tmp;

    HASH_ITER (hh, groups, g, tmp)
    {
        HASH_DEL (groups, g);
        idset_destroy (g->ranks);
        free (g->key);
        free (g);
    }
}

static struct group *find_group (struct group **groups, const struct rv1_children *c)
{
    struct buf b = {0};
    struct group *g = NULL;

    put_children (&b, c);
    char *key = buf_steal (&b, NULL);
    if (!key)
        goto error;
    HASH_FIND_STR (*groups, key, g);
    if (g) {
        free (key);
        return g;
    }
    if (!(g = calloc (1, sizeof (*g))) || !(g->ranks = idset_create (0, IDSET_FLAG_AUTOGROW)))
        goto error;
    g->key = key;
    g->children = c;
    HASH_ADD_KEYPTR (hh, *groups, g->key, strlen (g->key), g);
    return g;
error:
    buf_clear (&b);
    free (key);
    free (g);
    return NULL;
}

/* NULL with ENOMEM; also NULL, with errno 0, for a set without nodes. */
static struct group *make_groups (const struct rv1 *rs)
{
    struct group *groups = NULL, *g = NULL;
    const struct rv1_children *last = NULL;

    errno = 0;
    for (size_t i = 0; i < rs->nnodes; i++) {
        const struct rv1_children *c = rs->node[i].children;
        if (c != last)
            g = find_group (&groups, c);
        last = c;
        if (!g || idset_set (g->ranks, rs->node[i].rank) < 0) {
            free_groups (groups);
            errno = ENOMEM;
            return NULL;
        }
    }
    return groups;
}

static void put_nodelist (struct buf *b, const struct rv1 *rs)
{
    struct hostlist *hl = rv1_nodelist (rs);

    buf_puts (b, ",\"nodelist\":[");
    if (!hl)
        b->err = ENOMEM;
    else if (hostlist_count (hl) > 0) {
        struct buf text = {0};
        hostlist_encode_buf (&text, hl);
        if (text.err)
            b->err = text.err;
        else
            jsonbuf_string (b, text.data, text.len);
        buf_clear (&text);
    }
    buf_putc (b, ']');
    hostlist_destroy (hl);
}

static void put_properties (struct buf *b, const struct rv1 *rs)
{
    buf_puts (b, ",\"properties\":{");
    for (struct rv1_property *p = rs->props; p; p = p->hh.next) {
        jsonbuf_str (b, p->name);
        buf_puts (b, ":\"");
        idset_encode_buf (b, p->ranks, IDSET_FLAG_RANGE);
        buf_puts (b, p->hh.next ? "\"," : "\"");
    }
    buf_putc (b, '}');
}

/* 0 is "not set"; readers of other makes expect the keys to be there. */
static void put_time (struct buf *b, const char *key, double t)
{
    buf_printf (b, ",\"%s\":", key);
    jsonbuf_real (b, t);
}

void rv1_encode_buf (struct buf *b, const struct rv1 *rs)
{
    struct group *groups = make_groups (rs);

    if (!groups && errno)
        b->err = ENOMEM;
    buf_puts (b, "{\"version\":1,\"execution\":{\"R_lite\":[");
    for (struct group *g = groups; g; g = g->hh.next) {
        buf_puts (b, g == groups ? "{\"rank\":\"" : ",{\"rank\":\"");
        idset_encode_buf (b, g->ranks, IDSET_FLAG_RANGE);
        buf_printf (b, "\",\"children\":%s}", g->key);
    }
    buf_putc (b, ']');
    free_groups (groups);
    put_nodelist (b, rs);
    if (rs->nslots > 0)
        buf_printf (b, ",\"nslots\":%u", rs->nslots);
    if (rs->props)
        put_properties (b, rs);
    put_time (b, "starttime", rs->starttime);
    put_time (b, "expiration", rs->expiration);
    buf_putc (b, '}');
    if (rs->scheduling) {
        buf_puts (b, ",\"scheduling\":");
        jsonbuf_json (b, rs->scheduling);
    }
    buf_putc (b, '}');
}

char *rv1_encode (const struct rv1 *rs)
{
    struct buf b = {0};

    rv1_encode_buf (&b, rs);
    return buf_take (&b);
}

json_t *rv1_to_json (const struct rv1 *rs)
{
    char *s = rv1_encode (rs);
    json_t *o = s ? json_loads (s, 0, NULL) : NULL;

    free (s);
    return o;
}

static void dump_ids (struct buf *b, const char *what, const struct idset *ids)
{
    buf_puts (b, what);
    idset_encode_buf (b, ids, IDSET_FLAG_RANGE | IDSET_FLAG_BRACKETS);
}

void rv1_dump_buf (struct buf *b, const struct rv1 *rs)
{
    struct group *groups = make_groups (rs);

    if (!groups && errno)
        b->err = ENOMEM;
    for (struct group *g = groups; g; g = g->hh.next) {
        if (!g->children->core && !g->children->gpu)
            continue;
        if (g != groups)
            buf_putc (b, ' ');
        dump_ids (b, "rank", g->ranks);
        buf_putc (b, '/');
        if (g->children->core)
            dump_ids (b, "core", g->children->core);
        if (g->children->gpu)
            dump_ids (b, g->children->core ? ",gpu" : "gpu", g->children->gpu);
    }
    buf_append (b, "", 0);
    free_groups (groups);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The writer: which format gets what, and the two plain ones. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/io/write_priv.h"

static const char *const names[] = {"simple", "pretty_simple", "jgf",         "jgf_shorthand",
                                    "rlite",  "rv1",           "rv1_nosched", "rv1_shorthand"};

int write_format_parse (const char *name)
{
    for (int i = 0; i <= WRITE_RV1_SHORTHAND; i++)
        if (!strcmp (names[i], name))
            return i;
    return -1;
}

struct writer *writer_create (write_format_t format)
{
    struct writer *w = calloc (1, sizeof (*w));
    if (w)
        w->format = format;
    return w;
}

static void reset (struct writer *w)
{
    buf_reset (&w->text);
    json_decref (w->nodes);
    json_decref (w->edges);
    w->nodes = w->edges = NULL;
    w->cut = false;
    rlite_reset (&w->rlite);
    free (w->queue);
    w->queue = NULL;
}

void writer_destroy (struct writer *w)
{
    if (!w)
        return;
    int saved = errno;
    reset (w);
    rlite_clear (&w->rlite);
    buf_clear (&w->text);
    free (w);
    errno = saved;
}

void writer_omit_units (struct writer *w)
{
    w->no_units = true;
}

static bool shorthand (const struct writer *w)
{
    return w->format == WRITE_JGF_SHORTHAND || w->format == WRITE_RV1_SHORTHAND;
}

static bool has_jgf (const struct writer *w)
{
    return shorthand (w) || w->format == WRITE_JGF || w->format == WRITE_RV1;
}

static bool has_rlite (const struct writer *w)
{
    return w->format >= WRITE_RLITE;
}

static int add_line (struct writer *w, const struct graph *g, const struct write_vertex *v)
{
    char name[GRAPH_MAX_NAME + 16];
    struct buf line = {.data = NULL};
    bool pretty = w->format == WRITE_PRETTY_SIMPLE;
    if (graph_name (g, v->vertex, name, sizeof (name)) < 0)
        return -1;
    buf_puts (&line, "      ");
    for (unsigned int i = 0; i <= v->depth; i++)
        buf_puts (&line, "---");
    buf_printf (&line, "%s[%u:%s]\n", name, v->needs,
                pretty ? (v->exclusive ? "exclusive" : "shared") : (v->exclusive ? "x" : "s"));
    if (pretty) { // the last comes first
        buf_append (&line, w->text.data, w->text.len);
        buf_reset (&w->text);
    }
    buf_append (&w->text, line.data, line.len);
    int rc = line.err || w->text.err ? -1 : 0;
    buf_clear (&line);
    return rc;
}

int writer_vertex (struct writer *w, const struct graph *g, const struct write_vertex *v)
{
    if (w->format <= WRITE_PRETTY_SIMPLE)
        return add_line (w, g, v);
    if (has_rlite (w) && rlite_vertex (&w->rlite, g, v) < 0)
        return -1;
    if (!has_jgf (w))
        return 0;
    if (shorthand (w) && v->excl_above) {
        w->cut = true;
        return 0;
    }
    return jgf_vertex (w, g, v);
}

int writer_edge (struct writer *w, const struct graph *g, uint32_t from, uint32_t to,
                 bool excl_above)
{
    if (!has_jgf (w))
        return 0;
    if (shorthand (w) && excl_above) {
        w->cut = true;
        return 0;
    }
    return jgf_edge (w, g, from, to);
}

void writer_time (struct writer *w, int64_t start, int64_t end)
{
    w->start = start;
    w->end = end;
}

int writer_queue (struct writer *w, const char *queue)
{
    char *copy = strdup (queue);
    if (!copy)
        return -1;
    free (w->queue);
    w->queue = copy;
    return 0;
}

/* What needs no value in between, as text. */
static int put_text (struct writer *w, struct buf *out)
{
    if (w->format <= WRITE_PRETTY_SIMPLE)
        return w->text.len ? buf_append (out, w->text.data, w->text.len) : 0;
    if (w->format != WRITE_RLITE)
        return rv1_put (w, out);
    return w->rlite.n ? rlite_put (&w->rlite, out) : 0;
}

static json_t *finish_rlite (struct writer *w)
{
    struct buf text = {.data = NULL};
    json_t *o = NULL;
    if (put_text (w, &text) == 0 && text.len)
        o = json_loadb (text.data, text.len, 0, NULL);
    buf_clear (&text);
    if (!o || !has_jgf (w))
        return o;
    json_t *jgf = jgf_finish (w);
    if (!jgf || json_object_set_new (o, "scheduling", jgf) < 0) {
        json_decref (o);
        return NULL;
    }
    if (w->queue)
        json_object_set_new (o, "attributes",
                             json_pack ("{s:{s:{s:s}}}", "system", "scheduler", "queue", w->queue));
    return o;
}

json_t *writer_finish_json (struct writer *w)
{
    json_t *o = NULL;
    if (w->format <= WRITE_PRETTY_SIMPLE)
        o = w->text.len ? json_string (w->text.data) : NULL;
    else
        o = has_rlite (w) ? finish_rlite (w) : jgf_finish (w);
    reset (w);
    return o;
}

int writer_finish (struct writer *w, struct buf *out)
{
    if (!has_jgf (w)) {
        size_t before = out->len;
        int rc = put_text (w, out);
        if (rc == 0 && out->len > before && w->format > WRITE_PRETTY_SIMPLE)
            rc = buf_putc (out, '\n');
        reset (w);
        return rc;
    }
    json_t *o = writer_finish_json (w);
    char *text = o ? json_dumps (o, JSON_INDENT (0)) : NULL;
    int rc = o && !text ? -1 : 0;
    if (text)
        rc = buf_printf (out, "%s\n", text);
    free (text);
    json_decref (o);
    return rc;
}

struct walk {
    struct writer *w;
    const struct request *req;
};

static int visit_vertex (void *arg, const struct graph *g, const struct result_item *item)
{
    struct walk *walk = arg;
    const struct request_resource *r = walk->req && item->request != GRAPH_NONE
                                           ? request_resource_at (walk->req, item->request)
                                           : NULL;
    struct write_vertex v = {.vertex = item->vertex,
                             .needs = item->needs,
                             .exclusive = item->exclusive,
                             .excl_above = item->excl_above,
                             .depth = item->depth,
                             .label = r ? r->label : NULL};
    return writer_vertex (walk->w, g, &v);
}

static int visit_edge (void *arg, const struct graph *g, const struct result_item *from,
                       const struct result_item *to)
{
    struct walk *walk = arg;
    return writer_edge (walk->w, g, from->vertex, to->vertex, from->exclusive);
}

int write_result (struct writer *w, const struct graph *g, const struct result *res,
                  const struct request *req)
{
    static const struct result_visitor visitor = {visit_vertex, visit_edge};
    struct walk walk = {.w = w, .req = req};
    if (result_walk (res, g, &visitor, &walk) < 0)
        return -1;
    writer_time (w, res->at, res->at + res->duration);
    return req && req->queue ? writer_queue (w, req->queue) : 0;
}

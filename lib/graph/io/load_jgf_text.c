/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* JGF straight from text into an empty graph, without a tree of JSON values: what it reads is what
 * load_jgf() would make of the same text. It knows no errors: where something is not plain (an
 * escape in a string, a number with a fraction, an id that is not a small number, edges before
 * nodes, anything wrong) it gives up, and the text goes the long way. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/graph_priv.h"
#include "lib/graph/io/load.h"
#include "lib/job/jsonscan.h"
#include "lib/util/errprintf.h"

/* Every function returns false to give up. */
struct reader {
    struct jsonspan in;
    struct graph *g;
    uint32_t *vertex; // by file id, GRAPH_NONE: no such node
    size_t nids;
    struct slice last_subsystem;
    uint32_t subsystem; // its number
};

struct entry {
    struct slice type, basename, name, unit;
    int64_t file_id, id, uniq, rank, size, status;
    const char *properties; // its '{', NULL: none
};

/* ---- Nodes ---- */
static bool read_metadata (struct reader *s, struct entry *e)
{
    struct slice key;
    bool first = true, more;
    if (!jsonscan_eat (&s->in, '{'))
        return false;
    while (jsonscan_next_key (&s->in, &first, &key, &more)) {
        bool good;
        if (!more)
            return true;
        if (slice_is (&key, "paths"))
            good = jsonscan_at (&s->in, '{') && jsonscan_skip (&s->in, 0);
        else if (slice_is (&key, "type"))
            good = jsonscan_plain (&s->in, &e->type);
        else if (slice_is (&key, "id"))
            good = jsonscan_number (&s->in, &e->id);
        else if (slice_is (&key, "rank"))
            good = jsonscan_number (&s->in, &e->rank);
        else if (slice_is (&key, "exclusive"))
            good = jsonscan_word (&s->in, "true") || jsonscan_word (&s->in, "false");
        else if (slice_is (&key, "basename"))
            good = jsonscan_plain (&s->in, &e->basename);
        else if (slice_is (&key, "name"))
            good = jsonscan_plain (&s->in, &e->name);
        else if (slice_is (&key, "uniq_id"))
            good = jsonscan_number (&s->in, &e->uniq);
        else if (slice_is (&key, "size"))
            good = jsonscan_number (&s->in, &e->size);
        else if (slice_is (&key, "unit"))
            good = jsonscan_plain (&s->in, &e->unit);
        else if (slice_is (&key, "status"))
            good = jsonscan_number (&s->in, &e->status);
        else if (slice_is (&key, "properties")) {
            good = jsonscan_at (&s->in, '{');
            e->properties = s->in.p;
            good = good && jsonscan_skip (&s->in, 0);
        } else
            good = jsonscan_skip (&s->in, 0);
        if (!good)
            return false;
    }
    return false;
}

static bool file_id (const struct slice *text, int64_t *n)
{
    const char *p = text->p;
    return jsonscan_digits (&p, text->p + text->len, n) && p == text->p + text->len;
}

static bool name_fits (const struct slice *s)
{
    return s->len > 0 && s->len <= GRAPH_MAX_NAME && !memchr (s->p, '/', s->len);
}

static int64_t name_digits (const struct slice *name, int64_t otherwise)
{
    size_t i = name->len;
    int64_t n = 0;
    while (i > 0 && name->p[i - 1] >= '0' && name->p[i - 1] <= '9')
        i--;
    if (i == name->len || name->len - i > 9)
        return otherwise;
    for (; i < name->len; i++)
        n = n * 10 + (name->p[i] - '0');
    return n;
}

/* The same defaults as those of load_jgf(). */
static bool set_defaults (struct entry *e)
{
    if (e->uniq == -1)
        e->uniq = e->file_id;
    if (e->id == -2)
        e->id =
            e->name.p && slice_is (&e->type, "node") ? name_digits (&e->name, e->uniq) : e->uniq;
    if (!e->basename.p)
        e->basename = e->type;
    return name_fits (&e->type) && name_fits (&e->basename) &&
           (!e->name.p || name_fits (&e->name)) && (e->name.p || e->id >= 0) && e->id >= -1 &&
           e->id <= INT32_MAX && e->uniq >= 0 && e->rank >= -1 && e->rank <= INT32_MAX &&
           e->size >= 0 && e->size <= GRAPH_MAX_SIZE && e->status >= GRAPH_UP &&
           e->status <= GRAPH_DRAINED && e->unit.len <= GRAPH_MAX_NAME;
}

/* Is the name what basename and id make anyhow? */
static bool is_made (const struct entry *e)
{
    char made[24];
    if (!e->name.p)
        return true;
    if (e->name.len < e->basename.len || memcmp (e->name.p, e->basename.p, e->basename.len) != 0)
        return false;
    size_t n = 0;
    for (int64_t id = e->id; id >= 0 && (n == 0 || id > 0); id /= 10)
        made[sizeof (made) - ++n] = '0' + id % 10;
    return e->name.len - e->basename.len == n &&
           !memcmp (e->name.p + e->basename.len, made + sizeof (made) - n, n);
}

static bool set_properties (struct reader *s, uint32_t v, const char *from)
{
    struct jsonspan in = {.p = from + 1, .end = s->in.end};
    struct slice key, value;
    bool first = true, more;
    while (jsonscan_next_key (&in, &first, &key, &more)) {
        if (!more)
            return true;
        if (!jsonscan_at (&in, '"') || !jsonscan_plain (&in, &value) || key.len == 0)
            return false;
        uint32_t k = names_intern_len (s->g->names, key.p, key.len);
        uint32_t val = names_intern_len (s->g->names, value.p, value.len);
        if (k == GRAPH_NONE || val == GRAPH_NONE || graph_append_property (s->g, v, k, val) < 0)
            return false;
    }
    return false;
}

static bool intern (struct reader *s, const struct slice *text, uint32_t *id)
{
    return (*id = names_intern_len (s->g->names, text->p ? text->p : "", text->len)) != GRAPH_NONE;
}

static bool add_node (struct reader *s, struct entry *e)
{
    struct vertex_spec spec = {.name = GRAPH_NONE,
                               .uniq_id = e->uniq,
                               .id = e->id,
                               .rank = e->rank,
                               .size = e->size,
                               .status = e->status};
    uint32_t type, v;
    if (!intern (s, &e->type, &type) || !intern (s, &e->basename, &spec.basename) ||
        !intern (s, &e->unit, &spec.unit) || (!is_made (e) && !intern (s, &e->name, &spec.name)) ||
        (spec.type = graph_type_intern (s->g, type)) == GRAPH_NONE ||
        graph_append (s->g, &spec, &v) < 0)
        return false;
    if ((uint64_t)e->file_id >= s->nids || s->vertex[e->file_id] != GRAPH_NONE)
        return false;
    s->vertex[e->file_id] = v;
    return !e->properties || set_properties (s, v, e->properties);
}

static bool read_node (struct reader *s)
{
    struct entry e = {.file_id = -1, .id = -2, .uniq = -1, .rank = -1, .size = 1};
    struct slice key, text;
    bool first = true, more, metadata = false;
    if (!jsonscan_eat (&s->in, '{'))
        return false;
    while (jsonscan_next_key (&s->in, &first, &key, &more)) {
        if (!more)
            return metadata && e.type.p && e.file_id >= 0 && set_defaults (&e) && add_node (s, &e);
        bool good;
        if (slice_is (&key, "id"))
            good = jsonscan_plain (&s->in, &text) && file_id (&text, &e.file_id);
        else if (slice_is (&key, "metadata")) {
            good = !metadata && read_metadata (s, &e);
            metadata = true;
        } else
            good = jsonscan_skip (&s->in, 0);
        if (!good)
            return false;
    }
    return false;
}

/* ---- Edges ---- */
/* The first key of an object. */
static bool read_first_key (struct reader *s, struct slice *name)
{
    struct slice key;
    bool first = true, more;
    if (!jsonscan_eat (&s->in, '{'))
        return false;
    while (jsonscan_next_key (&s->in, &first, &key, &more)) {
        if (!more)
            return true;
        if (!name->p)
            *name = key;
        if (!jsonscan_skip (&s->in, 0))
            return false;
    }
    return false;
}

/* {"subsystem": NAME, ...}, or the older {"name": {NAME: RELATION}}. */
static bool read_subsystem (struct reader *s, struct slice *name)
{
    struct slice key, older = {NULL, 0}, newer = {NULL, 0};
    bool first = true, more;
    if (!jsonscan_eat (&s->in, '{'))
        return false;
    while (jsonscan_next_key (&s->in, &first, &key, &more)) {
        bool good;
        if (!more) {
            *name = newer.p ? newer : older.p ? older : *name;
            return true;
        }
        if (slice_is (&key, "subsystem"))
            good = jsonscan_plain (&s->in, &newer);
        else if (slice_is (&key, "name") && jsonscan_at (&s->in, '{') && !older.p)
            good = read_first_key (s, &older);
        else
            good = jsonscan_skip (&s->in, 0);
        if (!good)
            return false;
    }
    return false;
}

static bool find_subsystem (struct reader *s, const struct slice *name)
{
    char text[GRAPH_MAX_NAME + 1];
    if (s->last_subsystem.p && name->len == s->last_subsystem.len &&
        !memcmp (name->p, s->last_subsystem.p, name->len))
        return true;
    if (name->len > GRAPH_MAX_NAME)
        return false;
    memcpy (text, name->p, name->len);
    text[name->len] = '\0';
    uint32_t nsub = s->g->nsub;
    if ((s->subsystem = graph_subsystem_intern (s->g, text)) == GRAPH_NONE)
        return false;
    if (s->subsystem >= nsub)
        s->g->saved_edges[s->subsystem] = 0;
    s->last_subsystem = *name;
    return true;
}

static uint32_t find_vertex (const struct reader *s, const struct slice *text)
{
    int64_t n;
    return file_id (text, &n) && (uint64_t)n < s->nids ? s->vertex[n] : GRAPH_NONE;
}

static bool add_edge (struct reader *s, const struct slice *source, const struct slice *target,
                      const struct slice *subsystem)
{
    if (!source->p || !target->p || !find_subsystem (s, subsystem))
        return false;
    uint32_t a = find_vertex (s, source), b = find_vertex (s, target);
    return a != b && a != GRAPH_NONE && b != GRAPH_NONE &&
           graph_append_edge (s->g, s->subsystem, a, b) == 0;
}

static bool read_edge (struct reader *s)
{
    struct slice key, source = {NULL, 0}, target = {NULL, 0}, name = {"containment", 11};
    bool first = true, more;
    if (!jsonscan_eat (&s->in, '{'))
        return false;
    while (jsonscan_next_key (&s->in, &first, &key, &more)) {
        if (!more)
            return add_edge (s, &source, &target, &name);
        bool good = slice_is (&key, "source")     ? jsonscan_plain (&s->in, &source)
                    : slice_is (&key, "target")   ? jsonscan_plain (&s->in, &target)
                    : slice_is (&key, "metadata") ? read_subsystem (s, &name)
                                                  : jsonscan_skip (&s->in, 0);
        if (!good)
            return false;
    }
    return false;
}

/* ---- The whole ---- */
static bool read_list (struct reader *s, bool (*read_one) (struct reader *s))
{
    if (!jsonscan_eat (&s->in, '['))
        return false;
    if (jsonscan_eat (&s->in, ']'))
        return true;
    do {
        if (!read_one (s))
            return false;
    } while (jsonscan_eat (&s->in, ','));
    return jsonscan_eat (&s->in, ']');
}

static bool read_graph (struct reader *s)
{
    struct slice key;
    bool first = true, more, nodes = false, edges = false;
    if (!jsonscan_eat (&s->in, '{'))
        return false;
    while (jsonscan_next_key (&s->in, &first, &key, &more)) {
        bool good;
        if (!more)
            return nodes && edges;
        if (slice_is (&key, "nodes")) {
            good = !nodes && read_list (s, read_node);
            nodes = true;
        } else if (slice_is (&key, "edges")) {
            good = nodes && !edges && read_list (s, read_edge);
            edges = true;
        } else
            good = jsonscan_skip (&s->in, 0);
        if (!good)
            return false;
    }
    return false;
}

/* depth 0: the document; 1: the scheduling key of R. */
static bool read_document (struct reader *s, int depth, bool *found)
{
    struct slice key;
    bool first = true, more;
    if (!jsonscan_eat (&s->in, '{'))
        return false;
    while (jsonscan_next_key (&s->in, &first, &key, &more)) {
        bool good;
        if (!more)
            return true;
        if (slice_is (&key, "graph")) {
            good = !*found && read_graph (s);
            *found = true;
        } else if (depth == 0 && slice_is (&key, "scheduling") && jsonscan_at (&s->in, '{'))
            good = read_document (s, 1, found);
        else
            good = jsonscan_skip (&s->in, 0);
        if (!good)
            return false;
    }
    return false;
}

static bool read_all (struct reader *s)
{
    bool found = false;
    if (!read_document (s, 0, &found) || !found)
        return false;
    jsonscan_blank (&s->in);
    return s->in.p == s->in.end;
}

/* 0 loaded; -1: it must go the long way, and the graph is as it was. */
static int load_plain (struct graph *g, const char *text, size_t len)
{
    struct reader s = {.in = {text, text + len}, .g = g, .nids = len / 16 + 16};
    flux_error_t error;
    if (graph_root (g) != GRAPH_NONE || !(s.vertex = malloc (s.nids * sizeof (*s.vertex))))
        return -1;
    memset (s.vertex, 0xff, s.nids * sizeof (*s.vertex));
    int rc = graph_begin (g, &error);
    if (rc == 0 && !read_all (&s)) {
        graph_abort (g);
        rc = -1;
    } else if (rc == 0)
        rc = graph_commit (g, &error);
    free (s.vertex);
    return rc;
}

int load_jgf_text (struct graph *g, const char *text, size_t len, flux_error_t *errp)
{
    json_error_t error;
    if (load_plain (g, text, len) == 0)
        return 0;
    json_t *o = json_loadb (text, len, 0, &error);
    if (!o) {
        errno = EINVAL;
        return errprintf (errp, "JGF: line %d: %s", error.line, error.text);
    }
    int rc = load_jgf (g, o, errp);
    json_decref (o);
    return rc;
}

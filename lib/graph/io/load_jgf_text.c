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
#include "lib/util/errprintf.h"

struct slice {
    const char *p;
    size_t len;
};

/* Every function returns false to give up. */
struct scan {
    const char *p, *end;
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

enum { MAX_NESTED = 16 };

static void blank (struct scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
        s->p++;
}

static bool eat (struct scan *s, char c)
{
    blank (s);
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

static bool at (struct scan *s, char c)
{
    blank (s);
    return s->p < s->end && *s->p == c;
}

static bool string (struct scan *s, struct slice *out)
{
    if (!eat (s, '"'))
        return false;
    const unsigned char *p = (const unsigned char *)s->p, *end = (const unsigned char *)s->end;
    while (p < end && *p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\')
        p++;
    if (p == end || *p != '"')
        return false;
    *out = (struct slice){s->p, (const char *)p - s->p};
    s->p = (const char *)p + 1;
    return true;
}

static bool is (const struct slice *a, const char *text)
{
    return a->len == strlen (text) && !memcmp (a->p, text, a->len);
}

static bool digits (const char **p, const char *end, int64_t *n)
{
    const char *first = *p;
    *n = 0;
    while (*p < end && **p >= '0' && **p <= '9' && *p - first < 18)
        *n = *n * 10 + (*(*p)++ - '0');
    return *p > first && (*first != '0' || *p == first + 1);
}

static bool integer (struct scan *s, int64_t *n)
{
    bool minus = eat (s, '-');
    blank (s);
    if ((minus && s->p[-1] != '-') || !digits (&s->p, s->end, n))
        return false;
    if (s->p < s->end && strchr (".eE0123456789", *s->p) && *s->p)
        return false;
    *n = minus ? -*n : *n;
    return true;
}

static bool word (struct scan *s, const char *text)
{
    size_t len = strlen (text);
    blank (s);
    if ((size_t)(s->end - s->p) < len || memcmp (s->p, text, len) != 0)
        return false;
    s->p += len;
    return true;
}

/* Step through "key": ... of an object whose '{' has been read; *more false at its '}'. */
static bool next_key (struct scan *s, bool *first, struct slice *key, bool *more)
{
    *more = false;
    if (eat (s, '}'))
        return true;
    if (!*first && !eat (s, ','))
        return false;
    *first = false;
    *more = true;
    return string (s, key) && eat (s, ':');
}

static bool skip (struct scan *s, int depth)
{
    struct slice text;
    int64_t n;
    bool first = true, more;
    if (at (s, '"'))
        return string (s, &text);
    if (depth == MAX_NESTED)
        return false;
    if (eat (s, '{')) {
        while (next_key (s, &first, &text, &more) && more)
            if (!skip (s, depth + 1))
                return false;
        return s->p[-1] == '}' && !more;
    }
    if (eat (s, '[')) {
        if (eat (s, ']'))
            return true;
        do {
            if (!skip (s, depth + 1))
                return false;
        } while (eat (s, ','));
        return eat (s, ']');
    }
    return word (s, "true") || word (s, "false") || word (s, "null") || integer (s, &n);
}

/* ---- Nodes ---- */
static bool read_metadata (struct scan *s, struct entry *e)
{
    struct slice key;
    bool first = true, more;
    if (!eat (s, '{'))
        return false;
    while (next_key (s, &first, &key, &more)) {
        bool good;
        if (!more)
            return true;
        if (is (&key, "paths"))
            good = at (s, '{') && skip (s, 0);
        else if (is (&key, "type"))
            good = string (s, &e->type);
        else if (is (&key, "id"))
            good = integer (s, &e->id);
        else if (is (&key, "rank"))
            good = integer (s, &e->rank);
        else if (is (&key, "exclusive"))
            good = word (s, "true") || word (s, "false");
        else if (is (&key, "basename"))
            good = string (s, &e->basename);
        else if (is (&key, "name"))
            good = string (s, &e->name);
        else if (is (&key, "uniq_id"))
            good = integer (s, &e->uniq);
        else if (is (&key, "size"))
            good = integer (s, &e->size);
        else if (is (&key, "unit"))
            good = string (s, &e->unit);
        else if (is (&key, "status"))
            good = integer (s, &e->status);
        else if (is (&key, "properties")) {
            good = at (s, '{');
            e->properties = s->p;
            good = good && skip (s, 0);
        } else
            good = skip (s, 0);
        if (!good)
            return false;
    }
    return false;
}

static bool file_id (const struct slice *text, int64_t *n)
{
    const char *p = text->p;
    return digits (&p, text->p + text->len, n) && p == text->p + text->len;
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
        e->id = e->name.p && is (&e->type, "node") ? name_digits (&e->name, e->uniq) : e->uniq;
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

static bool set_properties (struct scan *s, uint32_t v, const char *from)
{
    struct scan in = {.p = from + 1, .end = s->end};
    struct slice key, value;
    bool first = true, more;
    while (next_key (&in, &first, &key, &more)) {
        if (!more)
            return true;
        if (!at (&in, '"') || !string (&in, &value) || key.len == 0)
            return false;
        uint32_t k = names_intern_len (s->g->names, key.p, key.len);
        uint32_t val = names_intern_len (s->g->names, value.p, value.len);
        if (k == GRAPH_NONE || val == GRAPH_NONE || graph_append_property (s->g, v, k, val) < 0)
            return false;
    }
    return false;
}

static bool intern (struct scan *s, const struct slice *text, uint32_t *id)
{
    return (*id = names_intern_len (s->g->names, text->p ? text->p : "", text->len)) != GRAPH_NONE;
}

static bool add_node (struct scan *s, struct entry *e)
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

static bool read_node (struct scan *s)
{
    struct entry e = {.file_id = -1, .id = -2, .uniq = -1, .rank = -1, .size = 1};
    struct slice key, text;
    bool first = true, more, metadata = false;
    if (!eat (s, '{'))
        return false;
    while (next_key (s, &first, &key, &more)) {
        if (!more)
            return metadata && e.type.p && e.file_id >= 0 && set_defaults (&e) && add_node (s, &e);
        bool good;
        if (is (&key, "id"))
            good = string (s, &text) && file_id (&text, &e.file_id);
        else if (is (&key, "metadata")) {
            good = !metadata && read_metadata (s, &e);
            metadata = true;
        } else
            good = skip (s, 0);
        if (!good)
            return false;
    }
    return false;
}

/* ---- Edges ---- */
/* {"subsystem": NAME}, or the older {"name": {NAME: RELATION}}; nothing else. */
static bool read_subsystem (struct scan *s, struct slice *name)
{
    struct slice key, relation;
    bool first = true, more;
    if (!eat (s, '{') || !next_key (s, &first, &key, &more) || !more)
        return false;
    if (is (&key, "subsystem"))
        return string (s, name) && eat (s, '}');
    first = true;
    return is (&key, "name") && eat (s, '{') && next_key (s, &first, name, &more) && more &&
           string (s, &relation) && eat (s, '}') && eat (s, '}');
}

static bool find_subsystem (struct scan *s, const struct slice *name)
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

static uint32_t find_vertex (const struct scan *s, const struct slice *text)
{
    int64_t n;
    return file_id (text, &n) && (uint64_t)n < s->nids ? s->vertex[n] : GRAPH_NONE;
}

static bool read_edge (struct scan *s)
{
    struct slice key, source = {NULL, 0}, target = {NULL, 0}, name = {"containment", 11};
    bool first = true, more;
    if (!eat (s, '{'))
        return false;
    while (next_key (s, &first, &key, &more) && more) {
        bool good = is (&key, "source")     ? string (s, &source)
                    : is (&key, "target")   ? string (s, &target)
                    : is (&key, "metadata") ? read_subsystem (s, &name)
                                            : skip (s, 0);
        if (!good)
            return false;
    }
    if (more || !source.p || !target.p || !find_subsystem (s, &name))
        return false;
    uint32_t a = find_vertex (s, &source), b = find_vertex (s, &target);
    return a != b && a != GRAPH_NONE && b != GRAPH_NONE &&
           graph_append_edge (s->g, s->subsystem, a, b) == 0;
}

/* ---- The whole ---- */
static bool read_list (struct scan *s, bool (*read_one) (struct scan *s))
{
    if (!eat (s, '['))
        return false;
    if (eat (s, ']'))
        return true;
    do {
        if (!read_one (s))
            return false;
    } while (eat (s, ','));
    return eat (s, ']');
}

static bool read_graph (struct scan *s)
{
    struct slice key;
    bool first = true, more, nodes = false, edges = false;
    if (!eat (s, '{'))
        return false;
    while (next_key (s, &first, &key, &more)) {
        bool good;
        if (!more)
            return nodes && edges;
        if (is (&key, "nodes")) {
            good = !nodes && read_list (s, read_node);
            nodes = true;
        } else if (is (&key, "edges")) {
            good = nodes && !edges && read_list (s, read_edge);
            edges = true;
        } else
            good = skip (s, 0);
        if (!good)
            return false;
    }
    return false;
}

/* depth 0: the document; 1: the scheduling key of R. */
static bool read_document (struct scan *s, int depth, bool *found)
{
    struct slice key;
    bool first = true, more;
    if (!eat (s, '{'))
        return false;
    while (next_key (s, &first, &key, &more)) {
        bool good;
        if (!more)
            return true;
        if (is (&key, "graph")) {
            good = !*found && read_graph (s);
            *found = true;
        } else if (depth == 0 && is (&key, "scheduling") && at (s, '{'))
            good = read_document (s, 1, found);
        else
            good = skip (s, 0);
        if (!good)
            return false;
    }
    return false;
}

static bool read_all (struct scan *s)
{
    bool found = false;
    if (!read_document (s, 0, &found) || !found)
        return false;
    blank (s);
    return s->p == s->end;
}

/* 0 loaded; -1: it must go the long way, and the graph is as it was. */
static int load_plain (struct graph *g, const char *text, size_t len)
{
    struct scan s = {.p = text, .end = text + len, .g = g, .nids = len / 16 + 16};
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

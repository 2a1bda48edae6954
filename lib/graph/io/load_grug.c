/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* GRUG, Fluxion's recipes in GraphML: a small graph of kinds; a depth first walk over it makes the
 * vertices, an edge of the recipe saying how many of a kind lie under each of another, or which
 * existing ones belong together in a subsystem. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/io/load.h"
#include "lib/graph/io/xml.h"
#include "lib/util/array_room.h"
#include "lib/util/errprintf.h"

enum { MAX_KINDS = 512, MAX_RULES = 2048, MAX_KEYS = 64, MAX_VALUE = 128 };

typedef enum {
    K_ROOT,
    K_TYPE,
    K_BASENAME,
    K_SIZE,
    K_UNIT,
    K_SUBSYSTEM,
    KIND_KEYS,
} kind_key_t;
typedef enum {
    R_SUBSYSTEM,
    R_SCOPE,
    R_START,
    R_STRIDE,
    R_METHOD,
    R_SCALE,
    R_TGT_SUBSYSTEM,
    R_TGT_UP,
    R_SRC_UP,
    RULE_KEYS,
} rule_key_t;

static const char *const kind_keys[] = {"root", "type", "basename", "size", "unit", "subsystem"};
static const char *const rule_keys[] = {"e_subsystem",      "id_scope",     "id_start",
                                        "id_stride",        "gen_method",   "multi_scale",
                                        "as_tgt_subsystem", "as_tgt_uplvl", "as_src_uplvl"};

/* A list of vertices made of one kind. */
struct made {
    uint32_t *list;
    size_t n, room;
};

struct kind {
    char id[MAX_VALUE];
    char value[KIND_KEYS][MAX_VALUE];
    struct made made;
    bool seen;
};

struct rule {
    size_t from, to;
    char value[RULE_KEYS][MAX_VALUE];
};

struct key {
    char id[MAX_VALUE];
    char name[MAX_VALUE];
    bool for_edge;
    char fallback[MAX_VALUE];
};

struct grug {
    struct graph *g;
    flux_error_t *errp;
    struct kind kind[MAX_KINDS];
    size_t nkinds;
    struct rule rule[MAX_RULES];
    size_t nrules;
    struct key key[MAX_KEYS];
    size_t nkeys;
    int64_t scale[GRAPH_MAX_DEPTH]; // of the levels above, the nearest last
    size_t nscales;
    int64_t next_rank;
    uint32_t base; // first vertex made
    /* per vertex made: the rule's subsystem parent chain is asked of the file's own edges */
    struct above {
        uint32_t parent;
        const char *subsystem;
        uint32_t next; // other subsystems, GRAPH_NONE: none
    } * above;
    size_t nabove, above_room;
    uint32_t *first_above; // by vertex - base
    size_t nfirst, first_room;
    struct {
        const char *subsystem;
        uint32_t vertex;
    } root[GRAPH_MAX_SUBSYSTEMS];
    size_t nroots;
};

static int bad (struct grug *r, const char *what, const char *which)
{
    errno = EINVAL;
    return errprintf (r->errp, "GRUG: %s %.64s", what, which);
}

static void copy (char *dst, const char *src)
{
    strncpy (dst, src ? src : "", MAX_VALUE - 1);
    dst[MAX_VALUE - 1] = '\0';
}

/* ---- Reading ---- */
static void set_value (struct grug *r, bool edge, void *item, const char *name, const char *value)
{
    size_t n = edge ? RULE_KEYS : KIND_KEYS;
    for (size_t i = 0; i < n; i++)
        if (!strcmp (edge ? rule_keys[i] : kind_keys[i], name))
            copy (edge ? ((struct rule *)item)->value[i] : ((struct kind *)item)->value[i], value);
    (void)r;
}

static void set_fallbacks (struct grug *r, bool edge, void *item)
{
    for (size_t i = 0; i < r->nkeys; i++)
        if (r->key[i].for_edge == edge)
            set_value (r, edge, item, r->key[i].name, r->key[i].fallback);
}

static const char *key_name (const struct grug *r, const char *id)
{
    for (size_t i = 0; id && i < r->nkeys; i++)
        if (!strcmp (r->key[i].id, id))
            return r->key[i].name;
    return id ? id : "";
}

static size_t find_kind (const struct grug *r, const char *id)
{
    size_t i = 0;
    while (i < r->nkinds && strcmp (r->kind[i].id, id ? id : ""))
        i++;
    return i;
}

static int open_key (struct grug *r, const struct xml *x)
{
    if (r->nkeys == MAX_KEYS)
        return bad (r, "too many keys", "");
    struct key *k = &r->key[r->nkeys++];
    const char *what = xml_attr (x, "for");
    copy (k->id, xml_attr (x, "id"));
    copy (k->name, xml_attr (x, "attr.name"));
    k->for_edge = what && !strcmp (what, "edge");
    return 0;
}

static int open_kind (struct grug *r, const struct xml *x)
{
    const char *id = xml_attr (x, "id");
    if (r->nkinds == MAX_KINDS || !id || find_kind (r, id) < r->nkinds)
        return bad (r, "a node has no id, one used before, or is one too many:", id ? id : "");
    struct kind *k = &r->kind[r->nkinds++];
    copy (k->id, id);
    set_fallbacks (r, false, k);
    return 0;
}

static int open_rule (struct grug *r, const struct xml *x)
{
    const char *from = xml_attr (x, "source"), *to = xml_attr (x, "target");
    if (r->nrules == MAX_RULES)
        return bad (r, "too many edges", "");
    struct rule *e = &r->rule[r->nrules++];
    e->from = find_kind (r, from);
    e->to = find_kind (r, to);
    if (e->from == r->nkinds || e->to == r->nkinds)
        return bad (r, "an edge leads to or from an unknown node:",
                    e->from == r->nkinds ? (from ? from : "") : (to ? to : ""));
    set_fallbacks (r, true, e);
    return 0;
}

static int read_file (struct grug *r, struct xml *x)
{
    char data[MAX_VALUE] = "";
    void *item = NULL;
    bool edge = false, fallback = false;
    for (;;) {
        xml_event_t event = xml_next (x, r->errp);
        int rc = 0;
        if (event == XML_END)
            return r->nkinds ? 0 : bad (r, "there are no nodes", "");
        if (event == XML_ERROR)
            return -1;
        if (event == XML_CLOSE) {
            data[0] = '\0';
            fallback = false;
        } else if (event == XML_TEXT) {
            if (fallback && r->nkeys)
                copy (r->key[r->nkeys - 1].fallback, x->text);
            else if (data[0] && item)
                set_value (r, edge, item, data, x->text);
        } else if (!strcmp (x->name, "key"))
            rc = open_key (r, x);
        else if (!strcmp (x->name, "default"))
            fallback = true;
        else if (!strcmp (x->name, "node")) {
            rc = open_kind (r, x);
            item = &r->kind[r->nkinds ? r->nkinds - 1 : 0];
            edge = false;
        } else if (!strcmp (x->name, "edge")) {
            rc = open_rule (r, x);
            item = &r->rule[r->nrules ? r->nrules - 1 : 0];
            edge = true;
        } else if (!strcmp (x->name, "data"))
            copy (data, key_name (r, xml_attr (x, "key")));
        if (rc < 0)
            return -1;
    }
}

/* ---- Making ---- */
static int64_t number (const char *s)
{
    return strtoll (s, NULL, 10);
}

static int remember (struct grug *r, struct made *made, uint32_t v)
{
    if (ARRAY_ROOM (made->list, made->n, made->room, 64) < 0)
        return errprintf (r->errp, "out of memory");
    made->list[made->n++] = v;
    return 0;
}

static struct above *find_above (const struct grug *r, uint32_t v, const char *subsystem)
{
    uint32_t i = r->first_above[v - r->base];
    while (i != GRAPH_NONE && strcmp (r->above[i].subsystem, subsystem))
        i = r->above[i].next;
    return i == GRAPH_NONE ? NULL : &r->above[i];
}

static int set_above (struct grug *r, uint32_t v, uint32_t parent, const char *subsystem)
{
    struct above *known = find_above (r, v, subsystem);
    if (known) {
        known->parent = parent;
        return 0;
    }
    if (ARRAY_ROOM (r->above, r->nabove, r->above_room, 64) < 0)
        return errprintf (r->errp, "out of memory");
    r->above[r->nabove] = (struct above){parent, subsystem, r->first_above[v - r->base]};
    r->first_above[v - r->base] = r->nabove++;
    return 0;
}

static int64_t make_id (const struct grug *r, const struct rule *e, int64_t i, int64_t j)
{
    int64_t scope = number (e->value[R_SCOPE]), start = number (e->value[R_START]);
    int64_t stride = number (e->value[R_STRIDE]), scale = number (e->value[R_SCALE]), wrap = 1;
    if (scope < 0)
        return -1;
    if (scope == 0)
        return start + i;
    for (size_t h = 0; h < (size_t)scope && h < r->nscales; h++)
        wrap *= r->scale[r->nscales - 1 - h];
    return start + j % wrap * scale * stride + i * stride;
}

static int add_vertex (struct grug *r, struct kind *k, int64_t id, uint32_t *v)
{
    struct graph_vertex spec = {.type = k->value[K_TYPE],
                                .basename = k->value[K_BASENAME],
                                .unit = k->value[K_UNIT],
                                .id = id,
                                .uniq_id = -1,
                                .rank = -1,
                                .size = number (k->value[K_SIZE])};
    if (!strcmp (spec.type, "node"))
        spec.rank = r->next_rank++;
    if (graph_add_vertex (r->g, &spec, v, r->errp) < 0)
        return -1;
    if (ARRAY_ROOM (r->first_above, r->nfirst, r->first_room, 64) < 0)
        return errprintf (r->errp, "out of memory");
    r->first_above[r->nfirst++] = GRAPH_NONE;
    return remember (r, &k->made, *v);
}

static int make_root (struct grug *r, struct kind *k)
{
    uint32_t v;
    for (size_t i = 0; i < r->nroots; i++)
        if (!strcmp (r->root[i].subsystem, k->value[K_SUBSYSTEM]))
            return remember (r, &k->made, r->root[i].vertex);
    if (r->nroots == GRAPH_MAX_SUBSYSTEMS)
        return bad (r, "too many roots", "");
    if (add_vertex (r, k, 0, &v) < 0)
        return -1;
    r->root[r->nroots].subsystem = k->value[K_SUBSYSTEM];
    r->root[r->nroots++].vertex = v;
    return set_above (r, v, GRAPH_NONE, k->value[K_SUBSYSTEM]);
}

static int multiply (struct grug *r, const struct rule *e)
{
    struct kind *from = &r->kind[e->from], *to = &r->kind[e->to];
    int64_t scale = number (e->value[R_SCALE]);
    for (size_t j = 0; j < from->made.n; j++)
        for (int64_t i = 0; i < scale; i++) {
            uint32_t v, parent = from->made.list[j];
            if (add_vertex (r, to, make_id (r, e, i, j), &v) < 0 ||
                graph_add_edge (r->g, parent, v, e->value[R_SUBSYSTEM], r->errp) < 0 ||
                set_above (r, v, parent, to->value[K_SUBSYSTEM]) < 0)
                return -1;
        }
    if (r->nscales == GRAPH_MAX_DEPTH)
        return bad (r, "the recipe is too deep", "");
    r->scale[r->nscales++] = scale;
    return 0;
}

/* The vertex so many levels up from v in a subsystem; GRAPH_NONE past its root. */
static uint32_t climb (const struct grug *r, uint32_t v, const char *subsystem, int64_t levels)
{
    while (v != GRAPH_NONE && levels-- > 0) {
        const struct above *a = find_above (r, v, subsystem);
        v = a ? a->parent : GRAPH_NONE;
    }
    return v;
}

static bool belong (const struct grug *r, const struct rule *e, uint32_t a, uint32_t b)
{
    const char *in = e->value[R_TGT_SUBSYSTEM];
    return climb (r, b, in, number (e->value[R_TGT_UP])) ==
           climb (r, a, in, number (e->value[R_SRC_UP]));
}

static int associate (struct grug *r, const struct rule *e, bool by_path)
{
    struct kind *from = &r->kind[e->from], *to = &r->kind[e->to];
    uint32_t limit = graph_limit (r->g);
    for (size_t j = 0; j < from->made.n; j++)
        for (uint32_t v = r->base; v < limit; v++) {
            uint32_t a = from->made.list[j];
            if (strcmp (graph_type (r->g, v), to->value[K_TYPE]) ||
                (by_path && !belong (r, e, a, v)))
                continue;
            if (graph_add_edge (r->g, a, v, e->value[R_SUBSYSTEM], r->errp) < 0 ||
                set_above (r, v, a, e->value[R_SUBSYSTEM]) < 0 || remember (r, &to->made, v) < 0)
                return -1;
        }
    return 0;
}

static int apply (struct grug *r, const struct rule *e)
{
    struct kind *from = &r->kind[e->from];
    const char *method = e->value[R_METHOD];
    if (!strcmp (from->value[K_ROOT], "1") && from->made.n == 0 && make_root (r, from) < 0)
        return -1;
    if (!strcmp (method, "MULTIPLY"))
        return multiply (r, e);
    if (!strcmp (method, "ASSOCIATE_IN"))
        return associate (r, e, false);
    if (!strcmp (method, "ASSOCIATE_BY_PATH_IN"))
        return associate (r, e, true);
    return bad (r, "unknown generation method", method);
}

static int walk (struct grug *r, size_t k, unsigned int depth)
{
    r->kind[k].seen = true;
    if (depth >= GRAPH_MAX_DEPTH)
        return bad (r, "the recipe is too deep at", r->kind[k].id);
    for (size_t i = 0; i < r->nrules; i++)
        if (r->rule[i].from == k && !r->kind[r->rule[i].to].seen &&
            (apply (r, &r->rule[i]) < 0 || walk (r, r->rule[i].to, depth + 1) < 0))
            return -1;
    if (r->nscales)
        r->nscales--;
    return 0;
}

static int build (struct grug *r)
{
    r->base = graph_limit (r->g);
    for (size_t k = 0; k < r->nkinds; k++)
        if (!r->kind[k].seen && walk (r, k, 0) < 0)
            return -1;
    return 0;
}

int load_grug (struct graph *g, const char *text, size_t len, flux_error_t *errp)
{
    struct grug *r = calloc (1, sizeof (*r));
    struct xml *x = calloc (1, sizeof (*x));
    int rc = r && x ? 0 : errprintf (errp, "out of memory");
    if (rc == 0) {
        r->g = g;
        r->errp = errp;
        xml_init (x, text, len);
        if ((rc = read_file (r, x)) == 0 && (rc = graph_begin (g, errp)) == 0) {
            if ((rc = build (r)) == 0)
                rc = graph_commit (g, errp);
            else
                graph_abort (g);
        }
    }
    for (size_t i = 0; r && i < r->nkinds; i++)
        free (r->kind[i].made.list);
    if (r) {
        free (r->above);
        free (r->first_above);
    }
    free (r);
    free (x);
    return rc;
}

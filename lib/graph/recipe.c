/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* One-line recipes: parse to a small tree of steps, count what it would make, then make it. */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/graph_priv.h"
#include "lib/graph/recipe.h"
#include "lib/util/errprintf.h"

enum { MAX_STEPS = 256, MAX_PROPS = 16 };

typedef enum { IDS_DEFAULT, IDS_PARENT, IDS_NODE, IDS_ALL } ids_t;

struct step {
    struct vertex_spec spec;
    uint32_t count;
    ids_t ids;
    bool has_rank;
    bool is_node;
    uint32_t nprops;
    uint32_t prop[MAX_PROPS][2];
    uint32_t with; // first step below, 0: none (step 0 is the root)
    uint32_t next; // sibling, 0: none
    uint32_t all;  // next id through the graph
    uint32_t node; // next id through the nearest node
};

struct recipe {
    struct graph *g;
    const char *text;
    const char *p;
    struct step step[MAX_STEPS];
    uint32_t n;
    uint32_t edges; // subsystem number
    int32_t next_rank;
    flux_error_t *errp;
};

static int fail (struct recipe *r, const char *what)
{
    errno = EINVAL;
    return errprintf (r->errp, "recipe: %s at character %d ('%.12s')", what,
                      (int)(r->p - r->text) + 1, r->p);
}

static void skip_space (struct recipe *r)
{
    while (isspace ((unsigned char)*r->p))
        r->p++;
}

static bool accept (struct recipe *r, char c)
{
    skip_space (r);
    if (*r->p != c)
        return false;
    r->p++;
    return true;
}

static int read_word (struct recipe *r, const char *stop, const char **word, size_t *len)
{
    skip_space (r);
    *word = r->p;
    *len = strcspn (r->p, stop);
    while (*len > 0 && isspace ((unsigned char)(*word)[*len - 1]))
        (*len)--;
    if (*len == 0 || *len > GRAPH_MAX_NAME)
        return fail (r, "a name is missing or too long");
    r->p += strcspn (r->p, stop);
    return 0;
}

static int read_count (struct recipe *r, uint32_t *count)
{
    skip_space (r);
    if (!isdigit ((unsigned char)*r->p))
        return fail (r, "a count must be a number from 1 up");
    char *end;
    errno = 0;
    unsigned long n = strtoul (r->p, &end, 10);
    if (errno || n == 0 || n > GRAPH_MAX_SIZE)
        return fail (r, "a count must be a number from 1 to 2147483647");
    r->p = end;
    *count = n;
    return 0;
}

static bool is (const char *word, size_t len, const char *s)
{
    return len == strlen (s) && !strncmp (word, s, len);
}

static int set_property (struct recipe *r, struct step *s, const char *value, size_t len)
{
    const char *eq = memchr (value, '=', len);
    size_t keylen = eq ? (size_t)(eq - value) : len;
    if (s->nprops == MAX_PROPS || keylen == 0)
        return fail (r, "too many properties, or one without a name");
    uint32_t *p = s->prop[s->nprops++];
    p[0] = names_intern_len (r->g->names, value, keylen);
    p[1] = eq ? names_intern_len (r->g->names, eq + 1, len - keylen - 1)
              : names_intern (r->g->names, "");
    return p[0] == GRAPH_NONE || p[1] == GRAPH_NONE ? -1 : 0;
}

static int set_size (struct recipe *r, struct step *s, const char *value, size_t len)
{
    char text[16] = "";
    char *end;
    memcpy (text, value, len < sizeof (text) ? len : sizeof (text) - 1);
    unsigned long n = strtoul (text, &end, 10);
    if (!isdigit ((unsigned char)text[0]) || *end || n > GRAPH_MAX_SIZE || len >= sizeof (text))
        return fail (r, "size must be a number from 0 to 2147483647 before");
    s->spec.size = n;
    return 0;
}

static int set_key (struct recipe *r, struct step *s, const char *key, size_t klen,
                    const char *value, size_t vlen)
{
    if (is (key, klen, "unit"))
        return (s->spec.unit = names_intern_len (r->g->names, value, vlen)) == GRAPH_NONE ? -1 : 0;
    if (is (key, klen, "basename"))
        return (s->spec.basename = names_intern_len (r->g->names, value, vlen)) == GRAPH_NONE ? -1
                                                                                              : 0;
    if (is (key, klen, "size"))
        return set_size (r, s, value, vlen);
    if (is (key, klen, "prop"))
        return set_property (r, s, value, vlen);
    if (is (key, klen, "split") || is (key, klen, "rank")) {
        bool yes = is (value, vlen, "true");
        if (!yes && !is (value, vlen, "false"))
            return fail (r, "true or false is wanted before");
        if (*key == 's')
            s->spec.flags = yes ? V_DIVISIBLE : 0;
        else
            s->has_rank = yes;
        return 0;
    }
    if (is (key, klen, "ids")) {
        s->ids = is (value, vlen, "parent") ? IDS_PARENT
                 : is (value, vlen, "node") ? IDS_NODE
                 : is (value, vlen, "all")  ? IDS_ALL
                                            : IDS_DEFAULT;
        return s->ids == IDS_DEFAULT ? fail (r, "ids is parent, node or all, before") : 0;
    }
    return fail (r, "unknown key before");
}

static int read_keys (struct recipe *r, struct step *s)
{
    do {
        const char *key, *value;
        size_t klen, vlen;
        if (read_word (r, ":,}", &key, &klen) < 0)
            return -1;
        if (!accept (r, ':'))
            return fail (r, "a key has no value");
        if (read_word (r, ",}", &value, &vlen) < 0 || set_key (r, s, key, klen, value, vlen) < 0)
            return -1;
    } while (accept (r, ','));
    return accept (r, '}') ? 0 : fail (r, "'}' is missing");
}

static int read_vertex (struct recipe *r, struct step *s)
{
    const char *type;
    size_t len;
    uint32_t empty = names_intern (r->g->names, "");
    if (read_word (r, "=/[]{};,:", &type, &len) < 0)
        return -1;
    uint32_t name = names_intern_len (r->g->names, type, len);
    *s = (struct step){.count = 1,
                       .spec = {.basename = name,
                                .name = GRAPH_NONE,
                                .unit = empty,
                                .uniq_id = -1,
                                .size = 1,
                                .rank = -1}};
    if (name == GRAPH_NONE || empty == GRAPH_NONE ||
        (s->spec.type = graph_type_intern (r->g, name)) == GRAPH_NONE)
        return fail (r, "too many types or names");
    s->is_node = is (type, len, "node");
    if (accept (r, '=') && read_count (r, &s->count) < 0)
        return -1;
    if (accept (r, '{') && read_keys (r, s) < 0)
        return -1;
    if (s->spec.unit != empty) {
        s->spec.size = s->count;
        s->count = 1;
    }
    return 0;
}

static int read_step (struct recipe *r, int depth, uint32_t *at);

static int read_list (struct recipe *r, int depth, uint32_t *first)
{
    uint32_t *link = first;
    do {
        if (read_step (r, depth, link) < 0)
            return -1;
        link = &r->step[*link].next;
    } while (accept (r, ';'));
    return accept (r, ']') ? 0 : fail (r, "']' is missing");
}

static int read_step (struct recipe *r, int depth, uint32_t *at)
{
    if (depth >= GRAPH_MAX_DEPTH || r->n == MAX_STEPS)
        return fail (r, "too deep or too long");
    uint32_t i = r->n++;
    struct step *s = &r->step[i];
    if (read_vertex (r, s) < 0)
        return -1;
    *at = i;
    if (!accept (r, '/'))
        return 0;
    if (accept (r, '['))
        return read_list (r, depth + 1, &s->with);
    return read_step (r, depth + 1, &s->with);
}

/* Ranks go to nodes unless somebody else asked; ids without a wish by where a step lies. */
static void settle (struct recipe *r, uint32_t i, bool below_node, bool asked)
{
    struct step *s = &r->step[i];
    if (!asked && s->is_node && !below_node)
        s->has_rank = true;
    if (s->ids == IDS_DEFAULT)
        s->ids = below_node ? IDS_NODE : IDS_ALL;
    for (uint32_t c = s->with; c; c = r->step[c].next)
        settle (r, c, below_node || s->is_node, asked);
}

static uint64_t count_all (const struct recipe *r, uint32_t i)
{
    uint64_t n = 1;
    for (uint32_t c = r->step[i].with; c; c = r->step[c].next)
        n += count_all (r, c);
    n *= r->step[i].count;
    return n > GRAPH_MAX_VERTICES ? GRAPH_MAX_VERTICES + UINT64_C (1) : n;
}

static void restart_node_ids (struct recipe *r, uint32_t i)
{
    for (uint32_t c = r->step[i].with; c; c = r->step[c].next) {
        r->step[c].node = 0;
        restart_node_ids (r, c);
    }
}

static int make_step (struct recipe *r, uint32_t i, uint32_t parent, int32_t rank)
{
    struct step *s = &r->step[i];
    for (uint32_t k = 0; k < s->count; k++) {
        uint32_t v;
        s->spec.id = s->ids == IDS_PARENT ? k : s->ids == IDS_NODE ? s->node++ : s->all++;
        s->spec.rank = s->has_rank ? r->next_rank++ : rank;
        if (graph_append (r->g, &s->spec, &v) < 0 ||
            (parent != GRAPH_NONE && graph_append_edge (r->g, r->edges, parent, v) < 0))
            return -1;
        for (uint32_t p = 0; p < s->nprops; p++)
            if (graph_append_property (r->g, v, s->prop[p][0], s->prop[p][1]) < 0)
                return -1;
        if (s->is_node)
            restart_node_ids (r, i);
        int32_t below = s->spec.rank;
        for (uint32_t c = s->with; c; c = r->step[c].next)
            if (make_step (r, c, v, below) < 0)
                return -1;
    }
    return 0;
}

static int build (struct recipe *r)
{
    if (read_step (r, 0, &(uint32_t){0}) < 0)
        return -1;
    skip_space (r);
    if (*r->p)
        return fail (r, "something is left over");
    if (r->step[0].count != 1) {
        errno = EINVAL;
        return errprintf (r->errp, "recipe: there can be only one root, not %u", r->step[0].count);
    }
    if (count_all (r, 0) > GRAPH_MAX_VERTICES) {
        errno = ENOSPC;
        return errprintf (r->errp, "recipe: more than %d vertices", GRAPH_MAX_VERTICES);
    }
    bool asked = false;
    for (uint32_t i = 0; i < r->n; i++)
        asked = asked || r->step[i].has_rank;
    settle (r, 0, false, asked);
    if (make_step (r, 0, GRAPH_NONE, -1) < 0)
        return errprintf (r->errp, "recipe: %s", strerror (errno));
    return graph_commit (r->g, r->errp);
}

struct graph *graph_from_recipe (const char *recipe, flux_error_t *errp)
{
    struct recipe *r = calloc (1, sizeof (*r));
    struct graph *g = graph_create ();
    if (!r || !g) {
        errprintf (errp, "out of memory");
        goto fail;
    }
    *r = (struct recipe){.g = g, .text = recipe, .p = recipe, .errp = errp};
    r->edges = g->dominant;
    if (graph_begin (g, errp) < 0 || build (r) < 0)
        goto fail;
    free (r);
    return g;
fail:
    free (r);
    graph_destroy (g);
    return NULL;
}

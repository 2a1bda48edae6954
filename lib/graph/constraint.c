/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* RFC 31 constraints as a small tree. Hosts and properties are interned, so that a list of
 * many hosts costs one look-up per vertex. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/graph.h"
#include "lib/graph/request.h"

struct range {
    int64_t lo, hi;
};

struct constraint {
    constraint_op_t op;
    struct constraint **arg;
    struct names *names;
    struct range *range;
    uint32_t n, room;
    unsigned int depth;
};

struct constraint *constraint_create (constraint_op_t op)
{
    struct constraint *c = calloc (1, sizeof (*c));
    if (!c)
        return NULL;
    c->op = op;
    c->depth = 1;
    if ((op == CONSTRAINT_PROPERTIES || op == CONSTRAINT_HOSTLIST) &&
        !(c->names = names_create ())) {
        free (c);
        return NULL;
    }
    return c;
}

void constraint_destroy (struct constraint *c)
{
    if (!c)
        return;
    int saved = errno;
    for (uint32_t i = 0; c->arg && i < c->n; i++)
        constraint_destroy (c->arg[i]);
    free (c->arg);
    free (c->range);
    names_destroy (c->names);
    free (c);
    errno = saved;
}

static int make_room (struct constraint *c, void **list, size_t size)
{
    if (c->n < c->room)
        return 0;
    uint32_t room = c->room ? c->room * 2 : 4;
    void *p = realloc (*list, room * size);
    if (!p)
        return -1;
    *list = p;
    c->room = room;
    return 0;
}

int constraint_add (struct constraint *c, struct constraint *arg)
{
    if (c->op > CONSTRAINT_NOT) {
        errno = EINVAL;
        return -1;
    }
    if (arg->depth >= CONSTRAINT_MAX_DEPTH) {
        errno = ELOOP;
        return -1;
    }
    void *list = c->arg;
    if (make_room (c, &list, sizeof (*c->arg)) < 0)
        return -1;
    c->arg = list;
    c->arg[c->n++] = arg;
    if (arg->depth + 1 > c->depth)
        c->depth = arg->depth + 1;
    return 0;
}

int constraint_add_name (struct constraint *c, const char *name)
{
    if (!c->names || !*name) {
        errno = EINVAL;
        return -1;
    }
    return names_intern (c->names, name) == GRAPH_NONE ? -1 : 0;
}

int constraint_add_ranks (struct constraint *c, int64_t lo, int64_t hi)
{
    if (c->op != CONSTRAINT_RANKS || lo > hi) {
        errno = EINVAL;
        return -1;
    }
    void *list = c->range;
    if (make_room (c, &list, sizeof (*c->range)) < 0)
        return -1;
    c->range = list;
    c->range[c->n++] = (struct range){lo, hi};
    return 0;
}

static bool match_properties (const struct constraint *c, const struct graph *g, uint32_t v)
{
    for (uint32_t i = 0; i < names_count (c->names); i++) {
        const char *name = names_text (c->names, i);
        bool not = *name == '^';
        if ((graph_property (g, v, name + not ) != NULL) == not )
            return false;
    }
    return true;
}

static bool match_host (const struct constraint *c, const struct graph *g, uint32_t v)
{
    char name[GRAPH_MAX_NAME + 1];
    return graph_name (g, v, name, sizeof (name)) >= 0 && names_find (c->names, name) != GRAPH_NONE;
}

static bool match_rank (const struct constraint *c, const struct graph *g, uint32_t v)
{
    int64_t rank = graph_rank (g, v);
    for (uint32_t i = 0; i < c->n; i++)
        if (rank >= c->range[i].lo && rank <= c->range[i].hi)
            return true;
    return false;
}

static bool match_all (const struct constraint *c, const struct graph *g, uint32_t v)
{
    for (uint32_t i = 0; i < c->n; i++)
        if (!constraint_match (c->arg[i], g, v))
            return false;
    return true;
}

static bool match_any (const struct constraint *c, const struct graph *g, uint32_t v)
{
    for (uint32_t i = 0; i < c->n; i++)
        if (constraint_match (c->arg[i], g, v))
            return true;
    return c->n == 0; // RFC 31: an empty list matches everything
}

bool constraint_match (const struct constraint *c, const struct graph *g, uint32_t v)
{
    if (!c)
        return true;
    switch (c->op) {
    case CONSTRAINT_AND:
        return match_all (c, g, v);
    case CONSTRAINT_OR:
        return match_any (c, g, v);
    case CONSTRAINT_NOT:
        return !match_all (c, g, v);
    case CONSTRAINT_PROPERTIES:
        return match_properties (c, g, v);
    case CONSTRAINT_HOSTLIST:
        return match_host (c, g, v);
    case CONSTRAINT_RANKS:
        return match_rank (c, g, v);
    }
    return false;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Building and growing: vertices and edges are appended behind what is there, and a commit makes
 * them part of the graph or cuts them off again. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/graph_priv.h"
#include "lib/util/errprintf.h"

struct graph *graph_create (void)
{
    struct graph *g = calloc (1, sizeof (*g));
    if (!g)
        return NULL;
    g->root = GRAPH_NONE;
    if (!(g->names = names_create ()) || graph_subsystem_intern (g, "containment") == GRAPH_NONE) {
        graph_destroy (g);
        return NULL;
    }
    return g;
}

static void free_layouts (struct graph *g)
{
    for (uint32_t i = 0; i < g->nlayouts; i++) {
        free (g->layout[i].type);
        free (g->layout[i].slot);
    }
    free (g->layout);
}

void graph_destroy (struct graph *g)
{
    if (!g)
        return;
    int saved = errno;
    graph_drop_caches (g);
    free_layouts (g);
    for (uint32_t i = 0; i < g->nsub; i++) {
        free (g->sub[i].src);
        free (g->sub[i].dst);
        free (g->sub[i].up);
    }
    free (g->v);
    free (g->info);
    free (g->child);
    free (g->agg);
    extras_clear (&g->extras);
    free (g->type_name);
    free (g->prop);
    free (g->rank);
    free (g->rank_vertex);
    free (g->changed);
    names_destroy (g->names);
    free (g);
    errno = saved;
}

uint32_t graph_type_find (const struct graph *g, const char *type)
{
    uint32_t name = names_find (g->names, type);
    if (name != GRAPH_NONE)
        for (uint32_t i = 0; i < g->ntypes; i++)
            if (g->type_name[i] == name)
                return i;
    return GRAPH_NONE;
}

uint32_t graph_type_intern (struct graph *g, uint32_t name)
{
    for (uint32_t i = 0; i < g->ntypes; i++)
        if (g->type_name[i] == name)
            return i;
    if (g->ntypes == GRAPH_MAX_TYPES) {
        errno = ENOSPC;
        return GRAPH_NONE;
    }
    uint32_t *types = realloc (g->type_name, (g->ntypes + 1) * sizeof (*types));
    if (!types)
        return GRAPH_NONE;
    g->type_name = types;
    g->type_name[g->ntypes] = name;
    return g->ntypes++;
}

uint32_t graph_subsystem_intern (struct graph *g, const char *name)
{
    uint32_t id = names_intern (g->names, name);
    if (id == GRAPH_NONE)
        return GRAPH_NONE;
    for (uint32_t i = 0; i < g->nsub; i++)
        if (g->sub[i].name == id)
            return i;
    if (g->nsub == GRAPH_MAX_SUBSYSTEMS) {
        errno = ENOSPC;
        return GRAPH_NONE;
    }
    g->sub[g->nsub] = (struct subsystem){.name = id};
    return g->nsub++;
}

int graph_set_dominant (struct graph *g, const char *subsystem, flux_error_t *errp)
{
    if (g->nv > 0) {
        errno = EALREADY;
        return errprintf (errp, "the graph has vertices already");
    }
    uint32_t sub = graph_subsystem_intern (g, subsystem);
    if (sub == GRAPH_NONE)
        return errprintf (errp, "too many subsystems");
    g->dominant = sub;
    return 0;
}

int graph_begin (struct graph *g, flux_error_t *errp)
{
    if (g->open) {
        errno = EALREADY;
        return errprintf (errp, "a change of the graph is under way already");
    }
    graph_settle (g);
    g->open = true;
    g->saved_nv = g->nv;
    g->saved_ntypes = g->ntypes;
    g->saved_nprop = g->nprop;
    g->saved_nsub = g->nsub;
    for (uint32_t i = 0; i < g->nsub; i++)
        g->saved_edges[i] = g->sub[i].nedges;
    return 0;
}

void graph_abort (struct graph *g)
{
    if (!g->open)
        return;
    int saved = errno;
    g->open = false;
    g->nv = g->saved_nv;
    g->ntypes = g->saved_ntypes;
    g->nprop = g->saved_nprop;
    for (uint32_t i = g->saved_nsub; i < g->nsub; i++) {
        free (g->sub[i].src);
        free (g->sub[i].dst);
        free (g->sub[i].up);
    }
    g->nsub = g->saved_nsub;
    for (uint32_t i = 0; i < g->nsub; i++)
        g->sub[i].nedges = g->saved_edges[i];
    errno = saved;
}

/* After a commit there is room for what is there and no more, be it a single one. */
static uint32_t more_room (uint32_t room)
{
    return room < 256 ? 256 : room + room / 2;
}

int graph_append (struct graph *g, const struct vertex_spec *spec, uint32_t *vp)
{
    if (g->nv >= GRAPH_MAX_VERTICES) {
        errno = ENOSPC;
        return -1;
    }
    if (g->nv == g->room) {
        uint32_t room = more_room (g->room);
        struct vertex *v = realloc (g->v, room * sizeof (*v));
        if (!v)
            return -1;
        g->v = v;
        struct vertex_info *info = realloc (g->info, room * sizeof (*info));
        if (!info)
            return -1;
        g->info = info;
        g->room = room;
    }
    g->v[g->nv] = (struct vertex){.parent = GRAPH_NONE,
                                  .id = spec->id,
                                  .size = spec->size,
                                  .agg = GRAPH_NONE,
                                  .type = spec->type,
                                  .status = spec->status,
                                  .flags = V_ALIVE | spec->flags};
    g->info[g->nv] = (struct vertex_info){.uniq_id = spec->uniq_id < 0 ? g->nv : spec->uniq_id,
                                          .basename = spec->basename,
                                          .name = spec->name,
                                          .unit = spec->unit,
                                          .rank = spec->rank,
                                          .prop = GRAPH_NONE};
    *vp = g->nv++;
    return 0;
}

int graph_append_edge (struct graph *g, uint32_t sub, uint32_t src, uint32_t dst)
{
    struct subsystem *s = &g->sub[sub];
    if (s->nedges == s->room) {
        uint32_t room = more_room (s->room);
        uint32_t *from = realloc (s->src, room * sizeof (*from));
        if (!from)
            return -1;
        s->src = from;
        uint32_t *to = realloc (s->dst, room * sizeof (*to));
        if (!to)
            return -1;
        s->dst = to;
        s->room = room;
    }
    s->src[s->nedges] = src;
    s->dst[s->nedges++] = dst;
    return 0;
}

/* A given name is kept only when it is not what basename and id make. */
static bool name_is_made (const char *name, const char *basename, int64_t id)
{
    size_t len = strlen (basename);
    if (strncmp (name, basename, len))
        return false;
    if (id < 0)
        return name[len] == '\0';
    char digits[24];
    snprintf (digits, sizeof (digits), "%lld", (long long)id);
    return !strcmp (name + len, digits);
}

static int check_text (const char *what, const char *s, flux_error_t *errp)
{
    if (s && *s && strlen (s) <= GRAPH_MAX_NAME && !strchr (s, '/'))
        return 0;
    errno = EINVAL;
    return errprintf (errp, "vertex %s '%.64s' is empty, longer than %d or holds a slash", what,
                      s ? s : "", GRAPH_MAX_NAME);
}

static int check_number (const char *what, const struct graph_vertex *spec, int64_t n, int64_t min,
                         int64_t max, flux_error_t *errp)
{
    if (n >= min && n <= max)
        return 0;
    errno = EINVAL;
    return errprintf (errp, "vertex %.64s: %s %lld is not in %lld..%lld",
                      spec->name ? spec->name : spec->type, what, (long long)n, (long long)min,
                      (long long)max);
}

static int check_vertex (const struct graph_vertex *spec, flux_error_t *errp)
{
    if (check_text ("type", spec->type, errp) < 0 ||
        (spec->basename && check_text ("basename", spec->basename, errp) < 0) ||
        (spec->name && check_text ("name", spec->name, errp) < 0) ||
        check_number ("id", spec, spec->id, -1, INT32_MAX, errp) < 0 ||
        check_number ("uniq_id", spec, spec->uniq_id, -1, INT64_MAX, errp) < 0 ||
        check_number ("rank", spec, spec->rank, -1, INT32_MAX, errp) < 0 ||
        check_number ("size", spec, spec->size, 0, GRAPH_MAX_SIZE, errp) < 0 ||
        check_number ("status", spec, spec->status, GRAPH_UP, GRAPH_DRAINED, errp) < 0)
        return -1;
    return 0;
}

static int check_open (const struct graph *g, flux_error_t *errp)
{
    if (g->open)
        return 0;
    errno = EINVAL;
    return errprintf (errp, "no change of the graph is under way");
}

int graph_add_vertex (struct graph *g, const struct graph_vertex *spec, uint32_t *vp,
                      flux_error_t *errp)
{
    if (check_open (g, errp) < 0 || check_vertex (spec, errp) < 0)
        return -1;
    const char *basename = spec->basename ? spec->basename : spec->type;
    struct vertex_spec s = {
        .name = GRAPH_NONE,
        .uniq_id = spec->uniq_id,
        .id = spec->id,
        .rank = spec->rank,
        .size = spec->size,
        .status = spec->status,
        .flags = spec->divisible ? V_DIVISIBLE : 0,
    };
    uint32_t type = names_intern (g->names, spec->type);
    if (type == GRAPH_NONE || (s.type = graph_type_intern (g, type)) == GRAPH_NONE ||
        (s.basename = names_intern (g->names, basename)) == GRAPH_NONE ||
        (s.unit = names_intern (g->names, spec->unit ? spec->unit : "")) == GRAPH_NONE)
        goto fail;
    if (spec->name && !name_is_made (spec->name, basename, spec->id) &&
        (s.name = names_intern (g->names, spec->name)) == GRAPH_NONE)
        goto fail;
    if (graph_append (g, &s, vp) < 0)
        goto fail;
    return 0;
fail:
    return errprintf (errp, "vertex %.64s: %s", spec->name ? spec->name : spec->type,
                      errno == ENOSPC ? "too many vertices, types or names" : strerror (errno));
}

int graph_add_edge (struct graph *g, uint32_t src, uint32_t dst, const char *subsystem,
                    flux_error_t *errp)
{
    if (check_open (g, errp) < 0)
        return -1;
    uint32_t bad = !graph_alive (g, src) ? src : !graph_alive (g, dst) ? dst : GRAPH_NONE;
    if (bad != GRAPH_NONE) {
        errno = EINVAL;
        return errprintf (errp, "edge %u -> %u in %.32s: there is no vertex %u", src, dst,
                          subsystem, bad);
    }
    char from[64];
    if (src == dst) {
        errno = ELOOP;
        return errprintf (errp, "edge from %s to itself in %.32s",
                          graph_say (g, src, from, sizeof (from)), subsystem);
    }
    uint32_t nsub = g->nsub;
    uint32_t sub = graph_subsystem_intern (g, subsystem);
    if (sub == GRAPH_NONE)
        return errprintf (errp, "subsystem %.32s: more than %d", subsystem, GRAPH_MAX_SUBSYSTEMS);
    if (sub >= nsub)
        g->saved_edges[sub] = 0;
    if (graph_append_edge (g, sub, src, dst) < 0)
        return errprintf (errp, "edge: %s", strerror (errno));
    return 0;
}

int graph_commit (struct graph *g, flux_error_t *errp)
{
    if (check_open (g, errp) < 0)
        return -1;
    if (graph_rebuild (g, errp) < 0) {
        graph_abort (g);
        return -1;
    }
    g->open = false;
    g->generation++;
    return 0;
}

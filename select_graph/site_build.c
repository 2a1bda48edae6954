/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * The graph of slurm.conf: cluster/upswitch.../switch/node/[socket/core; memory; gpu; other gres].
 * The cores of a socket are one pool unless each is wanted: which of them a job gets is then
 * Slurm's choice, and the graph stays small. A node's rank is its number. */

#include "select_graph/site_priv.h"

#include <errno.h>
#include <string.h>

#include "lib/util/errprintf.h"

struct build {
    struct site *site;
    const struct graph_conf *conf;
    uint32_t root;
    flux_error_t *errp;
    uint32_t nswitches;
    struct place {
        char *name;
        uint32_t vertex;
        UT_hash_handle hh;
    } * places;
};

static int add_vertex (struct build *b, uint32_t parent, const struct graph_vertex *spec,
                       uint32_t *vertex)
{
    if (graph_add_vertex (b->site->graph, spec, vertex, b->errp) < 0)
        return -1;
    return graph_add_edge (b->site->graph, parent, *vertex, "containment", b->errp);
}

/* ---- Switches ---- */

static struct place *add_place (struct build *b, uint32_t parent, const char *path, size_t len,
                                const char *name)
{
    struct graph_vertex spec = GRAPH_VERTEX_INIT;
    struct place *p = calloc (1, sizeof (*p));
    char text[GRAPH_MAX_NAME + 1];

    if (!p || !(p->name = strndup (path, len))) {
        errprintf (b->errp, "out of memory");
        free (p);
        return NULL;
    }
    snprintf (text, sizeof (text), "%.*s", (int)(path + len - name), name);
    spec.type = path[len] ? "upswitch" : "switch"; // nodes hang on the last one
    spec.name = text;
    spec.id = b->nswitches++;
    if (add_vertex (b, parent, &spec, &p->vertex) < 0) {
        free (p->name);
        free (p);
        return NULL;
    }
    HASH_ADD_KEYPTR (hh, b->places, p->name, strlen (p->name), p);
    return p;
}

/* The vertex of the innermost switch of "s0.s1"; GRAPH_NONE on errors. */
static uint32_t find_place (struct build *b, const char *path)
{
    uint32_t above = b->root;

    for (const char *s = path; s && *s;) {
        const char *dot = strchrnul (s, '.');
        struct place *p;

        if (dot == s) { // a level that it has not: Slurm leaves the name out
            s++;
            continue;
        }
        HASH_FIND (hh, b->places, path, (size_t)(dot - path), p);
        if (!p && !(p = add_place (b, above, path, (size_t)(dot - path), s)))
            return GRAPH_NONE;
        above = p->vertex;
        s = *dot ? dot + 1 : dot;
    }
    return above;
}

static void free_places (struct build *b)
{
    struct place *p, *next;

    HASH_ITER (hh, b->places, p, next)
    {
        HASH_DEL (b->places, p);
        free (p->name);
        free (p);
    }
}

/* ---- A node ---- */

static int add_part (struct build *b, struct site_node *node, uint32_t parent,
                     const struct graph_vertex *spec, struct site_part part)
{
    if (add_vertex (b, parent, spec, &part.vertex) < 0)
        return -1;
    part.count = part.count ? part.count : spec->size;
    if (site_add_part (b->site, node, &part) < 0)
        return errprintf (b->errp, "out of memory");
    return 0;
}

/* Of the cores that jobs never get, those in this socket: Slurm takes them from the last. */
static uint32_t spare_of (const struct site_facts *f, uint32_t socket)
{
    uint32_t after = (f->sockets - socket - 1) * f->cores;
    uint32_t n = f->spare_cores > after ? f->spare_cores - after : 0;
    return n < f->cores ? n : f->cores;
}

static int add_cores (struct build *b, struct site_node *node, uint32_t socket, uint32_t number,
                      uint32_t rank)
{
    struct graph_vertex spec = GRAPH_VERTEX_INIT;
    const struct site_facts *f = node->facts;
    struct site_part part = {.kind = SITE_CORE, .base = number * f->cores};

    spec.type = "core";
    spec.rank = rank;
    if (!b->conf->each_core) {
        spec.id = number;
        spec.size = f->cores - spare_of (f, number);
        spec.divisible = true;
        part.count = f->cores;
        return add_part (b, node, socket, &spec, part);
    }
    for (uint32_t c = 0; c < f->cores; c++, part.base++) {
        spec.id = part.base;
        if (add_part (b, node, socket, &spec, part) < 0)
            return -1;
    }
    return 0;
}

static int add_sockets (struct build *b, struct site_node *node, uint32_t rank)
{
    struct graph_vertex spec = GRAPH_VERTEX_INIT;

    spec.type = "socket";
    spec.rank = rank;
    for (uint32_t i = 0; i < node->facts->sockets; i++) {
        uint32_t socket;

        spec.id = i;
        if (add_vertex (b, node->vertex, &spec, &socket) < 0 ||
            add_cores (b, node, socket, i, rank) < 0)
            return -1;
    }
    return 0;
}

static int add_memory (struct build *b, struct site_node *node, uint32_t rank)
{
    struct graph_vertex spec = GRAPH_VERTEX_INIT;
    struct site_part part = {.kind = SITE_MEMORY, .scale = 1};

    if (node->facts->memory == 0)
        return 0;
    spec.type = "memory";
    spec.unit = "MB";
    spec.id = 0;
    spec.rank = rank;
    spec.divisible = true;
    spec.size = node->facts->memory < SITE_MAX_MEMORY ? node->facts->memory : SITE_MAX_MEMORY;
    return add_part (b, node, node->vertex, &spec, part);
}

/* A vertex per GPU; a pool of anything else */
static int add_gres (struct build *b, struct site_node *node, const struct site_gres *gres,
                     uint32_t rank)
{
    struct graph_vertex spec = GRAPH_VERTEX_INIT;
    bool each = strcmp (gres->name, "gpu") == 0;
    struct site_part part = {.kind = SITE_GRES,
                             .gres = (uint8_t)site_gres_number (b->site, gres->name)};

    spec.type = gres->name;
    spec.rank = rank;
    spec.divisible = !each;
    spec.size = each ? 1 : gres->count;
    for (uint32_t i = 0; i < (each ? gres->count : gres->count > 0); i++) {
        spec.id = part.base = i;
        if (add_part (b, node, node->vertex, &spec, part) < 0)
            return -1;
    }
    return 0;
}

static int add_node (struct build *b, uint32_t number)
{
    struct graph_vertex spec = GRAPH_VERTEX_INIT;
    struct site_node *node = &b->site->nodes[number];
    uint32_t above = find_place (b, node->facts->place);

    if (above == GRAPH_NONE)
        return -1;
    spec.type = "node";
    spec.name = node->facts->name;
    spec.id = spec.rank = number;
    if (add_vertex (b, above, &spec, &node->vertex) < 0 || add_sockets (b, node, number) < 0 ||
        add_memory (b, node, number) < 0)
        return -1;
    for (size_t i = 0; i < node->facts->ngres; i++)
        if (add_gres (b, node, &node->facts->gres[i], number) < 0)
            return -1;
    return 0;
}

int site_build (struct site *site, const struct graph_conf *conf, flux_error_t *errp)
{
    struct graph_vertex spec = GRAPH_VERTEX_INIT;
    struct build b = {.site = site, .conf = conf, .errp = errp};
    int rc;

    spec.type = "cluster";
    spec.id = 0;
    rc = graph_begin (site->graph, errp);
    if (rc == 0)
        rc = graph_add_vertex (site->graph, &spec, &b.root, errp);
    for (uint32_t i = 0; rc == 0 && i < site->nnodes; i++)
        if (site->nodes[i].facts)
            rc = add_node (&b, i);
    free_places (&b);
    site->has_switches = b.nswitches > 0;
    site->each_core = conf->each_core;
    return rc < 0 ? -1 : graph_commit (site->graph, errp);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Finding vertices by path, number, rank and type: caches made at the first question and dropped
 * when the graph changes shape. */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/graph_priv.h"
#include "lib/util/errprintf.h"

void graph_drop_caches (struct graph *g)
{
    for (uint32_t i = 0; g->by_type && i < g->by_type_room; i++)
        free (g->by_type[i]);
    free (g->by_type);
    free (g->by_type_count);
    free (g->path_slot);
    free (g->uniq_slot);
    g->by_type = NULL;
    g->by_type_count = NULL;
    g->path_slot = g->uniq_slot = NULL;
    for (uint32_t i = 0; i < g->nsub; i++) {
        free (g->sub[i].up);
        g->sub[i].up = NULL;
    }
}

static uint32_t mix (uint64_t h)
{
    h ^= h >> 33;
    h *= UINT64_C (0xff51afd7ed558ccd);
    h ^= h >> 33;
    h *= UINT64_C (0xc4ceb9fe1a85ec53);
    return h ^ h >> 32;
}

static uint32_t hash_name (uint32_t parent, uint32_t name, int32_t id)
{
    return mix (((uint64_t)parent << 32 | name) + (uint64_t)(uint32_t)id * 0x9e3779b97f4a7c15);
}

/* A name that was given stands for itself, with id -2, which no vertex has. */
static void name_key (const struct graph *g, uint32_t v, uint32_t *name, int32_t *id)
{
    bool given = g->info[v].name != GRAPH_NONE;
    *name = given ? g->info[v].name : g->info[v].basename;
    *id = given ? -2 : g->v[v].id;
}

static uint32_t *find_name (const struct graph *g, const uint32_t *parent, uint32_t *slot,
                            uint32_t mask, uint32_t above, uint32_t name, int32_t id)
{
    uint32_t i = hash_name (above, name, id) & mask;
    for (; slot[i] != GRAPH_NONE; i = (i + 1) & mask) {
        uint32_t v = slot[i], n;
        int32_t k;
        name_key (g, v, &n, &k);
        if ((parent ? parent[v] : g->v[v].parent) == above && n == name && k == id)
            break;
    }
    return &slot[i];
}

static uint32_t *make_slots (uint32_t n, uint32_t *mask)
{
    uint32_t size = 16;
    while (size < n + n / 2)
        size *= 2;
    uint32_t *slot = malloc (size * sizeof (*slot));
    if (slot)
        memset (slot, 0xff, size * sizeof (*slot));
    *mask = size - 1;
    return slot;
}

static uint32_t *find_uniq (const struct graph *g, uint32_t *slot, uint32_t mask, int64_t uniq)
{
    uint32_t i = mix (uniq) & mask;
    while (slot[i] != GRAPH_NONE && g->info[slot[i]].uniq_id != uniq)
        i = (i + 1) & mask;
    return &slot[i];
}

static int duplicate (const struct graph *g, uint32_t a, uint32_t b, const char *what,
                      flux_error_t *errp)
{
    char name[64];
    errno = EEXIST;
    return errprintf (errp, "%s: vertices %u and %u have the same %s",
                      graph_say (g, b, name, sizeof (name)), a, b, what);
}

/* Runs of vertices numbered by their place need no table to be told apart. */
static bool uniq_is_number (const struct graph *g)
{
    for (uint32_t v = 0; v < g->nv; v++)
        if (graph_alive (g, v) && g->info[v].uniq_id != v)
            return false;
    return true;
}

static int check_uniq (const struct graph *g, flux_error_t *errp)
{
    if (uniq_is_number (g))
        return 0;
    uint32_t mask;
    uint32_t *slot = make_slots (g->nv, &mask);
    if (!slot)
        return errprintf (errp, "out of memory");
    int rc = 0;
    for (uint32_t v = 0; v < g->nv && rc == 0; v++) {
        if (!graph_alive (g, v))
            continue;
        uint32_t *s = find_uniq (g, slot, mask, g->info[v].uniq_id);
        if (*s != GRAPH_NONE)
            rc = duplicate (g, *s, v, "number (uniq_id)", errp);
        *s = v;
    }
    free (slot);
    return rc;
}

/* Two nodes may run on one host: they have different ranks. */
static bool are_twins (const struct graph *g, uint32_t a, uint32_t b)
{
    return g->info[a].rank >= 0 && g->info[b].rank >= 0 && g->info[a].rank != g->info[b].rank;
}

int graph_check_names (const struct graph *g, const uint32_t *parent, bool *twins,
                       flux_error_t *errp)
{
    *twins = false;
    if (check_uniq (g, errp) < 0)
        return -1;
    uint32_t mask;
    uint32_t *slot = make_slots (g->nv, &mask);
    if (!slot)
        return errprintf (errp, "out of memory");
    int rc = 0;
    for (uint32_t v = 0; v < g->nv && rc == 0; v++) {
        uint32_t name;
        int32_t id;
        if (!graph_alive (g, v) || parent[v] == GRAPH_NONE)
            continue;
        name_key (g, v, &name, &id);
        uint32_t *s = find_name (g, parent, slot, mask, parent[v], name, id);
        if (*s == GRAPH_NONE)
            *s = v;
        else if (are_twins (g, *s, v))
            *twins = true;
        else if (id != -1) // without an id siblings look alike, and files have such
            rc = duplicate (g, *s, v, "name and parent", errp);
    }
    free (slot);
    return rc;
}

static int make_paths (struct graph *g)
{
    if (!(g->path_slot = make_slots (g->nv, &g->path_mask)))
        return -1;
    for (uint32_t v = 0; v < g->nv; v++) {
        uint32_t name;
        int32_t id;
        if (!graph_alive (g, v) || g->v[v].pos == GRAPH_NONE)
            continue;
        name_key (g, v, &name, &id);
        uint32_t *s = find_name (g, NULL, g->path_slot, g->path_mask, g->v[v].parent, name, id);
        if (*s == GRAPH_NONE)
            *s = v; // of twins the first
    }
    return 0;
}

static uint32_t look_up (const struct graph *g, uint32_t above, const char *base, int32_t id)
{
    uint32_t name = names_find (g->names, base);
    if (name == GRAPH_NONE)
        return GRAPH_NONE;
    return *find_name (g, NULL, g->path_slot, g->path_mask, above, name, id);
}

/* "node12" may be a given name, a basename alone, or "node" 12 or "node1" 2. */
static uint32_t find_child (const struct graph *g, uint32_t above, char *name)
{
    uint32_t v = look_up (g, above, name, -2);
    if (v == GRAPH_NONE)
        v = look_up (g, above, name, -1);
    size_t len = strlen (name);
    for (size_t i = len; v == GRAPH_NONE && i > 1 && len - i < 10; i--) {
        if (!isdigit ((unsigned char)name[i - 1]))
            break;
        if (name[i - 1] == '0' && i < len)
            continue;
        char digit = name[i - 1];
        long id = strtol (name + i - 1, NULL, 10);
        name[i - 1] = '\0';
        if (id <= INT32_MAX)
            v = look_up (g, above, name, id);
        name[i - 1] = digit;
    }
    return v;
}

struct path_search {
    struct graph *g;
    uint32_t *list; // what was found
    size_t n, room;
};

static void find_below (struct path_search *s, uint32_t above, const char *path);

/* The others of v's name beside it. */
static void find_twins (struct path_search *s, uint32_t v, const char *path)
{
    const struct graph *g = s->g;
    uint32_t above = g->v[v].parent, name, other;
    int32_t id, other_id;
    name_key (g, v, &name, &id);
    for (uint32_t i = 0; above != GRAPH_NONE && i < g->v[above].nchild; i++) {
        uint32_t c = g->child[g->v[above].child_off + i];
        name_key (g, c, &other, &other_id);
        if (c != v && other == name && other_id == id && are_twins (g, v, c))
            find_below (s, c, path);
    }
}

static void find_below (struct path_search *s, uint32_t v, const char *path)
{
    char name[GRAPH_MAX_NAME + 1];
    while (*path) {
        size_t len = strcspn (++path, "/");
        if (len == 0 || len >= sizeof (name))
            return;
        memcpy (name, path, len);
        name[len] = '\0';
        path += len;
        s->g->steps++;
        if ((v = find_child (s->g, v, name)) == GRAPH_NONE)
            return;
        if (s->g->twins)
            find_twins (s, v, path);
    }
    if (s->n < s->room)
        s->list[s->n] = v;
    s->n++;
}

size_t graph_find_paths (struct graph *g, const char *path, uint32_t *list, size_t room)
{
    struct path_search s = {.g = g, .list = list, .room = room};
    if (*path == '/' && (g->path_slot || make_paths (g) == 0))
        find_below (&s, GRAPH_NONE, path);
    /* those beside the first are found before it */
    for (size_t i = 1, n = s.n < room ? s.n : room; i < n; i++)
        for (size_t k = i; k > 0 && g->v[list[k]].pos < g->v[list[k - 1]].pos; k--) {
            uint32_t v = list[k];
            list[k] = list[k - 1];
            list[k - 1] = v;
        }
    return s.n;
}

uint32_t graph_find_path (struct graph *g, const char *path)
{
    uint32_t v[GRAPH_MAX_TWINS];
    return graph_find_paths (g, path, v, GRAPH_MAX_TWINS) ? v[0] : GRAPH_NONE;
}

uint32_t graph_find_uniq (struct graph *g, int64_t uniq_id)
{
    g->steps++;
    if (uniq_id >= 0 && uniq_id < g->nv && graph_alive (g, uniq_id) &&
        g->info[uniq_id].uniq_id == uniq_id)
        return uniq_id;
    if (!g->uniq_slot) {
        if (!(g->uniq_slot = make_slots (g->nv, &g->uniq_mask)))
            return GRAPH_NONE;
        g->steps += g->nv;
        for (uint32_t v = 0; v < g->nv; v++)
            if (graph_alive (g, v))
                *find_uniq (g, g->uniq_slot, g->uniq_mask, g->info[v].uniq_id) = v;
    }
    return *find_uniq (g, g->uniq_slot, g->uniq_mask, uniq_id);
}

static uint32_t rank_bound (const struct graph *g, int64_t rank)
{
    uint32_t lo = 0, hi = g->nrank;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        ((struct graph *)g)->steps++; // a count and nothing else
        if (g->rank[mid].rank < rank)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

size_t graph_find_rank (const struct graph *g, int64_t rank, const uint32_t **vp)
{
    uint32_t i = rank_bound (g, rank);
    *vp = g->rank_vertex + i;
    return rank < 0 ? 0 : rank_bound (g, rank + 1) - i;
}

size_t graph_type_list (const struct graph *cg, uint32_t type, const uint32_t **vp)
{
    struct graph *g = (struct graph *)cg; // a cache: the graph stays the same
    if (type >= g->ntypes)
        return 0;
    if (!g->by_type) {
        g->by_type = calloc (g->ntypes, sizeof (*g->by_type));
        g->by_type_count = calloc (g->ntypes, sizeof (*g->by_type_count));
        g->by_type_room = g->ntypes;
        if (!g->by_type || !g->by_type_count) {
            free (g->by_type);
            free (g->by_type_count);
            g->by_type = NULL;
            g->by_type_count = NULL;
            return 0;
        }
    }
    if (!g->by_type[type]) {
        uint32_t n = 0, at = 0;
        for (uint32_t v = 0; v < g->nv; v++)
            n += g->v[v].type == type && g->v[v].pos != GRAPH_NONE;
        uint32_t *list = malloc ((n ? n : 1) * sizeof (*list));
        if (!list)
            return 0;
        for (uint32_t v = 0; v < g->nv; v++)
            if (g->v[v].type == type && g->v[v].pos != GRAPH_NONE)
                list[at++] = v;
        graph_sort_by_position (g, list, n);
        g->by_type[type] = list;
        g->by_type_count[type] = n;
    }
    *vp = g->by_type[type];
    return g->by_type_count[type];
}

size_t graph_find_type (const struct graph *g, const char *type, const uint32_t **vp)
{
    return graph_type_list (g, graph_type_find (g, type), vp);
}

static void sift (const struct graph *g, uint32_t *list, uint32_t i, uint32_t n)
{
    uint32_t v = list[i];
    for (uint32_t c; (c = 2 * i + 1) < n; i = c) {
        if (c + 1 < n && g->v[list[c + 1]].pos > g->v[list[c]].pos)
            c++;
        if (g->v[list[c]].pos <= g->v[v].pos)
            break;
        list[i] = list[c];
    }
    list[i] = v;
}

void graph_sort_by_position (const struct graph *g, uint32_t *list, uint32_t n)
{
    bool sorted = true;
    for (uint32_t i = 1; i < n && sorted; i++)
        sorted = g->v[list[i - 1]].pos < g->v[list[i]].pos;
    if (sorted)
        return;
    for (uint32_t i = n / 2; i-- > 0;)
        sift (g, list, i, n);
    for (uint32_t end = n; end-- > 1;) {
        uint32_t v = list[0];
        list[0] = list[end];
        list[end] = v;
        sift (g, list, 0, end);
    }
}

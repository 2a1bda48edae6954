/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* R version 1 (RFC 20): nodes that have the same cores and GPUs share an entry. */

#include <errno.h>
#include <flux/hostlist.h>
#include <flux/idset.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/io/write_priv.h"

static int collect (struct idset **set, int64_t id)
{
    if (!*set && !(*set = idset_create (0, IDSET_FLAG_AUTOGROW)))
        return -1;
    if (id < 0) {
        errno = EINVAL;
        return -1;
    }
    return idset_set (*set, id);
}

static void set_children (json_t *o, const char *type, struct idset **set)
{
    char *ids = *set ? idset_encode (*set, IDSET_FLAG_RANGE) : NULL;
    if (ids)
        json_object_set_new (o, type, json_string (ids));
    free (ids);
    idset_destroy (*set);
    *set = NULL;
}

/* The group of a children text, in the order of the texts. */
static struct rlite_group *find_group (struct rlite *r, const char *key, json_t *children)
{
    size_t i = 0;
    while (i < r->n && strcmp (r->group[i].key, key) < 0)
        i++;
    if (i < r->n && !strcmp (r->group[i].key, key))
        return &r->group[i];
    struct rlite_group *list = realloc (r->group, (r->n + 1) * sizeof (*list));
    char *copy = strdup (key);
    if (list)
        r->group = list;
    if (!list || !copy) {
        free (copy);
        return NULL;
    }
    memmove (list + i + 1, list + i, (r->n - i) * sizeof (*list));
    list[i] = (struct rlite_group){.key = copy, .children = json_incref (children)};
    r->n++;
    return &list[i];
}

static int add_host (struct rlite_group *group, const struct graph *g, uint32_t v)
{
    char name[GRAPH_MAX_NAME + 16];
    struct rlite_host *list = realloc (group->host, (group->n + 1) * sizeof (*list));
    if (!list)
        return -1;
    group->host = list;
    if (graph_name (g, v, name, sizeof (name)) < 0 || !(list[group->n].name = strdup (name)))
        return -1;
    list[group->n++].rank = graph_rank (g, v);
    return 0;
}

static int add_properties (struct rlite *r, const struct graph *g, uint32_t v)
{
    const char *key, *value;
    size_t cursor = 0;
    while (graph_property_next (g, v, &cursor, &key, &value)) {
        struct buf name = {.data = NULL};
        if (!r->properties && !(r->properties = json_object ()))
            return -1;
        if (buf_printf (&name, *value ? "%s=%s" : "%s", key, value) < 0)
            return -1;
        json_t *ranks = json_object_get (r->properties, name.data);
        if (!ranks) {
            ranks = json_array ();
            json_object_set_new (r->properties, name.data, ranks);
        }
        json_array_append_new (ranks, json_integer (graph_rank (g, v)));
        buf_clear (&name);
    }
    return 0;
}

static int add_node (struct rlite *r, const struct graph *g, uint32_t v)
{
    if (!r->cores && !r->gpus)
        return 0;
    json_t *children = json_object ();
    char *key = NULL;
    int rc = -1;
    if (!children)
        return -1;
    set_children (children, "core", &r->cores);
    set_children (children, "gpu", &r->gpus);
    if ((key = json_dumps (children, JSON_INDENT (0)))) {
        struct rlite_group *group = find_group (r, key, children);
        if (group && add_host (group, g, v) == 0)
            rc = add_properties (r, g, v);
    }
    free (key);
    json_decref (children);
    return rc;
}

int rlite_vertex (struct rlite *r, const struct graph *g, const struct write_vertex *v)
{
    const char *type = graph_type (g, v->vertex);
    if (!strcmp (type, "core"))
        return collect (&r->cores, graph_id (g, v->vertex));
    if (!strcmp (type, "gpu"))
        return collect (&r->gpus, graph_id (g, v->vertex));
    if (!strcmp (type, "node") || !strcmp (type, "storage_node"))
        return add_node (r, g, v->vertex);
    return 0;
}

static char *encode_ranks (const struct rlite_group *group)
{
    struct idset *ids = NULL;
    char *text = NULL;
    for (size_t i = 0; i < group->n; i++)
        if (collect (&ids, group->host[i].rank) < 0)
            goto out;
    text = idset_encode (ids, IDSET_FLAG_RANGE);
out:
    idset_destroy (ids);
    return text;
}

static int by_rank (const void *a, const void *b)
{
    const struct rlite_host *x = a, *y = b;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static json_t *make_nodelist (const struct rlite *r)
{
    size_t n = 0, at = 0;
    for (size_t i = 0; i < r->n; i++)
        n += r->group[i].n;
    struct rlite_host *all = calloc (n + 1, sizeof (*all));
    struct hostlist *hl = hostlist_create ();
    json_t *o = NULL;
    for (size_t i = 0; all && i < r->n; i++)
        for (size_t k = 0; k < r->group[i].n; k++)
            all[at++] = r->group[i].host[k];
    if (all)
        qsort (all, n, sizeof (*all), by_rank);
    for (size_t i = 0; hl && i < at; i++)
        hostlist_append (hl, all[i].name);
    char *text = hl ? hostlist_encode (hl) : NULL;
    if (text)
        o = json_pack ("[s]", text);
    free (text);
    free (all);
    hostlist_destroy (hl);
    return o;
}

static int by_name (const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp (*x, *y);
}

static json_t *make_properties (const struct rlite *r)
{
    size_t n = json_object_size (r->properties), at = 0, k;
    const char **names = calloc (n + 1, sizeof (*names));
    const char *name;
    json_t *ranks, *rank, *o = json_object ();
    json_object_foreach (r->properties, name, ranks)
    {
        if (names)
            names[at++] = name;
    }
    if (names)
        qsort (names, at, sizeof (*names), by_name);
    for (size_t i = 0; i < at; i++) {
        struct idset *ids = NULL;
        json_array_foreach (json_object_get (r->properties, names[i]), k, rank)
        {
            collect (&ids, json_integer_value (rank));
        }
        set_children (o, names[i], &ids);
    }
    free (names);
    return o;
}

json_t *rlite_finish (struct rlite *r, json_t **nodelist, json_t **properties)
{
    json_t *list = r->n ? json_array () : NULL;
    for (size_t i = 0; list && i < r->n; i++) {
        char *ranks = encode_ranks (&r->group[i]);
        json_t *o =
            ranks ? json_pack ("{s:s s:O}", "rank", ranks, "children", r->group[i].children) : NULL;
        free (ranks);
        if (!o || json_array_append_new (list, o) < 0) {
            json_decref (list);
            return NULL;
        }
    }
    if (list && nodelist)
        *nodelist = make_nodelist (r);
    if (list && properties)
        *properties = r->properties ? make_properties (r) : NULL;
    return list;
}

void rlite_clear (struct rlite *r)
{
    for (size_t i = 0; i < r->n; i++) {
        for (size_t k = 0; k < r->group[i].n; k++)
            free (r->group[i].host[k].name);
        free (r->group[i].host);
        free (r->group[i].key);
        json_decref (r->group[i].children);
    }
    free (r->group);
    json_decref (r->properties);
    idset_destroy (r->cores);
    idset_destroy (r->gpus);
    *r = (struct rlite){.cores = NULL};
}

json_t *rv1_finish (struct writer *w)
{
    json_t *nodelist = NULL, *properties = NULL, *o = NULL;
    json_t *rlite = rlite_finish (&w->rlite, &nodelist, &properties);
    json_t *jgf = w->format == WRITE_RV1_NOSCHED ? NULL : jgf_finish (w);
    if (rlite && (jgf || w->format == WRITE_RV1_NOSCHED))
        o = json_pack ("{s:i s:{s:O s:O* s:O* s:I s:I} s:O*}", "version", 1, "execution", "R_lite",
                       rlite, "nodelist", nodelist, "properties", properties, "starttime",
                       (json_int_t)w->start, "expiration", (json_int_t)w->end, "scheduling", jgf);
    if (o && w->queue && w->format != WRITE_RV1_NOSCHED)
        json_object_set_new (o, "attributes",
                             json_pack ("{s:{s:{s:s}}}", "system", "scheduler", "queue", w->queue));
    json_decref (rlite);
    json_decref (nodelist);
    json_decref (properties);
    json_decref (jgf);
    return o;
}

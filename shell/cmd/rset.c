/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/buf.h"
#include "shell/cmd/rset.h"

static void node_clear (struct rset_node *n)
{
    free (n->host);
    idset_destroy (n->cores);
    idset_destroy (n->gpus);
}

void rset_destroy (struct rset *rs)
{
    if (!rs)
        return;
    int saved_errno = errno;
    for (size_t i = 0; i < rs->count; i++)
        node_clear (&rs->nodes[i]);
    free (rs->nodes);
    json_decref (rs->properties);
    free (rs);
    errno = saved_errno;
}

static struct rset_node *add_node (struct rset *rs, uint32_t rank, const struct idset *cores,
                                   const struct idset *gpus)
{
    if ((rs->count & (rs->count + 1)) == 0) {
        struct rset_node *new = realloc (rs->nodes, (2 * rs->count + 2) * sizeof (*new));
        if (!new)
            return NULL;
        rs->nodes = new;
    }
    struct rset_node *n = &rs->nodes[rs->count];
    *n = (struct rset_node){.rank = rank, .cores = idset_copy (cores), .gpus = idset_copy (gpus)};
    if (!n->cores || !n->gpus) {
        node_clear (n);
        return NULL;
    }
    rs->count++;
    return n;
}

static struct idset *decode (const json_t *children, const char *key)
{
    const char *s = json_string_value (json_object_get (children, key));

    return s ? idset_decode (s) : idset_create (0, IDSET_FLAG_AUTOGROW);
}

static int add_entry (struct rset *rs, const json_t *entry)
{
    const char *s = json_string_value (json_object_get (entry, "rank"));
    const json_t *children = json_object_get (entry, "children");
    struct idset *ranks = s ? idset_decode (s) : NULL;
    struct idset *cores = decode (children, "core"), *gpus = decode (children, "gpu");
    int rc = ranks && cores && gpus ? 0 : -1;

    for (unsigned int i = rc == 0 ? idset_first (ranks) : IDSET_INVALID_ID; i != IDSET_INVALID_ID;
         i = idset_next (ranks, i))
        if (!add_node (rs, i, cores, gpus))
            rc = -1;
    idset_destroy (ranks);
    idset_destroy (cores);
    idset_destroy (gpus);
    return rc;
}

static int cmp_rank (const void *a, const void *b)
{
    const struct rset_node *x = a, *y = b;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

/* Hosts are named in the order of ranks. */
static int name_hosts (struct rset *rs, const json_t *nodelist)
{
    struct hostlist *hl = hostlist_create ();
    size_t i, n = 0;
    json_t *o;

    json_array_foreach (nodelist, i, o) if (json_is_string (o))
        hostlist_append (hl, json_string_value (o));
    if (hl && rs->count > 0)
        qsort (rs->nodes, rs->count, sizeof (*rs->nodes), cmp_rank);
    for (const char *h = hl ? hostlist_first (hl) : NULL; h && n < rs->count;
         h = hostlist_next (hl), n++)
        rs->nodes[n].host = strdup (h);
    hostlist_destroy (hl);
    return 0;
}

struct rset *rset_create (const json_t *R)
{
    struct rset *rs = calloc (1, sizeof (*rs));
    const json_t *exec = json_object_get (R, "execution");
    json_t *entry;
    size_t i;

    if (!rs)
        return NULL;
    json_array_foreach (json_object_get (exec, "R_lite"), i, entry)
    {
        if (add_entry (rs, entry) < 0) {
            rset_destroy (rs);
            errno = EPROTO;
            return NULL;
        }
    }
    name_hosts (rs, json_object_get (exec, "nodelist"));
    rs->properties = json_incref (json_object_get (exec, "properties"));
    rs->starttime = json_number_value (json_object_get (exec, "starttime"));
    rs->expiration = json_number_value (json_object_get (exec, "expiration"));
    return rs;
}

struct rset *rset_copy (const struct rset *rs)
{
    struct rset *copy = calloc (1, sizeof (*copy));

    for (size_t i = 0; copy && i < rs->count; i++) {
        struct rset_node *n =
            add_node (copy, rs->nodes[i].rank, rs->nodes[i].cores, rs->nodes[i].gpus);
        if (!n) {
            rset_destroy (copy);
            return NULL;
        }
        n->host = rs->nodes[i].host ? strdup (rs->nodes[i].host) : NULL;
    }
    if (copy) {
        copy->properties = json_incref (rs->properties);
        copy->starttime = rs->starttime;
        copy->expiration = rs->expiration;
    }
    return copy;
}

static struct rset_node *find_rank (const struct rset *rs, uint32_t rank)
{
    struct rset_node key = {.rank = rank};

    return rs->count ? bsearch (&key, rs->nodes, rs->count, sizeof (key), cmp_rank) : NULL;
}

static void drop_empty (struct rset *rs)
{
    size_t kept = 0;

    for (size_t i = 0; i < rs->count; i++) {
        struct rset_node *n = &rs->nodes[i];
        if (idset_empty (n->cores) && idset_empty (n->gpus))
            node_clear (n);
        else
            rs->nodes[kept++] = *n;
    }
    rs->count = kept;
}

int rset_subtract (struct rset *rs, const struct rset *other)
{
    for (size_t i = 0; i < other->count; i++) {
        struct rset_node *n = find_rank (rs, other->nodes[i].rank);
        if (n && (idset_subtract (n->cores, other->nodes[i].cores) < 0 ||
                  idset_subtract (n->gpus, other->nodes[i].gpus) < 0))
            return -1;
    }
    drop_empty (rs);
    return 0;
}

int rset_add (struct rset *rs, const struct rset *other)
{
    for (size_t i = 0; i < other->count; i++) {
        const struct rset_node *o = &other->nodes[i];
        struct rset_node *n = find_rank (rs, o->rank);
        if (n) {
            if (idset_add (n->cores, o->cores) < 0 || idset_add (n->gpus, o->gpus) < 0)
                return -1;
            continue;
        }
        if (!(n = add_node (rs, o->rank, o->cores, o->gpus)))
            return -1;
        n->host = o->host ? strdup (o->host) : NULL;
        qsort (rs->nodes, rs->count, sizeof (*rs->nodes), cmp_rank);
    }
    if (!rs->properties)
        rs->properties = json_incref (other->properties);
    return 0;
}

void rset_keep (struct rset *rs, const struct idset *ranks)
{
    size_t kept = 0;

    for (size_t i = 0; i < rs->count; i++) {
        if (idset_test (ranks, rs->nodes[i].rank))
            rs->nodes[kept++] = rs->nodes[i];
        else
            node_clear (&rs->nodes[i]);
    }
    rs->count = kept;
}

size_t rset_ncores (const struct rset *rs)
{
    size_t n = 0;

    for (size_t i = 0; i < rs->count; i++)
        n += idset_count (rs->nodes[i].cores);
    return n;
}

size_t rset_ngpus (const struct rset *rs)
{
    size_t n = 0;

    for (size_t i = 0; i < rs->count; i++)
        n += idset_count (rs->nodes[i].gpus);
    return n;
}

struct idset *rset_ranks (const struct rset *rs)
{
    struct idset *ids = idset_create (0, IDSET_FLAG_AUTOGROW);

    for (size_t i = 0; ids && i < rs->count; i++)
        idset_set (ids, rs->nodes[i].rank);
    return ids;
}

char *rset_hosts (const struct rset *rs)
{
    struct hostlist *hl = hostlist_create ();

    for (size_t i = 0; hl && i < rs->count; i++)
        if (rs->nodes[i].host)
            hostlist_append (hl, rs->nodes[i].host);
    char *s = hl ? hostlist_encode (hl) : NULL;
    hostlist_destroy (hl);
    return s ? s : strdup ("");
}

/* Nodes with the same cores and GPUs as one entry. */
static bool same (const struct rset_node *a, const struct rset_node *b)
{
    return idset_equal (a->cores, b->cores) && idset_equal (a->gpus, b->gpus);
}

static struct idset *like (const struct rset *rs, size_t first, bool *seen)
{
    struct idset *ranks = idset_create (0, IDSET_FLAG_AUTOGROW);

    for (size_t i = first; ranks && i < rs->count; i++)
        if (!seen[i] && same (&rs->nodes[i], &rs->nodes[first])) {
            seen[i] = true;
            idset_set (ranks, rs->nodes[i].rank);
        }
    return ranks;
}

static char *encode (const struct idset *ids, int flags)
{
    char *s = ids ? idset_encode (ids, IDSET_FLAG_RANGE | flags) : NULL;
    return s ? s : strdup ("");
}

char *rset_list (const struct rset *rs)
{
    bool *seen = calloc (rs->count + 1, sizeof (bool));
    struct buf b = {0};

    for (size_t i = 0; seen && i < rs->count; i++) {
        if (seen[i])
            continue;
        struct idset *ids = like (rs, i, seen);
        char *ranks = encode (ids, IDSET_FLAG_BRACKETS);
        char *cores = encode (rs->nodes[i].cores, IDSET_FLAG_BRACKETS);
        char *gpus = encode (rs->nodes[i].gpus, IDSET_FLAG_BRACKETS);
        buf_printf (&b, "%srank%s/core%s", b.len ? "," : "", ranks, cores);
        if (*gpus)
            buf_printf (&b, ",gpu%s", gpus);
        free (ranks);
        free (cores);
        free (gpus);
        idset_destroy (ids);
    }
    free (seen);
    return buf_steal (&b, NULL);
}

static json_t *encode_R_lite (const struct rset *rs)
{
    bool *seen = calloc (rs->count + 1, sizeof (bool));
    json_t *a = json_array ();

    for (size_t i = 0; seen && i < rs->count; i++) {
        if (seen[i])
            continue;
        struct idset *ids = like (rs, i, seen);
        char *ranks = encode (ids, 0), *cores = encode (rs->nodes[i].cores, 0);
        char *gpus = encode (rs->nodes[i].gpus, 0);
        json_t *entry = json_pack ("{s:s s:{s:s}}", "rank", ranks, "children", "core", cores);
        if (*gpus)
            json_object_set_new (json_object_get (entry, "children"), "gpu", json_string (gpus));
        json_array_append_new (a, entry);
        free (ranks);
        free (cores);
        free (gpus);
        idset_destroy (ids);
    }
    free (seen);
    return a;
}

json_t *rset_encode (const struct rset *rs)
{
    char *hosts = rset_hosts (rs);
    json_t *nodelist = *hosts ? json_pack ("[s]", hosts) : json_array ();
    json_t *o = json_pack ("{s:i s:{s:o s:f s:f s:o}}", "version", 1, "execution", "R_lite",
                           encode_R_lite (rs), "starttime", rs->starttime, "expiration",
                           rs->expiration, "nodelist", nodelist);

    free (hosts);
    return o;
}

struct idset *rset_find (const struct rset *rs, const char *targets)
{
    struct idset *ids = idset_decode (targets);
    struct hostlist *hl;

    if (ids)
        return ids;
    if (!(hl = hostlist_decode (targets)))
        return NULL;
    ids = idset_create (0, IDSET_FLAG_AUTOGROW);
    for (size_t i = 0; ids && i < rs->count; i++)
        if (rs->nodes[i].host && hostlist_find (hl, rs->nodes[i].host) >= 0)
            idset_set (ids, rs->nodes[i].rank);
    hostlist_destroy (hl);
    return ids;
}

char *rset_properties (const struct rset *rs, uint32_t rank)
{
    struct buf b = {0};
    const char *name;
    json_t *o;

    json_object_foreach (rs->properties, name, o)
    {
        struct idset *ids = json_is_string (o) ? idset_decode (json_string_value (o)) : NULL;
        if (ids && idset_test (ids, rank))
            buf_printf (&b, "%s%s", b.len ? "," : "", name);
        idset_destroy (ids);
    }
    return buf_steal (&b, NULL);
}

int rset_states_create (struct rset_states *s, const json_t *status)
{
    *s = (struct rset_states){
        .all = rset_create (json_object_get (status, "all")),
        .down = rset_create (json_object_get (status, "down")),
        .allocated = rset_create (json_object_get (status, "allocated")),
    };
    if (!s->all || !s->down || !s->allocated)
        goto error;
    if (!(s->up = rset_copy (s->all)) || rset_subtract (s->up, s->down) < 0)
        goto error;
    if (!(s->free = rset_copy (s->up)) || rset_subtract (s->free, s->allocated) < 0)
        goto error;
    return 0;
error:
    rset_states_clear (s);
    return -1;
}

void rset_states_clear (struct rset_states *s)
{
    rset_destroy (s->all);
    rset_destroy (s->down);
    rset_destroy (s->allocated);
    rset_destroy (s->up);
    rset_destroy (s->free);
    *s = (struct rset_states){0};
}

struct rset *rset_states_get (const struct rset_states *s, const char *name)
{
    if (strcmp (name, "all") == 0)
        return s->all;
    if (strcmp (name, "down") == 0)
        return s->down;
    if (strcmp (name, "allocated") == 0)
        return s->allocated;
    if (strcmp (name, "up") == 0)
        return s->up;
    if (strcmp (name, "free") == 0)
        return s->free;
    return NULL;
}

json_t *rset_states_counts (const struct rset_states *s)
{
    static const char *const names[] = {"all", "up", "down", "allocated", "free"};
    json_t *out = json_object ();

    for (size_t i = 0; i < 5; i++) {
        const struct rset *rs = rset_states_get (s, names[i]);
        json_object_set_new (out, names[i],
                             json_pack ("{s:i s:i s:i}", "nnodes", (int)rs->count, "ncores",
                                        (int)rset_ncores (rs), "ngpus", (int)rset_ngpus (rs)));
    }
    return out;
}

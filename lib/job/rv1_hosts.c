/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Resource sets by host name, and new names and ranks for them. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/rv1_private.h"
#include "lib/util/errprintf.h"

struct idset *rv1_hosts_to_ranks (const struct rv1 *rs, const char *hosts, flux_error_t *errp)
{
    struct hostlist *hl = hostlist_decode (hosts);
    struct idset *ranks = NULL, *seen = NULL;

    if (!hl) {
        errprintf (errp, "'%s' is no hostlist", hosts ? hosts : "");
        return NULL;
    }
    hostlist_uniq (hl);
    ranks = idset_create (0, IDSET_FLAG_AUTOGROW);
    seen = idset_create (0, IDSET_FLAG_AUTOGROW); // names of hl that are in the set
    if (!ranks || !seen)
        goto error;
    for (size_t i = 0; i < rs->nnodes; i++) {
        int n = *rs->node[i].host ? hostlist_find (hl, rs->node[i].host) : -1;
        if (n >= 0 && (idset_set (ranks, rs->node[i].rank) < 0 || idset_set (seen, n) < 0))
            goto error;
    }
    if (idset_count (seen) < (size_t)hostlist_count (hl)) {
        int n = 0;
        while (idset_test (seen, n))
            n++;
        errprintf (errp, "host %s is not there", hostlist_nth (hl, n));
        errno = ENOENT;
        goto out;
    }
    hostlist_destroy (hl);
    idset_destroy (seen);
    return ranks;
error:
    errprintf (errp, "out of memory");
out:
    hostlist_destroy (hl);
    idset_destroy (seen);
    idset_destroy (ranks);
    return NULL;
}

/* Decode a list of as many hosts as there are nodes. */
static struct hostlist *decode_hosts (const struct rv1 *rs, const char *hosts, flux_error_t *errp)
{
    struct hostlist *hl = hostlist_decode (hosts);

    if (!hl) {
        errprintf (errp, "'%s' is no hostlist", hosts ? hosts : "");
        return NULL;
    }
    if ((size_t)hostlist_count (hl) == rs->nnodes)
        return hl;
    errno = (size_t)hostlist_count (hl) > rs->nnodes ? EOVERFLOW : ENOSPC;
    errprintf (errp, "%d hosts for %zu ranks", hostlist_count (hl), rs->nnodes);
    hostlist_destroy (hl);
    return NULL;
}

int rv1_assign_hosts (struct rv1 *rs, const char *hosts, flux_error_t *errp)
{
    struct hostlist *hl = decode_hosts (rs, hosts, errp);

    if (!hl)
        return -1;
    const char *host = hostlist_first (hl);
    for (size_t i = 0; i < rs->nnodes; i++, host = hostlist_next (hl)) {
        const char *name = rv1_name (rs, host);
        if (!name) {
            hostlist_destroy (hl);
            return errprintf (errp, "out of memory");
        }
        rs->node[i].host = name;
    }
    hostlist_destroy (hl);
    return 0;
}

/* Ranks of a property after each node's rank went from old[i] to node[i].rank. */
static struct idset *map_ranks (const struct rv1 *rs, const struct idset *ranks,
                                const uint32_t *old)
{
    struct idset *new = idset_create (0, IDSET_FLAG_AUTOGROW);

    for (size_t i = 0; new &&i < rs->nnodes; i++) {
        if (idset_test (ranks, old[i]) && idset_set (new, rs->node[i].rank) < 0) {
            idset_destroy (new);
            return NULL;
        }
    }
    return new;
}

/* Give node i the rank new[i]. */
static int change_ranks (struct rv1 *rs, const uint32_t *new)
{
    uint32_t *old = calloc (rs->nnodes + 1, sizeof (*old));
    int rc = old ? 0 : -1;

    for (size_t i = 0; old && i < rs->nnodes; i++) {
        old[i] = rs->node[i].rank;
        rs->node[i].rank = new[i];
    }
    for (struct rv1_property *p = rs->props; p && rc == 0; p = p->hh.next) {
        struct idset *ranks = map_ranks (rs, p->ranks, old);
        if (ranks) {
            idset_destroy (p->ranks);
            p->ranks = ranks;
        } else
            rc = -1;
    }
    free (old);
    return rc < 0 ? -1 : rv1_normalize (rs);
}

/* A host and its place in a list. */
struct place {
    const char *host;
    uint32_t index;
};

static int compare_place (const void *x, const void *y)
{
    const struct place *a = x, *b = y;
    int rc = strcmp (a->host, b->host);
    return rc ? rc : (a->index > b->index) - (a->index < b->index);
}

/* Places of the nodes of rs, sorted by host. */
static struct place *sort_nodes (const struct rv1 *rs)
{
    struct place *place = calloc (rs->nnodes + 1, sizeof (*place));

    for (size_t i = 0; place && i < rs->nnodes; i++)
        place[i] = (struct place){rs->node[i].host, i};
    if (place)
        qsort (place, rs->nnodes, sizeof (*place), compare_place);
    return place;
}

/* Places of the names of hl, sorted by host; the text goes into `names`. */
static struct place *sort_hosts (struct hostlist *hl, struct rv1 *names)
{
    struct place *place = calloc (hostlist_count (hl) + 1, sizeof (*place));
    size_t n = 0;

    for (const char *host = hostlist_first (hl); place && host; host = hostlist_next (hl)) {
        place[n] = (struct place){rv1_name (names, host), n};
        if (!place[n++].host) {
            free (place);
            return NULL;
        }
    }
    if (place)
        qsort (place, n, sizeof (*place), compare_place);
    return place;
}

int rv1_rerank (struct rv1 *rs, const char *hosts, flux_error_t *errp)
{
    struct hostlist *hl = decode_hosts (rs, hosts, errp);
    struct rv1 *names = rv1_create ();
    uint32_t *new = calloc (rs->nnodes + 1, sizeof (*new));
    struct place *from = NULL, *to = NULL;
    int rc = -1;

    if (!hl || !names || !new || !(from = sort_nodes (rs)) || !(to = sort_hosts (hl, names)))
        goto out;
    for (size_t i = 0; i < rs->nnodes; i++) {
        if (strcmp (from[i].host, to[i].host) != 0) {
            // whichever comes first has no partner
            bool ours = strcmp (from[i].host, to[i].host) < 0;
            errno = ENOENT;
            errprintf (errp, "host %s is %s", ours ? from[i].host : to[i].host,
                       ours ? "not in the new order" : "in the new order only");
            goto out;
        }
        new[from[i].index] = to[i].index;
    }
    rc = change_ranks (rs, new);
out:;
    int saved_errno = errno;
    hostlist_destroy (hl);
    rv1_destroy (names);
    free (from);
    free (to);
    free (new);
    errno = saved_errno;
    return rc;
}

static struct idset *count_from_zero (const struct idset *ids)
{
    size_t n = idset_count (ids);
    struct idset *new = n ? idset_create (n, IDSET_FLAG_AUTOGROW) : NULL;

    if (new &&idset_range_set (new, 0, n - 1) < 0) {
        idset_destroy (new);
        return NULL;
    }
    return new;
}

int rv1_remap (struct rv1 *rs)
{
    struct rv1_children *from = NULL, *to = NULL;
    uint32_t *new = calloc (rs->nnodes + 1, sizeof (*new));
    int rc = new ? 0 : -1;

    for (size_t i = 0; i < rs->nnodes && rc == 0; i++) {
        struct rv1_children *c = rs->node[i].children;
        new[i] = i;
        if (c != from) {
            rv1_children_decref (from);
            rv1_children_decref (to);
            from = rv1_children_incref (c);
            to = rv1_children_create (count_from_zero (c->core), count_from_zero (c->gpu));
            if (!to || !to->core != !c->core || !to->gpu != !c->gpu) {
                rc = -1;
                break;
            }
        }
        rv1_children_decref (c);
        rs->node[i].children = rv1_children_incref (to);
    }
    rv1_children_decref (from);
    rv1_children_decref (to);
    if (rc == 0)
        rc = change_ranks (rs, new);
    free (new);
    return rc;
}

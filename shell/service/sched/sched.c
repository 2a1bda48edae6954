/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* First fit over a list of nodes. */

#include <errno.h>
#include <flux/hostlist.h>
#include <flux/idset.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "lib/util/errprintf.h"
#include "shell/service/job_manager/job.h"
#include "shell/service/sched/rset.h"
#include "shell/service/sched/sched.h"

struct held {
    uint64_t id;
    struct rnode *nodes;
    size_t count;
    UT_hash_handle hh;
};

struct node {
    struct rnode all;
    struct rnode free;
    uint32_t nfree;  // cores
    uint32_t ntotal; // cores
    bool up;
    char *host;
};

struct sched {
    struct node *nodes;
    size_t count;
    struct held *held;
    size_t hint; // no node before it has a free core
};

struct sched *sched_create (void)
{
    return calloc (1, sizeof (struct sched));
}

static void clear_nodes (struct sched *s)
{
    for (size_t i = 0; i < s->count; i++)
        free (s->nodes[i].host);
    free (s->nodes);
    s->nodes = NULL;
    s->count = 0;
    s->hint = 0;
}

static void held_free (struct held *h)
{
    free (h->nodes);
    free (h);
}

void sched_destroy (struct sched *s)
{
    if (s) {
        struct held *h, *tmp;
        HASH_ITER (hh, s->held, h, tmp)
        {
            HASH_DEL (s->held, h);
            held_free (h);
        }
        clear_nodes (s);
        free (s);
    }
}

static struct node *find_node (struct sched *s, uint32_t rank)
{
    size_t lo = 0, hi = s->count;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (s->nodes[mid].all.rank < rank)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < s->count && s->nodes[lo].all.rank == rank ? &s->nodes[lo] : NULL;
}

static void take (struct sched *s, const struct rnode *rn)
{
    struct node *n = find_node (s, rn->rank);

    if (n) {
        bits_subtract (&n->free.cores, &rn->cores);
        bits_subtract (&n->free.gpus, &rn->gpus);
        n->nfree = bits_count (&n->free.cores);
    }
}

int sched_set_resources (struct sched *s, const json_t *R, flux_error_t *errp)
{
    struct rset rs;
    struct held *h, *tmp;

    if (rset_decode (&rs, R, errp) < 0)
        return -1;
    struct node *nodes = calloc (rs.count + 1, sizeof (*nodes));
    if (!nodes) {
        rset_clear (&rs);
        return errprintf (errp, "out of memory");
    }
    for (size_t i = 0; i < rs.count; i++) {
        struct node *old = find_node (s, rs.nodes[i].rank);
        nodes[i].all = nodes[i].free = rs.nodes[i];
        nodes[i].ntotal = nodes[i].nfree = bits_count (&rs.nodes[i].cores);
        nodes[i].up = old ? old->up : true;
        nodes[i].host = rs.hosts ? rs.hosts[i] : NULL;
        if (rs.hosts)
            rs.hosts[i] = NULL;
    }
    clear_nodes (s);
    s->nodes = nodes;
    s->count = rs.count;
    rset_clear (&rs);
    HASH_ITER (hh, s->held, h, tmp)
    {
        for (size_t i = 0; i < h->count; i++)
            take (s, &h->nodes[i]);
    }
    return 0;
}

int sched_set_up (struct sched *s, const char *ranks, int up)
{
    struct idset *ids = idset_decode (ranks);

    if (!ids)
        return -1;
    for (unsigned int r = idset_first (ids); r != IDSET_INVALID_ID; r = idset_next (ids, r)) {
        struct node *n = find_node (s, r);
        if (n)
            n->up = up;
    }
    idset_destroy (ids);
    s->hint = 0;
    return 0;
}

/* What one node can give: slots of the request, or 1 for the node as a whole. */
struct need {
    uint32_t cores;
    uint32_t gpus;
    bool whole;
};

static struct need need_of (const struct job *job)
{
    const struct job_facts *f = &job->facts;

    return (struct need){f->cores, f->gpus, f->exclusive || (f->nnodes > 0 && f->cores == 0)};
}

static uint32_t slots_in (const struct node *n, const struct rnode *have, uint32_t nfree,
                          const struct need *need)
{
    if (need->whole && nfree < n->ntotal)
        return 0;
    uint32_t slots = need->cores > 0 ? nfree / need->cores : nfree > 0;
    if (need->gpus > 0) {
        uint32_t by_gpu = bits_count (&have->gpus) / need->gpus;
        slots = by_gpu < slots ? by_gpu : slots;
    }
    return slots;
}

static void take_slots (struct node *n, const struct need *need, uint32_t slots,
                        struct rnode *taken)
{
    *taken = (struct rnode){.rank = n->all.rank};
    if (need->whole) {
        taken->cores = n->free.cores;
        taken->gpus = n->free.gpus;
        memset (&n->free.cores, 0, sizeof (n->free.cores));
        memset (&n->free.gpus, 0, sizeof (n->free.gpus));
        n->nfree = 0;
        return;
    }
    uint32_t cores = need->cores > 0 ? need->cores * slots : 0;
    bits_take (&n->free.cores, &taken->cores, cores);
    bits_take (&n->free.gpus, &taken->gpus, need->gpus * slots);
    n->nfree -= cores;
}

/* Choose nodes: so many slots on each of nnodes, or slots anywhere. picked NULL: only look whether
 * it fits. `ever`: on all that there is, else on what is free and up. */
static int find (struct sched *s, const struct job *job, bool ever, uint32_t *picked,
                 uint32_t *slots_of, size_t *npicked)
{
    const struct job_facts *f = &job->facts;
    struct need need = need_of (job);
    uint32_t per_node = f->nnodes > 0 ? (f->nslots > 0 ? f->nslots : 1) : 0;
    uint32_t missing = f->nnodes > 0 ? f->nnodes : f->nslots;
    size_t start = ever ? 0 : s->hint;

    *npicked = 0;
    for (size_t i = start; i < s->count && missing > 0; i++) {
        struct node *n = &s->nodes[i];
        if (!ever && (!n->up || n->nfree == 0)) {
            if (n->nfree == 0 && s->hint == i)
                s->hint = i + 1;
            continue;
        }
        uint32_t slots = ever ? slots_in (n, &n->all, n->ntotal, &need)
                              : slots_in (n, &n->free, n->nfree, &need);
        if (slots == 0 || (per_node > 0 && slots < per_node && !(need.whole && need.cores == 0)))
            continue;
        uint32_t use = per_node > 0 ? per_node : slots < missing ? slots : missing;
        if (picked) {
            picked[*npicked] = i;
            slots_of[*npicked] = use;
        }
        (*npicked)++;
        missing -= per_node > 0 ? 1 : use;
    }
    return missing == 0 ? 0 : -1;
}

int sched_feasible (struct sched *s, const struct job *job, flux_error_t *errp)
{
    size_t n;

    if (s->count == 0 || find (s, job, true, NULL, NULL, &n) == 0)
        return 0;
    errno = ENODEV;
    return errprintf (errp, "unsatisfiable request: there are not so many %s in this instance",
                      job->facts.gpus > 0 ? "nodes, cores or GPUs" : "nodes or cores");
}

static int hold (struct sched *s, uint64_t id, struct rnode *nodes, size_t count)
{
    struct held *h = calloc (1, sizeof (*h));

    if (!h)
        return -1;
    h->id = id;
    h->nodes = nodes;
    h->count = count;
    HASH_ADD (hh, s->held, id, sizeof (h->id), h);
    return 0;
}

static char *encode_nodelist (struct sched *s, const uint32_t *picked, size_t n)
{
    char *text = NULL;

    if (n == 1)
        return strdup (s->nodes[picked[0]].host ? s->nodes[picked[0]].host : "");
    struct hostlist *hl = hostlist_create ();
    for (size_t i = 0; hl && i < n; i++) {
        if (s->nodes[picked[i]].host)
            hostlist_append (hl, s->nodes[picked[i]].host);
    }
    text = hl ? hostlist_encode (hl) : NULL;
    hostlist_destroy (hl);
    return text;
}

static char *encode_ranks (const struct rnode *nodes, size_t n)
{
    char one[16];

    if (n == 1) {
        snprintf (one, sizeof (one), "%u", (unsigned)nodes[0].rank);
        return strdup (one);
    }
    struct idset *ids = idset_create (0, IDSET_FLAG_AUTOGROW);
    for (size_t i = 0; ids && i < n; i++)
        idset_set (ids, nodes[i].rank);
    char *text = ids ? idset_encode (ids, IDSET_FLAG_RANGE) : NULL;
    idset_destroy (ids);
    return text;
}

static int describe (struct sched *s, const struct job *job, double now, const uint32_t *picked,
                     const struct rnode *nodes, size_t n, struct sched_alloc *alloc)
{
    struct buf b = {0};

    alloc->nnodes = n;
    alloc->expiration = job->facts.duration > 0 ? now + job->facts.duration : 0.;
    alloc->nodelist = encode_nodelist (s, picked, n);
    alloc->ranks = encode_ranks (nodes, n);
    alloc->rank = calloc (n + 1, sizeof (alloc->rank[0]));
    rset_encode (&b, nodes, n, alloc->nodelist, now, alloc->expiration);
    alloc->R = buf_steal (&b, NULL);
    buf_clear (&b);
    if (!alloc->nodelist || !alloc->ranks || !alloc->rank || !alloc->R)
        return -1;
    for (size_t i = 0; i < n; i++) {
        alloc->rank[i] = nodes[i].rank;
        alloc->ncores += bits_count (&nodes[i].cores);
    }
    return 0;
}

int sched_alloc (struct sched *s, const struct job *job, double now, struct sched_alloc *alloc,
                 flux_error_t *errp)
{
    struct need need = need_of (job);
    uint32_t one[2], *picked = one;
    struct rnode *nodes = NULL;
    size_t n, most = job->facts.nnodes > 0 ? job->facts.nnodes : job->facts.nslots;

    most = most < s->count ? most : s->count;
    if (most > 1 && !(picked = malloc (2 * most * sizeof (*picked))))
        return errprintf (errp, "out of memory");
    uint32_t *slots_of = picked + (most > 1 ? most : 1);
    if (find (s, job, false, picked, slots_of, &n) < 0) {
        int rc = sched_feasible (s, job, errp);
        if (rc == 0)
            errno = EBUSY;
        goto error;
    }
    if (!(nodes = calloc (n, sizeof (*nodes))))
        goto error;
    for (size_t i = 0; i < n; i++)
        take_slots (&s->nodes[picked[i]], &need, slots_of[i], &nodes[i]);
    if (describe (s, job, now, picked, nodes, n, alloc) < 0 || hold (s, job->id, nodes, n) < 0) {
        errno = ENOMEM;
        errprintf (errp, "out of memory");
        sched_alloc_clear (alloc);
        for (size_t i = 0; i < n; i++) {
            struct node *node = &s->nodes[picked[i]];
            bits_add (&node->free.cores, &nodes[i].cores);
            bits_add (&node->free.gpus, &nodes[i].gpus);
            node->nfree = bits_count (&node->free.cores);
        }
        goto error;
    }
    if (picked != one)
        free (picked);
    return 0;
error:
    free (nodes);
    if (picked != one) {
        int saved_errno = errno;
        free (picked);
        errno = saved_errno;
    }
    return -1;
}

void sched_free (struct sched *s, uint64_t id)
{
    struct held *h;

    HASH_FIND (hh, s->held, &id, sizeof (id), h);
    if (!h)
        return;
    for (size_t i = 0; i < h->count; i++) {
        struct node *n = find_node (s, h->nodes[i].rank);
        if (n) {
            bits_add (&n->free.cores, &h->nodes[i].cores);
            bits_add (&n->free.gpus, &h->nodes[i].gpus);
            n->nfree = bits_count (&n->free.cores);
            if ((size_t)(n - s->nodes) < s->hint)
                s->hint = n - s->nodes;
        }
    }
    HASH_DEL (s->held, h);
    held_free (h);
}

int sched_adopt (struct sched *s, uint64_t id, const json_t *R, flux_error_t *errp)
{
    struct rset rs;

    if (rset_decode (&rs, R, errp) < 0)
        return -1;
    for (size_t i = 0; i < rs.count; i++)
        take (s, &rs.nodes[i]);
    if (hold (s, id, rs.nodes, rs.count) < 0) {
        rset_clear (&rs);
        return errprintf (errp, "out of memory");
    }
    rs.nodes = NULL;
    rset_clear (&rs);
    return 0;
}

enum which { WHICH_ALL, WHICH_DOWN, WHICH_ALLOCATED };

static json_t *status_R (struct sched *s, enum which which)
{
    struct hostlist *hl = hostlist_create ();
    struct rnode *nodes = calloc (s->count + 1, sizeof (*nodes));
    struct buf b = {0};
    size_t n = 0;

    for (size_t i = 0; i < s->count && nodes && hl; i++) {
        struct node *node = &s->nodes[i];
        struct rnode used = node->all;
        bits_subtract (&used.cores, &node->free.cores);
        bits_subtract (&used.gpus, &node->free.gpus);
        bool busy = bits_count (&used.cores) > 0;
        if ((which == WHICH_DOWN && node->up) || (which == WHICH_ALLOCATED && !busy))
            continue;
        nodes[n++] = which == WHICH_ALLOCATED ? used : node->all;
        if (node->host)
            hostlist_append (hl, node->host);
    }
    char *hosts = hl && n > 0 ? hostlist_encode (hl) : NULL;
    rset_encode (&b, nodes, n, hosts, 0., 0.);
    json_t *R = b.err ? NULL : json_loadb (b.data, b.len, 0, NULL);
    buf_clear (&b);
    free (hosts);
    free (nodes);
    hostlist_destroy (hl);
    return R;
}

json_t *sched_status (struct sched *s)
{
    return json_pack ("{s:o s:o s:o}", "all", status_R (s, WHICH_ALL), "down",
                      status_R (s, WHICH_DOWN), "allocated", status_R (s, WHICH_ALLOCATED));
}

void sched_alloc_clear (struct sched_alloc *alloc)
{
    int saved_errno = errno;

    free (alloc->R);
    free (alloc->ranks);
    free (alloc->nodelist);
    free (alloc->rank);
    *alloc = (struct sched_alloc){0};
    errno = saved_errno;
}

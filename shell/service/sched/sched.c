/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The matcher's translator on the instance side, see sched.h. */

#include <errno.h>
#include <flux/hostlist.h>
#include <flux/idset.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/match.h"
#include "lib/util/errprintf.h"
#include "shell/service/job_manager/job.h"
#include "shell/service/sched/ask.h"
#include "shell/service/sched/inventory.h"
#include "shell/service/sched/rset.h"
#include "shell/service/sched/sched.h"

#define RANKS_MAX (1u << 20)

struct rank_info {
    char *host;
    bool known; // in the present R
    bool up;
};

/* Most jobs ask for what others asked for before. */
#define FEASIBLE_CACHE 64

struct sched {
    struct job_facts feasible[FEASIBLE_CACHE]; // shapes that fit on these resources
    size_t nfeasible;
    struct graph *g;
    struct matcher *m;
    struct rank_info *ranks;
    size_t nranks;
    uint64_t *reserved; // ids with a reservation of this pass
    size_t nreserved, reserved_size;
};

struct sched *sched_create (const char *policy, flux_error_t *errp)
{
    struct sched *s = calloc (1, sizeof (*s));

    if (!s || !(s->g = graph_create ())) {
        errprintf (errp, "out of memory");
        sched_destroy (s);
        return NULL;
    }
    if (!(s->m = matcher_create (s->g, policy ? policy : "lonode", 0, errp))) {
        sched_destroy (s);
        return NULL;
    }
    return s;
}

void sched_destroy (struct sched *s)
{
    if (s) {
        int saved_errno = errno;
        matcher_destroy (s->m);
        graph_destroy (s->g);
        for (size_t i = 0; i < s->nranks; i++)
            free (s->ranks[i].host);
        free (s->ranks);
        free (s->reserved);
        free (s);
        errno = saved_errno;
    }
}

static void apply_status (struct sched *s, uint32_t rank)
{
    uint32_t node = inventory_node (s->g, rank);
    struct rank_info *ri = &s->ranks[rank];

    if (node != GRAPH_NONE)
        graph_set_status (s->g, node, ri->known && ri->up ? GRAPH_UP : GRAPH_DOWN);
}

static int grow_ranks (struct sched *s, size_t n)
{
    if (n <= s->nranks)
        return 0;
    if (n > RANKS_MAX) {
        errno = EINVAL;
        return -1;
    }
    struct rank_info *ranks = realloc (s->ranks, n * sizeof (*ranks));
    if (!ranks)
        return -1;
    for (size_t i = s->nranks; i < n; i++)
        ranks[i] = (struct rank_info){.up = true};
    s->ranks = ranks;
    s->nranks = n;
    return 0;
}

static int take_hosts (struct sched *s, struct rset *rs)
{
    for (size_t i = 0; i < s->nranks; i++)
        s->ranks[i].known = false;
    for (size_t i = 0; i < rs->count; i++) {
        uint32_t rank = rs->nodes[i].rank;
        if (grow_ranks (s, rank + 1) < 0)
            return -1;
        s->ranks[rank].known = true;
        if (rs->hosts) {
            free (s->ranks[rank].host);
            s->ranks[rank].host = rs->hosts[i];
            rs->hosts[i] = NULL;
        }
    }
    return 0;
}

int sched_set_resources (struct sched *s, const json_t *R, flux_error_t *errp)
{
    struct rset rs;

    if (rset_decode (&rs, R, errp) < 0)
        return -1;
    if (inventory_add (s->g, R, errp) < 0) {
        rset_clear (&rs);
        return -1;
    }
    int rc = take_hosts (s, &rs);
    rset_clear (&rs);
    if (rc < 0)
        return errprintf (errp, "out of memory");
    for (uint32_t rank = 0; rank < s->nranks; rank++)
        apply_status (s, rank);
    s->nfeasible = 0;
    return 0;
}

int sched_set_up (struct sched *s, const char *ranks, int up)
{
    struct idset *ids = idset_decode (ranks);

    if (!ids || idset_empty (ids) || grow_ranks (s, (size_t)idset_last (ids) + 1) < 0) {
        idset_destroy (ids);
        errno = EINVAL;
        return -1;
    }
    for (unsigned int r = idset_first (ids); r != IDSET_INVALID_ID; r = idset_next (ids, r)) {
        s->ranks[r].up = up;
        apply_status (s, r);
    }
    idset_destroy (ids);
    return 0;
}

static void ranks_of (const char *host, void (*found) (uint32_t rank, void *arg), void *arg,
                      void *data)
{
    struct sched *s = data;

    for (uint32_t rank = 0; rank < s->nranks; rank++) {
        if (s->ranks[rank].host && strcmp (s->ranks[rank].host, host) == 0)
            found (rank, arg);
    }
}

void sched_begin_pass (struct sched *s)
{
    for (size_t i = 0; i < s->nreserved; i++)
        matcher_cancel (s->m, s->reserved[i], NULL);
    s->nreserved = 0;
}

static int remember_reservation (struct sched *s, uint64_t id)
{
    if (s->nreserved == s->reserved_size) {
        size_t size = s->reserved_size ? s->reserved_size * 2 : 16;
        uint64_t *reserved = realloc (s->reserved, size * sizeof (*reserved));
        if (!reserved)
            return -1;
        s->reserved = reserved;
        s->reserved_size = size;
    }
    s->reserved[s->nreserved++] = id;
    return 0;
}

/* ---- from a result to R ---- */

static size_t collect (struct sched *s, const struct result *res, struct rnode *nodes)
{
    struct result_rank rr;
    size_t cursor = 0, n = 0;

    while (result_next_rank (res, s->g, &cursor, &rr)) {
        struct rnode *node = &nodes[n++];
        size_t ids = 0;
        int64_t id;
        *node = (struct rnode){.rank = rr.rank};
        while (result_next_id (res, s->g, rr.first, rr.count, "core", &ids, &id))
            bits_set (&node->cores, id);
        ids = 0;
        while (result_next_id (res, s->g, rr.first, rr.count, "gpu", &ids, &id))
            bits_set (&node->gpus, id);
    }
    return n;
}

static size_t count_ranks (struct sched *s, const struct result *res)
{
    struct result_rank rr;
    size_t cursor = 0, n = 0;

    while (result_next_rank (res, s->g, &cursor, &rr))
        n++;
    return n;
}

static int by_rank (const void *a, const void *b)
{
    const struct rnode *x = a, *y = b;
    return x->rank < y->rank ? -1 : x->rank > y->rank;
}

static char *encode_hosts (struct sched *s, const struct rnode *nodes, size_t n)
{
    if (n == 1)
        return strdup (s->ranks[nodes[0].rank].host ? s->ranks[nodes[0].rank].host : "");
    struct hostlist *hl = hostlist_create ();
    for (size_t i = 0; hl && i < n; i++) {
        if (s->ranks[nodes[i].rank].host)
            hostlist_append (hl, s->ranks[nodes[i].rank].host);
    }
    char *text = hl ? hostlist_encode (hl) : NULL;
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

static int describe (struct sched *s, const struct result *res, double duration, double now,
                     struct sched_alloc *alloc)
{
    size_t n = count_ranks (s, res);
    struct rnode one, *nodes = n > 1 ? calloc (n, sizeof (*nodes)) : &one;
    struct buf b = {0};

    if (!nodes)
        return -1;
    collect (s, res, nodes);
    if (n > 1)
        qsort (nodes, n, sizeof (*nodes), by_rank);
    alloc->nnodes = n;
    alloc->expiration = duration > 0 ? now + duration : 0.;
    alloc->nodelist = encode_hosts (s, nodes, n);
    alloc->ranks = encode_ranks (nodes, n);
    alloc->rank = calloc (n + 1, sizeof (alloc->rank[0]));
    rset_encode (&b, nodes, n, alloc->nodelist, now, alloc->expiration);
    alloc->R = buf_steal (&b, NULL);
    buf_clear (&b);
    for (size_t i = 0; alloc->rank && i < n; i++) {
        alloc->rank[i] = nodes[i].rank;
        alloc->ncores += bits_count (&nodes[i].cores);
    }
    if (nodes != &one)
        free (nodes);
    return alloc->nodelist && alloc->ranks && alloc->rank && alloc->R ? 0 : -1;
}

/* ---- requests ---- */

/* The part of the facts that says what is asked for. */
static struct job_facts shape_of (const struct job *job)
{
    const struct job_facts *f = &job->facts;

    return (struct job_facts){.nnodes = f->nnodes,
                              .nslots = f->nslots,
                              .cores = f->cores,
                              .gpus = f->gpus,
                              .exclusive = f->exclusive};
}

static bool same_shape (const struct job_facts *a, const struct job_facts *b)
{
    return a->nnodes == b->nnodes && a->nslots == b->nslots && a->cores == b->cores &&
           a->gpus == b->gpus && a->exclusive == b->exclusive;
}

static bool shape_is_all (const struct job *job)
{
    return job->live && !job->live->constraint && !job->live->request;
}

static bool known_feasible (struct sched *s, const struct job *job)
{
    struct job_facts shape = shape_of (job);
    size_t n = s->nfeasible < FEASIBLE_CACHE ? s->nfeasible : FEASIBLE_CACHE;

    for (size_t i = 0; i < n && shape_is_all (job); i++) {
        if (same_shape (&s->feasible[i], &shape))
            return true;
    }
    return false;
}

static void remember_feasible (struct sched *s, const struct job *job)
{
    if (shape_is_all (job))
        s->feasible[s->nfeasible++ % FEASIBLE_CACHE] = shape_of (job);
}

int sched_feasible (struct sched *s, const struct job *job, flux_error_t *errp)
{
    flux_error_t error;
    struct constraint_hosts hosts = {ranks_of, s};
    int rc = 0;

    if (graph_count (s->g) == 0 || known_feasible (s, job))
        return 0;
    struct request *req = ask_create (job, &hosts, errp);
    if (!req)
        return -1;
    if (matcher_match (s->m, req, MATCH_SATISFIABILITY, job->id, 0, NULL, NULL, &error) < 0) {
        errno = ENODEV;
        rc = errprintf (errp, "unsatisfiable request: %s", error.text);
    } else {
        remember_feasible (s, job);
    }
    int saved_errno = errno;
    request_destroy (req);
    errno = saved_errno;
    return rc;
}

int sched_alloc (struct sched *s, const struct job *job, double now, int reserve,
                 struct sched_alloc *alloc, double *start, flux_error_t *errp)
{
    const struct result *res;
    struct constraint_hosts hosts = {ranks_of, s};
    match_op_t op = reserve ? MATCH_ALLOCATE_ORELSE_RESERVE : MATCH_ALLOCATE_WITH_SATISFIABILITY;

    if (graph_count (s->g) == 0) {
        errno = EBUSY;
        return errprintf (errp, "there are no resources yet");
    }
    struct request *req = ask_create (job, &hosts, errp);
    if (!req)
        return -1;
    int rc = matcher_match (s->m, req, op, job->id, (int64_t)now, NULL, &res, errp);
    int saved_errno = errno;
    request_destroy (req);
    errno = saved_errno;
    if (rc < 0)
        return -1;
    if (res->reserved) {
        if (start)
            *start = res->at;
        if (remember_reservation (s, job->id) < 0)
            matcher_cancel (s->m, job->id, NULL);
        errno = EBUSY;
        return errprintf (errp, "the job is reserved");
    }
    if (describe (s, res, job->facts.duration, now, alloc) < 0) {
        sched_alloc_clear (alloc);
        matcher_cancel (s->m, job->id, NULL);
        errno = ENOMEM;
        return errprintf (errp, "out of memory");
    }
    return 0;
}

void sched_free (struct sched *s, uint64_t id)
{
    matcher_cancel (s->m, id, NULL);
}

void sched_set_expiration (struct sched *s, uint64_t id, double expiration)
{
    matcher_set_end (s->m, id, expiration > 0 ? (int64_t)ceil (expiration) : GRAPH_FOREVER, NULL);
}

static size_t adopt_type (struct sched *s, uint32_t node, const struct bits *ids, const char *type,
                          struct result_item *items)
{
    size_t n = 0;

    for (unsigned int i = 0; i < BITS_MAX; i++) {
        uint32_t v = bits_test (ids, i) ? inventory_child (s->g, node, type, i) : GRAPH_NONE;
        if (v != GRAPH_NONE)
            items[n++] = (struct result_item){.vertex = v, .needs = 1, .exclusive = 1};
    }
    return n;
}

int sched_adopt (struct sched *s, uint64_t id, const json_t *R, flux_error_t *errp)
{
    struct rset rs;
    double start = 0, expiration = 0;
    size_t n = 0, max = 0;

    if (rset_decode (&rs, R, errp) < 0)
        return -1;
    json_unpack ((json_t *)R, "{s:{s?F s?F}}", "execution", "starttime", &start, "expiration",
                 &expiration);
    for (size_t i = 0; i < rs.count; i++)
        max += bits_count (&rs.nodes[i].cores) + bits_count (&rs.nodes[i].gpus);
    struct result_item *items = calloc (max + 1, sizeof (*items));
    for (size_t i = 0; items && i < rs.count; i++) {
        uint32_t node = inventory_node (s->g, rs.nodes[i].rank);
        if (node == GRAPH_NONE)
            continue;
        n += adopt_type (s, node, &rs.nodes[i].cores, "core", items + n);
        n += adopt_type (s, node, &rs.nodes[i].gpus, "gpu", items + n);
    }
    rset_clear (&rs);
    int64_t duration =
        expiration > start ? (int64_t)ceil (expiration - start) : GRAPH_FOREVER - (int64_t)start;
    int rc = items
                 ? matcher_update (s->m, id, (int64_t)start, duration, false, items, n, NULL, errp)
                 : errprintf (errp, "out of memory");
    free (items);
    return rc;
}

/* ---- what is there, down, in use ---- */

enum which { WHICH_ALL, WHICH_DOWN, WHICH_ALLOCATED };

static void node_content (struct sched *s, uint32_t node, bool used_only, struct rnode *out)
{
    uint32_t n = graph_child_count (s->g, node);

    for (uint32_t i = 0; i < n; i++) {
        uint32_t v = graph_child (s->g, node, i);
        if (used_only && graph_used (s->g, v) == 0)
            continue;
        bits_set (strcmp (graph_type (s->g, v), "gpu") == 0 ? &out->gpus : &out->cores,
                  graph_id (s->g, v));
    }
}

static json_t *status_R (struct sched *s, enum which which)
{
    struct rnode *nodes = calloc (s->nranks + 1, sizeof (*nodes));
    struct buf b = {0};
    size_t n = 0;

    for (uint32_t rank = 0; nodes && rank < s->nranks; rank++) {
        struct rank_info *ri = &s->ranks[rank];
        uint32_t node = ri->known ? inventory_node (s->g, rank) : GRAPH_NONE;
        if (node == GRAPH_NONE || (which == WHICH_DOWN && ri->up) ||
            (which == WHICH_ALLOCATED && graph_njobs (s->g, node) == 0))
            continue;
        nodes[n] = (struct rnode){.rank = rank};
        node_content (s, node, which == WHICH_ALLOCATED, &nodes[n]);
        if (which != WHICH_ALLOCATED || bits_count (&nodes[n].cores) > 0)
            n++;
    }
    char *hosts = nodes && n > 0 ? encode_hosts (s, nodes, n) : NULL;
    rset_encode (&b, nodes, n, hosts, 0., 0.);
    json_t *R = b.err ? NULL : json_loadb (b.data, b.len, 0, NULL);
    buf_clear (&b);
    free (hosts);
    free (nodes);
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

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The matcher's translator on the instance side, see sched.h. */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/io/jobspec.h"
#include "lib/graph/io/load.h"
#include "lib/util/array_room.h"
#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"
#include "shell/service/sched/ask.h"
#include "shell/service/sched/grant.h"
#include "shell/service/sched/private.h"
#include "shell/service/sched/ranks.h"

#define LOAD_FILE_MAX (1u << 30)

static int load_file (struct sched *s, const struct sched_config *c, flux_error_t *errp)
{
    char *text = NULL;
    json_error_t error;
    flux_error_t why;
    ssize_t len = file_read_all (c->load_file, LOAD_FILE_MAX, &text);

    if (len < 0)
        return errprintf (errp, "%s: %s", c->load_file, strerror (errno));
    json_t *doc = json_loadb (text, len, 0, &error);
    free (text);
    if (!doc) {
        errno = EINVAL;
        return errprintf (errp, "%s: line %d: %s", c->load_file, error.line, error.text);
    }
    int rc = inventory_load (s->inv, doc, c->load_is_R, &why);
    json_decref (doc);
    return rc < 0 ? errprintf (errp, "%s: %s", c->load_file, why.text) : 0;
}

struct sched *sched_create (const struct sched_config *config, flux_error_t *errp)
{
    struct sched *s = calloc (1, sizeof (*s));

    if (!s || !(s->inv = inventory_create ()) || !(s->policies = policies_create ())) {
        errprintf (errp, "out of memory");
        sched_destroy (s);
        return NULL;
    }
    /* Users name nodes and cores, and not what lies between them. */
    int flags = MATCHER_THROUGH | (config->flexible ? MATCHER_FLEXIBLE : 0);
    s->flexible = config->flexible;
    if ((config->load_file && load_file (s, config, errp) < 0) ||
        !(s->m = matcher_create (inventory_graph (s->inv), config->match_policy, flags, errp)) ||
        sched_configure (s, config, errp) < 0) {
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
        inventory_destroy (s->inv);
        policies_destroy (s->policies);
        free (s->reserved);
        free (s);
        errno = saved_errno;
    }
}

int sched_configure (struct sched *s, const struct sched_config *config, flux_error_t *errp)
{
    char *before = strdup (policy_text (matcher_policy (s->m)));

    if (!before)
        return errprintf (errp, "out of memory");
    if (matcher_set_policy (s->m, config->match_policy, errp) < 0) {
        free (before);
        return -1;
    }
    if (config->prune && matcher_set_prune (s->m, config->prune, errp) < 0) {
        matcher_set_policy (s->m, before, NULL);
        free (before);
        return -1;
    }
    s->format = config->format;
    free (before);
    return 0;
}

int sched_set_end (struct sched *s, double end)
{
    if (end >= GRAPH_FOREVER)
        end = 0;
    int64_t limit = end > 0 ? (int64_t)ceil (end) : GRAPH_FOREVER;
    if (matcher_set_period (s->m, 0, limit, NULL) < 0)
        return -1;
    s->end = end > 0 ? end : 0;
    inventory_set_end (s->inv, s->end);
    s->nfeasible = 0;
    return 0;
}

int sched_set_resources (struct sched *s, const json_t *R, flux_error_t *errp)
{
    s->nfeasible = 0;
    if (inventory_set (s->inv, R, errp) < 0)
        return -1;
    sched_set_end (s, inventory_R (s->inv)->expiration);
    return 0;
}

int sched_set_up (struct sched *s, const char *ranks, int up)
{
    return inventory_set_up (s->inv, ranks, up);
}

void sched_begin_pass (struct sched *s)
{
    for (size_t i = 0; i < s->nreserved; i++)
        matcher_cancel (s->m, s->reserved[i], NULL);
    s->nreserved = 0;
}

static int remember_reservation (struct sched *s, uint64_t id)
{
    if (ARRAY_ROOM (s->reserved, s->nreserved, s->reserved_size, 16) < 0)
        return -1;
    s->reserved[s->nreserved++] = id;
    return 0;
}

struct request *sched_request (struct sched *s, const struct job *job, flux_error_t *errp)
{
    struct constraint_hosts hosts = inventory_hosts (s->inv);

    struct request *req = ask_create (job, &hosts, s->flexible, errp);
    if (req && request_fit_units (req, inventory_graph (s->inv), errp) < 0) {
        request_destroy (req);
        errno = EINVAL;
        return NULL;
    }
    return req;
}

int sched_policy_of (struct sched *s, const struct job *job, const struct policy **policy,
                     flux_error_t *errp)
{
    const char *text = job->live ? job->live->graph_policy : NULL;

    *policy = text ? policies_get (s->policies, text, errp) : NULL;
    return text && !*policy ? -1 : 0;
}

bool sched_is_empty (struct sched *s)
{
    return graph_count (inventory_graph (s->inv)) == 0 || !inventory_R (s->inv);
}

bool sched_with_graph (const struct sched *s)
{
    return s->format == SCHED_FORMAT_RV1 ||
           (s->format == SCHED_FORMAT_AUTO && inventory_is_rich (s->inv));
}

/* The end of a job that starts now. */
static double end_of (const struct sched *s, const struct job *job, double now)
{
    double end = job->facts.duration > 0 ? now + job->facts.duration : 0.;

    return s->end > 0 && (end == 0 || end > s->end) ? s->end : end;
}

static int match (struct sched *s, const struct job *job, double now, int reserve,
                  const struct result **res, flux_error_t *errp)
{
    match_op_t op = reserve ? MATCH_ALLOCATE_ORELSE_RESERVE : MATCH_ALLOCATE_WITH_SATISFIABILITY;
    double end = end_of (s, job, now);
    const struct policy *policy;
    struct request *req;

    if (sched_policy_of (s, job, &policy, errp) < 0 || !(req = sched_request (s, job, errp)))
        return -1;
    if (job->facts.duration > 0 && end - now < req->duration)
        req->duration = end - now > 1. ? end - now : 1.;
    int rc = matcher_match (s->m, req, op, job->id, (int64_t)now, policy, res, errp);
    int saved_errno = errno;
    request_destroy (req);
    errno = saved_errno;
    return rc;
}

int sched_alloc (struct sched *s, const struct job *job, double now, int reserve,
                 struct sched_alloc *alloc, double *start, flux_error_t *errp)
{
    struct grant grant = {
        .inv = s->inv, .job = job, .start = now, .expiration = end_of (s, job, now)};

    if (sched_is_empty (s)) {
        errno = EBUSY;
        return errprintf (errp, "there are no resources yet");
    }
    if (match (s, job, now, reserve, &grant.res, errp) < 0)
        return -1;
    if (grant.res->reserved) {
        if (start)
            *start = grant.res->at;
        if (remember_reservation (s, job->id) < 0)
            matcher_cancel (s->m, job->id, NULL);
        errno = EBUSY;
        return errprintf (errp, "the job is reserved");
    }
    grant.with_graph = sched_with_graph (s);
    if (grant_describe (&grant, alloc) < 0) {
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
    inventory_sweep (s->inv);
}

void sched_free_ranks (struct sched *s, uint64_t id, const struct idset *ranks)
{
    int64_t *list = calloc (idset_count (ranks) + 1, sizeof (*list));
    size_t n = 0;
    bool full;

    for (unsigned int r = list ? idset_first (ranks) : IDSET_INVALID_ID; r != IDSET_INVALID_ID;
         r = idset_next (ranks, r))
        list[n++] = r;
    if (n > 0)
        matcher_cancel_ranks (s->m, id, list, n, &full, NULL);
    free (list);
    inventory_sweep (s->inv);
}

void sched_set_expiration (struct sched *s, uint64_t id, double expiration)
{
    matcher_set_end (s->m, id, expiration > 0 ? (int64_t)ceil (expiration) : GRAPH_FOREVER, NULL);
}

/* By its graph, if that is one of ours; else by ranks, cores and GPUs. */
static int items_of (struct sched *s, const json_t *R, const struct rv1 *rs,
                     struct result_item **items, size_t *count, flux_error_t *errp)
{
    struct graph *g = inventory_graph (s->inv);

    if (rs->scheduling && load_jgf_items (g, R, false, items, count, NULL) == 0)
        return 0;
    return ranks_items (g, rs, items, count) < 0 ? errprintf (errp, "out of memory") : 0;
}

static int adopt (struct sched *s, uint64_t id, const json_t *R, const struct rv1 *rs,
                  flux_error_t *errp)
{
    struct result_item *items = NULL;
    size_t count = 0;
    int rc = -1;

    if (items_of (s, R, rs, &items, &count, errp) == 0) {
        int64_t start = (int64_t)rs->starttime;
        int64_t end =
            rs->expiration > rs->starttime ? (int64_t)ceil (rs->expiration) : GRAPH_FOREVER;
        rc = matcher_update (s->m, id, start, end - start, false, items, count, NULL, errp);
    }
    int saved_errno = errno;
    free (items);
    errno = saved_errno;
    return rc;
}

int sched_take (struct sched *s, uint64_t id, const char *R, size_t len, struct sched_alloc *alloc,
                flux_error_t *errp)
{
    json_t *o = json_loadb (R, len, 0, NULL);
    struct rv1 *rs = rv1_from_json (o, errp);
    int rc = -1;

    if (rs && adopt (s, id, o, rs, errp) == 0) {
        alloc->expiration = rs->expiration;
        alloc->R = strndup (R, len);
        if (grant_list (rs, alloc) == 0 && alloc->R)
            rc = 0;
        else
            matcher_cancel (s->m, id, NULL);
    }
    rv1_destroy (rs);
    json_decref (o);
    return rc;
}

json_t *sched_status (struct sched *s)
{
    const struct rv1 *all = inventory_R (s->inv);
    struct rv1 *none = all ? NULL : rv1_create ();
    struct rv1 *down = inventory_down (s->inv), *allocated = inventory_allocated (s->inv);
    json_t *o = NULL;

    if ((all || none) && down && allocated)
        o = json_pack ("{s:o s:o s:o}", "all", rv1_to_json (all ? all : none), "down",
                       rv1_to_json (down), "allocated", rv1_to_json (allocated));
    rv1_destroy (none);
    rv1_destroy (down);
    rv1_destroy (allocated);
    return o;
}

void sched_alloc_clear (struct sched_alloc *alloc)
{
    int saved_errno = errno;

    free (alloc->R);
    free (alloc->ranks);
    free (alloc->nodelist);
    free (alloc->summary);
    free (alloc->rank);
    *alloc = (struct sched_alloc){0};
    errno = saved_errno;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Could a job ever run? */

#include <errno.h>

#include "lib/util/errprintf.h"
#include "shell/service/sched/private.h"
#include "shell/service/sched/why.h"

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

int sched_say_why (struct sched *s, const struct job *job, const struct request *req,
                   const flux_error_t *error, flux_error_t *errp)
{
    struct buf b = {0};

    why_never (s->inv, job, req, &b);
    errprintf (errp, "unsatisfiable request: %s", b.len > 0 && !b.err ? b.data : error->text);
    buf_clear (&b);
    errno = ENODEV;
    return -1;
}

int sched_feasible (struct sched *s, const struct job *job, flux_error_t *errp)
{
    const struct policy *policy;
    flux_error_t error;
    int rc = 0;

    if (sched_policy_of (s, job, &policy, errp) < 0)
        return -1;
    if (sched_is_empty (s) || known_feasible (s, job))
        return 0;
    struct request *req = sched_request (s, job, errp);
    if (!req)
        return -1;
    if (matcher_match (s->m, req, MATCH_SATISFIABILITY, job->id, 0, policy, NULL, &error) < 0) {
        rc = sched_say_why (s, job, req, &error, errp);
    } else {
        remember_feasible (s, job);
    }
    int saved_errno = errno;
    request_destroy (req);
    errno = saved_errno;
    return rc;
}

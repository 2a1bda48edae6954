/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Looking at the book, and checking it against the graph. */

#include <errno.h>
#include <stdlib.h>

#include "lib/graph/match_priv.h"
#include "lib/util/errprintf.h"

static void describe (const struct job *job, struct match_job *out)
{
    *out = (struct match_job){.id = job->id,
                              .at = job->at,
                              .end = job->end,
                              .reserved = job->reserved,
                              .items = job->items,
                              .count = job->count};
}

int matcher_job (const struct matcher *m, uint64_t jobid, struct match_job *out)
{
    const struct job *job = jobs_find (m, jobid);
    if (!job) {
        errno = ENOENT;
        return -1;
    }
    describe (job, out);
    return 0;
}

bool matcher_next_job (struct matcher *m, size_t *cursor, struct match_job *out)
{
    if (*cursor >= m->njobs)
        return false;
    describe (m->job[(*cursor)++], out);
    return true;
}

size_t matcher_job_count (const struct matcher *m)
{
    return m->njobs;
}

static const struct result_item *job_item (const struct matcher *m, const struct job *job,
                                           uint32_t v)
{
    uint32_t i = job_bound (m, job, m->g->v[v].pos);
    bool found = i < job->count && job->items[i].vertex == v;
    return found ? &job->items[i] : NULL;
}

const struct result_item *matcher_job_item (const struct matcher *m, uint64_t jobid, uint32_t v)
{
    const struct job *job = jobs_find (m, jobid);
    return job ? job_item (m, job, v) : NULL;
}

bool matcher_job_holds (const struct matcher *m, uint64_t jobid, uint32_t v)
{
    return matcher_job_item (m, jobid, v) != NULL;
}

int matcher_check (struct matcher *m, flux_error_t *errp)
{
    char name[64];
    time_home (m);
    if (graph_check (m->g, errp) < 0)
        return -1;
    uint64_t *sum = calloc (2 * (size_t)m->g->nv + 1, sizeof (*sum));
    if (!sum)
        return errprintf (errp, "out of memory");
    int rc = 0;
    for (size_t i = 0; i < m->njobs; i++)
        for (uint32_t k = 0; !m->job[i]->reserved && k < m->job[i]->count; k++) {
            const struct result_item *item = &m->job[i]->items[k];
            sum[2 * item->vertex] += item->exclusive ? item->needs : 0;
            sum[2 * item->vertex + 1]++;
        }
    for (uint32_t v = 0; v < m->g->nv && rc == 0; v++)
        if (sum[2 * v] != m->g->v[v].used || sum[2 * v + 1] != m->g->v[v].njobs) {
            errno = EINVAL;
            rc = errprintf (errp, "%s: %u used by %u jobs, the book says %llu by %llu",
                            graph_say (m->g, v, name, sizeof (name)), m->g->v[v].used,
                            m->g->v[v].njobs, (unsigned long long)sum[2 * v],
                            (unsigned long long)sum[2 * v + 1]);
        }
    free (sum);
    return rc;
}

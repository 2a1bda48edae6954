/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * As if some jobs were gone, for a while. What is left of the nodes follows at once; the matcher,
 * for which each job is work, learns of it only when it is asked. */

#include "select_graph/site_priv.h"

void site_lift (struct site *site, uint32_t id)
{
    struct site_job *job = site_find_job (site, id);

    if (!job || job->lifted)
        return;
    job->lifted = true;
    site_claim (site, job, false);
    site->nlifted++;
}

void site_lower (struct site *site, uint32_t id, int64_t now)
{
    struct site_job *job = site_find_job (site, id);

    if (!job || !job->lifted)
        return;
    job->lifted = false;
    site_claim (site, job, true);
    if (job->away)
        site_enter (site, job, now);
    else
        site->nlifted--;
    job->away = false;
}

void site_settle (struct site *site)
{
    for (struct site_job *job = site->jobs; job && site->nlifted > 0; job = job->hh.next)
        if (job->lifted && !job->away) {
            job->away = true;
            site->nlifted--;
            site_leave (site, job, 0);
        }
}

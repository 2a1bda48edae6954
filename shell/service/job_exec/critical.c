/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Which of a job's shells it cannot do without. All, unless the job says otherwise: an instance
 * does (broker.critical-ranks). */

#include <errno.h>

#include <flux/request.h>

#include "shell/service/job_exec/critical.h"
#include "shell/service/job_exec/private.h"

bool job_exec_is_critical (const struct job_exec *e, uint64_t id, uint32_t rank)
{
    struct running_job *job = exec_lookup (e, id);
    struct shell *sh = job && job->critical ? exec_find_shell (job, rank) : NULL;

    return !sh || idset_test (job->critical, sh - job->shells);
}

/* job-exec.critical-ranks {"id","ranks"}: the job can do without all shells but these. */
void critical_ranks_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    json_int_t id;
    const char *ranks;
    struct running_job *job;
    struct idset *ids;

    if (flux_request_unpack (msg, NULL, "{s:I s:s}", "id", &id, "ranks", &ranks) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if (!(job = exec_lookup (arg, id))) {
        router_respond_error (rt, msg, ENOENT, "the job is not running");
    } else if (flux_msg_authorize (msg, job->userid) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if (!(ids = idset_decode (ranks))) {
        router_respond_error (rt, msg, EINVAL, "ranks is not an idset");
    } else {
        idset_destroy (job->critical);
        job->critical = ids;
        router_respond (rt, msg, NULL);
    }
}

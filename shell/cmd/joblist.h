/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Asking job-list (RFC 43) for jobs. */

#ifndef FLUX_CMD_JOBLIST_H
#define FLUX_CMD_JOBLIST_H

#include <jansson.h>
#include <stdint.h>
#include <flux/core.h>
#include <flux/job.h>
#include <flux/job_client.h>

struct joblist_query {
    int states;  // FLUX_JOB_STATE_* or'ed, 0: any
    int results; // FLUX_JOB_RESULT_* or'ed: jobs that match states or results
    uint32_t userid;
    const char *name;   // NULL: any
    json_t *queues;     // array of strings, NULL: any; borrowed
    json_t *constraint; // further RFC 31 constraint, NULL: none; borrowed
    int max_entries;    // 0: all
    double since;       // inactive since, 0: ever
};

/* "pending,failed,..." into states and results. */
int joblist_parse_filter (struct joblist_query *q, const char *text, flux_error_t *errp);

/* The payload of job-list.list; attrs is taken over. */
json_t *joblist_request (const struct joblist_query *q, json_t *attrs);

/* The array of jobs; attrs is taken over. NULL with errno and sentence. */
json_t *joblist_query (flux_t *h, const struct joblist_query *q, json_t *attrs, flux_error_t *errp);

/* Jobs by id, all asked for at once. Those that are not found are told to `missing`. */
json_t *joblist_by_id (flux_t *h, const flux_jobid_t *ids, size_t count, json_t *attrs,
                       void (*missing) (size_t index, int errnum, const char *text, void *arg),
                       void *arg);

/* Count of jobs by state, summed over `queues` (NULL: all). */
struct joblist_stats {
    int pending, running, active, inactive, total;
    int successful, failed, canceled, timeout, purged; // failed: all that were not successful
};
int joblist_stats (flux_t *h, const json_t *queues, struct joblist_stats *stats,
                   flux_error_t *errp);

#endif /* !FLUX_CMD_JOBLIST_H */

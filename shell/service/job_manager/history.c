/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* job-manager.history.get: ids of a user's jobs, the newest first (flux job last). The table of
 * jobs is in the order in which they came; what is asked for is reached from its nearer end, so
 * that the last ones cost the same whatever came before them. */

#include <errno.h>

#include <flux/request.h>

#include "shell/service/job_manager/private.h"
#include "shell/service/job_manager/slice.h"

/* A job and how many are newer. */
struct place {
    struct job *job;
    long index;
};

static struct place newest (const struct job_manager *jm)
{
    UT_hash_table *table = jm->jobs->hh.tbl;

    return (struct place){ELMT_FROM_HH (table, table->tail), 0};
}

static struct place oldest (const struct job_manager *jm, long count)
{
    return (struct place){jm->jobs, count - 1};
}

/* Steps from `from` towards the given index. */
static struct place go (struct place from, long index)
{
    for (; from.index < index; from.index++)
        from.job = from.job->hh.prev;
    for (; from.index > index; from.index--)
        from.job = from.job->hh.next;
    return from;
}

static json_t *list_ids (const struct job_manager *jm, long count, const struct slice *part)
{
    json_t *ids = json_array ();

    if (part->count == 0)
        return ids;
    struct place p = go (part->start < count / 2 ? newest (jm) : oldest (jm, count), part->start);
    for (size_t i = 0; i < part->count; i++) {
        p = go (p, part->start + (long)i * part->step);
        json_array_append_new (ids, json_integer ((json_int_t)p.job->id));
    }
    return ids;
}

void history_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    int userid = -1;
    const char *text = "[:]";
    struct slice part = {0};
    uint32_t of = request_sender (msg);

    if (flux_request_unpack (msg, NULL, "{s?i s?s}", "userid", &userid, "slice", &text) == 0 &&
        userid != -1)
        of = userid;
    size_t count = of == jm->owner ? HASH_COUNT (jm->jobs) : 0; // all jobs are the owner's
    if (flux_msg_authorize (msg, of) < 0)
        router_respond_error (rt, msg, EPERM, NULL);
    else if (slice_parse (&part, text, count) < 0)
        router_respond_error (rt, msg, EINVAL, "slice is not [start:stop[:step]]");
    else
        router_respond_pack (rt, msg, "{s:o}", "jobs", list_ids (jm, (long)count, &part));
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * When running jobs end. The plugin beneath finds the start of a job that waits by letting the
 * running ones end one after the other, a test after every few of them; the graph knows already
 * after which of them it is worth while. So those in the way of its choice get one end, the last of
 * all, for the time of the call: one test beneath instead of many. job_test is called with the job
 * write lock held, so nobody sees it. */

#include "select_graph/attempt.h"

struct moved {
    job_record_t *job;
    time_t end;
};

void attempt_read_ends (struct attempt *a)
{
    struct site *site = a->c->site;
    void *cursor = NULL;
    uint32_t id;

    if (a->c->ends_read == a->now)
        return;
    a->c->ends_read = a->now;
    while (site_next_job (site, &cursor, &id)) {
        const job_record_t *job = find_job_record (id);

        if (job)
            site_set_end (site, id, a->now, job->end_time);
    }
}

static bool is_in_the_way (const struct attempt *a, uint32_t id)
{
    const uint32_t *nodes;
    size_t n = site_nodes (a->c->site, id, &nodes);

    for (size_t i = 0; i < n; i++)
        if (bit_test (a->test->nodes, nodes[i]))
            return true;
    return false;
}

/* As many as *n jobs whose ends are moved */
static struct moved *move_ends (struct attempt *a, int64_t at, size_t *n)
{
    struct moved *list = xcalloc (site_job_count (a->c->site) + 1, sizeof (*list));
    void *cursor = NULL;
    uint32_t id;

    *n = 0;
    while (site_next_job (a->c->site, &cursor, &id)) {
        job_record_t *job;

        if (!is_in_the_way (a, id) || !(job = find_job_record (id)) || job->end_time >= at)
            continue;
        list[(*n)++] = (struct moved){job, job->end_time};
        job->end_time = at;
    }
    return list;
}

int attempt_offer_later (struct attempt *a, const struct site_choice *choice)
{
    struct moved *list = NULL;
    size_t n = 0;
    int rc;

    attempt_set_nodes (a, choice);
    if (choice->at > a->now && !api_has_window (a->test))
        list = move_ends (a, choice->at, &n);
    rc = attempt_offer (a, choice);
    while (n-- > 0)
        list[n].job->end_time = list[n].end;
    xfree (list);
    return rc;
}

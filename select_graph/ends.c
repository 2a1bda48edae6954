/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * When running jobs end. Where the graph counts all that a job asks for, it knows when the job
 * starts, and the plugin beneath is asked only whether the nodes can have it at all. Else that one
 * finds the start by letting the running jobs end one after the other, a test after every few of
 * them; the graph knows already after which of them it is worth while. So those in the way of its
 * choice get one end, the last of all, for the time of the call: one test beneath instead of many.
 * job_test is called with the job write lock held, so nobody sees it. */

#include "select_graph/attempt.h"

struct moved {
    job_record_t *job;
    time_t end;
};

/* Jobs, and their ends as they were or as they are to be */
struct moved_jobs {
    struct moved *list;
    size_t n, room;
};

static void add_moved (struct moved_jobs *m, job_record_t *job, time_t end)
{
    if (m->n == m->room) {
        m->room = m->room ? 2 * m->room : 16;
        xrecalloc (m->list, m->room, sizeof (*m->list));
    }
    m->list[m->n++] = (struct moved){job, end};
}

void attempt_read_ends (struct attempt *a)
{
    struct moved_jobs moved = {.n = 0};
    size_t cursor = 0;
    uint32_t id;
    int64_t end;

    if (a->c->ends_read == a->now)
        return;
    a->c->ends_read = a->now;
    while (site_next_end (a->c->site, &cursor, &id, &end)) {
        job_record_t *job = find_job_record (id);

        if (job && job->end_time != end)
            add_moved (&moved, job, job->end_time);
    }
    for (size_t i = 0; i < moved.n; i++)
        site_set_end (a->c->site, moved.list[i].job->job_id, a->now, moved.list[i].end);
    xfree (moved.list);
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

static void move_ends (struct attempt *a, int64_t at, struct moved_jobs *m)
{
    size_t cursor = 0;
    uint32_t id;
    int64_t end;

    while (site_next_end (a->c->site, &cursor, &id, &end) && end < at) {
        job_record_t *job;

        if (is_in_the_way (a, id) && (job = find_job_record (id)) && job->end_time < at) {
            add_moved (m, job, job->end_time);
            job->end_time = at;
        }
    }
}

/* Does the job start then, if its nodes can have it at all? */
static bool is_certain (const struct attempt *a, const struct site_choice *choice)
{
    return choice->at > a->now && a->known && a->want.known && attempt_is_plain (a) &&
           site_is_uniform (a->c->site) && site_is_complete (a->c->site) &&
           !api_has_window (a->test);
}

/* As Slurm counts them for limits: those of whole nodes, or what it asks for */
static uint32_t cpus_of (const struct attempt *a, const struct site_choice *choice)
{
    uint32_t cpus = 0;

    for (size_t i = 0; a->want.whole && i < choice->n; i++)
        cpus += node_record_table_ptr[choice->nodes[i]]->cpus_efctv;
    return MAX (cpus, MAX (a->test->job->details->min_cpus, choice->n));
}

/* Nothing but its jobs keeps the nodes from this one, and the graph knows when these end: no need
 * to let them end one by one to find the same time, which is work for each job that runs. */
static int offer_certain (struct attempt *a, const struct site_choice *choice)
{
    struct api_test *t = a->test;
    uint16_t mode = t->mode;
    int rc;

    t->mode = (mode & ~SELECT_MODE_BASE) | SELECT_MODE_TEST_ONLY;
    rc = attempt_offer (a, choice);
    t->mode = mode;
    if (rc != SLURM_SUCCESS)
        return rc;
    t->job->start_time = choice->at;
    t->job->total_cpus = cpus_of (a, choice);
    return rc;
}

int attempt_offer_later (struct attempt *a, const struct site_choice *choice)
{
    struct moved_jobs moved = {.n = 0};
    int rc;

    if (is_certain (a, choice))
        return offer_certain (a, choice);
    attempt_set_nodes (a, choice);
    if (choice->at > a->now && !api_has_window (a->test))
        move_ends (a, choice->at, &moved);
    rc = attempt_offer (a, choice);
    while (moved.n-- > 0)
        moved.list[moved.n].job->end_time = moved.list[moved.n].end;
    xfree (moved.list);
    return rc;
}

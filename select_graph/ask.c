/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * How the plugin beneath is asked, so that it does no more than what its answer depends on. Its
 * answers are the same; the job is as it was afterwards. job_test is called with the job write lock
 * held, so nobody sees it. */

#include "select_graph/attempt.h"

#include "select_graph/facts.h"

enum { MANY = 64 }; // nodes

/* select/cons_tres copies the cores in use of the job's partition, those of all its nodes however
 * few it is asked about, and looks at the copy for CPU limits of the partition and where sockets
 * are given as a whole. */
static bool needs_partition (const job_record_t *job)
{
    const part_record_t *part = job->part_ptr;

    return !part || api_limits_cpus (part) ||
           ((slurm_conf.select_type_param | part->cr_type) & API_CR_SOCKET);
}

/* It looks for the job's partition also when idle cores are too few, where jobs can share cores or
 * nodes are given as a whole, or jobs be preempted; and remembers the one of the last job with
 * GRES. */
bool attempt_is_plain (const struct attempt *a)
{
    const job_record_t *job = a->test->job;

    return !needs_partition (job) && job->part_ptr->max_share == 1 && !facts_may_share (job) &&
           !job->gres_list_req && !a->test->candidates &&
           (a->test->mode & SELECT_MODE_BASE) != SELECT_MODE_TEST_ONLY;
}

int attempt_ask_beneath (struct attempt *a)
{
    job_record_t *job = a->test->job;
    part_record_t *part = job->part_ptr, *own = NULL;
    int rc;

    if (attempt_is_plain (a)) { // as if it were alone in its partition
        own = xmalloc (xsize (part));
        memcpy (own, part, xsize (part));
        job->part_ptr = own;
    }
    rc = API_JOB_TEST_CALL (a->c->beneath->job_test, a->test);
    job->part_ptr = part;
    xfree (own);
    return rc;
}

/* As if the job had named the nodes: then the plugin beneath does not weigh thousands of them
 * against each other to find that it takes all. */
int attempt_ask_with_names (struct attempt *a, size_t n)
{
    api_details_t *d = a->test->job->details;
    bitstr_t *named = d->req_node_bitmap, *all = NULL;
    int rc;

    if (n >= MANY && bit_set_count (a->test->nodes) <= (int64_t)a->test->max_nodes)
        d->req_node_bitmap = all = bit_copy (a->test->nodes);
    rc = attempt_ask_beneath (a);
    d->req_node_bitmap = named;
    FREE_NULL_BITMAP (all);
    return rc;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * What a job brings with it: its policy, and its own request to the graph. */

#include "select_graph/attempt.h"

#include "select_graph/facts.h"

static struct policy *find_policy (const struct chooser *c, const job_record_t *job)
{
    const char *text = facts_option (job, "GRAPH_POLICY");
    flux_error_t why;
    struct policy *policy;

    if (!text)
        text = graph_conf_policy (c->conf, job->part_ptr ? job->part_ptr->name : NULL,
                                  job->qos_ptr ? job->qos_ptr->name : NULL);
    if (!(policy = policy_create (text, &why)))
        debug ("select/graph: %pJ: policy %s: %s", job, text, why.text);
    return policy;
}

/* A job that has named all the nodes it can have is asked about no others. */
static void keep_named (struct attempt *a, const struct api_test *test)
{
    bitstr_t *named = test->job->details->req_node_bitmap;

    a->named = named ? bit_set_count (named) : 0;
    if (a->named == 0 || a->named < test->max_nodes)
        return;
    bit_and (test->nodes, named);
}

void attempt_init (struct attempt *a, struct chooser *c, struct api_test *test)
{
    const char *request = facts_option (test->job, "GRAPH_REQUEST");

    *a = (struct attempt){.c = c, .test = test, .now = time (NULL)};
    keep_named (a, test);
    a->all = bit_copy (test->nodes);
    a->left = bit_copy (test->nodes);
    a->policy = find_policy (c, test->job);
    if (request && !(a->resources = json_loads (request, 0, NULL)))
        error ("select/graph: %pJ: GRAPH_REQUEST is not JSON", test->job);
    a->strict = a->resources != NULL;
}

void attempt_clear (struct attempt *a)
{
    FREE_NULL_BITMAP (a->all);
    FREE_NULL_BITMAP (a->left);
    json_decref (a->resources);
    policy_destroy (a->policy);
}

void attempt_restore_nodes (struct attempt *a)
{
    bit_or (a->test->nodes, a->all);
}

int attempt_ask_beneath (struct attempt *a)
{
    return API_JOB_TEST_CALL (a->c->beneath->job_test, a->test);
}

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

/* "4" of an integer, or what a range begins with */
static uint64_t count_of (const json_t *resource)
{
    const json_t *count = json_object_get (resource, "count");

    if (json_is_object (count))
        count = json_object_get (count, "min");
    return json_is_integer (count) && json_integer_value (count) > 0 ? json_integer_value (count)
                                                                     : 1;
}

uint64_t attempt_nodes_asked (const json_t *resources)
{
    uint64_t sum = 0;
    size_t i;
    json_t *r;

    json_array_foreach (resources, i, r)
    {
        const char *type = json_string_value (json_object_get (r, "type"));
        bool node = type && strcmp (type, "node") == 0;

        sum += count_of (r) * (node ? 1 : attempt_nodes_asked (json_object_get (r, "with")));
    }
    return sum;
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

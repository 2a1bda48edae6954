/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Reads job and node records for the graph. What it can't express it leaves to the plugin beneath.
 */

#include "select_graph/decide.h"

static void log_failure (const char *what, const flux_error_t *why)
{
    error ("select/graph: %s: %s", what, why->text);
}

struct site *decide_make_site (const char *policy)
{
    flux_error_t why;
    struct site *site = site_create (&why);
    node_record_t *node;

    for (int i = 0; site && (node = next_node (&i)); i++) {
        if (site_add_node (site, i, node->name, node->tot_cores, node->config_ptr->feature, &why) <
            0)
            goto fail;
    }
    if (site && site_ready (site, policy, &why) == 0)
        return site;
fail:
    log_failure ("making the graph of slurm.conf's nodes", &why);
    site_destroy (site);
    return NULL;
}

static bool is_set (uint16_t n)
{
    return n != 0 && n != NO_VAL16 && n != INFINITE16;
}

/* Requests about sockets, threads and the like */
static bool has_details (const multi_core_data_t *mc)
{
    return mc && (is_set (mc->ntasks_per_socket) || is_set (mc->ntasks_per_core) ||
                  is_set (mc->sockets_per_node) || is_set (mc->cores_per_socket) ||
                  is_set (mc->threads_per_core));
}

bool decide_can (const job_record_t *job, uint32_t min_nodes, uint32_t max_nodes)
{
    const struct job_details *d = job->details;

    return job->job_id != 0 && job->part_ptr && min_nodes > 0 && min_nodes <= max_nodes &&
           d->whole_node <= 1 && !d->req_node_bitmap && !d->feature_list && !d->contiguous &&
           !d->expanding_jobid && d->core_spec == NO_VAL16 && !d->overcommit &&
           !job->gres_list_req && !job->req_switch && !job->resv_name && !has_details (d->mc_ptr);
}

static uint32_t divide_up (uint32_t a, uint32_t b)
{
    return (a + b - 1) / b;
}

/* Cores on each node; all nodes are taken to have the threads of the first. */
static uint32_t cores_wanted (const job_record_t *job, uint32_t nodes, uint32_t threads)
{
    const struct job_details *d = job->details;
    uint32_t per_task = d->cpus_per_task ? d->cpus_per_task : 1;
    uint32_t cpus = divide_up (d->min_cpus, nodes);

    if (d->num_tasks && d->num_tasks != NO_VAL)
        cpus = MAX (cpus, divide_up (d->num_tasks, nodes) * per_task);
    if (d->pn_min_cpus != NO_VAL)
        cpus = MAX (cpus, d->pn_min_cpus);
    return MAX (divide_up (cpus, MAX (threads, 1)), 1);
}

static size_t get_ranges (bitstr_t *nodes, struct site_range *ranges)
{
    size_t n = 0;

    for (int64_t i = bit_ffs (nodes); i >= 0 && i < bit_size (nodes); i++) {
        if (!bit_test (nodes, i))
            continue;
        if (n > 0 && ranges[n - 1].last + 1 == i)
            ranges[n - 1].last = i;
        else
            ranges[n++] = (struct site_range){i, i};
    }
    return n;
}

bitstr_t *decide_nodes (struct site *site, const job_record_t *job, bitstr_t *nodes,
                        uint32_t min_nodes, uint32_t req_nodes)
{
    struct site_request want = {.nodes = MAX (min_nodes, req_nodes),
                                .whole = job->details->whole_node == 1};
    int64_t first = bit_ffs (nodes);
    bitstr_t *narrow = NULL;
    struct site_range *ranges;
    uint32_t *chosen;
    flux_error_t why;

    if (first < 0 || want.nodes > (uint32_t)bit_set_count (nodes))
        return NULL;
    want.cores = cores_wanted (job, want.nodes, node_record_table_ptr[first]->tpc);
    ranges = xcalloc (bit_set_count (nodes), sizeof (*ranges));
    chosen = xcalloc (want.nodes, sizeof (*chosen));
    if (site_choose (site, &want, ranges, get_ranges (nodes, ranges), chosen, &why) == 0) {
        narrow = bit_alloc (bit_size (nodes));
        for (uint32_t i = 0; i < want.nodes; i++)
            bit_set (narrow, chosen[i]);
    } else
        debug2 ("select/graph: %pJ: %s", job, why.text);
    xfree (ranges);
    xfree (chosen);
    return narrow;
}

/* job_resources has one bit per core of the job's nodes, in the order of the node table. */
static size_t get_cores (const job_resources_t *res, struct site_core *cores)
{
    size_t n = 0;
    int64_t bit = 0;

    for (int64_t i = bit_ffs (res->node_bitmap); i >= 0 && i < bit_size (res->node_bitmap); i++) {
        if (!bit_test (res->node_bitmap, i))
            continue;
        for (uint32_t c = 0; c < node_record_table_ptr[i]->tot_cores; c++, bit++)
            if (bit < bit_size (res->core_bitmap) && bit_test (res->core_bitmap, bit))
                cores[n++] = (struct site_core){i, c};
    }
    return n;
}

void decide_book (struct site *site, const job_record_t *job)
{
    const job_resources_t *res = job->job_resrcs;
    struct site_core *cores;
    flux_error_t why;

    if (!(IS_JOB_RUNNING (job) || IS_JOB_SUSPENDED (job)) || !res || !res->core_bitmap ||
        !res->node_bitmap || site_has (site, job->job_id))
        return;
    cores = xcalloc (bit_set_count (res->core_bitmap) + 1, sizeof (*cores));
    // Jobs may share cores in Slurm. The graph has only the first of them then, which can make its
    // choice one that the plugin beneath refuses.
    if (site_book (site, job->job_id, cores, get_cores (res, cores), &why) < 0)
        debug ("select/graph: %pJ is not in the graph: %s", job, why.text);
    xfree (cores);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * What a job record asks of the graph. It need not be exact: select/cons_tres verifies each choice,
 * so too little costs a second try, and too much leaves the choice to it. */

#include "select_graph/facts.h"

static bool is_set (uint16_t n)
{
    return n != 0 && n != NO_VAL16 && n != INFINITE16;
}

static bool is_count (uint32_t n)
{
    return n != 0 && n != NO_VAL && n != INFINITE;
}

static uint64_t divide_up (uint64_t a, uint64_t b)
{
    return b ? (a + b - 1) / b : a;
}

/* All nodes are taken to be as the first that may be had. */
static const node_record_t *first_node (const struct api_test *t)
{
    int64_t i = bit_ffs (t->nodes);
    return i < 0 ? NULL : node_record_table_ptr[i];
}

/* CPUs of a core that the job can use */
static uint32_t threads_used (const job_record_t *job, const node_record_t *node)
{
    const multi_core_data_t *mc = job->details->mc_ptr;
    uint32_t threads = MAX (node->tpc, 1);

    if (mc && is_set (mc->threads_per_core))
        threads = MIN (threads, mc->threads_per_core);
    return MAX (threads, 1);
}

static uint32_t tasks_per_node (const job_record_t *job, uint32_t nodes)
{
    const api_details_t *d = job->details;

    if (d->ntasks_per_node)
        return d->ntasks_per_node;
    if (d->num_tasks && d->num_tasks != NO_VAL)
        return divide_up (d->num_tasks, nodes);
    return 1;
}

static uint32_t cores_per_node (const struct api_test *t, uint32_t nodes, uint32_t threads)
{
    const job_record_t *job = t->job;
    const api_details_t *d = job->details;
    const multi_core_data_t *mc = d->mc_ptr;
    uint32_t per_task = is_set (d->cpus_per_task) ? d->cpus_per_task : 1;
    uint32_t tasks = tasks_per_node (job, nodes), cpus, cores;

    cpus = divide_up (d->min_cpus, nodes);
    if (!d->overcommit)
        cpus = MAX (cpus, tasks * per_task);
    if (d->pn_min_cpus != NO_VAL)
        cpus = MAX (cpus, d->pn_min_cpus);
    cores = divide_up (cpus, threads);
    if (mc && is_set (mc->ntasks_per_core))
        cores = MAX (cores, divide_up (tasks, mc->ntasks_per_core));
    if (mc && is_set (mc->sockets_per_node) && is_set (mc->cores_per_socket))
        cores = MAX (cores, (uint32_t)mc->sockets_per_node * mc->cores_per_socket);
    return MAX (cores, 1);
}

static bool counts_memory (const job_record_t *job)
{
    uint16_t type = slurm_conf.select_type_param;

    if (job->part_ptr->cr_type)
        type = job->part_ptr->cr_type;
    return type & API_CR_MEMORY;
}

/* MB on each node */
static uint64_t memory_per_node (const struct api_test *t, uint32_t cpus, const node_record_t *node)
{
    uint64_t memory = t->job->details->pn_min_memory;

    if (!counts_memory (t->job))
        return 0;
    if (memory & MEM_PER_CPU)
        return (memory & ~MEM_PER_CPU) * cpus;
    return memory ? memory : node->real_memory;
}

struct gres_want {
    const struct site *site;
    struct site_want *want;
    uint32_t nodes, tasks;
    uint32_t sockets;      // of a node that the job uses
    uint64_t memory, cpus; // of a node that come with them
    bool unknown;
    bool any;
};

/* The same on each of its nodes, and nothing that the graph counts in another way? */
static bool is_even (const struct api_test *t, uint32_t nodes)
{
    const api_details_t *d = t->job->details;

    return nodes == t->min_nodes && nodes == t->max_nodes && !d->req_node_bitmap &&
           (d->num_tasks % nodes == 0 || d->ntasks_per_node) && d->min_cpus % nodes == 0 &&
           !(slurm_conf.select_type_param & API_CR_SOCKET);
}

/* So much of each socket or board, which the graph does not count */
static bool asks_sockets (const api_details_t *d)
{
    const multi_core_data_t *mc = d->mc_ptr;

    return mc && (is_set (mc->sockets_per_node) || is_set (mc->cores_per_socket) ||
                  is_set (mc->ntasks_per_socket) || is_set (mc->ntasks_per_board));
}

/* A request of its own says nothing of memory that Slurm counts. */
static bool is_known (const struct site *site, const struct site_want *want, bool even)
{
    return want->resources ? want->memory == 0
                           : even && (want->memory == 0 || site_has_memory (site));
}

static int add_gres (void *x, void *arg)
{
    const gres_state_t *state = x;
    const gres_job_state_t *job = state->gres_data;
    struct gres_want *g = arg;
    int number = state->gres_name ? site_gres_number (g->site, state->gres_name) : -1;
    uint64_t n;

    if (!job || state->config_flags & GRES_CONF_SHARED)
        return 0;
    g->any = true;
    if (number < 0) {
        g->unknown = true;
        return 0;
    }
    n = MAX (job->gres_per_node, job->gres_per_socket * g->sockets);
    n = MAX (n, job->gres_per_task * g->tasks);
    n = MAX (n, divide_up (job->gres_per_job, g->nodes));
    if (job->ntasks_per_gres && job->ntasks_per_gres != NO_VAL16)
        n = MAX (n, divide_up (g->tasks, job->ntasks_per_gres));
    g->want->gres[number] += MIN (n, GRAPH_MAX_SIZE);
    g->memory += n * (job->mem_per_gres ? job->mem_per_gres : job->def_mem_per_gres);
    g->cpus += n * (job->cpus_per_gres ? job->cpus_per_gres : job->def_cpus_per_gres);
    return 0;
}

bool facts_want (const struct site *site, const struct api_test *t, uint32_t nodes,
                 struct site_want *want)
{
    const job_record_t *job = t->job;
    const api_details_t *d = job->details;
    const node_record_t *node = first_node (t);
    struct gres_want gres = {.site = site, .want = want, .nodes = nodes};
    uint32_t threads;
    bool even;

    // A pseudo job of a reservation, a job of burst buffers only, one that grows another
    if (job->job_id == 0 || !job->part_ptr || !node || t->min_nodes == 0 ||
        t->min_nodes > t->max_nodes || d->expanding_jobid ||
        (d->contiguous && d->req_node_bitmap) || d->core_spec != NO_VAL16)
        return false;
    threads = threads_used (job, node);
    want->nodes_min = want->nodes_max = nodes;
    want->cores = cores_per_node (t, nodes, threads);
    want->whole = api_wants_whole_nodes (d) || job->part_ptr->max_share == 0;
    want->switches = job->req_switch == NO_VAL ? 0 : job->req_switch;
    want->contiguous = d->contiguous;
    want->memory = memory_per_node (t, want->cores * threads, node);
    want->duration = (int64_t)(job->time_limit == NO_VAL || job->time_limit == INFINITE
                                   ? 0
                                   : (uint64_t)job->time_limit * 60);
    gres.tasks = tasks_per_node (job, nodes);
    gres.sockets =
        d->mc_ptr && is_set (d->mc_ptr->sockets_per_node) ? d->mc_ptr->sockets_per_node : 1;
    if (job->gres_list_req)
        list_for_each (job->gres_list_req, add_gres, &gres);
    want->cores = MAX (want->cores, divide_up (gres.cpus, threads));
    if (gres.memory > 0 && counts_memory (job))
        want->memory = gres.memory;
    even = is_even (t, nodes) && !gres.any;
    want->known =
        is_known (site, want, even) && !gres.any && !d->req_node_bitmap && !asks_sockets (d);
    if (!site_has_memory (site)) // cons_tres sees to it
        want->memory = 0;
    want->exact = even && !job->req_switch;
    return !gres.unknown;
}

uint32_t facts_fewest_nodes (const struct api_test *t)
{
    const node_record_t *node = first_node (t);
    const api_details_t *d = t->job->details;
    uint32_t most, fewest = t->min_nodes;

    if (!node || t->req_nodes > t->min_nodes)
        return t->min_nodes;
    most = MAX (node->tot_cores - node->core_spec_cnt, 1);
    if (d->ntasks_per_node && d->num_tasks != NO_VAL)
        fewest = MAX (fewest, divide_up (d->num_tasks, d->ntasks_per_node));
    return MAX (fewest, divide_up (cores_per_node (t, 1, threads_used (t->job, node)), most));
}

uint32_t facts_most_nodes (const struct api_test *t)
{
    const api_details_t *d = t->job->details;

    return is_count (d->num_tasks) ? MIN (d->num_tasks, d->min_cpus) : d->min_cpus;
}

bool facts_may_share (const job_record_t *job)
{
    uint16_t share = job->part_ptr->max_share;

    return (share & ~SHARED_FORCE) > 1 || (slurm_conf.preempt_mode & PREEMPT_MODE_GANG) ||
           (slurm_conf.preempt_mode & PREEMPT_MODE_SUSPEND) || job->details->overcommit;
}

/* Fewer of its tasks fit than it has, or on fewer nodes than it needs, or not on one that it names.
 */
bool facts_is_hopeless (const struct site *site, const struct api_test *t)
{
    const api_details_t *d = t->job->details;
    const node_record_t *node = first_node (t);
    bitstr_t *lists[] = {t->nodes, d->req_node_bitmap};
    uint32_t least[] = {t->min_nodes, 0}, nodes;
    uint64_t tasks[] = {is_count (d->num_tasks) ? d->num_tasks : 1, 0};

    if (lists[1])
        least[1] = bit_set_count (lists[1]);
    for (int i = 0; node && i < 2 && lists[i]; i++) {
        size_t n;
        struct site_range *ranges = facts_ranges (lists[i], &n);
        uint64_t fit = site_tasks (site, ranges, n, MAX (node->tpc, 1),
                                   is_set (d->cpus_per_task) ? d->cpus_per_task : 1, &nodes);

        xfree (ranges);
        if (fit < tasks[i] || nodes < least[i])
            return true;
    }
    return false;
}

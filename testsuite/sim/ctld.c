/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * The life of the jobs of a simulated slurmctld, and its books beside the graph's. */

#include "testsuite/sim/ctld_priv.h"

#include <dlfcn.h>
#include <stdio.h>

#include "select_graph/plugin.h"
#include "src/common/xstring.h"
#include "src/plugins/select/cons_common/node_data.h"
#include "src/plugins/select/cons_common/part_data.h"

/* ---- Jobs ---- */

static void add_option (job_record_t *job, const char *name, const char *value)
{
    if (!value)
        return;
    xrecalloc (job->spank_job_env, job->spank_job_env_size + 1, sizeof (char *));
    job->spank_job_env[job->spank_job_env_size++] = xstrdup_printf ("%s=%s", name, value);
}

/* On each node, as "gpu:2" */
static void add_gres (job_record_t *job, const char *gres)
{
    api_details_t *d = job->details;
    uint16_t none = NO_VAL16, sockets = NO_VAL16, tasks = 0, per_socket = NO_VAL16;
    char *text = xstrdup_printf ("gres:%s", gres); // else it is passed over

    if (gres_job_state_validate (NULL, NULL, NULL, text, NULL, NULL, NULL, &d->num_tasks,
                                 &d->min_nodes, &d->max_nodes, &tasks, &per_socket, &sockets,
                                 &d->cpus_per_task, &none, &job->gres_list_req) != SLURM_SUCCESS)
        fatal ("--gres=%s is refused", gres);
    xfree (text);
}

job_record_t *ctld_submit (const struct ctld_job *want)
{
    job_record_t *job = xmalloc (sizeof (*job));
    struct job_details *d = xmalloc (sizeof (*d));

    if (ctld.next_id >= CTLD_MAX_JOBS)
        fatal ("too many jobs");
    job->magic = JOB_MAGIC;
    job->details = d;
    job->job_id = ctld.next_id++;
    job->array_task_id = NO_VAL;
    job->best_switch = true;
    job->part_ptr = ctld.part;
    job->priority = 100;
    job->time_limit = want->minutes ? want->minutes : 10;
    job->job_state = JOB_PENDING;
    d->magic = DETAILS_MAGIC;
    d->min_nodes = want->nodes_min;
    d->max_nodes = want->nodes_max;
    d->num_tasks = want->tasks;
    d->cpus_per_task = want->cpus_per_task ? want->cpus_per_task : 1;
    d->min_cpus = MAX (want->tasks * d->cpus_per_task, want->nodes_min);
    d->max_cpus = NO_VAL;
    d->pn_min_cpus = d->orig_pn_min_cpus = 1;
    d->core_spec = NO_VAL16;
    d->whole_node = want->whole;
    d->share_res = NO_VAL8;
    d->ntasks_per_tres = NO_VAL16;
    d->pn_min_memory = want->memory;
    d->task_dist = SLURM_DIST_UNKNOWN;
    d->mc_ptr = xmalloc (sizeof (*d->mc_ptr));
    *d->mc_ptr = (multi_core_data_t){.sockets_per_node = NO_VAL16,
                                     .cores_per_socket = NO_VAL16,
                                     .threads_per_core = NO_VAL16,
                                     .ntasks_per_board = 0,
                                     .ntasks_per_socket = INFINITE16,
                                     .ntasks_per_core = INFINITE16};
    d->contiguous = want->contiguous;
    job->req_switch = want->switches;
    if (want->named)
        d->req_node_bitmap = bit_copy (want->named);
    if (want->gres)
        add_gres (job, want->gres);
    add_option (job, "GRAPH_POLICY", want->policy);
    add_option (job, "GRAPH_REQUEST", want->request);
    ctld.by_id[job->job_id] = job;
    list_append (job_list, job);
    return job;
}

static int is_same (void *x, void *key)
{
    return x == key;
}

void ctld_drop (job_record_t *job)
{
    list_delete_all (job_list, is_same, job);
    ctld.by_id[job->job_id] = NULL;
    free_job_resources (&job->job_resrcs);
    FREE_NULL_BITMAP (job->node_bitmap);
    FREE_NULL_BITMAP (job->details->req_node_bitmap);
    FREE_NULL_LIST (job->gres_list_req);
    FREE_NULL_LIST (job->gres_list_req_accum);
    FREE_NULL_LIST (job->gres_list_alloc);
    for (uint32_t i = 0; i < job->spank_job_env_size; i++)
        xfree (job->spank_job_env[i]);
    xfree (job->spank_job_env);
    for (uint32_t i = 0; i < job->details->env_cnt; i++)
        xfree (job->details->env_sup[i]);
    xfree (job->details->env_sup);
    xfree (job->details->mc_ptr);
    xfree (job->details);
    xfree (job->admin_comment);
    xfree (job->state_desc);
    xfree (job->nodes);
    xfree (job);
}

void ctld_keep_away (api_exclusion_t *cores)
{
    ctld.kept = cores;
}

int ctld_test (job_record_t *job, uint16_t mode, bitstr_t *nodes, List candidates, List *preemptees,
               bool alone, bitstr_t **chosen)
{
    bitstr_t *map = bit_copy (nodes ? nodes : ctld.part->node_bitmap);
    uint32_t most = job->details->max_nodes ? job->details->max_nodes : (uint32_t)node_record_count;
    int (*test) API_JOB_TEST_PARAMS = select_p_job_test;
    int rc;

    if (alone)
        *(void **)&test = dlsym (ctld.beneath, "select_p_job_test");
    rc = test (job, map, job->details->min_nodes, most, job->details->min_nodes, mode, candidates,
               preemptees, ctld.kept);
    if (rc == SLURM_SUCCESS && chosen)
        *chosen = map;
    else
        FREE_NULL_BITMAP (map);
    return rc;
}

void ctld_start_job (job_record_t *job, bitstr_t *nodes)
{
    job->node_bitmap = nodes;
    job->start_time = time (NULL);
    job->end_time = job->start_time + 60 * job->time_limit;
    select_p_job_begin (job);
    xfree (job->nodes);
    job->nodes = xstrdup (job->job_resrcs->nodes);
    job->job_state = JOB_RUNNING;
    if (select_p_select_nodeinfo_set (job) != SLURM_SUCCESS)
        fatal ("nodeinfo_set of job %u failed", job->job_id);
}

job_record_t *ctld_run (const struct ctld_job *want, bitstr_t *nodes)
{
    job_record_t *job = ctld_submit (want);
    bitstr_t *chosen;

    if (ctld_test (job, SELECT_MODE_RUN_NOW, nodes, NULL, NULL, false, &chosen) != SLURM_SUCCESS) {
        ctld_drop (job);
        return NULL;
    }
    ctld_start_job (job, chosen);
    return job;
}

void ctld_finish (job_record_t *job)
{
    select_p_job_fini (job);
    job->job_state = JOB_COMPLETE;
    ctld_drop (job);
}

void ctld_suspend (job_record_t *job)
{
    job->priority = 0;
    if (select_p_job_suspend (job, true) == SLURM_SUCCESS)
        job->job_state = JOB_SUSPENDED;
}

void ctld_resume (job_record_t *job)
{
    if (select_p_job_resume (job, true) == SLURM_SUCCESS)
        job->job_state = JOB_RUNNING;
    job->priority = 100;
}

/* A new bitmap of all cores of the system; whole nodes have all of theirs. */
static bitstr_t *cores_of (const job_record_t *job)
{
    const job_resources_t *res = job->job_resrcs;
    bitstr_t *all = bit_alloc (cr_get_coremap_offset (node_record_count));
    int64_t bit = 0;

    for (int64_t i = 0; i < node_record_count; i++) {
        if (!bit_test (res->node_bitmap, i))
            continue;
        for (uint32_t c = 0; c < node_record_table_ptr[i]->tot_cores; c++, bit++)
            if (bit_test (job->node_bitmap, i) &&
                (api_has_whole_nodes (res) || bit_test (res->core_bitmap, bit)))
                bit_set (all, cr_get_coremap_offset (i) + c);
    }
    return all;
}

bool ctld_overlap (const job_record_t *a, const job_record_t *b)
{
    bitstr_t *x = cores_of (a), *y = cores_of (b);
    bool rc = bit_overlap_any (x, y);

    FREE_NULL_BITMAP (x);
    FREE_NULL_BITMAP (y);
    return rc;
}

bool ctld_shrink (job_record_t *job)
{
    int64_t last = bit_fls (job->node_bitmap);

    if (!IS_JOB_RUNNING (job) || bit_set_count (job->node_bitmap) < 2)
        return false;
    if (select_p_job_resized (job, node_record_table_ptr[last]) != SLURM_SUCCESS)
        return false;
    bit_clear (job->node_bitmap, last);
    return true;
}

/* ---- Comparing ---- */

struct site *ctld_site (void)
{
    return plugin_site ();
}

uint32_t ctld_cores_used (uint32_t node)
{
    part_res_record_t **first = dlsym (ctld.beneath, "select_part_record");
    bitstr_t *all = NULL;
    uint32_t n;

    for (part_res_record_t *p = *first; p; p = p->next)
        for (uint32_t r = 0; p->row && r < p->num_rows; r++) {
            bitstr_t **rows = p->row[r].row_bitmap;

            if (!rows || !rows[node])
                continue;
            if (all)
                bit_or (all, rows[node]);
            else
                all = bit_copy (rows[node]);
        }
    n = all ? bit_set_count (all) : 0;
    FREE_NULL_BITMAP (all);
    return n;
}

uint64_t ctld_memory_used (uint32_t node)
{
    node_use_record_t **usage = dlsym (ctld.beneath, "select_node_usage");
    return (*usage)[node].alloc_memory;
}

static int add_devices (void *x, void *sum)
{
    const gres_state_t *state = x;
    const gres_node_state_t *node = state->gres_data;

    *(uint64_t *)sum += node->gres_cnt_alloc;
    return 0;
}

uint64_t ctld_devices_used (uint32_t node)
{
    node_use_record_t **usage = dlsym (ctld.beneath, "select_node_usage");
    List list = (*usage)[node].gres_list;
    uint64_t n = 0;

    if (!list)
        list = node_record_table_ptr[node]->gres_list;
    if (list)
        list_for_each (list, add_devices, &n);
    return n;
}

bool ctld_compare (char *text, size_t size)
{
    struct site *site = ctld_site ();
    flux_error_t why;

    if (!site)
        return true;
    for (uint32_t i = 0; i < (uint32_t)node_record_count; i++) {
        uint64_t cores = ctld_cores_used (i), memory = ctld_memory_used (i);

        if (site_claimed (site, i, SITE_CORE, 0) != cores) {
            snprintf (text, size, "node %u: %lu cores in cons_tres, %lu in the graph", i, cores,
                      site_claimed (site, i, SITE_CORE, 0));
            return false;
        }
        if (ctld.shape.gpus && site_claimed (site, i, SITE_GRES, 0) != ctld_devices_used (i)) {
            snprintf (text, size, "node %u: %lu devices in cons_tres, %lu in the graph", i,
                      ctld_devices_used (i), site_claimed (site, i, SITE_GRES, 0));
            return false;
        }
        if (site_claimed (site, i, SITE_MEMORY, 0) != memory) {
            snprintf (text, size, "node %u: %lu MB in cons_tres, %lu in the graph", i, memory,
                      site_claimed (site, i, SITE_MEMORY, 0));
            return false;
        }
    }
    if (site_check (site, &why) == 0)
        return true;
    snprintf (text, size, "%s", why.text);
    return false;
}

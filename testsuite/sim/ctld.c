/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * What select_cons_tres.so wants of a slurmctld, and the life of its jobs. Needs Slurm's own plugin
 * and library as installed. */

#include "testsuite/sim/ctld.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "select_graph/plugin.h"
#include "src/common/slurm_protocol_api.h"
#include "src/common/xstring.h"
#include "src/plugins/select/cons_common/node_data.h"
#include "src/plugins/select/cons_common/part_data.h"
#include "src/slurmctld/preempt.h"

/* ---- Symbols of slurmctld ---- */

#pragma GCC visibility push(default)

List job_list, part_list;
time_t last_job_update;
bitstr_t *avail_node_bitmap, *idle_node_bitmap;
int slurmctld_tres_cnt;
slurmctld_config_t slurmctld_config;
extern char *slurm_prog_name;

#pragma GCC visibility pop

#define MAX_JOBS (1 << 20)

static struct ctld {
    struct ctld_shape shape;
    char dir[64];
    part_record_t part;
    job_record_t **by_id;
    uint32_t next_id;
    void *beneath; // handle of select_cons_tres.so
    struct beneath calls;
} ctld;

#pragma GCC visibility push(default)

job_record_t *find_job_record (uint32_t id)
{
    return id < MAX_JOBS ? ctld.by_id[id] : NULL;
}

bool job_overlap_and_running (bitstr_t *nodes, job_record_t *job)
{
    return (IS_JOB_RUNNING (job) || IS_JOB_SUSPENDED (job)) && job->node_bitmap &&
           bit_overlap_any (nodes, job->node_bitmap);
}

uint16_t slurm_job_preempt_mode (job_record_t *job)
{
    return PREEMPT_MODE_CANCEL;
}

int drain_nodes (char *nodes, char *reason, uint32_t uid)
{
    return SLURM_SUCCESS;
}

#pragma GCC visibility pop

/* ---- Starting ---- */

static const char *plugin_dir (void)
{
    const char *dir = getenv ("SIM_PLUGINDIR");
    return dir ? dir : SIM_PLUGINDIR;
}

static void write_file (const char *name, const char *text)
{
    char path[128];
    FILE *f;

    snprintf (path, sizeof (path), "%s/%s", ctld.dir, name);
    if (!(f = fopen (path, "w")) || fputs (text, f) < 0 || fclose (f) != 0)
        fatal ("%s: %m", path);
}

static void write_conf (void)
{
    const struct ctld_shape *s = &ctld.shape;
    char *text = NULL, numbered[32];

    snprintf (numbered, sizeof (numbered), "n[1-%u]", s->nodes);

    xstrfmtcat (text,
                "ClusterName=sim\nSlurmctldHost=localhost\nPluginDir=%s\nStateSaveLocation=%s\n"
                "SelectType=select/cons_tres\nSelectTypeParameters=%s\nAuthType=auth/none\n"
                "CredType=cred/none\n%s%s",
                plugin_dir (), ctld.dir, s->memory ? "CR_Core_Memory" : "CR_Core",
                getenv ("SIM_LOG") ? "DebugFlags=SelectType\n" : "",
                s->preempt ? "PreemptType=preempt/partition_prio\nPreemptMode=CANCEL\n" : "");
    xstrfmtcat (text,
                "NodeName=%s NodeAddr=127.0.0.1 Sockets=%u CoresPerSocket=%u RealMemory=%u "
                "State=CLOUD\nPartitionName=all Nodes=ALL Default=YES\n",
                s->names ? s->names : numbered, s->sockets, s->cores / s->sockets,
                s->memory ? (uint32_t)s->memory : 1000);
    write_file ("slurm.conf", text);
    xfree (text);
    if (s->site)
        write_file ("site.json", s->site);
    if (s->site)
        text = xstrdup_printf ("Graph=%s/site.json\n%s", ctld.dir, s->graph_conf);
    if (s->graph_conf)
        write_file ("graph.conf", text ? text : s->graph_conf);
    xfree (text);
}

static void make_nodes (void)
{
    char path[128];

    snprintf (path, sizeof (path), "%s/slurm.conf", ctld.dir);
    setenv ("SLURM_CONF", path, 1);
    slurm_prog_name = xstrdup ("slurmctld");
    if (slurm_conf_init (path) != SLURM_SUCCESS)
        fatal ("%s is not good", path);
    init_node_conf ();
    build_all_nodeline_info (false, 0);
    rehash_node ();
    for (int i = 0; i < node_record_count; i++) {
        node_record_t *node = node_record_table_ptr[i];

        node->tpc = node->threads;
        node->sched_weight = node->config_ptr->weight;
        node->config_ptr->node_bitmap = bit_alloc (node_record_count);
    }
}

static void make_partition (void)
{
    part_record_t *p = &ctld.part;

    *p = (part_record_t){.magic = PART_MAGIC,
                         .name = "all",
                         .max_share = ctld.shape.max_share ? ctld.shape.max_share : 1,
                         .preempt_mode = PREEMPT_MODE_OFF,
                         .priority_tier = 1,
                         .max_cpus_per_node = INFINITE,
                         .max_nodes = INFINITE,
                         .max_time = INFINITE,
                         .total_nodes = node_record_count,
                         .state_up = PARTITION_UP};
    p->node_bitmap = bit_alloc (node_record_count);
    bit_nset (p->node_bitmap, 0, node_record_count - 1);
    part_list = list_create (NULL);
    list_append (part_list, p);
    avail_node_bitmap = bit_copy (p->node_bitmap);
    idle_node_bitmap = bit_copy (p->node_bitmap);
}

static int learn (void *job, void *arg)
{
    (void)select_p_select_nodeinfo_set (job);
    return 0;
}

static void begin_plugin (void)
{
    char path[256];

    if (init () != SLURM_SUCCESS)
        fatal ("the plugin does not start");
    snprintf (path, sizeof (path), "%s/select_cons_tres.so", plugin_dir ());
    if (!(ctld.beneath = dlopen (path, RTLD_LAZY | RTLD_NOLOAD)))
        fatal ("%s: %s", path, dlerror ());
    ctld_reconfigure ();
}

void ctld_reconfigure (void)
{
    if (select_p_node_init () != SLURM_SUCCESS)
        fatal ("node_init failed");
    list_for_each (job_list, learn, NULL);
    select_p_reconfigure ();
}

void ctld_restart (void)
{
    dlclose (ctld.beneath);
    fini ();
    begin_plugin ();
}

void ctld_start (const struct ctld_shape *shape)
{
    log_options_t log = LOG_OPTS_STDERR_ONLY;

    ctld = (struct ctld){.shape = *shape, .next_id = 1};
    strcpy (ctld.dir, "/tmp/sim.XXXXXX");
    if (!mkdtemp (ctld.dir))
        fatal ("%s: %m", ctld.dir);
    log.stderr_level = getenv ("SIM_LOG") ? atoi (getenv ("SIM_LOG")) : LOG_LEVEL_ERROR;
    log_init ("slurmctld", log, 0, NULL);
    ctld.by_id = xcalloc (MAX_JOBS, sizeof (*ctld.by_id));
    job_list = list_create (NULL);
    write_conf ();
    make_nodes ();
    make_partition ();
    begin_plugin ();
}

void ctld_end (void)
{
    static const char *const files[] = {"slurm.conf", "graph.conf", "graph_state", "site.json"};
    char path[128];

    for (size_t i = 0; i < sizeof (files) / sizeof (files[0]); i++) {
        snprintf (path, sizeof (path), "%s/%s", ctld.dir, files[i]);
        unlink (path);
    }
    rmdir (ctld.dir);
    dlclose (ctld.beneath);
    fini ();
}

/* ---- Jobs ---- */

static void add_option (job_record_t *job, const char *name, const char *value)
{
    if (!value)
        return;
    xrecalloc (job->spank_job_env, job->spank_job_env_size + 1, sizeof (char *));
    job->spank_job_env[job->spank_job_env_size++] = xstrdup_printf ("%s=%s", name, value);
}

job_record_t *ctld_submit (const struct ctld_job *want)
{
    job_record_t *job = xmalloc (sizeof (*job));
    struct job_details *d = xmalloc (sizeof (*d));

    if (ctld.next_id >= MAX_JOBS)
        fatal ("too many jobs");
    job->magic = JOB_MAGIC;
    job->details = d;
    job->job_id = ctld.next_id++;
    job->array_task_id = NO_VAL;
    job->best_switch = true;
    job->part_ptr = &ctld.part;
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

int ctld_test (job_record_t *job, uint16_t mode, bitstr_t *nodes, List candidates, List *preemptees,
               bool alone, bitstr_t **chosen)
{
    bitstr_t *map = bit_copy (nodes ? nodes : ctld.part.node_bitmap);
    uint32_t most = job->details->max_nodes ? job->details->max_nodes : (uint32_t)node_record_count;
    int (*test) API_JOB_TEST_PARAMS = select_p_job_test;
    int rc;

    if (alone)
        *(void **)&test = dlsym (ctld.beneath, "select_p_job_test");
    rc = test (job, map, job->details->min_nodes, most, job->details->min_nodes, mode, candidates,
               preemptees, NULL);
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

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Starts and ends the simulated slurmctld: its configuration, its nodes, and the symbols that
 * select_cons_tres.so looks up in it. Needs Slurm's own plugin and library as installed. */

#include "testsuite/sim/ctld_priv.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "select_graph/plugin.h"
#include "src/common/slurm_protocol_api.h"
#include "src/common/xstring.h"
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

struct ctld ctld;

#pragma GCC visibility push(default)

job_record_t *find_job_record (uint32_t id)
{
    ctld.looked_up++;
    return id < CTLD_MAX_JOBS ? ctld.by_id[id] : NULL;
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
    char *text = NULL, *made = NULL, numbered[32], gpus[32] = "";

    snprintf (numbered, sizeof (numbered), "n[1-%u]", s->nodes);
    if (s->gpus)
        snprintf (gpus, sizeof (gpus), "Gres=gpu:%u", s->gpus);
    xstrfmtcat (text,
                "ClusterName=sim\nSlurmctldHost=localhost\nPluginDir=%s\nStateSaveLocation=%s\n"
                "SelectType=select/cons_tres\nSelectTypeParameters=%s\nAuthType=auth/none\n"
                "CredType=cred/none\n%s%s%s%s",
                plugin_dir (), ctld.dir, s->memory ? "CR_Core_Memory" : "CR_Core",
                getenv ("SIM_LOG") ? "DebugFlags=SelectType\n" : "",
                s->preempt ? "PreemptType=preempt/partition_prio\nPreemptMode=CANCEL\n" : "",
                s->gpus ? "GresTypes=gpu\n" : "",
                s->switch_size ? "TopologyPlugin=topology/tree\n" : "");
    xstrfmtcat (text,
                "NodeName=%s NodeAddr=127.0.0.1 Sockets=%u CoresPerSocket=%u RealMemory=%u %s "
                "State=CLOUD\nPartitionName=all Nodes=ALL Default=YES\n",
                s->names ? s->names : numbered, s->sockets, s->cores / s->sockets,
                s->memory ? (uint32_t)s->memory : 1000, gpus);
    write_file ("slurm.conf", text);
    xfree (text);
    if (s->racks)
        made = ctld_make_site (s->nodes, s->cores, s->racks);
    if (s->site || made)
        write_file ("site.json", s->site ? s->site : made);
    if (s->site || made)
        text = xstrdup_printf ("Graph=%s/site.json\n%s", ctld.dir, s->graph_conf);
    if (s->graph_conf)
        write_file ("graph.conf", text ? text : s->graph_conf);
    xfree (text);
    free (made);
}

/* topology.conf: a switch for every so many nodes, and one above; gres.conf: made up devices */
static void write_more (void)
{
    const struct ctld_shape *s = &ctld.shape;
    char *text = NULL, name[16];
    uint32_t n = 0;

    for (uint32_t i = 1; s->switch_size && i <= s->nodes; i += s->switch_size, n++)
        xstrfmtcat (text, "SwitchName=s%u Nodes=n[%u-%u]\n", n + 1, i,
                    MIN (i + s->switch_size - 1, s->nodes));
    if (text)
        xstrfmtcat (text, "SwitchName=top Switches=s[1-%u]\n", n);
    if (text)
        write_file ("topology.conf", text);
    xfree (text);
    for (uint32_t i = 0; i < s->gpus; i++) {
        snprintf (name, sizeof (name), "gpu%u", i);
        write_file (name, "");
    }
    if (s->gpus)
        text = xstrdup_printf ("Name=gpu File=%s/gpu[0-%u]\n", ctld.dir, s->gpus - 1);
    if (text)
        write_file ("gres.conf", text);
    xfree (text);
}

/* As slurmctld does for nodes of a cloud, which no slurmd tells of */
static void make_gres (node_record_t *node)
{
    config_record_t *c = node->config_ptr;

    gres_init_node_config (c->gres, &node->gres_list);
    gres_g_node_config_load (c->cpus, node->name, node->gres_list, NULL, NULL);
    gres_node_config_validate (node->name, c->gres, &node->gres, &node->gres_list, c->threads,
                               c->cores, c->tot_sockets, true, NULL);
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
    if (ctld.shape.gpus && gres_init () != SLURM_SUCCESS)
        fatal ("no gres");
    build_all_nodeline_info (false, 0);
    rehash_node ();
    for (int i = 0; i < node_record_count; i++) {
        node_record_t *node = node_record_table_ptr[i];

        node->tpc = node->threads;
        node->sched_weight = node->config_ptr->weight;
        node->config_ptr->node_bitmap = bit_alloc (node_record_count);
        if (ctld.shape.gpus)
            make_gres (node);
    }
    if (ctld.shape.switch_size &&
        (slurm_topo_init () != SLURM_SUCCESS || slurm_topo_build_config () != SLURM_SUCCESS))
        fatal ("no switches");
}

static void make_partition (void)
{
    part_record_t *p = ctld.part = xmalloc (sizeof (*p));

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
    ctld.table = CTLD_MAX_JOBS * sizeof (*ctld.by_id);
    ctld.by_id = xmalloc (ctld.table);
    job_list = list_create (NULL);
    write_conf ();
    write_more ();
    make_nodes ();
    make_partition ();
    begin_plugin ();
}

void ctld_end (void)
{
    static const char *const files[] = {"slurm.conf", "graph.conf",    "graph_state",
                                        "site.json",  "topology.conf", "gres.conf"};
    char path[128];

    for (size_t i = 0; i < sizeof (files) / sizeof (files[0]); i++) {
        snprintf (path, sizeof (path), "%s/%s", ctld.dir, files[i]);
        unlink (path);
    }
    for (uint32_t i = 0; i < ctld.shape.gpus; i++) {
        snprintf (path, sizeof (path), "%s/gpu%u", ctld.dir, i);
        unlink (path);
    }
    rmdir (ctld.dir);
    dlclose (ctld.beneath);
    fini ();
}

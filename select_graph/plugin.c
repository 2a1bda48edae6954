/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * select/graph: the select plugin of slurmctld that decides with the resource graph while
 * select/cons_tres, beneath it, keeps the books and verifies each choice. Slurm loads it into
 * slurmctld and also into slurmd, slurmstepd and the clients, where it does nothing of its own. */

#include "select_graph/conf.h"
#include "select_graph/decide.h"
#include "select_graph/layout.h"
#include "select_graph/plugin.h"

/* At least 100 and no other plugin's: Slurm checks that once, when all plugins are loaded. */
#define OWN_ID 0x67726170

SELECT_EXPORT const char plugin_name[] = "Resource graph selection plugin";
SELECT_EXPORT const char plugin_type[] = "select/graph";
SELECT_EXPORT const uint32_t plugin_version = SLURM_VERSION_NUMBER;
/* Slurm writes this number into messages and state files in front of what the plugin packs, which
 * is what select/cons_tres packs. So it must be that one's number, or programs without our plugin
 * could not read them; but while Slurm compares the numbers of all plugins it must be another. */
SELECT_EXPORT uint32_t plugin_id = OWN_ID;

static struct plugin {
    struct beneath beneath;
    struct site *site;      // NULL: no graph.conf, so all is left to the one beneath
    struct graph_conf conf; // as last read without an error
    bool configured;
    bool checked; // the layout of a first job
    bool refused; // it was not as expected: start nothing more
} plugin;

const struct beneath *plugin_beneath (void)
{
    plugin_id = SELECT_PLUGIN_CONS_TRES;
    return &plugin.beneath;
}

/* Installed as select_cons_tres.so (SelectType=select/cons_tres), ours is the only one with the
 * number; and slurmd and slurmstepd load no other plugin to compare with. */
static bool alone (void)
{
    return beneath_is_shadowed () || running_in_slurmd_stepd ();
}

int init (void)
{
    char why[512];
    const char *wrong = running_in_slurmctld () ? layout_check_conf () : NULL;

    if (wrong) {
        error ("%s: was built for another Slurm: %s is not as expected", plugin_type, wrong);
        return SLURM_ERROR;
    }
    if (beneath_load (&plugin.beneath, slurm_conf.plugindir, why, sizeof (why)) < 0) {
        error ("%s: %s", plugin_type, why);
        return SLURM_ERROR;
    }
    plugin_id = alone () ? SELECT_PLUGIN_CONS_TRES : OWN_ID;
    return SLURM_SUCCESS;
}

int fini (void)
{
    site_destroy (plugin.site);
    plugin.site = NULL;
    beneath_unload (&plugin.beneath);
    return SLURM_SUCCESS;
}

/* A file with an error in it changes nothing; without a file the graph is not asked. */
static void read_conf (void)
{
    char *path = get_extra_conf_path ("graph.conf");
    flux_error_t why;

    if (graph_conf_read (&plugin.conf, path, &why) == 0)
        plugin.configured = true;
    else if (errno == ENOENT)
        plugin.configured = false;
    else
        error ("%s: %s", plugin_type, why.text);
    xfree (path);
}

/* At a start and at each reconfigure, before nodeinfo_set for every job */
int select_p_node_init (void)
{
    const char *wrong = layout_check_nodes ();

    if (wrong) {
        error ("%s: was built for another Slurm: %s is not as expected", plugin_type, wrong);
        return SLURM_ERROR;
    }
    read_conf ();
    site_destroy (plugin.site);
    plugin.site = plugin.configured ? decide_make_site (plugin.conf.policy) : NULL;
    if (plugin.site)
        info ("%s: policy %s", plugin_type, plugin.conf.policy);
    return plugin_beneath ()->node_init ();
}

int select_p_select_nodeinfo_set (job_record_t *job)
{
    int rc = plugin_beneath ()->select_nodeinfo_set (job);

    if (plugin.site)
        decide_book (plugin.site, job);
    return rc;
}

int select_p_job_fini (job_record_t *job)
{
    if (plugin.site)
        site_release (plugin.site, job->job_id);
    return plugin_beneath ()->job_fini (job);
}

int select_p_job_resized (job_record_t *job, node_record_t *node)
{
    if (plugin.site)
        site_release_node (plugin.site, job->job_id, node->index);
    return plugin_beneath ()->job_resized (job, node);
}

/* All that `from` has becomes `to`'s. */
int select_p_job_expand (job_record_t *from, job_record_t *to)
{
    int rc = plugin_beneath ()->job_expand (from, to);

    if (plugin.site && rc == SLURM_SUCCESS) {
        site_release (plugin.site, from->job_id);
        site_release (plugin.site, to->job_id);
        decide_book (plugin.site, to);
    }
    return rc;
}

static bool check_first_job (const job_record_t *job, const bitstr_t *nodes)
{
    const char *wrong;

    if (!plugin.checked && (wrong = layout_check_job (job, nodes))) {
        error ("%s: was built for another Slurm: %s is not as expected; no job will start",
               plugin_type, wrong);
        plugin.refused = true;
    }
    plugin.checked = true;
    return !plugin.refused;
}

/* Start the job on the nodes that the graph chooses, preempting nobody. Where the plugin beneath
 * refuses them, `nodes` is as it was. */
static int run_as_chosen (job_record_t *job, bitstr_t *nodes, uint32_t min_nodes,
                          uint32_t max_nodes, uint32_t req_nodes)
{
    bitstr_t *before, *chosen = decide_nodes (plugin.site, job, nodes, min_nodes, req_nodes);
    int rc;

    if (!chosen)
        return SLURM_ERROR;
    before = bit_copy (nodes);
    bit_and (nodes, chosen);
    rc = plugin_beneath ()->job_test (job, nodes, min_nodes, max_nodes, req_nodes,
                                      SELECT_MODE_RUN_NOW, NULL, NULL, NULL);
    if (rc != SLURM_SUCCESS) {
        debug2 ("%s: %pJ: select/cons_tres refused the choice", plugin_type, job);
        bit_or (nodes, before);
    }
    FREE_NULL_BITMAP (before);
    FREE_NULL_BITMAP (chosen);
    return rc;
}

int select_p_job_test (job_record_t *job, bitstr_t *nodes, uint32_t min_nodes, uint32_t max_nodes,
                       uint32_t req_nodes, uint16_t mode, List candidates, List *preemptees,
                       bitstr_t *excluded_cores)
{
    if (!check_first_job (job, nodes))
        return SLURM_ERROR;
    if (plugin.site && mode == SELECT_MODE_RUN_NOW && !excluded_cores &&
        decide_can (job, min_nodes, max_nodes) &&
        run_as_chosen (job, nodes, min_nodes, max_nodes, req_nodes) == SLURM_SUCCESS)
        return SLURM_SUCCESS;
    return plugin_beneath ()->job_test (job, nodes, min_nodes, max_nodes, req_nodes, mode,
                                        candidates, preemptees, excluded_cores);
}

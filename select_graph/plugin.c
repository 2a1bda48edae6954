/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * select/graph: the select plugin of slurmctld that decides with the resource graph while
 * select/cons_tres, beneath it, keeps the books and verifies each choice. Slurm loads it into
 * slurmctld and also into slurmd, slurmstepd and the clients, where it does nothing of its own. */

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
    beneath_unload (&plugin.beneath);
    return SLURM_SUCCESS;
}

int select_p_node_init (void)
{
    const char *wrong = layout_check_nodes ();

    if (wrong) {
        error ("%s: was built for another Slurm: %s is not as expected", plugin_type, wrong);
        return SLURM_ERROR;
    }
    return plugin_beneath ()->node_init ();
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

int select_p_job_test (job_record_t *job, bitstr_t *nodes, uint32_t min_nodes, uint32_t max_nodes,
                       uint32_t req_nodes, uint16_t mode, List candidates, List *preemptees,
                       bitstr_t *excluded_cores)
{
    if (!check_first_job (job, nodes))
        return SLURM_ERROR;
    return plugin_beneath ()->job_test (job, nodes, min_nodes, max_nodes, req_nodes, mode,
                                        candidates, preemptees, excluded_cores);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * select/graph: the select plugin of slurmctld that decides with the resource graph while
 * select/cons_tres, beneath it, keeps the books and verifies each choice. Slurm loads it into
 * slurmctld and also into slurmd, slurmstepd and the clients, where it does nothing of its own. */

#include "select_graph/books.h"
#include "select_graph/devices.h"
#include "select_graph/facts.h"
#include "select_graph/layout.h"
#include "select_graph/plugin.h"

SELECT_EXPORT const char plugin_name[] = "Resource graph selection plugin";
SELECT_EXPORT const char plugin_type[] = "select/graph";
SELECT_EXPORT const uint32_t plugin_version = SLURM_VERSION_NUMBER;
/* Slurm writes this number into messages and state files in front of what the plugin packs, which
 * is what select/cons_tres packs. So it must be that one's number, or programs without our plugin
 * could not read them; but while Slurm compares the numbers of all plugins it must be another. */
SELECT_EXPORT uint32_t plugin_id = API_OWN_ID;

static struct plugin {
    struct beneath beneath;
    struct books books;
    bool checked; // the layout of a first job
    bool refused; // it was not as expected: start nothing more
} plugin;

const struct beneath *plugin_beneath (void)
{
    plugin_id = SELECT_PLUGIN_CONS_TRES;
    return &plugin.beneath;
}

struct site *plugin_site (void)
{
    return plugin.books.site;
}

/* Installed as select_cons_tres.so (SelectType=select/cons_tres), ours is the only one with the
 * number; and some programs load no other plugin to compare with. */
static bool alone (void)
{
    return beneath_is_shadowed () || api_loads_one ();
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
    plugin_id = alone () ? SELECT_PLUGIN_CONS_TRES : API_OWN_ID;
    return SLURM_SUCCESS;
}

int fini (void)
{
    books_close (&plugin.books);
    beneath_unload (&plugin.beneath);
    return SLURM_SUCCESS;
}

/* At a start and at each reconfigure, before nodeinfo_set for every job */
int select_p_node_init (void)
{
    const char *wrong = layout_check_nodes ();

    if (wrong) {
        error ("%s: was built for another Slurm: %s is not as expected", plugin_type, wrong);
        return SLURM_ERROR;
    }
    // The slurmctld that runs goes on with what it has, and scontrol reports it.
    if (books_open (&plugin.books, &plugin.beneath) < 0 && api_may_refuse ()) {
        error ("%s: the graph stays as it was", plugin_type);
        return SLURM_ERROR;
    }
    return plugin_beneath ()->node_init ();
}

/* After them; and whenever partitions or nodes have changed */
int select_p_reconfigure (void)
{
    int rc = plugin_beneath ()->reconfigure ();

    books_settle (&plugin.books);
    return rc;
}

/* ---- Jobs ---- */

int select_p_job_begin (job_record_t *job)
{
    if (plugin.books.site)
        books_begin (&plugin.books, job);
    return plugin_beneath ()->job_begin (job);
}

int select_p_select_nodeinfo_set (job_record_t *job)
{
    struct devices *kept = plugin.books.site ? books_keep_devices (&plugin.books, job) : NULL;
    int rc = plugin_beneath ()->select_nodeinfo_set (job);

    devices_give_back (kept);
    if (plugin.books.site)
        books_enter (&plugin.books, job);
    return rc;
}

int select_p_job_fini (job_record_t *job)
{
    if (plugin.books.site)
        books_leave (&plugin.books, job);
    return plugin_beneath ()->job_fini (job);
}

int select_p_job_resized (job_record_t *job, node_record_t *node)
{
    int rc = plugin_beneath ()->job_resized (job, node);

    if (plugin.books.site)
        books_change (&plugin.books, job, true, node->index);
    return rc;
}

/* All that `from` has becomes `to`'s. */
int select_p_job_expand (job_record_t *from, job_record_t *to)
{
    int rc = plugin_beneath ()->job_expand (from, to);

    if (plugin.books.site && rc == SLURM_SUCCESS) {
        books_leave (&plugin.books, from);
        books_change (&plugin.books, to, true, -1);
    }
    return rc;
}

/* A job that an administrator suspends for as long as he likes leaves its cores to others. */
int select_p_job_suspend (job_record_t *job, bool indefinite)
{
    int rc = plugin_beneath ()->job_suspend (job, indefinite);

    if (plugin.books.site && indefinite)
        books_change (&plugin.books, job, false, -1);
    return rc;
}

int select_p_job_resume (job_record_t *job, bool indefinite)
{
    int rc = plugin_beneath ()->job_resume (job, indefinite);

    if (plugin.books.site && indefinite)
        books_change (&plugin.books, job, true, -1);
    return rc;
}

void plugin_job_changed (const job_record_t *job)
{
    if (plugin.books.site)
        books_change (&plugin.books, job, facts_has_cores (job), -1);
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

int select_p_job_test API_JOB_TEST_PARAMS
{
    API_JOB_TEST_READ (test);

    if (!check_first_job (test.job, test.nodes))
        return SLURM_ERROR;
    plugin_beneath ();
    if (plugin.books.site)
        return choose_job_test (&plugin.books.chooser, &test);
    return API_JOB_TEST_CALL (plugin.beneath.job_test, &test);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Compares what our headers say of a record with what Slurm's own code says of it: magic numbers,
 * and things that are known twice. */

#include "select_graph/layout.h"

const char *layout_check_conf (void)
{
    char *type = slurm_get_select_type ();
    bool same = type && slurm_conf.select_type && xstrcmp (type, slurm_conf.select_type) == 0;

    xfree (type);
    return same ? NULL : "SelectType in slurm_conf";
}

static const char *check_node (node_record_t *node)
{
    if (node->magic != NODE_MAGIC)
        return "magic of a node_record";
    if (find_node_record (node->name) != node)
        return "name of a node_record";
    if (!node->config_ptr || node->config_ptr->magic != CONFIG_MAGIC)
        return "config_ptr of a node_record";
    if (node->tot_cores != node->tot_sockets * node->cores)
        return "cores of a node_record";
    return NULL;
}

const char *layout_check_nodes (void)
{
    node_record_t *node;
    const char *wrong;

    for (int i = 0; (node = next_node (&i)); i++) {
        if (node->index != (uint32_t)i)
            return "index of a node_record";
        if ((wrong = check_node (node)))
            return wrong;
    }
    return NULL;
}

const char *layout_check_job (const job_record_t *job, const bitstr_t *nodes)
{
    if (job->magic != JOB_MAGIC)
        return "magic of a job_record";
    if (!job->details || job->details->magic != DETAILS_MAGIC)
        return "details of a job_record";
    if (job->part_ptr && job->part_ptr->magic != PART_MAGIC)
        return "part_ptr of a job_record";
    if (bit_size ((bitstr_t *)nodes) != node_record_count)
        return "node_record_count";
    return NULL;
}

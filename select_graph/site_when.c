/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Which nodes will do, now and later. The jobs leave in the order of their ends; each node is
 * looked at again when one has left it, and afterwards all have what they had. O(nodes, and what
 * the jobs hold that end before). */

#include <stdlib.h>
#include <string.h>

#include "select_graph/site_priv.h"

/* ---- Nodes that will do ---- */

bool site_node_fits (const struct site *site, const struct site_want *want, uint32_t node)
{
    const struct site_left *left = &site->left[node];
    const int64_t *gres = &site->left_gres[node * site->ngres];

    if (!site->nodes[node].up || left->cores < (int64_t)want->cores ||
        left->memory < (int64_t)want->memory || (want->whole && site->nodes[node].njobs > 0))
        return false;
    for (size_t k = 0; k < site->ngres; k++)
        if (gres[k] < (int64_t)want->gres[k])
            return false;
    return true;
}

static bool asks_one_switch (const struct site *site, const struct site_want *want)
{
    return want->switches == 1 && site->has_switches;
}

/* The node will do: how many there are now that can be taken together with it. Of nodes that follow
 * each other the first and the last know how many they are. */
static uint32_t add_good (struct site *site, const struct site_want *want, uint32_t k)
{
    uint32_t before = 0, after = 0;

    site->good[k] |= SITE_GOOD;
    if (asks_one_switch (site, want))
        return site->leaf[k] == GRAPH_NONE ? 0 : ++site->group[site->leaf[k]];
    if (!want->contiguous)
        return ++site->group[0];
    if (k > 0 && (site->good[k - 1] & SITE_GOOD))
        before = site->group[k - 1];
    if (k + 1 < site->nnodes && (site->good[k + 1] & SITE_GOOD))
        after = site->group[k + 1];
    site->group[k - before] = site->group[k + after] = before + 1 + after;
    return before + 1 + after;
}

uint32_t site_mark_good (struct site *site, const struct site_want *want)
{
    uint32_t n, most = 0;

    memset (site->good, 0, site->nnodes);
    memset (site->group, 0, (site->nleaves + 1) * sizeof (*site->group));
    for (size_t i = 0; i < want->nranges; i++)
        for (uint32_t k = want->ranges[i].first; k <= want->ranges[i].last && k < site->nnodes;
             k++) {
            site->good[k] = SITE_MAY;
            if (site_node_fits (site, want, k) && (n = add_good (site, want, k)) > most)
                most = n;
        }
    return most;
}

uint64_t site_tasks (const struct site *site, const struct site_range *ranges, size_t n,
                     uint32_t cpus_of_core, uint32_t cpus_of_task, uint32_t *nodes)
{
    uint64_t sum = 0;

    *nodes = 0;
    for (size_t i = 0; i < n; i++)
        for (uint32_t k = ranges[i].first; k <= ranges[i].last && k < site->nnodes; k++) {
            int64_t cores = site->nodes[k].up ? site->left[k].cores : 0;
            uint64_t tasks = cores > 0 ? (uint64_t)cores * cpus_of_core / cpus_of_task : 0;

            *nodes += tasks > 0;
            sum += tasks;
        }
    return sum;
}

/* ---- Later ---- */

/* What a job has, to or from what is left; then the most that can be taken together. */
static uint32_t leave (struct site *site, const struct site_want *want, const struct site_job *job)
{
    uint32_t n, most = 0;

    for (size_t i = 0; i < job->nuses; i++)
        site_take (site, &job->uses[i], false);
    for (size_t i = 0; i < job->nnodes; i++) {
        uint32_t k = job->nodes[i];

        site->nodes[k].njobs--;
        if (site->good[k] == SITE_MAY && site_node_fits (site, want, k) &&
            (n = add_good (site, want, k)) > most)
            most = n;
    }
    return most;
}

static void come_back (struct site *site, const struct site_job *job)
{
    for (size_t i = 0; i < job->nuses; i++)
        site_take (site, &job->uses[i], true);
    for (size_t i = 0; i < job->nnodes; i++)
        site->nodes[job->nodes[i]].njobs++;
}

int64_t site_when (struct site *site, const struct site_want *want, int64_t now)
{
    struct site_job **list;
    size_t n, i;
    int64_t when = -1;

    if (site_mark_good (site, want) >= want->nodes_min)
        return now;
    n = site_ends (site, &list);
    for (i = 0; i < n && (when < 0 || list[i]->end <= when); i++)
        if (!list[i]->lifted && leave (site, want, list[i]) >= want->nodes_min && when < 0)
            when = list[i]->end > now ? list[i]->end : now + 1;
    while (i-- > 0)
        if (!list[i]->lifted)
            come_back (site, list[i]);
    return when;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Reads node and job records: what there is, and what jobs have. */

#include "select_graph/facts.h"

static void complain (const char *sentence)
{
    error ("select/graph: %s", sentence);
}

/* ---- Nodes ---- */

static int add_gres (void *x, void *arg)
{
    const gres_state_t *state = x;
    const gres_node_state_t *node = state->gres_data;
    struct site_facts *f = arg;
    uint64_t count = node ? node->gres_cnt_config : 0;

    // Shares of other gres (shard, mps) follow those; what is not consumed is not accounted.
    if (!node || node->no_consume || (state->config_flags & GRES_CONF_SHARED) || count == 0 ||
        !state->gres_name || f->ngres == SITE_MAX_GRES)
        return 0;
    if (count != NO_VAL64)
        f->gres[f->ngres++] = (struct site_gres){state->gres_name, MIN (count, GRAPH_MAX_SIZE)};
    return 0;
}

/* "s0.s1.n1" without the node; NULL: there are no switches. */
static char *switches_above (char *name)
{
    char *address = NULL, *pattern = NULL, *last;

    if (api_node_address (name, &address, &pattern) != SLURM_SUCCESS || !address || !pattern ||
        xstrncmp (pattern, "switch", 6) != 0 || !(last = strrchr (address, '.')))
        xfree (address);
    else
        *last = '\0';
    xfree (pattern);
    return address;
}

static int add_node (struct site *site, node_record_t *node, uint32_t number, flux_error_t *errp)
{
    struct site_facts f = {.name = node->name,
                           .sockets = MAX (node->tot_sockets, 1),
                           .threads = node->tpc,
                           .spare_cores = node->core_spec_cnt,
                           .features = node->config_ptr->feature};
    char *place = switches_above (node->name);
    int rc;

    f.cores = node->tot_cores / f.sockets;
    f.memory = node->real_memory > node->mem_spec_limit ? node->real_memory - node->mem_spec_limit
                                                        : node->real_memory;
    f.place = place;
    if (node->gres_list)
        list_for_each (node->gres_list, add_gres, &f);
    rc = site_add_node (site, number, &f, errp);
    xfree (place);
    return rc;
}

struct site *facts_make_site (const struct graph_conf *conf, flux_error_t *errp)
{
    struct site *site = site_create (errp);
    node_record_t *node;

    for (int i = 0; site && (node = next_node (&i)); i++) {
        if (add_node (site, node, i, errp) < 0)
            goto fail;
    }
    if (site && site_ready (site, conf, complain, errp) == 0)
        return site;
fail:
    site_destroy (site);
    return NULL;
}

/* ---- What jobs have ---- */

struct holds {
    const struct site *site;
    struct site_hold *list;
    size_t n, room;
    uint32_t node;   // number in the table
    uint32_t in_job; // of the job's nodes, this is which
    bool cores;      // are its own
};

static void add_hold (struct holds *h, struct site_hold hold)
{
    if (h->n == h->room) {
        h->room = h->room ? 2 * h->room : 64;
        xrecalloc (h->list, h->room, sizeof (*h->list));
    }
    h->list[h->n++] = hold;
}

/* Runs of set bits: `count` of them from `from` on; hold.first counts from there. */
static void add_bits (struct holds *h, bitstr_t *bits, int64_t from, int64_t count,
                      struct site_hold hold)
{
    for (int64_t i = from; i < from + count && i < bit_size (bits); i++) {
        if (!bit_test (bits, i))
            continue;
        hold.first = i - from;
        while (i + 1 < from + count && i + 1 < bit_size (bits) && bit_test (bits, i + 1))
            i++;
        hold.count = i - from - hold.first + 1;
        add_hold (h, hold);
    }
}

static int add_gres_hold (void *x, void *arg)
{
    const gres_state_t *state = x;
    const gres_job_state_t *job = state->gres_data;
    struct holds *h = arg;
    struct site_hold hold = {.node = h->node, .kind = SITE_GRES};
    int number = state->gres_name ? site_gres_number (h->site, state->gres_name) : -1;
    bitstr_t *bits;

    if (!job || number < 0 || h->in_job >= job->node_cnt)
        return 0;
    hold.gres = (uint8_t)number;
    bits = job->gres_bit_alloc ? job->gres_bit_alloc[h->in_job] : NULL;
    if (bits)
        add_bits (h, bits, 0, bit_size (bits), hold);
    else if (job->gres_cnt_node_alloc && job->gres_cnt_node_alloc[h->in_job] > 0) {
        hold.counted = true;
        hold.count = MIN (job->gres_cnt_node_alloc[h->in_job], GRAPH_MAX_SIZE);
        add_hold (h, hold);
    }
    return 0;
}

bool facts_has_cores (const job_record_t *job)
{
    return !(IS_JOB_SUSPENDED (job) && job->priority == 0);
}

static void add_node_holds (struct holds *h, const job_record_t *job, int64_t first_core)
{
    const job_resources_t *res = job->job_resrcs;
    uint64_t memory = res->memory_allocated ? res->memory_allocated[h->in_job] : 0;
    uint32_t cores = node_record_table_ptr[h->node]->tot_cores;

    if (h->cores && api_has_whole_nodes (res))
        add_hold (h, (struct site_hold){.node = h->node, .kind = SITE_CORE, .count = cores});
    else if (h->cores)
        add_bits (h, res->core_bitmap, first_core, cores,
                  (struct site_hold){.node = h->node, .kind = SITE_CORE});
    if (memory > 0)
        add_hold (h, (struct site_hold){.node = h->node,
                                        .kind = SITE_MEMORY,
                                        .count = MIN (memory, GRAPH_MAX_SIZE)});
    if (job->gres_list_alloc)
        list_for_each (job->gres_list_alloc, add_gres_hold, h);
}

/* job_resources has one bit per core of the job's nodes, in the order of the node table. Nodes that
 * it has left (it was resized) have no CPUs there, or no bit in the job's own bitmap. */
struct site_hold *facts_holds (const struct site *site, const job_record_t *job, bool cores,
                               int64_t without, size_t *n)
{
    const job_resources_t *res = job->job_resrcs;
    struct holds h = {.site = site, .cores = cores};
    int64_t core = 0;

    *n = 0;
    if (!res || !res->core_bitmap || !res->node_bitmap)
        return NULL;
    for (int64_t i = bit_ffs (res->node_bitmap); i >= 0 && i < bit_size (res->node_bitmap); i++) {
        if (!bit_test (res->node_bitmap, i) || !node_record_table_ptr[i])
            continue;
        h.node = i;
        if (i != without && res->cpus[h.in_job] > 0 &&
            (!job->node_bitmap || bit_test (job->node_bitmap, i)))
            add_node_holds (&h, job, core);
        core += node_record_table_ptr[i]->tot_cores;
        h.in_job++;
    }
    *n = h.n;
    return h.list;
}

/* ---- Small things ---- */

const char *facts_option (const job_record_t *job, const char *name)
{
    size_t len = strlen (name);

    for (uint32_t i = 0; i < job->spank_job_env_size; i++) {
        const char *s = job->spank_job_env[i];

        if (s && strncmp (s, name, len) == 0 && s[len] == '=')
            return s + len + 1;
    }
    return NULL;
}

struct site_range *facts_ranges (bitstr_t *nodes, size_t *n)
{
    struct site_range *ranges = NULL;
    size_t room = 0;
    int64_t first = bit_ffs (nodes), last = bit_fls (nodes);

    *n = 0;
    if (first >= 0 && last - first + 1 == bit_set_count (nodes)) { // no holes
        ranges = xcalloc (1, sizeof (*ranges));
        ranges[(*n)++] = (struct site_range){first, last};
        return ranges;
    }
    for (int64_t i = first; i >= 0 && i <= last; i++) {
        if (!bit_test (nodes, i))
            continue;
        if (*n > 0 && ranges[*n - 1].last + 1 == i) {
            ranges[*n - 1].last = i;
            continue;
        }
        if (*n == room) {
            room = room ? 2 * room : 16;
            xrecalloc (ranges, room, sizeof (*ranges));
        }
        ranges[(*n)++] = (struct site_range){i, i};
    }
    return ranges;
}

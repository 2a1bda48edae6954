/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * A choice out of some nodes: as few as there must be, and lighter ones first. */

#include "select_graph/attempt.h"
#include "select_graph/facts.h"

enum { MAX_WEIGHTS = 8, AHEAD = 16 };

/* -1: the graph has none. The nodes that the job insists on are its in any case. */
int attempt_pick_count (struct attempt *a, bitstr_t *nodes, uint32_t count, enum site_when when,
                        const struct site_choice **choice, flux_error_t *errp)
{
    struct site_want *want = &a->want;
    struct site_range *ranges;
    size_t n;
    int rc;

    *want = (struct site_want){.policy = a->policy,
                               .resources = a->resources,
                               .which_cores = a->c->conf->graph_cores,
                               .which_gres = a->c->conf->graph_gres && a->test->job->gres_list_req};
    a->known = facts_want (a->c->site, a->test, MAX (count, 1), want);
    if (!a->known && !a->resources) {
        errno = ENOTSUP;
        return -1;
    }
    if (!a->resources && a->test->req_nodes > count && count == a->test->min_nodes)
        want->nodes_max = MIN (a->test->req_nodes, a->test->max_nodes);
    ranges = facts_ranges (nodes, &n);
    want->ranges = ranges;
    want->nranges = n;
    rc = site_choose (a->c->site, want, when, a->now, choice, errp);
    want->ranges = NULL;
    want->nranges = 0;
    xfree (ranges);
    return rc;
}

/* More nodes, while it must be more and the job leaves it open */
static int pick_more (struct attempt *a, bitstr_t *nodes, uint32_t count, uint32_t most,
                      const struct site_choice **choice, flux_error_t *errp)
{
    int rc;

    while ((rc = attempt_pick_count (a, nodes, count, SITE_NOW, choice, errp)) < 0 &&
           errno == EBUSY && count < most)
        count = MIN (2 * count, most);
    return rc;
}

/* On few nodes later, or on more that are free sooner */
static int pick_sooner (struct attempt *a, bitstr_t *nodes, uint32_t count, uint32_t most,
                        const struct site_choice **choice, flux_error_t *errp)
{
    uint32_t best = count;
    int64_t at = INT64_MAX;
    int rc = pick_more (a, nodes, count, most, choice, errp);

    if (rc == 0 || errno != EBUSY)
        return rc;
    for (uint32_t n = count;; n = MIN (2 * n, most)) {
        if (attempt_pick_count (a, nodes, n, SITE_FUTURE, choice, errp) == 0 &&
            (*choice)->at < at) {
            at = (*choice)->at;
            best = n;
        }
        if (n == most)
            break;
    }
    return attempt_pick_count (a, nodes, best, SITE_FUTURE, choice, errp);
}

/* As few nodes as there must be; where the job leaves it open, more when it must be more. */
static int pick_nodes (struct attempt *a, bitstr_t *nodes, enum site_when when,
                       const struct site_choice **choice, flux_error_t *errp)
{
    bitstr_t *required = a->test->job->details->req_node_bitmap;
    uint32_t fixed = a->named, most = a->test->max_nodes;
    uint32_t count = MIN (facts_fewest_nodes (a->test), most);
    bitstr_t *others;
    int rc;

    if (a->resources)
        return attempt_pick_count (a, nodes, count, when, choice, errp);
    most = MAX (count, MIN (most, facts_most_nodes (a->test)));
    if (fixed == 0 && when == SITE_FUTURE && most > count)
        return pick_sooner (a, nodes, count, most, choice, errp);
    if (fixed == 0 && when == SITE_NOW)
        return pick_more (a, nodes, count, most, choice, errp);
    if (fixed == 0)
        return attempt_pick_count (a, nodes, count, when, choice, errp);
    if ((a->all_named = count <= fixed)) // no choice is left but the time
        return attempt_pick_count (a, required, fixed, when, choice, errp);
    others = bit_copy (nodes);
    bit_and_not (others, required);
    rc = attempt_pick_count (a, others, count - fixed, when, choice, errp);
    FREE_NULL_BITMAP (others);
    return rc;
}

/* Where a bitmap's nodes are; empty: last < first. Most have no holes. */
struct span {
    int64_t first, last;
    bool dense;
};

static struct span span_of (bitstr_t *nodes)
{
    struct span s = {.first = bit_ffs (nodes), .last = bit_fls (nodes)};

    if (s.first < 0)
        return (struct span){0, -1, false};
    s.dense = s.last - s.first + 1 == bit_set_count (nodes);
    return s;
}

/* Into a sorted list, once; false: it is full. */
static bool add_weight (uint64_t *weights, size_t *n, uint64_t w)
{
    size_t k = 0;

    while (k < *n && weights[k] < w)
        k++;
    if (k < *n && weights[k] == w)
        return true;
    if (*n == MAX_WEIGHTS)
        return false;
    memmove (weights + k + 1, weights + k, (*n - k) * sizeof (*weights));
    weights[k] = w;
    (*n)++;
    return true;
}

/* Lighter nodes come first, as slurm.conf says. The weights in use, ascending; 0: too many. Slurm
 * sets them anew for each job, so they are read each time; each from a record of its own, and the
 * memory's latency is what that costs. */
static size_t list_weights (bitstr_t *nodes, uint64_t *weights)
{
    struct span s = span_of (nodes);
    size_t n = 0;

    for (int64_t i = s.first; i <= s.last; i++) {
        const node_record_t *node = node_record_table_ptr[i];
        uint64_t w;

        if (i + AHEAD <= s.last && node_record_table_ptr[i + AHEAD])
            __builtin_prefetch (&node_record_table_ptr[i + AHEAD]->sched_weight);
        if (!node || (!s.dense && !bit_test (nodes, i)))
            continue;
        w = node->sched_weight;
        if ((n == 0 || w != weights[n - 1]) && !add_weight (weights, &n, w))
            return 0;
    }
    return n;
}

static bitstr_t *nodes_up_to (bitstr_t *nodes, uint64_t weight)
{
    bitstr_t *light = bit_copy (nodes);
    struct span s = span_of (nodes);

    for (int64_t i = s.first; i <= s.last; i++)
        if (bit_test (nodes, i) && node_record_table_ptr[i]->sched_weight > weight)
            bit_clear (light, i);
    return light;
}

int attempt_pick (struct attempt *a, enum site_when when, const struct site_choice **choice,
                  flux_error_t *errp)
{
    uint64_t weights[MAX_WEIGHTS];
    size_t n = a->c->conf->node_weights ? list_weights (a->left, weights) : 0;

    for (size_t i = 0; when == SITE_NOW && i + 1 < n; i++) {
        bitstr_t *light = nodes_up_to (a->left, weights[i]);
        int rc = pick_nodes (a, light, when, choice, errp);

        FREE_NULL_BITMAP (light);
        if (rc == 0 || errno == ENOTSUP)
            return rc;
    }
    return pick_nodes (a, a->left, when, choice, errp);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * The graph's choices to the plugin beneath, best first. */

#include "select_graph/attempt.h"

#include "lib/util/errprintf.h"
#include "select_graph/devices.h"
#include "select_graph/facts.h"

/* Every core of the chosen nodes that the graph did not choose is kept from the job. */
static api_exclusion_t *keep_cores (const struct attempt *a, const struct site_choice *choice)
{
    api_exclusion_t *x = api_exclusion_copy (a->test->excluded);

    for (size_t i = 0, k = 0; i < choice->n; i++) {
        uint32_t node = choice->nodes[i], done = 0;
        uint32_t cores = node_record_table_ptr[node]->tot_cores;

        for (; k < choice->ncores && choice->cores[k].node == node; k++) {
            if (done < choice->cores[k].first)
                api_exclude (x, node, done, choice->cores[k].first - done);
            done = choice->cores[k].first + choice->cores[k].count;
        }
        if (done < cores)
            api_exclude (x, node, done, cores - done);
    }
    return x;
}

/* A request that has more nodes, or more cores, than the job said is as if it had said so: a task
 * on each node. */
static void widen (struct attempt *a, const struct site_choice *choice)
{
    struct api_test *t = a->test;
    api_details_t *d = t->job->details;
    uint32_t nodes = choice->n, cpus = 0;

    if (choice->n > 0 && choice->cores_total > 0)
        cpus = choice->cores_total * MAX (node_record_table_ptr[choice->nodes[0]]->tpc, 1);
    if (d->min_nodes < nodes) {
        d->min_nodes = nodes;
        d->num_tasks = MAX (d->num_tasks, nodes);
        cpus = MAX (cpus, nodes * MAX (d->cpus_per_task, 1));
    }
    if (d->min_cpus < cpus) { // select/cons_tres gives no more than the tasks can use
        d->min_cpus = cpus;
        d->num_tasks = MAX (d->num_tasks, cpus / MAX (d->cpus_per_task, 1));
    }
    t->min_nodes = t->req_nodes = MAX (t->min_nodes, nodes);
    t->max_nodes = MAX (t->max_nodes, t->min_nodes);
}

void attempt_set_nodes (struct attempt *a, const struct site_choice *choice)
{
    struct api_test *t = a->test;

    bit_clear_all (t->nodes);
    for (size_t i = 0; i < choice->n; i++)
        bit_set (t->nodes, choice->nodes[i]);
    if (t->job->details->req_node_bitmap)
        bit_or (t->nodes, t->job->details->req_node_bitmap);
}

/* For later the nodes are enough: the cores are chosen when it is time. */
static bool names_cores (const struct attempt *a, const struct site_choice *choice)
{
    bool now = (a->test->mode & SELECT_MODE_BASE) == SELECT_MODE_RUN_NOW;

    return a->c->conf->graph_cores && choice->ncores > 0 && !a->want.whole && (now || a->strict);
}

int attempt_offer (struct attempt *a, const struct site_choice *choice)
{
    struct api_test *t = a->test;
    struct api_test saved = *t;
    api_exclusion_t *x = NULL;
    struct devices *devices = NULL;
    int rc;

    attempt_set_nodes (a, choice);
    if (a->resources)
        widen (a, choice);
    if (names_cores (a, choice))
        t->excluded = x = keep_cores (a, choice);
    if ((t->mode & SELECT_MODE_BASE) == SELECT_MODE_RUN_NOW && !t->candidates)
        devices = devices_keep (a->c->site, choice->devices, choice->ndevices);
    rc = attempt_ask_with_names (a, choice->n);
    devices_give_back (devices);
    api_exclusion_free (x);
    saved.preemptees = t->preemptees;
    *t = saved;
    if (rc != SLURM_SUCCESS)
        attempt_restore_nodes (a);
    return rc;
}

static void *copy_of (const void *list, size_t n, size_t size)
{
    void *copy = n > 0 ? malloc (n * size) : NULL;
    return copy ? memcpy (copy, list, n * size) : NULL;
}

static void remember (struct attempt *a, const struct site_choice *choice)
{
    struct chosen *last = &a->c->last;

    chosen_clear (last);
    last->job = a->test->job;
    if ((last->extra = copy_of (choice->extra, choice->nextra, sizeof (*last->extra))))
        last->n = choice->nextra;
    if ((last->devices = copy_of (choice->devices, choice->ndevices, sizeof (*last->devices))))
        last->ndevices = choice->ndevices;
}

/* The nodes of a refused choice are not offered again, unless too few are left without them. */
static bool drop_refused (struct attempt *a, const struct site_choice *choice)
{
    if (a->all_named)
        return false;
    for (size_t i = 0; i < choice->n; i++)
        bit_clear (a->left, choice->nodes[i]);
    return bit_set_count (a->left) >= (int64_t)MAX (choice->n, 1);
}

int attempt_offer_all (struct attempt *a, flux_error_t *errp)
{
    for (uint32_t i = 0; i < a->c->conf->candidates; i++) {
        const struct site_choice *choice;

        if (attempt_pick (a, SITE_NOW, &choice, errp) < 0) {
            debug2 ("select/graph: %pJ: no choice: %s", a->test->job, errp->text);
            return SLURM_ERROR;
        }
        if (a->resources && choice->n > a->test->max_nodes) {
            errno = EINVAL;
            errprintf (errp, "its graph request has %zu nodes, its own limit is %u", choice->n,
                       a->test->max_nodes);
            return SLURM_ERROR;
        }
        if (attempt_offer (a, choice) == SLURM_SUCCESS) {
            remember (a, choice);
            return SLURM_SUCCESS;
        }
        errno = EAGAIN;
        errprintf (errp, "Slurm refuses the nodes that the graph has");
        debug2 ("select/graph: %pJ: select/cons_tres refused choice %u", a->test->job, i);
        if (!drop_refused (a, choice))
            break;
    }
    return SLURM_ERROR;
}

/* ---- Cores that are kept from the job, jobs that can be preempted ---- */

enum { HIDDEN = UINT32_MAX }; // no job's number

void attempt_hide_cores (struct attempt *a)
{
    struct site_hold *holds = NULL;
    size_t n = 0, room = 0;

    if (!api_excludes (a->test->excluded))
        return;
    for (int64_t i = bit_ffs (a->all); i >= 0 && i < bit_size (a->all); i++) {
        if (!bit_test (a->all, i))
            continue;
        for (uint32_t c = 0; c < node_record_table_ptr[i]->tot_cores; c++) {
            if (!api_is_excluded (a->test->excluded, i, c))
                continue;
            if (n == room) {
                room = room ? 2 * room : 64;
                xrecalloc (holds, room, sizeof (*holds));
            }
            holds[n++] = (struct site_hold){.node = i, .kind = SITE_CORE, .first = c, .count = 1};
        }
    }
    (void)site_book (a->c->site, HIDDEN, holds, n, NULL, 0, a->now, GRAPH_FOREVER, NULL);
    xfree (holds);
}

void attempt_show_cores (struct attempt *a)
{
    site_release (a->c->site, HIDDEN);
}

static int lift_one (void *x, void *arg)
{
    const job_record_t *job = x;
    struct attempt *a = arg;

    if (job->node_bitmap && bit_overlap_any (job->node_bitmap, a->all))
        site_lift (a->c->site, job->job_id);
    return 0;
}

static int lower_one (void *x, void *arg)
{
    const job_record_t *job = x;
    struct attempt *a = arg;

    site_lower (a->c->site, job->job_id, a->now);
    return 0;
}

void attempt_lift (struct attempt *a)
{
    if (a->test->candidates)
        list_for_each (a->test->candidates, lift_one, a);
}

void attempt_lower (struct attempt *a)
{
    if (a->test->candidates)
        list_for_each (a->test->candidates, lower_one, a);
}

int attempt_offer_preempting (struct attempt *a, flux_error_t *errp)
{
    const struct site_choice *choice;
    int rc;

    FREE_NULL_BITMAP (a->left);
    a->left = bit_copy (a->all);
    attempt_lift (a);
    rc = attempt_pick (a, SITE_NOW, &choice, errp);
    attempt_lower (a);
    if (rc < 0)
        return SLURM_ERROR;
    rc = attempt_offer (a, choice);
    if (rc == SLURM_SUCCESS)
        remember (a, choice);
    return rc;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Offers the plugin beneath the graph's choices, best first. When it takes none of them, or the
 * graph does not know all that the job asks for, it gets all nodes, as if there were no graph; but
 * a job with a request to the graph of its own then waits, and says why. */

#include "select_graph/attempt.h"

#include "lib/util/errprintf.h"
#include "select_graph/facts.h"
#include "select_graph/show.h"

void chosen_clear (struct chosen *last)
{
    free (last->extra);
    free (last->devices);
    memset (last, 0, sizeof (*last));
}

/* ---- Now ---- */

/* All nodes to the plugin beneath; what it takes now must not draw too much. */
static int leave_it (struct attempt *a, flux_error_t *errp)
{
    struct chooser *c = a->c;
    uint32_t *nodes;
    size_t n = 0;
    int rc;

    if (a->strict)
        return SLURM_ERROR;
    attempt_restore_nodes (a);
    rc = attempt_ask_beneath (a);
    if (rc != SLURM_SUCCESS || c->conf->nconstrain == 0 ||
        (a->test->mode & SELECT_MODE_BASE) != SELECT_MODE_RUN_NOW)
        return rc;
    nodes = xcalloc (bit_set_count (a->test->nodes) + 1, sizeof (*nodes));
    for (int64_t i = bit_ffs (a->test->nodes); i >= 0 && i < bit_size (a->test->nodes); i++)
        if (bit_test (a->test->nodes, i))
            nodes[n++] = i;
    if (site_may_draw (c->site, nodes, n, errp) < 0) {
        show_waiting (a->test->job, errp->text);
        free_job_resources (&a->test->job->job_resrcs);
        attempt_restore_nodes (a);
        rc = SLURM_ERROR;
    }
    xfree (nodes);
    return rc;
}

/* The plugin beneath has no better answer: nothing but what the graph lacks would do, or less is
 * free than the job needs in any case. */
static bool is_hopeless (struct attempt *a)
{
    if (facts_may_share (a->test->job) || a->test->candidates || !site_is_uniform (a->c->site) ||
        !site_is_complete (a->c->site))
        return false;
    return a->want.exact || facts_is_hopeless (a->c->site, a->test);
}

static void explain (struct attempt *a, const flux_error_t *why)
{
    char text[200];

    bool plain = !a->strict && a->c->conf->nconstrain == 0;

    if (errno == ENOTSUP || (plain && (!a->c->conf->comment || errno != EBUSY)))
        return;
    snprintf (text, sizeof (text), "%s", why->text);
    if (errno == EBUSY || errno == ENODEV) {
        struct site_range *ranges;

        ranges = facts_ranges (a->all, &a->want.nranges);
        a->want.ranges = ranges;
        if (plain) // of which there are many: no search for what can never be
            site_explain_plain (a->c->site, &a->want, a->now, text, sizeof (text));
        else
            site_explain (a->c->site, &a->want, a->now, text, sizeof (text));
        a->want.ranges = NULL;
        xfree (ranges);
    }
    show_waiting (a->test->job, text);
}

static int run_now (struct attempt *a)
{
    api_list_t candidates = a->test->candidates;
    flux_error_t why = {""};
    int rc, saved;

    attempt_hide_cores (a);
    a->test->candidates = NULL;
    errno = 0;
    rc = attempt_offer_all (a, &why);
    saved = errno;
    a->test->candidates = candidates;
    if (rc != SLURM_SUCCESS && candidates && saved != ENOTSUP)
        rc = attempt_offer_preempting (a, &why);
    errno = saved;
    if (rc != SLURM_SUCCESS)
        explain (a, &why);
    if (rc != SLURM_SUCCESS && saved == EBUSY && is_hopeless (a)) {
        attempt_show_cores (a);
        return rc;
    }
    attempt_show_cores (a);
    return rc == SLURM_SUCCESS ? rc : leave_it (a, &why);
}

/* ---- Some time ---- */

/* One call beneath: it leaves the start time and the resources of the last one made. */
static int will_run (struct attempt *a)
{
    const struct site_choice *choice;
    flux_error_t why = {""};
    int rc;

    attempt_read_ends (a);
    attempt_hide_cores (a);
    rc = attempt_pick (a, a->test->candidates ? SITE_NOW : SITE_FUTURE, &choice, &why);
    if (rc < 0 && errno == EBUSY && a->test->candidates) {
        attempt_lift (a);
        rc = attempt_pick (a, SITE_NOW, &choice, &why);
        attempt_lower (a);
    }
    if (rc == 0)
        rc = attempt_offer_later (a, choice);
    else
        explain (a, &why);
    attempt_show_cores (a);
    return rc == SLURM_SUCCESS || a->strict ? rc : leave_it (a, &why);
}

/* ---- Ever ---- */

/* A step of srun that has fewer tasks than the job has nodes ends slurmctld 22.05, and waits for
 * ever with 26.05. Where Slurm itself chooses, srun lessens the nodes. */
static bool has_too_few_tasks (struct attempt *a, flux_error_t *errp)
{
    const job_record_t *job = a->test->job;
    uint64_t nodes = a->resources && !job->batch_flag ? attempt_nodes_asked (a->resources) : 0;

    if (nodes <= job->details->num_tasks || !(job->bit_flags & JOB_NTASKS_SET))
        return false;
    errprintf (errp, "its graph request has %llu nodes, and -n says %u tasks",
               (unsigned long long)nodes, job->details->num_tasks);
    return true;
}

static int test_only (struct attempt *a)
{
    flux_error_t why;

    if (a->resources && attempt_pick_count (a, a->left, 1, SITE_EVER, NULL, &why) < 0 &&
        errno == ENODEV) {
        info ("select/graph: %pJ: its graph request can never be met", a->test->job);
        return SLURM_ERROR;
    }
    return attempt_ask_beneath (a);
}

int choose_job_test (struct chooser *c, struct api_test *test)
{
    struct attempt a;
    flux_error_t why;
    int rc;

    attempt_init (&a, c, test);
    chosen_clear (&c->last);
    if (has_too_few_tasks (&a, &why)) {
        info ("select/graph: %pJ: %s", test->job, why.text);
        rc = SLURM_ERROR;
    } else if (!a.policy || test->min_nodes == 0)
        rc = attempt_ask_beneath (&a);
    else if ((test->mode & SELECT_MODE_BASE) == SELECT_MODE_RUN_NOW)
        rc = run_now (&a);
    else if ((test->mode & SELECT_MODE_BASE) == SELECT_MODE_WILL_RUN)
        rc = will_run (&a);
    else
        rc = test_only (&a);
    attempt_clear (&a);
    return rc;
}

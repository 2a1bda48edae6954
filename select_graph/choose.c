/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Offers the plugin beneath the graph's choices, best first. When it takes none of them, or the
 * graph does not know all that the job asks for, it gets all nodes, as if there were no graph; but
 * a job with a request to the graph of its own then waits, and says why. */

#include "select_graph/choose.h"

#include "lib/util/errprintf.h"
#include "select_graph/facts.h"
#include "select_graph/show.h"

enum { MAX_WEIGHTS = 8 };

/* One question on its way */
struct attempt {
    struct chooser *c;
    struct api_test *test;
    bitstr_t *all;     // the nodes that may be had
    bitstr_t *left;    // those not refused yet
    json_t *resources; // the job's own request; NULL: none
    bool strict;       // nothing but the graph's choice will do
    struct policy *policy;
    time_t now;
    bool known;            // facts_want() could say what it asks for
    struct site_want want; // as last asked
};

void chosen_clear (struct chosen *last)
{
    free (last->extra);
    memset (last, 0, sizeof (*last));
}

static int ask_beneath (struct attempt *a)
{
    return API_JOB_TEST_CALL (a->c->beneath->job_test, a->test);
}

/* ---- What the job brings with it ---- */

static struct policy *find_policy (const struct chooser *c, const job_record_t *job)
{
    const char *text = facts_option (job, "GRAPH_POLICY");
    flux_error_t why;
    struct policy *policy;

    if (!text)
        text = graph_conf_policy (c->conf, job->part_ptr ? job->part_ptr->name : NULL,
                                  job->qos_ptr ? job->qos_ptr->name : NULL);
    if (!(policy = policy_create (text, &why)))
        debug ("select/graph: %pJ: policy %s: %s", job, text, why.text);
    return policy;
}

static void attempt_init (struct attempt *a, struct chooser *c, struct api_test *test)
{
    const char *request = facts_option (test->job, "GRAPH_REQUEST");

    *a = (struct attempt){.c = c, .test = test, .now = time (NULL)};
    a->all = bit_copy (test->nodes);
    a->left = bit_copy (test->nodes);
    a->policy = find_policy (c, test->job);
    if (request && !(a->resources = json_loads (request, 0, NULL)))
        error ("select/graph: %pJ: GRAPH_REQUEST is not JSON", test->job);
    a->strict = a->resources != NULL;
}

static void attempt_clear (struct attempt *a)
{
    FREE_NULL_BITMAP (a->all);
    FREE_NULL_BITMAP (a->left);
    json_decref (a->resources);
    policy_destroy (a->policy);
}

static void restore_nodes (struct attempt *a)
{
    bit_or (a->test->nodes, a->all);
}

/* ---- A choice out of some nodes ---- */

/* -1: the graph has none. The nodes that the job insists on are its in any case. */
static int choose_count (struct attempt *a, bitstr_t *nodes, uint32_t count, enum site_when when,
                         const struct site_choice **choice, flux_error_t *errp)
{
    struct site_want *want = &a->want;
    struct site_range *ranges;
    size_t n;
    int rc;

    *want = (struct site_want){.policy = a->policy, .resources = a->resources};
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

/* As few nodes as there must be; where the job leaves it open, more when it must be more. */
static int choose_nodes (struct attempt *a, bitstr_t *nodes, enum site_when when,
                         const struct site_choice **choice, flux_error_t *errp)
{
    const bitstr_t *required = a->test->job->details->req_node_bitmap;
    uint32_t fixed = required ? bit_set_count ((bitstr_t *)required) : 0;
    uint32_t count = facts_fewest_nodes (a->test), most = a->test->max_nodes;
    bitstr_t *others;
    int rc;

    count = MIN (count, most);
    if (fixed == 0 || a->resources) {
        while ((rc = choose_count (a, nodes, count, when, choice, errp)) < 0 && !a->resources &&
               errno == EBUSY && count < most && count < a->test->job->details->min_cpus)
            count = MIN (MIN (2 * count, most), a->test->job->details->min_cpus);
        return rc;
    }
    if (count <= fixed) {
        errno = ENOTSUP; // no choice is left
        return -1;
    }
    others = bit_copy (nodes);
    bit_and_not (others, (bitstr_t *)required);
    rc = choose_count (a, others, count - fixed, when, choice, errp);
    FREE_NULL_BITMAP (others);
    return rc;
}

/* Lighter nodes come first, as slurm.conf says. The weights in use, ascending; 0: too many */
static size_t list_weights (bitstr_t *nodes, uint64_t *weights)
{
    size_t n = 0;

    for (int64_t i = bit_ffs (nodes); i >= 0 && i < bit_size (nodes); i++) {
        uint64_t w;
        size_t k = 0;

        if (!bit_test (nodes, i) || !node_record_table_ptr[i])
            continue;
        w = node_record_table_ptr[i]->sched_weight;
        while (k < n && weights[k] < w)
            k++;
        if (k < n && weights[k] == w)
            continue;
        if (n == MAX_WEIGHTS)
            return 0;
        memmove (weights + k + 1, weights + k, (n - k) * sizeof (*weights));
        weights[k] = w;
        n++;
    }
    return n;
}

static bitstr_t *nodes_up_to (bitstr_t *nodes, uint64_t weight)
{
    bitstr_t *light = bit_copy (nodes);

    for (int64_t i = bit_ffs (nodes); i >= 0 && i < bit_size (nodes); i++)
        if (bit_test (nodes, i) && node_record_table_ptr[i]->sched_weight > weight)
            bit_clear (light, i);
    return light;
}

static int choose (struct attempt *a, enum site_when when, const struct site_choice **choice,
                   flux_error_t *errp)
{
    uint64_t weights[MAX_WEIGHTS];
    size_t n = a->c->conf->node_weights ? list_weights (a->left, weights) : 0;

    for (size_t i = 0; when == SITE_NOW && i + 1 < n; i++) {
        bitstr_t *light = nodes_up_to (a->left, weights[i]);
        int rc = choose_nodes (a, light, when, choice, errp);

        FREE_NULL_BITMAP (light);
        if (rc == 0 || errno == ENOTSUP)
            return rc;
    }
    return choose_nodes (a, a->left, when, choice, errp);
}

/* ---- Offering it ---- */

/* Every core of the chosen nodes that the graph did not choose is kept from the job. */
static api_exclusion_t *keep_cores (const struct attempt *a, const struct site_choice *choice)
{
    api_exclusion_t *x = api_exclusion_copy (a->test->excluded);

    for (size_t i = 0, k = 0; i < choice->n; i++) {
        uint32_t node = choice->nodes[i], done = 0;
        uint32_t cores = node_record_table_ptr[node]->tot_cores;

        for (; k < choice->ncores && choice->cores[k].node == node; k++) {
            for (; done < choice->cores[k].first; done++)
                api_exclude (x, node, done);
            done = choice->cores[k].first + choice->cores[k].count;
        }
        for (; done < cores; done++)
            api_exclude (x, node, done);
    }
    return x;
}

/* A request that has more nodes than the job said is as if it had said so: a task on each. */
static void widen (struct attempt *a, uint32_t nodes)
{
    struct api_test *t = a->test;
    api_details_t *d = t->job->details;

    if (d->min_nodes < nodes) {
        d->min_nodes = nodes;
        d->num_tasks = MAX (d->num_tasks, nodes);
        d->min_cpus = MAX (d->min_cpus, nodes * MAX (d->cpus_per_task, 1));
    }
    t->min_nodes = t->req_nodes = MAX (t->min_nodes, nodes);
    t->max_nodes = MAX (t->max_nodes, t->min_nodes);
}

/* The choice to the plugin beneath. Its own answer; nodes as they were when it refuses. */
static int offer (struct attempt *a, const struct site_choice *choice)
{
    struct api_test *t = a->test;
    struct api_test saved = *t;
    api_exclusion_t *x = NULL;
    int rc;

    bit_clear_all (t->nodes);
    for (size_t i = 0; i < choice->n; i++)
        bit_set (t->nodes, choice->nodes[i]);
    if (t->job->details->req_node_bitmap)
        bit_or (t->nodes, t->job->details->req_node_bitmap);
    if (a->resources)
        widen (a, choice->n);
    if (a->c->conf->graph_cores && choice->ncores > 0 && !a->want.whole)
        t->excluded = x = keep_cores (a, choice);
    rc = ask_beneath (a);
    api_exclusion_free (x);
    saved.preemptees = t->preemptees;
    *t = saved;
    if (rc != SLURM_SUCCESS)
        restore_nodes (a);
    return rc;
}

static void remember (struct attempt *a, const struct site_choice *choice)
{
    struct chosen *last = &a->c->last;

    chosen_clear (last);
    last->job = a->test->job;
    if (choice->nextra == 0 || !(last->extra = malloc (choice->nextra * sizeof (*last->extra))))
        return;
    memcpy (last->extra, choice->extra, choice->nextra * sizeof (*last->extra));
    last->n = choice->nextra;
}

/* The nodes of a refused choice are not offered again, unless too few are left without them. */
static bool drop_refused (struct attempt *a, const struct site_choice *choice)
{
    for (size_t i = 0; i < choice->n; i++)
        bit_clear (a->left, choice->nodes[i]);
    return bit_set_count (a->left) >= (int64_t)MAX (choice->n, 1);
}

static int offer_all (struct attempt *a, flux_error_t *errp)
{
    for (uint32_t i = 0; i < a->c->conf->candidates; i++) {
        const struct site_choice *choice;

        if (choose (a, SITE_NOW, &choice, errp) < 0) {
            debug2 ("select/graph: %pJ: no choice: %s", a->test->job, errp->text);
            return SLURM_ERROR;
        }
        if (a->resources && choice->n > a->test->max_nodes) {
            errno = EINVAL;
            errprintf (errp, "its graph request has %zu nodes, its own limit is %u", choice->n,
                       a->test->max_nodes);
            return SLURM_ERROR;
        }
        if (offer (a, choice) == SLURM_SUCCESS) {
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

static void hide_cores (struct attempt *a)
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

static void show_cores (struct attempt *a)
{
    site_release (a->c->site, HIDDEN);
}

static int lift (void *x, void *arg)
{
    const job_record_t *job = x;
    struct attempt *a = arg;

    if (job->node_bitmap && bit_overlap_any (job->node_bitmap, a->all))
        site_lift (a->c->site, job->job_id);
    return 0;
}

static int lower (void *x, void *arg)
{
    const job_record_t *job = x;
    struct attempt *a = arg;

    site_lower (a->c->site, job->job_id, a->now);
    return 0;
}

/* As if the jobs that can be preempted were gone */
static int offer_preempting (struct attempt *a, flux_error_t *errp)
{
    const struct site_choice *choice;
    int rc;

    FREE_NULL_BITMAP (a->left);
    a->left = bit_copy (a->all);
    list_for_each (a->test->candidates, lift, a);
    rc = choose (a, SITE_NOW, &choice, errp);
    list_for_each (a->test->candidates, lower, a);
    if (rc < 0)
        return SLURM_ERROR;
    rc = offer (a, choice);
    if (rc == SLURM_SUCCESS)
        remember (a, choice);
    return rc;
}

/* ---- Now ---- */

/* All nodes to the plugin beneath; what it takes must not draw too much. */
static int leave_it (struct attempt *a, flux_error_t *errp)
{
    struct chooser *c = a->c;
    uint32_t *nodes;
    size_t n = 0;
    int rc;

    if (a->strict)
        return SLURM_ERROR;
    restore_nodes (a);
    rc = ask_beneath (a);
    if (rc != SLURM_SUCCESS || c->conf->nconstrain == 0)
        return rc;
    nodes = xcalloc (bit_set_count (a->test->nodes) + 1, sizeof (*nodes));
    for (int64_t i = bit_ffs (a->test->nodes); i >= 0 && i < bit_size (a->test->nodes); i++)
        if (bit_test (a->test->nodes, i))
            nodes[n++] = i;
    if (site_may_draw (c->site, nodes, n, errp) < 0) {
        show_waiting (a->test->job, errp->text);
        free_job_resources (&a->test->job->job_resrcs);
        restore_nodes (a);
        rc = SLURM_ERROR;
    }
    xfree (nodes);
    return rc;
}

/* The plugin beneath has no better answer: nothing but what the graph lacks would do, or fewer
 * nodes than it needs have a core free. */
static bool is_hopeless (struct attempt *a)
{
    struct site_want want = {
        .nodes_min = a->test->min_nodes, .nodes_max = a->test->min_nodes, .cores = 1};
    struct site_range *ranges;
    bool hopeless;

    if (facts_may_share (a->test->job) || a->test->candidates || a->c->conf->graph)
        return false;
    if (a->want.exact && site_is_uniform (a->c->site))
        return true;
    ranges = facts_ranges (a->all, &want.nranges);
    want.ranges = ranges;
    hopeless = site_choose (a->c->site, &want, SITE_NOW, a->now, NULL, NULL) < 0 && errno == EBUSY;
    xfree (ranges);
    return hopeless;
}

static void explain (struct attempt *a, const flux_error_t *why)
{
    char text[200];

    if ((!a->strict && a->c->conf->nconstrain == 0) || errno == ENOTSUP)
        return;
    snprintf (text, sizeof (text), "%s", why->text);
    if (errno == EBUSY || errno == ENODEV) {
        struct site_range *ranges;

        ranges = facts_ranges (a->all, &a->want.nranges);
        a->want.ranges = ranges;
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

    hide_cores (a);
    a->test->candidates = NULL;
    errno = 0;
    rc = offer_all (a, &why);
    saved = errno;
    a->test->candidates = candidates;
    if (rc != SLURM_SUCCESS && candidates && saved != ENOTSUP)
        rc = offer_preempting (a, &why);
    errno = saved;
    if (rc != SLURM_SUCCESS)
        explain (a, &why);
    if (rc != SLURM_SUCCESS && saved == EBUSY && is_hopeless (a)) {
        show_cores (a);
        return rc;
    }
    show_cores (a);
    return rc == SLURM_SUCCESS ? rc : leave_it (a, &why);
}

/* ---- Some time ---- */

static void read_ends (struct attempt *a)
{
    struct site *site = a->c->site;
    void *cursor = NULL;
    uint32_t id;

    if (a->c->ends_read == a->now)
        return;
    a->c->ends_read = a->now;
    while (site_next_job (site, &cursor, &id)) {
        const job_record_t *job = find_job_record (id);

        if (job)
            site_set_end (site, id, a->now, job->end_time);
    }
}

/* One call beneath: it leaves the start time and the resources of the last one made. */
static int will_run (struct attempt *a)
{
    const struct site_choice *choice;
    flux_error_t why = {""};
    int rc;

    read_ends (a);
    hide_cores (a);
    if (a->test->candidates)
        list_for_each (a->test->candidates, lift, a);
    rc = choose (a, a->test->candidates ? SITE_NOW : SITE_FUTURE, &choice, &why);
    if (a->test->candidates)
        list_for_each (a->test->candidates, lower, a);
    if (rc == 0)
        rc = offer (a, choice);
    else
        explain (a, &why);
    show_cores (a);
    return rc == SLURM_SUCCESS || a->strict ? rc : leave_it (a, &why);
}

/* ---- Ever ---- */

static int test_only (struct attempt *a)
{
    flux_error_t why;

    if (a->resources && choose_count (a, a->left, 1, SITE_EVER, NULL, &why) < 0 &&
        errno == ENODEV) {
        info ("select/graph: %pJ: its graph request can never be met", a->test->job);
        return SLURM_ERROR;
    }
    return ask_beneath (a);
}

int choose_job_test (struct chooser *c, struct api_test *test)
{
    struct attempt a;
    int rc;

    attempt_init (&a, c, test);
    chosen_clear (&c->last);
    if (!a.policy || test->min_nodes == 0)
        rc = ask_beneath (&a);
    else if ((test->mode & SELECT_MODE_BASE) == SELECT_MODE_RUN_NOW)
        rc = run_now (&a);
    else if ((test->mode & SELECT_MODE_BASE) == SELECT_MODE_WILL_RUN)
        rc = will_run (&a);
    else
        rc = test_only (&a);
    attempt_clear (&a);
    return rc;
}

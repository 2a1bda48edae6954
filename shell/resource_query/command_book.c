/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The commands that book what was matched elsewhere, and those that give it back. */

#include <errno.h>
#include <flux/idset.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/monotime.h"
#include "shell/resource_query/command.h"

static int read_items (struct query *q, const char *reader, const json_t *doc,
                       struct result_item **items, size_t *n, flux_error_t *errp)
{
    if (!strcmp (reader, "rv1exec"))
        return load_rv1_items (q->g, doc, items, n, errp);
    return load_jgf_items (q->g, doc, !strcmp (reader, "jgf_shorthand"), items, n, errp);
}

/* What was matched in another subsystem than this graph's is booked, but there is no way from the
 * root to show it on. */
static bool has_way (const struct query *q, const char *reader, const struct result_item *items,
                     size_t n)
{
    size_t i = 0;
    while (i < n && items[i].vertex != graph_root (q->g))
        i++;
    return i < n || !strcmp (reader, "rv1exec");
}

static void update (struct query *q, char **argv, uint64_t id, int64_t at, int64_t duration)
{
    struct result_item *items = NULL;
    const struct result *res;
    struct buf out = {.data = NULL};
    flux_error_t error;
    size_t n = 0;
    json_t *doc = query_read_json (argv[3]);
    if (!doc)
        return;
    double t = monotime_now ();
    int rc = read_items (q, argv[2], doc, &items, &n, &error);
    if (rc == 0)
        rc = matcher_update (q->m, id, at, duration, !strcmp (argv[1], "reserve"), items, n, &res,
                             &error);
    if (rc == 0 && has_way (q, argv[2], items, n))
        query_write_text (q, res, NULL, &out);
    t = monotime_now () - t;
    query_print_text (q, &out);
    if (rc < 0)
        fprintf (stderr, "ERROR: traverser run () returned error \nERROR: %s\n", error.text);
    else {
        query_note_time (q, t);
        query_note_job (q, id, at, argv[3], t);
    }
    if (rc < 0)
        query_print_unmatched (q, id, false, t);
    else
        query_print_matched (q, id, MATCH_ALLOCATE, at, t);
    q->next_job = id + 1;
    free (items);
    json_decref (doc);
}

int cmd_update (struct query *q, int argc, char **argv)
{
    if (argc != 7)
        return query_malformed ();
    uint64_t id = strtoll (argv[4], NULL, 10);
    int64_t at = strtoll (argv[5], NULL, 10), duration = strtoll (argv[6], NULL, 10);
    const struct query_job *job = query_find_job (q, id);
    if (strcmp (argv[1], "allocate") && strcmp (argv[1], "reserve"))
        fprintf (stderr, "ERROR: unknown subcmd %s\n", argv[1]);
    else if (strcmp (argv[2], "jgf") && strcmp (argv[2], "rv1exec") &&
             strcmp (argv[2], "jgf_shorthand"))
        fprintf (stderr, "ERROR: unsupported reader %s\n", argv[2]);
    else if (job && job->held)
        fputs ("ERROR: existing Jobid \n", stderr);
    else if (at < 0 || duration <= 0)
        fprintf (stderr, "ERROR: invalid time (%lld, %lld)\n", (long long)at, (long long)duration);
    else
        update (q, argv, id, at, duration);
    return 0;
}

/* What Fluxion visits to cancel a job: all it holds, and the children of all that. */
static void print_cancel_cost (struct query *q, const struct match_job *job)
{
    size_t pre = 1;
    for (size_t i = 0; i < job->count; i++)
        pre += graph_child_count (q->g, job->items[i].vertex);
    fprintf (q->out,
             RULE
             "INFO: CANCEL PREORDER COUNT=\"%zu\"\nINFO: CANCEL POSTORDER COUNT=\"%zu\"\n" RULE,
             pre, job->count);
}

int cmd_cancel (struct query *q, int argc, char **argv)
{
    struct match_job job;
    flux_error_t error;
    if (argc < 2 || argc > 3)
        return query_malformed ();
    uint64_t id = strtoll (argv[1], NULL, 10);
    struct query_job *info = query_find_job (q, id);
    if (!info || !info->held || matcher_job (q->m, id, &job) < 0) {
        fprintf (stderr, "cancel: ERROR: nonexistent job %llu\n", (unsigned long long)id);
        return 0;
    }
    if (argc == 3 && !strcmp (argv[2], "stats"))
        print_cancel_cost (q, &job);
    if (matcher_cancel (q->m, id, &error) < 0)
        fprintf (stderr, "cancel: ERROR: %s\n", error.text);
    info->held = false;
    info->state = JOB_CANCELED;
    return 0;
}

/* The job has it for itself: what it only passes through goes when nothing is left below. */
static bool held_alone (const struct query *q, uint64_t id, uint32_t v)
{
    const struct result_item *item = matcher_job_item (q->m, id, v);
    return item && item->exclusive;
}

static bool holds_below (struct query *q, const struct match_job *job, uint32_t v)
{
    for (size_t i = 0; i < job->count; i++)
        for (uint32_t u = job->items[i].vertex; u != GRAPH_NONE; u = graph_parent (q->g, u))
            if (u == v)
                return true;
    return false;
}

/* The tops of the ranks that R names; what lies in them does not matter. */
static int list_ranks (struct query *q, uint64_t id, const json_t *R, uint32_t **listp, size_t *np)
{
    struct match_job job;
    if (matcher_job (q->m, id, &job) < 0)
        return -1;
    json_t *o, *rlite = json_object_get (json_object_get (R, "execution"), "R_lite");
    size_t i;
    json_array_foreach (rlite, i, o)
    {
        const char *text = json_string_value (json_object_get (o, "rank"));
        struct idset *ids = text ? idset_decode (text) : NULL;
        for (unsigned int rank = ids ? idset_first (ids) : IDSET_INVALID_ID;
             rank != IDSET_INVALID_ID; rank = idset_next (ids, rank)) {
            const uint32_t *top;
            uint32_t *list = realloc (*listp, (*np + 1) * sizeof (*list));
            if (list)
                *listp = list;
            if (!list || graph_find_rank (q->g, rank, &top) == 0 ||
                !holds_below (q, &job, top[0])) {
                idset_destroy (ids);
                return -1;
            }
            list[(*np)++] = top[0];
        }
        idset_destroy (ids);
        if (!ids)
            return -1;
    }
    return *np ? 0 : -1;
}

static int list_vertices (struct query *q, uint64_t id, const json_t *doc, uint32_t **listp,
                          size_t *np, flux_error_t *errp)
{
    struct result_item *items = NULL;
    size_t n = 0;
    if (load_jgf_items (q->g, doc, false, &items, &n, errp) < 0)
        return -1;
    *listp = calloc (n + 1, sizeof (**listp));
    for (size_t i = 0; *listp && i < n; i++)
        if (held_alone (q, id, items[i].vertex))
            (*listp)[(*np)++] = items[i].vertex;
    free (items);
    return *listp ? 0 : -1;
}

static int partial_cancel (struct query *q, struct query_job *info, const char *reader,
                           const json_t *doc, flux_error_t *errp)
{
    uint32_t *list = NULL;
    size_t n = 0;
    bool full = false;
    int rc = !strcmp (reader, "rv1exec") ? list_ranks (q, info->id, doc, &list, &n)
                                         : list_vertices (q, info->id, doc, &list, &n, errp);
    if (rc == 0)
        rc = matcher_cancel_partial (q->m, info->id, list, n, &full, errp);
    if (rc == 0 && full) {
        info->held = false;
        info->state = JOB_CANCELED;
    }
    free (list);
    return rc;
}

int cmd_partial_cancel (struct query *q, int argc, char **argv)
{
    flux_error_t error = {""};
    if (argc < 4 || argc > 5)
        return query_malformed ();
    uint64_t id = strtoll (argv[1], NULL, 10);
    struct query_job *info = query_find_job (q, id);
    if (strcmp (argv[2], "jgf") && strcmp (argv[2], "rv1exec")) {
        fprintf (stderr, "ERROR: unsupported reader %s\n", argv[2]);
        return 0;
    }
    json_t *doc = query_read_json (argv[3]);
    if (!doc)
        return 0;
    if (!info || !info->held)
        fprintf (stderr, "ERROR: nonexistent job %llu\n", (unsigned long long)id);
    else if (info->state == JOB_RESERVED)
        fputs ("ERROR: reservations not currently supported by partial cancel\n", stderr);
    else if (partial_cancel (q, info, argv[2], doc, &error) < 0) {
        printf ("%s\n", error.text);
        fprintf (stderr, "ERROR: error encountered while removing job %llu\n",
                 (unsigned long long)id);
    }
    if (argc == 5 && !strcmp (argv[4], "stats")) // nothing is walked for it
        fputs (RULE "INFO: PARTIAL CANCEL PREORDER COUNT=\"0\"\n"
                    "INFO: PARTIAL CANCEL POSTORDER COUNT=\"0\"\n" RULE,
               q->out);
    json_decref (doc);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The commands. What a script compares goes to q->out, what a person reads to stdout and stderr, as
 * in Fluxion's tool, whose words these are. */

#include <errno.h>
#include <flux/idset.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"
#include "shell/resource_query/query.h"

#define RULE "INFO: =============================\n"

static const struct {
    const char *name;
    match_op_t op;
} ops[] = {
    {"allocate", MATCH_ALLOCATE},
    {"allocate_orelse_reserve", MATCH_ALLOCATE_ORELSE_RESERVE},
    {"allocate_with_satisfiability", MATCH_ALLOCATE_WITH_SATISFIABILITY},
    {"satisfiability", MATCH_SATISFIABILITY},
    {"without_allocating", MATCH_WITHOUT_ALLOCATING},
    {"without_allocating_future", MATCH_WITHOUT_ALLOCATING_FUTURE},
};

static int find_op (const char *name)
{
    for (size_t i = 0; i < sizeof (ops) / sizeof (ops[0]); i++)
        if (!strcmp (ops[i].name, name))
            return ops[i].op;
    return -1;
}

static bool only_looks (match_op_t op)
{
    return op == MATCH_SATISFIABILITY || op == MATCH_WITHOUT_ALLOCATING ||
           op == MATCH_WITHOUT_ALLOCATING_FUTURE;
}

static int malformed (void)
{
    fputs ("ERROR: malformed command\n", stderr);
    return 0;
}

static int cannot_open (const char *path)
{
    fprintf (stderr, "ERROR: can't open %s\n", path);
    return 0;
}

/* ---- Jobs ---- */
static struct query_job *find_job (struct query *q, uint64_t id)
{
    for (size_t i = 0; i < q->njobs; i++)
        if (q->job[i].id == id)
            return &q->job[i];
    return NULL;
}

static void note_job (struct query *q, uint64_t id, int64_t at, const char *jobspec, double elapse)
{
    struct query_job *job = find_job (q, id);
    if (!job) {
        struct query_job *list = realloc (q->job, (q->njobs + 1) * sizeof (*list));
        if (!list)
            return;
        q->job = list;
        job = &list[q->njobs++];
        job->jobspec = NULL;
    }
    free (job->jobspec);
    *job = (struct query_job){.id = id,
                              .state = at == 0 ? JOB_ALLOCATED : JOB_RESERVED,
                              .held = true,
                              .at = at,
                              .jobspec = strdup (jobspec),
                              .elapse = elapse};
}

static void note_time (struct query *q, double elapse)
{
    q->min = q->sum == 0 || elapse < q->min ? elapse : q->min;
    q->max = elapse > q->max ? elapse : q->max;
    q->sum += elapse;
}

/* ---- match ---- */
static void print_counts (struct query *q, double elapse, FILE *f)
{
    struct match_counters c;
    if (!q->elapse)
        return;
    matcher_counters (q->m, &c);
    fprintf (f, "INFO: ELAPSE=%f\n", elapse);
    printf ("INFO: PREORDER VISIT COUNT=%llu\nINFO: POSTORDER VISIT COUNT=%llu\n",
            (unsigned long long)c.preorder, (unsigned long long)c.postorder);
}

static void print_matched (struct query *q, uint64_t id, match_op_t op, int64_t at, double elapse)
{
    const char *mode = only_looks (op) ? "MATCHED" : at == 0 ? "ALLOCATED" : "RESERVED";
    fprintf (q->out, RULE "INFO: JOBID=%llu\nINFO: RESOURCES=%s\n", (unsigned long long)id, mode);
    if (at == 0)
        fputs ("INFO: SCHEDULED AT=Now\n", q->out);
    else
        fprintf (q->out, "INFO: SCHEDULED AT=%lld\n", (long long)at);
    print_counts (q, elapse, stdout);
    fputs (RULE, q->out);
}

static void print_unmatched (struct query *q, uint64_t id, bool never, double elapse)
{
    fprintf (q->out, RULE "INFO: No matching resources found\n%sINFO: JOBID=%llu\n",
             never ? "INFO: Unsatisfiable request\n" : "", (unsigned long long)id);
    print_counts (q, elapse, q->out);
    fputs (RULE, q->out);
}

static void print_satisfiable (struct query *q, bool yes, double elapse)
{
    fprintf (q->out, RULE "INFO: %s request\n" RULE, yes ? "Satisfiable" : "Unsatisfiable");
    print_counts (q, elapse, stdout);
}

static void write_text (struct query *q, const struct result *res, const struct request *req,
                        struct buf *text)
{
    if (write_result (q->w, q->g, res, req) < 0 || writer_finish (q->w, text) < 0)
        fprintf (stderr, "match_allocate: ERROR: match writer emit: %s\n", strerror (errno));
}

static void print_text (struct query *q, struct buf *text)
{
    if (text->len)
        fwrite (text->data, 1, text->len, q->out);
    buf_clear (text);
}

static int match_text (struct query *q, match_op_t op, const char *text, size_t len, uint64_t id,
                       const struct request **reqp, const struct result **res, int *errnum)
{
    flux_error_t error = {""};
    struct request *req = query_request (q, text, len, &error);
    int rc = -1;
    *errnum = EINVAL;
    if (!req) {
        fprintf (stderr, "match_allocate: ERROR: Jobspec error for %llu: %s\n",
                 (unsigned long long)q->next_job, error.text);
        return -1;
    }
    if ((rc = matcher_match (q->m, req, op, id, 0, NULL, res, &error)) < 0) {
        *errnum = errno;
        if (errno != EBUSY && errno != ENODEV)
            fprintf (stderr, "match_allocate: ERROR: %s\n", error.text);
    }
    if (!only_looks (op) && (rc == 0 || *errnum == EBUSY || *errnum == ENODEV))
        q->next_job++;
    *reqp = req;
    return rc;
}

static int run_match (struct query *q, match_op_t op, const char *path, uint64_t id)
{
    const struct result *res = NULL;
    const struct request *req = NULL;
    size_t len;
    int errnum;
    char *text = query_read_file (path, &len);
    if (!text)
        return cannot_open (path);
    struct buf out = {.data = NULL};
    double t = monotime_now ();
    int rc = match_text (q, op, text, len, id, &req, &res, &errnum);
    bool never = rc < 0 && (errnum == ENODEV || errnum == ENOENT);
    if (rc == 0 && op != MATCH_SATISFIABILITY)
        write_text (q, res, req, &out);
    t = monotime_now () - t; // jobspec to R, as Fluxion counts it
    print_text (q, &out);
    if (op == MATCH_SATISFIABILITY)
        print_satisfiable (q, !never, t);
    else if (rc < 0)
        print_unmatched (q, id, never, t);
    else {
        print_matched (q, id, op, res->at, t);
        if (!only_looks (op)) {
            note_job (q, id, res->at, path, t);
            note_time (q, t);
        }
    }
    request_destroy ((struct request *)req);
    free (text);
    return rc;
}

static int cmd_match (struct query *q, int argc, char **argv)
{
    if (argc != 3)
        return malformed ();
    int op = find_op (argv[1]);
    if (op < 0)
        fprintf (stderr, "ERROR: unknown subcmd %s\n", argv[1]);
    else
        run_match (q, op, argv[2], q->next_job);
    return 0;
}

static int cmd_multi_match (struct query *q, int argc, char **argv)
{
    if (argc <= 3)
        return malformed ();
    int op = find_op (argv[1]);
    if (op < 0)
        fprintf (stderr, "ERROR: unknown subcmd %s\n", argv[1]);
    for (int i = 2; op >= 0 && i < argc; i++)
        if (run_match (q, op, argv[i], q->next_job) != 0)
            break;
    return 0;
}

/* ---- update and cancel ---- */
static json_t *read_json (const char *path)
{
    json_error_t error;
    size_t len;
    char *text = query_read_file (path, &len);
    if (!text) {
        cannot_open (path);
        return NULL;
    }
    json_t *o = json_loadb (text, len, 0, &error);
    if (!o)
        fprintf (stderr, "ERROR: %s: line %d: %s\n", path, error.line, error.text);
    free (text);
    return o;
}

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
    json_t *doc = read_json (argv[3]);
    if (!doc)
        return;
    double t = monotime_now ();
    int rc = read_items (q, argv[2], doc, &items, &n, &error);
    if (rc == 0)
        rc = matcher_update (q->m, id, at, duration, !strcmp (argv[1], "reserve"), items, n, &res,
                             &error);
    if (rc == 0 && has_way (q, argv[2], items, n))
        write_text (q, res, NULL, &out);
    t = monotime_now () - t;
    print_text (q, &out);
    if (rc < 0)
        fprintf (stderr, "ERROR: traverser run () returned error \nERROR: %s\n", error.text);
    else {
        note_time (q, t);
        note_job (q, id, at, argv[3], t);
    }
    if (rc < 0)
        print_unmatched (q, id, false, t);
    else
        print_matched (q, id, MATCH_ALLOCATE, at, t);
    q->next_job = id + 1;
    free (items);
    json_decref (doc);
}

static int cmd_update (struct query *q, int argc, char **argv)
{
    if (argc != 7)
        return malformed ();
    uint64_t id = strtoll (argv[4], NULL, 10);
    int64_t at = strtoll (argv[5], NULL, 10), duration = strtoll (argv[6], NULL, 10);
    const struct query_job *job = find_job (q, id);
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

static int cmd_cancel (struct query *q, int argc, char **argv)
{
    struct match_job job;
    flux_error_t error;
    if (argc < 2 || argc > 3)
        return malformed ();
    uint64_t id = strtoll (argv[1], NULL, 10);
    struct query_job *info = find_job (q, id);
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

static int cmd_partial_cancel (struct query *q, int argc, char **argv)
{
    flux_error_t error = {""};
    if (argc < 4 || argc > 5)
        return malformed ();
    uint64_t id = strtoll (argv[1], NULL, 10);
    struct query_job *info = find_job (q, id);
    if (strcmp (argv[2], "jgf") && strcmp (argv[2], "rv1exec")) {
        fprintf (stderr, "ERROR: unsupported reader %s\n", argv[2]);
        return 0;
    }
    json_t *doc = read_json (argv[3]);
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

/* ---- The graph ---- */
static int cmd_attach (struct query *q, int argc, char **argv)
{
    flux_error_t error = {""};
    if (argc != 2)
        return malformed ();
    json_t *doc = read_json (argv[1]);
    if (doc && load_jgf (q->g, doc, &error) < 0)
        fprintf (stderr, "ERROR: can't attach JGF subgraph \nERROR: %s\n", error.text);
    json_decref (doc);
    return 0;
}

static int remove_ranks (struct query *q, const char *text, flux_error_t *errp)
{
    struct idset *ids = idset_decode (text);
    int rc = 0;
    if (!ids) {
        fputs ("ERROR: failed to decode ranks.\n", stderr);
        return 0;
    }
    for (unsigned int id = idset_first (ids); rc == 0 && id != IDSET_INVALID_ID;
         id = idset_next (ids, id)) {
        const uint32_t *v;
        size_t n = graph_find_rank (q->g, id, &v);
        rc = n ? matcher_remove_subgraph (q->m, v[0], errp) : 0;
    }
    idset_destroy (ids);
    return rc;
}

static int cmd_remove (struct query *q, int argc, char **argv)
{
    flux_error_t error = {""};
    int rc = 0;
    if (argc != 3)
        return malformed ();
    if (!strcmp (argv[2], "true")) {
        uint32_t v = graph_find_path (q->g, argv[1]);
        rc = v == GRAPH_NONE ? errprintf (&error, "there is no %s", argv[1])
                             : matcher_remove_subgraph (q->m, v, &error);
    } else if (!strcmp (argv[2], "false"))
        rc = remove_ranks (q, argv[1], &error);
    else
        fputs ("ERROR: invalid path boolean input \n", stderr);
    if (rc < 0)
        fprintf (stderr, "ERROR: can't remove subgraph \nERROR: %s\n", error.text);
    return 0;
}

static bool has_id (const struct graph *g, uint32_t v, const char *type, int64_t id)
{
    if (graph_id (g, v) == id && !strcmp (graph_type (g, v), type))
        return true;
    for (uint32_t i = 0; i < graph_child_count (g, v); i++)
        if (has_id (g, graph_child (g, v, i), type, id))
            return true;
    return false;
}

/* What an id of R is called in this graph: here they are the same, so it says whether it is there.
 */
static int cmd_namespace_info (struct query *q, int argc, char **argv)
{
    const uint32_t *top;
    if (argc != 4)
        return malformed ();
    size_t n = graph_find_rank (q->g, strtoll (argv[1], NULL, 10), &top);
    for (size_t i = 0; i < n; i++)
        if (has_id (q->g, top[i], argv[2], strtoll (argv[3], NULL, 10))) {
            fprintf (q->out, "INFO: %s\n", argv[3]);
            return 0;
        }
    fprintf (stderr, "ERROR: rank %s has no %s %s\n", argv[1], argv[2], argv[3]);
    return 0;
}

static int cmd_find (struct query *q, int argc, char **argv)
{
    struct buf criteria = {.data = NULL}, text = {.data = NULL};
    flux_error_t error = {""};
    if (argc < 2) {
        fputs ("ERROR: malformed command: \n", stderr);
        return 0;
    }
    for (int i = 1; i < argc; i++)
        buf_printf (&criteria, "%s%s", i > 1 ? " " : "", argv[i]);
    struct find *f = criteria.err ? NULL : find_create (criteria.data, &error);
    if (!f || find_write (f, q->m, q->w, &error) < 0 || writer_finish (q->w, &text) < 0)
        fprintf (stderr, "find: invalid criteria: %s.\n%s\n", criteria.data, error.text);
    else {
        if (text.len)
            fwrite (text.data, 1, text.len, q->out);
        fprintf (q->out, RULE "INFO: EXPRESSION=\"%s\"\n" RULE, criteria.data);
    }
    find_destroy (f);
    buf_clear (&criteria);
    buf_clear (&text);
    return 0;
}

/* Nodes of one host share a path: what is said of it is said of all of them. */
static size_t find_all (struct query *q, const char *path, uint32_t *list)
{
    size_t n = graph_find_paths (q->g, path, list, GRAPH_MAX_TWINS);
    return n < GRAPH_MAX_TWINS ? n : GRAPH_MAX_TWINS;
}

static int cmd_set_property (struct query *q, int argc, char **argv)
{
    if (argc != 3)
        return malformed ();
    char *eq = strchr (argv[2], '=');
    if (!eq || eq == argv[2] || !eq[1]) {
        fputs ("Incorrect input format. \n"
               "Please use `set-property <resource> PROPERTY=VALUE`.\n",
               q->out);
        return 0;
    }
    uint32_t v[GRAPH_MAX_TWINS];
    size_t n = find_all (q, argv[1], v);
    *eq = '\0';
    if (n == 0)
        fprintf (q->out, "Couldn't find path %s in resource graph.\n", argv[1]);
    for (size_t i = 0; i < n; i++)
        if (graph_set_property (q->g, v[i], argv[2], eq + 1) < 0)
            fprintf (stderr, "ERROR: %s\n", strerror (errno));
    return 0;
}

static void print_properties (struct query *q, const char *path, uint32_t v)
{
    const char *key, *value;
    size_t cursor = 0;
    while (graph_property_next (q->g, v, &cursor, &key, &value))
        fprintf (q->out, "%s=%s\n", key, value);
    if (cursor == 0)
        fprintf (q->out, "No properties were found for %s (vtx's uniq_id=%lld).\n", path,
                 (long long)graph_uniq_id (q->g, v));
}

static int cmd_get_property (struct query *q, int argc, char **argv)
{
    uint32_t v[GRAPH_MAX_TWINS];
    if (argc != 2)
        return malformed ();
    size_t n = find_all (q, argv[1], v);
    if (n == 0)
        fprintf (q->out, "Could not find path %s in resource graph.\n", argv[1]);
    for (size_t i = 0; i < n; i++)
        print_properties (q, argv[1], v[i]);
    return 0;
}

static int cmd_set_status (struct query *q, int argc, char **argv)
{
    if (argc != 3)
        return malformed ();
    uint32_t v[GRAPH_MAX_TWINS];
    size_t n = find_all (q, argv[1], v);
    int status = graph_status_parse (argv[2]);
    if (n == 0)
        fprintf (q->out, "Could not find path %s in resource graph.\n", argv[1]);
    else if (status < 0)
        fputs ("ERROR: unrecognized status\n", stderr);
    for (size_t i = 0; status >= 0 && i < n; i++)
        graph_set_status (q->g, v[i], status);
    return 0;
}

static int cmd_get_status (struct query *q, int argc, char **argv)
{
    if (argc != 2)
        return malformed ();
    uint32_t v = graph_find_path (q->g, argv[1]);
    if (v == GRAPH_NONE)
        fprintf (q->out, "Could not find path %s in resource graph.\n", argv[1]);
    else
        fprintf (q->out, "%s is %s\n", argv[1], graph_status_name (graph_status (q->g, v)));
    return 0;
}

/* ---- Looking ---- */
static void print_job (const struct query_job *job)
{
    static const char *const states[] = {"ALLOCATED", "RESERVED", "CANCELED"};
    printf ("INFO: %llu, %s, %lld, %s, %g\n", (unsigned long long)job->id, states[job->state],
            (long long)job->at, job->jobspec ? job->jobspec : "", job->elapse);
}

static int cmd_list (struct query *q, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    for (size_t i = 0; i < q->njobs; i++)
        print_job (&q->job[i]);
    return 0;
}

static int cmd_info (struct query *q, int argc, char **argv)
{
    if (argc != 2)
        return malformed ();
    const struct query_job *job = find_job (q, strtoll (argv[1], NULL, 10));
    if (job)
        print_job (job);
    else
        fprintf (stderr, "info: ERROR: nonexistent job %s\n", argv[1]);
    return 0;
}

static int cmd_stat (struct query *q, int argc, char **argv)
{
    (void)argv;
    if (argc != 1)
        return malformed ();
    printf ("INFO: Num. of Jobs Matched: %zu\nINFO: Min. Match Time: %g\n"
            "INFO: Max. Match Time: %g\nINFO: Avg. Match Time: %g\n",
            q->njobs, q->min, q->max, q->njobs ? q->sum / q->njobs : 0.);
    return 0;
}

static int cmd_cat (struct query *q, int argc, char **argv)
{
    (void)q;
    size_t len;
    if (argc != 2)
        return malformed ();
    char *text = query_read_file (argv[1], &len);
    if (!text)
        return cannot_open (argv[1]);
    fwrite (text, 1, len, stdout);
    printf ("INFO: Jobspec in %s\n", argv[1]);
    free (text);
    return 0;
}

static int cmd_quit (struct query *q, int argc, char **argv)
{
    (void)q;
    (void)argc;
    (void)argv;
    return -1;
}

static int cmd_help (struct query *q, int argc, char **argv);

static const struct {
    const char *name, *abbr, *note;
    int (*run) (struct query *q, int argc, char **argv);
} commands[] = {
    {"match", "m", "match allocate|allocate_orelse_reserve|... JOBSPEC", cmd_match},
    {"multi-match", "M", "multi-match allocate|... JOBSPEC JOBSPEC ...", cmd_multi_match},
    {"update", "u", "update allocate|reserve jgf|jgf_shorthand|rv1exec FILE JOBID START DURATION",
     cmd_update},
    {"attach", "j", "attach JGF_FILE", cmd_attach},
    {"remove", "j", "remove PATH true, or remove RANKS false", cmd_remove},
    {"add-subgraph", "grow", "add-subgraph JGF_FILE: as attach", cmd_attach},
    {"namespace-info", "ns-info", "namespace-info RANK TYPE ID", cmd_namespace_info},
    {"find", "f", "find CRITERIA, as status=down and sched-now=allocated", cmd_find},
    {"cancel", "c", "cancel JOBID [stats]", cmd_cancel},
    {"partial-cancel", "pc", "partial-cancel JOBID jgf|rv1exec FILE", cmd_partial_cancel},
    {"set-property", "p", "set-property PATH PROPERTY=VALUE", cmd_set_property},
    {"get-property", "g", "get-property PATH", cmd_get_property},
    {"set-status", "t", "set-status PATH up|down", cmd_set_status},
    {"get-status", "e", "get-status PATH", cmd_get_status},
    {"list", "l", "list: all jobs", cmd_list},
    {"info", "i", "info JOBID", cmd_info},
    {"stat", "s", "stat: times", cmd_stat},
    {"cat", "a", "cat JOBSPEC", cmd_cat},
    {"help", "h", "help [COMMAND]", cmd_help},
    {"quit", "q", "quit", cmd_quit},
};
enum { NCOMMANDS = sizeof (commands) / sizeof (commands[0]) };

static bool is_command (size_t i, const char *name)
{
    return !strcmp (commands[i].name, name) || !strcmp (commands[i].abbr, name);
}

static int cmd_help (struct query *q, int argc, char **argv)
{
    (void)q;
    bool found = false;
    for (size_t i = 0; i < NCOMMANDS; i++)
        if (argc != 2 || is_command (i, argv[1])) {
            printf ("INFO: %s (%s) -- %s\n", commands[i].name, commands[i].abbr, commands[i].note);
            found = true;
        }
    if (!found)
        printf ("ERROR: unknown command: %s\n", argv[1]);
    return 0;
}

int query_command (struct query *q, char *line)
{
    char *argv[QUERY_MAX_ARGS], *save = NULL;
    int argc = 0;
    for (char *w = strtok_r (line, " \t\r\n", &save); w && argc < QUERY_MAX_ARGS;
         w = strtok_r (NULL, " \t\r\n", &save))
        argv[argc++] = w;
    if (argc == 0 || argv[0][0] == '#')
        return 0;
    for (size_t i = 0; i < NCOMMANDS; i++)
        if (is_command (i, argv[0]))
            return commands[i].run (q, argc, argv);
    fprintf (stderr, "ERROR: unknown command: %s\n", argv[0]);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The commands that match, and how a result is shown. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/monotime.h"
#include "shell/resource_query/command.h"

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

void query_print_matched (struct query *q, uint64_t id, match_op_t op, int64_t at, double elapse)
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

void query_print_unmatched (struct query *q, uint64_t id, bool never, double elapse)
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

void query_write_text (struct query *q, const struct result *res, const struct request *req,
                       struct buf *text)
{
    if (write_result (q->w, q->g, res, req) < 0 || writer_finish (q->w, text) < 0)
        fprintf (stderr, "match_allocate: ERROR: match writer emit: %s\n", strerror (errno));
}

void query_print_text (struct query *q, struct buf *text)
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
        return query_cannot_open (path);
    struct buf out = {.data = NULL};
    double t = monotime_now ();
    int rc = match_text (q, op, text, len, id, &req, &res, &errnum);
    bool never = rc < 0 && (errnum == ENODEV || errnum == ENOENT);
    if (rc == 0 && op != MATCH_SATISFIABILITY)
        query_write_text (q, res, req, &out);
    t = monotime_now () - t; // jobspec to R, as Fluxion counts it
    query_print_text (q, &out);
    if (op == MATCH_SATISFIABILITY)
        print_satisfiable (q, !never, t);
    else if (rc < 0)
        query_print_unmatched (q, id, never, t);
    else {
        query_print_matched (q, id, op, res->at, t);
        if (!only_looks (op)) {
            query_note_job (q, id, res->at, path, t);
            query_note_time (q, t);
        }
    }
    request_destroy ((struct request *)req);
    free (text);
    return rc;
}

int cmd_match (struct query *q, int argc, char **argv)
{
    if (argc != 3)
        return query_malformed ();
    int op = find_op (argv[1]);
    if (op < 0)
        fprintf (stderr, "ERROR: unknown subcmd %s\n", argv[1]);
    else
        run_match (q, op, argv[2], q->next_job);
    return 0;
}

int cmd_multi_match (struct query *q, int argc, char **argv)
{
    if (argc <= 3)
        return query_malformed ();
    int op = find_op (argv[1]);
    if (op < 0)
        fprintf (stderr, "ERROR: unknown subcmd %s\n", argv[1]);
    for (int i = 2; op >= 0 && i < argc; i++)
        if (run_match (q, op, argv[i], q->next_job) != 0)
            break;
    return 0;
}

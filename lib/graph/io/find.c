/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <ctype.h>
#include <errno.h>
#include <flux/hostlist.h>
#include <flux/job.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/io/find.h"
#include "lib/util/errprintf.h"

typedef enum { OP_AND, OP_OR, OP_TEST } op_t;
typedef enum {
    T_STATUS,
    T_NOW,
    T_FUTURE,
    T_JOB_ALLOC,
    T_JOB_RESERVED,
    T_JOB_SPAN,
    T_JOB_TAG,
    T_AGFILTER,
    T_NAMES,
    T_PROPERTY,
    NTESTS,
} test_t;

static const struct {
    const char *key, *yes, *no; // allowed values, NULL: others
} tests[NTESTS] = {
    [T_STATUS] = {"status", "down", "up"},
    [T_NOW] = {"sched-now", "allocated", "free"},
    [T_FUTURE] = {"sched-future", "reserved", "free"},
    [T_JOB_ALLOC] = {"jobid-alloc", NULL, NULL},
    [T_JOB_RESERVED] = {"jobid-reserved", NULL, NULL},
    [T_JOB_SPAN] = {"jobid-span", NULL, NULL},
    [T_JOB_TAG] = {"jobid-tag", NULL, NULL},
    [T_AGFILTER] = {"agfilter", "true", "false"},
    [T_NAMES] = {"names", NULL, NULL},
    [T_PROPERTY] = {"property", NULL, NULL},
};

struct expr {
    op_t op;
    struct expr *a, *b;
    test_t test;
    bool yes;
    flux_jobid_t id;
    struct hostlist *hosts;
    char *text;
};

struct find {
    struct expr *expr;
    bool agfilter;
    flux_jobid_t id; // 0: no criterion names a job
};

enum { MAX_DEPTH = 64, MAX_WORD = 1024 };

struct parser {
    const char *p;
    int depth;
    struct find *f;
    flux_error_t *errp;
};

static void expr_destroy (struct expr *e)
{
    if (!e)
        return;
    expr_destroy (e->a);
    expr_destroy (e->b);
    hostlist_destroy (e->hosts);
    free (e->text);
    free (e);
}

void find_destroy (struct find *f)
{
    if (!f)
        return;
    expr_destroy (f->expr);
    free (f);
}

static struct expr *bad (struct parser *p, const char *what, const char *word)
{
    errno = EINVAL;
    errprintf (p->errp, "criteria: %s '%.64s'", what, word);
    return NULL;
}

static bool word_is (const char *s, const char *word)
{
    size_t len = strlen (word);
    return !strncmp (s, word, len) && (!s[len] || isspace ((unsigned char)s[len]) || s[len] == '(');
}

static void skip (struct parser *p)
{
    while (isspace ((unsigned char)*p->p))
        p->p++;
}

static bool set_value (struct find *f, struct expr *e, const char *value)
{
    char lower[MAX_WORD];
    size_t i = 0;
    for (; value[i]; i++)
        lower[i] = tolower ((unsigned char)value[i]);
    lower[i] = '\0';
    if (e->test >= T_JOB_ALLOC && e->test <= T_JOB_TAG) {
        if (flux_job_id_parse (value, &e->id) < 0)
            return false;
        f->id = e->id;
        return true;
    }
    if (e->test == T_NAMES)
        return (e->hosts = hostlist_decode (lower)) != NULL;
    if (e->test == T_PROPERTY)
        return *lower && (e->text = strdup (lower)) != NULL;
    bool abbreviated = e->test == T_AGFILTER && (!strcmp (lower, "t") || !strcmp (lower, "f"));
    e->yes = !strcmp (lower, tests[e->test].yes) || (abbreviated && *lower == 't');
    if (e->test == T_AGFILTER)
        f->agfilter = e->yes;
    return e->yes || abbreviated || !strcmp (lower, tests[e->test].no);
}

static struct expr *parse_test (struct parser *p)
{
    char word[MAX_WORD];
    size_t len = 0;
    while (p->p[len] && !isspace ((unsigned char)p->p[len]) && !strchr ("()", p->p[len]))
        len++;
    if (len == 0 || len >= sizeof (word))
        return bad (p, "something is missing or too long at", p->p);
    memcpy (word, p->p, len);
    word[len] = '\0';
    char *eq = strchr (word, '=');
    struct expr *e = calloc (1, sizeof (*e));
    if (!eq || !e) {
        free (e);
        return bad (p, "not KEY=VALUE:", word);
    }
    *eq = '\0';
    e->op = OP_TEST;
    while (e->test < NTESTS && strcmp (tests[e->test].key, word))
        e->test++;
    if (e->test == NTESTS || !set_value (p->f, e, eq + 1)) {
        bool known = e->test < NTESTS;
        expr_destroy (e);
        return bad (p, known ? "invalid value:" : "unknown key:", known ? eq + 1 : word);
    }
    p->p += len;
    return e;
}

static struct expr *parse_or (struct parser *p);

static struct expr *parse_one (struct parser *p)
{
    skip (p);
    if (*p->p != '(')
        return parse_test (p);
    if (++p->depth > MAX_DEPTH)
        return bad (p, "nested too deep at", p->p);
    p->p++;
    struct expr *e = parse_or (p);
    skip (p);
    p->depth--;
    if (e && *p->p != ')') {
        expr_destroy (e);
        return bad (p, "')' is missing at", p->p);
    }
    p->p += e != NULL;
    return e;
}

static struct expr *join (op_t op, struct expr *a, struct expr *b)
{
    struct expr *e = a && b ? calloc (1, sizeof (*e)) : NULL;
    if (!e) {
        expr_destroy (a);
        expr_destroy (b);
        return NULL;
    }
    *e = (struct expr){.op = op, .a = a, .b = b};
    return e;
}

static struct expr *parse_and (struct parser *p)
{
    struct expr *e = parse_one (p);
    for (skip (p); e && *p->p && *p->p != ')' && !word_is (p->p, "or"); skip (p)) {
        if (word_is (p->p, "and"))
            p->p += strlen ("and");
        e = join (OP_AND, e, parse_one (p));
    }
    return e;
}

static struct expr *parse_or (struct parser *p)
{
    struct expr *e = parse_and (p);
    for (skip (p); e && word_is (p->p, "or"); skip (p)) {
        p->p += strlen ("or");
        e = join (OP_OR, e, parse_and (p));
    }
    return e;
}

struct find *find_create (const char *criteria, flux_error_t *errp)
{
    struct find *f = calloc (1, sizeof (*f));
    struct parser p = {.p = criteria, .f = f, .errp = errp};
    if (!f) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    f->expr = parse_or (&p);
    if (f->expr && *p.p)
        bad (&p, "something is left over at", p.p);
    if (!f->expr || *p.p) {
        find_destroy (f);
        errno = EINVAL;
        return NULL;
    }
    return f;
}

/* ---- Evaluating ---- */
/* What holds for a vertex because it holds for one above. */
struct inherited {
    bool down, allocated, reserved;
};

struct finder {
    const struct find *f;
    struct matcher *m;
    const struct graph *g;
    struct writer *w;
    uint8_t *reserved; // by vertex: a reservation has it for itself
};

static const struct result_item *job_item (const struct finder *s, flux_jobid_t id, uint32_t v,
                                           struct match_job *job)
{
    return matcher_job (s->m, id, job) < 0 ? NULL : matcher_job_item (s->m, id, v);
}

static bool test_job (const struct finder *s, const struct expr *e, uint32_t v)
{
    struct match_job job;
    const struct result_item *item = job_item (s, e->id, v, &job);
    if (!item)
        return false;
    if (e->test == T_JOB_SPAN)
        return graph_child_count (s->g, v) > 0;
    if (e->test == T_JOB_TAG)
        return true;
    return item->exclusive && job.reserved == (e->test == T_JOB_RESERVED);
}

static bool test_name (const struct finder *s, const struct expr *e, uint32_t v)
{
    char name[GRAPH_MAX_NAME + 16];
    return graph_name (s->g, v, name, sizeof (name)) >= 0 && hostlist_find (e->hosts, name) >= 0;
}

static bool test (const struct finder *s, const struct expr *e, uint32_t v,
                  const struct inherited *in)
{
    switch (e->test) {
    case T_STATUS:
        return in->down == e->yes;
    case T_NOW:
        return in->allocated == e->yes;
    case T_FUTURE:
        return in->reserved == e->yes;
    case T_AGFILTER:
        return e->yes;
    case T_NAMES:
        return test_name (s, e, v);
    case T_PROPERTY:
        return graph_property (s->g, v, e->text) != NULL;
    default:
        return test_job (s, e, v);
    }
}

static bool holds (const struct finder *s, const struct expr *e, uint32_t v,
                   const struct inherited *in)
{
    if (e->op == OP_TEST)
        return test (s, e, v, in);
    bool a = holds (s, e->a, v, in);
    if (e->op == OP_AND ? !a : a)
        return a;
    return holds (s, e->b, v, in);
}

/* Units of a type below v that are held, by one job or by all. */
static uint64_t count_held (const struct finder *s, uint32_t v, const char *type)
{
    uint64_t n = 0;
    struct match_job job;
    for (uint32_t i = 0; i < graph_child_count (s->g, v); i++) {
        uint32_t c = graph_child (s->g, v, i);
        if (!strcmp (graph_type (s->g, c), type)) {
            const struct result_item *item = s->f->id ? job_item (s, s->f->id, c, &job) : NULL;
            n += s->f->id ? (item && item->exclusive ? item->needs : 0) : graph_used (s->g, c);
        }
        n += count_held (s, c, type);
    }
    return n;
}

static int by_name (const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp (*x, *y);
}

static json_t *counts_of (const struct finder *s, uint32_t v)
{
    enum { MAX_TYPES = 64 };
    const char *types[MAX_TYPES];
    char text[80];
    size_t n = matcher_prune_types (s->m, graph_type (s->g, v), types, MAX_TYPES);
    json_t *o = n ? json_object () : NULL;
    n = n < MAX_TYPES ? n : MAX_TYPES;
    qsort (types, n, sizeof (*types), by_name);
    for (size_t i = 0; o && i < n; i++) {
        uint64_t total = 0, avail;
        if (graph_aggregate (s->g, v, types[i], &total, &avail) < 0)
            total = 0;
        snprintf (text, sizeof (text), "used:%llu, total:%llu",
                  (unsigned long long)count_held (s, v, types[i]), (unsigned long long)total);
        json_object_set_new (o, types[i], json_string (text));
    }
    return o;
}

static int write_one (struct finder *s, uint32_t v)
{
    json_t *counts = NULL;
    if (s->f->agfilter && (graph_child_count (s->g, v) == 0 || !(counts = counts_of (s, v))))
        return 0;
    struct write_vertex wv = {.vertex = v,
                              .needs = graph_size (s->g, v),
                              .exclusive = true,
                              .depth = graph_depth (s->g, v),
                              .agfilter = counts};
    int rc = writer_vertex (s->w, s->g, &wv);
    json_decref (counts);
    return rc < 0 ? -1 : 1;
}

/* How many were written at and below v; -1. */
static int64_t visit (struct finder *s, uint32_t v, struct inherited in)
{
    int64_t n = 0;
    graph_add_steps (matcher_graph (s->m), 1);
    in.down = in.down || graph_status (s->g, v) != GRAPH_UP;
    in.allocated = in.allocated || graph_used (s->g, v) > 0;
    in.reserved = in.reserved || s->reserved[v];
    for (uint32_t i = 0; i < graph_child_count (s->g, v); i++) {
        uint32_t c = graph_child (s->g, v, i);
        int64_t k = visit (s, c, in);
        if (k < 0 || (k > 0 && writer_edge (s->w, s->g, v, c, false) < 0))
            return -1;
        n += k;
    }
    if (n == 0 && !holds (s, s->f->expr, v, &in))
        return 0;
    int rc = write_one (s, v);
    return rc < 0 ? -1 : rc == 0 ? 0 : n + 1;
}

int find_write (const struct find *f, struct matcher *m, struct writer *w, flux_error_t *errp)
{
    struct graph *g = matcher_graph (m);
    struct finder s = {.f = f, .m = m, .g = g, .w = w};
    struct match_job job;
    size_t cursor = 0;
    if (graph_root (g) == GRAPH_NONE || !(s.reserved = calloc (graph_limit (g), 1))) {
        errno = ENOMEM;
        return errprintf (errp, "the graph is empty, or out of memory");
    }
    while (matcher_next_job (m, &cursor, &job))
        for (size_t i = 0; job.reserved && i < job.count; i++)
            s.reserved[job.items[i].vertex] |= job.items[i].exclusive;
    int64_t n = visit (&s, graph_root (g), (struct inherited){false, false, false});
    free (s.reserved);
    writer_time (w, 0, 0);
    return n < 0 ? errprintf (errp, "cannot write what was found: %s", strerror (errno)) : 0;
}

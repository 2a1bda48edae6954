/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Constraints on jobs, see constraint.h. */

#include <errno.h>
#include <flux/hostlist.h>
#include <flux/idset.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/util/errprintf.h"
#include "shell/service/job_list/constraint.h"
#include "shell/service/job_manager/job.h"

#define DEPTH_MAX 64
#define NODES_MAX 10000
#define ALL_STATES 0x7f

enum op {
    OP_AND,
    OP_OR,
    OP_NOT,
    OP_USERID,
    OP_NAME,
    OP_QUEUE,
    OP_STATES,
    OP_RESULTS,
    OP_HOSTLIST,
    OP_RANKS,
    OP_TIME
};

struct job_constraint {
    enum op op;
    struct job_constraint **children;
    size_t count;
    json_t *values; // of userid, name, queue
    int mask;       // of states, results
    struct hostlist *hosts;
    struct idset *ranks;
    size_t time_offset;
    char compare[3];
    double time;
};

struct parse {
    int depth;
    int nodes;
    flux_error_t *errp;
};

static struct job_constraint *parse (struct parse *p, const json_t *o);

static const struct {
    const char *name;
    enum op op;
    size_t offset;
} ops[] = {
    {"and", OP_AND, 0},
    {"or", OP_OR, 0},
    {"not", OP_NOT, 0},
    {"userid", OP_USERID, 0},
    {"name", OP_NAME, 0},
    {"queue", OP_QUEUE, 0},
    {"states", OP_STATES, 0},
    {"results", OP_RESULTS, 0},
    {"hostlist", OP_HOSTLIST, 0},
    {"ranks", OP_RANKS, 0},
    {"t_submit", OP_TIME, offsetof (struct job, t_submit)},
    {"t_depend", OP_TIME, offsetof (struct job, t_depend)},
    {"t_priority", OP_TIME, offsetof (struct job, t_priority)},
    {"t_sched", OP_TIME, offsetof (struct job, t_sched)},
    {"t_run", OP_TIME, offsetof (struct job, t_run)},
    {"t_cleanup", OP_TIME, offsetof (struct job, t_cleanup)},
    {"t_inactive", OP_TIME, offsetof (struct job, t_inactive)},
};

struct word {
    const char *name;
    int value;
};

static const struct word state_words[] = {
    {"new", JOB_NEW},
    {"depend", JOB_DEPEND},
    {"priority", JOB_PRIORITY},
    {"sched", JOB_SCHED},
    {"run", JOB_RUN},
    {"cleanup", JOB_CLEANUP},
    {"inactive", JOB_INACTIVE},
    {"pending", JOB_PENDING},
    {"running", JOB_RUNNING},
    {"active", JOB_ACTIVE},
    {NULL, 0},
};

static const struct word result_words[] = {
    {"completed", RESULT_COMPLETED}, {"failed", RESULT_FAILED},   {"canceled", RESULT_CANCELED},
    {"cancelled", RESULT_CANCELED},  {"timeout", RESULT_TIMEOUT}, {NULL, 0},
};

static int parse_mask (struct parse *p, const json_t *values, const struct word *words, int *mask)
{
    size_t i;
    json_t *v;

    json_array_foreach (values, i, v)
    {
        const char *name = json_string_value (v);
        const struct word *w = words;
        if (json_is_integer (v)) {
            *mask |= json_integer_value (v);
            continue;
        }
        while (name && w->name && strcasecmp (w->name, name) != 0)
            w++;
        if (!name || !w->name)
            return errprintf (p->errp, "invalid constraint value '%s'", name ? name : "?");
        *mask |= w->value;
    }
    return 0;
}

static int check_values (struct parse *p, struct job_constraint *c, const json_t *values,
                         bool integers)
{
    size_t i;
    json_t *v;

    json_array_foreach (values, i, v)
    {
        if (integers ? !json_is_integer (v) : !json_is_string (v))
            return errprintf (p->errp, "invalid value in constraint: %s expected",
                              integers ? "an integer" : "a string");
    }
    c->values = json_incref ((json_t *)values);
    return 0;
}

static int parse_hosts (struct parse *p, struct job_constraint *c, const json_t *values)
{
    size_t i;
    json_t *v;

    if (!(c->hosts = hostlist_create ()))
        return errprintf (p->errp, "out of memory");
    json_array_foreach (values, i, v)
    {
        const char *s = json_string_value (v);
        if (!s || hostlist_append (c->hosts, s) < 0)
            return errprintf (p->errp, "invalid hostlist '%s' in constraint", s ? s : "?");
    }
    return 0;
}

static int parse_ranks (struct parse *p, struct job_constraint *c, const json_t *values)
{
    size_t i;
    json_t *v;

    if (!(c->ranks = idset_create (0, IDSET_FLAG_AUTOGROW)))
        return errprintf (p->errp, "out of memory");
    json_array_foreach (values, i, v)
    {
        const char *s = json_string_value (v);
        if (!s || idset_decode_add (c->ranks, s, -1, NULL) < 0)
            return errprintf (p->errp, "invalid ranks '%s' in constraint", s ? s : "?");
    }
    return 0;
}

static int parse_time (struct parse *p, struct job_constraint *c, const json_t *values)
{
    const char *s = json_string_value (json_array_get (values, 0));
    char *end;

    if (!s || json_array_size (values) != 1 || (*s != '<' && *s != '>'))
        return errprintf (p->errp, "invalid time constraint: one of < <= > >= expected");
    c->compare[0] = *s++;
    if (*s == '=')
        c->compare[1] = *s++;
    c->time = strtod (s, &end);
    if (end == s || *end)
        return errprintf (p->errp, "invalid time '%s' in constraint", s);
    return 0;
}

static int parse_children (struct parse *p, struct job_constraint *c, const json_t *values)
{
    size_t i;
    json_t *v;

    if (!(c->children = calloc (json_array_size (values) + 1, sizeof (c->children[0]))))
        return errprintf (p->errp, "out of memory");
    json_array_foreach (values, i, v)
    {
        if (!(c->children[i] = parse (p, v)))
            return -1;
        c->count++;
    }
    return 0;
}

static int parse_operator (struct parse *p, struct job_constraint *c, size_t op,
                           const json_t *values)
{
    c->op = ops[op].op;
    c->time_offset = ops[op].offset;
    if (!json_is_array (values))
        return errprintf (p->errp, "constraint operator '%s' wants an array", ops[op].name);
    switch (c->op) {
    case OP_AND:
    case OP_OR:
    case OP_NOT:
        return parse_children (p, c, values);
    case OP_USERID:
        return check_values (p, c, values, true);
    case OP_NAME:
    case OP_QUEUE:
        return check_values (p, c, values, false);
    case OP_STATES:
        return parse_mask (p, values, state_words, &c->mask);
    case OP_RESULTS:
        return parse_mask (p, values, result_words, &c->mask);
    case OP_HOSTLIST:
        return parse_hosts (p, c, values);
    case OP_RANKS:
        return parse_ranks (p, c, values);
    case OP_TIME:
        return parse_time (p, c, values);
    }
    return -1;
}

static struct job_constraint *parse (struct parse *p, const json_t *o)
{
    struct job_constraint *c = NULL;
    const char *name = NULL;
    json_t *values = NULL;
    size_t op = 0;

    if (++p->nodes > NODES_MAX || ++p->depth > DEPTH_MAX) {
        errprintf (p->errp, "constraint is too large");
        goto error;
    }
    if (!json_is_object (o) || json_object_size (o) > 1) {
        errprintf (p->errp, "constraint must be an object with one operator");
        goto error;
    }
    if (!(c = calloc (1, sizeof (*c))))
        goto error;
    json_object_foreach ((json_t *)o, name, values)
    {
        for (op = 0; op < sizeof (ops) / sizeof (ops[0]); op++) {
            if (strcmp (ops[op].name, name) == 0)
                break;
        }
        if (op == sizeof (ops) / sizeof (ops[0])) {
            errprintf (p->errp, "unknown constraint operator: %s", name);
            goto error;
        }
        if (parse_operator (p, c, op, values) < 0)
            goto error;
    }
    p->depth--;
    return c; // an empty object is `and` of nothing: true
error:
    job_constraint_destroy (c);
    errno = EPROTO; // RFC 43
    return NULL;
}

struct job_constraint *job_constraint_create (const json_t *o, flux_error_t *errp)
{
    struct parse p = {.errp = errp};

    if (!o)
        return calloc (1, sizeof (struct job_constraint));
    return parse (&p, o);
}

void job_constraint_destroy (struct job_constraint *c)
{
    if (c) {
        int saved_errno = errno;
        for (size_t i = 0; i < c->count; i++)
            job_constraint_destroy (c->children[i]);
        free (c->children);
        json_decref (c->values);
        hostlist_destroy (c->hosts);
        idset_destroy (c->ranks);
        free (c);
        errno = saved_errno;
    }
}

static bool match_string (const json_t *values, const char *s)
{
    size_t i;
    json_t *v;

    json_array_foreach (values, i, v)
    {
        if (s && fnmatch (json_string_value (v), s, 0) == 0)
            return true;
    }
    return false;
}

static bool match_userid (const json_t *values, uint32_t userid)
{
    size_t i;
    json_t *v;

    json_array_foreach (values, i, v)
    {
        if (json_integer_value (v) == -1 || (uint32_t)json_integer_value (v) == userid)
            return true;
    }
    return false;
}

static bool match_hosts (struct hostlist *hosts, const char *nodelist)
{
    struct hostlist *hl = nodelist ? hostlist_decode (nodelist) : NULL;
    bool found = false;

    if (hl) {
        for (const char *h = hostlist_first (hl); h && !found; h = hostlist_next (hl))
            found = hostlist_find (hosts, h) >= 0;
    }
    hostlist_destroy (hl);
    return found;
}

static bool match_ranks (const struct idset *want, const char *ranks)
{
    struct idset *ids = ranks ? idset_decode (ranks) : NULL;
    bool found = ids && idset_has_intersection (ids, want);

    idset_destroy (ids);
    return found;
}

static bool match_time (const struct job_constraint *c, const struct job *job)
{
    double t = *(const double *)((const char *)job + c->time_offset);

    if (t == 0)
        return false;
    if (c->compare[0] == '<')
        return t < c->time || (c->compare[1] && t == c->time);
    return t > c->time || (c->compare[1] && t == c->time);
}

static bool match_all (const struct job_constraint *c, const struct job *job)
{
    for (size_t i = 0; i < c->count; i++) {
        if (!job_constraint_match (c->children[i], job))
            return false;
    }
    return true;
}

static bool match_any (const struct job_constraint *c, const struct job *job)
{
    for (size_t i = 0; i < c->count; i++) {
        if (job_constraint_match (c->children[i], job))
            return true;
    }
    return c->count == 0; // RFC 31: an empty `or` is true
}

bool job_constraint_match (const struct job_constraint *c, const struct job *job)
{
    switch (c->op) {
    case OP_AND:
        return match_all (c, job);
    case OP_OR:
        return match_any (c, job);
    case OP_NOT:
        return !match_all (c, job);
    case OP_USERID:
        return match_userid (c->values, job->userid);
    case OP_NAME:
        return match_string (c->values, job->facts.name);
    case OP_QUEUE:
        return match_string (c->values, job->facts.queue);
    case OP_STATES:
        return (c->mask & job->state);
    case OP_RESULTS:
        return job->state == JOB_INACTIVE && (c->mask & job->result);
    case OP_HOSTLIST:
        return match_hosts (c->hosts, job->nodelist);
    case OP_RANKS:
        return match_ranks (c->ranks, job->ranks);
    case OP_TIME:
        return match_time (c, job);
    }
    return false;
}

int job_constraint_states (const struct job_constraint *c)
{
    int mask = ALL_STATES;

    switch (c->op) {
    case OP_STATES:
        return c->mask & ALL_STATES;
    case OP_RESULTS:
        return JOB_INACTIVE;
    case OP_AND:
        for (size_t i = 0; i < c->count; i++)
            mask &= job_constraint_states (c->children[i]);
        return mask;
    case OP_OR:
        mask = c->count == 0 ? ALL_STATES : 0;
        for (size_t i = 0; i < c->count; i++)
            mask |= job_constraint_states (c->children[i]);
        return mask;
    default:
        return mask;
    }
}

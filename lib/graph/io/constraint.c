/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Constraints from JSON, see constraint.h. */

#include <errno.h>
#include <flux/hostlist.h>
#include <flux/idset.h>
#include <string.h>

#include "lib/graph/io/constraint.h"
#include "lib/util/errprintf.h"

struct translate {
    const struct constraint_hosts *hosts;
    flux_error_t *errp;
};

static struct constraint *translate (struct translate *t, const json_t *o);

static int add_children (struct translate *t, struct constraint *c, const json_t *values)
{
    size_t i;
    json_t *v;

    json_array_foreach (values, i, v)
    {
        struct constraint *arg = translate (t, v);
        if (!arg)
            return -1;
        if (constraint_add (c, arg) < 0) {
            constraint_destroy (arg);
            return errprintf (t->errp, "the constraint is nested too deeply");
        }
    }
    return 0;
}

/* RFC 20 says what a name is; RFC 31 allows "^" before it. */
static bool is_property (const char *s)
{
    if (s && *s == '^')
        s++;
    return s && *s && !strpbrk (s, "!&'\"^`|()");
}

static int add_names (struct translate *t, struct constraint *c, const json_t *values)
{
    size_t i;
    json_t *v;

    json_array_foreach (values, i, v)
    {
        const char *name = json_string_value (v);
        if (!is_property (name) || constraint_add_name (c, name) < 0)
            return errprintf (t->errp, "a property in the constraint is no name: %.100s",
                              name ? name : "");
    }
    return 0;
}

/* An idset, or, as YAML has it without quotes, one rank. */
static struct idset *decode_ranks (const json_t *o)
{
    struct idset *ids = NULL;

    if (json_is_string (o))
        return idset_decode (json_string_value (o));
    if (json_is_integer (o) && json_integer_value (o) >= 0 && json_integer_value (o) < INT32_MAX &&
        (ids = idset_create (0, IDSET_FLAG_AUTOGROW)))
        idset_set (ids, json_integer_value (o));
    return ids;
}

static int add_ranks (struct translate *t, struct constraint *c, const json_t *values)
{
    size_t i;
    json_t *v;

    json_array_foreach (values, i, v)
    {
        struct idset *ids = decode_ranks (v);
        if (!ids)
            return errprintf (t->errp, "ranks in the constraint are no idset");
        for (unsigned int r = idset_first (ids); r != IDSET_INVALID_ID; r = idset_next (ids, r))
            constraint_add_ranks (c, r, r);
        idset_destroy (ids);
    }
    return 0;
}

static void found_rank (uint32_t rank, void *arg)
{
    constraint_add_ranks (arg, rank, rank);
}

static int add_hosts (struct translate *t, struct constraint *c, const json_t *values)
{
    size_t i;
    json_t *v;

    json_array_foreach (values, i, v)
    {
        struct hostlist *hl = json_is_string (v) ? hostlist_decode (json_string_value (v)) : NULL;
        if (!hl)
            return errprintf (t->errp, "hosts in the constraint are no hostlist");
        for (const char *host = hostlist_first (hl); host; host = hostlist_next (hl)) {
            if (!t->hosts) {
                constraint_add_name (c, host);
                continue;
            }
            t->hosts->ranks_of (host, found_rank, c, t->hosts->data);
        }
        hostlist_destroy (hl);
    }
    return 0;
}

static const struct operator
{
    const char *name;
    constraint_op_t op;
    int (*add) (struct translate * t, struct constraint * c, const json_t *values);
}
operators[] = {
    {"and", CONSTRAINT_AND, add_children},  {"or", CONSTRAINT_OR, add_children},
    {"not", CONSTRAINT_NOT, add_children},  {"properties", CONSTRAINT_PROPERTIES, add_names},
    {"ranks", CONSTRAINT_RANKS, add_ranks}, {"hostlist", CONSTRAINT_HOSTLIST, add_hosts},
};

static struct constraint *translate_one (struct translate *t, const char *name,
                                         const json_t *values)
{
    for (size_t i = 0; i < sizeof (operators) / sizeof (operators[0]); i++) {
        if (strcmp (operators[i].name, name) != 0)
            continue;
        constraint_op_t op = operators[i].op;
        if (op == CONSTRAINT_HOSTLIST && t->hosts)
            op = CONSTRAINT_RANKS;
        struct constraint *c = constraint_create (op);
        if (!c || !json_is_array (values) || operators[i].add (t, c, values) < 0) {
            constraint_destroy (c);
            return NULL;
        }
        return c;
    }
    errprintf (t->errp, "unknown constraint operator: %s", name);
    return NULL;
}

/* An object of several operators is the `and` of them. */
static struct constraint *translate (struct translate *t, const json_t *o)
{
    struct constraint *all = constraint_create (CONSTRAINT_AND);
    const char *name;
    json_t *values;

    if (!all || !json_is_object (o)) {
        errprintf (t->errp, "a constraint must be an object");
        goto error;
    }
    json_object_foreach ((json_t *)o, name, values)
    {
        struct constraint *c = translate_one (t, name, values);
        if (!c)
            goto error;
        if (constraint_add (all, c) < 0) {
            constraint_destroy (c);
            errprintf (t->errp, "the constraint is nested too deeply");
            goto error;
        }
    }
    return all;
error:
    constraint_destroy (all);
    return NULL;
}

struct constraint *constraint_from_json (const json_t *o, const struct constraint_hosts *hosts,
                                         flux_error_t *errp)
{
    struct translate t = {hosts, errp};
    struct constraint *c = translate (&t, o);

    if (!c)
        errno = EINVAL;
    return c;
}

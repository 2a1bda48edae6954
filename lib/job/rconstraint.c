/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* RFC 31. Each operator turns sets of ranks into a set of ranks; with rs NULL the expression is
 * only checked. */

#include <errno.h>
#include <string.h>

#include "lib/job/decode.h"
#include "lib/job/limits.h"
#include "lib/job/rconstraint.h"
#include "lib/util/errprintf.h"

struct match {
    const struct rv1 *rs; // NULL: check only
    struct idset *all;    // ranks of rs
    flux_error_t *errp;
    int depth;
};

/* An expression that yields NULL. */
#define fail(m, ...) (decode_invalid ((m)->errp, "constraint", __VA_ARGS__), (struct idset *)NULL)

static struct idset *none (void)
{
    return idset_create (0, IDSET_FLAG_AUTOGROW);
}

/* Ranks that have a property, or whose host is named so. */
static struct idset *with_property (struct match *m, const char *name)
{
    const struct idset *has = m->rs ? rv1_property (m->rs, name) : NULL;
    struct idset *set = has ? idset_copy (has) : none ();

    for (size_t i = 0; set && m->rs && i < m->rs->nnodes; i++) {
        if (strcmp (m->rs->node[i].host, name) == 0 && idset_set (set, m->rs->node[i].rank) < 0) {
            idset_destroy (set);
            return NULL;
        }
    }
    return set;
}

static struct idset *complement (struct match *m, struct idset *set)
{
    struct idset *rest = set ? idset_difference (m->all, set) : NULL;
    idset_destroy (set);
    return rest;
}

static struct idset *match_property (struct match *m, const char *name)
{
    bool not = *name == '^';

    if (!rv1_property_valid (name + not ))
        return fail (m, "'%s' is no name of a property", name);
    struct idset *set = with_property (m, name + not );
    return not ? complement (m, set) : set;
}

static struct idset *match_hostlist (struct match *m, const char *hosts)
{
    struct hostlist *hl = hostlist_decode (hosts);

    if (!hl)
        return fail (m, "'%.64s' is no hostlist", hosts);
    struct idset *set = none ();
    for (size_t i = 0; set && m->rs && i < m->rs->nnodes; i++) {
        const struct rv1_node *node = &m->rs->node[i];
        if (*node->host && hostlist_find (hl, node->host) >= 0 && idset_set (set, node->rank) < 0) {
            idset_destroy (set);
            set = NULL;
        }
    }
    hostlist_destroy (hl);
    return set;
}

static struct idset *match_ranks (struct match *m, const char *ranks)
{
    idset_error_t error;
    struct idset *set = idset_decode_ex (ranks, -1, 0, IDSET_FLAG_AUTOGROW, &error);

    if (!set)
        return fail (m, "ranks: %s", error.text);
    struct idset *both = idset_intersect (set, m->all);
    idset_destroy (set);
    return both;
}

static struct idset *match_object (struct match *m, const json_t *o);

static struct idset *match_value (struct match *m, const char *op, const json_t *o)
{
    bool nested = strcmp (op, "and") == 0 || strcmp (op, "or") == 0 || strcmp (op, "not") == 0;

    if (nested)
        return match_object (m, o);
    if (!json_is_string (o))
        return fail (m, "values of '%s' must be strings", op);
    if (strcmp (op, "properties") == 0)
        return match_property (m, json_string_value (o));
    if (strcmp (op, "hostlist") == 0)
        return match_hostlist (m, json_string_value (o));
    return match_ranks (m, json_string_value (o));
}

static const struct op_row {
    const char *name;
    bool any;       // any of the values, not all
    bool negate;    // then the contrary
    bool empty_all; // what no values at all mean
} operators[] = {
    {"properties", false, false, true}, {"hostlist", true, false, false},
    {"ranks", true, false, false},      {"and", false, false, true},
    {"or", true, false, true},          {"not", false, true, false},
};

static struct idset *match_list (struct match *m, const struct op_row *op, const json_t *list)
{
    size_t i;
    json_t *o;

    if (json_array_size (list) == 0)
        return op->empty_all ? idset_copy (m->all) : none ();
    struct idset *set = op->any ? none () : idset_copy (m->all);
    json_array_foreach (list, i, o)
    {
        struct idset *one = set ? match_value (m, op->name, o) : NULL, *new = NULL;
        if (one)
            new = op->any ? idset_union (set, one) : idset_intersect (set, one);
        idset_destroy (set);
        idset_destroy (one);
        if (!(set = new))
            return NULL;
    }
    return op->negate ? complement (m, set) : set;
}

static struct idset *match_object (struct match *m, const json_t *o)
{
    const char *key = json_object_iter_key (json_object_iter ((json_t *)o));
    struct idset *set = NULL;

    if (!json_is_object (o) || json_object_size (o) > 1)
        return fail (m, "must be an object of one operator");
    if (!key)
        return idset_copy (m->all);
    if (++m->depth > CONSTRAINT_MAX_DEPTH)
        return fail (m, "too deep");
    const json_t *list = json_object_get (o, key);
    if (!json_is_array (list))
        return fail (m, "values of '%s' must be a list", key);
    for (size_t i = 0; i < sizeof (operators) / sizeof (operators[0]); i++) {
        if (strcmp (operators[i].name, key) == 0) {
            set = match_list (m, &operators[i], list);
            m->depth--;
            return set;
        }
    }
    return fail (m, "unknown operator '%s'", key);
}

struct idset *rconstraint_match (const json_t *constraint, const struct rv1 *rs, flux_error_t *errp)
{
    struct match m = {.rs = rs, .all = rs ? rv1_ranks (rs) : none (), .errp = errp};

    if (!m.all) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    struct idset *set = match_object (&m, constraint);
    if (!set && errno == ENOMEM)
        errprintf (errp, "out of memory");
    idset_destroy (m.all);
    return set;
}

int rconstraint_check (const json_t *constraint, flux_error_t *errp)
{
    struct idset *set = rconstraint_match (constraint, NULL, errp);

    if (!set)
        return -1;
    idset_destroy (set);
    return 0;
}

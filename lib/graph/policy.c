/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The list of policies and the parser of option strings. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/policy_priv.h"
#include "lib/util/errprintf.h"

static const struct policy_ops *const policies[] = {
    &policy_first,  &policy_firstnodex, &policy_high,    &policy_low,      &policy_hinode,
    &policy_lonode, &policy_hinodex,    &policy_lonodex, &policy_locality, &policy_variation,
    &policy_pack,   &policy_spread,     &policy_bestfit, &policy_power,    &policy_nearest,
};
enum { NPOLICIES = sizeof (policies) / sizeof (policies[0]) };

const struct policy_ops *policy_ops_at (size_t i)
{
    return i < NPOLICIES ? policies[i] : NULL;
}

const struct policy_ops *policy_ops_find (const char *name)
{
    for (size_t i = 0; i < NPOLICIES; i++)
        if (!strcmp (policies[i]->name, name))
            return policies[i];
    return NULL;
}

const char *policy_name_at (size_t i, const char **description)
{
    const struct policy_ops *ops = policy_ops_at (i);
    if (ops && description)
        *description = ops->description;
    return ops ? ops->name : NULL;
}

const char *policy_text (const struct policy *p)
{
    return p->text;
}

int policy_set_text (char **dst, const char *value)
{
    char *copy = strdup (value);
    if (!copy)
        return -1;
    free (*dst);
    *dst = copy;
    return 0;
}

int policy_set_level (struct policy *p, const char *key, const char *value)
{
    if (!strcmp (key, "level") && *value)
        return policy_set_text (&p->level, value);
    errno = EINVAL;
    return -1;
}

const char *policy_check_level (const struct policy *p)
{
    return p->level ? NULL : "needs level=TYPE";
}

bool policy_has_type (const struct graph *g, const char *type)
{
    uint32_t t = graph_type_find (g, type);
    return t != GRAPH_NONE &&
           (g->v[g->root].type == t || vertex_agg (g, &g->v[g->root], t) != NULL);
}

const char *policy_lacks_level (const struct policy *p, struct graph *g, const char **what)
{
    *what = "vertex of type";
    return policy_has_type (g, p->level) ? NULL : p->level;
}

uint32_t policy_ancestor (const struct graph *g, uint32_t v, uint32_t type)
{
    while (v != GRAPH_NONE && g->v[v].type != type)
        v = g->v[v].parent;
    return v;
}

int64_t policy_node_factor (const struct graph *g, uint32_t v)
{
    int64_t tie = g->info[v].uniq_id % 10000 - 1;
    return ((int64_t)g->v[v].id + 2) * 10000 + (tie < 0 ? -tie : tie);
}

uint32_t arrangement_ancestor (const struct arrangement *a, const struct group *grp, uint32_t type)
{
    return type == GRAPH_NONE ? GRAPH_NONE
                              : policy_ancestor (a->g, a->edges[grp->edge].vertex, type);
}

static int parse_bool (const char *key, const char *value, bool *out, flux_error_t *errp)
{
    if (!strcmp (value, "true") || !strcmp (value, "false")) {
        *out = *value == 't';
        return 0;
    }
    errno = EINVAL;
    return errprintf (errp, "policy option %.64s requires true or false, got %.64s", key, value);
}

static int set_policy (struct policy *p, const char *value, flux_error_t *errp)
{
    const struct policy_ops *ops = policy_ops_find (value);
    if (!ops) {
        errno = EINVAL;
        return errprintf (errp, "unknown match policy '%.64s'", value);
    }
    p->ops = ops;
    p->top = ops->top;
    p->nested = ops->nested;
    p->slot = ops->slot;
    return 0;
}

static int set_option (struct policy *p, const char *key, const char *value, flux_error_t *errp)
{
    if (!strcmp (key, "policy"))
        return set_policy (p, value, errp);
    if (!strcmp (key, "node_centric"))
        return parse_bool (key, value, &p->node_centric, errp);
    if (!strcmp (key, "node_exclusive"))
        return parse_bool (key, value, &p->node_exclusive, errp);
    if (!strcmp (key, "stop_on_1_matches"))
        return parse_bool (key, value, &p->stop_on_1, errp);
    errno = EINVAL;
    if (p->ops->set && p->ops->set (p, key, value) == 0)
        return 0;
    return errprintf (errp, "invalid policy option: %.64s=%.64s", key, value);
}

static int parse (struct policy *p, char *text, flux_error_t *errp)
{
    char *save = NULL;
    bool first = true;
    for (char *w = strtok_r (text, " ", &save); w; w = strtok_r (NULL, " ", &save)) {
        char *eq = strchr (w, '=');
        if (!eq && !first) {
            errno = EINVAL;
            return errprintf (errp, "invalid policy option: %.64s", w);
        }
        if (eq)
            *eq = '\0';
        if ((eq ? set_option (p, w, eq + 1, errp) : set_policy (p, w, errp)) < 0)
            return -1;
        first = false;
    }
    return 0;
}

/* What a named policy stands for comes before the options that follow the name. */
static int apply (struct policy *p, const char *options, flux_error_t *errp)
{
    char *text = strdup (options);
    if (!text)
        return errprintf (errp, "out of memory");
    int rc = parse (p, text, errp);
    free (text);
    return rc;
}

static const struct policy_ops *leading_name (const char *options)
{
    char name[32];
    options += strspn (options, " ");
    size_t len = strcspn (options, " ");
    if (len >= sizeof (name))
        return NULL;
    memcpy (name, options, len);
    name[len] = '\0';
    return policy_ops_find (name);
}

struct policy *policy_create (const char *options, flux_error_t *errp)
{
    struct policy *p = calloc (1, sizeof (*p));
    if (!p || !(p->text = strdup (options))) {
        free (p);
        errprintf (errp, "out of memory");
        return NULL;
    }
    const struct policy_ops *named = leading_name (options);
    const char *missing = NULL;
    if (set_policy (p, named ? named->name : "high", errp) < 0 ||
        (named && named->options && apply (p, named->options, errp) < 0) ||
        apply (p, options, errp) < 0)
        goto fail;
    if (strspn (options, " ") == strlen (options))
        missing = "no policy is named";
    else if (p->ops->check)
        missing = p->ops->check (p);
    if (missing) {
        errno = EINVAL;
        errprintf (errp, "policy '%.64s': %s", options, missing);
        goto fail;
    }
    return p;
fail:
    policy_destroy (p);
    return NULL;
}

void policy_destroy (struct policy *p)
{
    if (!p)
        return;
    int saved = errno;
    free (p->text);
    free (p->level);
    free (p->target);
    free (p->subsystem);
    free (p->draw);
    free (p);
    errno = saved;
}

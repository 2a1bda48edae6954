/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the configuration says of the scheduler, see config.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/match.h"
#include "lib/util/errprintf.h"
#include "shell/broker/attr.h"
#include "shell/service/sched/config.h"
#include "shell/service/sched/policies.h"

#define TABLE "sched-fluxion-resource"
#define DEFAULT_POLICY "lonode"

/* A comma is as good as a blank between options. */
static int set_policy (struct sched_config *c, const char *key, const char *value,
                       flux_error_t *errp)
{
    flux_error_t error;
    char *text = policies_text (value);
    struct policy *policy = text ? policy_create (text, &error) : NULL;

    if (!policy) {
        free (text);
        errno = EINVAL;
        return errprintf (errp, "%s=%s: %s", key, value, text ? error.text : "out of memory");
    }
    policy_destroy (policy);
    free (c->match_policy);
    c->match_policy = text;
    return 0;
}

static int take_policy (struct sched_config *c, const char *value, flux_error_t *errp)
{
    return set_policy (c, TABLE ".match-policy", value, errp);
}

static int take_format (struct sched_config *c, const char *value, flux_error_t *errp)
{
    static const struct {
        const char *name;
        sched_format_t format;
    } formats[] = {
        {"rv1", SCHED_FORMAT_RV1},
        {"rv1_shorthand", SCHED_FORMAT_RV1}, // a child instance needs what it leaves out
        {"rv1_nosched", SCHED_FORMAT_NOSCHED},
    };

    for (size_t i = 0; i < sizeof (formats) / sizeof (formats[0]); i++) {
        if (strcmp (formats[i].name, value) == 0) {
            c->format = formats[i].format;
            return 0;
        }
    }
    errno = EINVAL;
    return errprintf (errp, TABLE ".match-format=%s: is none of rv1, rv1_shorthand and rv1_nosched",
                      value);
}

/* The matcher is the one to know; a graph of its own is the judge. */
static int take_prune (struct sched_config *c, const char *value, flux_error_t *errp)
{
    flux_error_t error = {"out of memory"};
    struct graph *g = graph_create ();
    struct matcher *m = g ? matcher_create (g, DEFAULT_POLICY, 0, &error) : NULL;
    int rc = m ? matcher_set_prune (m, value, &error) : -1;

    matcher_destroy (m);
    graph_destroy (g);
    if (rc < 0) {
        errno = EINVAL;
        return errprintf (errp, TABLE ".prune-filters=%s: %s", value, error.text);
    }
    free (c->prune);
    return (c->prune = strdup (value)) ? 0 : errprintf (errp, "out of memory");
}

static int take_load_file (struct sched_config *c, const char *value, flux_error_t *errp)
{
    free (c->load_file);
    return (c->load_file = strdup (value)) ? 0 : errprintf (errp, "out of memory");
}

static int take_load_format (struct sched_config *c, const char *value, flux_error_t *errp)
{
    c->load_is_R = strcmp (value, "rv1exec") == 0;
    if (c->load_is_R || strcmp (value, "jgf") == 0)
        return 0;
    errno = EINVAL;
    return errprintf (errp,
                      TABLE ".load-format=%s: is neither jgf nor rv1exec, the formats that tell "
                            "the ranks of nodes",
                      value);
}

/* Types of the graph: what R and JGF list is what there is, so nothing follows from it here. */
static int take_allowlist (struct sched_config *c, const char *value, flux_error_t *errp)
{
    if (*value && !strpbrk (value, " \t/:="))
        return 0;
    errno = EINVAL;
    return errprintf (errp, TABLE ".load-allowlist=%s: is not a list of types", value);
}

static int take_traverser (struct sched_config *c, const char *value, flux_error_t *errp)
{
    c->flexible = strcmp (value, "flexible") == 0;
    if (c->flexible || strcmp (value, "simple") == 0)
        return 0;
    errno = EINVAL;
    return errprintf (errp, TABLE ".traverser=%s: is neither simple nor flexible", value);
}

/* What jobs draw on in other subsystems, their policy says (power). */
static int take_subsystems (struct sched_config *c, const char *value, flux_error_t *errp)
{
    (void)c;
    if (strcmp (value, "containment") == 0)
        return 0;
    errno = EINVAL;
    return errprintf (errp, TABLE ".subsystems=%s: only containment can be walked", value);
}

static const struct key {
    const char *name;
    int (*take) (struct sched_config *c, const char *value, flux_error_t *errp);
} keys[] = {
    {"match-policy", take_policy},     {"match-format", take_format},
    {"prune-filters", take_prune},     {"load-file", take_load_file},
    {"load-format", take_load_format}, {"load-allowlist", take_allowlist},
    {"traverser", take_traverser},     {"subsystems", take_subsystems},
    {"reserve-vtx-vec", NULL}, // memory for vertices grows by itself
    {"update-interval", NULL}, // changes are known at once
};

static int take (struct sched_config *c, const char *name, const json_t *value, flux_error_t *errp)
{
    for (size_t i = 0; i < sizeof (keys) / sizeof (keys[0]); i++) {
        if (strcmp (keys[i].name, name) != 0)
            continue;
        if (!keys[i].take)
            return 0;
        if (json_is_string (value))
            return keys[i].take (c, json_string_value (value), errp);
        errno = EINVAL;
        return errprintf (errp, TABLE ".%s: must be a string", name);
    }
    errno = EINVAL;
    return errprintf (errp, TABLE ".%s: unknown key", name);
}

static int take_table (struct sched_config *c, const json_t *table, flux_error_t *errp)
{
    const char *name;
    json_t *value;

    if (table && !json_is_object (table)) {
        errno = EINVAL;
        return errprintf (errp, TABLE ": must be a table");
    }
    json_object_foreach ((json_t *)table, name, value)
    {
        if (take (c, name, value, errp) < 0)
            return -1;
    }
    return 0;
}

int sched_config_parse (struct sched_config *c, const json_t *conf, const struct attrs *attrs,
                        flux_error_t *errp)
{
    const char *policy = attrs ? attr_get (attrs, "sched.match-policy") : NULL;

    *c = (struct sched_config){.match_policy = strdup (DEFAULT_POLICY)};
    if (!c->match_policy)
        return errprintf (errp, "out of memory");
    if (take_table (c, json_object_get (conf, TABLE), errp) < 0 ||
        (policy && set_policy (c, "sched.match-policy", policy, errp) < 0) ||
        qpolicies_parse (&c->queues, conf, attrs, errp) < 0) {
        sched_config_clear (c);
        return -1;
    }
    return 0;
}

void sched_config_clear (struct sched_config *c)
{
    int saved_errno = errno;

    free (c->match_policy);
    free (c->prune);
    free (c->load_file);
    qpolicies_clear (&c->queues);
    *c = (struct sched_config){0};
    errno = saved_errno;
}

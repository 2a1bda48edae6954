/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* R that is given to the instance: by the attribute resource.path, by the table [resource] of the
 * configuration (flux-config-resource(5)), by the instance that it is a job of, or by select/graph
 * of the Slurm that it runs in. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/hostlist.h>

#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"
#include "lib/util/json_keys.h"
#include "shell/broker/attr.h"
#include "shell/service/resource/private.h"
#include "shell/service/sched/sched.h"
#include "shell/service/uplink/uplink.h"

#define R_FILE_MAX (256u << 20)

json_t *resource_read_json (const char *key, const char *path, flux_error_t *errp)
{
    char *text = NULL;
    json_error_t error;
    ssize_t len = file_read_all (path, R_FILE_MAX, &text);

    if (len < 0) {
        errprintf (errp, "%s=%s: %s", key, path, strerror (errno));
        return NULL;
    }
    json_t *o = json_loadb (text, len, 0, &error);
    free (text);
    if (!o) {
        errno = EINVAL;
        errprintf (errp, "%s=%s: line %d: %s", key, path, error.line, error.text);
    }
    return o;
}

/* A rank that has not come yet cannot be used, whatever R says. */
static void all_down (struct resource *r, const json_t *R)
{
    struct rv1 *rs = rv1_from_json (R, NULL);
    struct idset *ranks = rs ? rv1_ranks (rs) : NULL;
    char *text = ranks ? idset_encode (ranks, IDSET_FLAG_RANGE) : NULL;

    if (text && *text)
        sched_set_up (r->sched, text, 0);
    free (text);
    idset_destroy (ranks);
    rv1_destroy (rs);
}

/* Before R is given to the scheduler, and by its hosts. */
static int take_exclude (struct resource *r, const json_t *R, const char *targets,
                         flux_error_t *errp)
{
    flux_error_t error;

    idset_destroy (r->exclude);
    r->exclude = targets ? resource_targets_of (r, R, targets, &error) : NULL;
    if (targets && !r->exclude)
        return errprintf (errp, "resource.exclude: %s", error.text);
    return 0;
}

static int define (struct resource *r, json_t *R, const char *what, flux_error_t *errp)
{
    flux_error_t error;

    if (!R || take_exclude (r, R, r->excluded, errp) < 0) {
        json_decref (R);
        return -1;
    }
    int rc = resource_define (r, R, &error);
    json_decref (R);
    r->R_given = true;
    return rc < 0 ? errprintf (errp, "%s: %s", what, error.text) : 0;
}

static int from_parent (struct resource *r, flux_error_t *errp)
{
    json_t *R = uplink_get_R (r->uplink, errp);

    if (R) {
        json_object_del (json_object_get (R, "execution"), "nslots"); // no allocation any more
        all_down (r, R);
    }
    return define (r, R, "resources of the enclosing instance", errp);
}

static bool same_hosts (const char *a, const char *b)
{
    struct hostlist *x = a ? hostlist_decode (a) : NULL, *y = b ? hostlist_decode (b) : NULL;
    char *s = x ? hostlist_encode (x) : NULL, *t = y ? hostlist_encode (y) : NULL;
    bool same = s && t && strcmp (s, t) == 0;

    free (s);
    free (t);
    hostlist_destroy (x);
    hostlist_destroy (y);
    return same;
}

/* What select/graph chose for a job of Slurm is in the job's environment, with its graph. It is
 * this instance's when that has all nodes of the job; else the brokers say what there is. */
static int from_allocation (struct resource *r, const char *text, const char *hosts)
{
    json_t *R = json_loads (text, 0, NULL), *execution = json_object_get (R, "execution");
    const char *list =
        json_string_value (json_array_get (json_object_get (execution, "nodelist"), 0));

    // Times are Slurm's: the step ends when the job does.
    json_object_del (execution, "starttime");
    json_object_del (execution, "expiration");
    if (!R || !json_object_get (R, "scheduling") || !same_hosts (list, hosts)) {
        json_decref (R);
        return 0;
    }
    all_down (r, R);
    return define (r, R, "GRAPH_ALLOC", NULL);
}

/* For tests and measurements with nodes that are not there: all of them count as up. */
static int from_attribute (struct resource *r, const char *path, flux_error_t *errp)
{
    return define (r, resource_read_json ("resource.path", path, errp), path, errp);
}

static int string_key (const json_t *table, const char *key, const char **value, flux_error_t *errp)
{
    const json_t *o = json_object_get (table, key);

    if (o && !json_is_string (o)) {
        errno = EINVAL;
        return errprintf (errp, "resource.%s: must be a string", key);
    }
    *value = json_string_value (o);
    return 0;
}

/* The graph of another file takes the place of R's own. */
static json_t *add_scheduling (json_t *R, const char *path, flux_error_t *errp)
{
    json_t *o = R ? resource_read_json ("resource.scheduling", path, errp) : NULL;

    if (!o || json_object_set_new (R, "scheduling", o) < 0) {
        json_decref (R);
        return NULL;
    }
    return R;
}

/* R of a site has hosts in its own order; when it has others, they are for a simulation. */
static json_t *rerank (json_t *R, const char *hosts)
{
    struct rv1 *rs = hosts ? rv1_from_json (R, NULL) : NULL;
    json_t *execution = rs && rv1_rerank (rs, hosts, NULL) == 0 ? rv1_to_json (rs) : NULL;

    if (execution)
        json_object_update (R, execution);
    json_decref (execution);
    rv1_destroy (rs);
    return R;
}

static int from_table (struct resource *r, const json_t *table, const char *path,
                       const char *scheduling, const char *hosts, flux_error_t *errp)
{
    const json_t *entries = json_object_get (table, "config");
    json_t *R = entries ? resource_config_R (entries, errp)
                        : resource_read_json ("resource.path", path, errp);

    if (entries)
        path = "resource.config";
    if (R && !scheduling && !json_object_get (R, "scheduling"))
        R = rerank (R, hosts);

    if (scheduling)
        R = add_scheduling (R, scheduling, errp);
    if (R)
        all_down (r, R);
    return define (r, R, path, errp);
}

/* Brokers are known by name before they come. */
static void name_ranks (struct resource *r, const char *hosts)
{
    struct hostlist *hl = hosts ? hostlist_decode (hosts) : NULL;
    uint32_t rank = 0;

    for (const char *host = hl ? hostlist_first (hl) : NULL; host && rank < r->size;
         host = hostlist_next (hl)) {
        free (r->ranks[rank].host);
        r->ranks[rank++].host = strdup (host);
    }
    hostlist_destroy (hl);
}

static int take_R (struct resource *r, const struct attrs *attrs, const json_t *table,
                   flux_error_t *errp)
{
    const char *attr = attr_get (attrs, "resource.path"), *hosts = attr_get (attrs, "hostlist");
    const char *path, *scheduling;

    if (string_key (table, "path", &path, errp) < 0 ||
        string_key (table, "scheduling", &scheduling, errp) < 0)
        return -1;
    if (attr)
        return from_attribute (r, attr, errp);
    if (r->uplink)
        return from_parent (r, errp);
    if (path || json_object_get (table, "config"))
        return from_table (r, table, path, scheduling, hosts, errp);
    if (getenv ("GRAPH_ALLOC") && from_allocation (r, getenv ("GRAPH_ALLOC"), hosts) < 0)
        r->R_given = false; // the brokers will say
    return 0;
}

int resource_take_given (struct resource *r, const struct attrs *attrs, const json_t *conf,
                         flux_error_t *errp)
{
    static const char *const keys[] = {"path",    "config",      "scheduling", "exclude",
                                       "verify",  "noverify",    "norestrict", "rediscover",
                                       "history", "journal-max", NULL};
    const json_t *table = json_object_get (conf, "resource");

    if (table && !json_is_object (table)) {
        errno = EINVAL;
        return errprintf (errp, "resource: must be a table");
    }
    if (json_check_keys (table, keys, "resource", errp) < 0 ||
        string_key (table, "exclude", &r->excluded, errp) < 0)
        return -1;
    name_ranks (r, attr_get (attrs, "hostlist"));
    int rc = take_R (r, attrs, table, errp);
    if (rc == 0 && !r->R)
        rc = take_exclude (r, NULL, r->excluded, errp);
    r->excluded = NULL;
    return rc;
}

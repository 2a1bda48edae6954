/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The configuration table [kvs], see kvsconf.h. gc-threshold is for flux shutdown. */

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <string.h>

#include "lib/util/fsd.h"
#include "lib/util/errprintf.h"
#include "shell/broker/conf_service.h"
#include "shell/service/kvs/kvs.h"
#include "shell/service/kvs/limits.h"
#include "shell/service/kvsconf.h"

/* period 0: as it was built in; gc_interval 0: never */
struct values {
    double period, gc_interval;
    unsigned int maxdirent;
    bool sync_commits;
};

static int parse_duration (const char *key, const json_t *value, double *v, flux_error_t *errp)
{
    if (!json_is_string (value) || fsd_parse_duration (json_string_value (value), v) < 0 || *v <= 0)
        return errprintf (errp, "kvs.%s: must be a duration such as \"30s\"", key);
    return 0;
}

static int parse (const json_t *conf, struct values *v, flux_error_t *errp)
{
    json_t *table = json_object_get (conf, "kvs"), *value;
    const char *key;

    *v = (struct values){.maxdirent = KVS_MAXDIRENT};
    errno = EINVAL;
    if (table && !json_is_object (table))
        return errprintf (errp, "kvs: must be a table");
    json_object_foreach (table, key, value)
    {
        if (strcmp (key, "checkpoint-period") == 0) {
            if (parse_duration (key, value, &v->period, errp) < 0)
                return -1;
        } else if (strcmp (key, "gc-interval") == 0) {
            if (parse_duration (key, value, &v->gc_interval, errp) < 0)
                return -1;
        } else if (strcmp (key, "maxdirent") == 0) {
            json_int_t n = json_integer_value (value);
            if (!json_is_integer (value) || n < 0 || n > INT_MAX)
                return errprintf (errp, "kvs.maxdirent: must be a number of entries, or 0");
            v->maxdirent = n;
        } else if (strcmp (key, "sync-commits") == 0) {
            if (!json_is_boolean (value))
                return errprintf (errp, "kvs.sync-commits: must be true or false");
            v->sync_commits = json_is_true (value);
        } else if (strcmp (key, "gc-threshold") == 0) {
            if (!json_is_integer (value) || json_integer_value (value) <= 0)
                return errprintf (errp, "kvs.gc-threshold: must be a number of commits");
        } else
            return errprintf (errp, "kvs.%s: there is no such key", key);
    }
    return 0;
}

static int check_cb (const json_t *conf, void *arg, flux_error_t *errp)
{
    struct values v;

    return parse (conf, &v, errp);
}

static void apply_cb (const json_t *conf, void *arg)
{
    struct values v;

    if (parse (conf, &v, NULL) == 0) {
        kvs_set_checkpoint_period (arg, v.period);
        kvs_set_gc_interval (arg, v.gc_interval);
        kvs_set_maxdirent (arg, v.maxdirent);
        kvs_set_sync_commits (arg, v.sync_commits);
    }
}

int kvsconf_start (struct kvs *kvs, struct conf_service *conf, flux_error_t *errp)
{
    if (!conf)
        return 0;
    if (check_cb (conf_service_get (conf), kvs, errp) < 0)
        return -1;
    apply_cb (conf_service_get (conf), kvs);
    if (conf_service_watch (conf, check_cb, apply_cb, kvs) < 0)
        return errprintf (errp, "out of memory");
    return 0;
}

void kvsconf_stop (struct kvs *kvs, struct conf_service *conf)
{
    if (conf)
        conf_service_unwatch (conf, kvs);
}

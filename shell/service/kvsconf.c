/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The configuration table [kvs], see kvsconf.h. gc-threshold is for flux shutdown. */

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "lib/job/fsd.h"
#include "lib/util/errprintf.h"
#include "shell/broker/conf_service.h"
#include "shell/service/kvs/kvs.h"
#include "shell/service/kvsconf.h"

/* period 0: as it was built in */
static int parse (const json_t *conf, double *period, flux_error_t *errp)
{
    json_t *table = json_object_get (conf, "kvs"), *value;
    const char *key;

    *period = 0;
    errno = EINVAL;
    if (table && !json_is_object (table))
        return errprintf (errp, "kvs: must be a table");
    json_object_foreach (table, key, value)
    {
        if (strcmp (key, "checkpoint-period") == 0) {
            if (!json_is_string (value) ||
                fsd_parse_duration (json_string_value (value), period) < 0 || *period <= 0)
                return errprintf (errp,
                                  "kvs.checkpoint-period: must be a duration such as \"30s\"");
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
    double period;

    return parse (conf, &period, errp);
}

static void apply_cb (const json_t *conf, void *arg)
{
    double period;

    if (parse (conf, &period, NULL) == 0)
        kvs_set_checkpoint_period (arg, period);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The configuration that a handle carries. */

#include <errno.h>
#include <flux/conf.h>
#include <flux/handle.h>

#define CONF_KEY "flux::conf"

static void conf_free (void *arg)
{
    flux_conf_decref (arg);
}

int flux_set_conf_new (flux_t *h, const flux_conf_t *conf)
{
    if (!h || !conf) {
        errno = EINVAL;
        return -1;
    }
    return flux_aux_set (h, CONF_KEY, (void *)conf, conf_free);
}

const flux_conf_t *flux_get_conf (flux_t *h)
{
    flux_conf_t *conf;

    if (!h) {
        errno = EINVAL;
        return NULL;
    }
    if ((conf = flux_aux_get (h, CONF_KEY)))
        return conf;
    if (!(conf = flux_conf_create ()))
        return NULL;
    if (flux_set_conf_new (h, conf) < 0) {
        flux_conf_decref (conf);
        return NULL;
    }
    return conf;
}

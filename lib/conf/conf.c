/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <jansson.h>

#include "lib/conf/conf_private.h"
#include "lib/util/errprintf.h"

/* Takes the reference to o whether it succeeds or not. */
static flux_conf_t *conf_new (json_t *o)
{
    flux_conf_t *conf = o ? malloc (sizeof (*conf)) : NULL;

    if (!conf) {
        json_decref (o);
        errno = ENOMEM;
        return NULL;
    }
    conf->obj = o;
    conf->refcount = 1;
    return conf;
}

flux_conf_t *flux_conf_create (void)
{
    return conf_new (json_object ());
}

flux_conf_t *flux_conf_copy (const flux_conf_t *conf)
{
    if (!conf) {
        errno = EINVAL;
        return NULL;
    }
    return conf_new (json_deep_copy (conf->obj));
}

const flux_conf_t *flux_conf_incref (const flux_conf_t *conf)
{
    if (conf)
        ((flux_conf_t *)conf)->refcount++;
    return conf;
}

void flux_conf_decref (const flux_conf_t *conf)
{
    flux_conf_t *c = (flux_conf_t *)conf;

    if (c && --c->refcount == 0) {
        int saved_errno = errno;
        json_decref (c->obj);
        free (c);
        errno = saved_errno;
    }
}

int flux_conf_vunpack (const flux_conf_t *conf, flux_error_t *errp, const char *fmt, va_list ap)
{
    json_error_t error;

    if (!conf || !fmt || !*fmt) {
        errno = EINVAL;
        return errprintf (errp, "no configuration object or no format");
    }
    if (json_vunpack_ex (conf->obj, &error, 0, fmt, ap) < 0) {
        errno = EINVAL;
        return errprintf (errp, "%s", error.text);
    }
    return 0;
}

int flux_conf_unpack (const flux_conf_t *conf, flux_error_t *errp, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    int rc = flux_conf_vunpack (conf, errp, fmt, ap);
    va_end (ap);
    return rc;
}

flux_conf_t *flux_conf_vpack (const char *fmt, va_list ap)
{
    json_t *o = fmt && *fmt ? json_vpack_ex (NULL, 0, fmt, ap) : NULL;

    if (!json_is_object (o)) {
        json_decref (o);
        errno = EINVAL;
        return NULL;
    }
    return conf_new (o);
}

flux_conf_t *flux_conf_pack (const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    flux_conf_t *conf = flux_conf_vpack (fmt, ap);
    va_end (ap);
    return conf;
}

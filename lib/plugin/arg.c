/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Arguments of plugin callbacks. */

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <flux/plugin.h>

#include "lib/util/errprintf.h"

#define ARG_FLAGS (FLUX_PLUGIN_ARG_OUT | FLUX_PLUGIN_ARG_REPLACE)

struct flux_plugin_arg {
    json_t *o[2]; // in, out
    flux_error_t error;
};

static int fail (flux_plugin_arg_t *args, const char *text)
{
    errno = EINVAL;
    return args ? errprintf (&args->error, "%s", text) : -1;
}

flux_plugin_arg_t *flux_plugin_arg_create (void)
{
    flux_plugin_arg_t *args = calloc (1, sizeof (*args));

    if (args && (!(args->o[0] = json_object ()) || !(args->o[1] = json_object ()))) {
        flux_plugin_arg_destroy (args);
        return NULL;
    }
    return args;
}

void flux_plugin_arg_destroy (flux_plugin_arg_t *args)
{
    if (args) {
        int saved_errno = errno;
        json_decref (args->o[0]);
        json_decref (args->o[1]);
        free (args);
        errno = saved_errno;
    }
}

const char *flux_plugin_arg_strerror (flux_plugin_arg_t *args)
{
    return args ? args->error.text : "";
}

/* Takes the reference of o. */
static int update (flux_plugin_arg_t *args, int flags, json_t *o)
{
    json_t **dst = &args->o[flags & FLUX_PLUGIN_ARG_OUT];
    int rc = 0;

    if (flags & FLUX_PLUGIN_ARG_REPLACE) {
        json_decref (*dst);
        *dst = json_incref (o);
    } else
        rc = json_object_update (*dst, o);
    json_decref (o);
    return rc;
}

int flux_plugin_arg_set (flux_plugin_arg_t *args, int flags, const char *json_str)
{
    json_error_t error;
    json_t *o;

    if (!args || (flags & ~ARG_FLAGS))
        return fail (args, "invalid argument");
    if (!json_str)
        o = json_object ();
    else if (!(o = json_loads (json_str, 0, &error)))
        return fail (args, error.text);
    if (!json_is_object (o)) {
        json_decref (o);
        return fail (args, "not an object");
    }
    return update (args, json_str ? flags : flags | FLUX_PLUGIN_ARG_REPLACE, o);
}

int flux_plugin_arg_get (flux_plugin_arg_t *args, int flags, char **json_str)
{
    if (!args || !json_str || (flags & ~FLUX_PLUGIN_ARG_OUT))
        return fail (args, "invalid argument");
    *json_str = json_dumps (args->o[flags], JSON_COMPACT);
    return *json_str ? 0 : -1;
}

int flux_plugin_arg_vpack (flux_plugin_arg_t *args, int flags, const char *fmt, va_list ap)
{
    json_error_t error;

    if (!args || !fmt || (flags & ~ARG_FLAGS))
        return fail (args, "invalid argument");
    json_t *o = json_vpack_ex (&error, 0, fmt, ap);
    if (!o)
        return fail (args, error.text);
    if (!json_is_object (o)) {
        json_decref (o);
        return fail (args, "not an object");
    }
    return update (args, flags, o);
}

int flux_plugin_arg_pack (flux_plugin_arg_t *args, int flags, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    int rc = flux_plugin_arg_vpack (args, flags, fmt, ap);
    va_end (ap);
    return rc;
}

int flux_plugin_arg_vunpack (flux_plugin_arg_t *args, int flags, const char *fmt, va_list ap)
{
    json_error_t error;

    if (!args || !fmt || (flags & ~FLUX_PLUGIN_ARG_OUT))
        return fail (args, "invalid argument");
    if (json_vunpack_ex (args->o[flags], &error, 0, fmt, ap) < 0)
        return fail (args, error.text);
    return 0;
}

int flux_plugin_arg_unpack (flux_plugin_arg_t *args, int flags, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    int rc = flux_plugin_arg_vunpack (args, flags, fmt, ap);
    va_end (ap);
    return rc;
}

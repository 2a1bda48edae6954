/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/conf/toml.h"
#include "lib/conf/toml_shim.h"
#include "lib/util/errprintf.h"
#include "lib/util/peers.h"

/* It stays loaded: a C++ library in use does not like to be unloaded. */
static toml_to_json_f load_shim (flux_error_t *errp)
{
    toml_to_json_f fun = NULL;
    char *path = peer_find ("flux-toml.so", "../lib/conf/.libs");
    void *dso = dlopen (path ? path : FLUX_LIBDIR "/flux-toml.so", RTLD_NOW | RTLD_LOCAL);

    if (dso)
        *(void **)&fun = dlsym (dso, TOML_SHIM_NAME);
    if (!fun) {
        const char *why = dlerror ();
        errno = ENOENT;
        errprintf (errp, "TOML cannot be read: %s", why ? why : "flux-toml.so is not there");
    }
    free (path);
    return fun;
}

json_t *toml_decode (const char *name, const char *text, size_t len, flux_error_t *errp)
{
    toml_to_json_f convert = load_shim (errp);
    unsigned line;
    char error[256], *json;
    json_t *o;

    if (!convert)
        return NULL;
    if (!(json = convert (text, len, error, sizeof (error), &line))) {
        errno = EINVAL;
        if (line > 0)
            errprintf (errp, "%s:%u: %s", name, line, error);
        else
            errprintf (errp, "%s: %s", name, error);
        return NULL;
    }
    if (!(o = json_loads (json, JSON_ALLOW_NUL, NULL))) {
        errno = ENOMEM;
        errprintf (errp, "%s: out of memory", name);
    }
    free (json);
    return o;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/attr.h>
#include <flux/conf.h>

#include "lib/client/handle_private.h"
#include "lib/client/transport.h"
#include "lib/util/errprintf.h"

static const struct {
    const char *scheme;
    flux_t *(*open) (const char *path, int flags, flux_error_t *errp);
} connectors[] = {
    {"local://", local_open},
    {"fd://", fd_open},
    {"loop://", loop_open},
};

#define OPEN_FLAGS                                                                                 \
    (FLUX_O_TRACE | FLUX_O_CLONE | FLUX_O_NONBLOCK | FLUX_O_MATCHDEBUG | FLUX_O_TEST_NOSUB |       \
     FLUX_O_RPCTRACK | FLUX_O_NOREQUEUE)

static flux_t *fail (flux_error_t *errp, int errnum, const char *text, const char *arg)
{
    errno = errnum;
    errprintf (errp, text, arg);
    return NULL;
}

/* Tests of access control pretend to be somebody else. */
static int apply_env (flux_t *h, const char *name, const char *option, int base)
{
    const char *s = getenv (name);
    uint32_t val = s ? strtoul (s, NULL, base) : 0;

    return s ? flux_opt_set (h, option, &val, sizeof (val)) : 0;
}

static flux_t *open_uri (const char *uri, int flags, flux_error_t *errp)
{
    if (transport_handles (uri))
        return exec_open (uri, flags, errp);
    for (size_t i = 0; i < sizeof (connectors) / sizeof (connectors[0]); i++) {
        size_t len = strlen (connectors[i].scheme);
        if (strncmp (uri, connectors[i].scheme, len) == 0)
            return connectors[i].open (uri + len, flags, errp);
    }
    return fail (errp, ENOENT, "'%s' is no URI that a handle can be opened with", uri);
}

/* "/", ".", or "..", "../.." and so on: how many levels up, -1 for all. */
static bool is_path (const char *s, int *levels)
{
    *levels = -1;
    if (strcmp (s, "/") == 0)
        return true;
    for (*levels = 0; *s; s += strspn (s, "/")) {
        size_t len = strcspn (s, "/");
        if (len == 0 || len > 2 || strspn (s, ".") < len)
            return false;
        *levels += len - 1;
        s += len;
    }
    return true;
}

/* From the instance that this is, up: the outermost has no parent and is its own ancestor. */
static flux_t *open_ancestor (int levels, int flags, flux_error_t *errp)
{
    flux_t *h = flux_open_ex (NULL, flags, errp);

    for (; h && levels != 0; levels--) {
        const char *uri = flux_attr_get (h, "parent-uri");
        if (!uri && errno == ENOENT)
            break;
        flux_t *parent = uri ? flux_open_ex (uri, flags, errp) : NULL;
        if (!uri)
            errprintf (errp, "asking for the parent instance: %s", strerror (errno));
        flux_close (h);
        h = parent;
    }
    return h;
}

/* The system instance of this host is the one to talk to outside of any. */
static flux_t *open_default (int flags, flux_error_t *errp)
{
    const char *rundir = flux_conf_builtin_get ("rundir", FLUX_CONF_AUTO);
    char path[108];
    flux_t *h;

    snprintf (path, sizeof (path), "%s/local", rundir);
    if (!(h = local_open (path, flags, errp)) && errno == ENOENT)
        errprintf (errp, "FLUX_URI is not set: this is not in a Flux instance");
    return h;
}

flux_t *flux_open_ex (const char *uri, int flags, flux_error_t *errp)
{
    flux_t *h;
    int levels;

    if (errp)
        errp->text[0] = '\0';
    if (flags & ~OPEN_FLAGS)
        return fail (errp, EINVAL, "%s", "these flags are not known");
    if (uri && *uri && is_path (uri, &levels))
        return open_ancestor (levels, flags, errp);
    if (!uri)
        uri = getenv ("FLUX_URI");
    if (getenv ("FLUX_HANDLE_TRACE"))
        flags |= FLUX_O_TRACE;
    if (getenv ("FLUX_HANDLE_MATCHDEBUG"))
        flags |= FLUX_O_MATCHDEBUG;
    if (!(h = uri ? open_uri (uri, flags, errp) : open_default (flags, errp))) {
        if (errp && !errp->text[0])
            errprintf (errp, "%s: %s", uri ? uri : "FLUX_URI", strerror (errno));
        return NULL;
    }
    if (apply_env (h, "FLUX_HANDLE_USERID", FLUX_OPT_TESTING_USERID, 10) < 0 ||
        apply_env (h, "FLUX_HANDLE_ROLEMASK", FLUX_OPT_TESTING_ROLEMASK, 0) < 0) {
        flux_close (h);
        return NULL;
    }
    return h;
}

flux_t *flux_open (const char *uri, int flags)
{
    return flux_open_ex (uri, flags, NULL);
}

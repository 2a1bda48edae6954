/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

flux_t *flux_open_ex (const char *uri, int flags, flux_error_t *errp)
{
    flux_t *h;

    if (errp)
        errp->text[0] = '\0';
    if (flags & ~OPEN_FLAGS)
        return fail (errp, EINVAL, "%s", "these flags are not known");
    if (!uri && !(uri = getenv ("FLUX_URI")))
        return fail (errp, ENOENT, "%s", "FLUX_URI is not set: this is not in a Flux instance");
    if (getenv ("FLUX_HANDLE_TRACE"))
        flags |= FLUX_O_TRACE;
    if (getenv ("FLUX_HANDLE_MATCHDEBUG"))
        flags |= FLUX_O_MATCHDEBUG;
    if (!(h = open_uri (uri, flags, errp))) {
        if (errp && !errp->text[0])
            errprintf (errp, "%s: %s", uri, strerror (errno));
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

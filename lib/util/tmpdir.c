/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "lib/util/tmpdir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"

/* Of the 107 characters of a socket's path; the rest is for the folder's name and the socket's. */
#define TMPDIR_MAX 64

char *tmpdir_make (const char *prefix, flux_error_t *errp)
{
    const char *tmpdir = getenv ("TMPDIR");
    char *path;

    if (!tmpdir || *tmpdir != '/' || strlen (tmpdir) > TMPDIR_MAX)
        tmpdir = "/tmp";
    if (asprintf (&path, "%s/%sXXXXXX", tmpdir, prefix) < 0) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    if (!mkdtemp (path)) {
        errprintf (errp, "no folder can be made in %s: %s", tmpdir, strerror (errno));
        free (path);
        return NULL;
    }
    return path;
}

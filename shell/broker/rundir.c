/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The folder of a broker's sockets, see rundir.h. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/util/errprintf.h"
#include "lib/util/removetree.h"
#include "lib/util/tmpdir.h"
#include "shell/broker/attr.h"
#include "shell/broker/rundir.h"

struct rundir {
    char *path;
    int remove;
};

static int check_given (const char *path, flux_error_t *errp)
{
    struct stat st;

    if (stat (path, &st) < 0)
        return errprintf (errp, "rundir=%s: %s", path, strerror (errno));
    if (!S_ISDIR (st.st_mode)) {
        errno = ENOTDIR;
        return errprintf (errp, "rundir=%s: not a folder", path);
    }
    if (st.st_uid != geteuid () || (st.st_mode & 077)) {
        errno = EPERM;
        return errprintf (errp, "rundir=%s: must be yours alone (mode 0700)", path);
    }
    return 0;
}

static int use_given (struct rundir *rd, const char *given, flux_error_t *errp)
{
    if (!(rd->path = strdup (given)))
        return errprintf (errp, "out of memory");
    if (mkdir (given, 0700) == 0)
        rd->remove = 1;
    else if (errno != EEXIST)
        return errprintf (errp, "rundir=%s: %s", given, strerror (errno));
    return check_given (given, errp);
}

struct rundir *rundir_create (struct attrs *attrs, flux_error_t *errp)
{
    struct rundir *rd = calloc (1, sizeof (*rd));
    const char *given = attr_get (attrs, "rundir");
    const char *cleanup = attr_get (attrs, "rundir-cleanup");

    if (!rd)
        return NULL;
    if (given) {
        if (use_given (rd, given, errp) < 0)
            goto error;
    } else {
        if (!(rd->path = tmpdir_make ("flux-", errp)))
            goto error;
        rd->remove = 1;
    }
    if (cleanup)
        rd->remove = strcmp (cleanup, "0") != 0;
    if (attr_set (attrs, "rundir", rd->path) < 0 ||
        attr_set (attrs, "rundir-cleanup", rd->remove ? "1" : "0") < 0) {
        errprintf (errp, "out of memory");
        goto error;
    }
    return rd;
error:
    rundir_destroy (rd);
    return NULL;
}

void rundir_destroy (struct rundir *rd)
{
    if (rd) {
        int saved_errno = errno;
        if (rd->path && rd->remove)
            remove_tree (rd->path);
        free (rd->path);
        free (rd);
        errno = saved_errno;
    }
}

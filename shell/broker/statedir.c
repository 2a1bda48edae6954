/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The state folder, see statedir.h. */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/util/errprintf.h"
#include "lib/util/removetree.h"
#include "shell/broker/attr.h"
#include "shell/broker/statedir.h"

struct statedir {
    char *path;
    int lock; // descriptor, or -1
    bool remove;
};

static int complain (const char *path, flux_error_t *errp)
{
    return errprintf (errp, "statedir=%s: %s", path, strerror (errno));
}

/* A folder of many: one of our own in it. */
static int make_unique (struct statedir *sd, flux_error_t *errp)
{
    char *path;

    if (asprintf (&path, "%s/flux-XXXXXX", sd->path) < 0)
        return errprintf (errp, "out of memory");
    free (sd->path);
    sd->path = path;
    if (!mkdtemp (path))
        return complain (path, errp);
    sd->remove = true;
    return 0;
}

static int open_folder (struct statedir *sd, const char *given, flux_error_t *errp)
{
    struct stat st;

    if (mkdir (given, 0700) < 0 && errno != EEXIST)
        return complain (given, errp);
    if (!(sd->path = realpath (given, NULL)) || stat (sd->path, &st) < 0)
        return complain (given, errp);
    if (!S_ISDIR (st.st_mode)) {
        errno = ENOTDIR;
        return complain (given, errp);
    }
    if ((st.st_mode & S_ISVTX))
        return make_unique (sd, errp);
    if (st.st_uid != geteuid () || (st.st_mode & 022)) {
        errno = EPERM;
        return errprintf (errp, "statedir=%s: must be yours, and nobody else may write there",
                          given);
    }
    return 0;
}

/* Two brokers on one store would each undo what the other one does. */
static int take (struct statedir *sd, flux_error_t *errp)
{
    char *path;

    if (asprintf (&path, "%s/lock", sd->path) < 0)
        return errprintf (errp, "out of memory");
    sd->lock = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    free (path);
    if (sd->lock < 0)
        return complain (sd->path, errp);
    if (flock (sd->lock, LOCK_EX | LOCK_NB) == 0 || errno == ENOLCK || errno == ENOTSUP)
        return 0; // some file systems have no locks
    if (errno != EWOULDBLOCK)
        return complain (sd->path, errp);
    errno = EBUSY;
    return errprintf (errp, "statedir=%s: is in use by another instance", sd->path);
}

struct statedir *statedir_create (struct attrs *attrs, flux_error_t *errp)
{
    struct statedir *sd = calloc (1, sizeof (*sd));
    const char *given = attr_get (attrs, "statedir");
    const char *cleanup = attr_get (attrs, "statedir-cleanup");

    if (!sd) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    sd->lock = -1;
    if (!given)
        return sd;
    if (open_folder (sd, given, errp) < 0 || take (sd, errp) < 0)
        goto error;
    if (cleanup)
        sd->remove = strcmp (cleanup, "0") != 0;
    if (attr_set (attrs, "statedir", sd->path) < 0 ||
        attr_set (attrs, "statedir-cleanup", sd->remove ? "1" : "0") < 0) {
        errprintf (errp, "out of memory");
        goto error;
    }
    return sd;
error:
    sd->remove = false;
    statedir_destroy (sd);
    return NULL;
}

void statedir_destroy (struct statedir *sd)
{
    if (sd) {
        int saved_errno = errno;
        if (sd->path && sd->remove)
            remove_tree (sd->path);
        if (sd->lock >= 0)
            close (sd->lock);
        free (sd->path);
        free (sd);
        errno = saved_errno;
    }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Where the other programs of the suite lie. */

#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/util/peers.h"

static char *executable (const char *dir, size_t dirlen, const char *sub, const char *name)
{
    char *path;

    if (asprintf (&path, "%.*s/%s%s", (int)dirlen, dir, sub, name) < 0)
        return NULL;
    if (access (path, X_OK) == 0)
        return path;
    free (path);
    return NULL;
}

static char *on_exec_path (const char *name)
{
    const char *p = getenv ("FLUX_EXEC_PATH");
    char *path = NULL;

    while (p && *p && !path) {
        size_t len = strcspn (p, ":");
        if (len > 0)
            path = executable (p, len, "", name);
        p += len + (p[len] == ':');
    }
    return path;
}

char *peer_self (void)
{
    char path[PATH_MAX];
    ssize_t n = readlink ("/proc/self/exe", path, sizeof (path) - 1);

    if (n < 0)
        return NULL;
    path[n] = '\0';
    return strdup (path);
}

/* .../shell/<any>/<this program> -> .../shell/<dir>/<name> */
static char *in_build_tree (const char *name, const char *dir)
{
    static const char tail[] = "/shell";
    char *self = peer_self ();
    char *path = NULL, *slash, sub[64];

    for (int up = 0; self && up < 2; up++) {
        if (!(slash = strrchr (self, '/')))
            break;
        *slash = '\0';
    }
    size_t len = self ? strlen (self) : 0;
    if (len > strlen (tail) && strcmp (self + len - strlen (tail), tail) == 0) {
        snprintf (sub, sizeof (sub), "%s/", dir);
        path = executable (self, len, sub, name);
    }
    free (self);
    return path;
}

/* All programs were copied to one folder, which plugstack.conf may name. */
static char *beside (const char *name)
{
    char *self = peer_self ();
    const char *slash = self ? strrchr (self, '/') : NULL;
    char *path = slash ? executable (self, slash - self, "", name) : NULL;

    free (self);
    return path;
}

char *peer_find (const char *name, const char *dir)
{
    char *path = on_exec_path (name);

    if (!path)
        path = in_build_tree (name, dir);
    if (!path)
        path = beside (name);
    if (!path)
        path = executable (FLUX_LIBEXECDIR, strlen (FLUX_LIBEXECDIR), "", name);
    if (!path)
        errno = ENOENT;
    return path;
}

char *peer_find_on_exec_path (const char *verb)
{
    char name[128];

    snprintf (name, sizeof (name), "flux-%s", verb);
    char *path = on_exec_path (name);
    if (!path)
        path = executable (FLUX_LIBEXECDIR, strlen (FLUX_LIBEXECDIR), "", name);
    return path;
}

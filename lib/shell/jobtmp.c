/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/shell/jobtmp.h"
#include "lib/util/removetree.h"

#define SPARE_MODE (S_IFDIR | 0700)

/* Where an empty directory waits for the next job of this slot, beside that of the job. */
static int spare_path (const char *path, int slot, char *buf, size_t size)
{
    const char *slash = strrchr (path, '/');
    int n =
        slash ? snprintf (buf, size, "%.*s/jobtmp-spare-%d", (int)(slash - path), path, slot) : -1;
    return n > 0 && (size_t)n < size ? 0 : -1;
}

static bool take_spare (const char *path, int slot)
{
    char spare[PATH_MAX];

    return spare_path (path, slot, spare, sizeof (spare)) == 0 && rename (spare, path) == 0;
}

/* One that is there already is that of another shell of the job, unless somebody else has made it:
 * in /tmp all can. */
static bool is_ours (const char *path)
{
    struct stat st;

    return lstat (path, &st) == 0 && S_ISDIR (st.st_mode) && st.st_uid == geteuid () &&
           !(st.st_mode & 077);
}

/* Spares are kept in the broker's own directory only, which it removes at its end. */
static char *make (const struct shell_info *info, const char *parent, int slot)
{
    char *path;

    if (!parent || asprintf (&path, "%s/jobtmp-%d-%s", parent, info->shell_rank, info->id_f58) < 0)
        return NULL;
    if ((slot >= 0 && take_spare (path, slot)) || mkdir (path, 0700) == 0 ||
        (errno == EEXIST && is_ours (path)))
        return path;
    free (path);
    return NULL;
}

char *jobtmp_create (const struct shell_info *info, const char *fallback, int slot)
{
    char *path = make (info, shell_info_attr (info, "rundir"), slot);

    if (!path)
        path = make (info, fallback, -1);
    if (!path)
        path = make (info, "/tmp", -1);
    return path;
}

/* Nothing but "." and ".." is in it, and its mode and owner are what they were. */
static bool is_pristine (const char *path)
{
    char entries[512];
    struct stat st;
    bool empty = false;
    int fd = open (path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return false;
    long n = syscall (SYS_getdents64, fd, entries, sizeof (entries));
    if (n > 0 && fstat (fd, &st) == 0 && st.st_mode == SPARE_MODE && st.st_uid == geteuid ()) {
        empty = true;
        for (long at = 0; at < n;) {
            struct dirent64 *d = (struct dirent64 *)(entries + at);
            if (strcmp (d->d_name, ".") != 0 && strcmp (d->d_name, "..") != 0)
                empty = false;
            at += d->d_reclen;
        }
    }
    close (fd);
    return empty;
}

static bool put_aside (const char *path, int slot)
{
    char spare[PATH_MAX];

    return spare_path (path, slot, spare, sizeof (spare)) == 0 && is_pristine (path) &&
           rename (path, spare) == 0;
}

void jobtmp_remove (const char *path, const struct shell_info *info, int slot)
{
    const char *rundir = shell_info_attr (info, "rundir");

    if (!path)
        return;
    if (slot >= 0 && rundir && !strncmp (path, rundir, strlen (rundir)) && put_aside (path, slot))
        return;
    if (rmdir (path) < 0 && errno != ENOENT)
        remove_tree (path);
}

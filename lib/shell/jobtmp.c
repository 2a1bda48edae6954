/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/shell/jobtmp.h"

#define OPEN_DIRS_MAX 16

static char *make (const struct shell_info *info, const char *parent)
{
    char *path;

    if (!parent || asprintf (&path, "%s/jobtmp-%d-%s", parent, info->shell_rank, info->id_f58) < 0)
        return NULL;
    if (mkdir (path, 0700) == 0 || errno == EEXIST)
        return path;
    free (path);
    return NULL;
}

char *jobtmp_create (const struct shell_info *info, const char *fallback)
{
    char *path = make (info, shell_info_attr (info, "rundir"));

    if (!path)
        path = make (info, fallback);
    if (!path)
        path = make (info, "/tmp");
    return path;
}

static int remove_entry (const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    remove (path);
    return 0;
}

void jobtmp_remove (const char *path)
{
    if (path && rmdir (path) < 0 && errno != ENOENT)
        nftw (path, remove_entry, OPEN_DIRS_MAX, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

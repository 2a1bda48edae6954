/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <ftw.h>
#include <stdio.h>

#include "lib/util/removetree.h"

#define OPEN_DIRS_MAX 16

static int remove_entry (const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)!remove (path);
    return 0;
}

void remove_tree (const char *path)
{
    nftw (path, remove_entry, OPEN_DIRS_MAX, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

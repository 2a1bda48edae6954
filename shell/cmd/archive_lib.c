/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <dlfcn.h>

#include "shell/cmd/archive_lib.h"

void archive_lib_load (const struct cmd *c, struct archive_lib *lib)
{
    void *dso = dlopen ("libarchive.so.13", RTLD_LAZY | RTLD_LOCAL);

    if (!dso)
        cmd_die (c, "%s", dlerror ());
#define F(name)                                                                                    \
    if (!(*(void **)&lib->name = dlsym (dso, "archive_" #name)))                                   \
        cmd_die (c, "%s", dlerror ());
    ARCHIVE_FUNCTIONS (F)
#undef F
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <flux/module.h>

#include "shell/service/module/modinfo.h"

bool modinfo_name_ok (const char *name)
{
    size_t len = strlen (name);

    if (len == 0 || len >= MODULE_NAME_MAX)
        return false;
    for (; *name; name++) {
        if (!isalnum ((unsigned char)*name) && *name != '-' && *name != '_')
            return false;
    }
    return true;
}

int modinfo_name (const char *path, char name[MODULE_NAME_MAX])
{
    const char *base = strrchr (path, '/');
    const char *end;
    size_t len;

    base = base ? base + 1 : path;
    end = strstr (base, ".so");
    len = end ? (size_t)(end - base) : strlen (base);
    if (len < MODULE_NAME_MAX) {
        memcpy (name, base, len);
        name[len] = '\0';
        if (modinfo_name_ok (name))
            return 0;
    }
    errno = EINVAL;
    return -1;
}

static char *find_file (const char *path)
{
    return access (path, F_OK) == 0 ? strdup (path) : NULL;
}

char *modinfo_find (const char *target, const char *searchpath)
{
    char *path = NULL;

    if (strchr (target, '/'))
        return find_file (target);
    if (!modinfo_name_ok (target)) {
        errno = ENOENT;
        return NULL;
    }
    for (const char *dir = searchpath; dir && *dir && !path;) {
        size_t len = strcspn (dir, ":");
        char *file;
        if (len > 0 && asprintf (&file, "%.*s/%s.so", (int)len, dir, target) >= 0) {
            path = find_file (file);
            free (file);
        }
        dir += len + (dir[len] == ':');
    }
    if (!path)
        errno = ENOENT;
    return path;
}

bool modinfo_may_follow (int from, int to)
{
    return to > from && to <= FLUX_MODSTATE_EXITED;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Finds and loads select/cons_tres. It is dlopened and never linked, so that its symbols, which
 * have the names of ours, stay its own. */

#include "select_graph/beneath.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define BENEATH_FILE "select_cons_tres.so"

/* What says to the dynamic linker which file this code is in */
static const char here = 0;

static bool is_this_file (const char *path)
{
    Dl_info info;
    struct stat own, other;

    return dladdr (&here, &info) && stat (info.dli_fname, &own) == 0 && stat (path, &other) == 0 &&
           own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

bool beneath_is_shadowed (void)
{
    Dl_info info;
    const char *base;

    if (!dladdr (&here, &info) || !info.dli_fname)
        return false;
    base = strrchr (info.dli_fname, '/');
    return strcmp (base ? base + 1 : info.dli_fname, BENEATH_FILE) == 0;
}

/* The first file of that name in the folders of the list, but for this one */
static int find_file (const char *plugindir, char *path, size_t size)
{
    while (*plugindir) {
        int len = (int)strcspn (plugindir, ":");
        int n = snprintf (path, size, "%.*s/" BENEATH_FILE, len, plugindir);
        struct stat st;

        if (n > 0 && (size_t)n < size && stat (path, &st) == 0 && S_ISREG (st.st_mode) &&
            !is_this_file (path))
            return 0;
        plugindir += len;
        plugindir += *plugindir == ':';
    }
    return -1;
}

/* NULL, or the name of what is missing */
static const char *find_calls (struct beneath *b)
{
    const uint32_t *version = dlsym (b->handle, "plugin_version");

    if (!version || *version != SLURM_VERSION_NUMBER)
        return "plugin_version of this Slurm";
#define FIND_CALL(type, name, params, args)                                                        \
    *(void **)&b->name = dlsym (b->handle, "select_p_" #name);                                     \
    if (!b->name)                                                                                  \
        return "select_p_" #name;
    SELECT_API_FORWARDED (FIND_CALL)
    SELECT_API_OWN (FIND_CALL)
#undef FIND_CALL
#define FIND_CHANGING(name)                                                                        \
    *(void **)&b->name = dlsym (b->handle, "select_p_" #name);                                     \
    if (!b->name)                                                                                  \
        return "select_p_" #name;
    SELECT_API_CHANGING (FIND_CHANGING)
#undef FIND_CHANGING
    *(void **)&b->job_test = dlsym (b->handle, "select_p_job_test");
    return b->job_test ? NULL : "select_p_job_test";
}

static int call_init (void *handle)
{
    int (*init) (void);

    *(void **)&init = dlsym (handle, "init");
    return init ? init () : 0;
}

int beneath_load (struct beneath *b, const char *plugindir, char *why, size_t size)
{
    char path[PATH_MAX];
    const char *missing;

    memset (b, 0, sizeof (*b));
    if (find_file (plugindir ? plugindir : "", path, sizeof (path)) < 0) {
        snprintf (why, size, "no " BENEATH_FILE " in PluginDir=%s", plugindir ? plugindir : "");
        return -1;
    }
    if (!(b->handle = dlopen (path, RTLD_LAZY | RTLD_LOCAL))) {
        snprintf (why, size, "%s", dlerror ());
        return -1;
    }
    if ((missing = find_calls (b)))
        snprintf (why, size, "%s has no %s", path, missing);
    else if (call_init (b->handle) != 0)
        snprintf (why, size, "init() of %s failed", path);
    else
        return 0;
    dlclose (b->handle);
    memset (b, 0, sizeof (*b));
    return -1;
}

void beneath_unload (struct beneath *b)
{
    int (*fini) (void);

    if (!b->handle)
        return;
    *(void **)&fini = dlsym (b->handle, "fini");
    if (fini)
        fini ();
    dlclose (b->handle);
    memset (b, 0, sizeof (*b));
}

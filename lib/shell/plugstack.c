/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "lib/shell/plugstack.h"
#include "lib/shell/shell.h"
#include "lib/util/errprintf.h"

struct entry {
    flux_plugin_t *plugin;
    struct entry *prev, *next;
};

struct plugstack {
    struct entry *entries;
};

static void entry_destroy (struct plugstack *stack, struct entry *e)
{
    DL_DELETE (stack->entries, e);
    flux_plugin_destroy (e->plugin);
    free (e);
}

static void remove_name (struct plugstack *stack, const char *name, const struct entry *except)
{
    struct entry *e, *tmp;

    DL_FOREACH_SAFE (stack->entries, e, tmp)
    if (e != except && !strcmp (flux_plugin_get_name (e->plugin), name))
        entry_destroy (stack, e);
}

static int load (struct plugstack *stack, struct shell *sh, const char *path, flux_error_t *errp)
{
    struct entry *e = calloc (1, sizeof (*e));

    if (!e || !(e->plugin = flux_plugin_create ()) ||
        flux_plugin_aux_set (e->plugin, "flux::shell", sh, NULL) < 0) {
        flux_plugin_destroy (e ? e->plugin : NULL);
        free (e);
        return errprintf (errp, "out of memory");
    }
    DL_APPEND (stack->entries, e);
    if (flux_plugin_load_dso (e->plugin, path) < 0) {
        errprintf (errp, "plugin: %s", flux_plugin_strerror (e->plugin));
        int saved_errno = errno;
        entry_destroy (stack, e);
        errno = saved_errno;
        return -1;
    }
    remove_name (stack, flux_plugin_get_name (e->plugin), e);
    return 0;
}

static int load_list (struct plugstack *stack, struct shell *sh, const char *list,
                      flux_error_t *errp)
{
    char *copy = strdup (list), *save = NULL;
    int rc = copy ? 0 : -1;

    for (char *path = copy ? strtok_r (copy, ",", &save) : NULL; path && rc == 0;
         path = strtok_r (NULL, ",", &save))
        rc = load (stack, sh, path, errp);
    free (copy);
    return rc;
}

int plugstack_load (struct plugstack **stackp, struct shell *sh, flux_error_t *errp)
{
    const char *list = json_string_value (shell_info_option (sh->info, "plugins"));
    char *const *site = sh->start->plugins;
    int rc = 0;

    if (!list && !(site && *site))
        return 0;
    if (!(*stackp = calloc (1, sizeof (**stackp))))
        return errprintf (errp, "out of memory");
    for (; site && *site && rc == 0; site++)
        rc = load (*stackp, sh, *site, errp);
    if (rc == 0 && list)
        rc = load_list (*stackp, sh, list, errp);
    return rc;
}

int plugstack_call (struct plugstack *stack, const char *topic, flux_plugin_arg_t *args)
{
    struct entry *e;
    int rc = 0;

    if (!stack)
        return 0;
    flux_plugin_arg_t *own = args ? NULL : flux_plugin_arg_create ();
    DL_FOREACH (stack->entries, e)
    {
        if (flux_plugin_call (e->plugin, topic, args ? args : own) < 0) {
            rc = -1;
            break;
        }
    }
    flux_plugin_arg_destroy (own);
    return rc;
}

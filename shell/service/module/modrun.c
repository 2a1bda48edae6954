/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include <flux/flog.h>
#include <flux/module.h>

#include "lib/util/errprintf.h"
#include "shell/service/module/modrun.h"

int moddso_open (struct moddso *dso, const char *path, flux_error_t *errp)
{
    *dso = (struct moddso){0};
    dlerror ();
    if (!(dso->handle = dlopen (path, RTLD_NOW | RTLD_LOCAL))) {
        const char *why = dlerror ();
        errno = ENOEXEC;
        return errprintf (errp, "%s", why ? why : "it cannot be loaded");
    }
    *(void **)&dso->main = dlsym (dso->handle, "mod_main");
    if (!dso->main) {
        moddso_close (dso);
        errno = ENOEXEC;
        return errprintf (errp, "%s: it is no module: there is no mod_main()", path);
    }
    const char **name = dlsym (dso->handle, "mod_name");
    dso->name = name ? *name : NULL;
    return 0;
}

void moddso_close (struct moddso *dso)
{
    if (dso->handle)
        dlclose (dso->handle);
    *dso = (struct moddso){0};
}

/* As mod_main() wants them: the first is the first argument. */
static char **make_argv (flux_t *h, int *argc)
{
    json_t *args = flux_aux_get (h, "flux::args"), *arg;
    char **argv = calloc (json_array_size (args) + 1, sizeof (*argv));
    size_t i;

    *argc = (int)json_array_size (args);
    json_array_foreach (args, i, arg)
    {
        if (argv)
            argv[i] = (char *)json_string_value (arg);
    }
    return argv;
}

static int call_main (flux_t *h, mod_main_f main)
{
    int argc, errnum = 0;
    char **argv = make_argv (h, &argc);

    if (!argv)
        return ENOMEM;
    errno = 0;
    if (main (h, argc, argv) < 0)
        errnum = errno ? errno : ECANCELED;
    free (argv);
    return errnum;
}

int modrun (flux_t *h, mod_main_f main, int errnum)
{
    flux_error_t error;

    if (flux_module_initialize (h, NULL, &error) < 0)
        return errno;
    if (main) {
        if (flux_module_register_handlers (h, &error) < 0) {
            errnum = errno;
            flux_log (h, LOG_ERR, "%s", error.text);
        } else {
            errnum = call_main (h, main);
        }
    }
    (void)flux_module_finalize (h, errnum, NULL); // fails when the broker has gone already
    return errnum;
}

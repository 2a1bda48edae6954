/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The inside of a module's thread, or of its process. */

#ifndef FLUX_SERVICE_MODULE_MODRUN_H
#define FLUX_SERVICE_MODULE_MODRUN_H

#include <flux/handle.h>

typedef int (*mod_main_f) (flux_t *h, int argc, char **argv);

struct moddso {
    void *handle;
    mod_main_f main;
    const char *name; // that it gives itself, or NULL; valid while it is open
};

/* -1 with errno and the loader's sentence. */
int moddso_open (struct moddso *dso, const char *path, flux_error_t *errp);
void moddso_close (struct moddso *dso);

/* Take the welcome, run main (NULL: it could not be loaded, errnum says why), tell the broker how
 * it ended. 0 or the errno that it ended with. */
int modrun (flux_t *h, mod_main_f main, int errnum);

#endif /* !FLUX_SERVICE_MODULE_MODRUN_H */

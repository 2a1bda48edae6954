/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux-module-exec: runs a module as a process of its own; the broker starts it (RFC 5). */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <flux/flog.h>

#include "shell/service/module/modrun.h"

int main (int argc, char **argv)
{
    const char *uri = getenv ("FLUX_MODULE_URI");
    flux_error_t error;
    struct moddso dso;
    int errnum = 0;
    flux_t *h;

    if (argc != 2 || !uri) {
        fprintf (stderr, "flux-module-exec: is started by a broker, see flux-module(1)\n");
        return 1;
    }
    if (!(h = flux_open_ex (uri, 0, &error))) {
        fprintf (stderr, "flux-module-exec: %s\n", error.text);
        return 1;
    }
    unsetenv ("FLUX_MODULE_URI");
    if (moddso_open (&dso, argv[1], &error) < 0) {
        errnum = errno;
        fprintf (stderr, "flux-module-exec: %s\n", error.text);
    }
    errnum = modrun (h, dso.main, errnum);
    flux_close (h);
    moddso_close (&dso);
    return errnum ? 1 : 0;
}

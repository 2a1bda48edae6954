/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux version: versions of the command, the library and, in an instance, the broker. */

#include "config.h"

#include <stdlib.h>

#include "shell/cmd/client.h"
#include "shell/cmd/verbs.h"

static int run (struct cmd *c)
{
    const char *uri = getenv ("FLUX_URI");

    printf ("commands:\t\t%s\n", VERSION);
    printf ("libflux-slurm:\t\t%s\n", VERSION);
    if (uri) {
        flux_t *h = cmd_open (c);
        const char *broker = flux_attr_get (h, "broker.version");
        printf ("broker:\t\t\t%s\n", broker ? broker : "unknown");
        if ((broker = flux_attr_get (h, "version")))
            printf ("serves clients of:\tflux-core %s\n", broker);
        printf ("FLUX_URI:\t\t%s\n", uri);
        flux_close (h);
    }
    return 0;
}

const struct cmd_verb cmd_verb_version = {
    .name = "version",
    .summary = "Show the versions of the suite's parts",
    .run = run,
};

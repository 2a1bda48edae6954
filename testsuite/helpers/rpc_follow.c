/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* rpc_follow TOPIC: send a streaming request to rank 0 of $FLUX_URI and print the payload of each
 * answer on a line, until an error comes, which is printed, too. */

#include <stdio.h>
#include <string.h>
#include <errno.h>
#include <flux/core.h>

int main (int argc, char **argv)
{
    flux_t *h = flux_open (NULL, 0);
    const char *text;

    if (argc != 2 || !h) {
        fprintf (stderr, "usage: rpc_follow TOPIC, in an instance\n");
        return 2;
    }
    flux_future_t *f = flux_rpc (h, argv[1], NULL, 0, FLUX_RPC_STREAMING);
    for (; f && flux_rpc_get (f, &text) == 0; flux_future_reset (f)) {
        printf ("%s\n", text ? text : "");
        fflush (stdout);
    }
    printf ("error: %s\n", f ? flux_future_error_string (f) : strerror (errno));
    flux_future_destroy (f);
    flux_close (h);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Plays srun's side of a wire-up for tests: `wire_server SIZE MUNGE_SOCKET` listens, prints its
 * port and nonce, and at the end the sentence. Job 7, step 0, 3 seconds. */

#include <stdio.h>
#include <stdlib.h>

#include "lib/bootstrap/server.h"

int main (int argc, char *argv[])
{
    struct wireup_config config = {.jobid = 7, .munge = true, .timeout = 3};
    struct wireup_server *srv;
    flux_error_t e;
    int port, rc;

    if (argc != 3)
        return 2;
    config.size = strtoul (argv[1], NULL, 10);
    config.munge_socket = argv[2];
    if (!(srv = wireup_server_create (&config, &e)) ||
        (port = wireup_server_listen (srv, 0, 0, &e)) < 0) {
        fprintf (stderr, "%s\n", e.text);
        return 2;
    }
    printf ("%d %s\n", port, wireup_server_nonce (srv));
    fflush (stdout);
    rc = wireup_server_run (srv, -1, &e);
    puts (rc < 0 ? e.text : "complete");
    wireup_server_destroy (srv);
    return rc < 0 ? 1 : 0;
}

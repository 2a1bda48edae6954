/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Runs one job with nothing but job shells, for tests by hand and by scripts:
 *   run_job NSHELLS NTASKS OPTIONS-JSON COMMAND-JSON
 * Prints what the tasks wrote and what the job's eventlogs say (-v as fifth argument). */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testsuite/unit/shell/fakebroker.h"

int main (int argc, char *argv[])
{
    struct fake_job *jobs[256];

    if (argc < 5 || atoi (argv[1]) < 1 || atoi (argv[1]) > 256) {
        fprintf (stderr, "Usage: run_job NSHELLS NTASKS OPTIONS-JSON COMMAND-JSON [-v]\n");
        return 1;
    }
    int nshells = atoi (argv[1]), status = 0;
    struct fakebroker *fb = fakebroker_create ();
    for (int i = 0; i < nshells; i++) {
        char *request = fake_request_multi (1 + i, argv[4], atoi (argv[2]), argv[3], i, nshells);
        if (!request) {
            fprintf (stderr, "run_job: not JSON\n");
            return 1;
        }
        jobs[i] = fakebroker_start (fb, 1 + i, request);
    }
    if (!fakebroker_run (fb, 60.))
        fprintf (stderr, "run_job: timed out\n");
    for (int i = 0; i < nshells; i++)
        if (jobs[i]->status > status || jobs[i]->status < 0)
            status = jobs[i]->status;
    char *out = fake_output (jobs[0], "stdout", NULL), *err = fake_output (jobs[0], "stderr", NULL);
    fputs (out, stdout);
    fputs (err, stderr);
    free (out);
    free (err);
    if (jobs[0]->raised.len > 0)
        fprintf (stderr, "exception: %s", jobs[0]->raised.data);
    if (argc > 5)
        printf ("%s%s", jobs[0]->exec.len ? jobs[0]->exec.data : "",
                jobs[0]->output.len ? jobs[0]->output.data : "");
    fakebroker_destroy (fb);
    return status < 0 ? 1 : status > 255 ? status >> 8 : status;
}

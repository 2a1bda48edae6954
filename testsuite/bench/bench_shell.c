/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* How many jobs a second job shells run, with nothing but a spawner and `true`:
 *   bench_shell [JOBS [WIDTH [COMMAND-JSON]]]
 * Prints jobs/s, and CPU time per job of all processes together. */

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "lib/util/monotime.h"
#include "testsuite/unit/shell/fakebroker.h"

struct bench {
    int jobs;
    int next;
    const char *command;
};

static struct bench bench = {.jobs = 2000, .command = "[\"true\"]"};

static void start_next (struct fakebroker *fb)
{
    uint64_t id = ++bench.next;
    fakebroker_start (fb, id, fake_request (id, bench.command, 1, NULL));
}

static void ended (struct fakebroker *fb, struct fake_job *job)
{
    buf_clear (&job->exec);
    buf_clear (&job->output);
    if (job->status != 0)
        fprintf (stderr, "a job failed: %d\n", job->status);
    if (bench.next < bench.jobs)
        start_next (fb);
}

static double cpu_time (int who)
{
    struct rusage ru;

    getrusage (who, &ru);
    return ru.ru_utime.tv_sec + ru.ru_stime.tv_sec +
           (ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) * 1e-6;
}

int main (int argc, char *argv[])
{
    int width = argc > 2 ? atoi (argv[2]) : 2;

    if (argc > 1)
        bench.jobs = atoi (argv[1]);
    if (argc > 3)
        bench.command = argv[3];
    struct fakebroker *fb = fakebroker_create ();
    fb->ended = ended;
    double t0 = monotime_now ();
    for (int i = 0; i < width && i < bench.jobs; i++)
        start_next (fb);
    fakebroker_run (fb, 600.);
    double t = monotime_now () - t0;
    fakebroker_destroy (fb);
    printf ("%d jobs, %d at a time: %.0f jobs/s, CPU per job: broker's end %.3f ms, shell and task "
            "%.3f ms\n",
            bench.jobs, width, bench.jobs / t, cpu_time (RUSAGE_SELF) * 1e3 / bench.jobs,
            cpu_time (RUSAGE_CHILDREN) * 1e3 / bench.jobs);
    return 0;
}

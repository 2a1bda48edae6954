/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The tasks of a job as one group: barrier, broadcast, gather, allreduce. See flux-tasks(7).
 *
 *     cc sum.c $(pkg-config --cflags --libs flux-tasks) -o sum
 *     flux run -N2 -n8 ./sum
 *     srun --flux=tasks -N2 -n8 ./sum */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <flux/tasks.h>

#define WAIT 60. // seconds

static void die (const char *what)
{
    perror (what);
    exit (1);
}

int main (void)
{
    flux_error_t error;
    struct flux_group_message config, *hosts;
    char host[256] = "";
    size_t count;

    flux_tasks_t *t = flux_tasks_open (NULL, &error);
    if (!t) {
        fprintf (stderr, "%s\n", error.text);
        return 1;
    }
    /* All of the job, each with its own rank; begin when all are there. */
    int rank = flux_tasks_rank (t);
    flux_group_t *g = flux_group_join (t, "all", FLUX_GROUP_JOB, rank, WAIT, &error);
    if (!g) {
        fprintf (stderr, "%s\n", error.text);
        return 1;
    }
    if (flux_group_wait (g, flux_tasks_size (t), WAIT) < 0)
        die ("wait");

    /* Rank 0 knows what to do, and tells all. */
    const char *text = rank == 0 ? "squares" : "";
    if (flux_group_bcast (g, 0, text, strlen (text), &config, WAIT) < 0)
        die ("bcast");

    /* A sum over all ranks. */
    int64_t sum = strcmp (config.data, "squares") == 0 ? rank * rank : rank;
    if (flux_group_allreduce_int (g, FLUX_GROUP_SUM, &sum, 1, WAIT) < 0)
        die ("allreduce");
    flux_group_message_clear (&config);

    /* Everybody's host name, in the order of ranks. */
    gethostname (host, sizeof (host) - 1);
    if (flux_group_gather (g, host, strlen (host), &hosts, &count, WAIT) < 0)
        die ("gather");
    if (rank == 0) {
        printf ("sum of squares of %d ranks: %lld\n", flux_group_size (g), (long long)sum);
        for (size_t i = 0; i < count; i++)
            printf ("rank %d is on %s\n", hosts[i].from, (char *)hosts[i].data);
    }
    flux_group_parts_free (hosts, count);
    if (flux_group_barrier (g, WAIT) < 0)
        die ("barrier");
    flux_tasks_close (t);
    return 0;
}

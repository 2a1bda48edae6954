/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A large stream from one task to the next, as between the stages of a workflow: each task of the
 * job adds something to what comes from its left neighbour and hands it to the right one. Between
 * nodes messages of this size go over direct links (ZeroMQ with CURVE); nothing is to be done for
 * it. The sender waits by itself when the receiver is slower. See flux-tasks(7).
 *
 *     cc stream.c $(pkg-config --cflags --libs flux-tasks) -o stream
 *     flux run -N3 -n3 ./stream 256           # so many MiB
 *     FLUX_TASKS_DIRECT=off flux run -N3 -n3 ./stream 256      # over the brokers, to compare */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <flux/tasks.h>

#define WAIT 60. // seconds
#define BLOCK (1 << 20)

static void die (const char *what)
{
    perror (what);
    exit (1);
}

/* The first one makes it up, the others take it from the left. */
static void get_block (flux_group_t *g, int number, unsigned char *block)
{
    struct flux_group_message m;
    int rank = flux_group_rank (g);

    if (rank == 0) {
        memset (block, number % 251, BLOCK);
        return;
    }
    if (flux_group_recv (g, rank - 1, number, &m, WAIT) < 0)
        die ("recv");
    memcpy (block, m.data, m.len < BLOCK ? m.len : BLOCK);
    flux_group_message_clear (&m);
}

static double now (void)
{
    struct timespec ts;

    clock_gettime (CLOCK_MONOTONIC, &ts);
    return ts.tv_sec + ts.tv_nsec * 1e-9;
}

int main (int argc, char **argv)
{
    static unsigned char block[BLOCK];
    int count = argc > 1 ? atoi (argv[1]) : 64;
    unsigned long long sum = 0;
    flux_error_t error;

    flux_tasks_t *t = flux_tasks_open (NULL, &error);
    if (!t) {
        fprintf (stderr, "stream: %s\n", error.text);
        return 1;
    }
    flux_group_t *g =
        flux_group_join (t, "stream", FLUX_GROUP_JOB, flux_tasks_rank (t), WAIT, &error);
    if (!g || flux_group_wait (g, flux_tasks_size (t), WAIT) < 0)
        die ("join");
    int rank = flux_group_rank (g), last = flux_group_size (g) - 1;
    double begin = now ();
    for (int i = 0; i < count; i++) {
        get_block (g, i, block);
        for (size_t k = 0; k < BLOCK; k += 4096)
            sum += block[k] += 1;
        if (rank < last && flux_group_send (g, rank + 1, i, block, BLOCK, WAIT) < 0)
            die ("send");
    }
    if (flux_group_flush (g, WAIT) < 0) // all was taken
        die ("flush");
    if (rank == last) {
        printf ("%d MiB through %d tasks, sum %llu\n", count, last + 1, sum);
        fprintf (stderr, "%.0f MiB/s\n", count / (now () - begin));
    }
    flux_tasks_close (t);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * bench NODES [ROUNDS [SIZE]]: what a job_test costs with the graph and with select/cons_tres
 * alone, asked in turns, for jobs of 1 to 9,000 nodes (or of SIZE) with 50 and 5,000 jobs running;
 * and what the graph weighs. Compare the columns of a line, not lines of different runs. */

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "testsuite/sim/ctld.h"

enum { MAX_ROUNDS = 99 };

static double now_ms (void)
{
    struct timespec t;

    clock_gettime (CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int by_value (const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static double median (double *list, int n)
{
    qsort (list, n, sizeof (*list), by_value);
    return list[n / 2];
}

static double ask (const struct ctld_job *want, uint16_t mode, bool alone, int *rc)
{
    job_record_t *job = ctld_submit (want);
    bitstr_t *chosen = NULL;
    double start = now_ms ();

    *rc = ctld_test (job, mode, NULL, NULL, NULL, alone, &chosen);
    start = now_ms () - start;
    FREE_NULL_BITMAP (chosen);
    ctld_drop (job);
    return start;
}

static bool measure (uint32_t nodes, uint16_t mode, bool whole, int rounds, uint32_t running)
{
    struct ctld_job want = {.nodes_min = nodes, .nodes_max = nodes, .tasks = nodes, .whole = whole};
    double graph[MAX_ROUNDS], alone[MAX_ROUNDS], g, c;
    int rc_graph = 0, rc_alone = 0;

    for (int i = 0; i < rounds; i++) {
        graph[i] = ask (&want, mode, false, &rc_graph);
        alone[i] = ask (&want, mode, true, &rc_alone);
    }
    g = median (graph, rounds);
    c = median (alone, rounds);
    printf ("%7u %5u%s %-8s %10.3f %10.3f %6.1fx %s\n", running, nodes, whole ? "x" : " ",
            mode == SELECT_MODE_RUN_NOW ? "run_now" : "will_run", c, g, c / g,
            rc_graph == rc_alone ? (rc_graph ? "waits" : "") : "DIFFERS");
    return g <= c;
}

/* Jobs that take nearly all of what is there: `running` of them */
static uint32_t fill (uint32_t running, uint32_t nodes, uint32_t had)
{
    uint32_t n = had;

    while (n < running) {
        struct ctld_job want = {
            .nodes_min = 1, .nodes_max = 1, .tasks = 2 + n % 3, .minutes = 5 + n % 600};

        if (running < nodes && n % 7 == 0)
            want.nodes_min = want.nodes_max = want.tasks = 2;
        if (!ctld_run (&want, NULL))
            break;
        n++;
    }
    return n;
}

int main (int argc, char **argv)
{
    static const uint32_t sizes[] = {1, 16, 32, 1000, 9000};
    uint32_t nodes = argc > 1 ? strtoul (argv[1], NULL, 10) : 1000, had = 0, slower = 0;
    int rounds = argc > 2 ? atoi (argv[2]) : 9;
    uint32_t only = argc > 3 ? strtoul (argv[3], NULL, 10) : 0;
    struct ctld_shape shape = {
        .nodes = nodes, .cores = 16, .sockets = 2, .graph_conf = "Policy=low\n"};
    struct graph_stats stats;

    if (nodes < 1 || rounds < 1 || rounds > MAX_ROUNDS) {
        fprintf (stderr, "usage: bench NODES [ROUNDS [SIZE]]\n");
        return 2;
    }
    ctld_start (&shape);
    graph_stats (site_graph (ctld_site ()), &stats);
    printf ("%u nodes, %zu vertices, %.1f MiB of graph; medians of %d, ms\n", nodes, stats.vertices,
            stats.bytes / 1048576.0, rounds);
    printf ("running nodes  mode       cons_tres      graph\n");
    for (int k = 0; k < 2; k++) {
        had = fill (k ? 5000 : 50, nodes, had);
        for (size_t i = 0; i < sizeof (sizes) / sizeof (sizes[0]) && sizes[i] <= nodes; i++)
            for (int mode = SELECT_MODE_RUN_NOW; mode <= SELECT_MODE_WILL_RUN; mode += 2)
                for (int whole = 0; whole < 2 && (only == 0 || only == sizes[i]); whole++)
                    slower += !measure (sizes[i], mode, whole, rounds, had);
    }
    printf ("%u lines are slower than cons_tres\n", slower);
    ctld_end ();
    return 0;
}

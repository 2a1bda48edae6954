/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * bench NODES [ROUNDS [PART [CELL]]]: what a job_test costs with the graph and with
 * select/cons_tres alone, asked in turns, in CPU time, for the cells of cells.c with 50 and 5,000
 * jobs running; and what the graph weighs. Compare the columns of a line, not lines of different
 * runs. */

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "testsuite/bench/median.h"
#include "testsuite/sim/cells.h"

enum { MAX_ROUNDS = 99, FEW = 50, MANY = 5000, SMALL = 2000, MINUTE = 60 };

static double now_ms (void)
{
    struct timespec t;

    clock_gettime (CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* ---- A cell ---- */

static bitstr_t *nodes_of (const struct cell *cell)
{
    int64_t step = cell->nodes == CELL_LESS ? 50 : 2;
    bitstr_t *map = cell->nodes == CELL_ALL ? NULL : bit_alloc (node_record_count);

    for (int64_t i = 0; map && i < node_record_count; i++)
        if ((i % step == 0) == (cell->nodes == CELL_HALF))
            bit_set (map, i);
    return map;
}

static struct ctld_job job_of (const struct cell *cell)
{
    struct ctld_job job = cell->job;

    if (job.memory == 0)
        job.memory = 1;
    if (job.tasks == 0) {
        job.nodes_max = job.nodes_min;
        job.tasks = job.nodes_min;
    }
    if (cell->named)
        job.named = bit_alloc (node_record_count);
    for (uint32_t i = 0; i < cell->named; i++) // the last ones: fewest jobs are there
        bit_set (job.named, node_record_count - 1 - i);
    return job;
}

/* A question, and what goes with it */
struct question {
    struct ctld_job want;
    bitstr_t *nodes;
    uint16_t mode;
    List candidates;
    api_exclusion_t *kept;
};

/* What was answered */
struct answer {
    int rc;
    time_t start;
};

static double ask (const struct question *q, bool alone, struct answer *answer)
{
    job_record_t *job = ctld_submit (&q->want);
    bitstr_t *chosen = NULL;
    List preemptees = NULL;
    double start;

    ctld_keep_away (q->kept);
    start = now_ms ();
    answer->rc = ctld_test (job, q->mode, q->nodes, q->candidates,
                            q->candidates ? &preemptees : NULL, alone, &chosen);
    start = now_ms () - start;
    answer->start = job->start_time;
    ctld_keep_away (NULL);
    FREE_NULL_LIST (preemptees);
    FREE_NULL_BITMAP (chosen);
    ctld_drop (job);
    return start;
}

static int add_running (void *x, void *list)
{
    job_record_t *job = x;

    if (IS_JOB_RUNNING (job))
        list_append (list, job);
    return 0;
}

static void make_question (const struct cell *cell, uint16_t mode, struct question *q)
{
    *q = (struct question){.want = job_of (cell), .nodes = nodes_of (cell), .mode = mode};
    if (cell->preempts) {
        q->candidates = list_create (NULL);
        list_for_each (job_list, add_running, q->candidates);
    }
    if (cell->kept)
        q->kept = api_exclusion_copy (NULL);
    for (int64_t i = node_record_count; i-- > 0 && i + cell->kept >= node_record_count;)
        api_exclude (q->kept, i, 0, 1);
}

static void clear_question (struct question *q)
{
    FREE_NULL_BITMAP (q->want.named);
    FREE_NULL_BITMAP (q->nodes);
    FREE_NULL_LIST (q->candidates);
    if (q->kept)
        api_exclusion_free (q->kept);
}

static const char *say_difference (const struct cell *cell, uint16_t mode,
                                   const struct answer *graph, const struct answer *alone)
{
    if (graph->rc != alone->rc)
        return cell->limits ? "  waits for what cons_tres does not know" : "  DIFFERS";
    if (graph->rc)
        return "  waits";
    if (mode == SELECT_MODE_WILL_RUN && !cell->limits && graph->start > alone->start + MINUTE)
        return "  LATER";
    return "";
}

static bool measure (const struct cell *cell, uint16_t mode, int rounds, uint32_t running)
{
    struct question q;
    const char *note;
    double graph[MAX_ROUNDS], alone[MAX_ROUNDS], g, c;
    struct answer by_graph = {0}, by_alone = {0};

    make_question (cell, mode, &q);
    for (int i = 0; i < rounds; i++) {
        graph[i] = ask (&q, false, &by_graph);
        alone[i] = ask (&q, true, &by_alone);
    }
    g = median (graph, rounds);
    c = median (alone, rounds);
    note = say_difference (cell, mode, &by_graph, &by_alone);
    printf ("%7u %-8s %10.3f %10.3f %6.1fx  %s%s%s\n", running,
            mode == SELECT_MODE_RUN_NOW ? "run_now" : "will_run", c, g, c / g, cell->name,
            g > c ? "  SLOWER" : "", note);
    clear_question (&q);
    return g <= c;
}

/* ---- A part ---- */

/* Jobs that take nearly all of what is there: `running` of them */
static uint32_t fill (uint32_t running, uint32_t nodes, uint32_t had)
{
    uint32_t n = had;

    while (n < running) {
        struct ctld_job want = {.nodes_min = 1,
                                .nodes_max = 1,
                                .tasks = 2 + n % 3,
                                .minutes = 5 + n % 600,
                                .memory = 1};

        if (running < nodes && n % 7 == 0)
            want.nodes_min = want.nodes_max = want.tasks = 2;
        if (!ctld_run (&want, NULL))
            break;
        n++;
    }
    return n;
}

static void say_part (const struct cell_part *part, int rounds)
{
    struct graph_stats stats;

    graph_stats (site_graph (ctld_site ()), &stats);
    printf ("%s: %s. %u nodes, %zu vertices, %.1f MiB of graph; medians of %d, ms\n"
            "running mode      cons_tres      graph\n",
            part->name, part->what, node_record_count, stats.vertices, stats.bytes / 1048576.0,
            rounds);
}

/* How many cells are slower */
static uint32_t run_part (const struct cell_part *part, const char *only, uint32_t nodes,
                          int rounds)
{
    struct ctld_shape shape = part->shape;
    uint32_t had = 0, slower = 0;

    shape.nodes = nodes;
    ctld_start (&shape);
    say_part (part, rounds);
    for (int k = 0; k < (nodes <= SMALL ? 3 : 2); k++) {
        had = fill (k == 0 ? FEW : k == 1 ? MANY : UINT32_MAX, nodes, had);
        for (size_t i = 0; i < part->n; i++)
            for (int mode = SELECT_MODE_RUN_NOW; mode <= SELECT_MODE_WILL_RUN; mode += 2)
                if (part->cells[i].job.nodes_min <= nodes &&
                    (!only || strcmp (part->cells[i].name, only) == 0))
                    slower += !measure (&part->cells[i], mode, rounds, had);
    }
    ctld_end ();
    return slower;
}

/* In a process of its own, as there is one slurmctld in each. -1: it failed. */
static int run_apart (const struct cell_part *part, const char *only, uint32_t nodes, int rounds)
{
    int status;
    pid_t pid;

    fflush (stdout);
    if ((pid = fork ()) < 0)
        return -1;
    if (pid == 0) {
        uint32_t slower = run_part (part, only, nodes, rounds);

        fflush (stdout);
        _exit (slower < 250 ? slower : 250);
    }
    return waitpid (pid, &status, 0) == pid && WIFEXITED (status) ? WEXITSTATUS (status) : -1;
}

int main (int argc, char **argv)
{
    uint32_t nodes = argc > 1 ? strtoul (argv[1], NULL, 10) : 1000, slower = 0;
    int rounds = argc > 2 ? atoi (argv[2]) : 9;
    const char *only = argc > 3 ? argv[3] : NULL;
    const struct cell_part *part;

    if (nodes < 1 || rounds < 1 || rounds > MAX_ROUNDS) {
        fprintf (stderr, "usage: bench NODES [ROUNDS [PART [CELL]]]\n");
        return 2;
    }
    for (size_t i = 0; (part = cell_part_at (i)); i++) {
        int rc = only && strcmp (only, part->name) != 0
                     ? 0
                     : run_apart (part, argc > 4 ? argv[4] : NULL, nodes, rounds);

        if (rc < 0) {
            fprintf (stderr, "bench: %s failed\n", part->name);
            return 1;
        }
        slower += rc;
    }
    printf ("%u lines are slower than cons_tres\n", slower);
    return 0;
}

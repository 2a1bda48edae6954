/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * counts [NODES [JOBS]]: what a job_test does, counted: it makes no state anew, whatever is asked
 * and however many jobs run, looks up no job records without need, the matcher looks at no more
 * than the job is large, and select/cons_tres copies the cores of no more nodes than it is asked
 * about; and what the graph weighs beside all that slurmctld holds. Nothing is timed. Exit code 1:
 * something is more than it may be. */

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "select_graph/site_priv.h"
#include "testsuite/sim/ctld_priv.h"

enum { CALLS = 20, PERCENT = 30, NODE_BYTES = 1800, JOB_BYTES = 1000 };

static uint32_t fill (uint32_t until, uint32_t had)
{
    for (; had < until; had++) {
        struct ctld_job want = {
            .nodes_min = 1, .nodes_max = 1, .tasks = 2 + had % 3, .minutes = 5 + had % 600};

        if (!ctld_run (&want, NULL))
            break;
    }
    return had;
}

/* ---- What a call does ---- */

/* Slurm's own, by its other name */
bitstr_t *slurm_bit_copy (bitstr_t *b);

/* All find this one first. */
__attribute__ ((visibility ("default"))) bitstr_t *bit_copy (bitstr_t *b)
{
    ctld.copied++;
    return slurm_bit_copy (b);
}

static const struct {
    const char *name;
    struct ctld_job job;
    uint64_t visits; // 0: not counted
} cases[] = {
    {"1 node", {.nodes_min = 1}, 250},
    {"1 whole node", {.nodes_min = 1, .whole = true}, 250},
    {"16 nodes", {.nodes_min = 16}, 16 * 160},
    {"64 nodes", {.nodes_min = 64}, 0},
    {"2 nodes in a row", {.nodes_min = 2, .contiguous = true}, 0},
    {"high", {.nodes_min = 4, .policy = "high"}, 4 * 160},
    {"pack", {.nodes_min = 4, .policy = "pack level=switch"}, 0},
    {"request",
     {.nodes_min = 2,
      .request = "[{\"type\":\"node\",\"count\":2,\"with\":[{\"type\":\"core\","
                 "\"count\":1}]}]"},
     0},
};

static bool is_within (const char *what, const char *name, uint32_t running, uint16_t mode,
                       uint64_t n, uint64_t most)
{
    if (n <= most)
        return true;
    printf ("%s, %u running, mode %u: %llu %s, not %llu\n", name, running, mode,
            (unsigned long long)n, what, (unsigned long long)most);
    return false;
}

static bool count_case (size_t i, uint16_t mode, uint32_t running)
{
    struct ctld_job want = cases[i].job;
    struct site *site = ctld_site ();
    uint64_t entered = site->nentered, looked_up = ctld.looked_up, visits = 0, looks = 0;
    uint64_t copied = ctld.copied;
    time_t start = time (NULL);
    struct match_counters before, after;
    bool good;

    want.nodes_max = want.tasks = want.nodes_min;
    matcher_counters (site->matcher, &before);
    for (int k = 0; k < CALLS; k++) {
        job_record_t *job = ctld_submit (&want);

        (void)ctld_test (job, mode, NULL, NULL, NULL, false, NULL);
        ctld_drop (job);
        matcher_counters (site->matcher, &after);
        visits = after.visits > visits ? after.visits : visits;
    }
    // The ends of all once a second, and in each call those in the way of a later start
    if (mode == SELECT_MODE_WILL_RUN)
        looks = running * (time (NULL) - start + 1) + (uint64_t)CALLS * want.nodes_min * 2;
    good = is_within ("jobs looked up", cases[i].name, running, mode, ctld.looked_up - looked_up,
                      looks);
    good = is_within ("bitmaps copied", cases[i].name, running, mode, ctld.copied - copied,
                      (uint64_t)CALLS * (want.nodes_min * 8 + 100)) &&
           good;
    good =
        is_within ("jobs booked", cases[i].name, running, mode, site->nentered - entered, 0) &&
        is_within ("cancelled", cases[i].name, running, mode, after.cancels - before.cancels, 0) &&
        good;
    if (cases[i].visits > 0)
        good = is_within ("visits", cases[i].name, running, mode, visits, cases[i].visits) && good;
    if (ctld_site () != site) {
        printf ("%s: the graph was made anew\n", cases[i].name);
        good = false;
    }
    return good;
}

static bool count_all (uint32_t running)
{
    bool good = true;

    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++)
        for (int mode = SELECT_MODE_RUN_NOW; mode <= SELECT_MODE_WILL_RUN; mode += 2)
            good = count_case (i, mode, running) && good;
    return good;
}

/* ---- What it weighs ---- */

static size_t allocated (void)
{
    struct mallinfo2 m = mallinfo2 ();
    return m.uordblks + m.hblkhd - ctld.table; // but for the simulator's own table
}

/* With the graph and, as that is the last thing done, without. A real slurmctld has more than this
 * one (its threads, the texts of jobs): so this is the least that the graph can be compared with
 * when there are jobs, and when there are none its own weight is what counts. */
static bool weigh (uint32_t running, size_t with, size_t without)
{
    double percent = 100.0 * ((double)with - without) / without;
    double most = (double)node_record_count * NODE_BYTES + (double)running * JOB_BYTES;

    printf (
        "%u nodes, %u jobs: %.1f MiB, with the graph %.1f MiB: %.1f %% more, %.1f MiB of %.1f\n",
        node_record_count, running, without / 1048576.0, with / 1048576.0, percent,
        (with - without) / 1048576.0, most / 1048576.0);
    if (with - without <= most && (percent <= PERCENT || running < (uint32_t)node_record_count / 2))
        return true;
    printf ("that is more than %d %%, or than %d bytes a node and %d a job\n", PERCENT, NODE_BYTES,
            JOB_BYTES);
    return false;
}

static size_t allocated_without (void)
{
    char path[128];

    snprintf (path, sizeof (path), "%s/graph.conf", ctld.dir);
    unlink (path);
    ctld_reconfigure ();
    if (ctld_site ())
        fatal ("the graph is still there");
    return allocated ();
}

int main (int argc, char **argv)
{
    struct ctld_shape shape = {.nodes = argc > 1 ? strtoul (argv[1], NULL, 10) : 1000,
                               .cores = 16,
                               .sockets = 2,
                               .switch_size = 40,
                               .graph_conf = "Policy=low\n"};
    uint32_t jobs = argc > 2 ? strtoul (argv[2], NULL, 10) : 5000, running;
    size_t with;
    bool good;

    if (shape.nodes < 100) {
        fprintf (stderr, "usage: counts [NODES (100 or more) [JOBS]]\n");
        return 2;
    }
    ctld_start (&shape);
    running = fill (50, 0);
    good = count_all (running);
    running = fill (jobs, running);
    good = count_all (running) && good;
    with = allocated ();
    good = weigh (running, with, allocated_without ()) && good;
    printf ("%s\n", good ? "all counts are within bounds" : "some counts are too high");
    ctld_end ();
    return !good;
}

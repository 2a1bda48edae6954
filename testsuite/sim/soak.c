/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * soak [EVENTS [SEED]]: random jobs come, go, are suspended, shrunk and preempted, nodes drain,
 * slurmctld reconfigures and restarts; after each event what the graph thinks is in use is compared
 * with the books of select/cons_tres, node by node. Ends with the number of differences. */

#include <stdio.h>
#include <stdlib.h>

#include "testsuite/sim/ctld.h"

enum { NODES = 24, CORES = 8, MEMORY = 8000, GPUS = 4, MAX_RUNNING = 200 };

static struct soak {
    job_record_t *jobs[MAX_RUNNING];
    uint32_t njobs;
    bitstr_t *up;
    uint64_t random;
    uint32_t started, refused, preempted, restarts, drains;
} soak;

static uint32_t pick (uint32_t below)
{
    soak.random = soak.random * UINT64_C (6364136223846793005) + UINT64_C (1442695040888963407);
    return (uint32_t)(soak.random >> 33) % below;
}

static struct ctld_job random_job (void)
{
    static const char *const policies[] = {NULL, "low", "high", "first", "locality", "nonesuch"};
    static const char *const gres[] = {NULL, NULL, NULL, "gpu:1", "gpu:3"};
    static const char *const requests[] = {
        "[{\"type\":\"node\",\"count\":2,\"with\":[{\"type\":\"core\",\"count\":2}]}]",
        "[{\"type\":\"node\",\"count\":1}]"};
    struct ctld_job job = {.cpus_per_task = 1 + pick (3), .minutes = 1 + pick (100)};
    uint32_t kind = pick (4);

    if (kind == 0) { // tasks wherever they fit
        job.nodes_min = 1;
        job.tasks = 1 + pick (30);
    } else {
        job.nodes_min = job.nodes_max = 1 + pick (5);
        job.tasks = job.nodes_min * (1 + pick (3));
    }
    job.whole = pick (6) == 0;
    job.memory = 1 + pick (3) * 700;
    job.policy = policies[pick (6)];
    job.gres = gres[pick (5)];
    if (pick (10) == 0) {
        job.request = requests[pick (2)];
        job.nodes_min = 1;
        job.nodes_max = 0;
        job.tasks = 1;
    }
    return job;
}

static void forget (uint32_t i)
{
    soak.jobs[i] = soak.jobs[--soak.njobs];
}

static void start (void)
{
    struct ctld_job want = random_job ();
    job_record_t *job = soak.njobs < MAX_RUNNING ? ctld_run (&want, soak.up) : NULL;

    if (job)
        soak.jobs[soak.njobs++] = job;
    soak.started += job != NULL;
    soak.refused += job == NULL;
}

/* Slurm's own books go wrong when cores are taken that others got meanwhile. */
static bool may_resume (const job_record_t *job)
{
    for (uint32_t i = 0; i < soak.njobs; i++)
        if (IS_JOB_RUNNING (soak.jobs[i]) && ctld_overlap (job, soak.jobs[i]))
            return false;
    return true;
}

static void finish (uint32_t i)
{
    ctld_finish (soak.jobs[i]);
    forget (i);
}

/* A job that would push out any other */
static void preempt (void)
{
    struct ctld_job want = random_job ();
    job_record_t *job = ctld_submit (&want), *victim;
    List candidates = list_create (NULL), victims = NULL;
    bitstr_t *chosen = NULL;

    for (uint32_t i = 0; i < soak.njobs; i++)
        if (IS_JOB_RUNNING (soak.jobs[i]))
            list_append (candidates, soak.jobs[i]);
    if (ctld_test (job, SELECT_MODE_RUN_NOW, soak.up, candidates, &victims, false, &chosen) == 0) {
        free_job_resources (&job->job_resrcs);
        FREE_NULL_BITMAP (chosen);
        while (victims && (victim = list_pop (victims))) {
            for (uint32_t i = 0; i < soak.njobs; i++)
                if (soak.jobs[i] == victim) {
                    ctld_finish (victim);
                    forget (i);
                    soak.preempted++;
                    break;
                }
        }
        if (ctld_test (job, SELECT_MODE_RUN_NOW, soak.up, NULL, NULL, false, &chosen) == 0 &&
            soak.njobs < MAX_RUNNING) {
            ctld_start_job (job, chosen);
            soak.jobs[soak.njobs++] = job;
            job = NULL;
        } else
            FREE_NULL_BITMAP (chosen);
    }
    if (job)
        ctld_drop (job);
    FREE_NULL_LIST (candidates);
    FREE_NULL_LIST (victims);
}

static void look_ahead (void)
{
    struct ctld_job want = random_job ();
    job_record_t *job = ctld_submit (&want);
    bitstr_t *chosen = NULL;

    (void)ctld_test (job, SELECT_MODE_WILL_RUN, soak.up, NULL, NULL, false, &chosen);
    FREE_NULL_BITMAP (chosen);
    ctld_drop (job);
}

static void drain (void)
{
    uint32_t node = pick (NODES);

    soak.drains++;
    if (bit_test (soak.up, node) && bit_set_count (soak.up) > NODES / 2)
        bit_clear (soak.up, node);
    else
        bit_set (soak.up, node);
}

static void event (void)
{
    uint32_t what = pick (1000), i = soak.njobs ? pick (soak.njobs) : 0;

    if (getenv ("SIM_TRACE"))
        fprintf (stderr, "what %u of job %u\n", what, soak.njobs ? soak.jobs[i]->job_id : 0);

    if (what < 420 || soak.njobs == 0)
        start ();
    else if (what < 780)
        finish (i);
    else if (what < 840 && IS_JOB_RUNNING (soak.jobs[i]))
        ctld_suspend (soak.jobs[i]);
    else if (what < 900 && IS_JOB_SUSPENDED (soak.jobs[i])) {
        if (may_resume (soak.jobs[i]))
            ctld_resume (soak.jobs[i]);
    } else if (what < 920)
        ctld_shrink (soak.jobs[i]);
    else if (what < 950)
        preempt ();
    else if (what < 975)
        look_ahead ();
    else if (what < 990)
        drain ();
    else if (what < 995)
        ctld_reconfigure ();
    else {
        ctld_restart ();
        soak.restarts++;
    }
}

int main (int argc, char **argv)
{
    uint32_t events = argc > 1 ? strtoul (argv[1], NULL, 10) : 2000, differences = 0;
    struct ctld_shape shape = {.nodes = NODES,
                               .cores = CORES,
                               .sockets = 2,
                               .memory = MEMORY,
                               .gpus = GPUS,
                               .preempt = true,
                               .graph_conf = "Policy=low\nCandidates=2\nGresChoice=graph\n"};
    char text[256];

    soak.random = argc > 2 ? strtoull (argv[2], NULL, 10) : 1;
    ctld_start (&shape);
    soak.up = bit_alloc (NODES);
    bit_nset (soak.up, 0, NODES - 1);
    for (uint32_t i = 0; i < events; i++) {
        event ();
        if (!ctld_compare (text, sizeof (text))) {
            fprintf (stderr, "event %u: %s\n", i, text);
            if (++differences > 10)
                break;
        }
    }
    printf ("%u events, %u jobs started, %u waited, %u preempted, %u drains, %u restarts: "
            "%u differences\n",
            events, soak.started, soak.refused, soak.preempted, soak.drains, soak.restarts,
            differences);
    ctld_end ();
    return differences > 0;
}

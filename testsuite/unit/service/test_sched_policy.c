/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Queue policies: the schedule that each makes of a few jobs, what it promises for any jobs, and
 * its configuration. Execution is simulated: the clock jumps from event to event. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/service/job_manager/job.h"
#include "shell/service/sched/config.h"
#include "shell/service/sched/pass.h"
#include "shell/service/sched/sched.h"
#include "testsuite/unit/cmocka.h"

#define JOBS_MAX 64
#define EPOCH 1000000. // when a simulation begins

struct sim_job {
    int submit, nodes, duration;
    int priority; // 0: the default
    int start;    // expected; in a random run what came out
    const char *queue;
};

struct sim {
    struct sched *sched;
    struct sched_config config;
    struct sim_job *jobs;
    size_t count;
    struct job *job[JOBS_MAX]; // NULL: not there any more
    bool running[JOBS_MAX], closed[JOBS_MAX];
    double start[JOBS_MAX], promised[JOBS_MAX];
    struct pass pass[3]; // by queue: none, "a", "b"
};

static json_t *make_R (int nodes)
{
    return json_pack ("{s:i s:{s:[{s:s s:{s:s}}]}}", "version", 1, "execution", "R_lite", "rank",
                      nodes == 16 ? "0-15" : "0-3", "children", "core", "0");
}

static void sim_create (struct sim *sim, const char *config, int nodes, struct sim_job *jobs,
                        size_t count)
{
    flux_error_t error = {""};
    json_t *conf = config ? json_loads (config, 0, NULL) : NULL, *R = make_R (nodes);

    assert_true (count <= JOBS_MAX && (!config || conf));
    *sim = (struct sim){.jobs = jobs, .count = count};
    if (sched_config_parse (&sim->config, conf, NULL, &error) < 0)
        fail_msg ("%s: %s", config, error.text);
    sim->sched = sched_create (&sim->config, &error);
    assert_non_null (sim->sched);
    assert_int_equal (sched_set_resources (sim->sched, R, &error), 0);
    json_decref (conf);
    json_decref (R);
    for (size_t i = 0; i < count; i++) {
        sim->job[i] = job_create (i + 1);
        sim->job[i]->facts = (struct job_facts){
            .nnodes = jobs[i].nodes, .nslots = 1, .cores = 1, .duration = jobs[i].duration};
        sim->job[i]->priority = jobs[i].priority ? jobs[i].priority : 16;
        sim->start[i] = sim->promised[i] = -1;
    }
}

static void sim_destroy (struct sim *sim)
{
    for (size_t i = 0; i < sim->count; i++)
        job_free (sim->job[i]);
    sched_destroy (sim->sched);
    sched_config_clear (&sim->config);
}

static struct pass *pass_of (struct sim *sim, size_t i, bool **closed)
{
    int which = sim->jobs[i].queue ? 1 + (*sim->jobs[i].queue == 'b') : 0;

    *closed = &sim->closed[which];
    return &sim->pass[which];
}

static void try_job (struct sim *sim, size_t i, double now)
{
    bool *closed;
    struct pass *pass = pass_of (sim, i, &closed);
    struct sched_alloc alloc = {0};
    flux_error_t error;
    double at = 0;
    pass_outcome_t outcome = PASS_STARTED;

    if (*closed)
        return;
    if (sched_alloc (sim->sched, sim->job[i], EPOCH + now, pass_may_reserve (pass), &alloc, &at,
                     &error) == 0) {
        sim->start[i] = now;
        sim->running[i] = true;
    } else {
        assert_int_equal (errno, EBUSY);
        outcome = at > 0 ? PASS_RESERVED : PASS_WAITS;
        if (at > 0 && sim->promised[i] < 0)
            sim->promised[i] = at - EPOCH;
    }
    sched_alloc_clear (&alloc);
    *closed = !pass_goes_on (pass, outcome);
}

/* Waiting jobs by priority, then age, as the job manager has them. */
static void do_pass (struct sim *sim, double now)
{
    static const char *const queues[] = {NULL, "a", "b"};
    bool done[JOBS_MAX] = {false};

    sched_begin_pass (sim->sched);
    for (size_t i = 0; i < 3; i++) {
        pass_begin (&sim->pass[i], qpolicies_find (&sim->config.queues, queues[i]));
        sim->closed[i] = false;
    }
    for (;;) {
        size_t best = sim->count;
        for (size_t i = 0; i < sim->count; i++) {
            if (!done[i] && sim->start[i] < 0 && sim->jobs[i].submit <= now &&
                (best == sim->count || sim->job[i]->priority > sim->job[best]->priority))
                best = i;
        }
        if (best == sim->count)
            return;
        done[best] = true;
        try_job (sim, best, now);
    }
}

static void end_jobs (struct sim *sim, double now)
{
    for (size_t i = 0; i < sim->count; i++) {
        if (sim->running[i] && sim->start[i] + sim->jobs[i].duration <= now) {
            sim->running[i] = false;
            sched_free (sim->sched, sim->job[i]->id);
        }
    }
}

/* The next submission or end after now; below 0: none. */
static double next_event (const struct sim *sim, double now)
{
    double next = -1;

    for (size_t i = 0; i < sim->count; i++) {
        double t = sim->running[i] ? sim->start[i] + sim->jobs[i].duration : sim->jobs[i].submit;
        if (t > now && (next < 0 || t < next))
            next = t;
    }
    return next;
}

static void simulate (struct sim *sim)
{
    for (double now = 0; now >= 0; now = next_event (sim, now)) {
        end_jobs (sim, now);
        do_pass (sim, now);
    }
}

#define QMANAGER(x) "{\"sched-fluxion-qmanager\":{" x "}}"
#define POLICY(x) "\"queue-policy\":\"" x "\""

/* Four nodes. A and B do not fit together, C needs all, D is long, E short. */
#define MIX(b, c, d, e)                                                                            \
    {                                                                                              \
        {0, 2, 100, 0, 0, NULL}, {0, 3, 100, 0, b, NULL}, {0, 4, 50, 0, c, NULL},                  \
            {0, 1, 300, 0, d, NULL}, {0, 1, 100, 0, e, NULL},                                      \
    }

static void test_schedules (void **state)
{
    static struct {
        const char *config;
        struct sim_job jobs[8];
    } t[] = {
        {NULL, MIX (100, 200, 250, 250)}, // fcfs
        {QMANAGER (POLICY ("fcfs")), MIX (100, 200, 250, 250)},
        // D does not delay B, but C
        {QMANAGER (POLICY ("easy")), MIX (100, 300, 0, 0)},
        {QMANAGER (POLICY ("conservative")), MIX (100, 200, 250, 0)},
        {QMANAGER (POLICY ("hybrid")), MIX (100, 200, 250, 0)},
        {QMANAGER (POLICY ("hybrid") ",\"policy-params\":{\"reservation-depth\":1}"),
         MIX (100, 300, 0, 0)},
        {QMANAGER (POLICY ("hybrid") ",\"policy-params\":{\"reservation-depth\":9,"
                                     "\"max-reservation-depth\":1}"),
         MIX (100, 300, 0, 0)},
        {QMANAGER (POLICY ("conservative") ",\"policy-params\":{\"max-reservation-depth\":1}"),
         MIX (100, 300, 0, 0)},
        // B and C are all that is looked at
        {QMANAGER (POLICY ("easy") ",\"queue-params\":{\"queue-depth\":2}"),
         MIX (100, 200, 250, 250)},
        {QMANAGER (POLICY ("easy") ",\"queue-params\":{\"queue-depth\":9,\"max-queue-depth\":2}"),
         MIX (100, 200, 250, 250)},
        // urgency before age
        {QMANAGER (POLICY ("fcfs")),
         {{0, 4, 10, 0, 0, NULL},
          {1, 4, 10, 0, 20, NULL},
          {2, 4, 10, 0, 30, NULL},
          {3, 4, 10, 31, 10, NULL}}},
        // a job with more urgency takes the reservation over
        {QMANAGER (POLICY ("easy")),
         {{0, 3, 100, 0, 0, NULL},
          {0, 4, 10, 0, 150, NULL},
          {5, 4, 50, 20, 100, NULL},
          {6, 1, 94, 0, 6, NULL},
          {7, 1, 94, 0, 160, NULL}}},
        // a queue that waits does not hold up the other, each has its policy, and age counts for
        // all
        {"{\"queues\":{\"a\":{},\"b\":{}},\"sched-fluxion-qmanager\":{\"queues\":{"
         "\"b\":{\"queue-policy\":\"easy\"}}}}",
         {{0, 2, 100, 0, 0, "a"},
          {0, 4, 50, 0, 100, "a"},
          {0, 1, 50, 0, 150, "a"},
          {0, 1, 60, 0, 0, "b"},
          {0, 4, 10, 0, 200, "b"},
          {0, 1, 40, 0, 0, "b"}}},
    };

    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        struct sim sim;
        size_t count = 0;
        while (t[i].jobs[count].nodes > 0)
            count++;
        sim_create (&sim, t[i].config, 4, t[i].jobs, count);
        simulate (&sim);
        for (size_t k = 0; k < count; k++) {
            if (sim.start[k] != t[i].jobs[k].start)
                fail_msg ("%s: job %zu starts at %g, not %d", t[i].config, k, sim.start[k],
                          t[i].jobs[k].start);
        }
        sim_destroy (&sim);
    }
}

/* ---- any jobs ---- */

static unsigned int next_random (unsigned int *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 16;
}

static void random_jobs (struct sim_job *jobs, size_t count, unsigned int seed)
{
    int submit = 0;

    for (size_t i = 0; i < count; i++) {
        submit += next_random (&seed) % 20;
        jobs[i] = (struct sim_job){.submit = submit,
                                   .nodes = 1 + next_random (&seed) % 16,
                                   .duration = 1 + next_random (&seed) % 100};
        if (next_random (&seed) % 2)
            jobs[i].nodes = 1 + jobs[i].nodes % 4;
    }
}

static void check_nodes (const struct sim *sim)
{
    for (size_t i = 0; i < sim->count; i++) {
        int used = 0;
        for (size_t k = 0; k < sim->count; k++) {
            if (sim->start[k] <= sim->start[i] &&
                sim->start[k] + sim->jobs[k].duration > sim->start[i])
                used += sim->jobs[k].nodes;
        }
        assert_true (sim->start[i] >= sim->jobs[i].submit);
        assert_true (used <= 16);
    }
}

/* What was promised first is kept: always by conservative; by easy to whom it promised at all. */
static void check_promises (const struct sim *sim, const char *what, unsigned int seed)
{
    for (size_t i = 0; i < sim->count; i++) {
        if (sim->promised[i] >= 0 && sim->start[i] > sim->promised[i])
            fail_msg ("%s, seed %u: job %zu starts at %g, not by %g", what, seed, i, sim->start[i],
                      sim->promised[i]);
    }
}

static double sum_of_starts (const struct sim *sim)
{
    double sum = 0;

    for (size_t i = 0; i < sim->count; i++)
        sum += sim->start[i];
    return sum;
}

static void test_promises (void **state)
{
    static const struct {
        const char *what, *config;
    } t[] = {
        {"fcfs", QMANAGER (POLICY ("fcfs"))},
        {"easy", QMANAGER (POLICY ("easy"))},
        {"hybrid", QMANAGER (POLICY ("hybrid") ",\"policy-params\":{\"reservation-depth\":4}")},
        {"conservative",
         QMANAGER (POLICY ("conservative") ",\"queue-params\":{\"queue-depth\":99}")},
    };
    double sum[4] = {0};

    for (unsigned int seed = 1; seed <= 50; seed++) {
        for (size_t i = 0; i < 4; i++) {
            struct sim_job jobs[40];
            struct sim sim;
            random_jobs (jobs, 40, seed);
            sim_create (&sim, t[i].config, 16, jobs, 40);
            simulate (&sim);
            check_nodes (&sim);
            check_promises (&sim, t[i].what, seed);
            for (size_t k = 1; i == 0 && k < 40; k++)
                assert_true (sim.start[k] >= sim.start[k - 1]); // first come, first served
            sum[i] += sum_of_starts (&sim);
            sim_destroy (&sim);
        }
    }
    for (size_t i = 1; i < 4; i++)
        assert_true (sum[i] < sum[0]); // that is what backfilling is for
}

/* ---- configuration ---- */

static void test_config (void **state)
{
    struct sched_config c;
    flux_error_t error;
    json_t *conf = json_loads (
        "{\"queues\":{\"big\":{},\"small\":{}},\"other\":7,"
        "\"sched-fluxion-qmanager\":{\"queue-policy\":\"hybrid\",\"queue-params\":{"
        "\"queue-depth\":\"100\",\"max-queue-depth\":50},\"policy-params\":{"
        "\"reservation-depth\":5},\"queues\":{\"small\":{\"queue-policy\":\"fcfs\"}}},"
        "\"sched-fluxion-resource\":{\"match-policy\":\"policy=low node_exclusive=true\","
        "\"match-format\":\"rv1\",\"prune-filters\":\"ALL:core,ALL:gpu,cluster:node\","
        "\"load-allowlist\":\"node,core,gpu\",\"reserve-vtx-vec\":1000}}",
        0, NULL);

    assert_non_null (conf);
    if (sched_config_parse (&c, conf, NULL, &error) < 0)
        fail_msg ("%s", error.text);
    const struct qpolicy *big = qpolicies_find (&c.queues, "big");
    const struct qpolicy *small = qpolicies_find (&c.queues, "small");
    assert_string_equal (big->name, "hybrid");
    assert_int_equal (big->queue_depth, 50);
    assert_int_equal (big->reservation_depth, 5);
    assert_string_equal (small->name, "fcfs");
    assert_int_equal (small->queue_depth, 50);
    assert_ptr_equal (qpolicies_find (&c.queues, NULL), &c.queues.dflt);
    assert_string_equal (c.match_policy, "policy=low node_exclusive=true");
    assert_int_equal (c.format, SCHED_FORMAT_RV1);
    sched_config_clear (&c);
    json_decref (conf);
    assert_int_equal (sched_config_parse (&c, NULL, NULL, &error), 0);
    assert_string_equal (c.queues.dflt.name, "fcfs");
    assert_int_equal (c.queues.dflt.queue_depth, 32);
    sched_config_clear (&c);
}

#define RESOURCE(x) "{\"sched-fluxion-resource\":{" x "}}"

static void test_bad_config (void **state)
{
    static const struct {
        const char *config, *error;
    } t[] = {
        {"{\"sched-fluxion-qmanager\":7}", "sched-fluxion-qmanager: must be a table"},
        {QMANAGER (POLICY ("best")), "sched-fluxion-qmanager.queue-policy=best: is none of fcfs, "
                                     "easy, conservative and hybrid"},
        {QMANAGER ("\"queue-depth\":3"), "sched-fluxion-qmanager.queue-depth: unknown key"},
        {QMANAGER ("\"queue-params\":3"), "sched-fluxion-qmanager.queue-params: must be a table"},
        {QMANAGER ("\"queue-params\":{\"queue-depth\":0}"),
         "sched-fluxion-qmanager.queue-params.queue-depth: must be a positive integer"},
        {QMANAGER ("\"queue-params\":{\"queue-depth\":\"7x\"}"),
         "sched-fluxion-qmanager.queue-params.queue-depth: must be a positive integer"},
        {QMANAGER ("\"queue-params\":{\"depth\":1}"),
         "sched-fluxion-qmanager.queue-params.depth: unknown key"},
        {QMANAGER ("\"policy-params\":{\"reservation-depth\":-1}"),
         "sched-fluxion-qmanager.policy-params.reservation-depth: must be a positive integer"},
        {QMANAGER ("\"queues\":[]"), "sched-fluxion-qmanager.queues: must be a table"},
        {QMANAGER ("\"queues\":{\"x\":{}}"),
         "sched-fluxion-qmanager.queues.x: there is no queue of this name"},
        {RESOURCE ("\"match-policy\":\"best\""), "sched-fluxion-resource.match-policy=best: "},
        {RESOURCE ("\"match-policy\":7"), "sched-fluxion-resource.match-policy: must be a string"},
        {RESOURCE ("\"match-format\":\"jgf\""), "sched-fluxion-resource.match-format=jgf: "},
        {RESOURCE ("\"load-format\":\"hwloc\""), "sched-fluxion-resource.load-format=hwloc: "},
        {RESOURCE ("\"prune-filters\":\"core\""), "sched-fluxion-resource.prune-filters=core: "},
        {RESOURCE ("\"load-allowlist\":\"a b\""), "sched-fluxion-resource.load-allowlist=a b: "},
        {RESOURCE ("\"policy\":\"low\""), "sched-fluxion-resource.policy: unknown key"},
    };

    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        struct sched_config c;
        flux_error_t error = {""};
        json_t *conf = json_loads (t[i].config, 0, NULL);
        assert_non_null (conf);
        if (sched_config_parse (&c, conf, NULL, &error) == 0)
            fail_msg ("%s: accepted", t[i].config);
        assert_int_equal (errno, EINVAL);
        if (strncmp (error.text, t[i].error, strlen (t[i].error)) != 0)
            fail_msg ("%s: %s", t[i].config, error.text);
        json_decref (conf);
    }
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_schedules),
        cmocka_unit_test (test_promises),
        cmocka_unit_test (test_config),
        cmocka_unit_test (test_bad_config),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

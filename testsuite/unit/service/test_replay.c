/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A job from its eventlog. */

#include <errno.h>
#include <string.h>

#include "shell/service/job_manager/replay.h"
#include "testsuite/unit/cmocka.h"

#define EV(t, name) "{\"timestamp\":" #t ",\"name\":\"" name "\"}\n"
#define EVC(t, name, context)                                                                      \
    "{\"timestamp\":" #t ",\"name\":\"" name "\",\"context\":" context "}\n"
#define SUBMIT EVC (1.5, "submit", "{\"userid\":7,\"urgency\":16,\"flags\":4,\"version\":1}")
#define PENDING SUBMIT EV (2, "validate") EV (3, "depend")
#define SCHED PENDING EVC (4, "priority", "{\"priority\":16}")
#define RUN SCHED EV (5, "alloc") EV (6, "start")
#define OVER                                                                                       \
    EVC (8, "release", "{\"ranks\":\"all\",\"final\":true}") EV (9, "free") EV (10, "clean")

static const char R[] = "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"1-2\",\"children\":"
                        "{\"core\":\"0-3\"}}],\"starttime\":5.0,\"expiration\":65.0,"
                        "\"nodelist\":[\"n[1-2]\"]}}";

static struct job *replay (const char *log, const char *r)
{
    struct job *job = job_create (42);
    flux_error_t error;

    assert_non_null (job);
    if (job_replay (job, log, strlen (log), r, NULL, &error) == 0)
        return job;
    job_free (job);
    return NULL;
}

static void test_states (void **state)
{
    static const struct {
        const char *log;
        int state, result;
        bool has_resources;
    } cases[] = {
        {SUBMIT, JOB_NEW, 0, false},
        {SUBMIT EV (2, "validate"), JOB_DEPEND, 0, false},
        {PENDING, JOB_PRIORITY, 0, false},
        {SCHED, JOB_SCHED, 0, false},
        {SCHED EV (5, "flux-restart"), JOB_PRIORITY, 0, false},
        {RUN, JOB_RUN, 0, true},
        {RUN EVC (7, "finish", "{\"status\":0}"), JOB_CLEANUP, 0, true},
        {RUN EVC (7, "finish", "{\"status\":0}") OVER, JOB_INACTIVE, RESULT_COMPLETED, false},
        {RUN EVC (7, "finish", "{\"status\":256}") OVER, JOB_INACTIVE, RESULT_FAILED, false},
        {RUN EVC (7, "exception", "{\"type\":\"warn\",\"severity\":1,\"note\":\"\"}"), JOB_RUN, 0,
         true},
        {RUN EVC (7, "exception", "{\"type\":\"timeout\",\"severity\":0,\"note\":\"\"}") OVER,
         JOB_INACTIVE, RESULT_TIMEOUT, false},
        {SCHED EVC (7, "exception", "{\"type\":\"cancel\",\"severity\":0}") EV (8, "clean"),
         JOB_INACTIVE, RESULT_CANCELED, false},
        {SCHED EV (5, "of-another-version") EVC (6, "urgency", "{\"urgency\":31,\"userid\":7}"),
         JOB_SCHED, 0, false},
        {SCHED "{\"timestamp\":9,\"name\":\"cle", JOB_SCHED, 0, false}, // cut off
        {"{\"name\":\"submit\", \"timestamp\":1.5, \"context\":{\"userid\":7,\"urgency\":16,"
         "\"flags\":0}}\n{\"timestamp\": 2,\"name\":\"validate\"}\n",
         JOB_DEPEND, 0, false},
    };

    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        struct job *job = replay (cases[i].log, R);
        assert_non_null (job);
        assert_int_equal (job->state, cases[i].state);
        assert_int_equal (job->live->has_resources, cases[i].has_resources);
        if (cases[i].result)
            assert_int_equal (job_result_of (job), cases[i].result);
        job_free (job);
    }
}

static void test_facts (void **state)
{
    struct job *job =
        replay (RUN EVC (7, "memo", "{\"a\":1,\"b\":2}") EVC (8, "memo", "{\"a\":null}")
                    EVC (9, "jobspec-update", "{\"attributes.system.duration\":90}")
                        EVC (10, "resource-update", "{\"expiration\":95.0}"),
                R);

    assert_int_equal (job->userid, 7);
    assert_int_equal (job->urgency, 16);
    assert_int_equal (job->flags, JOBFLAG_WAITABLE);
    assert_int_equal (job->priority, 16);
    assert_true (job->t_submit == 1.5 && job->t_depend == 2 && job->t_priority == 3 &&
                 job->t_sched == 4 && job->t_run == 5 && job->t_cleanup == 0);
    assert_int_equal (job->states_seen, JOB_NEW | JOB_DEPEND | JOB_PRIORITY | JOB_SCHED | JOB_RUN);
    assert_string_equal (job->ranks, "1-2");
    assert_string_equal (job->nodelist, "n[1-2]");
    assert_int_equal (job->nnodes, 2);
    assert_int_equal (job->ncores, 8);
    assert_true (job->updated && job->expiration == 95);
    json_t *user = json_object_get (job->annotations, "user");
    assert_int_equal (json_object_size (user), 1);
    assert_int_equal (json_integer_value (json_object_get (user, "b")), 2);
    job_free (job);
}

static void test_dependencies (void **state)
{
    struct job *job =
        replay (SUBMIT EVC (2, "dependency-add", "{\"description\":\"x\"}")
                    EVC (3, "dependency-add", "{\"description\":\"y\"}") EV (4, "validate")
                        EVC (5, "dependency-remove", "{\"description\":\"x\"}"),
                NULL);

    assert_int_equal (job->state, JOB_DEPEND);
    assert_true (job_has_dependency (job, "y") && !job_has_dependency (job, "x"));
    job_free (job);
}

static void test_bad (void **state)
{
    static const struct {
        const char *log, *R;
    } cases[] = {
        {"", R},
        {EV (2, "validate"), R},                                    // no submit
        {"nonsense\n", R},                                          // no JSON
        {SUBMIT "{\"timestamp\":1}\n", R},                          // no event
        {SUBMIT "{\"timestamp\":-1,\"name\":\"x\"}\n", R},          // no time
        {SUBMIT "{\"timestamp\": \n1,\"name\":\"validate\"}\n", R}, // over two lines
        {EV (1, "submit"), R},                                      // no context
        {EVC (1, "submit", "{\"userid\":7,\"urgency\":99,\"flags\":0}"), R},
        {RUN, NULL}, // no R
        {RUN, "{}"}, // that is none
        {RUN EVC (7, "finish", "{}"), R},
        {SCHED EVC (7, "priority", "{\"priority\":-3}"), R},
        {SCHED EVC (7, "exception", "{\"severity\":0}"), R},
        {SUBMIT EVC (2, "dependency-add", "{}"), R},
        {SUBMIT EVC (2, "dependency-remove", "{}"), R},
        {SUBMIT EVC (2, "urgency", "{}"), R},
    };

    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++)
        assert_null (replay (cases[i].log, cases[i].R));
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_states),
        cmocka_unit_test (test_facts),
        cmocka_unit_test (test_dependencies),
        cmocka_unit_test (test_bad),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

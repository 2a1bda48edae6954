/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The pure parts of the job services: the queue, the table of states, constraints, R, first fit. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "shell/service/job_list/attrs.h"
#include "shell/service/job_list/constraint.h"
#include "shell/service/job_manager/jobtext.h"
#include "shell/service/job_manager/private.h"
#include "shell/service/sched/config.h"
#include "shell/service/sched/sched.h"
#include "testsuite/unit/cmocka.h"

#define NJOBS 200

static void check_queue (struct queue *q, struct job **jobs, const bool *in)
{
    size_t count = 0;
    struct job *last = NULL;

    for (struct job *job = queue_first (q); job; job = queue_next (q, job)) {
        if (last && !(last->priority > job->priority ||
                      (last->priority == job->priority && last->id < job->id)))
            fail_msg ("wrong order");
        last = job;
        count++;
    }
    size_t want = 0;
    for (int i = 0; i < NJOBS; i++)
        want += in[i];
    assert_int_equal (count, want);
    assert_int_equal (queue_count (q), want);
}

static void test_queue (void **state)
{
    struct queue *q = queue_create ();
    struct job *jobs[NJOBS];
    bool in[NJOBS] = {false};

    srand (7);
    for (int i = 0; i < NJOBS; i++)
        jobs[i] = job_create (1000 + i);
    for (int n = 0; n < 5000; n++) {
        int i = rand () % NJOBS;
        if (in[i]) {
            queue_remove (q, jobs[i]);
        } else {
            jobs[i]->priority = rand () % 5;
            assert_int_equal (queue_insert (q, jobs[i]), 0);
        }
        in[i] = !in[i];
        if (n % 100 == 0)
            check_queue (q, jobs, in);
    }
    check_queue (q, jobs, in);
    for (int i = 0; i < NJOBS; i++) {
        queue_remove (q, jobs[i]); // also those that are not on it
        job_free (jobs[i]);
    }
    assert_null (queue_first (q));
    queue_destroy (q);
}

static void test_states (void **state)
{
    static const struct {
        int from;
        const char *event;
        int severity;
        int to;
    } t[] = {
        {JOB_NEW, "submit", -1, JOB_NEW},
        {JOB_NEW, "validate", -1, JOB_DEPEND},
        {JOB_DEPEND, "depend", -1, JOB_PRIORITY},
        {JOB_PRIORITY, "priority", -1, JOB_SCHED},
        {JOB_SCHED, "priority", -1, JOB_SCHED},
        {JOB_SCHED, "alloc", -1, JOB_RUN},
        {JOB_RUN, "start", -1, JOB_RUN},
        {JOB_RUN, "finish", -1, JOB_CLEANUP},
        {JOB_CLEANUP, "finish", 0, JOB_CLEANUP},
        {JOB_RUN, "exception", 0, JOB_CLEANUP},
        {JOB_RUN, "exception", 1, JOB_RUN},
        {JOB_SCHED, "exception", 0, JOB_CLEANUP},
        {JOB_CLEANUP, "exception", 0, JOB_CLEANUP},
        {JOB_CLEANUP, "release", -1, JOB_CLEANUP},
        {JOB_CLEANUP, "free", -1, JOB_CLEANUP},
        {JOB_CLEANUP, "clean", -1, JOB_INACTIVE},
        {JOB_INACTIVE, "exception", 0, JOB_INACTIVE},
        {JOB_INACTIVE, "memo", -1, JOB_INACTIVE},
    };

    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++)
        assert_int_equal (event_next_state (t[i].from, t[i].event, t[i].severity), t[i].to);
}

static void test_results (void **state)
{
    struct job *job = job_create (1);

    assert_int_equal (job_result_of (job), RESULT_FAILED); // ended without a finish
    job->finished = true;
    assert_int_equal (job_result_of (job), RESULT_COMPLETED);
    job->wait_status = 1 << 8;
    assert_int_equal (job_result_of (job), RESULT_FAILED);
    job->exception_severity = 0;
    job->exception_type = strdup ("timeout");
    assert_int_equal (job_result_of (job), RESULT_TIMEOUT);
    strcpy (job->exception_type, "cancel");
    assert_int_equal (job_result_of (job), RESULT_CANCELED);
    job->exception_severity = 1;
    job->wait_status = 0;
    assert_int_equal (job_result_of (job), RESULT_COMPLETED);
    job_free (job);
}

static void test_keys (void **state)
{
    char key[JOB_KEY_SIZE];

    assert_string_equal (job_key (0x123456789abcdef0, NULL, key, sizeof (key)),
                         "job.1234.5678.9abc.def0");
    assert_string_equal (job_key (1, "guest.output", key, sizeof (key)),
                         "job.0000.0000.0000.0001.guest.output");
}

/* One job against many constraints */

static struct job *sample_job (void)
{
    struct job *job = job_create (77);

    job->userid = 42;
    job->state = JOB_INACTIVE;
    job->result = RESULT_FAILED;
    job->facts.name = "sleep";
    job->ranks = strdup ("2-5");
    job->nodelist = strdup ("node[2-5]");
    job->t_submit = 100.;
    return job;
}

static void test_constraints (void **state)
{
    static const struct {
        const char *text;
        int match;  // -1: refused
        int states; // that need to be walked; 0: all
    } t[] = {
        {"{}", 1, 0},
        {"{\"and\":[]}", 1, 0},
        {"{\"or\":[]}", 1, 0},
        {"{\"not\":[{}]}", 0, 0},
        {"{\"userid\":[42]}", 1, 0},
        {"{\"userid\":[41]}", 0, 0},
        {"{\"userid\":[-1]}", 1, 0},
        {"{\"name\":[\"sl*\"]}", 1, 0},
        {"{\"name\":[\"x\",\"sleep\"]}", 1, 0},
        {"{\"queue\":[\"batch\"]}", 0, 0},
        {"{\"states\":[64]}", 1, JOB_INACTIVE},
        {"{\"states\":[\"inactive\"]}", 1, JOB_INACTIVE},
        {"{\"states\":[\"RUN\",\"cleanup\"]}", 0, JOB_RUNNING},
        {"{\"results\":[\"failed\"]}", 1, JOB_INACTIVE},
        {"{\"results\":[1]}", 0, JOB_INACTIVE},
        {"{\"ranks\":[\"5\"]}", 1, 0},
        {"{\"ranks\":[\"0-1\"]}", 0, 0},
        {"{\"hostlist\":[\"node3\"]}", 1, 0},
        {"{\"hostlist\":[\"node9\"]}", 0, 0},
        {"{\"t_submit\":[\">99.5\"]}", 1, 0},
        {"{\"t_submit\":[\">=100\"]}", 1, 0},
        {"{\"t_submit\":[\"<100\"]}", 0, 0},
        {"{\"t_run\":[\">0\"]}", 0, 0},
        {"{\"and\":[{\"states\":[64]},{\"userid\":[42]}]}", 1, JOB_INACTIVE},
        {"{\"or\":[{\"states\":[16]},{\"results\":[2]}]}", 1, JOB_RUN | JOB_INACTIVE},
        {"{\"not\":[{\"userid\":[42]}]}", 0, 0},
        {"[]", -1, 0},
        {"{\"a\":[],\"b\":[]}", -1, 0},
        {"{\"nonsense\":[]}", -1, 0},
        {"{\"userid\":\"42\"}", -1, 0},
        {"{\"userid\":[\"42\"]}", -1, 0},
        {"{\"name\":[1]}", -1, 0},
        {"{\"states\":[\"running?\"]}", -1, 0},
        {"{\"states\":[1.5]}", -1, 0},
        {"{\"ranks\":[\"x\"]}", -1, 0},
        {"{\"hostlist\":[\"a[\"]}", -1, 0},
        {"{\"t_submit\":[\"100\"]}", -1, 0},
        {"{\"t_submit\":[\">x\"]}", -1, 0},
        {"{\"t_submit\":[\">1\",\">2\"]}", -1, 0},
        {"{\"and\":[{\"and\":[5]}]}", -1, 0},
    };
    struct job *job = sample_job ();

    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        flux_error_t error = {""};
        json_t *o = json_loads (t[i].text, 0, NULL);
        struct job_constraint *c = job_constraint_create (o, &error);
        if ((t[i].match < 0) != (c == NULL))
            fail_msg ("%s: %s", t[i].text, c ? "was accepted" : error.text);
        if (c) {
            if (job_constraint_match (c, job) != t[i].match)
                fail_msg ("%s matches %d", t[i].text, !t[i].match);
            assert_int_equal (job_constraint_states (c), t[i].states ? t[i].states : 0x7f);
        } else {
            assert_true (error.text[0] != '\0');
        }
        job_constraint_destroy (c);
        json_decref (o);
    }
    job->facts.name = NULL;
    job_free (job);
}

static void test_deep_constraint (void **state)
{
    json_t *o = json_object ();
    flux_error_t error;

    for (int i = 0; i < 1000; i++)
        o = json_pack ("{s:[o]}", "not", o);
    assert_null (job_constraint_create (o, &error));
    json_decref (o);
}

static void test_attrs (void **state)
{
    struct job *job = sample_job ();
    uint64_t mask;
    flux_error_t error;
    json_t *names = json_pack ("[s s s s]", "id", "name", "ranks", "t_run");

    assert_int_equal (job_attrs_parse (names, &mask, &error), 0);
    struct buf b = {0};
    job_attrs_append (&b, job, mask);
    assert_string_equal (b.data,
                         "{\"id\":77,\"name\":\"sleep\",\"ranks\":\"2-5\"}"); // t_run: not yet
    buf_clear (&b);
    json_decref (names);
    names = json_pack ("[s]", "colour");
    assert_int_equal (job_attrs_parse (names, &mask, &error), -1);
    assert_string_equal (error.text, "colour is not a valid attribute");
    json_decref (names);
    job->facts.name = NULL;
    job_free (job);
}

/* R and first fit */

static const char *R_text = "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"0-3\","
                            "\"children\":{\"core\":\"0-3\",\"gpu\":\"0-1\"}}],\"starttime\":0,"
                            "\"expiration\":0,\"nodelist\":[\"n[1-4]\"]}}";

struct ask {
    uint32_t nnodes, nslots, cores, gpus;
    bool exclusive;
};

static struct job *asking (uint64_t id, struct ask a)
{
    struct job *job = job_create (id);

    job->facts = (struct job_facts){.nnodes = a.nnodes,
                                    .nslots = a.nslots,
                                    .cores = a.cores,
                                    .gpus = a.gpus,
                                    .exclusive = a.exclusive};
    return job;
}

static int try (struct sched *s, uint64_t id, struct ask a, const char *ranks)
{
    struct job *job = asking (id, a);
    struct sched_alloc alloc = {0};
    flux_error_t error;
    int rc = sched_alloc (s, job, 1000., 0, &alloc, NULL, &error) == 0 ? 0 : errno;

    if (rc == 0 && ranks)
        assert_string_equal (alloc.ranks, ranks);
    sched_alloc_clear (&alloc);
    job_free (job);
    return rc;
}

static void test_sched (void **state)
{
    struct sched_config config;
    flux_error_t error;

    assert_int_equal (sched_config_parse (&config, NULL, NULL, &error), 0);
    struct sched *s = sched_create (&config, &error);
    json_t *R = json_loads (R_text, 0, NULL);

    assert_int_equal (sched_set_resources (s, R, &error), 0);
    assert_int_equal (try (s, 1, (struct ask){0, 1, 1, 0, false}, "0"), 0);
    assert_int_equal (try (s, 2, (struct ask){0, 6, 1, 0, false}, "0-1"), 0); // 3 + 3
    assert_int_equal (try (s, 3, (struct ask){0, 1, 2, 2, false}, "2"), 0);
    assert_int_equal (try (s, 4, (struct ask){1, 1, 0, 0, true}, "3"), 0); // a whole node
    assert_int_equal (try (s, 5, (struct ask){2, 1, 2, 0, false}, NULL), EBUSY);
    assert_int_equal (try (s, 6, (struct ask){5, 1, 1, 0, false}, NULL), ENODEV);
    assert_int_equal (try (s, 6, (struct ask){0, 1, 5, 0, false}, NULL), ENODEV);
    assert_int_equal (try (s, 6, (struct ask){0, 1, 1, 3, false}, NULL), ENODEV);
    assert_int_equal (try (s, 6, (struct ask){0, 17, 1, 0, false}, NULL), ENODEV);
    sched_free (s, 2);
    assert_int_equal (try (s, 5, (struct ask){2, 1, 2, 0, false}, "0-1"), 0);
    sched_free (s, 4);
    assert_int_equal (sched_set_up (s, "3", 0), 0);
    assert_int_equal (try (s, 7, (struct ask){1, 1, 0, 0, true}, NULL), EBUSY);
    assert_int_equal (sched_set_up (s, "3", 1), 0);
    assert_int_equal (try (s, 7, (struct ask){1, 1, 0, 0, true}, "3"), 0);
    for (uint64_t id = 1; id <= 7; id++)
        sched_free (s, id);
    assert_int_equal (try (s, 8, (struct ask){4, 1, 0, 0, true}, "0-3"), 0); // nothing was lost
    json_t *status = sched_status (s);
    assert_true (json_equal (json_object_get (json_object_get (status, "all"), "execution"),
                             json_object_get (json_object_get (status, "allocated"), "execution")));
    json_decref (status);
    json_decref (R);
    sched_destroy (s);
    sched_config_clear (&config);
}

/* Ranks come, go and change while jobs run (RFC 28). */
static void set_R (struct sched *s, const char *ranks, const char *cores)
{
    flux_error_t error = {""};
    json_t *R = json_pack ("{s:i s:{s:[{s:s s:{s:s}}]}}", "version", 1, "execution", "R_lite",
                           "rank", ranks, "children", "core", cores);

    if (sched_set_resources (s, R, &error) < 0)
        fail_msg ("%s: %s", ranks, error.text);
    json_decref (R);
}

static void expect_ranks (struct sched *s, const char *which, const char *ranks)
{
    json_t *status = sched_status (s), *entry;
    const char *text = "";

    entry = json_array_get (
        json_object_get (json_object_get (json_object_get (status, which), "execution"), "R_lite"),
        0);
    json_unpack (entry, "{s:s}", "rank", &text);
    assert_string_equal (text, ranks);
    json_decref (status);
}

static void test_resources_change (void **state)
{
    struct sched_config config;
    flux_error_t error;
    static const struct ask node = {1, 1, 1, 0, true}, core = {0, 1, 1, 0, false};

    assert_int_equal (sched_config_parse (&config, NULL, NULL, &error), 0);
    struct sched *s = sched_create (&config, &error);
    assert_int_equal (try (s, 1, node, NULL), EBUSY); // nothing there yet
    json_t *none = json_pack ("{s:i s:{s:[]}}", "version", 1, "execution", "R_lite");
    assert_int_equal (sched_set_resources (s, none, &error), 0);
    json_decref (none);
    set_R (s, "0", "0-3");
    set_R (s, "0-1", "0-3");
    assert_int_equal (try (s, 1, node, "0"), 0);
    assert_int_equal (try (s, 2, node, "1"), 0);
    assert_int_equal (try (s, 3, node, NULL), EBUSY);
    set_R (s, "0-3", "0-3"); // grow
    assert_int_equal (try (s, 3, node, "2"), 0);
    set_R (s, "2-3", "0-3"); // shrink below what runs
    expect_ranks (s, "all", "2-3");
    expect_ranks (s, "allocated", "2");
    sched_free (s, 1);
    assert_int_equal (try (s, 4, node, "3"), 0);
    assert_int_equal (try (s, 5, node, NULL), EBUSY); // not on 0
    assert_int_equal (try (s, 5, (struct ask){4, 1, 1, 0, true}, NULL), ENODEV);
    set_R (s, "0-3", "0-3"); // 1 is back, its job never left
    expect_ranks (s, "allocated", "1-3");
    assert_int_equal (try (s, 5, node, "0"), 0);
    set_R (s, "0-3", "0-7"); // all have more cores, once their jobs are gone
    sched_free (s, 5);
    assert_int_equal (try (s, 6, (struct ask){0, 1, 8, 0, false}, "0"), 0);
    sched_free (s, 2);
    assert_int_equal (try (s, 7, (struct ask){0, 1, 8, 0, false}, "1"), 0);
    assert_int_equal (sched_set_up (s, "9", 0), 0); // down before it is there
    set_R (s, "0-3,9", "0-7");
    expect_ranks (s, "down", "9");
    assert_int_equal (try (s, 8, core, NULL), EBUSY);
    assert_int_equal (sched_set_up (s, "9", 1), 0);
    assert_int_equal (try (s, 8, core, "9"), 0);
    json_t *bad = json_pack ("{s:i}", "version", 2);
    assert_int_equal (sched_set_resources (s, bad, &error), -1);
    json_decref (bad);
    expect_ranks (s, "all", "0-3,9");
    sched_destroy (s);
    sched_config_clear (&config);
}

/* No job lasts longer than what it runs on. */
static void test_end (void **state)
{
    struct sched_config config;
    flux_error_t error;
    struct sched_alloc alloc = {0};
    struct job *job = asking (1, (struct ask){0, 1, 1, 0, false});
    static const struct {
        double duration, end, expiration;
    } t[] = {{0, 0, 0}, {100, 0, 1100}, {0, 1500, 1500}, {100, 1500, 1100}, {900, 1500, 1500}};

    assert_int_equal (sched_config_parse (&config, NULL, NULL, &error), 0);
    struct sched *s = sched_create (&config, &error);
    set_R (s, "0", "0");
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        assert_int_equal (sched_set_end (s, t[i].end), 0);
        job->facts.duration = t[i].duration;
        if (sched_alloc (s, job, 1000., 1, &alloc, NULL, &error) < 0)
            fail_msg ("%zu: %s", i, error.text);
        assert_true (alloc.expiration == t[i].expiration);
        sched_alloc_clear (&alloc);
        sched_free (s, 1);
    }
    job_free (job);
    sched_destroy (s);
    sched_config_clear (&config);
}

static void test_jobtext (void **state)
{
    static const struct {
        const char *text, *want; // the environment is {"A":"b"}
    } t[] = {
        {"{\"environment\":{\"A\":\"b\"}}", "{}"},
        {"{\"x\":1,\"environment\":{\"A\":\"b\"}}", "{\"x\":1}"},
        {"{\"environment\":{\"A\":\"b\"},\"x\":1}", "{\"x\":1}"},
        {"{\"x\":1 , \"environment\" : {\"A\":\"b\"} ,\"y\":2}", "{\"x\":1 , \"y\":2}"},
        {"{\"x\":1 , \"environment\" : {\"A\":\"b\"} }", "{\"x\":1 }"},
        {"[{\"A\":\"b\"}]", NULL},
        {"{\"env\":{\"A\":\"b\"}}", NULL},
    };
    static const char env[] = "{\"A\":\"b\"}";

    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        const char *at = strstr (t[i].text, env);
        char *cut = jobtext_cut_environment (t[i].text, strlen (t[i].text), at, sizeof (env) - 1);
        if (t[i].want)
            assert_string_equal (cut, t[i].want);
        else
            assert_null (cut);
        free (cut);
    }
}

/* What a job had before a restart is taken from the others again, with or without a graph. */
#define VERTEX(id, type, number, rank, path)                                                       \
    "{\"id\":\"" id "\",\"metadata\":{\"type\":\"" type "\",\"id\":" number ",\"rank\":" rank      \
    ",\"paths\":{\"containment\":\"" path "\"}}}"
#define EDGE(a, b) "{\"source\":\"" a "\",\"target\":\"" b "\"}"

static const char *R_graph =
    "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"0-1\",\"children\":{\"core\":\"0\"}}],"
    "\"nodelist\":[\"a,b\"]},\"scheduling\":{\"graph\":{\"nodes\":["
    // clang-format off
    VERTEX ("0", "cluster", "0", "-1", "/cluster0") ","
    VERTEX ("1", "rack", "0", "-1", "/cluster0/rack0") ","
    VERTEX ("2", "node", "0", "0", "/cluster0/rack0/node0") ","
    VERTEX ("3", "core", "0", "0", "/cluster0/rack0/node0/core0") ","
    VERTEX ("4", "node", "1", "1", "/cluster0/rack0/node1") ","
    VERTEX ("5", "core", "0", "1", "/cluster0/rack0/node1/core0") "],\"edges\":["
    EDGE ("0", "1") "," EDGE ("1", "2") "," EDGE ("2", "3") "," EDGE ("1", "4") ","
    EDGE ("4", "5") "]}}}";
// clang-format on

static void test_adopt (void **state)
{
    const char *const texts[] = {R_text, R_graph};
    static const struct ask node = {1, 1, 1, 0, true};
    struct sched_config config;
    flux_error_t error = {""};
    double start;

    assert_int_equal (sched_config_parse (&config, NULL, NULL, &error), 0);
    for (size_t i = 0; i < 2; i++) {
        struct sched *before = sched_create (&config, &error);
        struct sched *after = sched_create (&config, &error);
        struct sched_alloc alloc = {0};
        struct job *job = asking (7, node);
        json_t *R = json_loads (texts[i], 0, NULL);
        assert_int_equal (sched_set_resources (before, R, &error), 0);
        assert_int_equal (sched_set_resources (after, R, &error), 0);
        job->facts.duration = 100;
        assert_int_equal (sched_alloc (before, job, 1000., 0, &alloc, &start, &error), 0);
        json_t *held = json_loads (alloc.R, 0, NULL);
        assert_int_equal (json_object_get (held, "scheduling") != NULL, i == 1);
        struct sched_alloc taken = {0}, none = {0};
        size_t len = strlen (alloc.R);
        if (sched_take (after, 7, alloc.R, len, &taken, &error) < 0)
            fail_msg ("%s", error.text);
        assert_string_equal (taken.R, alloc.R);
        assert_string_equal (taken.ranks, alloc.ranks);
        assert_string_equal (taken.nodelist, alloc.nodelist);
        assert_string_equal (taken.summary, alloc.summary);
        assert_int_equal (taken.ncores, alloc.ncores);
        assert_int_equal (sched_take (after, 8, alloc.R, len, &none, &error),
                          -1); // somebody has it
        assert_int_equal (sched_take (after, 8, "{}", 2, &none, &error), -1);
        sched_alloc_clear (&taken);
        json_t *a = sched_status (before), *b = sched_status (after);
        assert_true (json_equal (a, b));
        assert_int_equal (try (after, 9, node, "1"), 0);
        sched_free (after, 7);
        assert_int_equal (try (after, 10, node, "0"), 0);
        json_decref (a);
        json_decref (b);
        json_decref (held);
        json_decref (R);
        sched_alloc_clear (&alloc);
        job_free (job);
        sched_destroy (before);
        sched_destroy (after);
    }
    sched_config_clear (&config);
}

static void test_strpool (void **state)
{
    struct strpool *pool = strpool_create ();
    const char *a = strpool_get (pool, "same"), *b = strpool_get (pool, "same");

    assert_ptr_equal (a, b);
    assert_null (strpool_get (pool, NULL));
    strpool_put (pool, a);
    assert_string_equal (b, "same");
    strpool_put (pool, b);
    strpool_put (pool, NULL);
    assert_string_equal (strpool_get (pool, ""), "");
    strpool_destroy (pool);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_queue),
        cmocka_unit_test (test_states),
        cmocka_unit_test (test_results),
        cmocka_unit_test (test_keys),
        cmocka_unit_test (test_constraints),
        cmocka_unit_test (test_deep_constraint),
        cmocka_unit_test (test_attrs),
        cmocka_unit_test (test_sched),
        cmocka_unit_test (test_strpool),
        cmocka_unit_test (test_jobtext),
        cmocka_unit_test (test_resources_change),
        cmocka_unit_test (test_end),
        cmocka_unit_test (test_adopt),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Queues from configurations: policies, what jobs get and what they may not, and one order over
 * the orders of many queues. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/jobspec.h"
#include "shell/service/job_manager/job.h"
#include "shell/service/job_manager/jobqueue.h"
#include "shell/service/job_manager/pending.h"
#include "shell/service/job_manager/queue.h"
#include "testsuite/unit/cmocka.h"

static const char *config_text =
    "{'policy':{'limits':{'duration':'4h','job-size':{'max':{'nnodes':8,'ngpus':4}}},"
    "  'jobspec':{'defaults':{'system':{'queue':'batch','duration':'1h'}}}},"
    " 'queues':{'batch':{'requires':['batch']},"
    "  'debug':{'requires':['debug'],'policy':{'limits':{'duration':'30m',"
    "    'job-size':{'max':{'ngpus':-1},'min':{'ncores':2}}},"
    "    'jobspec':{'defaults':{'system':{'duration':'5m'}}}}},"
    "  'short':{'parent':'debug','policy':{'limits':{'duration':'10m'}}},"
    "  'some':{'hosts':'n[1-2]','policy':{'limits':{'max-jobs':{'active':3,"
    "    'user':{'active':2,'running':1}}}}}}}";

static json_t *config_of (const char *text)
{
    char *copy = strdup (text);

    for (char *p = copy; *p; p++)
        *p = *p == '\'' ? '"' : *p;
    json_t *o = json_loads (copy, 0, NULL);
    assert_non_null (o);
    free (copy);
    return o;
}

static struct jobqueues *queues_of (const char *text)
{
    struct jobqueues *qs = jobqueues_create ();
    json_t *o = config_of (text);
    flux_error_t error;

    if (jobqueues_configure (qs, o, &error) < 0)
        fail_msg ("%s", error.text);
    json_decref (o);
    return qs;
}

static struct jobspec *jobspec_of (int nodes, int cores, int gpus, const char *system)
{
    char text[1024];

    snprintf (text, sizeof (text),
              "{'version':1,'resources':[{'type':'node','count':%d,'with':[{'type':'slot',"
              "'count':1,'label':'task','with':[{'type':'core','count':%d},"
              "{'type':'gpu','count':%d}]}]}],'tasks':[{'command':['true'],'slot':'task',"
              "'count':{'per_slot':1}}],'attributes':{'system':%s}}",
              nodes, cores, gpus, system);
    json_t *o = config_of (text);
    flux_error_t error;
    struct jobspec *js = jobspec_from_json (o, &error);
    if (!js)
        fail_msg ("%s", error.text);
    json_decref (o);
    return js;
}

static void test_defaults (void **state)
{
    static const struct {
        const char *system, *queue;
        double duration;
        const char *constraints;
    } t[] = {
        {"{'duration':0}", "batch", 3600., "{'properties':['batch']}"},
        {"{'duration':60}", "batch", 60., "{'properties':['batch']}"},
        {"{'duration':0,'queue':'debug'}", "debug", 300., "{'properties':['debug']}"},
        {"{'duration':0,'queue':'short'}", "short", 300., "{'properties':['debug']}"},
        {"{'duration':0,'queue':'some'}", "some", 3600., "{'hostlist':['n[1-2]']}"},
        {"{'duration':0,'constraints':{'properties':['fast']}}", "batch", 3600.,
         "{'properties':['fast','batch']}"},
        {"{'duration':0,'constraints':{'ranks':['1']}}", "batch", 3600.,
         "{'and':[{'ranks':['1']},{'properties':['batch']}]}"},
    };
    struct jobqueues *qs = queues_of (config_text);
    struct jobqueue *q;
    flux_error_t error;

    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        struct jobspec *js = jobspec_of (1, 1, 0, t[i].system);
        json_t *want = config_of (t[i].constraints);
        assert_int_equal (jobqueue_set_defaults (qs, js, &q, &error), 0);
        assert_string_equal (js->queue, t[i].queue);
        assert_string_equal (q->name, t[i].queue);
        assert_true (js->duration == t[i].duration);
        assert_true (json_equal (js->constraints, want));
        assert_ptr_equal (json_object_get (js->system, "constraints"), js->constraints);
        json_decref (want);
        jobspec_destroy (js);
    }
    jobqueues_destroy (qs);
}

static void test_limits (void **state)
{
    static const struct {
        const char *queue, *system;
        int nodes, cores, gpus;
        const char *error; // NULL: it may
    } t[] = {
        {"batch", "{'duration':14400}", 8, 1, 0, NULL},
        {"batch", "{'duration':14401}", 1, 1, 0,
         "requested duration (4.00028h) exceeds policy limit of 4h for queue batch"},
        {"batch", "{'duration':0}", 1, 1, 0,
         "requested duration (unlimited) exceeds policy limit of 4h for queue batch"},
        {"batch", "{'duration':60}", 9, 1, 0,
         "requested nnodes (9) exceeds policy limit of 8 for queue batch"},
        {"batch", "{'duration':60}", 1, 1, 5,
         "requested ngpus (5) exceeds policy limit of 4 for queue batch"},
        {"debug", "{'duration':60}", 1, 2, 5, NULL},
        {"debug", "{'duration':60}", 1, 1, 0,
         "requested ncores (1) is under policy limit of 2 for queue debug"},
        {"short", "{'duration':900}", 1, 2, 0,
         "requested duration (15m) exceeds policy limit of 10m for queue short"},
        {"short", "{'duration':60}", 1, 1, 0,
         "requested ncores (1) is under policy limit of 2 for queue short"},
    };
    struct jobqueues *qs = queues_of (config_text);

    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        struct jobspec *js = jobspec_of (t[i].nodes, t[i].cores, t[i].gpus, t[i].system);
        flux_error_t error = {""};
        struct jobqueue *q = jobqueues_find (qs, t[i].queue, &error);
        assert_int_equal (jobqueue_check_limits (q, js, &error), t[i].error ? -1 : 0);
        assert_string_equal (error.text, t[i].error ? t[i].error : "");
        jobspec_destroy (js);
    }
    jobqueues_destroy (qs);
}

static void test_throttle (void **state)
{
    struct jobqueues *qs = queues_of (config_text);
    flux_error_t error;
    struct jobqueue *q = jobqueues_find (qs, "some", &error);

    assert_int_equal (jobqueue_check_active (q, 7, &error), 0);
    jobqueue_count_active (q, 7, 1);
    jobqueue_count_running (q, 7, 1);
    assert_false (jobqueue_may_run (q, 7));
    assert_true (jobqueue_may_run (q, 8));
    assert_int_equal (jobqueue_check_active (q, 7, &error), 0);
    jobqueue_count_active (q, 7, 1);
    assert_int_equal (jobqueue_check_active (q, 7, &error), -1);
    assert_string_equal (error.text,
                         "the policy limit of 2 active jobs of a user for queue some is reached");
    assert_int_equal (jobqueue_check_active (q, 8, &error), 0);
    jobqueue_count_active (q, 8, 1);
    assert_int_equal (jobqueue_check_active (q, 9, &error), -1);
    assert_string_equal (error.text, "the policy limit of 3 active jobs for queue some is reached");
    jobqueue_count_running (q, 7, -1);
    jobqueue_count_active (q, 7, -2);
    assert_true (jobqueue_may_run (q, 7));
    assert_int_equal (HASH_COUNT (q->users), 1);
    jobqueues_destroy (qs);
}

/* Queues come and go; what they were told stays, and jobs stay where they are. */
static void test_reconfigure (void **state)
{
    struct jobqueues *qs = queues_of (config_text);
    flux_error_t error;
    struct jobqueue *debug = jobqueues_find (qs, "debug", &error);
    struct jobqueue *brief = jobqueues_find (qs, "short", &error);
    json_t *o = config_of ("{'queues':{'debug':{},'new':{}}}"), *status;

    assert_ptr_equal (jobqueue_root (brief), debug);
    jobqueue_start (debug, false, "for a while");
    assert_true (brief->started && !jobqueue_is_started (brief));
    status = jobqueue_status (brief);
    assert_string_equal (json_string_value (json_object_get (status, "blocked")), "parent");
    assert_true (json_is_false (json_object_get (status, "start")));
    json_decref (status);
    assert_int_equal (jobqueues_configure (qs, o, &error), 0);
    json_decref (o);
    assert_ptr_equal (jobqueues_find (qs, "debug", &error), debug);
    assert_string_equal (debug->stop_reason, "for a while");
    assert_true (debug->policy.max_duration == 0.);
    assert_null (debug->constraint);
    assert_non_null (jobqueues_find (qs, "new", &error));
    assert_null (jobqueues_find (qs, "short", &error));
    assert_string_equal (error.text, "'short' is not a valid queue");
    assert_null (jobqueues_find (qs, NULL, &error));
    assert_string_equal (error.text, "a named queue is required");
    assert_ptr_equal (jobqueues_lookup (qs, "short"), brief);
    assert_true (jobqueues_are_named (qs));
    o = json_object ();
    assert_int_equal (jobqueues_configure (qs, o, &error), 0);
    json_decref (o);
    assert_false (jobqueues_are_named (qs));
    assert_non_null (jobqueues_find (qs, NULL, &error));
    jobqueues_destroy (qs);
}

static void test_order (void **state)
{
    struct jobqueues *qs = queues_of ("{'queues':{'a':{},'b':{},'c':{}}}");
    struct jobqueue *q[3];
    struct job *jobs[60], *job, *last = NULL;
    flux_error_t error;
    size_t n = 0;

    for (int i = 0; i < 3; i++)
        q[i] = jobqueues_find (qs, (const char *[]){"a", "b", "c"}[i], &error);
    srand (3);
    for (int i = 0; i < 60; i++) {
        jobs[i] = job_create (100 + i);
        jobs[i]->live->jq = q[rand () % 3];
        jobs[i]->priority = rand () % 4;
        assert_int_equal (queue_insert (jobs[i]->live->jq->pending, jobs[i]), 0);
    }
    assert_int_equal (pending_count (qs), 60);
    pending_begin (qs);
    while ((job = pending_next (qs))) {
        assert_true (!last || last->priority > job->priority ||
                     (last->priority == job->priority && last->id < job->id));
        if (n++ % 2) // whatever leaves meanwhile
            queue_remove (job->live->in, job);
        last = job;
    }
    assert_int_equal (n, 60);
    pending_begin (qs);
    q[1]->passed = true;
    while ((job = pending_next (qs)))
        assert_ptr_not_equal (job->live->jq, q[1]);
    for (int i = 0; i < 60; i++)
        job_free (jobs[i]);
    jobqueues_destroy (qs);
}

/* Expected failures */
static void test_refused (void **state)
{
    static const struct {
        const char *config, *error;
    } t[] = {
        {"{'queues':1}", "queues: must be a table"},
        {"{'queues':{'a':1}}", "queue a: configuration must be a table"},
        {"{'queues':{'a':{'requires':'x'}}}", "queues.a.requires: must be an array of properties"},
        {"{'queues':{'a':{'requires':['x'],'hosts':'n1'}}}",
         "queues.a: has both requires and hosts"},
        {"{'queues':{'a':{'parent':'a'}}}", "queue 'a': parent queue is itself"},
        {"{'queues':{'a':{'parent':'b'}}}", "queue 'a': parent queue 'b' is not configured"},
        {"{'queues':{'a':{'parent':'b'},'b':{'parent':'c'},'c':{}}}",
         "queue 'a': parent queue 'b' is itself a virtual queue"},
        {"{'queues':{'a':{'parent':'b','requires':['x']},'b':{}}}",
         "queue 'a': a virtual queue has the resources of its parent"},
        {"{'policy':{'limits':{'duration':'1x'}}}",
         "policy.limits.duration: FSD value is malformed"},
        {"{'queues':{'a':{'policy':{'limits':{'duration':-1}}}}}",
         "queues.a.policy.limits.duration: FSD value is malformed"},
        {"{'policy':{'limits':{'job-size':{'max':{'nnodes':-2}}}}}",
         "policy.limits.job-size.max.nnodes: must be -1 (unlimited) or a number >= 0"},
        {"{'policy':{'limits':{'max-jobs':{'user':{'running':'x'}}}}}",
         "policy.limits.max-jobs.user.running: must be -1 (unlimited) or a number >= 0"},
        {"{'policy':{'jobspec':{'defaults':{'system':{'queue':'x'}}}}}",
         "policy.jobspec.defaults.system.queue: 'x' is not configured"},
        {"{'policy':{'access':{'allow-user':[1]}}}",
         "policy.access.allow-user: must be an array of names"},
    };
    struct jobqueues *qs = jobqueues_create ();

    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        json_t *o = config_of (t[i].config);
        flux_error_t error = {""};
        assert_int_equal (jobqueues_check (o, &error), -1);
        assert_int_equal (errno, EINVAL);
        assert_string_equal (error.text, t[i].error);
        assert_int_equal (jobqueues_configure (qs, o, &error), -1);
        json_decref (o);
    }
    assert_false (jobqueues_are_named (qs));
    jobqueues_destroy (qs);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_defaults), cmocka_unit_test (test_limits),
        cmocka_unit_test (test_throttle), cmocka_unit_test (test_reconfigure),
        cmocka_unit_test (test_order),    cmocka_unit_test (test_refused),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}

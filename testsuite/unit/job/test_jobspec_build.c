/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/jobspec.h"
#include "lib/job/jobspec_build.h"
#include "lib/job/jpath.h"
#include "testsuite/unit/cmocka.h"

static char *app[] = {"app", "arg", NULL};

/* The text at a path. */
static void check (json_t *o, const char *path, const char *want)
{
    json_t *val = jpath_get (o, path);
    char *s = json_dumps (val, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
    if (!s)
        fail_msg ("nothing at %s", path);
    assert_string_equal (s, want);
    free (s);
}

static void test_layouts (void **state)
{
#define CORES(n) "{\"count\":" n ",\"type\":\"core\"}"
#define SLOT(n, with) "{\"count\":" n ",\"label\":\"task\",\"type\":\"slot\",\"with\":[" with "]}"
#define NODE(n, with) "{\"count\":" n ",\"type\":\"node\",\"with\":[" with "]}"
#define XNODE(n, with) "{\"count\":" n ",\"exclusive\":true,\"type\":\"node\",\"with\":[" with "]}"
    static const struct {
        struct jobspec_request req;
        const char *resources, *count;
    } t[] = {
        {{0}, "[" SLOT ("1", CORES ("1")) "]", "{\"per_slot\":1}"},
        {{.ntasks = 10, .cores_per_task = 2}, "[" SLOT ("10", CORES ("2")) "]", "{\"per_slot\":1}"},
        {{.ntasks = 4, .gpus_per_task = 1},
         "[" SLOT ("4", CORES ("1") ",{\"count\":1,\"type\":\"gpu\"}") "]",
         "{\"per_slot\":1}"},
        {{.ntasks = 4, .nnodes = 2},
         "[" NODE ("2", SLOT ("2", CORES ("1"))) "]",
         "{\"per_slot\":1}"},
        {{.ntasks = 5, .nnodes = 4}, "[" NODE ("4", SLOT ("2", CORES ("1"))) "]", "{\"total\":5}"},
        {{.nnodes = 3}, "[" XNODE ("3", SLOT ("1", CORES ("1"))) "]", "{\"per_slot\":1}"},
        {{.ntasks = 3, .nnodes = 3, .exclusive = true},
         "[" XNODE ("3", SLOT ("1", CORES ("1"))) "]",
         "{\"per_slot\":1}"},
        {{.ncores = 8, .tasks_per_core = 2}, "[" SLOT ("8", CORES ("1")) "]", "{\"per_slot\":1}"},
        {{.ncores = 8, .nnodes = 2, .tasks_per_node = 3},
         "[" NODE ("2", SLOT ("1", CORES ("4"))) "]",
         "{\"per_slot\":1}"},
        {{.nnodes = 2, .gpus_per_node = 4},
         "[" XNODE ("2", SLOT ("1", CORES ("1") ",{\"count\":4,\"type\":\"gpu\"}")) "]",
         "{\"per_slot\":1}"},
        {{.shape = "node=2/slot{task}/core=2"},
         "[" NODE ("2", SLOT ("1", CORES ("2"))) "]",
         "{\"per_slot\":1}"},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        struct jobspec_request req = t[i].req;
        flux_error_t error = {""};
        req.argc = 2;
        req.argv = app;
        json_t *o = jobspec_build (&req, &error);
        if (!o)
            fail_msg ("%zu: %s", i, error.text);
        check (o, "resources", t[i].resources);
        char *s =
            json_dumps (json_object_get (json_array_get (json_object_get (o, "tasks"), 0), "count"),
                        JSON_COMPACT);
        assert_string_equal (s, t[i].count);
        free (s);
        check (o, "version", "1");
        struct jobspec *js = jobspec_from_json (o, &error);
        assert_non_null (js);
        assert_true (jobspec_is_v1_graph (js));
        if (req.tasks_per_core)
            assert_int_equal (jobspec_task_total (js, 1, 8), 16);
        if (req.tasks_per_node)
            assert_int_equal (jobspec_task_total (js, 2, 8), 6);
        jobspec_destroy (js);
        json_decref (o);
    }
}

static void test_attributes (void **state)
{
    char *env[] = {"A=1", "B=x=y", "nothing", "=bad", "C=\xff", NULL};
    struct jobspec_request req = {.argc = 2,
                                  .argv = app,
                                  .duration = 60,
                                  .cwd = "/tmp",
                                  .environ = env,
                                  .name = "n",
                                  .queue = "q",
                                  .bank = "b"};
    json_t *o = jobspec_build (&req, NULL);

    check (o, "attributes.system",
           "{\"bank\":\"b\",\"cwd\":\"/tmp\",\"duration\":60.0,"
           "\"environment\":{\"A\":\"1\",\"B\":\"x=y\"},\"job\":{\"name\":\"n\"},\"queue\":\"q\"}");
    json_decref (o);
}

static void test_setters (void **state)
{
    struct jobspec_request req = {.argc = 2, .argv = app};
    flux_error_t error;
    json_t *o = jobspec_build (&req, NULL);

    assert_int_equal (jobspec_setattr_arg (o, "user.a.b={\"x\":1}", &error), 0);
    assert_int_equal (jobspec_setattr_arg (o, "system.c", &error), 0);
    assert_int_equal (jobspec_setattr_arg (o, "d=text", &error), 0);
    assert_int_equal (jobspec_setattr_arg (o, "attributes.system.e=null", &error), 0);
    assert_int_equal (jobspec_setopt_arg (o, "verbose=2", &error), 0);
    assert_int_equal (jobspec_setopt_arg (o, "pmi", &error), 0);
    check (o, "attributes.user", "{\"a\":{\"b\":{\"x\":1}}}");
    check (o, "attributes.system.c", "1");
    check (o, "attributes.system.d", "\"text\"");
    check (o, "attributes.system.e", "null");
    check (o, "attributes.system.shell.options", "{\"pmi\":1,\"verbose\":2}");
    assert_int_equal (jobspec_setenv (o, "X", "1"), 0);
    assert_int_equal (jobspec_setenv (o, "Y", NULL), 0);
    assert_int_equal (jobspec_setenv (o, "Z", "1"), 0);
    assert_int_equal (jobspec_unsetenv (o, "Z"), 0);
    check (o, "attributes.system.environment", "{\"X\":\"1\",\"Y\":null}");
    assert_int_equal (jobspec_set_io (o, "stdout", "out"), 0);
    assert_int_equal (jobspec_set_io (o, "stdin", "in"), 0);
    check (o, "attributes.system.shell.options.output.stdout",
           "{\"path\":\"out\",\"type\":\"file\"}");
    check (o, "attributes.system.shell.options.input.stdin", "{\"path\":\"in\",\"type\":\"file\"}");
    assert_int_equal (jobspec_add_dependency (o, "afterok:f1", &error), 0);
    assert_int_equal (jobspec_add_dependency (o, "begin-time:5", &error), 0);
    check (o, "attributes.system.dependencies",
           "[{\"scheme\":\"afterok\",\"value\":\"f1\"},{\"scheme\":\"begin-time\","
           "\"value\":\"5\"}]");
    assert_int_equal (jobspec_add_requires (o, "ssd", &error), 0);
    check (o, "attributes.system.constraints", "{\"properties\":[\"ssd\"]}");
    assert_int_equal (jobspec_add_requires (o, "^gpu", &error), 0);
    check (o, "attributes.system.constraints", "{\"properties\":[\"ssd\",\"^gpu\"]}");
    assert_int_equal (jobspec_add_requires (o, "host:a", &error), 0);
    check (o, "attributes.system.constraints",
           "{\"and\":[{\"properties\":[\"ssd\",\"^gpu\"]},{\"hostlist\":[\"a\"]}]}");
    assert_int_equal (jobspec_add_file (o, "conf.json", "{}", 2, 0644), 0);
    assert_int_equal (jobspec_add_file (o, "bin", "\0\xff\x01\x02", 4, 0600), 0);
    assert_int_equal (jobspec_add_file (o, "empty", NULL, 0, 0600), 0);
    check (o, "attributes.system.files",
           "{\"bin\":{\"data\":\"AP8BAg==\",\"encoding\":\"base64\",\"mode\":33152,\"size\":4},"
           "\"conf.json\":{\"data\":\"{}\",\"encoding\":\"utf-8\",\"mode\":33188,\"size\":2},"
           "\"empty\":{\"mode\":33152,\"size\":0}}");
    struct jobspec *js = jobspec_from_json (o, &error);
    assert_non_null (js);
    jobspec_destroy (js);

    assert_int_equal (jobspec_setattr_arg (o, "=1", &error), -1);
    assert_int_equal (jobspec_setattr_arg (o, "", &error), -1);
    assert_int_equal (jobspec_setattr_arg (o, "duration.x=1", &error), -1);
    assert_int_equal (jobspec_setopt_arg (o, "a..b=1", &error), -1);
    assert_int_equal (jobspec_setenv (o, "A=B", "1"), -1);
    assert_int_equal (jobspec_setenv (o, "A", "\xff"), -1);
    assert_int_equal (jobspec_set_io (o, "stdlog", "x"), -1);
    assert_int_equal (jobspec_add_file (o, "/abs", "x", 1, 0600), -1);
    assert_int_equal (jobspec_add_dependency (o, "", &error), -1);
    assert_int_equal (jobspec_add_requires (o, "(", &error), -1);
    json_decref (o);
}

static void test_instances (void **state)
{
    char *opts[] = {"-Sa=b", NULL}, *args[] = {"x", NULL};
    struct jobspec_request req = {.argc = 1, .argv = args, .nnodes = 2};
    flux_error_t error;
    json_t *o = jobspec_build_nest (&req, opts, &error);
    struct jobspec *js;

    assert_non_null (o);
    char *s = json_dumps (json_array_get (json_object_get (o, "tasks"), 0), JSON_COMPACT);
    assert_string_equal (s, "{\"command\":[\"flux\",\"broker\",\"-Sa=b\",\"x\"],\"slot\":\"task\","
                            "\"count\":{\"per_slot\":1}}");
    free (s);
    check (o, "attributes.system.shell.options",
           "{\"exit-timeout\":\"none\",\"mpi\":\"none\",\"per-resource\":{\"type\":\"node\"}}");
    js = jobspec_from_json (o, &error);
    assert_non_null (js);
    assert_int_equal (jobspec_task_total (js, 2, 100), 2);
    jobspec_destroy (js);
    json_decref (o);

    o = jobspec_build_batch (&req, NULL, "job.sh", "#!/bin/sh\n", 10, &error);
    assert_non_null (o);
    check (o, "attributes.system.files",
           "{\"script\":{\"data\":\"#!/bin/sh\\n\",\"encoding\":\"utf-8\",\"mode\":33216,"
           "\"size\":10}}");
    check (o, "attributes.system.job.name", "\"job.sh\"");
    s = json_dumps (json_array_get (json_object_get (o, "tasks"), 0), JSON_COMPACT);
    assert_string_equal (s, "{\"command\":[\"flux\",\"broker\",\"{{tmpdir}}/script\",\"x\"],"
                            "\"slot\":\"task\",\"count\":{\"per_slot\":1}}");
    free (s);
    json_decref (o);
    assert_null (jobspec_build_batch (&req, NULL, "job.sh", "echo", 4, &error));
    assert_string_equal (error.text, "job.sh does not begin with '#!'");
}

static void test_shape_version (void **state)
{
    struct jobspec_request req = {.argc = 2, .argv = app, .shape = "slot=2+/node"};
    json_t *o = jobspec_build (&req, NULL);

    check (o, "version", "9999");
    check (o, "resources",
           "[{\"count\":{\"min\":2},\"label\":\"default\",\"type\":\"slot\","
           "\"with\":[{\"count\":1,\"type\":\"node\"}]}]");
    json_decref (o);
}

static void test_failures (void **state)
{
    static const struct jobspec_request t[] = {
        {.argc = 0, .argv = app},
        {.argc = 1},
        {.argc = 2, .argv = app, .ntasks = -1},
        {.argc = 2, .argv = app, .ntasks = 2000000000},
        {.argc = 2, .argv = app, .duration = -1},
        {.argc = 2, .argv = app, .duration = NAN},
        {.argc = 2, .argv = app, .duration = INFINITY},
        {.argc = 2, .argv = app, .exclusive = true},
        {.argc = 2, .argv = app, .nnodes = 3, .ntasks = 2},
        {.argc = 2, .argv = app, .ncores = 4, .ntasks = 2},
        {.argc = 2, .argv = app, .ncores = 4, .nnodes = 3},
        {.argc = 2, .argv = app, .ncores = 4, .exclusive = true},
        {.argc = 2, .argv = app, .gpus_per_node = 1},
        {.argc = 2, .argv = app, .tasks_per_node = 1},
        {.argc = 2, .argv = app, .nnodes = 1, .tasks_per_node = 1, .tasks_per_core = 1},
        {.argc = 2, .argv = app, .shape = "slot/node", .nnodes = 1},
        {.argc = 2, .argv = app, .shape = "node"},
        {.argc = 2, .argv = app, .shape = "slot"},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        flux_error_t error = {""};
        errno = 0;
        assert_null (jobspec_build (&t[i], &error));
        assert_int_equal (errno, EINVAL);
        assert_true (strlen (error.text) > 0);
    }
    char *bad[] = {"\xff", NULL};
    struct jobspec_request req = {.argc = 1, .argv = bad};
    flux_error_t error;
    assert_null (jobspec_build (&req, &error));
    assert_string_equal (error.text, "an argument is not UTF-8");
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_layouts),       cmocka_unit_test (test_attributes),
        cmocka_unit_test (test_setters),       cmocka_unit_test (test_instances),
        cmocka_unit_test (test_shape_version), cmocka_unit_test (test_failures),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

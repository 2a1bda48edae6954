/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/jobspec.h"
#include "lib/job/jpath.h"
#include "testsuite/unit/cmocka.h"

#define SLOT(n, with) "{\"type\":\"slot\",\"count\":" n ",\"label\":\"task\",\"with\":[" with "]}"
#define CORE(n) "{\"type\":\"core\",\"count\":" n "}"
#define GPU(n) "{\"type\":\"gpu\",\"count\":" n "}"
#define NODE(n, more, with) "{\"type\":\"node\",\"count\":" n more ",\"with\":[" with "]}"
#define PER_SLOT "{\"per_slot\":1}"
#define TASK(count) "{\"command\":[\"app\"],\"slot\":\"task\",\"count\":" count "}"
#define DURATION "{\"system\":{\"duration\":0}}"

static char *spec (const char *version, const char *resources, const char *tasks, const char *attrs)
{
    char *s = NULL;
    assert_true (asprintf (&s,
                           "{\"version\":%s,\"resources\":[%s],\"tasks\":[%s],"
                           "\"attributes\":%s}",
                           version, resources, tasks, attrs) > 0);
    return s;
}

static struct jobspec *decode (const char *s, flux_error_t *errp)
{
    return jobspec_decode (s, strlen (s), errp);
}

static void test_counts (void **state)
{
    static const struct {
        const char *version, *resources, *count;
        struct jobspec_counts c;
        uint32_t tasks;
        bool v1;
    } t[] = {
        {"1",
         SLOT ("10", CORE ("2")),
         PER_SLOT,
         {.nslots = 10, .ncores = 20, .slot_cores = 2, .fixed = true},
         10,
         true},
        {"1",
         SLOT ("10", GPU ("1") "," CORE ("2")),
         PER_SLOT,
         {.nslots = 10, .ncores = 20, .ngpus = 10, .slot_cores = 2, .slot_gpus = 1, .fixed = true},
         10,
         true},
        {"1",
         NODE ("4", "", SLOT ("2", CORE ("3"))),
         "{\"total\":5}",
         {.nnodes = 4,
          .nslots = 8,
          .ncores = 24,
          .slot_cores = 3,
          .slots_per_node = 2,
          .fixed = true},
         5,
         true},
        {"1",
         NODE ("2", ",\"exclusive\":true", SLOT ("1", CORE ("1"))),
         PER_SLOT,
         {.nnodes = 2,
          .nslots = 2,
          .ncores = 2,
          .slot_cores = 1,
          .slots_per_node = 1,
          .exclusive = true,
          .fixed = true},
         2,
         true},
        // RFC 25, use case 2.1; no gpus; a task that names no slot (both are seen in practice)
        {"1",
         NODE ("4", "", SLOT ("1", CORE ("1") "," GPU ("0"))),
         "{\"total\":5}",
         {.nnodes = 4,
          .nslots = 4,
          .ncores = 4,
          .slot_cores = 1,
          .slots_per_node = 1,
          .fixed = true},
         5,
         true},
        {"1",
         "{\"type\":\"slot\",\"count\":3,\"label\":\"default\",\"with\":[" CORE ("1") "]}",
         PER_SLOT,
         {.nslots = 3, .ncores = 3, .slot_cores = 1, .fixed = true},
         3,
         true},
        // tasks of one slot of two
        {"9999",
         "{\"type\":\"slot\",\"count\":7,\"label\":\"a\",\"with\":[" CORE ("2") "]}," SLOT (
             "3", CORE ("1")),
         PER_SLOT,
         {.nslots = 10, .ncores = 17, .slot_cores = 2, .fixed = true},
         3,
         false},
        // version 1 as a label only
        {"1",
         SLOT ("2", NODE ("1", "", CORE ("4"))),
         PER_SLOT,
         {.nnodes = 2, .nslots = 2, .ncores = 8, .slot_cores = 4, .exclusive = true, .fixed = true},
         2,
         false},
        {"9999",
         SLOT ("\"3-30\"", "{\"type\":\"node\",\"count\":1}"),
         PER_SLOT,
         {.nnodes = 3, .nslots = 3, .exclusive = true},
         3,
         false},
        {"9999",
         SLOT ("4", NODE ("1", ",\"exclusive\":false",
                          "{\"type\":\"socket\",\"count\":{\"min\":2},\"with\":[" CORE (
                              "{\"min\":4}") "]}")),
         PER_SLOT,
         {.nnodes = 4, .nslots = 4, .ncores = 32, .slot_cores = 8},
         4,
         false},
        {"9999",
         "{\"type\":\"cluster\",\"count\":2,\"with\":[" SLOT ("1",
                                                              NODE ("3", "", CORE ("30"))) "]}",
         "{\"per_resource\":{\"type\":\"node\",\"count\":2}}",
         {.nnodes = 6,
          .nslots = 2,
          .ncores = 180,
          .slot_cores = 90,
          .exclusive = true,
          .fixed = true},
         12,
         false},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        flux_error_t error = {""};
        char task[256];
        snprintf (task, sizeof (task), "{\"command\":[\"app\"],\"slot\":\"task\",\"count\":%s}",
                  t[i].count);
        char *s = spec (t[i].version, t[i].resources, task, DURATION);
        struct jobspec *js = decode (s, &error);
        if (!js)
            fail_msg ("%s: %s", s, error.text);
        assert_int_equal (js->counts.nnodes, t[i].c.nnodes);
        assert_int_equal (js->counts.nslots, t[i].c.nslots);
        assert_int_equal (js->counts.ncores, t[i].c.ncores);
        assert_int_equal (js->counts.ngpus, t[i].c.ngpus);
        assert_int_equal (js->counts.slot_cores, t[i].c.slot_cores);
        assert_int_equal (js->counts.slot_gpus, t[i].c.slot_gpus);
        assert_int_equal (js->counts.slots_per_node, t[i].c.slots_per_node);
        assert_int_equal (js->counts.exclusive, t[i].c.exclusive);
        assert_int_equal (js->counts.fixed, t[i].c.fixed);
        assert_int_equal (jobspec_task_total (js, js->counts.nnodes, js->counts.ncores),
                          t[i].tasks);
        assert_int_equal (jobspec_is_v1_graph (js), t[i].v1);
        jobspec_destroy (js);
        free (s);
    }
}

static void test_members (void **state)
{
    static const char attrs[] =
        "{\"user\":{\"a\":1},\"system\":{\"duration\":3600.5,\"preemptible-after\":10,"
        "\"queue\":\"batch\",\"bank\":\"b\",\"project\":\"p\",\"cwd\":\"/home\","
        "\"job\":{\"name\":\"n\"},\"environment\":{\"HOME\":\"/home\",\"X\":null},"
        "\"dependencies\":[{\"scheme\":\"after\",\"value\":\"f1\"}],"
        "\"constraints\":{\"properties\":[\"ssd\"]},\"files\":{},"
        "\"shell\":{\"options\":{\"per-resource\":{\"type\":\"core\",\"count\":2}}}}}";
    flux_error_t error;
    char *s =
        spec ("1", NODE ("1", ",\"unit\":\"u\"", SLOT ("1", CORE ("2"))), TASK (PER_SLOT), attrs);
    struct jobspec *js = decode (s, &error);

    assert_non_null (js);
    assert_int_equal (js->version, 1);
    assert_true (js->duration == 3600.5);
    assert_true (js->preemptible_after == 10);
    assert_string_equal (js->queue, "batch");
    assert_string_equal (js->bank, "b");
    assert_string_equal (js->project, "p");
    assert_string_equal (js->cwd, "/home");
    assert_string_equal (js->name, "n");
    assert_string_equal (jobspec_job_name (js), "n");
    assert_int_equal (json_object_size (js->environment), 2);
    assert_int_equal (json_array_size (js->dependencies), 1);
    assert_non_null (js->constraints);
    assert_non_null (js->files);
    assert_non_null (js->user);
    assert_int_equal (jobspec_task_total (js, 1, 8), 16);
    assert_string_equal (js->resources->type, "node");
    assert_string_equal (js->resources->unit, "u");
    assert_string_equal (js->resources->with->label, "task");
    assert_string_equal (js->resources->with->with->type, "core");
    assert_null (js->resources->next);
    assert_int_equal (js->nvertices, 3);
    struct buf b = {0};
    jobspec_encode_buf (&b, js);
    struct jobspec *again = jobspec_decode (b.data, b.len, &error);
    assert_non_null (again);
    assert_true (json_equal (js->json, again->json));
    jobspec_destroy (again);
    buf_clear (&b);
    jobspec_destroy (js);
    free (s);

    s = spec ("9999", SLOT ("1", CORE ("1")),
              "{\"command\":[\"/bin/app\"],\"slot\":\"task\","
              "\"count\":{\"total\":3},\"distribution\":\"d\",\"attributes\":{}}",
              "null");
    js = decode (s, &error);
    assert_non_null (js);
    assert_string_equal (jobspec_job_name (js), "app");
    assert_true (js->duration == 0 && js->preemptible_after == -1);
    assert_string_equal (js->tasks[0].distribution, "d");
    jobspec_destroy (js);
    free (s);
}

/* Lean decoding refuses what full decoding refuses, and hands out the same environment. */
static void test_lean (void **state)
{
    static const struct {
        const char *env;
        bool good, lean;
    } t[] = {
        {"{}", true, true},
        {" { \"A\" : \"1\" , \"B\" : null } ", true, true},
        {"{\"A\":\"x\\\"}{\\\\\\n\\u00e4\\ud83d\\ude00\"}", true, true},
        {"{\"A\":\"\xc3\xa4\xf0\x9f\x98\x83\"}", true, true},
        {"{\"\\u0041\":\"\"}", true, false},
        {"{\"A\":1}", false, false},
        {"{\"A\":[]}", false, false},
        {"{\"A=\":\"\"}", false, false},
        {"{\"\":\"\"}", false, false},
        {"{\"A\":\"\\u0000\"}", false, false},
        {"{\"A\":\"\\ud83d\"}", false, false},
        {"{\"A\":\"\\ud83dx\\ude00\"}", false, false},
        {"{\"A\":\"\\x\"}", false, false},
        {"{\"A\":\"\\u12\"}", false, false},
        {"{\"A\":\"\001\"}", false, false},
        {"{\"A\":\"\xff\"}", false, false},
        {"{\"A\":\"\xc0\xaf\"}", false, false},
        {"{\"A\":\"\xed\xa0\x80\"}", false, false},
        {"{\"A\":\"\xf4\x90\x80\x80\"}", false, false},
        {"{\"A\":\"}", false, false},
        {"{\"A\"}", false, false},
        {"{\"A\":\"1\",}", false, false},
        {"{\"A\":\"1\" \"B\":\"1\"}", false, false},
        {"{\"A\":nul}", false, false},
        {"{", false, false},
        {"[]", false, false},
        {"{}}", false, false},
        {"{},\"environment\":{\"A\":\"1\"}", true, true},
        {"{\"A\":\"1\"},\"environment\":{}", true, true},
        {"{\"A\":\"1\"}},\"system\":{\"duration\":1", true, false},
        {"{\"A\":\"1\"},\"env\\u0069ronment\":{\"B\":\"2\"}", true, false},
        {"{},\"environment\":1", false, false},
        {"{} x", false, false},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        char *attrs = NULL;
        const char *env;
        size_t len;
        flux_error_t error;
        assert_true (asprintf (&attrs,
                               "{\"user\":{\"environment\":\"}\\\"{\"},\"system\":{\"duration\":1,"
                               "\"environment\":%s}}",
                               t[i].env) > 0);
        char *s = spec ("1", SLOT ("1", CORE ("1")), TASK (PER_SLOT), attrs);
        struct jobspec *js = decode (s, &error);
        struct jobspec *lean = jobspec_decode_lean (s, strlen (s), &env, &len, &error);
        if (!!js != t[i].good || !!lean != t[i].good || (env != NULL) != t[i].lean)
            fail_msg ("%s", t[i].env);
        if (env) {
            json_t *o = json_loadb (env, len, 0, NULL);
            assert_true (json_equal (o, js->environment));
            json_decref (o);
            assert_int_equal (json_object_size (lean->environment), 0);
        }
        jobspec_destroy (js);
        jobspec_destroy (lean);
        free (attrs);
        free (s);
    }
    const char *env;
    size_t len;
    assert_null (jobspec_decode_lean (NULL, 0, &env, &len, NULL));
    assert_null (jobspec_decode_lean ("", 0, &env, &len, NULL));
    assert_null (jobspec_decode_lean ("{\"attributes\":{\"system\"", 24, &env, &len, NULL));
}

static void test_cached (void **state)
{
    static const struct {
        const char *env, *name;
        bool good, same, left;
    } t[] = {
        {"{\"A\":\"1\"}", "a", true, false, true},
        {"{\"A\":\"22\",\"B\":\"\"}", "a", true, true, true},
        {"{}", "a", true, true, true},
        {"{}", "b", true, false, true},
        {"{\"A=\":\"\"}", "b", false, false, false}, // a wrong one is not hidden by the last
        {"{}", "b", true, false, true},
        {"{\"\\u0041\":\"1\"}", "b", true, false, false},
        {"{\"\\u0041\":\"2\"}", "b", true, false, false},
        {"{}", "b", true, false, true},
    };
    struct jobspec_cache cache = {0};

    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        char *attrs = NULL;
        const char *env;
        size_t len;
        bool same;
        assert_true (asprintf (&attrs,
                               "{\"system\":{\"duration\":1,\"environment\":%s,\"job\":"
                               "{\"name\":\"%s\"}}}",
                               t[i].env, t[i].name) > 0);
        char *s = spec ("1", SLOT ("1", CORE ("1")), TASK (PER_SLOT), attrs);
        struct jobspec *js = jobspec_decode_cached (&cache, s, strlen (s), &env, &len, &same, NULL);
        if (!!js != t[i].good || same != t[i].same || (env != NULL) != t[i].left)
            fail_msg ("%zu: %s", i, t[i].env);
        if (js)
            assert_string_equal (jobspec_job_name (js), t[i].name);
        if (env)
            assert_memory_equal (env, t[i].env, len);
        free (attrs);
        free (s);
    }
    jobspec_cache_clear (&cache);
}

static void test_update (void **state)
{
    flux_error_t error;
    char *s = spec ("1", SLOT ("1", CORE ("1")), TASK (PER_SLOT), DURATION);
    struct jobspec *js = decode (s, &error), *new;
    json_t *o = json_pack ("{s:f s:s}", "attributes.system.duration", 60.,
                           "attributes.system.queue", "debug");

    new = jobspec_update (js, o, &error);
    assert_non_null (new);
    assert_true (new->duration == 60 && js->duration == 0);
    assert_string_equal (new->queue, "debug");
    jobspec_destroy (new);
    json_object_set_new (o, "attributes.system.duration", json_string ("x"));
    assert_null (jobspec_update (js, o, &error));
    assert_int_equal (errno, EINVAL);
    json_object_clear (o);
    assert_null (jobspec_update (js, o, &error));
    json_object_set_new (o, "a..b", json_integer (1));
    assert_null (jobspec_update (js, o, &error));
    json_decref (o);
    jobspec_destroy (js);
    free (s);
}

static void test_failures (void **state)
{
    static const struct {
        const char *version, *resources, *tasks, *attrs;
    } t[] = {
        {"0", SLOT ("1", CORE ("1")), TASK (PER_SLOT), DURATION},
        {"\"1\"", SLOT ("1", CORE ("1")), TASK (PER_SLOT), DURATION},
        {"1", "", TASK (PER_SLOT), DURATION},
        {"1", "1", TASK (PER_SLOT), DURATION},
        {"1", CORE ("1"), TASK (PER_SLOT), DURATION},
        {"1", SLOT ("0", CORE ("1")), TASK (PER_SLOT), DURATION},
        {"1", SLOT ("-1", CORE ("1")), TASK (PER_SLOT), DURATION},
        {"1", SLOT ("1.5", CORE ("1")), TASK (PER_SLOT), DURATION},
        {"1", SLOT ("1", CORE ("\"1-2\"")), TASK (PER_SLOT), DURATION},
        {"1", SLOT ("4000000000", CORE ("1")), TASK (PER_SLOT), DURATION},
        {"1", SLOT ("1000000000", CORE ("1000000000")), TASK (PER_SLOT), DURATION},
        {"1", SLOT ("1", ""), TASK (PER_SLOT), DURATION},
        {"1", "{\"type\":\"slot\",\"count\":1,\"label\":\"task\"}", TASK (PER_SLOT), DURATION},
        {"1", "{\"type\":\"slot\",\"count\":1,\"with\":[" CORE ("1") "]}", TASK (PER_SLOT),
         DURATION},
        {"1", "{\"type\":\"slot\",\"label\":\"task\",\"with\":[" CORE ("1") "]}", TASK (PER_SLOT),
         DURATION},
        {"1", SLOT ("1", "{\"type\":\"core\",\"count\":1,\"x\":1}"), TASK (PER_SLOT), DURATION},
        {"1", SLOT ("1", "{\"type\":1,\"count\":1}"), TASK (PER_SLOT), DURATION},
        {"1", SLOT ("1", "{\"type\":\"\",\"count\":1}"), TASK (PER_SLOT), DURATION},
        {"1", SLOT ("1", "{\"type\":\"core\",\"count\":1,\"exclusive\":1}"), TASK (PER_SLOT),
         DURATION},
        {"9999", SLOT ("1", CORE ("1")) "," SLOT ("1", CORE ("1")), TASK (PER_SLOT), DURATION},
        {"1", SLOT ("1", CORE ("1")), "", DURATION},
        {"1", SLOT ("1", CORE ("1")), "1", DURATION},
        {"1", SLOT ("1", CORE ("1")), TASK (PER_SLOT) "," TASK (PER_SLOT), DURATION},
        {"1", SLOT ("1", CORE ("1")), TASK ("{\"per_slot\":2}"), DURATION},
        {"1", SLOT ("1", CORE ("1")), TASK ("{\"total\":1.5}"), DURATION},
        {"1", SLOT ("1", CORE ("1")), TASK ("{\"x\":1}"), DURATION},
        {"1", SLOT ("1", CORE ("1")), TASK ("{\"per_slot\":1,\"total\":1}"), DURATION},
        {"1", SLOT ("1", CORE ("1")), TASK ("{\"per_resource\":{\"type\":\"core\",\"count\":1}}"),
         DURATION},
        {"9999", SLOT ("1", CORE ("1")), TASK ("{\"per_resource\":{\"count\":1}}"), DURATION},
        {"1", SLOT ("1", CORE ("1") "," GPU ("-1")), TASK (PER_SLOT), DURATION},
        {"1", SLOT ("1", CORE ("1") ",{\"type\":\"gpu\"}"), TASK (PER_SLOT), DURATION},
        {"9999", SLOT ("1", CORE ("1") "," GPU ("0")), TASK (PER_SLOT), DURATION},
        {"1", SLOT ("1", CORE ("1")), "{\"command\":[],\"slot\":\"task\",\"count\":" PER_SLOT "}",
         DURATION},
        {"1", SLOT ("1", CORE ("1")), "{\"command\":[1],\"slot\":\"task\",\"count\":" PER_SLOT "}",
         DURATION},
        {"9999",
         "{\"type\":\"slot\",\"count\":1,\"label\":\"a\",\"with\":[" CORE ("1") "]}," SLOT (
             "1", CORE ("1")),
         "{\"command\":[\"a\"],\"slot\":\"x\",\"count\":" PER_SLOT "}", DURATION},
        {"1", SLOT ("1", CORE ("1")), "{\"command\":[\"a\"],\"count\":" PER_SLOT "}", DURATION},
        {"1", SLOT ("1", CORE ("1")), "{\"command\":[\"a\"],\"slot\":\"task\"}", DURATION},
        {"1", SLOT ("1", CORE ("1")),
         "{\"command\":[\"a\"],\"slot\":\"task\",\"count\":" PER_SLOT ",\"x\":1}", DURATION},
        {"1", SLOT ("1", CORE ("1")), TASK (PER_SLOT), "{}"},
        {"1", SLOT ("1", CORE ("1")), TASK (PER_SLOT), "null"},
        {"1", SLOT ("1", CORE ("1")), TASK (PER_SLOT), "{\"system\":{}}"},
        {"1", SLOT ("1", CORE ("1")), TASK (PER_SLOT), "{\"system\":[]}"},
        {"1", SLOT ("1", CORE ("1")), TASK (PER_SLOT), "{\"system\":{\"duration\":-1}}"},
        {"1", SLOT ("1", CORE ("1")), TASK (PER_SLOT), "{\"system\":{\"duration\":\"1\"}}"},
        {"1", SLOT ("1", CORE ("1")), TASK (PER_SLOT), "{\"system\":{\"duration\":0},\"x\":{}}"},
        {"1", SLOT ("1", CORE ("1")), TASK (PER_SLOT), "{\"system\":{\"duration\":0,\"cwd\":1}}"},
        {"1", SLOT ("1", CORE ("1")), TASK (PER_SLOT),
         "{\"system\":{\"duration\":0,\"environment\":{\"A\":1}}}"},
        {"1", SLOT ("1", CORE ("1")), TASK (PER_SLOT),
         "{\"system\":{\"duration\":0,\"environment\":{\"A=\":\"\"}}}"},
        {"1", SLOT ("1", CORE ("1")), TASK (PER_SLOT),
         "{\"system\":{\"duration\":0,\"dependencies\":[{\"scheme\":\"x\"}]}}"},
        {"1", SLOT ("1", CORE ("1")), TASK (PER_SLOT),
         "{\"system\":{\"duration\":0,\"constraints\":[]}}"},
        {"1", SLOT ("1", CORE ("1")), TASK (PER_SLOT),
         "{\"system\":{\"duration\":0,\"job\":{\"name\":1}}}"},
        {"1", SLOT ("1", CORE ("1")), TASK (PER_SLOT),
         "{\"system\":{\"duration\":0,\"shell\":{\"options\":{\"per-resource\":1}}}}"},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        flux_error_t error = {""};
        char *s = spec (t[i].version, t[i].resources, t[i].tasks, t[i].attrs);
        errno = 0;
        if (decode (s, &error))
            fail_msg ("decoded: %s", s);
        assert_int_equal (errno, EINVAL);
        assert_memory_equal (error.text, "jobspec: ", 9);
        free (s);
    }
    static const char *texts[] = {"", "{}", "[]", "1", "{\"version\":1}", "{", "\"x\""};
    for (size_t i = 0; i < sizeof (texts) / sizeof (texts[0]); i++)
        assert_null (decode (texts[i], NULL));
    assert_null (jobspec_decode (NULL, 0, NULL));
    assert_null (jobspec_decode ("", 1 << 30, NULL));
    assert_int_equal (errno, EFBIG);
    jobspec_destroy (NULL);
}

/* Neither depth nor width of the graph can be driven far. */
static void test_bounds (void **state)
{
    for (int wide = 0; wide < 2; wide++) {
        struct buf b = {0};
        flux_error_t error;
        buf_puts (&b, "{\"version\":9999,\"tasks\":[" TASK (PER_SLOT) "],\"attributes\":null,"
                                                                      "\"resources\":[" SLOT (
                                                                          "1", CORE ("1")));
        for (int i = 0; i < 1500; i++)
            buf_puts (&b,
                      wide ? "," CORE ("1") : ",{\"type\":\"a\",\"count\":1,\"with\":[" CORE ("1"));
        for (int i = 0; !wide && i < 1500; i++)
            buf_puts (&b, "]}");
        buf_puts (&b, "]}");
        assert_null (jobspec_decode (b.data, b.len, &error));
        assert_int_equal (errno, EINVAL);
        buf_clear (&b);
    }
}

static void test_count_forms (void **state)
{
    static const struct {
        const char *in;
        uint32_t min, max;
        char op;
        uint32_t operand;
        const char *json; // NULL: refused
    } t[] = {
        {"4", 4, 4, '+', 1, "4"},
        {"3-30", 3, 30, '+', 1, "{\"min\":3,\"max\":30,\"operator\":\"+\",\"operand\":1}"},
        {"[3-30:2]", 3, 30, '+', 2, "{\"min\":3,\"max\":30,\"operator\":\"+\",\"operand\":2}"},
        {"2+", 2, UINT32_MAX, '+', 1, "{\"min\":2}"},
        {"2+:2:^", 2, UINT32_MAX, '^', 2, "{\"min\":2,\"operator\":\"^\",\"operand\":2}"},
        {"1-8:2:*", 1, 8, '*', 2, "{\"min\":1,\"max\":8,\"operator\":\"*\",\"operand\":2}"},
        {"4,9,16,25", 4, 25, 0, 0, "\"4,9,16,25\""},
        {"[1-3,7]", 1, 7, 0, 0, "\"1-3,7\""},
        {"0", 0, 0, 0, 0, NULL},
        {"", 0, 0, 0, 0, NULL},
        {"01", 0, 0, 0, 0, NULL},
        {"3-2", 0, 0, 0, 0, NULL},
        {"1-", 0, 0, 0, 0, NULL},
        {"1-2:0", 0, 0, 0, 0, NULL},
        {"1-2:1:*", 0, 0, 0, 0, NULL},
        {"1-9:2:^", 0, 0, 0, 0, NULL},
        {"1-2:1:x", 0, 0, 0, 0, NULL},
        {"1-2:1:", 1, 2, '+', 1, "{\"min\":1,\"max\":2,\"operator\":\"+\",\"operand\":1}"},
        {"[1", 0, 0, 0, 0, NULL},
        {"1]", 0, 0, 0, 0, NULL},
        {"0,1", 0, 0, 0, 0, NULL},
        {"2,1", 0, 0, 0, 0, NULL},
        {"9999999999", 0, 0, 0, 0, NULL},
        {"1,[2]", 0, 0, 0, 0, NULL},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        struct count c, again;
        flux_error_t error = {""};
        int rc = count_parse (&c, t[i].in, strlen (t[i].in), &error);
        if (!t[i].json) {
            assert_int_equal (rc, -1);
            assert_true (strlen (error.text) > 0);
            continue;
        }
        assert_int_equal (rc, 0);
        assert_int_equal (c.min, t[i].min);
        assert_int_equal (c.max, t[i].max);
        if (!c.values) {
            assert_int_equal (c.op, t[i].op);
            assert_int_equal (c.operand, t[i].operand);
        }
        json_t *o = count_to_json (&c);
        char *s = json_dumps (o, JSON_COMPACT | JSON_ENCODE_ANY);
        assert_string_equal (s, t[i].json);
        assert_int_equal (count_from_json (&again, o, &error), 0);
        assert_int_equal (again.max, c.max);
        free (s);
        json_decref (o);
        count_clear (&c);
        count_clear (&again);
    }
    static const char *bad[] = {"{}",
                                "{\"min\":0}",
                                "{\"min\":1,\"x\":1}",
                                "{\"min\":\"1\"}",
                                "{\"min\":1,\"operator\":\"+\"}",
                                "{\"min\":1,\"operand\":2}",
                                "{\"min\":2,\"max\":1}",
                                "[1]",
                                "null",
                                "true",
                                "-1",
                                "1.0",
                                "{\"min\":1,\"max\":4,\"operator\":\"++\",\"operand\":1}"};
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
        struct count c;
        json_t *o = json_loads (bad[i], JSON_DECODE_ANY, NULL);
        assert_int_equal (count_from_json (&c, o, NULL), -1);
        assert_int_equal (errno, EINVAL);
        json_decref (o);
    }
}

static void test_jpath (void **state)
{
    json_t *o = json_object ();

    assert_int_equal (jpath_set_new (o, "a.b.c", json_integer (1)), 0);
    assert_int_equal (jpath_set_new (o, "a.d", json_integer (2)), 0);
    assert_int_equal (json_integer_value (jpath_get (o, "a.b.c")), 1);
    assert_int_equal (json_integer_value (jpath_get (o, "a.d")), 2);
    assert_int_equal (jpath_del (o, "a.b.c"), 0);
    assert_int_equal (jpath_del (o, "a.x.y"), 0);
    assert_null (jpath_get (o, "a.b.c"));
    assert_int_equal (errno, ENOENT);
    assert_int_equal (jpath_set_new (o, "a.d.e", json_integer (1)), -1);
    assert_int_equal (errno, EINVAL);
    static const char *bad[] = {"", ".", "a.", ".a", "a..b"};
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
        assert_int_equal (jpath_set_new (o, bad[i], json_integer (1)), -1);
        assert_null (jpath_get (o, bad[i]));
    }
    char deep[201];
    for (int i = 0; i < 200; i += 2)
        memcpy (deep + i, "a.", 2);
    deep[199] = '\0';
    json_t *empty = json_object ();
    assert_int_equal (jpath_set_new (empty, deep, json_integer (1)), -1);
    json_decref (empty);
    assert_int_equal (jpath_set_new (NULL, "a", json_integer (1)), -1);
    assert_int_equal (jpath_set_new (o, "a", NULL), -1);
    assert_int_equal (jpath_del (o, NULL), -1);
    json_decref (o);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_counts), cmocka_unit_test (test_members),
        cmocka_unit_test (test_lean),   cmocka_unit_test (test_cached),
        cmocka_unit_test (test_update), cmocka_unit_test (test_failures),
        cmocka_unit_test (test_bounds), cmocka_unit_test (test_count_forms),
        cmocka_unit_test (test_jpath),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

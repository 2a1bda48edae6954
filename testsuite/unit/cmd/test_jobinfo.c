/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <jansson.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <flux/job.h>

#include "shell/cmd/iodata.h"
#include "shell/cmd/jobinfo.h"
#include "shell/cmd/joblist.h"
#include "shell/cmd/progress.h"
#include "shell/cmd/rstates.h"
#include "shell/cmd/treedict.h"
#include "testsuite/unit/cmocka.h"

#define NOW 1000.

struct field_case {
    const char *job;
    const char *field;
    const char *want;
};

#define RUN "\"id\":1,\"state\":16,"
#define GONE "\"id\":1,\"state\":64,"

static const struct field_case fields[] = {
    {"{\"id\":0}", "id", "ƒ1"},
    {"{\"id\":0}", "id.f58plain", "f1"},
    {"{\"id\":255}", "id.dec", "255"},
    {"{\"id\":1,\"state\":8}", "state", "SCHED"},
    {"{\"id\":1,\"state\":8}", "status_abbrev", "S"},
    {"{" GONE "\"result\":1}", "status", "COMPLETED"},
    {"{" GONE "\"result\":1}", "status_abbrev", "CD"},
    {"{" GONE "\"result\":2}", "status_abbrev", "F"},
    {"{" GONE "\"result\":4}", "status_abbrev", "CA"},
    {"{" GONE "\"result\":8}", "status_abbrev", "TO"},
    {"{\"id\":1,\"state\":8}", "result", ""},
    {"{" RUN "\"t_run\":990.5}", "runtime", "9.5"},
    {"{" GONE "\"t_run\":10,\"t_cleanup\":12.5}", "runtime", "2.5"},
    {"{\"id\":1,\"state\":8}", "runtime", "0.0"},
    {"{" RUN "\"expiration\":1060}", "t_remaining", "60.0"},
    {"{" RUN "\"expiration\":900}", "t_remaining", "0.0"},
    {"{" GONE "\"expiration\":1060}", "t_remaining", "0.0"},
    {"{" GONE "\"waitstatus\":256}", "returncode", "1"},
    {"{" GONE "\"waitstatus\":9}", "returncode", "-9"},
    {"{" GONE "\"result\":4}", "returncode", "-128"},
    {"{" GONE "\"result\":2}", "returncode", "1"},
    {"{\"id\":1,\"state\":8}", "returncode", ""},
    {"{\"id\":1,\"state\":2,\"dependencies\":[\"after-finish=f1\",\"x\"]}", "contextual_info",
     "depends:after-finish=f1,x"},
    {"{\"id\":1,\"state\":4}", "contextual_info", "priority-wait"},
    {"{\"id\":1,\"state\":8,\"urgency\":0}", "contextual_info", "held"},
    {"{\"id\":1,\"state\":8,\"urgency\":16,\"priority\":0}", "contextual_info", "priority-hold"},
    {"{\"id\":1,\"state\":8,\"annotations\":{\"sched\":{\"t_estimate\":1090}}}", "contextual_info",
     "eta:1.5m"},
    {"{" RUN "\"nodelist\":\"n[0-3]\"}", "contextual_info", "n[0-3]"},
    {"{\"id\":1,\"state\":8,\"duration\":60}", "contextual_time", "60.0"},
    {"{" GONE "\"result\":4,\"exception_occurred\":true,\"exception_type\":\"cancel\","
     "\"exception_note\":\"no\"}",
     "inactive_reason", "Canceled: no"},
    {"{" GONE "\"result\":2,\"waitstatus\":32512}", "inactive_reason", "command not found"},
    {"{" GONE "\"result\":2,\"exception_occurred\":true,\"exception_type\":\"alloc\","
     "\"exception_severity\":0,\"exception_note\":\"too big\"}",
     "inactive_reason", "Exception: type=alloc note=too big"},
    {"{" GONE "\"result\":2,\"waitstatus\":512}", "inactive_reason", "Exit 2"},
    {"{" GONE "\"result\":8}", "inactive_reason", "Timeout"},
    {"{" RUN "\"annotations\":{\"user\":{\"uri\":\"ssh://h/tmp/x\"}}}", "uri", "ssh://h/tmp/x"},
    {"{" RUN "\"annotations\":{\"user\":{\"uri\":\"ssh://h/tmp/x\"}}}", "uri.local",
     "local:///tmp/x"},
    {"{" RUN "\"annotations\":{\"user\":{\"a\":{\"b\":3}}}}", "annotations.user.a.b", "3"},
    {"{" RUN "\"annotations\":{\"user\":{\"a\":{\"b\":3}}}}", "user.a", "{\"b\": 3}"},
    {"{" RUN "\"ntasks\":4}", "ntasks", "4"},
    {"{" RUN "\"ntasks\":4}", "queue", ""},
};

static void test_fields (void **state)
{
    struct jobinfo ji;

    jobinfo_init (&ji, false);
    ji.now = NOW;
    for (size_t i = 0; i < sizeof (fields) / sizeof (fields[0]); i++) {
        json_t *job = json_loads (fields[i].job, 0, NULL);
        assert_non_null (job);
        char *got = jobinfo_string (&ji, job, fields[i].field);
        if (strcmp (got, fields[i].want) != 0)
            fail_msg ("%s of %s: %s, not %s", fields[i].field, fields[i].job, got, fields[i].want);
        free (got);
        json_decref (job);
    }
}

/* Every named format is understood and asks for attributes. */
static void test_formats (void **state)
{
    struct jobinfo ji;

    jobinfo_init (&ji, false);
    for (const struct fmt_named *f = jobinfo_formats; f->name; f++) {
        struct fmt_source src = jobinfo_source (&ji);
        flux_error_t error = {0};
        json_t *attrs = json_array ();
        struct fmt *fmt = fmt_create (f->text, &src, &error);
        const char *field;
        if (!fmt)
            fail_msg ("%s: %s", f->name, error.text);
        for (int i = 0; (field = fmt_field (fmt, i)); i++)
            assert_int_equal (jobinfo_add_attrs (attrs, field), 0);
        assert_true (json_array_size (attrs) > 2);
        json_decref (attrs);
        fmt_destroy (fmt);
    }
}

static void test_default_line (void **state)
{
    struct jobinfo ji;
    json_t *job = json_loads ("{\"id\":654311424,\"userid\":4294967294,\"state\":16,\"name\":"
                              "\"averylongname\",\"ntasks\":1,\"nnodes\":1,\"t_run\":996.065,"
                              "\"nodelist\":\"n0\"}",
                              0, NULL);
    const void *items[] = {job};
    char *text = NULL;
    size_t size;

    jobinfo_init (&ji, false);
    ji.now = NOW;
    struct fmt_source src = jobinfo_source (&ji);
    struct fmt *fmt = fmt_create (jobinfo_formats[0].text, &src, NULL);
    FILE *f = open_memstream (&text, &size);
    assert_int_equal (fmt_print (fmt, f, items, 1, 0, -1), 0);
    fclose (f);
    assert_string_equal (text, "       JOBID USER       NAME       ST NTASKS NNODES     TIME INFO\n"
                               "      ƒzpWzT 4294967294 averylong+  R      1      1   3.935s n0\n");
    free (text);
    fmt_destroy (fmt);
    json_decref (job);
}

static void test_to_json (void **state)
{
    struct jobinfo ji;
    json_t *job = json_loads ("{\"id\":1,\"userid\":0,\"state\":64,\"result\":1,\"t_submit\":1.5,"
                              "\"name\":\"x\",\"waitstatus\":0,\"success\":true}",
                              0, NULL);

    jobinfo_init (&ji, false);
    json_t *o = jobinfo_to_json (&ji, job);
    assert_string_equal (json_string_value (json_object_get (o, "status")), "COMPLETED");
    assert_int_equal (json_integer_value (json_object_get (o, "returncode")), 0);
    assert_true (json_is_true (json_object_get (o, "success")));
    assert_null (json_object_get (o, "t_run"));
    assert_null (json_object_get (o, "queue"));
    assert_true (json_is_false (treedict_get (o, "exception.occurred")));
    json_decref (o);
    json_decref (job);
}

static void test_filter (void **state)
{
    struct joblist_query q = {.userid = FLUX_USERID_UNKNOWN};
    flux_error_t error;

    assert_int_equal (joblist_parse_filter (&q, "pending,FAILED,", &error), 0);
    assert_int_equal (q.states, FLUX_JOB_STATE_PENDING);
    assert_int_equal (q.results, FLUX_JOB_RESULT_FAILED);
    assert_int_equal (joblist_parse_filter (&q, "bogus", &error), -1);
    assert_string_equal (error.text, "bogus: no such state or result");
    q.name = "n";
    q.userid = 7;
    json_t *o = joblist_request (&q, json_array ());
    char *s = json_dumps (json_object_get (o, "constraint"), JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal (s, "{\"and\":[{\"userid\":[7]},{\"name\":[\"n\"]},"
                            "{\"or\":[{\"states\":[14]},{\"results\":[2]}]}]}");
    free (s);
    json_decref (o);
}

#define R_ALL                                                                                      \
    "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"0-3\",\"children\":{\"core\":\"0-3\","  \
    "\"gpu\":\"0\"}}],\"nodelist\":[\"n[0-3]\"],\"properties\":{\"big\":\"2-3\",\"x\":\"3\"}}}"
#define R_USED                                                                                     \
    "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"1\",\"children\":{\"core\":\"0-1\"}}]," \
    "\"nodelist\":[\"n1\"]}}"
#define R_DOWN                                                                                     \
    "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"3\",\"children\":{\"core\":\"0-3\","    \
    "\"gpu\":\"0\"}}],\"nodelist\":[\"n3\"]}}"

static void test_rstates (void **state)
{
    json_t *o =
        json_loads ("{\"all\":" R_ALL ",\"allocated\":" R_USED ",\"down\":" R_DOWN "}", 0, NULL);
    struct rstates s;

    assert_int_equal (rstates_create (&s, o), 0);
    assert_int_equal (s.all->nnodes, 4);
    assert_int_equal (rv1_ncores (s.all), 16);
    assert_int_equal (s.up->nnodes, 3);
    assert_int_equal (s.free->nnodes, 3); // n1 has two cores left
    assert_int_equal (rv1_ncores (s.free), 10);
    assert_int_equal (rv1_ngpus (s.free), 3);
    char *hosts = rstates_hosts (s.free), *list = rstates_list (s.free);
    assert_string_equal (hosts, "n[0-2]");
    assert_string_equal (list, "rank[0,2]/core[0-3],gpu0,rank1/core[2-3],gpu0");
    free (hosts);
    free (list);
    char *props = rv1_rank_properties (s.all, 3);
    assert_string_equal (props, "big,x");
    free (props);
    struct idset *ids = rstates_find (s.all, "n[1-2]");
    assert_int_equal (idset_count (ids), 2);
    assert_int_equal (rstates_keep (&s, ids), 0);
    assert_int_equal (s.all->nnodes, 2);
    idset_destroy (ids);
    rstates_clear (&s);
    json_decref (o);
    struct rv1 *none = rstates_R (NULL);
    assert_int_equal (none->nnodes, 0);
    rv1_destroy (none);
    o = json_loads ("{\"execution\":{\"R_lite\":[{\"rank\":\"x\"}]}}", 0, NULL);
    assert_null (rstates_R (o));
    json_decref (o);
}

static void test_iodata (void **state)
{
    const char bytes[] = {'a', (char)0xff, 'b'};
    struct iodata io;
    json_t *o = iodata_encode ("stdout", "0", "hello\n", 6, false);

    assert_int_equal (iodata_decode (&io, o), 0);
    assert_int_equal (io.len, 6);
    assert_false (io.eof);
    iodata_clear (&io);
    json_decref (o);
    o = iodata_encode ("stderr", "1-3", bytes, sizeof (bytes), true);
    assert_string_equal (json_string_value (json_object_get (o, "encoding")), "base64");
    assert_int_equal (iodata_decode (&io, o), 0);
    assert_int_equal (io.len, sizeof (bytes));
    assert_memory_equal (io.data, bytes, sizeof (bytes));
    assert_true (io.eof);
    iodata_clear (&io);
    json_decref (o);
    o = json_pack ("{s:s s:s}", "stream", "stdout", "rank", "0");
    assert_int_equal (iodata_decode (&io, o), -1);
    json_decref (o);
}

static void test_treedict (void **state)
{
    json_t *o = json_object ();

    assert_int_equal (treedict_set_text (o, "a.b.c", "42"), 0);
    assert_int_equal (treedict_set_text (o, "a.b.d", "text"), 0);
    assert_int_equal (json_integer_value (treedict_get (o, "a.b.c")), 42);
    assert_string_equal (json_string_value (treedict_get (o, "a.b.d")), "text");
    assert_null (treedict_get (o, "a.x.c"));
    assert_int_equal (treedict_set_text (o, "a.b.c.d", "1"), -1);
    assert_int_equal (treedict_set_text (o, "a..b", "1"), -1);
    json_decref (o);
}

static void test_progress (void **state)
{
    struct progress p = {
        .total = 4, .ended = 2, .complete = 1, .failed = 1, .pending = 1, .running = 1, .t0 = 10};
    char line[1024];

    progress_line (&p, 75, 60, line, sizeof (line));
    assert_non_null (strstr (line, "PD:1   R:1   CD:1   F:1"));
    assert_non_null (strstr (line, " 50.0% 0:01:05"));
    assert_true (fmt_utf8_len (line) <= 60);
    p.jps = true;
    progress_line (&p, 12, 60, line, sizeof (line));
    assert_non_null (strstr (line, " 1.0 job/s"));
    progress_line (&p, 12, 10, line, sizeof (line)); // no room for a bar
    assert_null (strstr (line, "|"));
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_fields),       cmocka_unit_test (test_formats),
        cmocka_unit_test (test_default_line), cmocka_unit_test (test_to_json),
        cmocka_unit_test (test_filter),       cmocka_unit_test (test_rstates),
        cmocka_unit_test (test_iodata),       cmocka_unit_test (test_treedict),
        cmocka_unit_test (test_progress),
    };
    setlocale (LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests (tests, NULL, NULL);
}

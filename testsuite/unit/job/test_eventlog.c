/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/eventlog.h"
#include "lib/job/jsonbuf.h"
#include "lib/job/limits.h"
#include "testsuite/unit/cmocka.h"

static void test_append (void **state)
{
    struct buf b = {0};

    assert_int_equal (eventlog_append (&b, 1552593348.073045, "submit", "{\"userid\":5588}"), 0);
    assert_int_equal (eventlog_append (&b, 1.5, "start", NULL), 0);
    assert_int_equal (eventlog_append_pack (&b, 2, "exception", "{s:s}", "note", "a\nb\"c\\"), 0);
    assert_string_equal (b.data, "{\"timestamp\":1552593348.073045,\"name\":\"submit\","
                                 "\"context\":{\"userid\":5588}}\n"
                                 "{\"timestamp\":1.500000,\"name\":\"start\"}\n"
                                 "{\"timestamp\":2.000000,\"name\":\"exception\","
                                 "\"context\":{\"note\":\"a\\nb\\\"c\\\\\"}}\n");
    size_t len = b.len;
    assert_int_equal (eventlog_append (&b, 1, "x", "{\n}"), -1);
    assert_int_equal (eventlog_append (&b, 1, NULL, NULL), -1);
    assert_int_equal (eventlog_append (&b, NAN, "x", NULL), -1);
    assert_int_equal (eventlog_append_pack (&b, 1, "x", "[i]", 1), -1);
    assert_int_equal (eventlog_append_pack (&b, 1, "x", "{s:s}", "bad utf-8", "\xff"), -1);
    char *big = malloc (EVENTLOG_ENTRY_MAX + 1);
    memset (big, 'x', EVENTLOG_ENTRY_MAX);
    big[EVENTLOG_ENTRY_MAX] = '\0';
    assert_int_equal (eventlog_append (&b, 1, big, NULL), -1);
    assert_int_equal (errno, EFBIG);
    free (big);
    assert_int_equal (b.len, len);
    assert_int_equal (strlen (b.data), len);
    buf_clear (&b);
}

static void test_decode (void **state)
{
    struct buf b = {0}, again = {0};
    flux_error_t error;

    for (int i = 1; i <= 3; i++)
        assert_int_equal (eventlog_append_pack (&b, i, "n", "{s:i}", "i", i), 0);
    assert_int_equal (eventlog_append (&b, 0, "now", NULL), 0);
    json_t *log = eventlog_decode (b.data, b.len, &error);
    assert_non_null (log);
    assert_int_equal (json_array_size (log), 4);
    double timestamp;
    const char *name;
    json_t *context, *entry;
    size_t i;
    json_array_foreach (log, i, entry)
    {
        assert_int_equal (eventlog_entry_parse (entry, &timestamp, &name, &context), 0);
        assert_int_equal (eventlog_append_entry (&again, entry), 0);
        if (i < 3) {
            assert_true (timestamp == i + 1);
            assert_string_equal (name, "n");
            assert_int_equal (json_integer_value (json_object_get (context, "i")), i + 1);
        } else {
            assert_null (context);
            assert_true (timestamp > 1.6e9);
        }
    }
    assert_string_equal (b.data, again.data);
    json_decref (log);
    log = eventlog_decode ("", 0, NULL);
    assert_int_equal (json_array_size (log), 0);
    json_decref (log);
    assert_null (eventlog_decode (b.data, b.len - 1, &error));
    assert_int_equal (errno, EINVAL);
    buf_clear (&b);
    buf_clear (&again);
}

static void test_lines (void **state)
{
    const char *p = "one\n\nthree", *line;
    size_t left = strlen (p), len;

    assert_true (eventlog_next_line (&p, &left, &line, &len));
    assert_int_equal (len, 3);
    assert_true (eventlog_next_line (&p, &left, &line, &len));
    assert_int_equal (len, 0);
    assert_false (eventlog_next_line (&p, &left, &line, &len));
    assert_string_equal (p, "three");
    assert_int_equal (left, 5);
}

static void test_failures (void **state)
{
    static const char *t[] = {
        "",
        "{}",
        "[]",
        "x",
        "{\"timestamp\":1}",
        "{\"name\":\"x\"}",
        "{\"timestamp\":0,\"name\":\"x\"}",
        "{\"timestamp\":\"1\",\"name\":\"x\"}",
        "{\"timestamp\":1,\"name\":1}",
        "{\"timestamp\":1,\"name\":\"x\",\"context\":1}",
        "{\"timestamp\":1,\"name\":\"x\"}{",
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        flux_error_t error = {""};
        errno = 0;
        assert_null (eventlog_entry_decode (t[i], strlen (t[i]), &error));
        assert_int_equal (errno, EINVAL);
        assert_true (strlen (error.text) > 0);
    }
    assert_null (eventlog_entry_decode ("", EVENTLOG_ENTRY_MAX + 1, NULL));
    assert_int_equal (errno, EFBIG);
    assert_null (eventlog_entry_decode (NULL, 0, NULL));
    assert_int_equal (eventlog_entry_parse (NULL, NULL, NULL, NULL), -1);
}

static void test_jsonbuf (void **state)
{
    struct buf b = {0};

    jsonbuf_string (&b, "a\"b\\c\nd\te\001\0f", 12);
    assert_string_equal (b.data, "\"a\\\"b\\\\c\\nd\\te\\u0001\\u0000f\"");
    buf_reset (&b);
    jsonbuf_real (&b, 0.1);
    buf_putc (&b, ' ');
    jsonbuf_real (&b, 3600);
    buf_putc (&b, ' ');
    jsonbuf_real (&b, 1676560542.123456);
    buf_putc (&b, ' ');
    jsonbuf_real (&b, 1e300);
    assert_string_equal (b.data, "0.1 3600.0 1676560542.123456 1e+300");
    buf_clear (&b);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_append),  cmocka_unit_test (test_decode),
        cmocka_unit_test (test_lines),   cmocka_unit_test (test_failures),
        cmocka_unit_test (test_jsonbuf),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

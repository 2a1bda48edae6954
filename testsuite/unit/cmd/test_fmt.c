/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shell/cmd/fmt.h"
#include "testsuite/unit/cmocka.h"

static const char *heading (const char *field, void *arg)
{
    static const char *const table[][2] = {
        {"id", "JOBID"}, {"name", "NAME"}, {"n", "NNODES"}, {"t", "TIME"}, {"q", "QUEUE"},
    };

    for (size_t i = 0; i < sizeof (table) / sizeof (table[0]); i++)
        if (strcmp (table[i][0], field) == 0)
            return table[i][1];
    return NULL;
}

static void get (const void *item, const char *field, struct fmt_value *v, void *arg)
{
    fmt_set_json (v, json_object_get (item, field));
}

static const struct fmt_source source = {.heading = heading, .get = get};

struct item_case {
    const char *fmt;
    const char *item;
    const char *want; // or the error when item is NULL
};

static const struct item_case item_cases[] = {
    {"{id}", "{\"id\":\"x\"}", "x"},
    {"{{{id}}}", "{\"id\":\"x\"}", "{x}"},
    {"{id:>4}|", "{\"id\":\"ƒx\"}", "  ƒx|"},
    {"{id:<4}|", "{\"id\":7}", "7   |"},
    {"{id:4}|{name:4}|", "{\"id\":7,\"name\":\"a\"}", "   7|a   |"},
    {"{name:.3}", "{\"name\":\"hostname\"}", "hos"},
    {"{name:<6.6+}|", "{\"name\":\"hostnames\"}", "hostn+|"},
    {"{name:<6.6+}|", "{\"name\":\"host\"}", "host  |"},
    {"{name:^7}|", "{\"name\":\"mid\"}", "  mid  |"},
    {"{name:*>5}", "{\"name\":\"a\"}", "****a"},
    {"{n:>6h}", "{\"n\":\"\"}", "     -"},
    {"{n:>6h}", "{\"n\":4}", "     4"},
    {"{t!F:>8h}", "{\"t\":0.0}", "       -"},
    {"{t!F}", "{\"t\":0.0}", "0s"},
    {"{t!F}", "{\"t\":3.9351}", "3.935s"},
    {"{t!F}", "{\"t\":31.5}", "31.5s"},
    {"{t!F}", "{\"t\":237.66}", "3.961m"},
    {"{t!F}", "{\"t\":7200}", "2h"},
    {"{t!F}", "{\"t\":172800.5}", "2d"},
    {"{t!H}", "{\"t\":3661.4}", "1:01:01"},
    {"{t!H}", "{\"t\":0.2}", "0:00:01"},
    {"{t!H}", "{\"t\":90061}", "1 day, 1:01:01"},
    {"{t!D}", "{\"t\":0.0}", ""},
    {"{t!D}", "{\"t\":86400.5}", "1970-01-02T00:00:00"},
    {"{t!d:%b%d %R::>12}", "{\"t\":86460}", " Jan02 00:01"},
    {"{t!d:%b%d %R::>12h}", "{\"t\":0.0}", "           -"},
    {"{t!d}", "{\"t\":86400}", "1970-01-02T00:00:00"},
    {"{t!P}", "{\"t\":0.5}", "50%"},
    {"{t!P}", "{\"t\":0.001}", "0.10%"},
    {"{t}", "{\"t\":0.1}", "0.1"},
    {"{t}", "{\"t\":2.0}", "2.0"},
    {"{t:.2f}", "{\"t\":2.0}", "2.00"},
    {"{t:08.2f}", "{\"t\":2.0}", "00002.00"},
    {"{n:x}", "{\"n\":255}", "ff"},
    {"{n:,}", "{\"n\":1234567}", "1,234,567"},
    {"{n:b}", "{\"n\":5}", "101"},
    {"{n:+d}", "{\"n\":5}", "+5"},
    {"?:{id} +:{name}", "{\"id\":1,\"name\":\"a\"}", "1 a"},
    {"{bogus}", NULL, "unknown format field: bogus"},
    {"{id", NULL, "format: '{id' is not closed"},
    {"id}", NULL, "format: '}' without '{'"},
    {"{id:>>>}", NULL, "format: '>>>' of id is not understood"},
    {"{id!x}", NULL, "format: unknown conversion !x of id"},
    {"sort:bogus {id}", NULL, "invalid sort key: bogus"},
};

static void test_item (void **state)
{
    for (size_t i = 0; i < sizeof (item_cases) / sizeof (item_cases[0]); i++) {
        const struct item_case *t = &item_cases[i];
        flux_error_t error;
        struct fmt *fmt = fmt_create (t->fmt, &source, &error);

        if (!t->item) {
            assert_null (fmt);
            assert_string_equal (error.text, t->want);
            continue;
        }
        assert_non_null (fmt);
        json_t *o = json_loads (t->item, 0, NULL);
        assert_non_null (o);
        char *s = fmt_item (fmt, o);
        assert_string_equal (s, t->want);
        free (s);
        json_decref (o);
        fmt_destroy (fmt);
    }
}

struct print_case {
    const char *fmt;
    const char *items;
    int flags;
    int width;
    const char *want;
};

#define TWO "[{\"id\":1,\"name\":\"longername\",\"n\":9},{\"id\":20,\"name\":\"b\",\"n\":10}]"

static const struct print_case print_cases[] = {
    {"{id:>3} {name}", TWO, 0, -1, "JOBID NAME\n  1 longername\n 20 b\n"},
    {"{id:>6} ?:{q:<8} {n:>6}", TWO, 0, -1, " JOBID NNODES\n     1      9\n    20     10\n"},
    {"+:{name:<4.4} {n}", TWO, 0, -1, "NAME       NNODES\nlongername 9\nb          10\n"},
    {"?+:{name:<2.2}|", TWO, FMT_NO_HEADER, -1, "longername|\nb         |\n"},
    {"sort:-id {id}", TWO, FMT_NO_HEADER, -1, "20\n1\n"},
    {"sort:n {n}", TWO, FMT_NO_HEADER, -1, "9\n10\n"},
    {"sort:name {id}", TWO, FMT_NO_HEADER, -1, "20\n1\n"},
    {"{name}", TWO, 0, 5, "NAME\nlong+\nb\n"},
    {"{q}", TWO, 0, -1, "QUEUE\n"},
    {"?:{q:<8}{id}", "[]", 0, -1, "JOBID\n"},
};

static void test_print (void **state)
{
    for (size_t i = 0; i < sizeof (print_cases) / sizeof (print_cases[0]); i++) {
        const struct print_case *t = &print_cases[i];
        struct fmt *fmt = fmt_create (t->fmt, &source, NULL);
        json_t *a = json_loads (t->items, 0, NULL), *o;
        const void *items[8];
        char *text = NULL;
        size_t index, size;

        assert_non_null (fmt);
        json_array_foreach (a, index, o) items[index] = o;
        FILE *f = open_memstream (&text, &size);
        assert_int_equal (fmt_print (fmt, f, items, json_array_size (a), t->flags, t->width), 0);
        fclose (f);
        assert_string_equal (text, t->want);
        free (text);
        json_decref (a);
        fmt_destroy (fmt);
    }
}

static void test_fields (void **state)
{
    struct fmt *fmt = fmt_create ("sort:n {id} x {name}", &source, NULL);

    assert_string_equal (fmt_field (fmt, 0), "id");
    assert_string_equal (fmt_field (fmt, 1), "name");
    assert_string_equal (fmt_field (fmt, 2), "n");
    assert_null (fmt_field (fmt, 3));
    fmt_destroy (fmt);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_item),
        cmocka_unit_test (test_print),
        cmocka_unit_test (test_fields),
    };
    setenv ("TZ", "UTC0", 1);
    tzset ();
    return cmocka_run_group_tests (tests, NULL, NULL);
}

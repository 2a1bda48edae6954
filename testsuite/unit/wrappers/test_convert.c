/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "contrib/wrappers/array.h"
#include "contrib/wrappers/wrap.h"
#include "testsuite/unit/cmocka.h"

/* main.c has the real one. */
void words_add (struct words *w, const char *fmt, ...)
{
    va_list ap;

    w->v = realloc (w->v, (w->n + 1) * sizeof (*w->v));
    va_start (ap, fmt);
    assert_true (vasprintf (&w->v[w->n++], fmt, ap) >= 0);
    va_end (ap);
}

/* array.c has the real one, which asks the instance. */
void array_expand (const struct cmd *c, const char *s, bool active, struct words *ids)
{
    words_add (ids, "%s", s);
}

struct pair {
    const char *in, *out; // out NULL: refused
};

static void check (const struct pair *p, char *(*convert) (const char *s))
{
    for (; p->in; p++) {
        char *got = convert (p->in);
        if (p->out) {
            assert_non_null (got);
            assert_string_equal (got, p->out);
        } else
            assert_null (got);
        free (got);
    }
}

static void test_time (void **state)
{
    static const struct pair t[] = {
        {"1", "60s"},
        {"90", "5400s"},
        {"1:30", "90s"},
        {"1:00:01", "3601s"},
        {"1-0", "86400s"},
        {"1-2", "93600s"},
        {"0-0:5", "300s"},
        {"1-2:3:4", "93784s"},
        {"unlimited", ""},
        {"INFINITE", ""},
        {"0", ""},
        {"", NULL},
        {"-1", NULL},
        {"x", NULL},
        {"1:", NULL},
        {":1", NULL},
        {"1:2:3:4", NULL},
        {"1-", NULL},
        {"x-1", NULL},
        {"1-2-3", NULL},
        {"5m", NULL},
        {"1.5", NULL},
        {0},
    };

    check (t, convert_time);
}

static void test_pattern (void **state)
{
    static const struct pair t[] = {
        {"none", "/dev/null"},
        {"out", "out"},
        {"a-%t.%%.%N", "a-{{taskid}}.%.{{node.name}}"},
        {"%x-%s-%n", "{{name}}-{{id.dec}}-{{node.id}}"},
        {"%j/%A", "{{id.dec}}/{{id.dec}}"},
        {"%q", NULL},
        {"%4t", NULL},
        {"end%", NULL},
        {0},
    };

    unsetenv ("SLURM_JOB_ID");
    check (t, convert_pattern);
    setenv ("SLURM_JOB_ID", "42", 1);
    check ((struct pair[]){{"%j-%J", "42-{{id.dec}}"}, {0}}, convert_pattern);
}

static void test_begin (void **state)
{
    static const struct pair t[] = {
        {"now", "+0s"},
        {"now+10", "+10s"},
        {"now+2hours", "+7200s"},
        {"now+1day", "+86400s"},
        {"2030-01-01T00:00", "2030-01-01T00:00"},
        {"now+", NULL},
        {"now+x", NULL},
        {"now+1fortnight", NULL},
        {0},
    };

    check (t, convert_begin);
}

static void test_gpus (void **state)
{
    static const struct {
        const char *s;
        int n;
    } t[] = {{"2", 2},           {"gpu", 1},      {"gpu:3", 3}, {"gpu:a100:2", 2},
             {"a100:4", 4},      {"gpu:a100", 1}, {"0", 0},     {"", -1},
             {"fpga", -1},       {"2x", -1},      {"-1", -1},   {"gpu:1,fpga:1", -1},
             {"99999999999", -1}};

    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++)
        assert_int_equal (convert_gpus (t[i].s), t[i].n);
}

static void test_dependency (void **state)
{
    static const struct pair t[] = {
        {"afterok:1", "afterok:1;"},
        {"afterok:1:2,after:3", "afterok:1;afterok:2;after:3;"},
        {"afternotok:7,afterany:8", "afternotok:7;afterany:8;"},
        {"singleton", NULL},
        {"afterok", NULL},
        {"afterok:", NULL},
        {"afterok:1:", NULL},
        {"after:1+5", NULL},
        {"afterok:1?afterok:2", NULL},
        {"aftercorr:1", NULL},
        {0},
    };

    for (size_t i = 0; t[i].in; i++) {
        struct words w = {0};
        char all[256] = "";
        int rc = convert_dependency (NULL, t[i].in, &w);
        for (int k = 0; k < w.n; k++) {
            assert_int_equal (strncmp (w.v[k], "--dependency=", 13), 0);
            strcat (all, w.v[k] + 13);
            strcat (all, ";");
            free (w.v[k]);
        }
        free (w.v);
        assert_int_equal (rc, t[i].out ? 0 : -1);
        if (t[i].out)
            assert_string_equal (all, t[i].out);
    }
}

static void test_format (void **state)
{
    static const struct pair t[] = {
        {"%i %j", "{slurm.id} {name}"},
        {"%.18i|%9P", "{slurm.id:>18.18}|{queue:<9.9}"},
        {"a{b}", "a{{b}}"},
        {"", ""},
        {"%X", NULL},
        {"%", NULL},
        {"%.5", NULL},
        {0},
    };
    char bad;

    for (size_t i = 0; t[i].in; i++) {
        char *got = convert_format (t[i].in, &bad);
        if (t[i].out)
            assert_string_equal (got, t[i].out);
        else
            assert_null (got);
        free (got);
    }
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_time),       cmocka_unit_test (test_pattern),
        cmocka_unit_test (test_begin),      cmocka_unit_test (test_gpus),
        cmocka_unit_test (test_dependency), cmocka_unit_test (test_format),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}

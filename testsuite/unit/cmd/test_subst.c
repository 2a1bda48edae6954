/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/cmd/inputs.h"
#include "shell/cmd/subst.h"
#include "testsuite/unit/cmocka.h"

struct subst_case {
    const char *text;
    const char *want; // NULL: refused
};

static const struct subst_case cases[] = {
    {"plain", "plain"},
    {"", ""},
    {"{}", "/a/b.c.txt"},
    {"{}-{}", "/a/b.c.txt-two"},
    {"{1}{0}", "two/a/b.c.txt"},
    {"{0.%}", "/a/b.c"},
    {"{0./}", "b.c.txt"},
    {"{0.//}", "/a"},
    {"{0./%}", "b.c"},
    {"{.basename}", "b.c.txt"},
    {"{0.stem}", "b.c"},
    {"{1.//}", ""},
    {"{seq}:{seq1}", "6:7"},
    {"n{cc}", "n12"},
    {"{{id}}.out", "{{id}}.out"},
    {"a{{b}}{cc}{{c}}", "a{{b}}12{{c}}"},
    {"close}", "close}"},
    {"${HOME:-x} {cc}", "${HOME:-x} 12"},
    {"{2}", NULL},
    {"{}{}{}", NULL},
    {"{name}", NULL},
    {"{0.bogus}", NULL},
    {"{0", NULL},
};

static void test_expand (void **state)
{
    char a[] = "/a/b.c.txt", b[] = "two", *inputs[] = {a, b};
    struct subst s = {.inputs = inputs, .ninputs = 2, .has_seq = true, .seq = 6, .cc = "12"};

    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        flux_error_t error = {0};
        char *got = subst_expand (&s, cases[i].text, &error);
        if (!cases[i].want) {
            if (got)
                fail_msg ("%s gave %s", cases[i].text, got);
            assert_string_not_equal (error.text, "");
        } else {
            assert_non_null (got);
            assert_string_equal (got, cases[i].want);
        }
        free (got);
    }
}

static void test_keep_cc (void **state)
{
    struct subst s = {.keep_cc = true, .has_seq = true};
    char *got = subst_expand (&s, "{cc}-{seq}", NULL);

    assert_string_equal (got, "{cc}-0");
    free (got);
    s = (struct subst){0};
    assert_null (subst_expand (&s, "{seq}", NULL)); // only bulksubmit counts
    assert_null (subst_expand (&s, "{cc}", NULL));
}

struct inputs_case {
    const char *line;
    const char *want; // rows as "a,b;c,d;", or NULL: refused
};

static const struct inputs_case inputs_cases[] = {
    {"cmd ::: a b", "a;b;"},
    {"cmd ::: a b ::: 1 2", "a,1;a,2;b,1;b,2;"},
    {"cmd ::: a b c :::+ 1 2", "a,1;b,2;c,1;"},
    {"::: a", "a;"},
    {"cmd :::", ""},
    {"cmd :::: /nonexistent", NULL},
    {"cmd :::: x y", NULL},
};

static void test_inputs (void **state)
{
    for (size_t i = 0; i < sizeof (inputs_cases) / sizeof (inputs_cases[0]); i++) {
        char line[128], *argv[16], *save = NULL, got[256] = "";
        struct inputs in = {0};
        flux_error_t error = {0};
        int argc = 0;

        snprintf (line, sizeof (line), "%s", inputs_cases[i].line);
        for (char *s = strtok_r (line, " ", &save); s; s = strtok_r (NULL, " ", &save))
            argv[argc++] = s;
        int rc = inputs_parse (&in, argc, argv, "\\n", &error);
        if (!inputs_cases[i].want) {
            assert_int_equal (rc, -1);
            assert_string_not_equal (error.text, "");
            inputs_clear (&in);
            continue;
        }
        assert_int_equal (rc, 0);
        for (int r = 0; r < inputs_count (&in); r++) {
            char *row[INPUTS_LISTS_MAX];
            inputs_row (&in, r, row);
            for (int l = 0; l < in.nlists; l++) {
                strcat (got, row[l]);
                strcat (got, l + 1 < in.nlists ? "," : ";");
            }
        }
        assert_string_equal (got, inputs_cases[i].want);
        inputs_clear (&in);
    }
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_expand),
        cmocka_unit_test (test_keep_cc),
        cmocka_unit_test (test_inputs),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

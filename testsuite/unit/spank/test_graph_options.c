/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * What --graph-policy and --graph-request take, and what they refuse. */

#include "testsuite/unit/cmocka.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spank/graph_options.h"

static void test_policy (void **state)
{
    static const struct {
        const char *arg, *value, *error;
    } cases[] = {
        {"low", "low", NULL},
        {"pack,level=rack", "pack level=rack", NULL},
        {"", NULL, "no policy is named"},
        {"nonesuch", NULL, "nonesuch"},
        {"pack", NULL, "needs level=TYPE"},
        {"low,weight=3", NULL, "weight=3"},
    };

    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        flux_error_t why = {""};
        char *value = graph_policy_value (cases[i].arg, &why);

        if (cases[i].value)
            assert_string_equal (value, cases[i].value);
        else {
            assert_null (value);
            assert_non_null (strstr (why.text, cases[i].error));
        }
        free (value);
    }
}

static void test_request (void **state)
{
    static const struct {
        const char *arg, *part, *error;
    } cases[] = {
        {"node=4", "\"count\":4", NULL},
        {"rack=2/[node=4;storage=2{unit:\"TB\"}]", "\"unit\":\"TB\"", NULL},
        {"node=2/slot/core=4", "\"type\":\"slot\"", NULL},
        {"", NULL, ""},
        {"node=", NULL, ""},
        {"node=0", NULL, ""},
        {"rack/[storage;slot/node]", NULL, "a slot must stand alone"},
        {"@/nonesuch", NULL, "/nonesuch: No such file"},
    };

    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        flux_error_t why = {""};
        char *value = graph_request_value (cases[i].arg, &why);

        if (cases[i].part && !value)
            fail_msg ("%s: %s", cases[i].arg, why.text);
        if (cases[i].part)
            assert_non_null (strstr (value, cases[i].part));
        else if (value)
            fail_msg ("%s: %s", cases[i].arg, value);
        else
            assert_non_null (strstr (why.text, cases[i].error));
        free (value);
    }
}

/* A file has a shape, a jobspec or its resources. */
static void test_file (void **state)
{
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {"node=4\n", true},
        {"[{\"type\":\"node\",\"count\":1}]", true},
        {"{\"version\":1,\"resources\":[{\"type\":\"node\",\"count\":1}]}", true},
        {"{\"resources\":7}", false},
        {"{}", false},
        {"[", false},
        {"[7]", false},
        {"", false},
    };

    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        char arg[] = "@/tmp/test_graph.XXXXXX";
        int fd = mkstemp (arg + 1);
        flux_error_t why = {""};
        char *value;

        assert_int_equal (write (fd, cases[i].text, strlen (cases[i].text)),
                          strlen (cases[i].text));
        value = graph_request_value (arg, &why);
        if ((value != NULL) != cases[i].good)
            fail_msg ("case %zu: %s", i, why.text);
        free (value);
        close (fd);
        unlink (arg + 1);
    }
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_policy),
        cmocka_unit_test (test_request),
        cmocka_unit_test (test_file),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/cmd/envrules.h"
#include "testsuite/unit/cmocka.h"

/* Every case begins with A=1 AB=2 C=x. */
struct env_case {
    const char *rules[6];
    const char *want; // "A=1 C=x" in order, or NULL: refused
};

static const struct env_case cases[] = {
    {{NULL}, "A=1 AB=2 C=x"},
    {{"-A"}, "AB=2 C=x"},
    {{"-A*"}, "C=x"},
    {{"-*"}, ""},
    {{"-/^A|C$/"}, ""},
    {{"-/A$/"}, "AB=2 C=x"},
    {{"-*", "A*"}, "A=1 AB=2"},
    {{"-*", "A=9", "A"}, "A=9"},
    {{"D=y"}, "A=1 AB=2 C=x D=y"},
    {{"A=$C"}, "A=x AB=2 C=x"},
    {{"A=${C}z$$"}, "A=xz$ AB=2 C=x"},
    {{"C=$C:$AB"}, "A=1 AB=2 C=x:2"},
    {{"-*", "Z=$A"}, "Z=1"}, // also from what is not passed on
    {{"A=", "C="}, "A= AB=2 C="},
    {{"A=$NOPE"}, NULL},
    {{"A=${C"}, NULL},
    {{"A=$"}, NULL},
    {{"-/(/"}, NULL},
    {{"^/nonexistent/file"}, NULL},
};

static void test_rules (void **state)
{
    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        struct envrules *e;
        flux_error_t error = {0};
        char got[256] = "";
        int rc = 0;

        clearenv ();
        setenv ("A", "1", 1);
        setenv ("AB", "2", 1);
        setenv ("C", "x", 1);
        assert_non_null (e = envrules_create ());
        for (int r = 0; cases[i].rules[r] && rc == 0; r++)
            rc = envrules_apply (e, cases[i].rules[r], &error);
        if (!cases[i].want) {
            assert_int_equal (rc, -1);
            assert_string_not_equal (error.text, "");
        } else {
            assert_int_equal (rc, 0);
            for (char *const *p = envrules_environ (e); *p; p++)
                snprintf (got + strlen (got), sizeof (got) - strlen (got), "%s%s", *got ? " " : "",
                          *p);
            assert_string_equal (got, cases[i].want);
        }
        envrules_destroy (e);
    }
}

static void test_templates_and_files (void **state)
{
    char path[] = "/tmp/test_envrules.XXXXXX", rule[64];
    int fd = mkstemp (path);
    flux_error_t error;

    clearenv ();
    setenv ("A", "1", 1);
    dprintf (fd, "B=2\n\n  T={{tmpdir}}/x  \n-A\n");
    close (fd);
    struct envrules *e = envrules_create ();
    snprintf (rule, sizeof (rule), "^%s", path);
    assert_int_equal (envrules_apply (e, rule, &error), 0);
    assert_string_equal (envrules_environ (e)[0], "B=2");
    assert_null (envrules_environ (e)[1]);
    assert_string_equal (json_string_value (json_object_get (envrules_templates (e), "T")),
                         "{{tmpdir}}/x");
    envrules_destroy (e);
    // a file that names itself ends with a sentence
    FILE *f = fopen (path, "w");
    fprintf (f, "^%s\n", path);
    fclose (f);
    e = envrules_create ();
    assert_int_equal (envrules_apply (e, rule, &error), -1);
    envrules_destroy (e);
    unlink (path);
}

static void test_rlimits (void **state)
{
    const char *none[] = {"-*"}, *some[] = {"-*,core=16", "nofile=unlimited"};
    const char *unknown[] = {"bogus"}, *value[] = {"core=x"};
    flux_error_t error;

    json_t *o = rlimit_rules (NULL, 0, &error);
    assert_non_null (json_object_get (o, "core"));
    assert_non_null (json_object_get (o, "nofile"));
    assert_null (json_object_get (o, "memlock"));
    json_decref (o);
    o = rlimit_rules (none, 1, &error);
    assert_int_equal (json_object_size (o), 0);
    json_decref (o);
    o = rlimit_rules (some, 2, &error);
    assert_int_equal (json_integer_value (json_object_get (o, "core")), 16);
    assert_int_equal (json_integer_value (json_object_get (o, "nofile")), -1);
    assert_int_equal (json_object_size (o), 2);
    json_decref (o);
    assert_null (rlimit_rules (unknown, 1, &error));
    assert_string_equal (error.text, "bogus: no such limit");
    assert_null (rlimit_rules (value, 1, &error));
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_rules),
        cmocka_unit_test (test_templates_and_files),
        cmocka_unit_test (test_rlimits),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <flux/jobspec1.h>

#include "testsuite/unit/cmocka.h"

static char *app[] = {"app", "arg", NULL};

static void test_command (void **state)
{
    char *env[] = {"A=1", NULL};
    flux_error_t error = {""};
    flux_jobspec1_t *js = flux_jobspec1_from_command (2, app, env, 5, 2, 1, 4, 60.);

    assert_non_null (js);
    assert_int_equal (flux_jobspec1_check (js, &error), 0);
    assert_int_equal (flux_jobspec1_attr_check (js, &error), 0);
    assert_int_equal (flux_jobspec1_set_cwd (js, "/tmp"), 0);
    char *s = flux_jobspec1_encode (js, 0);
    assert_string_equal (
        s,
        "{\"resources\":[{\"type\":\"node\",\"count\":4,\"with\":[{\"type\":\"slot\",\"count\":2,"
        "\"with\":[{\"type\":\"core\",\"count\":2},{\"type\":\"gpu\",\"count\":1}],"
        "\"label\":\"task\"}]}],\"tasks\":[{\"command\":[\"app\",\"arg\"],\"slot\":\"task\","
        "\"count\":{\"total\":5}}],\"attributes\":{\"system\":{\"duration\":60.0,"
        "\"environment\":{\"A\":\"1\"},\"cwd\":\"/tmp\"}},\"version\":1}");
    flux_jobspec1_t *again = flux_jobspec1_decode (s, &error);
    assert_int_equal (flux_jobspec1_check (again, &error), 0);
    flux_jobspec1_destroy (again);
    free (s);
    flux_jobspec1_destroy (js);
}

static void test_setters (void **state)
{
    flux_jobspec1_t *js = flux_jobspec1_from_command (2, app, NULL, 1, 1, 0, 0, 0.);
    flux_error_t error;
    const char *s;
    double d = -1.;
    int n;

    assert_int_equal (flux_jobspec1_attr_unpack (js, "system.duration", "f", &d), 0);
    assert_true (d == 0.);
    assert_int_equal (flux_jobspec1_setenv (js, "X", "1", 0), 0);
    assert_int_equal (flux_jobspec1_setenv (js, "X", "2", 0), 0);
    assert_int_equal (flux_jobspec1_attr_unpack (js, "system.environment", "{s:s}", "X", &s), 0);
    assert_string_equal (s, "1");
    assert_int_equal (flux_jobspec1_setenv (js, "X", "2", 1), 0);
    assert_int_equal (flux_jobspec1_attr_unpack (js, "system.environment.X", "s", &s), 0);
    assert_string_equal (s, "2");
    assert_int_equal (flux_jobspec1_unsetenv (js, "X"), 0);
    assert_int_equal (flux_jobspec1_attr_unpack (js, "system.environment.X", "s", &s), -1);
    assert_int_equal (errno, ENOENT);
    assert_int_equal (flux_jobspec1_attr_del (js, "system.environment"), 0);
    assert_int_equal (flux_jobspec1_unsetenv (js, "X"), 0);
    assert_int_equal (flux_jobspec1_setenv (js, "X", "", 1), 0);
    assert_int_equal (flux_jobspec1_set_stdin (js, "in"), 0);
    assert_int_equal (flux_jobspec1_set_stdout (js, "out"), 0);
    assert_int_equal (flux_jobspec1_set_stderr (js, "err"), 0);
    assert_int_equal (flux_jobspec1_attr_unpack (js, "system.shell.options.output", "{s:{s:s}}",
                                                 "stderr", "path", &s),
                      0);
    assert_string_equal (s, "err");
    assert_int_equal (flux_jobspec1_attr_pack (js, "user.a.b", "{s:i}", "c", 7), 0);
    assert_int_equal (flux_jobspec1_attr_unpack (js, "user.a.b.c", "i", &n), 0);
    assert_int_equal (n, 7);
    assert_int_equal (flux_jobspec1_attr_unpack (js, "user.a.b.c", "s", &s), -1);
    assert_int_equal (flux_jobspec1_check (js, &error), 0);
    assert_int_equal (flux_jobspec1_attr_pack (js, "system.duration", "s", "x"), 0);
    assert_int_equal (flux_jobspec1_attr_check (js, &error), -1);
    assert_int_equal (flux_jobspec1_attr_pack (js, "system.duration", "f", 1.), 0);
    assert_int_equal (flux_jobspec1_attr_pack (js, "foo", "f", 19.5), 0);
    assert_int_equal (flux_jobspec1_attr_check (js, &error), -1);
    assert_int_equal (flux_jobspec1_attr_del (js, "foo"), 0);
    assert_int_equal (flux_jobspec1_attr_del (js, "foo.bar"), 0);
    assert_int_equal (flux_jobspec1_attr_check (js, NULL), 0);
    flux_jobspec1_destroy (js);
}

static void test_failures (void **state)
{
    flux_jobspec1_t *js = flux_jobspec1_from_command (2, app, NULL, 1, 1, 0, 0, 0.);
    flux_error_t error;

    assert_null (flux_jobspec1_from_command (-1, app, NULL, 1, 1, 0, 0, 0));
    assert_int_equal (errno, EINVAL);
    assert_null (flux_jobspec1_from_command (2, NULL, NULL, 1, 1, 0, 0, 0));
    assert_null (flux_jobspec1_from_command (2, app, NULL, 0, 1, 0, 0, 0));
    assert_null (flux_jobspec1_from_command (2, app, NULL, 1, 0, 0, 0, 0));
    assert_null (flux_jobspec1_from_command (2, app, NULL, 1, 1, -1, 0, 0));
    assert_null (flux_jobspec1_from_command (2, app, NULL, 1, 1, 0, 5, 0));
    assert_null (flux_jobspec1_from_command (2, app, NULL, 1, 1, 0, 0, -1.5));
    assert_null (flux_jobspec1_from_command (2, app, NULL, 1, 1, 0, 0, NAN));
    assert_null (flux_jobspec1_decode ("{", &error));
    assert_int_equal (errno, EINVAL);
    assert_null (flux_jobspec1_decode ("[]", &error));
    assert_null (flux_jobspec1_decode (NULL, NULL));
    assert_null (flux_jobspec1_encode (NULL, 0));
    assert_null (flux_jobspec1_encode (js, 1));
    assert_int_equal (flux_jobspec1_check (NULL, &error), -1);
    assert_int_equal (flux_jobspec1_attr_check (NULL, &error), -1);
    assert_int_equal (flux_jobspec1_attr_pack (NULL, "a", "i", 1), -1);
    assert_int_equal (flux_jobspec1_attr_pack (js, NULL, "i", 1), -1);
    assert_int_equal (flux_jobspec1_attr_pack (js, "a", NULL), -1);
    assert_int_equal (flux_jobspec1_attr_unpack (js, "a", NULL), -1);
    assert_int_equal (flux_jobspec1_attr_unpack (NULL, "a", "i"), -1);
    assert_int_equal (flux_jobspec1_attr_del (js, NULL), -1);
    assert_int_equal (flux_jobspec1_attr_del (NULL, "a"), -1);
    assert_int_equal (flux_jobspec1_setenv (js, "A", NULL, 1), -1);
    assert_int_equal (flux_jobspec1_setenv (js, NULL, "A", 1), -1);
    assert_int_equal (flux_jobspec1_setenv (NULL, "A", "A", 1), -1);
    assert_int_equal (flux_jobspec1_unsetenv (NULL, "A"), -1);
    assert_int_equal (flux_jobspec1_unsetenv (js, NULL), -1);
    assert_int_equal (flux_jobspec1_set_cwd (js, NULL), -1);
    assert_int_equal (flux_jobspec1_set_stdin (js, NULL), -1);
    assert_int_equal (flux_jobspec1_set_stdout (NULL, "x"), -1);
    errno = ENOENT;
    flux_jobspec1_destroy (NULL);
    flux_jobspec1_destroy (js);
    assert_int_equal (errno, ENOENT);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_command),
        cmocka_unit_test (test_setters),
        cmocka_unit_test (test_failures),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

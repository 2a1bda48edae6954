/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <flux/plugin.h>
#include <stdlib.h>
#include <string.h>

#include "testsuite/unit/cmocka.h"

static int count (flux_plugin_t *p, const char *topic, flux_plugin_arg_t *args, void *data)
{
    int n = 0;

    (*(int *)data)++;
    flux_plugin_arg_unpack (args, FLUX_PLUGIN_ARG_IN, "{s?i}", "n", &n);
    flux_plugin_arg_pack (args, FLUX_PLUGIN_ARG_OUT, "{s:s s:i}", "topic", topic, "twice", 2 * n);
    return n;
}

static void test_handlers (void **state)
{
    flux_plugin_t *p = flux_plugin_create ();
    flux_plugin_arg_t *args = flux_plugin_arg_create ();
    int any = 0, one = 0, twice;
    const char *topic;
    const struct flux_plugin_handler table[] = {
        {"job.new", count, &one}, {"job.*", count, &any}, {NULL, NULL, NULL}};

    assert_int_equal (flux_plugin_register (p, "name", table), 0);
    assert_string_equal (flux_plugin_get_name (p), "name");
    flux_plugin_arg_pack (args, FLUX_PLUGIN_ARG_IN, "{s:i}", "n", 3);
    assert_int_equal (flux_plugin_call (p, "job.new", args), 3);
    assert_int_equal (flux_plugin_call (p, "job.old", args), 3);
    assert_int_equal (flux_plugin_call (p, "other", args), 0);
    assert_int_equal (one, 1);
    assert_int_equal (any, 1);
    assert_int_equal (flux_plugin_arg_unpack (args, FLUX_PLUGIN_ARG_OUT, "{s:s s:i}", "topic",
                                              &topic, "twice", &twice),
                      0);
    assert_string_equal (topic, "job.old");
    assert_int_equal (twice, 6);
    assert_ptr_equal (flux_plugin_match_handler (p, "job.x"), count);
    assert_null (flux_plugin_get_handler (p, "job.x"));
    flux_plugin_remove_handler (p, "job.*");
    assert_null (flux_plugin_match_handler (p, "job.x"));
    flux_plugin_arg_destroy (args);
    flux_plugin_destroy (p);
}

static void test_arg (void **state)
{
    flux_plugin_arg_t *args = flux_plugin_arg_create ();
    char *s;
    int n;

    assert_int_equal (flux_plugin_arg_set (args, 0, "{\"a\":1,\"b\":2}"), 0);
    assert_int_equal (flux_plugin_arg_pack (args, 0, "{s:i}", "b", 3), 0);
    assert_int_equal (flux_plugin_arg_get (args, 0, &s), 0);
    assert_string_equal (s, "{\"a\":1,\"b\":3}");
    free (s);
    assert_int_equal (flux_plugin_arg_pack (args, FLUX_PLUGIN_ARG_REPLACE, "{s:i}", "c", 4), 0);
    assert_int_equal (flux_plugin_arg_unpack (args, 0, "{s:i}", "a", &n), -1);
    assert_true (strlen (flux_plugin_arg_strerror (args)) > 0);
    assert_int_equal (flux_plugin_arg_set (args, 0, "[]"), -1);
    assert_int_equal (flux_plugin_arg_set (args, 0, "{"), -1);
    assert_int_equal (flux_plugin_arg_set (args, 8, "{}"), -1);
    assert_int_equal (flux_plugin_arg_pack (args, 0, "i", 1), -1);
    assert_int_equal (flux_plugin_arg_pack (NULL, 0, "{}"), -1);
    flux_plugin_arg_destroy (args);
    flux_plugin_arg_destroy (NULL);
}

static void freed (void *arg)
{
    (*(int *)arg)++;
}

static void test_aux_conf (void **state)
{
    flux_plugin_t *p = flux_plugin_create ();
    int a = 0, b = 0, n;

    assert_int_equal (flux_plugin_aux_set (p, "key", &a, freed), 0);
    assert_ptr_equal (flux_plugin_aux_get (p, "key"), &a);
    assert_int_equal (flux_plugin_aux_set (p, "key", &b, freed), 0);
    assert_int_equal (a, 1);
    assert_int_equal (flux_plugin_aux_set (p, NULL, &b, freed), 0);
    assert_null (flux_plugin_aux_get (p, "none"));
    assert_int_equal (flux_plugin_conf_unpack (p, "{s:i}", "n", &n), -1);
    assert_int_equal (errno, ENOENT);
    assert_int_equal (flux_plugin_set_conf (p, "{\"n\":5}"), 0);
    assert_int_equal (flux_plugin_conf_unpack (p, "{s:i}", "n", &n), 0);
    assert_int_equal (n, 5);
    assert_int_equal (flux_plugin_set_conf (p, "{"), -1);
    assert_true (strlen (flux_plugin_strerror (p)) > 0);
    flux_plugin_destroy (p);
    assert_int_equal (b, 2);
}

static void test_failures (void **state)
{
    flux_plugin_t *p = flux_plugin_create ();

    assert_int_equal (flux_plugin_load_dso (p, "/no/such/plugin.so"), -1);
    assert_non_null (strstr (flux_plugin_strerror (p), "plugin.so"));
    assert_int_equal (flux_plugin_load_dso (NULL, "x"), -1);
    assert_int_equal (flux_plugin_add_handler (p, NULL, count, NULL), -1);
    assert_int_equal (flux_plugin_register (NULL, "x", NULL), -1);
    assert_int_equal (flux_plugin_call (p, NULL, NULL), -1);
    assert_null (flux_plugin_get_name (NULL));
    flux_plugin_destroy (p);
    flux_plugin_destroy (NULL);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_handlers),
        cmocka_unit_test (test_arg),
        cmocka_unit_test (test_aux_conf),
        cmocka_unit_test (test_failures),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <stdlib.h>
#include <string.h>

#include "spank/settings.h"
#include "spank/srun_args.h"
#include "spank/ticket.h"
#include "testsuite/unit/cmocka.h"

static void test_arguments (void **state)
{
    static const char *const bad[] = {"",           "frob",      "frob=1",    "flux=",
                                      "flux=x",     "timeout=",  "timeout=0", "timeout=-1",
                                      "timeout=1s", "ports=1",   "ports=0-9", "ports=9-8",
                                      "ports=1-2x", "default=x", "default",   "ports=1-65536"};
    struct settings *set = settings_create ();
    flux_error_t e;

    assert_int_equal (set->timeout, 60);
    assert_int_equal (settings_argument (set, "flux=/opt/x", &e), 0);
    assert_int_equal (settings_argument (set, "timeout=3600", &e), 0);
    assert_int_equal (settings_argument (set, "ports=1024-65535", &e), 0);
    assert_int_equal (settings_argument (set, "default=on", &e), 0);
    assert_int_equal (settings_argument (set, "munge_socket=/m", &e), 0);
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
        assert_int_equal (settings_argument (set, bad[i], &e), -1);
        assert_non_null (strstr (e.text, bad[i]));
    }
    assert_string_equal (set->flux_dir, "/opt/x");
    assert_int_equal (set->timeout, 3600);
    assert_int_equal (set->port_low, 1024);
    assert_int_equal (set->port_high, 65535);
    assert_true (set->default_on);
    assert_string_equal (set->munge_socket, "/m");
    settings_destroy (set);
    settings_destroy (NULL);
}

static void test_mode (void **state)
{
    static const struct {
        const char *value;
        int rc;
        enum flux_mode mode;
    } row[] = {{NULL, 0, MODE_ON},     {"", 0, MODE_ON},       {"(null)", 0, MODE_ON},
               {"off", 0, MODE_OFF},   {"on", 0, MODE_ON},     {"tasks", 0, MODE_TASKS},
               {"On", -1, MODE_TASKS}, {"yes", -1, MODE_TASKS}};
    struct settings *set = settings_create ();

    assert_int_equal (set->mode, MODE_UNSET);
    for (size_t i = 0; i < sizeof (row) / sizeof (row[0]); i++) {
        assert_int_equal (settings_mode (set, row[i].value, NULL), row[i].rc);
        assert_int_equal (set->mode, row[i].mode);
    }
    settings_destroy (set);
}

static void test_attrs (void **state)
{
    struct settings *set = settings_create ();
    char *big = malloc (70000);

    assert_int_equal (settings_attr_pair (set, "a=1", NULL), 0);
    assert_int_equal (settings_attr_pair (set, "aa=2", NULL), 0);
    assert_int_equal (settings_attr_pair (set, "b=x=y z", NULL), 0);
    assert_int_equal (settings_attr_pair (set, "a=", NULL), 0);
    assert_string_equal (set->attrs.data, "aa=2\nb=x=y z\na=\n");
    assert_int_equal (settings_attr_lines (set, "b=2\nc=3\n", NULL), 0);
    assert_string_equal (set->attrs.data, "aa=2\na=\nb=2\nc=3\n");
    assert_int_equal (set->attrs.len, strlen (set->attrs.data));
    for (const char *const *bad = (const char *const[]){"x", "=x", "a b=1", "a=1\nb", NULL}; *bad;
         bad++)
        assert_int_equal (settings_attr_pair (set, *bad, NULL), -1);
    memset (big, 'x', 69999);
    big[69999] = '\0';
    big[1] = '=';
    assert_int_equal (settings_attr_pair (set, big, NULL), -1);
    assert_string_equal (set->attrs.data, "aa=2\na=\nb=2\nc=3\n");
    free (big);
    settings_destroy (set);
}

static void test_ticket (void **state)
{
    static const char *const bad[] = {"",
                                      "1",
                                      "2 2 1 0 2 9 ab 127.0.0.1",
                                      "1 0 1 0 2 9 ab 127.0.0.1",
                                      "1 1 1 0 2 9 ab 127.0.0.1",
                                      "1 9 1 0 2 9 ab 127.0.0.1",
                                      "1 2 1 0 0 9 ab 127.0.0.1",
                                      "1 2 1 0 2 9 XY 127.0.0.1",
                                      "1 2 1 0 2 9 ab",
                                      "1 2 1 0 2 9 ab 127.0.0.1 x",
                                      "1 2 1 0 2 9 0123456789abcdef0123456789abcdef0 127.0.0.1"};
    struct ticket in = {.mode = MODE_TASKS, .jobid = 4000000000u, .stepid = 3, .size = 2}, out;
    char text[1024];

    assert_int_equal (ticket_encode (&in, text, sizeof (text)), 0);
    assert_int_equal (ticket_decode (&out, text), 0);
    assert_memory_equal (&in, &out, sizeof (in));
    in.port = 65535;
    strcpy (in.nonce, "0123456789abcdef0123456789abcdef");
    strcpy (in.addresses, "10.0.0.1,fe80::1");
    assert_int_equal (ticket_encode (&in, text, sizeof (text)), 0);
    assert_int_equal (ticket_decode (&out, text), 0);
    assert_memory_equal (&in, &out, sizeof (in));
    assert_int_equal (ticket_encode (&in, text, 20), -1);
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++)
        assert_int_equal (ticket_decode (&out, bad[i]), -1);
}

static void test_srun_args (void **state)
{
    struct argv args = {0};
    bool flux = false, pty = false, env = false;

    assert_int_equal (srun_args (&args, true), 0);
    assert_int_equal (argv_add (&args, "cmd"), 0);
    assert_string_equal (args.argv[0], "/bin/sh");
    assert_string_equal (args.argv[args.count - 1], "cmd");
    assert_null (args.argv[args.count]);
    for (int i = 0; i < args.count; i++) {
        env |= strcmp (args.argv[i], "env") == 0;
        flux |= strcmp (args.argv[i], "--flux=on") == 0;
        pty |= strcmp (args.argv[i], "--pty") == 0;
    }
    assert_true (env && flux && pty);
    argv_clear (&args);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_arguments), cmocka_unit_test (test_mode),
        cmocka_unit_test (test_attrs),     cmocka_unit_test (test_ticket),
        cmocka_unit_test (test_srun_args),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

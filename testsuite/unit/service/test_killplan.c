/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Which signals a job gets that is to end, and when. */

#include <math.h>
#include <signal.h>
#include <string.h>

#include "shell/service/job_exec/killplan.h"
#include "testsuite/unit/cmocka.h"

static struct killplan parse (const char *text)
{
    json_t *exec = json_loads (text, 0, NULL);
    struct killplan kp;
    flux_error_t error;

    assert_non_null (exec);
    assert_int_equal (killplan_parse (&kp, exec, &error), 0);
    json_decref (exec);
    return kp;
}

/* The plan as text: "9@5 9@6": signals, and seconds after the first. */
static const char *plan (const char *conf, char *buf, size_t size)
{
    struct killplan kp = parse (conf);
    struct killplan_state st = {0};
    double pause;
    size_t n = 0;

    do {
        int signum = killplan_step (&kp, &st, &pause);
        n += snprintf (buf + n, size - n, "%s%d@%g", n > 0 ? " " : "", signum, st.elapsed);
        assert_true (n < size);
    } while (pause >= 0);
    assert_true (fabs (killplan_length (&kp) - st.elapsed) < 1e-9);
    return buf;
}

static void test_steps (void **state)
{
    char buf[4096];
    static const struct {
        const char *conf, *plan;
    } cases[] = {
        // flux-core's page: with 4 and 1 s, kills of the shells at 5, 6, 8 and 12 s
        {"{\"kill-timeout\":1,\"max-kill-count\":4}", "9@1 9@2 9@3 9@4 9@5 9@6 9@8 9@12"},
        // and 640 s by default
        {"{}", "9@5 9@10 9@15 9@20 9@25 9@30 9@40 9@60 9@100 9@180 9@340 9@640"},
        {"{\"kill-signal\":\"SIGUSR1\",\"max-kill-count\":1}", "10@5 10@10 10@15 10@20 9@25"},
        {"{\"kill-timeout\":\"1m\",\"max-kill-count\":5}",
         "9@60 9@120 9@180 9@240 9@300 9@360 9@480 9@720 9@1020"},
        {"{\"kill-timeout\":2,\"max-kill-timeout\":5}", "9@2 9@4 9@5"},
        {"{\"kill-timeout\":1,\"max-kill-timeout\":\"7s\"}", "9@1 9@2 9@3 9@4 9@5 9@6 9@7"},
    };

    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++)
        assert_string_equal (plan (cases[i].conf, buf, sizeof (buf)), cases[i].plan);
}

/* A time-out of nothing does not make a loop that never ends. */
static void test_bounded (void **state)
{
    struct killplan kp = parse ("{\"kill-timeout\":0,\"max-kill-count\":1000}");

    assert_true (killplan_length (&kp) > 0);
    kp = parse ("{\"kill-timeout\":0,\"max-kill-timeout\":0}");
    assert_true (killplan_length (&kp) < 1);
}

static void test_keys (void **state)
{
    struct killplan kp = parse ("{\"term-signal\":\"INT\",\"kill-signal\":12}");

    assert_int_equal (kp.term_signal, SIGINT);
    assert_int_equal (kp.kill_signal, SIGUSR2);
    assert_int_equal (killplan_parse (&kp, NULL, NULL), 0);
    assert_int_equal (kp.term_signal, SIGTERM);
}

static void test_refused (void **state)
{
    static const struct {
        const char *conf, *sentence;
    } cases[] = {
        {"[]", "exec: must be a table"},
        {"{\"kill-timeout\":\"soon\"}", "exec.kill-timeout: invalid FSD value"},
        {"{\"kill-timeout\":-1}", "exec.kill-timeout: invalid FSD value"},
        {"{\"max-kill-timeout\":[]}", "exec.max-kill-timeout: invalid FSD value"},
        {"{\"term-signal\":\"SIGFOO\"}", "exec.term-signal: not a signal"},
        {"{\"kill-signal\":0}", "exec.kill-signal: not a signal"},
        {"{\"kill-signal\":\"\"}", "exec.kill-signal: not a signal"},
        {"{\"max-kill-count\":0}", "exec.max-kill-count: must be a number from 1 to 1000"},
    };

    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        json_t *exec = json_loads (cases[i].conf, 0, NULL);
        struct killplan kp;
        flux_error_t error;
        assert_int_equal (killplan_parse (&kp, exec, &error), -1);
        assert_string_equal (error.text, cases[i].sentence);
        json_decref (exec);
    }
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_steps),
        cmocka_unit_test (test_bounded),
        cmocka_unit_test (test_keys),
        cmocka_unit_test (test_refused),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}

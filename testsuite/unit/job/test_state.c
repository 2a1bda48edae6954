/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <flux/job.h>

#include "testsuite/unit/cmocka.h"

static void test_states (void **state)
{
    static const struct {
        int value;
        const char *L, *l, *S, *s;
    } t[] = {
        {FLUX_JOB_STATE_NEW, "NEW", "new", "N", "n"},
        {FLUX_JOB_STATE_DEPEND, "DEPEND", "depend", "D", "d"},
        {FLUX_JOB_STATE_PRIORITY, "PRIORITY", "priority", "P", "p"},
        {FLUX_JOB_STATE_SCHED, "SCHED", "sched", "S", "s"},
        {FLUX_JOB_STATE_RUN, "RUN", "run", "R", "r"},
        {FLUX_JOB_STATE_CLEANUP, "CLEANUP", "cleanup", "C", "c"},
        {FLUX_JOB_STATE_INACTIVE, "INACTIVE", "inactive", "I", "i"},
        {FLUX_JOB_STATE_PENDING, "PENDING", "pending", "PD", "pd"},
        {FLUX_JOB_STATE_RUNNING, "RUNNING", "running", "RU", "ru"},
        {FLUX_JOB_STATE_ACTIVE, "ACTIVE", "active", "A", "a"},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        const char *form[] = {t[i].L, t[i].l, t[i].S, t[i].s};
        static const char *fmt[] = {"L", "l", "S", "s"};
        for (int k = 0; k < 4; k++) {
            flux_job_state_t back = 0;
            assert_string_equal (flux_job_statetostr (t[i].value, fmt[k]), form[k]);
            assert_int_equal (flux_job_strtostate (form[k], &back), 0);
            assert_int_equal (back, t[i].value);
        }
        assert_string_equal (flux_job_statetostr (t[i].value, NULL), t[i].L);
    }
    assert_string_equal (flux_job_statetostr (0, "L"), "(unknown)");
    assert_string_equal (flux_job_statetostr (3, "s"), "?");
    assert_int_equal (flux_job_strtostate ("RUn", NULL), -1);
    assert_int_equal (errno, EINVAL);
    assert_int_equal (flux_job_strtostate (NULL, NULL), -1);
    assert_int_equal (flux_job_strtostate ("", NULL), -1);
}

static void test_results (void **state)
{
    flux_job_result_t result;

    assert_string_equal (flux_job_resulttostr (FLUX_JOB_RESULT_COMPLETED, "S"), "CD");
    assert_string_equal (flux_job_resulttostr (FLUX_JOB_RESULT_FAILED, "L"), "FAILED");
    assert_string_equal (flux_job_resulttostr (FLUX_JOB_RESULT_CANCELED, "l"), "canceled");
    assert_string_equal (flux_job_resulttostr (FLUX_JOB_RESULT_TIMEOUT, "s"), "to");
    assert_string_equal (flux_job_resulttostr (0, "S"), "?");
    assert_int_equal (flux_job_strtoresult ("timeout", &result), 0);
    assert_int_equal (result, FLUX_JOB_RESULT_TIMEOUT);
    assert_int_equal (flux_job_strtoresult ("x", &result), -1);
}

static void test_exit_codes (void **state)
{
    static const struct {
        int status, code;
        const char *text;
    } t[] = {
        {0, 0, ""},
        {1 << 8, 1, "task(s) exited with exit code 1"},
        {(128 + SIGKILL) << 8, 137, "task(s) Killed"},
        {SIGTERM, 143, "job shell Terminated"},
        {0x7f | SIGSTOP << 8, -1, "unexpected wait status 4991"},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        flux_error_t error = {"x"};
        assert_int_equal (flux_job_waitstatus_to_exitcode (t[i].status, &error), t[i].code);
        assert_string_equal (error.text, t[i].text);
        assert_int_equal (flux_job_waitstatus_to_exitcode (t[i].status, NULL), t[i].code);
    }
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_states),
        cmocka_unit_test (test_results),
        cmocka_unit_test (test_exit_codes),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

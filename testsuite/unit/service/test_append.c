/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What job shells say at their end, taken apart by hand. */

#include "testsuite/unit/cmocka.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <flux/response.h>

#include "shell/service/job_exec/append.h"

static void note (const char *path, const char *text, size_t len, void *arg)
{
    struct buf *b = arg;

    buf_printf (b, "%s=", path);
    buf_append (b, text, len);
    buf_putc (b, ';');
}

static void test_result (void **state)
{
    static const struct {
        const char *text;
        int status; // -1: refused
        const char *appends;
    } t[] = {
        {"{\"status\":0}", 0, ""},
        {"{\"status\":256,\"append\":[]}", 256, ""},
        {"{\"append\":[[\"a.b\",\"x\\ny\\u00fc\\\"\"]],\"status\":9}", 9, "a.b=x\ny\xc3\xbc\";"},
        {" {\"append\": [ [ \"a\" , \"1\" ] , [\"b\",\"\"] ] , \"status\" : 3 }", 3, "a=1;b=;"},
        {"{\"status\":1,\"append\":[[\"a\",\"1\"],[\"b\"]]}", 1, "a=1;"},
        {"{\"status\":1,\"append\":[[\"a\",2],[\"b\",\"3\"]]}", 1, ""},
        {"{\"status\":1,\"append\":{\"a\":\"b\"}}", 1, ""},
        {"{\"status\":\"0\"}", -1, ""},
        {"{\"status\":99999999999}", -1, ""},
        {"{\"append\":[[\"a\",\"1\"]]}", -1, ""},
        {"{\"status\":0", -1, ""},
        {"[0]", -1, ""},
        {"", -1, ""},
    };

    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        struct buf b = {0};
        int status = -1;
        buf_puts (&b, "");
        bool ok = shell_result_decode (t[i].text, &status, note, &b);
        assert_int_equal (ok, t[i].status >= 0);
        if (ok)
            assert_int_equal (status, t[i].status);
        assert_string_equal (b.data ? b.data : "", t[i].appends);
        buf_clear (&b);
    }
}

static void test_report (void **state)
{
    static const struct {
        const char *payload;
        const char *type; // NULL: refused
        int status;
        const char *result; // NULL: none
    } t[] = {
        {"{\"type\":\"started\"}", "started", 0, NULL},
        {"{\"type\":\"exited\",\"status\":9}", "exited", 9, NULL},
        {"{\"type\":\"exited\",\"status\":0,\"result\":\"{\\\"status\\\":0}\"}", "exited", 0,
         "{\"status\":0}"},
        {"{\"type\":\"exited\",\"result\":null}", "exited", 0, NULL},
        {"{\"type\":\"a type that is far too long\"}", NULL, 0, NULL},
        {"{\"type\":1}", NULL, 0, NULL},
        {"{\"result\":\"x\"}", NULL, 0, NULL},
        {"{\"type\":\"exited\",\"result\":\"\\ud800\"}", NULL, 0, NULL},
        {NULL, NULL, 0, NULL},
    };

    static const int errnums[] = {0, ENODATA};

    for (size_t n = 0; n < 2 * sizeof (t) / sizeof (t[0]); n++) {
        size_t i = n / 2;
        flux_msg_t *msg = errnums[n % 2] ? flux_response_encode_error ("x.y", ENODATA, t[i].payload)
                                         : flux_response_encode ("x.y", t[i].payload);
        struct shell_report r;
        errno = 0;
        int rc = shell_report_decode (&r, msg);
        assert_int_equal (rc, t[i].type ? 0 : -1);
        if (rc < 0) {
            assert_int_equal (errno, !t[i].payload && n % 2 ? ENOENT : EPROTO);
        } else {
            assert_string_equal (r.type, t[i].type);
            assert_int_equal (r.status, t[i].status);
            assert_int_equal (r.result.data != NULL, t[i].result != NULL);
            if (t[i].result)
                assert_string_equal (r.result.data, t[i].result);
        }
        shell_report_clear (&r);
        flux_msg_destroy (msg);
    }
    flux_msg_t *msg = flux_response_encode_error ("x.y", EPERM, "{\"type\":\"exited\"}");
    struct shell_report r;
    assert_int_equal (shell_report_decode (&r, msg), -1);
    assert_int_equal (errno, EPERM);
    assert_string_equal (r.type, "");
    flux_msg_destroy (msg);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_result),
        cmocka_unit_test (test_report),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/base64.h"
#include "testsuite/unit/cmocka.h"

/* The vectors of RFC 4648, section 10. */
static void test_vectors (void **state)
{
    static const struct {
        const char *data, *text;
    } t[] = {{"", ""},
             {"f", "Zg=="},
             {"fo", "Zm8="},
             {"foo", "Zm9v"},
             {"foob", "Zm9vYg=="},
             {"fooba", "Zm9vYmE="},
             {"foobar", "Zm9vYmFy"}};

    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        size_t len = 99;
        char *text = base64_encode_alloc (t[i].data, strlen (t[i].data));
        assert_string_equal (text, t[i].text);
        char *data = base64_decode_alloc (text, strlen (text), &len);
        assert_int_equal (len, strlen (t[i].data));
        assert_string_equal (data, t[i].data);
        free (text);
        free (data);
    }
}

static void test_bytes (void **state)
{
    unsigned char bytes[256];
    size_t len;

    for (int i = 0; i < 256; i++)
        bytes[i] = 255 - i;
    for (size_t n = 0; n <= 256; n++) {
        char *text = base64_encode_alloc (bytes, n);
        unsigned char *back = base64_decode_alloc (text, strlen (text), &len);
        assert_int_equal (len, n);
        assert_memory_equal (back, bytes, n);
        free (text);
        free (back);
    }
}

static void test_refused (void **state)
{
    static const char *bad[] = {
        "Z", "Zg", "Zg=", "Z===", "Zg==Zg==", "====", "Zm 9", "Zm9\n", "Zm-_"};
    size_t len;

    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
        errno = 0;
        assert_null (base64_decode_alloc (bad[i], strlen (bad[i]), &len));
        assert_int_equal (errno, EPROTO);
    }
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_vectors),
        cmocka_unit_test (test_bytes),
        cmocka_unit_test (test_refused),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

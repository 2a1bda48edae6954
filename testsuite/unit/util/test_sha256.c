/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <string.h>

#include "lib/util/sha256.h"
#include "testsuite/unit/cmocka.h"

/* Digests of FIPS 180-4's examples; the last is a million times "a". */
static void test_sha256 (void **state)
{
    const struct {
        const char *text, *hex;
    } t[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    unsigned char out[SHA256_SIZE];
    char hex[2 * SHA256_SIZE + 1];
    struct sha256 s;

    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        sha256_init (&s);
        sha256_update (&s, t[i].text, strlen (t[i].text));
        sha256_final (&s, out);
        hex_encode (out, sizeof (out), hex);
        assert_string_equal (hex, t[i].hex);
    }
    sha256_init (&s);
    for (int i = 0; i < 100000; i++)
        sha256_update (&s, "aaaaaaaaaa", 10);
    sha256_final (&s, out);
    hex_encode (out, sizeof (out), hex);
    assert_string_equal (hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* RFC 4231, test cases 1, 2 and 6 (a key longer than a block). */
static void test_hmac (void **state)
{
    unsigned char key[131], out[SHA256_SIZE];
    char hex[2 * SHA256_SIZE + 1];

    memset (key, 0x0b, 20);
    hmac_sha256 (key, 20, "Hi There", 8, out);
    hex_encode (out, sizeof (out), hex);
    assert_string_equal (hex, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    hmac_sha256 ("Jefe", 4, "what do ya want for nothing?", 28, out);
    hex_encode (out, sizeof (out), hex);
    assert_string_equal (hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset (key, 0xaa, sizeof (key));
    hmac_sha256 (key, sizeof (key), "Test Using Larger Than Block-Size Key - Hash Key First", 54,
                 out);
    hex_encode (out, sizeof (out), hex);
    assert_string_equal (hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void test_helpers (void **state)
{
    unsigned char a[64] = {0}, b[64] = {0};

    assert_true (const_time_equal (a, b, sizeof (a)));
    assert_int_equal (random_bytes (a, sizeof (a)), 0);
    assert_false (const_time_equal (a, b, sizeof (a)));
    b[63] = 1;
    a[63] = 2;
    assert_false (const_time_equal (a + 63, b + 63, 1));
    assert_true (const_time_equal (a, b, 0));
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_sha256),
        cmocka_unit_test (test_hmac),
        cmocka_unit_test (test_helpers),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

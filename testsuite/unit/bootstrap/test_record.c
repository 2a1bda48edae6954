/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bootstrap/limits.h"
#include "lib/bootstrap/record.h"
#include "lib/bootstrap/seal.h"
#include "testsuite/unit/cmocka.h"

static struct wire_record sample (void)
{
    struct wire_record rec = {
        .kind = WIRE_HELLO,
        .jobid = 0xdeadbeef,
        .stepid = 0,
        .rank = 3,
        .size = 4,
        .parent = UINT32_MAX,
        .str = {[WIRE_NONCE] = "00ff", [WIRE_HOST] = "n3", [WIRE_URI] = "tcp://[::1]:4"},
    };
    return rec;
}

static void encode (struct buf *b, const struct wire_record *rec)
{
    memset (b, 0, sizeof (*b));
    assert_int_equal (wire_record_encode (b, rec), 0);
    assert_int_equal (b->err, 0);
}

static void test_roundtrip (void **state)
{
    struct wire_record in = sample (), out;
    struct buf b;

    encode (&b, &in);
    assert_int_equal (wire_record_decode (&out, b.data, b.len), 0);
    assert_int_equal (out.kind, WIRE_HELLO);
    assert_int_equal (out.jobid, 0xdeadbeef);
    assert_int_equal (out.rank, 3);
    assert_int_equal (out.size, 4);
    assert_int_equal (out.parent, UINT32_MAX);
    assert_string_equal (out.str[WIRE_HOST], "n3");
    assert_string_equal (out.str[WIRE_URI], "tcp://[::1]:4");
    assert_string_equal (out.str[WIRE_TEXT], "");
    wire_record_clear (&out);
    assert_null (out.str[WIRE_HOST]);
    buf_clear (&b);
}

/* The bytes on the wire are a format: they don't change without the version. */
static void test_golden (void **state)
{
    static const char head[] =
        "FLXw\x01\x02\xde\xad\xbe\xef\0\0\0\0\0\0\0\3\0\0\0\4\xff\xff\xff\xff"
        "\0\0\0\4"
        "00ff\0\0\0\2n3\0\0\0\0\0\0\0\xdtcp://[::1]:4";
    struct wire_record in = sample ();
    struct buf b;

    encode (&b, &in);
    assert_int_equal (b.len, sizeof (head) - 1 + 3 * 4);
    assert_memory_equal (b.data, head, sizeof (head) - 1);
    buf_clear (&b);
}

static void refused (const void *data, size_t len)
{
    struct wire_record rec;

    errno = 0;
    assert_int_equal (wire_record_decode (&rec, data, len), -1);
    assert_int_equal (errno, EPROTO);
    assert_null (rec.str[0]);
}

static void test_cut_anywhere (void **state)
{
    struct wire_record in = sample ();
    struct buf b;

    encode (&b, &in);
    for (size_t len = 0; len < b.len; len++) {
        char *exact = malloc (len + 1); // so that valgrind and asan see a read past the end
        memcpy (exact, b.data, len);
        refused (exact, len);
        free (exact);
    }
    buf_putc (&b, 'x');
    refused (b.data, b.len);
    buf_clear (&b);
}

static void test_bad_bytes (void **state)
{
    static const struct {
        size_t at;
        unsigned char byte;
    } bad[] = {{0, 'X'}, {4, 2}, {5, 0}, {5, 6}, {26, 0x7f}, {26, 0xff}, {30, 0}};
    struct wire_record in = sample ();
    struct buf b;

    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
        encode (&b, &in);
        b.data[bad[i].at] = bad[i].byte;
        refused (b.data, b.len);
        buf_clear (&b);
    }
}

static void test_limits (void **state)
{
    struct wire_record in = sample (), out;
    struct buf b = {0};
    char *big = malloc (WIREUP_MAX_HOSTLIST + 2);

    memset (big, 'n', WIREUP_MAX_HOSTLIST + 1);
    big[WIREUP_MAX_HOSTLIST + 1] = '\0';
    in.str[WIRE_HOSTLIST] = big;
    assert_int_equal (wire_record_encode (&b, &in), -1);
    assert_int_equal (errno, E2BIG);
    buf_clear (&b);
    big[WIREUP_MAX_HOSTLIST] = '\0';
    encode (&b, &in);
    assert_int_equal (wire_record_decode (&out, b.data, b.len), 0);
    assert_int_equal (strlen (out.str[WIRE_HOSTLIST]), WIREUP_MAX_HOSTLIST);
    wire_record_clear (&out);
    buf_clear (&b);
    in.str[WIRE_HOSTLIST] = NULL;
    big[WIREUP_MAX_STRING + 1] = '\0';
    in.str[WIRE_HOST] = big;
    assert_int_equal (wire_record_encode (&b, &in), -1);
    buf_clear (&b);
    free (big);
}

static void test_plain_seal (void **state)
{
    const struct sealer plain = {0};
    struct wire_record in = sample (), out;
    struct buf b = {0};

    assert_int_equal (seal_record (&plain, &b, &in, NULL), 0);
    assert_int_equal (wire_get_u32 (b.data), b.len - 4);
    assert_int_equal (unseal_record (&plain, b.data + 4, b.len - 4, &out, NULL), 0);
    assert_string_equal (out.str[WIRE_HOST], "n3");
    wire_record_clear (&out);
    buf_clear (&b);
}

static void test_no_munged (void **state)
{
    const struct sealer s = {.munge = true, .munge_socket = "/nonexistent/munge.socket"};
    struct wire_record in = sample (), out;
    struct buf b = {0};
    flux_error_t e;

    assert_int_equal (seal_record (&s, &b, &in, &e), -1);
    assert_memory_equal (e.text, "munge: ", 7);
    assert_int_equal (unseal_record (&s, "MUNGE:xx:", 9, &out, &e), -1);
    assert_int_equal (errno, EPERM);
    assert_null (out.str[0]);
    buf_clear (&b);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_roundtrip),    cmocka_unit_test (test_golden),
        cmocka_unit_test (test_cut_anywhere), cmocka_unit_test (test_bad_bytes),
        cmocka_unit_test (test_limits),       cmocka_unit_test (test_plain_seal),
        cmocka_unit_test (test_no_munged),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

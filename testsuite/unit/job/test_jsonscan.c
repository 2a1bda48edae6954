/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Strings of JSON as we write and read them by hand, against the JSON library. */

#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "lib/job/jsonbuf.h"
#include "lib/job/jsonscan.h"
#include "lib/util/utf8.h"
#include "testsuite/unit/cmocka.h"

#define ROUNDS 20000
#define LEN_MAX 40

static unsigned long long state = 88172645463325252ull;

static unsigned next (unsigned below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state >> 11) % below);
}

/* Words that are rather near to what matters. */
static size_t random_bytes (char *out)
{
    static const char *const parts[] = {
        "a",
        "plain text of some length ",
        "\"",
        "\\",
        "\n",
        "\t",
        "\r",
        "\x01",
        "\x1f",
        "\x7f",
        "é",
        "ƒ",
        "😀",
        "\xc3",
        "\x80",
        "\xed\xa0\x80",
        "/",
        "\xf4\x90\x80\x80",
        "\xe0\x80\x80",
        "\xef\xbf\xbf",
    };
    size_t len = 0, count = next (6);
    bool spoil = next (4) == 0;

    while (count-- > 0) {
        const char *part = parts[next (spoil ? 20 : 13)];
        if (len + strlen (part) > LEN_MAX)
            break;
        memcpy (out + len, part, strlen (part));
        len += strlen (part);
    }
    return len;
}

static bool decode (const char *text, size_t len, struct buf *b)
{
    buf_clear (b);
    buf_puts (b, "before"); // it appends
    return jsonscan_decode ((struct jsonspan){text, text + len}, b);
}

static void test_random (void **unused)
{
    struct buf b = {0}, out = {0};
    char bytes[LEN_MAX + 1];

    for (int i = 0; i < ROUNDS; i++) {
        size_t len = random_bytes (bytes);
        json_t *o = json_stringn (bytes, len), *back;
        assert_int_equal (utf8_valid (bytes, len, NULL), o != NULL);
        if (!o)
            continue;
        buf_reset (&b);
        jsonbuf_string (&b, bytes, len);
        assert_non_null (back = json_loadb (b.data, b.len, JSON_DECODE_ANY, NULL));
        assert_true (json_equal (o, back));
        char *theirs = json_dumps (o, JSON_ENCODE_ANY | (next (2) ? JSON_ENSURE_ASCII : 0));
        const char *texts[] = {b.data, theirs};
        for (int k = 0; k < 2; k++) {
            assert_true (decode (texts[k], strlen (texts[k]), &out));
            assert_int_equal (out.len, len + 6);
            assert_memory_equal (out.data + 6, bytes, len);
        }
        free (theirs);
        json_decref (back);
        json_decref (o);
    }
    buf_clear (&b);
    buf_clear (&out);
}

/* Text that is spoilt in one place is refused by both, or is a string for both. */
static void test_spoilt (void **unused)
{
    static const char spoilers[] = "\"\\u0dD8cCnx\n\x80\xff ";
    struct buf b = {0}, out = {0};
    char bytes[LEN_MAX + 1];

    for (int i = 0; i < ROUNDS; i++) {
        size_t len = random_bytes (bytes);
        buf_reset (&b);
        jsonbuf_string (&b, bytes, len);
        b.data[next (b.len)] = spoilers[next (sizeof (spoilers) - 1)];
        json_t *o = json_loadb (b.data, b.len, JSON_DECODE_ANY, NULL);
        bool good = *b.data == '"' && decode (b.data, b.len, &out);
        assert_int_equal (good, json_is_string (o));
        if (good)
            assert_int_equal (out.len - 6, json_string_length (o));
        json_decref (o);
    }
    buf_clear (&b);
    buf_clear (&out);
}

static void test_escapes (void **unused)
{
    static const struct {
        const char *text;
        const char *want; // NULL: refused
    } t[] = {
        {"\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"", "Aé€😀"},
        {"\"\\b\\f\\/\"", "\b\f/"},
        {"\"\\u0000\"", NULL},
        {"\"\\ud83d\"", NULL},
        {"\"\\ud83dx\"", NULL},
        {"\"\\ude00\"", NULL},
        {"\"\\u12\"", NULL},
        {"\"\\", NULL},
        {"\"abc", NULL},
        {"\"a\"b\"", NULL},
        {"\"", NULL},
        {"", NULL},
        {"abc", NULL},
    };
    struct buf out = {0};

    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        bool good = decode (t[i].text, strlen (t[i].text), &out);
        assert_int_equal (good, t[i].want != NULL);
        if (good)
            assert_string_equal (out.data + 6, t[i].want);
    }
    buf_clear (&out);
}

static void test_members (void **unused)
{
    static const char text[] = " {\"id\": 17 ,\"s\":\"a\\\"}\",\"o\":{\"id\":[1,{}]},\"id\":-18}";
    struct jsonspan all = {text, text + sizeof (text) - 1}, v;
    int64_t n;

    assert_true (jsonscan_member (all, "id", &v) && jsonscan_integer (v, &n));
    assert_int_equal (n, -18);
    assert_true (jsonscan_member (all, "o", &v) && !jsonscan_integer (v, &n));
    assert_true (jsonscan_member (all, "s", &v));
    assert_int_equal (v.end - v.p, 6);
    assert_false (jsonscan_member (all, "x", &v));
    v = (struct jsonspan){"99999999999999999999", NULL};
    v.end = v.p + 20;
    assert_false (jsonscan_integer (v, &n));
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_random),
        cmocka_unit_test (test_spoilt),
        cmocka_unit_test (test_escapes),
        cmocka_unit_test (test_members),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}

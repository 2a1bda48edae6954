/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/job.h>

#include "lib/job/fluid.h"
#include "testsuite/unit/cmocka.h"

/* The examples of RFC 19, and the ends of the range. */
static void test_encodings (void **state)
{
    static const struct {
        uint64_t id;
        const char *type, *text;
    } t[] = {
        {6731191091817518, "dec", "6731191091817518"},
        {6731191091817518, "f58plain", "fuZZybuNNy"},
        {6731191091817518, "hex", "0x17e9fb8df16c2e"},
        {6731191091817518, "dothex", "0017.e9fb.8df1.6c2e"},
        {6731191091817518, "kvs", "job.0017.e9fb.8df1.6c2e"},
        {6731191091817518, "words", "reform-remote-galileo--heart-package-academy"},
        {21900760568561664, "emoji", "🎆🍧🎆🐾🕓😃"},
        {UINT64_MAX, "emoji", "🚹💗💧👗😷📷📚"},
        {0xedaf97d000000, "hex", "0xedaf97d000000"},
        {0xedaf97d000000, "dothex", "000e.daf9.7d00.0000"},
        {0, "f58plain", "f1"},
        {0, "emoji", "😃"},
        {0, "words", "academy-academy-academy--academy-academy-academy"},
        {UINT64_MAX, "f58plain", "fjpXCZedGfVQ"},
        {UINT64_MAX, "dothex", "ffff.ffff.ffff.ffff"},
        {UINT64_MAX, "dec", "18446744073709551615"},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        char buf[FLUID_STRING_SIZE];
        uint64_t id = 1;
        assert_int_equal (flux_job_id_encode (t[i].id, t[i].type, buf, sizeof (buf)), 0);
        assert_string_equal (buf, t[i].text);
        assert_int_equal (flux_job_id_parse (t[i].text, &id), 0);
        assert_true (id == t[i].id);
        errno = 0;
        assert_int_equal (flux_job_id_encode (t[i].id, t[i].type, buf, strlen (t[i].text)), -1);
        assert_int_equal (errno, EOVERFLOW);
    }
}

static void test_parse (void **state)
{
    static const struct {
        const char *text;
        uint64_t id;
    } t[] = {
        {"ƒuZZybuNNy", 6731191091817518},
        {"  fuZZybuNNy \t\n", 6731191091817518},
        {" job.0017.e9fb.8df1.6c2e", 6731191091817518},
        {"Reform-Remote-GALILEO--heart-package-academy", 6731191091817518},
        {"reform-remote-galileo-heart-package-academy", 6731191091817518},
        {"0x17E9FB8DF16C2E", 6731191091817518},
        {"1.2.3.4", 0x0001000200030004},
        {"0", 0},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        uint64_t id = 1;
        assert_int_equal (flux_job_id_parse (t[i].text, &id), 0);
        assert_true (id == t[i].id);
    }
}

static void test_parse_failures (void **state)
{
    static const char *t[] = {
        "",
        "  ",
        "x",
        "-1",
        "+1",
        "1 2",
        "f",
        "ƒ",
        "fI0Ol",
        "fjpXCZedGfVR",
        "fzzzzzzzzzzzz",
        "18446744073709551616",
        "0x",
        "0xg",
        "0x10000000000000000",
        "1.2.3",
        "1.2.3.4.5",
        "1..2.3",
        "10000.0.0.0",
        "g.0.0.0",
        "a-b-c",
        "reform-remote-galileo--heart-package",
        "reform-remote-galileo--heart-package-academy-academy",
        "amen-amen-amen--amen-amen-amen",
        "😃x",
        "\xf0\x9f",
        "🀀",
        "job.",
        "1111111111111111111111111111111111111111111111111111111111111111111111111111111",
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        uint64_t id = 42;
        errno = 0;
        assert_int_equal (flux_job_id_parse (t[i], &id), -1);
        assert_int_equal (errno, EINVAL);
        assert_true (id == 42);
    }
    uint64_t id;
    char buf[64];
    assert_int_equal (flux_job_id_parse (NULL, &id), -1);
    assert_int_equal (flux_job_id_parse ("1", NULL), -1);
    assert_int_equal (flux_job_id_encode (1, "f59", buf, sizeof (buf)), -1);
    assert_int_equal (errno, EPROTO);
    assert_int_equal (flux_job_id_encode (1, "dec", NULL, 0), -1);
    assert_int_equal (errno, EINVAL);
}

static void test_locale (void **state)
{
    char buf[64];

    assert_int_equal (flux_job_id_encode (1, "f58", buf, sizeof (buf)), 0);
    assert_string_equal (buf, "f2");
    if (!setlocale (LC_CTYPE, "C.UTF-8"))
        return;
    assert_int_equal (flux_job_id_encode (1, "f58", buf, sizeof (buf)), 0);
    assert_string_equal (buf, "ƒ2");
    assert_int_equal (flux_job_id_encode (1, "f58plain", buf, sizeof (buf)), 0);
    assert_string_equal (buf, "f2");
    setenv ("FLUX_F58_FORCE_ASCII", "1", 1);
    assert_int_equal (flux_job_id_encode (1, "f58", buf, sizeof (buf)), 0);
    assert_string_equal (buf, "f2");
    unsetenv ("FLUX_F58_FORCE_ASCII");
    setlocale (LC_CTYPE, "C");
}

/* Every id survives every encoding. */
static void test_round_trip (void **state)
{
    static const char *type[] = {"dec", "hex", "dothex", "kvs", "words", "f58", "emoji"};
    uint64_t id = 1;

    for (int i = 0; i < 500; i++, id = id * 6364136223846793005ULL + 1442695040888963407ULL) {
        for (size_t k = 0; k < sizeof (type) / sizeof (type[0]); k++) {
            char buf[FLUID_STRING_SIZE];
            uint64_t back;
            assert_int_equal (flux_job_id_encode (id, type[k], buf, sizeof (buf)), 0);
            assert_int_equal (flux_job_id_parse (buf, &back), 0);
            assert_true (back == id);
        }
    }
}

static void test_generator (void **state)
{
    struct fluid_generator gen;
    uint64_t id, last;

    assert_int_equal (fluid_init (&gen, 16383, 1000), 0);
    assert_int_equal (fluid_generate (&gen, &last), 0);
    assert_true (fluid_get_timestamp (last) >= 1000);
    assert_int_equal (last >> 10 & 0x3fff, 16383);
    for (int i = 0; i < 10000; i++) { // more than fit into the time that this takes
        assert_int_equal (fluid_generate (&gen, &id), 0);
        assert_true (id > last);
        last = id;
    }
    uint64_t saved = fluid_save_timestamp (&gen);
    assert_true (saved >= fluid_get_timestamp (last));
    assert_int_equal (fluid_init (&gen, 0, saved + 1), 0);
    assert_int_equal (fluid_generate (&gen, &id), 0);
    assert_true (id > last);

    assert_int_equal (fluid_init (&gen, 16384, 0), -1);
    assert_int_equal (errno, EINVAL);
    assert_int_equal (fluid_init (&gen, 0, 1ULL << 40), -1);
    assert_int_equal (fluid_init (NULL, 0, 0), -1);
    assert_int_equal (fluid_init (&gen, 0, (1ULL << 40) - 1), 0);
    gen.seq = 1024;
    assert_int_equal (fluid_generate (&gen, &id), -1);
    assert_int_equal (errno, EOVERFLOW);
}

static void test_kvs_keys (void **state)
{
    char buf[64];

    assert_int_equal (flux_job_kvs_key (buf, sizeof (buf), 1, NULL), 23);
    assert_string_equal (buf, "job.0000.0000.0000.0001");
    assert_int_equal (flux_job_kvs_key (buf, sizeof (buf), 1, "eventlog"), 32);
    assert_string_equal (buf, "job.0000.0000.0000.0001.eventlog");
    assert_int_equal (flux_job_kvs_guest_key (buf, sizeof (buf), 1, "output"), 36);
    assert_string_equal (buf, "job.0000.0000.0000.0001.guest.output");
    assert_int_equal (flux_job_kvs_namespace (buf, sizeof (buf), 1), 5);
    assert_string_equal (buf, "job-1");
    setenv ("FLUX_KVS_NAMESPACE", "job-1", 1);
    assert_int_equal (flux_job_kvs_guest_key (buf, sizeof (buf), 1, "output"), 6);
    assert_int_equal (flux_job_kvs_guest_key (buf, sizeof (buf), 1, NULL), 1);
    assert_string_equal (buf, ".");
    unsetenv ("FLUX_KVS_NAMESPACE");
    assert_int_equal (flux_job_kvs_key (buf, 23, 1, NULL), -1);
    assert_int_equal (errno, EOVERFLOW);
    assert_int_equal (flux_job_kvs_key (NULL, 23, 1, NULL), -1);
    assert_int_equal (errno, EINVAL);
    assert_int_equal (flux_job_kvs_guest_key (buf, 0, 1, NULL), -1);
    assert_int_equal (flux_job_kvs_namespace (buf, 5, 1), -1);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_encodings),      cmocka_unit_test (test_parse),
        cmocka_unit_test (test_parse_failures), cmocka_unit_test (test_locale),
        cmocka_unit_test (test_round_trip),     cmocka_unit_test (test_generator),
        cmocka_unit_test (test_kvs_keys),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

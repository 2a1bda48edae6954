/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The texts of the KVS: keys, tree objects, base64, blobrefs. */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "shell/service/kvs/key.h"
#include "testsuite/unit/cmocka.h"
#include "testsuite/unit/service/kvs_forest.h"

/* The text is the canonical one. */
static void test_canonical (void **state)
{
    struct world w;
    struct buf b = {0};
    world_init (&w, "sha1");
    tree_store (&w.forest, node_dir (w.tree.root));
    uint8_t want[20];
    w.store.alg->hash ("{\"data\":{},\"type\":\"dir\",\"ver\":1}", 32, want);
    assert_memory_equal (want, node_dir (w.tree.root)->digest, 20);
    put (&w, "b", "422\n");
    put (&w, "a\"\n", "");
    put_link (&w, "c", "ns", "t.u");
    treeobj_append_dir (&w.forest, &b, node_dir (w.tree.root));
    assert_string_equal (
        b.data, "{\"data\":{\"a\\\"\\n\":{\"data\":\"\",\"type\":\"val\",\"ver\":1},"
                "\"b\":{\"data\":\"NDIyCg==\",\"type\":\"val\",\"ver\":1},"
                "\"c\":{\"data\":{\"namespace\":\"ns\",\"target\":\"t.u\"},\"type\":\"symlink\","
                "\"ver\":1}},\"type\":\"dir\",\"ver\":1}");
    buf_clear (&b);
    world_clear (&w);
}

static void test_base64 (void **state)
{
    for (int len = 0; len < 100; len++) {
        char data[100], *back;
        struct buf b = {0};
        size_t n;
        for (int i = 0; i < len; i++)
            data[i] = rand ();
        struct base64_slice s[3] = {{data, len / 3}, {data + len / 3, len / 5}, {0}};
        s[2] = (struct base64_slice){data + len / 3 + len / 5, len - len / 3 - len / 5};
        assert_int_equal (base64_append_slices (&b, s, 3), 0);
        assert_non_null (back = base64_decode_alloc (b.data, b.len, &n));
        assert_int_equal (n, len);
        assert_memory_equal (back, data, len);
        free (back);
        buf_clear (&b);
    }
}

static void test_keys (void **state)
{
    static const struct {
        const char *in, *out;
    } good[] = {{"a", "a"},
                {"a.b", "a.b"},
                {".a..b.", "a.b"},
                {".", "."},
                {"...", "."},
                {"a.", "a"},
                {"\xc3\xa4.b", "\xc3\xa4.b"},
                {"a b", "a b"}};
    for (size_t i = 0; i < sizeof (good) / sizeof (good[0]); i++) {
        char *s = key_normalize (good[i].in);
        assert_string_equal (s, good[i].out);
        if (key_is_normal (good[i].in))
            assert_string_equal (good[i].in, good[i].out);
        free (s);
    }
    static const char *bad[] = {"", "\xff", "a.\xc3", "\xc0\x80", "\xed\xa0\x80"};
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
        assert_null (key_normalize (bad[i]));
        assert_int_equal (errno, EINVAL);
        assert_false (key_is_normal (bad[i]));
    }
    char deep[2000] = "";
    for (int i = 0; i < 300; i++)
        strcat (deep, i ? ".a" : "a");
    assert_null (key_normalize (deep));
    assert_int_equal (errno, ENAMETOOLONG);
    assert_false (key_is_normal (deep));
}

/* What must be refused; the directory that was to be loaded stays unloaded. */
/* One directory in different notations: with the quick reader or the JSON decoder, it is the same.
 */
static void test_notations (void **state)
{
#define REF "sha1-0123456789012345678901234567890123456789"
    static const char want[] =
        "{\"data\":{\"d\":{\"data\":[\"" REF "\"],\"type\":\"dirref\",\"ver\":1},"
        "\"l\":{\"data\":{\"target\":\"x\"},\"type\":\"symlink\",\"ver\":1},"
        "\"r\":{\"data\":[\"" REF "\",\"" REF "\"],\"type\":\"valref\",\"ver\":1},"
        "\"v\":{\"data\":\"Zm9v\",\"type\":\"val\",\"ver\":1}},\"type\":\"dir\",\"ver\":1}";
    static const char *same[] = {
        want,
        // members in another order
        "{\"ver\":1,\"type\":\"dir\",\"data\":{\"v\":{\"ver\":1,\"type\":\"val\",\"data\":\"Zm9v\"}"
        ","
        "\"d\":{\"ver\":1,\"type\":\"dirref\",\"data\":[\"" REF "\"]},"
        "\"l\":{\"ver\":1,\"type\":\"symlink\",\"data\":{\"target\":\"x\"}},"
        "\"r\":{\"ver\":1,\"type\":\"valref\",\"data\":[\"" REF "\",\"" REF "\"]}}}",
        // a name twice, an escape, a blank
        "{\"data\":{\"d\":{\"data\":\"\",\"type\":\"val\",\"ver\":1},"
        "\"d\":{\"data\":[\"" REF "\"],\"type\":\"dirref\",\"ver\":1},"
        "\"\\u006c\":{\"data\":{\"target\":\"x\"},\"type\":\"symlink\",\"ver\":1}, "
        "\"r\":{\"data\":[\"" REF "\",\"" REF "\"],\"type\":\"valref\",\"ver\":1},"
        "\"v\":{\"data\":\"Zm9v\",\"type\":\"val\",\"ver\":1}},\"type\":\"dir\",\"ver\":1}",
    };
    uint8_t zero[DIGEST_MAX] = {0};
    struct world w;

    world_init (&w, "sha1");
    for (size_t i = 0; i < sizeof (same) / sizeof (same[0]); i++) {
        struct node *n = node_create_dirref (&w.forest, "d", 1, zero);
        struct buf b = {0};
        assert_int_equal (treeobj_load_dir (&w.forest, node_dir (n), same[i], strlen (same[i])), 0);
        assert_int_equal (treeobj_append_dir (&w.forest, &b, node_dir (n)), 0);
        assert_string_equal (b.data, want);
        buf_clear (&b);
        node_destroy (&w.forest, n);
    }
    world_clear (&w);
}

static void test_bad_treeobj (void **state)
{
    static const char *bad[] = {
        "",
        "[]",
        "{\"data\":{},\"type\":\"dir\",\"ver\":2}",
        "{\"data\":{},\"type\":\"hdir\",\"ver\":1}",
        "{\"data\":[],\"type\":\"dir\",\"ver\":1}",
        "{\"data\":{\"a.b\":{\"data\":\"\",\"type\":\"val\",\"ver\":1}},\"type\":\"dir\",\"ver\":"
        "1}",
        "{\"data\":{\"\":{\"data\":\"\",\"type\":\"val\",\"ver\":1}},\"type\":\"dir\",\"ver\":1}",
        "{\"data\":{\"a\":{\"data\":\"=\",\"type\":\"val\",\"ver\":1}},\"type\":\"dir\",\"ver\":1}",
        "{\"data\":{\"a\":{\"data\":[],\"type\":\"valref\",\"ver\":1}},\"type\":\"dir\",\"ver\":1}",
        "{\"data\":{\"a\":{\"data\":[\"sha1-00\"],\"type\":\"valref\",\"ver\":1}},\"type\":\"dir\","
        "\"ver\":1}",
        "{\"data\":{\"a\":{\"data\":[7],\"type\":\"dirref\",\"ver\":1}},\"type\":\"dir\",\"ver\":"
        "1}",
        "{\"data\":{\"a\":{\"data\":{},\"type\":\"symlink\",\"ver\":1}},\"type\":\"dir\",\"ver\":"
        "1}",
        "{\"data\":{\"a\":7},\"type\":\"dir\",\"ver\":1}",
    };
    struct world w;
    uint8_t zero[DIGEST_MAX] = {0};
    world_init (&w, "sha1");
    struct node *n = node_create_dirref (&w.forest, "d", 1, zero);
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
        assert_int_equal (treeobj_load_dir (&w.forest, node_dir (n), bad[i], strlen (bad[i])), -1);
        assert_int_equal (errno, EPROTO);
        assert_false (n->loaded);
    }
    struct buf b = {0};
    for (int i = 0; i < 400; i++)
        buf_puts (&b, "{\"ver\":1,\"type\":\"dir\",\"data\":{\"a\":");
    buf_puts (&b, "null");
    for (int i = 0; i < 400; i++)
        buf_puts (&b, "}}");
    assert_int_equal (treeobj_load_dir (&w.forest, node_dir (n), b.data, b.len), -1);
    assert_int_equal (errno, EPROTO);
    buf_clear (&b);
    node_destroy (&w.forest, n);
    world_clear (&w);
}

static void test_blobref (void **state)
{
    const struct digest_alg *a = digest_alg_find ("sha1");
    uint8_t d[DIGEST_MAX];
    char ref[BLOBREF_MAX];
    a->hash ("foo\n", 4, d);
    digest_to_blobref (a, d, ref);
    assert_string_equal (ref, "sha1-f1d2d2f924e986ac86fdf7b36c94bcdf32beec15"); // from RFC 10
    assert_int_equal (digest_from_blobref (a, ref, d), 0);
    static const char *bad[] = {"",
                                "sha1-",
                                "sha1-F1d2d2f924e986ac86fdf7b36c94bcdf32beec15",
                                "sha1-f1d2d2f924e986ac86fdf7b36c94bcdf32beec1",
                                "sha256-f1d2d2f924e986ac86fdf7b36c94bcdf32beec15",
                                "sha1-f1d2d2f924e986ac86fdf7b36c94bcdf32beec155"};
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++)
        assert_int_equal (digest_from_blobref (a, bad[i], d), -1);
    assert_null (digest_alg_find ("md5"));
    a = digest_alg_find ("sha256");
    a->hash ("", 0, d);
    digest_to_blobref (a, d, ref);
    assert_string_equal (ref,
                         "sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_canonical),   cmocka_unit_test (test_base64),
        cmocka_unit_test (test_keys),        cmocka_unit_test (test_notations),
        cmocka_unit_test (test_bad_treeobj), cmocka_unit_test (test_blobref),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The KVS tree and its store: directories that are not in memory, values in pieces, wide
 * directories. */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include "shell/service/kvs/hdir.h"
#include "testsuite/unit/cmocka.h"
#include "testsuite/unit/service/kvs_forest.h"

/* A walk over a store that has not all blobs here says which it lacks. */
/* A job's directory goes as one blob, with what is below; a change in it later is not lost. */
static void test_cold (void **state)
{
    struct world w;
    char key[64], value[32], log[400];
    world_init (&w, "sha1");
    memset (log, 'e', sizeof (log)); // more than is kept in directories that are in use
    log[sizeof (log) - 1] = '\0';
    for (int i = 0; i < 50; i++) {
        snprintf (key, sizeof (key), "job.%d.eventlog", i);
        put (&w, key, log);
        snprintf (key, sizeof (key), "job.%d.guest.output", i);
        snprintf (value, sizeof (value), "output of %d", i);
        put (&w, key, value);
        snprintf (key, sizeof (key), "job.%d.guest.exec.eventlog", i);
        put (&w, key, value);
    }
    forest_evict (&w.forest, 0, 50);
    assert_int_equal (HASH_COUNT (w.store.blobs), 50);
    forest_evict (&w.forest, 0, 100);
    assert_int_equal (HASH_COUNT (w.store.blobs), 52); // job and the root
    check (&w, "job.17.guest.output", "output of 17");
    put (&w, "job.17.guest.output", "changed");
    check (&w, "job.18.guest.output", "output of 18");
    assert_int_equal (tree_store (&w.forest, node_dir (w.tree.root)), 0);
    forest_evict (&w.forest, 0, 100);
    check (&w, "job.17.guest.output", "changed");
    check (&w, "job.18.guest.output", "output of 18");
    put (&w, "job.18.guest.more", "1"); // of what came with another object
    forest_evict (&w.forest, 0, 1);
    forest_evict (&w.forest, 0, 100);
    check (&w, "job.18.guest.more", "1");
    check (&w, "job.18.guest.output", "output of 18");
    check (&w, "job.18.guest.exec.eventlog", "output of 18");
    put (&w, "job.19.guest.exec.eventlog", "changed");
    assert_int_equal (tree_store (&w.forest, node_dir (w.tree.root)), 0);
    forest_evict (&w.forest, 0, 100);
    check (&w, "job.19.guest.exec.eventlog", "changed");
    check (&w, "job.19.guest.output", "output of 19");
    world_clear (&w);
}

static void test_missing (void **state)
{
    struct world w;
    struct blob *b, *tmp;
    char big[1000];
    int rounds = 0;
    world_init (&w, "sha1");
    memset (big, 'x', sizeof (big));
    big[999] = '\0';
    put (&w, "a.b.c", big);
    tree_store (&w.forest, node_dir (w.tree.root));
    struct tree t;
    assert_int_equal (tree_init (&t, &w.forest, node_dir (w.tree.root)->digest), 0);
    HASH_ITER (hh, w.store.blobs, b, tmp)
    b->hidden = true;
    for (;; rounds++) {
        struct walk walk = {.tree = &t};
        struct node *n = tree_walk (&walk, "a.b.c");
        const char *data;
        char *copy;
        size_t len;
        if (n && tree_read (&walk, node_val (n), &data, &len, &copy) == 0) {
            assert_int_equal (len, 999);
            free (copy);
            break;
        }
        assert_int_equal (errno, EAGAIN);
        assert_int_equal (walk.missing.len, 20);
        HASH_FIND (hh, w.store.blobs, walk.missing.data, 20, b);
        b->hidden = false;
        buf_clear (&walk.missing);
    }
    assert_int_equal (rounds, 4); // root, a, a.b, the value
    tree_clear (&t);
    world_clear (&w);
}

/* A value that grows while it is stored again and again stays in few blobs. */
static void test_merge (void **state)
{
    struct world w;
    char want[20001] = "";
    size_t n = 0;
    world_init (&w, "sha1");
    for (int i = 0; i < 1000; i++) {
        char line[21];
        snprintf (line, sizeof (line), "line %014d\n", i);
        append (&w, "out", line);
        memcpy (want + n, line, 20);
        n += 20;
        tree_store (&w.forest, node_dir (w.tree.root));
    }
    struct walk walk = {.tree = &w.tree};
    struct val *v = node_val (tree_walk (&walk, "out"));
    assert_true (v->nrefs < 12);
    check (&w, "out", want);
    world_clear (&w);
}

/* Large strings go by the parser; the result is the same. */
static void test_large (void **state)
{
    struct world w;
    struct walk walk = {.tree = &w.tree};
    struct buf raw = {0}, b = {0};
    struct large large;
    struct txn_op *ops;
    size_t count;
    json_t *o;

    world_init (&w, "sha1");
    for (int i = 0; i < 100000; i++)
        buf_putc (&raw, 'a' + i % 7);
    buf_puts (
        &b, "[{\"key\":\"q\\\"x\",\"flags\":0,\"dirent\":{\"ver\":1,\"type\":\"val\",\"data\":\"");
    base64_append (&b, raw.data, raw.len);
    buf_puts (
        &b, "\"}},{\"key\":\"small\",\"flags\":0,\"dirent\":{\"data\":\"YWJj\",\"ver\":1,\"type\":"
            "\"val\"}}]");
    assert_non_null (o = large_parse (b.data, b.len, &large));
    assert_int_equal (large.count, 1);
    assert_int_equal (txn_decode (&w.forest, o, &large, &ops, &count), 0);
    assert_int_equal (txn_apply (&walk, "primary", ops, count), 0);
    txn_destroy (&w.forest, ops, count);
    check (&w, "q\"x", raw.data);
    check (&w, "small", "abc");
    json_decref (o);
    large_clear (&large);
    /* a mark for something that was not cut out is no base64 */
    static const char mark[] = "[{\"key\":\"k\",\"flags\":0,\"dirent\":{\"data\":\"\\u00010\","
                               "\"ver\":1,\"type\":\"val\"}}]";
    assert_non_null (o = large_parse (mark, strlen (mark), &large));
    assert_int_equal (txn_decode (&w.forest, o, &large, &ops, &count), -1);
    assert_int_equal (errno, EPROTO);
    json_decref (o);
    /* cut short inside of a large string */
    assert_null (large_parse (b.data, b.len / 2, &large));
    assert_int_equal (errno, EPROTO);
    buf_clear (&raw);
    buf_clear (&b);
    world_clear (&w);
}

static void fill (struct world *w, int from, int to)
{
    char key[32], val[32];
    for (int i = from; i < to; i++) {
        snprintf (key, sizeof (key), "d.key%d", i);
        snprintf (val, sizeof (val), "val%d", i);
        put (w, key, val);
    }
}

static void expect_all (struct tree *t, int count)
{
    struct walk walk = {.tree = t};
    struct node **kids, *n = tree_walk (&walk, "d");
    char key[32], val[32], *s;
    uint32_t nkids;

    assert_int_equal (tree_load (&walk, node_dir (n)), 0);
    assert_int_equal (hdir_list (&walk, node_dir (n), &kids, &nkids), 0);
    assert_int_equal (nkids, count);
    for (uint32_t i = 1; i < nkids; i++)
        assert_true (strcmp (node_name (kids[i - 1]), node_name (kids[i])) < 0);
    free (kids);
    for (int i = 0; i < count; i++) {
        snprintf (key, sizeof (key), "d.key%d", i);
        snprintf (val, sizeof (val), "val%d", i);
        assert_non_null (s = get_at (t, key));
        assert_string_equal (s, val);
        free (s);
    }
}

/* A put costs a bucket and the list of them, whatever the directory has. */
static void test_wide (void **state)
{
    struct world w;
    struct tree t;
    world_init (&w, "sha1");
    w.forest.dir_max = 1000;
    w.forest.dir_fill = 32;
    fill (&w, 0, 1000);
    tree_store (&w.forest, node_dir (w.tree.root));
    assert_false (tree_walk (&(struct walk){.tree = &w.tree}, "d")->wide);
    for (int have = 1000, want = 1001; want <= 20000;
         have = want, want = want == 1001 ? 5000 : 4 * want) {
        fill (&w, have, want);
        tree_store (&w.forest, node_dir (w.tree.root));
        struct node *d = tree_walk (&(struct walk){.tree = &w.tree}, "d");
        assert_true (d->wide);
        size_t before = w.store.put_bytes;
        put (&w, "d.key7", "another");
        tree_store (&w.forest, node_dir (w.tree.root));
        assert_true (w.store.put_bytes - before < 4 * 32 * 80 + 90 * node_dir (d)->count + 200);
        assert_true (node_dir (d)->count <= (uint32_t)want / 16);
        put (&w, "d.key7", "val7");
        tree_store (&w.forest, node_dir (w.tree.root));
        expect_all (&w.tree, want);
        forest_evict (&w.forest, 0, 1 << 30);
        assert_int_equal (tree_init (&t, &w.forest, node_dir (w.tree.root)->digest), 0);
        expect_all (&t, want);
        tree_clear (&t);
    }
    assert_int_equal (unlink_ (&w, "d.key12"), 0);
    check (&w, "d.key12", NULL);
    check (&w, "d.key12.x", NULL);
    assert_int_equal (unlink_ (&w, "d"), 0);
    check (&w, "d.key13", NULL);
    world_clear (&w);
}

/* The text is that of RFC 11, and a reader without all blobs loads one bucket for one key. */
static void test_wide_form (void **state)
{
    struct world w;
    struct tree t;
    struct blob *b, *tmp;
    struct buf text = {0};
    int rounds = 0;
    world_init (&w, "sha1");
    w.forest.dir_max = 100;
    w.forest.dir_fill = 16;
    fill (&w, 0, 101);
    tree_store (&w.forest, node_dir (w.tree.root));
    struct node *d = tree_walk (&(struct walk){.tree = &w.tree}, "d");
    assert_int_equal (hdir_append (&w.forest, &text, node_dir (d)), 0);
    json_t *o = json_loads (text.data, 0, NULL), *list;
    const char *type, *func;
    int size, ver;
    assert_int_equal (json_unpack (o, "{s:s s:i s:{s:i s:s s:o}}", "type", &type, "ver", &ver,
                                   "data", "size", &size, "func", &func, "bucket", &list),
                      0);
    assert_string_equal (type, "hdir");
    assert_string_equal (func, "fnv1a32");
    assert_int_equal (size, 16);
    assert_int_equal (json_array_size (list), 16);
    assert_int_equal (tree_init (&t, &w.forest, node_dir (w.tree.root)->digest), 0);
    HASH_ITER (hh, w.store.blobs, b, tmp)
    b->hidden = true;
    for (;; rounds++) {
        struct walk walk = {.tree = &t};
        if (tree_walk (&walk, "d.key55"))
            break;
        assert_int_equal (errno, EAGAIN);
        assert_int_equal (walk.missing.len, 20);
        HASH_FIND (hh, w.store.blobs, walk.missing.data, 20, b);
        b->hidden = false;
        buf_clear (&walk.missing);
    }
    assert_int_equal (rounds, 3); // root, d, one bucket
    /* listing asks for all the others at once */
    struct walk walk = {.tree = &t};
    struct node **kids;
    uint32_t count;
    assert_int_equal (hdir_list (&walk, node_dir (tree_walk (&walk, "d")), &kids, &count), -1);
    assert_int_equal (errno, EAGAIN);
    assert_int_equal (walk.missing.len, 15 * 20);
    buf_clear (&walk.missing);
    tree_clear (&t);
    json_decref (o);
    buf_clear (&text);
    world_clear (&w);
}

static void refuse_dir (struct world *w, const char *text)
{
    struct node *n = node_create_dirref (&w->forest, "", 0, (uint8_t[DIGEST_MAX]){0});

    assert_int_equal (treeobj_load_dir (&w->forest, node_dir (n), text, strlen (text)), -1);
    assert_int_equal (errno, EPROTO);
    assert_false (n->loaded);
    node_destroy (&w->forest, n);
}

static void test_wide_bad (void **state)
{
    static const char *const bad[] = {
        "{\"data\":{},\"type\":\"hdir\",\"ver\":1}",
        "{\"data\":{\"bucket\":[],\"func\":\"fnv1a32\",\"size\":0},\"type\":\"hdir\",\"ver\":1}",
        "{\"data\":{\"bucket\":[null],\"func\":\"fnv1a32\",\"size\":2},\"type\":\"hdir\",\"ver\":"
        "1}",
        "{\"data\":{\"bucket\":[null],\"func\":\"city32\",\"size\":1},\"type\":\"hdir\",\"ver\":1}",
        "{\"data\":{\"bucket\":[7],\"func\":\"fnv1a32\",\"size\":1},\"type\":\"hdir\",\"ver\":1}",
        "{\"data\":{\"bucket\":[{\"data\":\"\",\"type\":\"val\",\"ver\":1}],\"func\":\"fnv1a32\","
        "\"size\":1},\"type\":\"hdir\",\"ver\":1}",
        "{\"data\":{\"bucket\":{},\"func\":\"fnv1a32\",\"size\":99999999},\"type\":\"hdir\","
        "\"ver\":1}",
    };
    struct world w;
    world_init (&w, "sha1");
    for (const char *const *text = bad; text < bad + sizeof (bad) / sizeof (bad[0]); text++)
        refuse_dir (&w, *text);
    /* a bucket that is an hdir itself */
    char *inner = strdup ("{\"data\":{\"bucket\":[null],\"func\":\"fnv1a32\",\"size\":1},"
                          "\"type\":\"hdir\",\"ver\":1}");
    char ref[BLOBREF_MAX], *outer = NULL;
    uint8_t digest[DIGEST_MAX];
    struct tree t;
    store_put (&w.store, inner, strlen (inner), digest);
    digest_to_blobref (w.store.alg, digest, ref);
    assert_true (asprintf (&outer,
                           "{\"data\":{\"bucket\":[{\"data\":[\"%s\"],\"type\":\"dirref\","
                           "\"ver\":1}],\"func\":\"fnv1a32\",\"size\":1},\"type\":\"hdir\","
                           "\"ver\":1}",
                           ref) > 0);
    store_put (&w.store, outer, strlen (outer), digest);
    assert_int_equal (tree_init (&t, &w.forest, digest), 0);
    assert_null (tree_walk (&(struct walk){.tree = &t}, "key"));
    assert_int_equal (errno, ENOTRECOVERABLE);
    tree_clear (&t);
    world_clear (&w);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_cold),     cmocka_unit_test (test_missing),
        cmocka_unit_test (test_merge),    cmocka_unit_test (test_large),
        cmocka_unit_test (test_wide),     cmocka_unit_test (test_wide_form),
        cmocka_unit_test (test_wide_bad),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

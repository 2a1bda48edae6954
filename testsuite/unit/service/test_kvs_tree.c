/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The KVS tree against a model: a flat list of keys and values. Random operations with fixed seeds;
 * in between directories are stored, forgotten and loaded again. */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include "testsuite/unit/cmocka.h"
#include "testsuite/unit/service/kvs_forest.h"

/* ---- the model: full keys of values only; directories are what lies between */

struct entry {
    char key[64];
    char *val;
    UT_hash_handle hh;
};

static bool below (const char *key, const char *dir)
{
    size_t n = strlen (dir);
    return !strncmp (key, dir, n) && key[n] == '.';
}

static void model_del (struct entry **m, struct entry *e)
{
    HASH_DEL (*m, e);
    free (e->val);
    free (e);
}

/* Remove a key with all below it, and values which are in the way above it. */
static void model_clear_at (struct entry **m, const char *key, bool above)
{
    struct entry *e, *tmp;
    HASH_ITER (hh, *m, e, tmp)
    {
        if (!strcmp (e->key, key) || below (e->key, key) || (above && below (key, e->key)))
            model_del (m, e);
    }
}

static void model_put (struct entry **m, const char *key, const char *val)
{
    struct entry *e = calloc (1, sizeof (*e));
    model_clear_at (m, key, true);
    snprintf (e->key, sizeof (e->key), "%s", key);
    e->val = strdup (val);
    HASH_ADD_STR (*m, key, e);
}

static bool model_is_dir (struct entry *m, const char *key)
{
    struct entry *e, *tmp;
    HASH_ITER (hh, m, e, tmp)
    if (below (e->key, key))
        return true;
    return false;
}

static void model_append (struct entry **m, const char *key, const char *val)
{
    struct entry *e;
    HASH_FIND_STR (*m, key, e);
    if (!e) {
        model_put (m, key, val);
        return;
    }
    size_t n = strlen (e->val);
    e->val = realloc (e->val, n + strlen (val) + 1);
    strcpy (e->val + n, val);
}

static void random_key (char *key)
{
    int depth = 1 + rand () % 4, n = 0;
    for (int i = 0; i < depth; i++)
        n += sprintf (key + n, "%s%c%d", i ? "." : "", 'a' + rand () % 3, rand () % 3);
}

static void random_val (char *val)
{
    int len = rand () % 8 ? rand () % 40 : rand () % 900;
    for (int i = 0; i < len; i++)
        val[i] = 'A' + rand () % 26;
    val[len] = '\0';
}

static void compare (struct world *w, struct entry *model)
{
    struct entry *e, *tmp;
    HASH_ITER (hh, model, e, tmp)
    check (w, e->key, e->val);
}

/* max: entries of a directory before it is a wide one; 0 for none. */
static void run_random (unsigned seed, int steps, int max)
{
    struct world w;
    struct entry *model = NULL, *e, *tmp;
    char key[64], val[1024];
    world_init (&w, seed % 2 ? "sha1" : "sha256");
    w.forest.dir_max = max;
    w.forest.dir_fill = 2;
    srand (seed);
    for (int i = 0; i < steps; i++) {
        random_key (key);
        random_val (val);
        switch (rand () % 10) {
        case 0:
        case 1:
        case 2:
        case 3:
            assert_int_equal (put (&w, key, val), 0);
            model_put (&model, key, val);
            break;
        case 4:
        case 5:
        case 6:
            /* An emptied directory stays in the tree and is not in the model. */
            if (append (&w, key, val) < 0)
                assert_int_equal (errno, EISDIR);
            else {
                assert_false (model_is_dir (model, key));
                model_append (&model, key, val);
            }
            break;
        case 7:
            assert_int_equal (unlink_ (&w, key), 0);
            model_clear_at (&model, key, false);
            break;
        case 8:
            assert_int_equal (tree_store (&w.forest, node_dir (w.tree.root)), 0);
            break;
        case 9:
            forest_evict (&w.forest, 0, rand () % 20);
            break;
        }
        HASH_FIND_STR (model, key, e);
        check (&w, key, e ? e->val : NULL);
        if (i % 50 == 0)
            compare (&w, model);
    }
    compare (&w, model);
    /* The same content from its root's digest. */
    assert_int_equal (tree_store (&w.forest, node_dir (w.tree.root)), 0);
    uint8_t digest[DIGEST_MAX];
    memcpy (digest, node_dir (w.tree.root)->digest, DIGEST_MAX);
    tree_clear (&w.tree);
    assert_int_equal (tree_init (&w.tree, &w.forest, digest), 0);
    compare (&w, model);
    HASH_ITER (hh, model, e, tmp)
    model_del (&model, e);
    world_clear (&w);
}

static void test_random (void **state)
{
    for (unsigned seed = 1; seed <= 30; seed++)
        run_random (seed, 600, 0);
}

static void test_random_wide (void **state)
{
    for (unsigned seed = 1; seed <= 30; seed++)
        run_random (seed, 600, 1 + seed % 3);
}

/* ---- single facts */

static void test_snapshot (void **state)
{
    struct world w;
    struct tree old;
    world_init (&w, "sha1");
    put (&w, "a.b", "one");
    tree_store (&w.forest, node_dir (w.tree.root));
    assert_int_equal (tree_init (&old, &w.forest, node_dir (w.tree.root)->digest), 0);
    put (&w, "a.b", "two");
    put (&w, "c", "three");
    char *s = get_at (&old, "a.b");
    assert_string_equal (s, "one");
    free (s);
    assert_null (get_at (&old, "c"));
    check (&w, "a.b", "two");
    tree_clear (&old);
    world_clear (&w);
}

static void test_atomic (void **state)
{
    struct world w;
    struct walk walk;
    world_init (&w, "sha1");
    put (&w, "d.x", "1");
    put (&w, "v", "abc");
    tree_store (&w.forest, node_dir (w.tree.root));
    uint8_t before[DIGEST_MAX];
    memcpy (before, node_dir (w.tree.root)->digest, DIGEST_MAX);

    const char *text =
        "[{\"key\":\"new.deep.er\",\"flags\":0,\"dirent\":{\"data\":\"QUJD\",\"type\":\"val\","
        "\"ver\":1}},"
        "{\"key\":\"v\",\"flags\":32,\"dirent\":{\"data\":\"QUJD\",\"type\":\"val\",\"ver\":1}},"
        "{\"key\":\"d.x\",\"flags\":0,\"dirent\":null},"
        "{\"key\":\"d\",\"flags\":32,\"dirent\":{\"data\":\"QUJD\",\"type\":\"val\",\"ver\":1}}]";
    json_t *o = json_loads (text, 0, NULL);
    struct txn_op *ops;
    size_t count;
    assert_int_equal (txn_decode (&w.forest, o, NULL, &ops, &count), 0);
    walk = (struct walk){.tree = &w.tree};
    assert_int_equal (txn_apply (&walk, "primary", ops, count), -1);
    assert_int_equal (errno, EISDIR);
    txn_destroy (&w.forest, ops, count);
    check (&w, "d.x", "1");
    check (&w, "v", "abc");
    check (&w, "new.deep.er", NULL);
    tree_store (&w.forest, node_dir (w.tree.root));
    assert_memory_equal (before, node_dir (w.tree.root)->digest, 20);

    json_array_remove (o, 3);
    assert_int_equal (txn_decode (&w.forest, o, NULL, &ops, &count), 0);
    assert_int_equal (txn_apply (&walk, "primary", ops, count), 0);
    txn_destroy (&w.forest, ops, count);
    check (&w, "d.x", NULL);
    check (&w, "v", "abcABC");
    check (&w, "new.deep.er", "ABC");
    json_decref (o);
    world_clear (&w);
}

static void test_symlink (void **state)
{
    struct world w;
    world_init (&w, "sha1");
    put (&w, "real.a", "1");
    put_link (&w, "l", NULL, "real");
    put_link (&w, "l2", NULL, "l.a");
    check (&w, "l.a", "1");
    check (&w, "l2", "1");
    assert_int_equal (put (&w, "l.b", "2"), 0); // through the link
    check (&w, "real.b", "2");
    put_link (&w, "loop1", NULL, "loop2");
    put_link (&w, "loop2", NULL, "loop1");
    assert_null (get_at (&w.tree, "loop1"));
    assert_int_equal (errno, ELOOP);
    assert_int_equal (put (&w, "loop1.x", "2"), -1);
    assert_int_equal (errno, ELOOP);
    put_link (&w, "dot", NULL, ".");
    check (&w, "dot.dot.real.a", "1");
    put_link (&w, "other", "elsewhere", "x");
    assert_null (get_at (&w.tree, "other"));
    assert_int_equal (errno, ENOTSUP);
    assert_int_equal (put (&w, "other.x", "2"), -1);
    assert_int_equal (errno, EINVAL);
    assert_int_equal (append (&w, "l", "x"), -1);
    assert_int_equal (errno, EOPNOTSUPP);
    assert_int_equal (append (&w, "real", "x"), -1);
    assert_int_equal (errno, EISDIR);
    world_clear (&w);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_random),   cmocka_unit_test (test_random_wide),
        cmocka_unit_test (test_snapshot), cmocka_unit_test (test_atomic),
        cmocka_unit_test (test_symlink),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

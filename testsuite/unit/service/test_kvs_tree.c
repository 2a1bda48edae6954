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
#include "shell/service/kvs/hdir.h"
#include "shell/service/kvs/key.h"
#include "shell/service/kvs/treeobj.h"
#include "shell/service/kvs/txn.h"
#include "testsuite/unit/cmocka.h"

/* ---- a store in memory */

struct blob {
    uint8_t digest[DIGEST_MAX];
    void *data;
    size_t len;
    bool hidden; // "not here yet"
    UT_hash_handle hh;
};

struct store {
    struct blob *blobs;
    size_t put_bytes;
    const struct digest_alg *alg;
};

static int store_get (void *arg, const uint8_t *digest, const void **datap, size_t *lenp)
{
    struct store *s = arg;
    struct blob *b;
    HASH_FIND (hh, s->blobs, digest, s->alg->size, b);
    if (!b || b->hidden) {
        errno = b ? EAGAIN : ENOENT;
        return -1;
    }
    *datap = b->data;
    *lenp = b->len;
    return 0;
}

static int store_put (void *arg, void *data, size_t len, uint8_t *digest)
{
    struct store *s = arg;
    struct blob *b;
    s->alg->hash (data, len, digest);
    s->put_bytes += len;
    HASH_FIND (hh, s->blobs, digest, s->alg->size, b);
    if (b) {
        free (data);
        return 0;
    }
    b = calloc (1, sizeof (*b));
    memcpy (b->digest, digest, s->alg->size);
    b->data = data;
    b->len = len;
    HASH_ADD (hh, s->blobs, digest, s->alg->size, b);
    return 0;
}

static void store_clear (struct store *s)
{
    struct blob *b, *tmp;
    HASH_ITER (hh, s->blobs, b, tmp)
    {
        HASH_DEL (s->blobs, b);
        free (b->data);
        free (b);
    }
}

struct world {
    struct store store;
    struct forest forest;
    struct tree tree;
};

static void world_init (struct world *w, const char *alg)
{
    memset (w, 0, sizeof (*w));
    w->store.alg = digest_alg_find (alg);
    w->forest =
        (struct forest){.alg = w->store.alg, .get = store_get, .put = store_put, .arg = &w->store};
    assert_int_equal (tree_init (&w->tree, &w->forest, NULL), 0);
}

static void world_clear (struct world *w)
{
    tree_clear (&w->tree);
    assert_int_equal (w->forest.bytes, 0);
    assert_int_equal (w->forest.nodes, 0);
    assert_null (w->forest.lru);
    store_clear (&w->store);
}

static int put (struct world *w, const char *key, const char *val)
{
    struct walk walk = {.tree = &w->tree};
    const char *name = strrchr (key, '.') ? strrchr (key, '.') + 1 : key;
    struct txn_op op = {.kind = TXN_PUT, .key = key};
    op.node = node_create (&w->forest, NODE_VAL, name, strlen (name));
    val_set (&w->forest, node_val (op.node), strdup (val), strlen (val));
    int rc = txn_apply (&walk, "primary", &op, 1);
    txn_op_clear (&w->forest, &op);
    return rc;
}

static int put_link (struct world *w, const char *key, const char *ns, const char *target)
{
    struct walk walk = {.tree = &w->tree};
    const char *name = strrchr (key, '.') ? strrchr (key, '.') + 1 : key;
    struct txn_op op = {.kind = TXN_PUT, .key = key};
    op.node = node_create (&w->forest, NODE_LINK, name, strlen (name));
    link_set (&w->forest, node_link (op.node), ns, target);
    int rc = txn_apply (&walk, "primary", &op, 1);
    txn_op_clear (&w->forest, &op);
    return rc;
}

static int append (struct world *w, const char *key, const char *val)
{
    struct walk walk = {.tree = &w->tree};
    struct txn_op op = {.kind = TXN_APPEND, .key = key, .data = val, .len = strlen (val)};
    return txn_apply (&walk, "primary", &op, 1);
}

static int unlink_ (struct world *w, const char *key)
{
    struct walk walk = {.tree = &w->tree};
    struct txn_op op = {.kind = TXN_UNLINK, .key = key};
    return txn_apply (&walk, "primary", &op, 1);
}

/* NULL with errno; EISDIR for a directory. The caller frees. */
static char *get_at (struct tree *t, const char *key)
{
    struct walk walk = {.tree = t};
    struct node *n = tree_walk (&walk, key);
    const char *data;
    char *copy, *result;
    size_t len;
    buf_clear (&walk.missing);
    if (!n)
        return NULL;
    if (n->type != NODE_VAL) {
        errno = n->type == NODE_DIR ? EISDIR : EINVAL;
        return NULL;
    }
    assert_int_equal (tree_read (&walk, node_val (n), &data, &len, &copy), 0);
    result = strndup (data, len);
    free (copy);
    return result;
}

static void check (struct world *w, const char *key, const char *want)
{
    char *s = get_at (&w->tree, key);
    if (!want)
        assert_null (s);
    else {
        assert_non_null (s);
        assert_string_equal (s, want);
    }
    free (s);
}

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

/* ---- wide directories */

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
        cmocka_unit_test (test_random),      cmocka_unit_test (test_random_wide),
        cmocka_unit_test (test_wide),        cmocka_unit_test (test_wide_form),
        cmocka_unit_test (test_wide_bad),    cmocka_unit_test (test_snapshot),
        cmocka_unit_test (test_atomic),      cmocka_unit_test (test_symlink),
        cmocka_unit_test (test_missing),     cmocka_unit_test (test_cold),
        cmocka_unit_test (test_canonical),   cmocka_unit_test (test_merge),
        cmocka_unit_test (test_large),       cmocka_unit_test (test_base64),
        cmocka_unit_test (test_keys),        cmocka_unit_test (test_notations),
        cmocka_unit_test (test_bad_treeobj), cmocka_unit_test (test_blobref),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

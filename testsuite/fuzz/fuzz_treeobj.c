/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Tree objects and commits of the KVS (RFC 11): the input is first taken as a directory's blob,
 * then as the operations of a transaction on a small tree. */

#include "config.h"
#include <errno.h>
#include "shell/service/kvs/hdir.h"
#include "shell/service/kvs/treeobj.h"
#include "shell/service/kvs/txn.h"
#include "testsuite/fuzz/fuzz.h"

static int get (void *arg, const uint8_t *digest, const void **datap, size_t *lenp)
{
    errno = EAGAIN;
    return -1;
}

/* A store that knows digests but keeps nothing: what is unloaded stays so. */
static int put (void *arg, void *data, size_t len, uint8_t *digest)
{
    const struct forest *f = arg;
    f->alg->hash (data, len, digest);
    free (data);
    return 0;
}

/* The quick reader takes nothing that the JSON decoder would not take, and reads the same. */
static void compare (struct forest *f, const char *text, size_t len, const struct buf *want)
{
    json_t *o = json_loadb (text, len, 0, NULL);
    struct node *n = treeobj_to_node (f, o, "d", 1);
    struct buf b = {0};

    MUST (n && n->type == NODE_DIR);
    node_dirty (n);
    MUST (tree_store (f, node_dir (n)) == 0);
    MUST (treeobj_append_dir (f, &b, node_dir (n)) == 0);
    MUST (b.len == want->len && memcmp (b.data, want->data, b.len) == 0);
    buf_clear (&b);
    node_destroy (f, n);
    json_decref (o);
}

/* A wide directory, which has no other form. */
static bool is_wide (struct forest *f, struct node *n)
{
    struct buf b = {0};

    if (!n->wide)
        return false;
    MUST (hdir_append (f, &b, node_dir (n)) == 0);
    dir_unload (f, node_dir (n));
    MUST (treeobj_load_dir (f, node_dir (n), b.data, b.len) == 0 && n->wide);
    buf_clear (&b);
    return true;
}

static void fuzz_dir (struct forest *f, const char *text, size_t len)
{
    uint8_t zero[DIGEST_MAX] = {0}, first[DIGEST_MAX];
    struct node *n = node_create_dirref (f, "d", 1, zero);
    struct buf b = {0};

    if (treeobj_load_dir (f, node_dir (n), text, len) == 0 && !is_wide (f, n)) {
        node_dirty (n);
        MUST (tree_store (f, node_dir (n)) == 0);
        memcpy (first, node_dir (n)->digest, DIGEST_MAX);
        MUST (treeobj_append_dir (f, &b, node_dir (n)) == 0);
        compare (f, text, len, &b);
        dir_unload (f, node_dir (n));
        MUST (treeobj_load_dir (f, node_dir (n), b.data, b.len) == 0);
        node_dirty (n);
        MUST (tree_store (f, node_dir (n)) == 0);
        MUST (memcmp (first, node_dir (n)->digest, f->alg->size) == 0);
    }
    buf_clear (&b);
    node_destroy (f, n);
}

static void fuzz_txn (struct forest *f, const char *text, size_t len)
{
    struct large large;
    json_t *o = large_parse (text, len, &large);
    struct tree t;
    struct walk w = {.tree = &t};
    struct txn_op *ops;
    size_t count;
    uint8_t before[DIGEST_MAX];

    MUST (tree_init (&t, f, NULL) == 0);
    MUST (tree_store (f, node_dir (t.root)) == 0);
    memcpy (before, node_dir (t.root)->digest, DIGEST_MAX);
    if (txn_decode (f, o, &large, &ops, &count) == 0) {
        int rc = txn_apply (&w, "primary", ops, count);
        MUST (tree_store (f, node_dir (t.root)) == 0);
        if (rc < 0) // all or nothing
            MUST (memcmp (before, node_dir (t.root)->digest, f->alg->size) == 0);
        for (size_t i = 0; rc == 0 && i < count; i++)
            tree_walk (&w, ops[i].key);
        txn_destroy (f, ops, count);
    }
    buf_clear (&w.missing);
    tree_clear (&t);
    json_decref (o);
    large_clear (&large);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    struct forest f = {.alg = digest_alg_find ("sha1"), .get = get, .put = put};

    f.arg = &f;
    fuzz_dir (&f, (const char *)data, size);
    fuzz_txn (&f, (const char *)data, size);
    MUST (f.bytes == 0 && f.nodes == 0 && !f.lru);
    return 0;
}

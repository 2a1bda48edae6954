/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "testsuite/unit/cmocka.h"
#include "testsuite/unit/service/kvs_forest.h"

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

int store_put (void *arg, void *data, size_t len, uint8_t *digest)
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

void world_init (struct world *w, const char *alg)
{
    memset (w, 0, sizeof (*w));
    w->store.alg = digest_alg_find (alg);
    w->forest =
        (struct forest){.alg = w->store.alg, .get = store_get, .put = store_put, .arg = &w->store};
    assert_int_equal (tree_init (&w->tree, &w->forest, NULL), 0);
}

void world_clear (struct world *w)
{
    tree_clear (&w->tree);
    assert_int_equal (w->forest.bytes, 0);
    assert_int_equal (w->forest.nodes, 0);
    assert_null (w->forest.lru);
    store_clear (&w->store);
}

int put (struct world *w, const char *key, const char *val)
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

int put_link (struct world *w, const char *key, const char *ns, const char *target)
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

int append (struct world *w, const char *key, const char *val)
{
    struct walk walk = {.tree = &w->tree};
    struct txn_op op = {.kind = TXN_APPEND, .key = key, .data = val, .len = strlen (val)};
    return txn_apply (&walk, "primary", &op, 1);
}

int unlink_ (struct world *w, const char *key)
{
    struct walk walk = {.tree = &w->tree};
    struct txn_op op = {.kind = TXN_UNLINK, .key = key};
    return txn_apply (&walk, "primary", &op, 1);
}

/* NULL with errno; EISDIR for a directory. The caller frees. */
char *get_at (struct tree *t, const char *key)
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

void check (struct world *w, const char *key, const char *want)
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

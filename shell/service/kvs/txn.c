/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"
#include "shell/service/kvs/txn.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "shell/service/kvs/hdir.h"
#include "shell/service/kvs/key.h"
#include "shell/service/kvs/limits.h"
#include "shell/service/kvs/treeobj.h"

/* What takes one step back: put `old` in the place of `now` (either may be NULL), or cut a value to
 * the length it had. */
struct undo {
    struct dir *dir;
    struct node *now, *old;
    struct val *val;
    uint32_t len;
};

struct journal {
    struct undo *v;
    size_t count, size;
};

static struct undo *journal_add (struct journal *j)
{
    if (j->count == j->size) {
        size_t size = j->size ? 2 * j->size : 8;
        struct undo *v = realloc (j->v, size * sizeof (v[0]));
        if (!v)
            return NULL;
        j->v = v;
        j->size = size;
    }
    return memset (&j->v[j->count++], 0, sizeof (j->v[0]));
}

static void journal_back (struct forest *f, struct journal *j)
{
    struct node *x;
    while (j->count > 0) {
        struct undo *u = &j->v[--j->count];
        if (u->val)
            u->val->len = u->len;
        else if (u->old) { // there is room: the entry was there before
            dir_set (f, u->dir, u->old, &x);
            node_destroy (f, u->now);
        } else if (u->now) {
            dir_take (u->dir, node_name (u->now), u->now->namelen);
            node_destroy (f, u->now);
        }
    }
}

static void journal_end (struct forest *f, struct journal *j)
{
    for (size_t i = 0; i < j->count; i++)
        node_destroy (f, j->v[i].old);
    free (j->v);
}

static int place (struct forest *f, struct journal *j, struct dir *d, struct node *n)
{
    struct undo *u = journal_add (j);
    if (!u)
        return -1;
    if (dir_set (f, d, n, &u->old) < 0) {
        j->count--;
        return -1;
    }
    u->dir = d;
    u->now = n;
    node_dirty (&d->n);
    return 0;
}

static int op_append (struct forest *f, struct journal *j, struct dir *d, struct node *n,
                      const char *name, struct txn_op *op)
{
    struct undo *u;
    if (!n) {
        if (!(n = node_create (f, NODE_VAL, name, strlen (name))))
            return -1;
        if (val_append (f, node_val (n), op->data, op->len) < 0 || place (f, j, d, n) < 0) {
            node_destroy (f, n);
            return -1;
        }
        return 0;
    }
    if (n->type != NODE_VAL) {
        errno = n->type == NODE_DIR ? EISDIR : EOPNOTSUPP;
        return -1;
    }
    if (!(u = journal_add (j)))
        return -1;
    u->val = node_val (n);
    u->len = u->val->len;
    if (val_append (f, u->val, op->data, op->len) < 0) {
        j->count--;
        return -1;
    }
    node_dirty (n);
    return 0;
}

static int op_last (struct forest *f, struct journal *j, struct dir *d, const char *name,
                    struct txn_op *op)
{
    struct node *n;
    struct undo *u;
    switch (op->kind) {
    case TXN_PUT:
        if (place (f, j, d, op->node) < 0)
            return -1;
        op->node = NULL;
        return 0;
    case TXN_APPEND:
        return op_append (f, j, d, dir_find (d, name, strlen (name)), name, op);
    case TXN_UNLINK:
        if (!dir_find (d, name, strlen (name)))
            return 0;
        if (!(u = journal_add (j)))
            return -1;
        n = dir_take (d, name, strlen (name));
        *u = (struct undo){.dir = d, .old = n};
        node_dirty (&d->n);
        return 0;
    }
    errno = EINVAL;
    return -1;
}

static int op_apply (struct walk *w, const char *ns, struct journal *j, struct txn_op *op,
                     const char *key, int links);

static int op_follow (struct walk *w, const char *ns, struct journal *j, struct txn_op *op,
                      struct link *l, const char *rest, int links)
{
    char *raw = NULL, *key;
    int rc;
    if (l->ns && strcmp (l->ns, ns) != 0) {
        errno = EINVAL;
        return -1;
    }
    if (links >= KVS_SYMLINK_MAX) {
        errno = ELOOP;
        return -1;
    }
    if (asprintf (&raw, "%s.%s", l->target, rest) < 0)
        return -1;
    key = key_normalize (raw);
    free (raw);
    if (!key)
        return -1;
    rc = op_apply (w, ns, j, op, key, links + 1);
    free (key);
    return rc;
}

static int op_apply (struct walk *w, const char *ns, struct journal *j, struct txn_op *op,
                     const char *key, int links)
{
    struct forest *f = w->tree->forest;
    struct dir *d = node_dir (w->tree->root);
    const char *name = key, *dot;

    if (*key == '.') {
        errno = EINVAL;
        return -1;
    }
    for (;; name = dot + 1) {
        struct node *n;
        size_t len = strchrnul (name, '.') - name;
        if (tree_load (w, d) < 0)
            return -1;
        if (!(d = hdir_place (w, d, name, len, op->kind != TXN_UNLINK)))
            return op->kind == TXN_UNLINK && errno == ENOENT ? 0 : -1;
        if (!(dot = strchr (name, '.')))
            return op_last (f, j, d, name, op);
        n = dir_find (d, name, dot - name);
        if (n && n->type == NODE_LINK)
            return op_follow (w, ns, j, op, node_link (n), dot + 1, links);
        if (!n || n->type != NODE_DIR) {
            if (op->kind == TXN_UNLINK)
                return 0;
            if (!(n = node_create (f, NODE_DIR, name, dot - name)))
                return -1;
            if (place (f, j, d, n) < 0) {
                node_destroy (f, n);
                return -1;
            }
        }
        d = node_dir (n);
    }
}

/* Down the path the directories were touched root first. Touch them again the other way, so that
 * the list's order stays as tree.c wants it. */
static void touch_path (struct walk *w, const char *key)
{
    struct node *n = w->tree->root, *deepest = n;
    while (n && n->type == NODE_DIR && n->loaded && *key) {
        size_t len = strchrnul (key, '.') - key;
        struct dir *d = node_dir (n);
        if (d->n.wide && !(d = hdir_find (d, key, len)))
            break;
        deepest = &d->n;
        n = d->n.loaded ? dir_find (d, key, len) : NULL;
        key += len + (key[len] == '.');
    }
    for (n = deepest; n; n = n->parent)
        dir_touch (w->tree->forest, node_dir (n));
}

int txn_apply (struct walk *w, const char *ns, struct txn_op *ops, size_t count)
{
    struct forest *f = w->tree->forest;
    struct journal j = {0};
    for (size_t i = 0; i < count; i++) {
        if (op_apply (w, ns, &j, &ops[i], ops[i].key, 0) < 0) {
            int saved_errno = errno;
            journal_back (f, &j);
            free (j.v);
            errno = saved_errno;
            return -1;
        }
        touch_path (w, ops[i].key);
    }
    journal_end (f, &j);
    w->tree->gen++;
    return 0;
}

/* ---- requests */

enum { FLAG_APPEND = 32 }; // FLUX_KVS_APPEND

static int decode_op (struct forest *f, const json_t *o, const struct large *large,
                      struct txn_op *op)
{
    const char *key, *name;
    int flags;
    json_t *dirent;

    if (json_unpack ((json_t *)o, "{s:s s:i s:o}", "key", &key, "flags", &flags, "dirent",
                     &dirent) < 0) {
        errno = EPROTO;
        return -1;
    }
    if (flags & ~FLAG_APPEND) {
        errno = EINVAL;
        return -1;
    }
    if (!(op->key = op->key_copy = key_normalize (key)))
        return -1;
    if (json_is_null (dirent)) {
        op->kind = TXN_UNLINK;
        return 0;
    }
    name = strrchr (op->key, '.');
    name = name ? name + 1 : op->key;
    if (!(op->node = treeobj_decode_large (f, dirent, large, name, strlen (name))))
        return -1;
    op->kind = TXN_PUT;
    if (flags & FLAG_APPEND) {
        struct val *v = node_val (op->node);
        if (op->node->type != NODE_VAL || v->nrefs) {
            errno = EPROTO;
            return -1;
        }
        op->kind = TXN_APPEND;
        op->data = v->data;
        op->len = v->len;
    }
    return 0;
}

int txn_decode (struct forest *f, const json_t *ops, const struct large *large,
                struct txn_op **opsp, size_t *countp)
{
    size_t count = json_array_size (ops);
    struct txn_op *v;

    if (!json_is_array (ops)) {
        errno = EPROTO;
        return -1;
    }
    if (count > KVS_TXN_OPS_MAX) {
        errno = E2BIG;
        return -1;
    }
    if (!(v = calloc (count ? count : 1, sizeof (v[0]))))
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (decode_op (f, json_array_get (ops, i), large, &v[i]) < 0) {
            txn_destroy (f, v, count);
            return -1;
        }
    }
    *opsp = v;
    *countp = count;
    return 0;
}

void txn_op_clear (struct forest *f, struct txn_op *op)
{
    int saved_errno = errno;
    node_destroy (f, op->node);
    free (op->key_copy);
    free (op->data_copy);
    memset (op, 0, sizeof (*op));
    errno = saved_errno;
}

void txn_destroy (struct forest *f, struct txn_op *ops, size_t count)
{
    for (size_t i = 0; i < count; i++)
        txn_op_clear (f, &ops[i]);
    free (ops);
}

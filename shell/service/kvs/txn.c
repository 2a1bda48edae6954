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

#define UNDO_FEW 8 // as many as one operation mostly takes: each job makes twenty

struct journal {
    struct undo *v;
    size_t count, size;
    struct undo few[UNDO_FEW];
};

static void journal_begin (struct journal *j)
{
    j->v = j->few;
    j->count = 0;
    j->size = UNDO_FEW;
}

static int journal_grow (struct journal *j)
{
    struct undo *old = j->v == j->few ? NULL : j->v;
    struct undo *v = realloc (old, 2 * j->size * sizeof (v[0]));

    if (!v)
        return -1;
    if (!old)
        memcpy (v, j->few, sizeof (j->few));
    j->v = v;
    j->size *= 2;
    return 0;
}

static struct undo *journal_add (struct journal *j)
{
    if (j->count == j->size && journal_grow (j) < 0)
        return NULL;
    return memset (&j->v[j->count++], 0, sizeof (j->v[0]));
}

static void journal_free (struct journal *j)
{
    if (j->v != j->few)
        free (j->v);
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
    journal_free (j);
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

/* To where the entry is, which *dirp is after; on the way it is the directory that was reached. */
static int op_walk (struct walk *w, const char *ns, struct journal *j, struct txn_op *op,
                    const char *key, int links, struct dir **dirp)
{
    struct forest *f = w->tree->forest;
    struct dir *d = *dirp;
    const char *name = key, *dot;

    for (;; name = dot + 1) {
        struct node *n;
        size_t len = strchrnul (name, '.') - name;
        if (!d->n.loaded && tree_load (w, d) < 0)
            return -1;
        *dirp = d;
        if (!(d = hdir_place (w, d, name, len, op->kind != TXN_UNLINK)))
            return op->kind == TXN_UNLINK && errno == ENOENT ? 0 : -1;
        *dirp = d;
        if (!name[len])
            return op_last (f, j, d, name, op);
        dot = name + len;
        n = dir_find (d, name, len);
        if (n && n->type == NODE_LINK)
            return op_follow (w, ns, j, op, node_link (n), dot + 1, links);
        if (!n || n->type != NODE_DIR) {
            if (op->kind == TXN_UNLINK)
                return 0;
            if (!(n = node_create (f, NODE_DIR, name, len)))
                return -1;
            if (place (f, j, d, n) < 0) {
                node_destroy (f, n);
                return -1;
            }
        }
        d = node_dir (n);
    }
}

/* Directories are touched on the way back, so that the list's order stays as tree.c wants it. */
static int op_apply (struct walk *w, const char *ns, struct journal *j, struct txn_op *op,
                     const char *key, int links)
{
    struct dir *d = node_dir (w->tree->root);

    if (*key == '.') {
        errno = EINVAL;
        return -1;
    }
    int rc = op_walk (w, ns, j, op, key, links, &d), saved_errno = errno;
    for (struct node *n = &d->n; n; n = n->parent) {
        if (n->loaded)
            dir_touch (w->tree->forest, node_dir (n));
    }
    errno = saved_errno;
    return rc;
}

int txn_apply (struct walk *w, const char *ns, struct txn_op *ops, size_t count)
{
    struct forest *f = w->tree->forest;
    struct journal j;
    journal_begin (&j);
    for (size_t i = 0; i < count; i++) {
        if (op_apply (w, ns, &j, &ops[i], ops[i].key, 0) < 0) {
            int saved_errno = errno;
            journal_back (f, &j);
            journal_free (&j);
            errno = saved_errno;
            return -1;
        }
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

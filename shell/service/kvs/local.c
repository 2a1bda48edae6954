/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The way in for services of rank 0: no messages, no JSON, no waiting. */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "shell/service/kvs/hdir.h"
#include "shell/service/kvs/key.h"
#include "shell/service/kvs/kvs_private.h"
#include "shell/service/kvs/limits.h"

static struct ns *local_ns (struct kvs *kvs, const char *name)
{
    if (kvs->rank > 0) {
        errno = EINVAL;
        return NULL;
    }
    if (kvs->forest.bytes > KVS_TREE_BYTES) // one turn may do a lot
        forest_evict (&kvs->forest, KVS_TREE_BYTES, 64);
    return name ? ns_find (kvs, name) : kvs->primary;
}

/* Keys of services are normal as a rule; else *copyp is the normal form, to be freed. */
static const char *normal (const char *key, char **copyp)
{
    *copyp = NULL;
    if (key_is_normal (key))
        return key;
    return *copyp = key_normalize (key);
}

static int do_op_keep (struct kvs *kvs, const char *nsname, const char *key, struct txn_op *op)
{
    struct ns *ns = local_ns (kvs, nsname);
    struct walk walk = {.find_ns = NULL};
    char *copy = NULL;
    int rc = -1;

    if (ns && (op->key = normal (key, &copy))) {
        walk.tree = &ns->tree;
        if ((rc = txn_apply (&walk, ns->name, op, 1)) == 0) {
            ns_wrote (ns, op->key);
            ns_wrote_end (ns);
            kvs->stats.ops++;
        }
    }
    int saved_errno = errno;
    op->key = NULL;
    buf_clear (&walk.missing);
    free (copy);
    errno = saved_errno;
    return rc;
}

static int do_op (struct kvs *kvs, const char *nsname, const char *key, struct txn_op *op)
{
    int rc = do_op_keep (kvs, nsname, key, op);
    txn_op_clear (&kvs->forest, op);
    return rc;
}

/* A node with the last name of a key. */
static struct node *named_node (struct kvs *kvs, enum node_type type, const char *key)
{
    size_t end = strlen (key), begin;
    while (end > 0 && key[end - 1] == '.')
        end--;
    for (begin = end; begin > 0 && key[begin - 1] != '.';)
        begin--;
    return node_create (&kvs->forest, type, key + begin, end - begin);
}

int kvs_local_put_after (struct kvs *kvs, const char *ns, const char *key,
                         const struct kvs_head *head, void *data, size_t len)
{
    struct txn_op op = {.kind = TXN_PUT};
    if (len > CONTENT_BLOB_MAX || !(op.node = named_node (kvs, NODE_VAL, key))) {
        free (data);
        errno = len > CONTENT_BLOB_MAX ? EFBIG : errno;
        return -1;
    }
    val_set (&kvs->forest, node_val (op.node), data, len);
    if (head && val_add_ref (&kvs->forest, node_val (op.node), head->digest) < 0) {
        txn_op_clear (&kvs->forest, &op);
        return -1;
    }
    return do_op (kvs, ns, key, &op);
}

int kvs_local_put_take (struct kvs *kvs, const char *ns, const char *key, void *data, size_t len)
{
    return kvs_local_put_after (kvs, ns, key, NULL, data, len);
}

int kvs_local_head (struct kvs *kvs, const void *data, size_t len, struct kvs_head *head)
{
    void *copy = malloc (len);
    if (!copy)
        return -1;
    memcpy (copy, data, len);
    if (kvs->forest.put (kvs->forest.arg, copy, len, head->digest) < 0) {
        free (copy);
        return -1;
    }
    head->len = len;
    return 0;
}

int kvs_local_put (struct kvs *kvs, const char *ns, const char *key, const void *data, size_t len)
{
    void *copy = malloc (len ? len : 1);
    if (!copy)
        return -1;
    if (len)
        memcpy (copy, data, len);
    return kvs_local_put_take (kvs, ns, key, copy, len);
}

int kvs_local_append (struct kvs *kvs, const char *ns, const char *key, const void *data,
                      size_t len)
{
    struct txn_op op = {.kind = TXN_APPEND, .data = data, .len = len};
    return do_op (kvs, ns, key, &op);
}

int kvs_local_unlink (struct kvs *kvs, const char *ns, const char *key)
{
    struct txn_op op = {.kind = TXN_UNLINK};
    return do_op (kvs, ns, key, &op);
}

int kvs_local_mkdir (struct kvs *kvs, const char *ns, const char *key)
{
    struct txn_op op = {.kind = TXN_PUT};
    if (!(op.node = named_node (kvs, NODE_DIR, key)))
        return -1;
    return do_op (kvs, ns, key, &op);
}

int kvs_local_symlink (struct kvs *kvs, const char *ns, const char *key, const char *target_ns,
                       const char *target)
{
    struct txn_op op = {.kind = TXN_PUT};
    if (!*target || (target_ns && !key_ns_ok (target_ns))) {
        errno = EINVAL;
        return -1;
    }
    if (!(op.node = named_node (kvs, NODE_LINK, key)))
        return -1;
    if (link_set (&kvs->forest, node_link (op.node), target_ns, target) < 0) {
        txn_op_clear (&kvs->forest, &op);
        return -1;
    }
    return do_op (kvs, ns, key, &op);
}

/* ---- reading */

static struct tree *find_ns (void *arg, const char *name)
{
    struct ns *ns = ns_find (arg, name);
    return ns ? &ns->tree : NULL;
}

static struct node *walk_local (struct kvs *kvs, const char *nsname, const char *key,
                                struct walk *w)
{
    struct ns *ns = local_ns (kvs, nsname);
    char *copy;
    struct node *n = NULL;
    if (!ns || !(key = *key == '.' && !key[1] ? (copy = NULL, key) : normal (key, &copy)))
        return NULL;
    *w = (struct walk){.tree = &ns->tree, .find_ns = find_ns, .arg = kvs};
    n = tree_walk (w, key);
    free (copy);
    return n;
}

int kvs_local_get (struct kvs *kvs, const char *ns, const char *key, char **datap, size_t *lenp)
{
    struct walk w;
    struct node *n = walk_local (kvs, ns, key, &w);
    const char *data;
    char *copy;

    if (!n)
        return -1;
    if (n->type != NODE_VAL) {
        errno = EISDIR;
        return -1;
    }
    if (tree_read (&w, node_val (n), &data, lenp, &copy) < 0)
        return -1;
    if (!copy) {
        if (!(copy = malloc (*lenp + 1)))
            return -1;
        memcpy (copy, data, *lenp);
        copy[*lenp] = '\0';
    }
    *datap = copy;
    return 0;
}

void kvs_local_cool (struct kvs *kvs, const char *ns, const char *key)
{
    struct walk w = {.nofollow = true};
    struct node *n = walk_local (kvs, ns, key, &w);

    if (n && n->type == NODE_DIR)
        forest_forget (&kvs->forest, node_dir (n));
}

int kvs_local_exists (struct kvs *kvs, const char *ns, const char *key)
{
    struct walk w;
    return walk_local (kvs, ns, key, &w) ? 0 : -1;
}

/* The names are copied, so that cb may do what it likes: 'd' or 'v', the name, a NUL. */
static int list_names (struct kvs *kvs, const char *ns, const char *key, struct buf *b)
{
    struct walk w;
    struct node *n = walk_local (kvs, ns, key, &w), **kids;
    struct dir *d;
    uint32_t count;

    if (!n)
        return -1;
    if (n->type != NODE_DIR) {
        errno = ENOTDIR;
        return -1;
    }
    d = node_dir (n);
    if (tree_load (&w, d) < 0 || hdir_list (&w, d, &kids, &count) < 0)
        return -1;
    for (uint32_t i = 0; i < count; i++) {
        buf_putc (b, kids[i]->type == NODE_DIR ? 'd' : 'v');
        buf_append (b, node_name (kids[i]), kids[i]->namelen + 1);
    }
    free (kids);
    if (b->err)
        errno = b->err;
    return b->err ? -1 : 0;
}

int kvs_local_list (struct kvs *kvs, const char *ns, const char *key, kvs_list_f cb, void *arg)
{
    struct buf b = {0};
    int rc = list_names (kvs, ns, key, &b);
    for (size_t i = 0; rc == 0 && i < b.len; i += strlen (b.data + i) + 1)
        rc = cb (b.data + i + 1, b.data[i] == 'd', arg);
    buf_clear (&b);
    return rc;
}

int kvs_local_getroot (struct kvs *kvs, const char *name, int *seqp, char **blobrefp)
{
    struct ns *ns = local_ns (kvs, name);
    char ref[BLOBREF_MAX];
    if (!ns)
        return -1;
    if (ns->changed)
        ns_commit (ns);
    if (blobrefp && (ns_root (ns, ref) < 0 || !(*blobrefp = strdup (ref))))
        return -1;
    if (seqp)
        *seqp = ns->seq;
    return 0;
}

/* ---- watching */

struct kvs_local_watch *kvs_local_watch (struct kvs *kvs, const char *name, const char *key,
                                         int flags, kvs_local_watch_f cb, void *arg)
{
    struct ns *ns = local_ns (kvs, name);
    struct watcher *w;
    int wflags = KVS_WATCH | KVS_WAITCREATE | (flags & KVS_LOCAL_APPEND ? KVS_WATCH_APPEND : 0);

    if (!ns || !(w = watch_create (kvs, ns->name, key, wflags)))
        return NULL;
    watch_set_local (w, cb, arg);
    if (watch_start_at_turn_end (w) < 0)
        return NULL;
    return (struct kvs_local_watch *)w;
}

void kvs_local_watch_stop (struct kvs_local_watch *w)
{
    if (w)
        watch_end ((struct watcher *)w);
}

/* ---- namespaces */

int kvs_local_ns_create (struct kvs *kvs, const char *ns, uint32_t owner)
{
    return kvs->rank > 0 ? (errno = EINVAL, -1) : kvs_ns_create (kvs, ns, owner, 0, NULL);
}

int kvs_local_ns_remove (struct kvs *kvs, const char *ns)
{
    return kvs->rank > 0 ? (errno = EINVAL, -1) : kvs_ns_remove (kvs, ns);
}

/* Give an empty directory the entries of another one, which is left empty. */
static void move_entries (struct dir *to, struct dir *from)
{
    struct dir empty = *to;

    to->kids = from->kids;
    to->count = from->count;
    to->size = from->size;
    to->n.wide = from->n.wide;
    for (uint32_t i = 0; i < to->count; i++) {
        if (to->kids[i])
            to->kids[i]->parent = &to->n;
    }
    from->kids = empty.kids;
    from->count = 0;
    from->size = empty.size;
    from->n.wide = false;
}

int kvs_local_ns_graft (struct kvs *kvs, const char *nsname, const char *key)
{
    struct ns *ns = local_ns (kvs, nsname);
    struct txn_op op = {.kind = TXN_PUT};
    struct walk w = {.find_ns = NULL};
    int rc = -1;

    if (!nsname || !ns || ns == kvs->primary) {
        errno = ns ? EINVAL : errno;
        return -1;
    }
    w.tree = &ns->tree;
    if (tree_load (&w, node_dir (ns->tree.root)) < 0 ||
        !(op.node = named_node (kvs, NODE_DIR, key)))
        return -1;
    move_entries (node_dir (op.node), node_dir (ns->tree.root));
    if ((rc = do_op_keep (kvs, NULL, key, &op)) < 0)
        move_entries (node_dir (ns->tree.root), node_dir (op.node));
    node_dirty (ns->tree.root);
    txn_op_clear (&kvs->forest, &op);
    return rc < 0 ? -1 : kvs_ns_remove (kvs, nsname);
}

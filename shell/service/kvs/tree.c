/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"
#include "shell/service/kvs/tree.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "shell/service/kvs/hdir.h"
#include "shell/service/kvs/limits.h"
#include "shell/service/kvs/treeobj.h"

int tree_init (struct tree *t, struct forest *f, const uint8_t *digest)
{
    memset (t, 0, sizeof (*t));
    t->forest = f;
    t->root = digest ? node_create_dirref (f, "", 0, digest) : node_create (f, NODE_DIR, "", 0);
    return t->root ? 0 : -1;
}

void tree_clear (struct tree *t)
{
    if (t->root)
        node_destroy (t->forest, t->root);
    t->root = NULL;
}

/* ---- walk */

static int get_blob (struct walk *w, const uint8_t *digest, const void **datap, size_t *lenp)
{
    struct forest *f = w->tree->forest;
    if (f->get (f->arg, digest, datap, lenp) == 0)
        return 0;
    if (errno == EAGAIN && buf_append (&w->missing, digest, f->alg->size) < 0)
        errno = ENOMEM;
    return -1;
}

int tree_load (struct walk *w, struct dir *d)
{
    const void *data;
    size_t len;
    if (d->n.loaded) {
        dir_touch (w->tree->forest, d);
        return 0;
    }
    if (get_blob (w, d->digest, &data, &len) < 0)
        return -1;
    if (treeobj_load_dir (w->tree->forest, d, data, len) < 0) {
        if (errno == EPROTO)
            errno = ENOTRECOVERABLE;
        return -1;
    }
    return 0;
}

static struct node *walk_from (struct walk *w, const char *key, bool nofollow, int links);

/* The node that a link leads to; w->tree may change. */
static struct node *follow (struct walk *w, struct link *l, int links)
{
    struct node *n;
    char *target;

    if (links >= KVS_SYMLINK_MAX) {
        errno = ELOOP;
        return NULL;
    }
    if (!(target = strdup (l->target)))
        return NULL;
    if (l->ns) {
        struct tree *t = w->find_ns ? w->find_ns (w->arg, l->ns) : (errno = ENOTSUP, NULL);
        if (!t) {
            free (target);
            return NULL;
        }
        w->tree = t;
    }
    n = walk_from (w, target, false, links + 1);
    free (target);
    return n;
}

/* Directories are touched on the way back, the root last: so a directory is never colder than what
 * lies below it, and the coldest one has no loaded directory in it. */
static void touch_up (struct forest *f, struct node *n)
{
    for (; n; n = n->parent)
        if (n->type == NODE_DIR && n->loaded)
            dir_touch (f, node_dir (n));
}

static struct node *walk_from (struct walk *w, const char *key, bool nofollow, int links)
{
    struct node *n = w->tree->root;
    struct tree *origin = w->tree;

    for (const char *name = *key == '.' ? "" : key; *name;) {
        size_t len = strchrnul (name, '.') - name;
        bool last = !name[len];
        if (n->type != NODE_DIR) {
            errno = ENOENT;
            return NULL;
        }
        struct dir *d = node_dir (n);
        if (tree_load (w, d) < 0 || !(d = hdir_place (w, d, name, len, false)))
            return NULL;
        if (!(n = dir_find (d, name, len))) {
            errno = ENOENT;
            return NULL;
        }
        if (n->type == NODE_LINK && !(last && nofollow)) {
            touch_up (origin->forest, n);
            if (!(n = follow (w, node_link (n), links)))
                return NULL;
        }
        name += len + (last ? 0 : 1);
    }
    touch_up (w->tree->forest, n);
    return n;
}

struct node *tree_walk (struct walk *w, const char *key)
{
    return walk_from (w, key, w->nofollow, 0);
}

/* ---- read */

/* Copy what lies at or after offset `from` of a piece that begins at `pos`. */
static void copy_from (char *copy, size_t from, size_t pos, const char *data, size_t len)
{
    size_t skip = from > pos ? from - pos : 0;
    if (len > skip)
        memcpy (copy + pos + skip - from, data + skip, len - skip);
}

static int read_joined (struct walk *w, struct val *v, size_t from, size_t total, char **copyp)
{
    unsigned dsize = w->tree->forest->alg->size;
    char *copy = malloc (total - from + 1);
    const void *data;
    size_t len, pos = 0;

    if (!copy)
        return -1;
    for (uint32_t i = 0; i < v->nrefs; i++, pos += len) {
        if (i < v->nlens && pos + (len = v->lens[i]) <= from)
            continue;
        if (get_blob (w, v->refs + i * dsize, &data, &len) < 0 || len > total - pos) {
            free (copy);
            return -1;
        }
        copy_from (copy, from, pos, data, len);
    }
    if (v->len)
        copy_from (copy, from, pos, v->data, v->len);
    copy[total - from] = '\0';
    *copyp = copy;
    return 0;
}

/* Blobs of which the length is known are not looked at for it. */
static int find_total (struct walk *w, struct val *v, size_t *totalp)
{
    unsigned dsize = w->tree->forest->alg->size;
    const void *data;
    size_t len, total = v->len;
    bool again = false;

    for (uint32_t i = 0; i < v->nrefs; i++) {
        if (i < v->nlens)
            total += v->lens[i];
        else if (get_blob (w, v->refs + i * dsize, &data, &len) == 0) {
            total += len;
            if (i == v->nlens)
                val_know_length (w->tree->forest, v, len);
        } else if (errno == EAGAIN)
            again = true;
        else
            return -1;
    }
    *totalp = total;
    errno = EAGAIN;
    return again ? -1 : 0;
}

int tree_read_from (struct walk *w, struct val *v, size_t from, const char **datap, size_t *totalp,
                    char **copyp)
{
    const void *data = v->data ? v->data : "";
    size_t len, total;

    *copyp = NULL;
    if (find_total (w, v, &total) < 0)
        return -1;
    *totalp = total;
    *datap = "";
    if (from >= total)
        return 0;
    if (total - from > CONTENT_BLOB_MAX) {
        errno = EFBIG;
        return -1;
    }
    if (v->nrefs + (v->len > 0) > 1) {
        if (read_joined (w, v, from, total, copyp) < 0)
            return -1;
        *datap = *copyp;
        return 0;
    }
    if (v->nrefs > 0 && get_blob (w, v->refs, &data, &len) < 0)
        return -1;
    *datap = (const char *)data + from;
    return 0;
}

int tree_read (struct walk *w, struct val *v, const char **datap, size_t *lenp, char **copyp)
{
    return tree_read_from (w, v, 0, datap, lenp, copyp);
}

/* ---- store */

/* Take the last blob back in front of the data when it is not much larger: so that a value that
 * grows by small pieces is made of few blobs, and each byte is written again only log(n) times. */
static void val_merge (struct forest *f, struct val *v)
{
    while (v->nrefs > 0 && v->len > 0) {
        const void *data;
        size_t len;
        char *p;
        if (f->get (f->arg, v->refs + (v->nrefs - 1) * f->alg->size, &data, &len) < 0 ||
            len > 2 * (size_t)v->len || len + v->len > KVS_MERGE_MAX ||
            !(p = malloc (len + v->len)))
            return;
        memcpy (p, data, len);
        memcpy (p + len, v->data, v->len);
        free (v->data);
        f->bytes += len + v->len;
        f->bytes -= v->size;
        v->data = p;
        v->len += len;
        v->size = v->len;
        val_pop_ref (f, v);
    }
}

int tree_store_val (struct forest *f, struct val *v)
{
    uint8_t digest[DIGEST_MAX] = {0};

    val_merge (f, v);
    if (v->len == 0 || (v->nrefs == 0 && v->len <= KVS_INLINE_MAX))
        return 0;
    if (val_add_ref (f, v, digest) < 0) // room first: nothing is lost if there is none
        return -1;
    if (f->put (f->arg, v->data, v->len, digest) < 0) {
        val_pop_ref (f, v);
        return -1;
    }
    memcpy (v->refs + (v->nrefs - 1) * f->alg->size, digest, f->alg->size);
    if (v->nlens + 1 == v->nrefs && v->len > KVS_MERGE_MAX)
        val_know_length (f, v, v->len);
    f->bytes -= v->size;
    v->data = NULL;
    v->len = v->size = 0;
    return 0;
}

int tree_put_dir (struct forest *f, struct dir *d)
{
    struct buf b = {0};
    char *text;
    size_t len;

    if ((d->n.wide ? hdir_append : treeobj_append_dir) (f, &b, d) < 0 ||
        !(text = buf_steal (&b, &len))) {
        buf_clear (&b);
        errno = ENOMEM;
        return -1;
    }
    if (f->put (f->arg, text, len, d->digest) < 0) {
        free (text);
        return -1;
    }
    d->n.stored = true;
    d->n.inlined = false;
    return 0;
}

int tree_store (struct forest *f, struct dir *d)
{
    if (node_has_digest (&d->n))
        return 0;
    hdir_adapt (f, d);
    for (uint32_t i = 0; i < d->count; i++) {
        struct node *n = d->kids[i];
        if (!n) // an empty bucket
            continue;
        if (n->type == NODE_DIR && tree_store (f, node_dir (n)) < 0)
            return -1;
        if (n->type == NODE_VAL && tree_store_val (f, node_val (n)) < 0)
            return -1;
    }
    return tree_put_dir (f, d);
}

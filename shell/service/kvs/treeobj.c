/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"
#include "shell/service/kvs/treeobj.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "shell/service/kvs/hdir.h"
#include "shell/service/kvs/key.h"
#include "shell/service/kvs/limits.h"

#define LITERAL(b, s) buf_append (b, s, sizeof (s) - 1)

int treeobj_append_string (struct buf *b, const char *s, size_t len)
{
    size_t start = 0;
    buf_putc (b, '"');
    for (size_t i = 0; i < len; i++) {
        unsigned char c = s[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_append (b, s + start, i - start);
        start = i + 1;
        if (c == '"' || c == '\\')
            buf_printf (b, "\\%c", c);
        else if (memchr ("\b\f\n\r\t", c, 5))
            buf_printf (b, "\\%c",
                        c == '\b'   ? 'b'
                        : c == '\f' ? 'f'
                        : c == '\n' ? 'n'
                        : c == '\r' ? 'r'
                                    : 't');
        else
            buf_printf (b, "\\u%04X", c);
    }
    buf_append (b, s + start, len - start);
    return buf_putc (b, '"');
}

/* Wide directories are mostly dirrefs: one check for room, then plain copies. */
static void append_refs (const struct forest *f, struct buf *b, const char *type,
                         const uint8_t *refs, size_t nrefs)
{
    char *p;
    if (buf_reserve (b, 64 + nrefs * (BLOBREF_MAX + 3)) < 0)
        return;
    p = stpcpy (b->data + b->len, "{\"data\":[");
    for (size_t i = 0; i < nrefs; i++) {
        if (i > 0)
            *p++ = ',';
        *p++ = '"';
        p += digest_to_blobref (f->alg, refs + i * f->alg->size, p);
        *p++ = '"';
    }
    p = stpcpy (p, "],\"type\":\"");
    p = stpcpy (p, type);
    p = stpcpy (p, "\",\"ver\":1}");
    b->len = p - b->data;
}

int treeobj_append_dirref (const struct forest *f, struct buf *b, const uint8_t *digest)
{
    append_refs (f, b, "dirref", digest, 1);
    return b->err ? -1 : 0;
}

int treeobj_append_val (struct buf *b, const struct base64_slice *s, size_t count)
{
    LITERAL (b, "{\"data\":\"");
    base64_append_slices (b, s, count);
    LITERAL (b, "\",\"type\":\"val\",\"ver\":1}");
    return b->err ? -1 : 0;
}

static void append_link (struct buf *b, const struct link *l)
{
    LITERAL (b, "{\"data\":{");
    if (l->ns) {
        LITERAL (b, "\"namespace\":");
        treeobj_append_string (b, l->ns, strlen (l->ns));
        buf_putc (b, ',');
    }
    LITERAL (b, "\"target\":");
    treeobj_append_string (b, l->target, strlen (l->target));
    LITERAL (b, "},\"type\":\"symlink\",\"ver\":1}");
}

int treeobj_append (const struct forest *f, struct buf *b, struct node *n)
{
    if (n->type == NODE_DIR && !node_has_digest (n))
        treeobj_append_dir (f, b, node_dir (n));
    else if (n->type == NODE_DIR)
        append_refs (f, b, "dirref", node_dir (n)->digest, 1);
    else if (n->type == NODE_LINK)
        append_link (b, node_link (n));
    else if (node_val (n)->nrefs)
        append_refs (f, b, "valref", node_val (n)->refs, node_val (n)->nrefs);
    else
        treeobj_append_val (b, &(struct base64_slice){node_val (n)->data, node_val (n)->len}, 1);
    return b->err ? -1 : 0;
}

static bool is_plain (const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] < 0x20 || s[i] == '"' || s[i] == '\\')
            return false;
    return true;
}

/* A small value under a plain name, of which wide directories consist: one check for room. */
static bool append_small (struct buf *b, const struct node *n)
{
    const struct val *v = (const struct val *)n;
    char *p;

    if (n->type != NODE_VAL || v->nrefs > 0 || v->len > KVS_COLD_INLINE_MAX ||
        !is_plain (node_name (n), n->namelen) ||
        buf_reserve (b, n->namelen + BASE64_ENCODED_LENGTH (v->len) + 64) < 0)
        return false;
    p = b->data + b->len;
    *p++ = '"';
    p = mempcpy (p, node_name (n), n->namelen);
    p = stpcpy (p, "\":{\"data\":\"");
    base64_encode (p, v->data, v->len);
    p = stpcpy (p + BASE64_ENCODED_LENGTH (v->len), "\",\"type\":\"val\",\"ver\":1}");
    b->len = p - b->data;
    return true;
}

int treeobj_append_dir (const struct forest *f, struct buf *b, struct dir *d)
{
    return treeobj_append_entries (f, b, d->kids, d->count);
}

int treeobj_append_entries (const struct forest *f, struct buf *b, struct node **kids,
                            uint32_t count)
{
    buf_reserve (b, 64 + (size_t)count * (BLOBREF_MAX + 64));
    LITERAL (b, "{\"data\":{");
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buf_putc (b, ',');
        if (append_small (b, kids[i]))
            continue;
        treeobj_append_string (b, node_name (kids[i]), kids[i]->namelen);
        buf_putc (b, ':');
        treeobj_append (f, b, kids[i]);
    }
    LITERAL (b, "},\"type\":\"dir\",\"ver\":1}");
    return b->err ? -1 : 0;
}

/* ---- decode */

static struct node *decode (struct forest *f, const json_t *o, const struct large *large,
                            const char *name, size_t namelen, int depth);

static struct node *proto (struct forest *f, struct node *n)
{
    node_destroy (f, n);
    errno = EPROTO;
    return NULL;
}

static struct node *decode_val (struct forest *f, const json_t *data, const struct large *large,
                                const char *name, size_t nl)
{
    struct node *n;
    char *p;
    size_t len;
    struct base64_slice text = large_string (large, data);

    if (!text.data || !(p = base64_decode_alloc (text.data, text.len, &len)))
        return proto (f, NULL);
    if (!(n = node_create (f, NODE_VAL, name, nl))) {
        free (p);
        return NULL;
    }
    val_set (f, node_val (n), p, len);
    return n;
}

static int decode_ref (struct forest *f, const json_t *o, uint8_t *digest)
{
    return json_is_string (o) ? digest_from_blobref (f->alg, json_string_value (o), digest) : -1;
}

static struct node *decode_valref (struct forest *f, const json_t *data, const char *name,
                                   size_t nl)
{
    size_t count = json_array_size (data);
    uint8_t digest[DIGEST_MAX];
    struct node *n;
    if (count == 0)
        return proto (f, NULL);
    if (!(n = node_create (f, NODE_VAL, name, nl)))
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (decode_ref (f, json_array_get (data, i), digest) < 0)
            return proto (f, n);
        if (val_add_ref (f, node_val (n), digest) < 0) {
            node_destroy (f, n);
            return NULL;
        }
    }
    return n;
}

static struct node *decode_dirref (struct forest *f, const json_t *data, const char *name,
                                   size_t nl)
{
    uint8_t digest[DIGEST_MAX];
    if (json_array_size (data) != 1 || decode_ref (f, json_array_get (data, 0), digest) < 0)
        return proto (f, NULL);
    return node_create_dirref (f, name, nl, digest);
}

static struct node *decode_link (struct forest *f, const json_t *data, const char *name, size_t nl)
{
    const char *target, *ns = NULL;
    struct node *n;
    if (json_unpack ((json_t *)data, "{s:s s?s}", "target", &target, "namespace", &ns) < 0 ||
        !*target || strlen (target) > KVS_KEY_MAX || (ns && !key_ns_ok (ns)))
        return proto (f, NULL);
    if ((n = node_create (f, NODE_LINK, name, nl)) && link_set (f, node_link (n), ns, target) < 0) {
        node_destroy (f, n);
        return NULL;
    }
    return n;
}

/* Add the entries of a dir's data to an empty loaded directory. */
static int fill_dir (struct forest *f, struct dir *d, const json_t *data, const struct large *large,
                     int depth)
{
    const char *name;
    json_t *o;
    if (!json_is_object (data))
        goto proto;
    json_object_foreach ((json_t *)data, name, o)
    {
        size_t nl = strlen (name);
        struct node *n, *old;
        if (!key_name_ok (name, nl))
            goto proto;
        if (!(n = decode (f, o, large, name, nl, depth + 1)))
            return -1;
        if (dir_set (f, d, n, &old) < 0) {
            node_destroy (f, n);
            return -1;
        }
        node_destroy (f, old);
    }
    return 0;
proto:
    errno = EPROTO;
    return -1;
}

static struct node *decode_dir (struct forest *f, const json_t *data, const struct large *large,
                                const char *name, size_t nl, int depth)
{
    struct node *n = node_create (f, NODE_DIR, name, nl);
    if (n && fill_dir (f, node_dir (n), data, large, depth) < 0) {
        node_destroy (f, n);
        return NULL;
    }
    return n;
}

static struct node *decode (struct forest *f, const json_t *o, const struct large *large,
                            const char *name, size_t nl, int depth)
{
    const char *type;
    json_t *data;
    int ver;
    if (depth > KVS_DEPTH_MAX ||
        json_unpack ((json_t *)o, "{s:i s:s s:o}", "ver", &ver, "type", &type, "data", &data) < 0 ||
        ver != 1)
        return proto (f, NULL);
    if (!strcmp (type, "val"))
        return decode_val (f, data, large, name, nl);
    if (!strcmp (type, "valref"))
        return decode_valref (f, data, name, nl);
    if (!strcmp (type, "dirref"))
        return decode_dirref (f, data, name, nl);
    if (!strcmp (type, "symlink"))
        return decode_link (f, data, name, nl);
    if (!strcmp (type, "dir"))
        return decode_dir (f, data, large, name, nl, depth);
    return proto (f, NULL);
}

struct node *treeobj_to_node (struct forest *f, const json_t *o, const char *name, size_t namelen)
{
    return decode (f, o, NULL, name, namelen, 0);
}

struct node *treeobj_decode_large (struct forest *f, const json_t *o, const struct large *large,
                                   const char *name, size_t namelen)
{
    return decode (f, o, large, name, namelen, 0);
}

static int decode_into (struct forest *f, struct dir *d, const char *text, size_t len)
{
    json_t *o = json_loadb (text, len, 0, NULL), *data;
    const char *type;
    int ver, rc = -1;

    if (!o || json_unpack (o, "{s:i s:s s:o}", "ver", &ver, "type", &type, "data", &data) < 0 ||
        ver != 1 || (strcmp (type, "dir") != 0 && strcmp (type, "hdir") != 0))
        errno = EPROTO;
    else if (*type == 'h')
        rc = d->n.bucket ? (errno = EPROTO, -1) : hdir_decode (f, d, data);
    else
        rc = fill_dir (f, d, data, NULL, 0);
    json_decref (o);
    return rc;
}

static void load_begin (struct forest *f, struct dir *d)
{
    d->n.loaded = true;
    dir_touch (f, d);
}

/* What came with the object of a directory is stored, as that is. */
static int loaded (struct dir *d)
{
    for (uint32_t i = 0; i < d->count; i++) {
        struct node *n = d->kids[i];
        if (!n || n->type != NODE_DIR || n->stored)
            continue;
        n->stored = n->inlined = true;
        loaded (node_dir (n));
    }
    return 0;
}

int treeobj_load_dir (struct forest *f, struct dir *d, const char *text, size_t len)
{
    load_begin (f, d);
    if (treeobj_scan_dir (f, d, text, len))
        return loaded (d);
    dir_unload (f, d);
    load_begin (f, d);
    if (decode_into (f, d, text, len) == 0)
        return loaded (d);
    int saved_errno = errno;
    dir_unload (f, d);
    errno = saved_errno;
    return -1;
}

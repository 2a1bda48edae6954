/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Reading a directory object straight from its text, in the form in which every Flux writes it
 * (RFC 11 objects with their members in order, no blanks). A wide directory is mostly dirrefs and
 * valrefs, for which a tree of JSON values takes many times the memory and the time. Anything else
 * is left to the JSON decoder: a single entry (symlink, dir), or all (another form). */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "shell/service/kvs/key.h"
#include "shell/service/kvs/treeobj.h"

struct scan {
    struct forest *f;
    const char *p, *end;
};

static bool take (struct scan *s, const char *text, size_t len)
{
    if ((size_t)(s->end - s->p) < len || memcmp (s->p, text, len) != 0)
        return false;
    s->p += len;
    return true;
}

#define TAKE(s, literal) take (s, literal, sizeof (literal) - 1)

/* A string without escapes, of ASCII: what lies between the quotes. */
static bool take_string (struct scan *s, const char **textp, size_t *lenp)
{
    const char *quote;

    if (!TAKE (s, "\"") || !(quote = memchr (s->p, '"', s->end - s->p)))
        return false;
    for (const char *p = s->p; p < quote; p++)
        if (*p == '\\' || (unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
            return false;
    *textp = s->p;
    *lenp = quote - s->p;
    s->p = quote + 1;
    return true;
}

static bool take_ref (struct scan *s, uint8_t *digest)
{
    const char *text;
    char ref[BLOBREF_MAX];
    size_t len;

    if (!take_string (s, &text, &len) || len >= sizeof (ref))
        return false;
    memcpy (ref, text, len);
    ref[len] = '\0';
    return digest_from_blobref (s->f->alg, ref, digest) == 0;
}

static struct node *scan_val (struct scan *s, const char *name, size_t namelen)
{
    const char *text;
    size_t len, datalen;
    struct node *n;
    char *data;

    if (!take_string (s, &text, &len) || !TAKE (s, ",\"type\":\"val\",\"ver\":1}") ||
        !(data = base64_decode_alloc (text, len, &datalen)))
        return NULL;
    if (!(n = node_create (s->f, NODE_VAL, name, namelen))) {
        free (data);
        return NULL;
    }
    val_set (s->f, node_val (n), data, datalen);
    return n;
}

static struct node *scan_refs (struct scan *s, const char *name, size_t namelen)
{
    uint8_t digest[DIGEST_MAX];
    struct node *n;

    if (!TAKE (s, "[") || !take_ref (s, digest))
        return NULL;
    if (TAKE (s, "],\"type\":\"dirref\",\"ver\":1}"))
        return node_create_dirref (s->f, name, namelen, digest);
    if (!(n = node_create (s->f, NODE_VAL, name, namelen)))
        return NULL;
    while (val_add_ref (s->f, node_val (n), digest) == 0) {
        if (TAKE (s, "],\"type\":\"valref\",\"ver\":1}"))
            return n;
        if (!TAKE (s, ",") || !take_ref (s, digest))
            break;
    }
    node_destroy (s->f, n);
    return NULL;
}

/* One value of any form; s->p is moved past it. */
static struct node *decode_entry (struct scan *s, const char *name, size_t namelen)
{
    json_error_t error;
    json_t *o = json_loadb (s->p, s->end - s->p, JSON_DISABLE_EOF_CHECK, &error);
    struct node *n = o ? treeobj_to_node (s->f, o, name, namelen) : NULL;

    json_decref (o);
    s->p += n ? error.position : 0;
    return n;
}

static struct node *scan_entry (struct scan *s, const char *name, size_t namelen)
{
    const char *begin = s->p;
    struct node *n = NULL;

    if (TAKE (s, "{\"data\":") && s->p < s->end)
        n = *s->p == '"' ? scan_val (s, name, namelen) : scan_refs (s, name, namelen);
    if (n)
        return n;
    s->p = begin;
    return decode_entry (s, name, namelen);
}

static bool scan_member (struct scan *s, struct dir *d)
{
    const char *name;
    size_t namelen;
    struct node *n, *old;

    if (!take_string (s, &name, &namelen) || !key_name_ok (name, namelen) || !TAKE (s, ":") ||
        !(n = scan_entry (s, name, namelen)))
        return false;
    if (dir_set (s->f, d, n, &old) < 0) {
        node_destroy (s->f, n);
        return false;
    }
    node_destroy (s->f, old);
    return true;
}

bool treeobj_scan_dir (struct forest *f, struct dir *d, const char *text, size_t len)
{
    struct scan s = {f, text, text + len};

    if (!TAKE (&s, "{\"data\":{") || memchr (text, '\0', len)) // jansson passes over some NULs
        return false;
    if (!TAKE (&s, "}")) {
        do {
            if (!scan_member (&s, d))
                return false;
        } while (TAKE (&s, ","));
        if (!TAKE (&s, "}"))
            return false;
    }
    return TAKE (&s, ",\"type\":\"dir\",\"ver\":1}") && s.p == s.end;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Garbage collection (RFC 10 leaves it open): what can be reached is copied to a new file. At the
 * end of an instance whose store is kept, when more than half of the blobs may be garbage, that is
 * what the last checkpoint needs. On demand: content_collect.c. */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include "lib/util/errprintf.h"
#include "shell/service/kvs/content_private.h"

struct refs {
    const struct digest_alg *alg;
    struct compact *compact;
};

static int object_refs (struct refs *r, json_t *o);

static int array_refs (struct refs *r, json_t *list, bool is_dir)
{
    uint8_t digest[DIGEST_MAX];
    json_t *o;
    size_t i;
    json_array_foreach (list, i, o)
    {
        if (!json_is_string (o) ||
            digest_from_blobref (r->alg, json_string_value (o), digest) < 0 ||
            compact_add (r->compact, digest, is_dir) < 0)
            return -1;
    }
    return 0;
}

static int dir_refs (struct refs *r, json_t *data)
{
    const char *name;
    json_t *o;
    json_object_foreach (data, name, o)
    {
        if (object_refs (r, o) < 0)
            return -1;
    }
    return 0;
}

static int bucket_refs (struct refs *r, json_t *list)
{
    json_t *o;
    size_t i;
    json_array_foreach (list, i, o)
    {
        if (!json_is_null (o) && object_refs (r, o) < 0)
            return -1;
    }
    return 0;
}

static int object_refs (struct refs *r, json_t *o)
{
    const char *type;
    json_t *data;
    if (json_unpack (o, "{s:s s:o}", "type", &type, "data", &data) < 0) {
        errno = EPROTO;
        return -1;
    }
    if (!strcmp (type, "dirref") || !strcmp (type, "valref"))
        return array_refs (r, data, *type == 'd');
    if (!strcmp (type, "hdir"))
        return bucket_refs (r, json_object_get (data, "bucket"));
    return !strcmp (type, "dir") ? dir_refs (r, data) : 0;
}

static int find_refs (struct compact *co, const void *text, size_t len, void *arg)
{
    struct content *c = arg;
    struct refs r = {c->alg, co};
    json_t *o = json_loadb (text, len, 0, NULL);
    int rc = o ? object_refs (&r, o) : -1;
    if (!o)
        errno = EPROTO;
    json_decref (o);
    return rc;
}

static const void *find_blob (const uint8_t *digest, size_t *lenp, void *arg)
{
    struct entry *e = content_lookup (arg, digest);

    if (!e || !e->valid)
        return NULL;
    *lenp = e->len;
    return e->data;
}

const struct compact_ops content_compact_ops = {find_refs, find_blob};

int content_add_checkpoint (struct content *c, struct compact *co)
{
    uint8_t digest[DIGEST_MAX];
    char ref[BLOBREF_MAX];
    int seq;

    if (content_checkpoint (c, ref, &seq) < 0)
        return 0;
    if (digest_from_blobref (c->alg, ref, digest) < 0)
        return -1;
    return compact_add (co, digest, true);
}

/* A clean blob is thought to be in the store: if it is not any more, it must be written again when
 * somebody needs it, or go. */
static void settle_cache (struct content *c, struct compact *co)
{
    struct entry *e, *tmp;

    DL_FOREACH_SAFE (c->clean, e, tmp)
    {
        if (compact_has (co, e->digest))
            continue;
        if (e->holds)
            content_set_dirty (c, e);
        else
            content_remove (c, e);
    }
}

int content_compact_finish (struct content *c, struct compact *co, flux_error_t *errp)
{
    char *text;
    int rc;

    while (json_array_size (c->checkpoints) > 1) // the roots of the others will be gone
        json_array_remove (c->checkpoints, 1);
    if (!(text = json_dumps (c->checkpoints, JSON_COMPACT))) {
        compact_abort (co);
        errno = ENOMEM;
        return errprintf (errp, "content: out of memory");
    }
    settle_cache (c, co);
    rc = compact_finish (co, text, errp);
    free (text);
    if (rc == 0 && c->statedir) {
        backing_close (c->backing);
        c->backing = NULL;
        rc = content_open_backing (c, false, errp);
    }
    return rc;
}

static bool worth_it (struct content *c)
{
    return backing_count (c->backing) > 2 * backing_compacted_count (c->backing) + c->gc_min;
}

int content_gc (struct content *c, flux_error_t *errp)
{
    char ref[BLOBREF_MAX];
    struct compact *co;
    int seq, rc;

    content_collect_abort (c, ESHUTDOWN);
    if (!c->statedir || !c->backing || c->batch_busy || c->dirty_count || !worth_it (c) ||
        content_checkpoint (c, ref, &seq) < 0)
        return 0;
    if (!(co = compact_begin (c->backing, &content_compact_ops, c, errp)))
        return -1;
    if ((rc = content_add_checkpoint (c, co)) == 0)
        rc = compact_step (co, SIZE_MAX);
    if (rc == 0 && compact_count (co) == 0) {
        errno = ENOENT; // not even the root
        rc = -1;
    }
    if (rc < 0) {
        compact_abort (co);
        return errprintf (errp, "content: garbage collection: %s", strerror (errno));
    }
    return content_compact_finish (c, co, errp);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Garbage collection at the end of an instance whose store is kept (RFC 10): when more than half of
 * the blobs may be garbage, those that the last checkpoint needs are copied to a new file. */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/util/errprintf.h"
#include "shell/service/kvs/content_private.h"

struct refs {
    const struct digest_alg *alg;
    backing_add_f add;
    void *compact;
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
            r->add (r->compact, digest, is_dir) < 0)
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

static int find_refs (const void *text, size_t len, backing_add_f add, void *compact, void *arg)
{
    struct content *c = arg;
    struct refs r = {c->alg, add, compact};
    json_t *o = json_loadb (text, len, 0, NULL);
    int rc = o ? object_refs (&r, o) : -1;
    if (!o)
        errno = EPROTO;
    json_decref (o);
    return rc;
}

static bool worth_it (struct content *c)
{
    return backing_count (c->backing) > 2 * backing_compacted_count (c->backing) + c->gc_min;
}

int content_gc (struct content *c, flux_error_t *errp)
{
    uint8_t digest[DIGEST_MAX];
    char ref[BLOBREF_MAX], *text;
    int seq, rc;

    if (!c->statedir || !c->backing || c->batch_busy || c->dirty_count || !worth_it (c) ||
        content_checkpoint (c, ref, &seq) < 0)
        return 0;
    if (digest_from_blobref (c->alg, ref, digest) < 0)
        return errprintf (errp, "content: %s", strerror (errno));
    while (json_array_size (c->checkpoints) > 1) // the roots of the others will be gone
        json_array_remove (c->checkpoints, 1);
    if (!(text = json_dumps (c->checkpoints, JSON_COMPACT))) {
        errno = ENOMEM;
        return errprintf (errp, "content: out of memory");
    }
    rc = backing_compact (c->backing, digest, text, find_refs, c, errp);
    free (text);
    if (rc == 0) {
        backing_close (c->backing);
        c->backing = NULL;
        rc = content_open_backing (c, false, errp);
    }
    return rc;
}

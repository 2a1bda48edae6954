/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/client/treeobj.h"
#include "lib/util/base64.h"
#include "lib/util/fail.h"

#define VERSION 1
#define DEPTH_MAX 64 // of directories in one object

/* Takes the reference of data. */
static json_t *create (const char *type, json_t *data)
{
    json_t *o =
        data ? json_pack ("{s:i s:s s:o}", "ver", VERSION, "type", type, "data", data) : NULL;

    if (!o)
        errno = ENOMEM;
    return o;
}

json_t *treeobj_val (const void *data, size_t len)
{
    char *s = base64_encode_alloc (data, len);
    json_t *o = s ? create ("val", json_string_nocheck (s)) : NULL;

    free (s);
    return o;
}

json_t *treeobj_dirref (const char *blobref)
{
    return create ("dirref", json_pack ("[s]", blobref));
}

json_t *treeobj_dir (void)
{
    return create ("dir", json_object ());
}

json_t *treeobj_symlink (const char *ns, const char *target)
{
    if (ns)
        return create ("symlink", json_pack ("{s:s s:s}", "namespace", ns, "target", target));
    return create ("symlink", json_pack ("{s:s}", "target", target));
}

char *treeobj_encode (const json_t *o)
{
    char *s = json_dumps (o, JSON_COMPACT | JSON_SORT_KEYS);

    if (!s)
        errno = ENOMEM;
    return s;
}

json_t *treeobj_decode (const char *s)
{
    json_t *o = json_loads (s, 0, NULL);

    if (!o || treeobj_check (o) < 0) {
        json_decref (o);
        errno = EINVAL;
        return NULL;
    }
    return o;
}

json_t *treeobj_data (const json_t *o)
{
    return json_object_get (o, "data");
}

bool treeobj_is (const json_t *o, const char *type)
{
    const char *s = json_string_value (json_object_get (o, "type"));

    return s && strcmp (s, type) == 0;
}

static bool refs_ok (const json_t *data)
{
    size_t i;
    json_t *ref;

    json_array_foreach (data, i, ref)
    {
        const char *s = json_string_value (ref);
        if (!s || !strchr (s, '-')) // HASH-HEX
            return false;
    }
    return json_array_size (data) > 0;
}

static int check (const json_t *o, int depth)
{
    json_t *data = treeobj_data (o), *ns, *entry;
    const char *name;

    if (json_integer_value (json_object_get (o, "ver")) != VERSION || !data || depth > DEPTH_MAX)
        return fail (EINVAL);
    if (treeobj_is (o, "val"))
        return json_is_string (data) ? 0 : fail (EINVAL);
    if (treeobj_is (o, "valref") || treeobj_is (o, "dirref"))
        return refs_ok (data) ? 0 : fail (EINVAL);
    if (treeobj_is (o, "symlink")) {
        ns = json_object_get (data, "namespace");
        if (!json_is_string (json_object_get (data, "target")) || (ns && !json_is_string (ns)))
            return fail (EINVAL);
        return 0;
    }
    if (!treeobj_is (o, "dir") || !json_is_object (data))
        return fail (EINVAL);
    json_object_foreach (data, name, entry)
    {
        if (check (entry, depth + 1) < 0)
            return -1;
    }
    return 0;
}

int treeobj_check (const json_t *o)
{
    return check (o, 0);
}

int treeobj_decode_val (const json_t *o, void **datap, size_t *lenp)
{
    json_t *data = treeobj_data (o);
    size_t len = json_string_length (data);

    *datap = NULL;
    *lenp = 0;
    if (!treeobj_is (o, "val") || !json_is_string (data))
        return fail (EINVAL);
    if (len == 0)
        return 0;
    if (!(*datap = base64_decode_alloc (json_string_value (data), len, lenp)))
        return errno == EPROTO ? fail (EINVAL) : -1;
    return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "lib/job/jpath.h"
#include "lib/util/fail.h"

#define PATH_MAX_DEPTH 64
#define PATH_MAX_PART 256

/* The object that holds the last part of the path, which is put into `last`. */
static json_t *walk (json_t *o, const char *path, bool create, char *last)
{
    for (int depth = 0; depth < PATH_MAX_DEPTH; depth++) {
        size_t len = strcspn (path, ".");
        if (!json_is_object (o) || len == 0 || len >= PATH_MAX_PART) {
            fail (EINVAL);
            return NULL;
        }
        memcpy (last, path, len);
        last[len] = '\0';
        if (path[len] == '\0')
            return o;
        json_t *next = json_object_get (o, last);
        if (!next && !create) {
            errno = ENOENT;
            return NULL;
        }
        if (!next) {
            next = json_object ();
            if (json_object_set_new (o, last, next) < 0) {
                errno = ENOMEM;
                return NULL;
            }
        }
        o = next;
        path += len + 1;
    }
    fail (EINVAL);
    return NULL;
}

json_t *jpath_get (const json_t *o, const char *path)
{
    char last[PATH_MAX_PART];
    json_t *in = path ? walk ((json_t *)o, path, false, last) : NULL;
    json_t *val = json_object_get (in, last);

    if (!val)
        errno = ENOENT;
    return val;
}

int jpath_set_new (json_t *o, const char *path, json_t *val)
{
    char last[PATH_MAX_PART];
    json_t *in = path && val ? walk (o, path, true, last) : NULL;

    if (!in) {
        int saved_errno = path && val ? errno : EINVAL;
        json_decref (val);
        errno = saved_errno;
        return -1;
    }
    return json_object_set_new (in, last, val) < 0 ? fail (EINVAL) : 0;
}

int jpath_set (json_t *o, const char *path, json_t *val)
{
    return jpath_set_new (o, path, json_incref (val));
}

int jpath_del (json_t *o, const char *path)
{
    char last[PATH_MAX_PART];

    if (!path)
        return fail (EINVAL);
    json_t *in = walk (o, path, false, last);
    if (!in)
        return errno == ENOENT ? 0 : -1;
    json_object_del (in, last);
    return 0;
}

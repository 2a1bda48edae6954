/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/client/kvs_private.h"
#include "lib/client/treeobj.h"

struct flux_kvsdir {
    int refcount;
    flux_t *h;
    char *rootref; // or NULL
    char *key;
    json_t *o;
};

/* Names in order. They belong to the directory, which is held. */
struct flux_kvsitr {
    flux_kvsdir_t *dir;
    const char **names;
    size_t count;
    size_t pos;
};

flux_kvsdir_t *kvs_dir_create (flux_t *h, const char *rootref, const char *key, json_t *dirobj)
{
    flux_kvsdir_t *dir;

    if (!key || !treeobj_is (dirobj, "dir")) {
        errno = EINVAL;
        return NULL;
    }
    if (!(dir = calloc (1, sizeof (*dir))))
        return NULL;
    dir->refcount = 1;
    dir->h = h;
    dir->o = json_incref (dirobj);
    dir->key = strdup (key);
    if (rootref)
        dir->rootref = strdup (rootref);
    if (!dir->key || (rootref && !dir->rootref)) {
        flux_kvsdir_destroy (dir);
        return NULL;
    }
    return dir;
}

flux_kvsdir_t *flux_kvsdir_create (flux_t *handle, const char *rootref, const char *key,
                                   const char *json_str)
{
    json_t *o = json_str ? treeobj_decode (json_str) : NULL;
    flux_kvsdir_t *dir = kvs_dir_create (handle, rootref, key, o);

    json_decref (o);
    return dir;
}

void flux_kvsdir_incref (flux_kvsdir_t *dir)
{
    if (dir)
        dir->refcount++;
}

void flux_kvsdir_destroy (flux_kvsdir_t *dir)
{
    if (dir && --dir->refcount == 0) {
        int saved_errno = errno;
        free (dir->rootref);
        free (dir->key);
        json_decref (dir->o);
        free (dir);
        errno = saved_errno;
    }
}

flux_kvsdir_t *flux_kvsdir_copy (const flux_kvsdir_t *dir)
{
    return kvs_dir_create (dir->h, dir->rootref, dir->key, dir->o);
}

static int compare (const void *a, const void *b)
{
    return strcmp (*(const char *const *)a, *(const char *const *)b);
}

flux_kvsitr_t *flux_kvsitr_create (const flux_kvsdir_t *dir)
{
    flux_kvsitr_t *itr;
    const char *name;
    json_t *entry;

    if (!dir) {
        errno = EINVAL;
        return NULL;
    }
    if (!(itr = calloc (1, sizeof (*itr))))
        return NULL;
    itr->dir = (flux_kvsdir_t *)dir; // only counted
    flux_kvsdir_incref (itr->dir);
    if (!(itr->names = calloc (flux_kvsdir_get_size (dir) + 1, sizeof (*itr->names)))) {
        flux_kvsitr_destroy (itr);
        return NULL;
    }
    json_object_foreach (treeobj_data (dir->o), name, entry) itr->names[itr->count++] = name;
    qsort (itr->names, itr->count, sizeof (*itr->names), compare);
    return itr;
}

void flux_kvsitr_destroy (flux_kvsitr_t *itr)
{
    if (itr) {
        int saved_errno = errno;
        flux_kvsdir_destroy (itr->dir);
        free (itr->names);
        free (itr);
        errno = saved_errno;
    }
}

const char *flux_kvsitr_next (flux_kvsitr_t *itr)
{
    return itr && itr->pos < itr->count ? itr->names[itr->pos++] : NULL;
}

void flux_kvsitr_rewind (flux_kvsitr_t *itr)
{
    itr->pos = 0;
}

int flux_kvsdir_get_size (const flux_kvsdir_t *dir)
{
    return json_object_size (treeobj_data (dir->o));
}

static json_t *entry_of (const flux_kvsdir_t *dir, const char *name)
{
    return json_object_get (treeobj_data (dir->o), name);
}

bool flux_kvsdir_exists (const flux_kvsdir_t *dir, const char *name)
{
    return entry_of (dir, name) != NULL;
}

bool flux_kvsdir_isdir (const flux_kvsdir_t *dir, const char *name)
{
    json_t *o = entry_of (dir, name);

    return treeobj_is (o, "dir") || treeobj_is (o, "dirref");
}

bool flux_kvsdir_issymlink (const flux_kvsdir_t *dir, const char *name)
{
    return treeobj_is (entry_of (dir, name), "symlink");
}

const char *flux_kvsdir_key (const flux_kvsdir_t *dir)
{
    return dir->key;
}

void *flux_kvsdir_handle (const flux_kvsdir_t *dir)
{
    return dir->h;
}

const char *flux_kvsdir_rootref (const flux_kvsdir_t *dir)
{
    return dir->rootref;
}

char *flux_kvsdir_key_at (const flux_kvsdir_t *dir, const char *key)
{
    char *s;

    if (strcmp (dir->key, ".") == 0)
        return strdup (key);
    return asprintf (&s, "%s.%s", dir->key, key) < 0 ? NULL : s;
}

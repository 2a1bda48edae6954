/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/cmd/treedict.h"

/* The key's first part into name; returns what follows its dot, or NULL for the last part. */
static const char *split (const char *key, char *name, size_t size)
{
    size_t len = strcspn (key, ".");

    if (len == 0 || len >= size) {
        *name = '\0';
        return NULL;
    }
    memcpy (name, key, len);
    name[len] = '\0';
    return key[len] == '.' ? key + len + 1 : NULL;
}

int treedict_set_new (json_t *o, const char *key, json_t *value)
{
    char name[256];
    const char *rest = split (key, name, sizeof (name));
    json_t *next;

    while (*name && rest && value) {
        if (!(next = json_object_get (o, name))) {
            next = json_object ();
            if (json_object_set_new (o, name, next) < 0)
                break;
        }
        o = next;
        rest = split (rest, name, sizeof (name));
    }
    if (!*name || rest || !value || !json_is_object (o)) {
        json_decref (value);
        errno = EINVAL;
        return -1;
    }
    return json_object_set_new (o, name, value);
}

json_t *treedict_parse (const char *text)
{
    json_t *o = json_loads (text, JSON_DECODE_ANY, NULL);

    return o ? o : json_string (text);
}

int treedict_set_text (json_t *o, const char *key, const char *text)
{
    return treedict_set_new (o, key, treedict_parse (text));
}

json_t *treedict_get (json_t *o, const char *key)
{
    char name[256];

    while (key && o) {
        key = split (key, name, sizeof (name));
        o = json_object_get (o, name);
    }
    return o;
}

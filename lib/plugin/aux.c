/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/plugin/aux.h"

struct aux {
    char *key; // NULL: cannot be got
    void *val;
    flux_free_f free_fn;
    struct aux *next;
};

static void item_destroy (struct aux *item)
{
    if (item->free_fn)
        item->free_fn (item->val);
    free (item->key);
    free (item);
}

static struct aux **find (struct aux **list, const char *key)
{
    while (*list && (!(*list)->key || strcmp ((*list)->key, key) != 0))
        list = &(*list)->next;
    return list;
}

int aux_set (struct aux **list, const char *key, void *val, flux_free_f free_fn)
{
    struct aux *item;

    if (!key && !val) {
        errno = EINVAL;
        return -1;
    }
    struct aux **old = key ? find (list, key) : NULL;
    if (old && (item = *old)) {
        *old = item->next;
        item_destroy (item);
    }
    if (!val)
        return 0;
    if (!(item = calloc (1, sizeof (*item))) || (key && !(item->key = strdup (key)))) {
        free (item);
        return -1;
    }
    item->val = val;
    item->free_fn = free_fn;
    item->next = *list;
    *list = item;
    return 0;
}

void *aux_get (struct aux *list, const char *key)
{
    struct aux *item = key ? *find (&list, key) : NULL;
    return item ? item->val : NULL;
}

void aux_destroy (struct aux **list)
{
    int saved_errno = errno;

    while (*list) {
        struct aux *item = *list;
        *list = item->next;
        item_destroy (item);
    }
    errno = saved_errno;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/aux.h"

struct aux_item {
    struct aux_item *next;
    void *val;
    flux_free_f destroy;
    char name[]; // "" when it has none
};

static void item_destroy (struct aux_item *item)
{
    if (item->destroy)
        item->destroy (item->val);
    free (item);
}

static struct aux_item **find (struct aux_item **list, const char *name)
{
    while (*list && strcmp ((*list)->name, name) != 0)
        list = &(*list)->next;
    return list;
}

static void drop (struct aux_item **link)
{
    struct aux_item *item = *link;

    if (item) {
        *link = item->next;
        item_destroy (item);
    }
}

int aux_set (struct aux_item **list, const char *name, void *val, flux_free_f destroy)
{
    if ((name && !*name) || (!name && (!val || !destroy)) || (!val && destroy)) {
        errno = EINVAL;
        return -1;
    }
    struct aux_item *item = NULL;
    if (val) {
        size_t len = name ? strlen (name) : 0;
        if (!(item = malloc (sizeof (*item) + len + 1)))
            return -1;
        item->val = val;
        item->destroy = destroy;
        memcpy (item->name, name ? name : "", len + 1);
    }
    if (name)
        drop (find (list, name));
    if (item) {
        item->next = *list;
        *list = item;
    }
    return 0;
}

void *aux_get (const struct aux_item *list, const char *name)
{
    if (!name || !*name) {
        errno = EINVAL;
        return NULL;
    }
    for (; list; list = list->next)
        if (strcmp (list->name, name) == 0)
            return list->val;
    errno = ENOENT;
    return NULL;
}

void aux_destroy (struct aux_item **list)
{
    int saved_errno = errno;

    while (*list)
        drop (list);
    errno = saved_errno;
}

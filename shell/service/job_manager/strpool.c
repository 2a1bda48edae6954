/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "shell/service/job_manager/strpool.h"

struct pooled {
    UT_hash_handle hh;
    size_t refs;
    char text[];
};

struct strpool {
    struct pooled *table;
};

struct strpool *strpool_create (void)
{
    return calloc (1, sizeof (struct strpool));
}

void strpool_destroy (struct strpool *pool)
{
    if (pool) {
        struct pooled *p, *tmp;
        HASH_ITER (hh, pool->table, p, tmp)
        {
            HASH_DEL (pool->table, p);
            free (p);
        }
        free (pool);
    }
}

const char *strpool_get (struct strpool *pool, const char *s)
{
    struct pooled *p;

    if (!s)
        return NULL;
    size_t len = strlen (s);
    HASH_FIND (hh, pool->table, s, len, p);
    if (!p) {
        if (!(p = malloc (sizeof (*p) + len + 1))) {
            errno = ENOMEM;
            return NULL;
        }
        p->refs = 0;
        memcpy (p->text, s, len + 1);
        HASH_ADD_KEYPTR (hh, pool->table, p->text, len, p);
    }
    p->refs++;
    return p->text;
}

void strpool_put (struct strpool *pool, const char *s)
{
    if (!s)
        return;
    struct pooled *p = (struct pooled *)(s - offsetof (struct pooled, text));
    if (--p->refs == 0) {
        HASH_DEL (pool->table, p);
        free (p);
    }
}

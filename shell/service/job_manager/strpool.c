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

#define LONG_TEXT 256

struct strpool {
    struct pooled *table;
    struct pooled *last; // of the long ones
    size_t last_len;
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

const char *strpool_get_span (struct strpool *pool, const char *s, size_t len)
{
    struct pooled *p = pool->last;

    if (p && pool->last_len == len && memcmp (p->text, s, len) == 0) {
        p->refs++;
        return p->text;
    }
    HASH_FIND (hh, pool->table, s, len, p);
    if (!p) {
        if (!(p = malloc (sizeof (*p) + len + 1))) {
            errno = ENOMEM;
            return NULL;
        }
        p->refs = 0;
        memcpy (p->text, s, len);
        p->text[len] = '\0';
        HASH_ADD_KEYPTR (hh, pool->table, p->text, len, p);
    }
    p->refs++;
    if (len >= LONG_TEXT) {
        pool->last = p;
        pool->last_len = len;
    }
    return p->text;
}

const char *strpool_get (struct strpool *pool, const char *s)
{
    return s ? strpool_get_span (pool, s, strlen (s)) : NULL;
}

void strpool_put (struct strpool *pool, const char *s)
{
    if (!s)
        return;
    struct pooled *p = (struct pooled *)(s - offsetof (struct pooled, text));
    if (--p->refs == 0) {
        if (pool->last == p)
            pool->last = NULL;
        HASH_DEL (pool->table, p);
        free (p);
    }
}

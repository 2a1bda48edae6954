/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <stdlib.h>

#include "lib/codec/blob.h"

struct blob {
    int refcount;
    char *data;
    size_t len;
    flux_free_f destroy;
    void *arg;
    char own[];
};

struct blob *blob_create (size_t len)
{
    struct blob *b = malloc (sizeof (*b) + len);

    if (b)
        *b = (struct blob){.refcount = 1, .data = b->own, .len = len};
    return b;
}

struct blob *blob_wrap (void *data, size_t len, flux_free_f destroy, void *arg)
{
    struct blob *b = malloc (sizeof (*b));

    if (b)
        *b = (struct blob){1, data, len, destroy, arg};
    return b;
}

char *blob_data (const struct blob *b)
{
    return b->data;
}

size_t blob_len (const struct blob *b)
{
    return b->len;
}

struct blob *blob_incref (struct blob *b)
{
    if (b)
        __atomic_add_fetch (&b->refcount, 1, __ATOMIC_RELAXED);
    return b;
}

void blob_decref (struct blob *b)
{
    if (b && __atomic_sub_fetch (&b->refcount, 1, __ATOMIC_ACQ_REL) == 0) {
        if (b->destroy)
            b->destroy (b->arg);
        free (b);
    }
}

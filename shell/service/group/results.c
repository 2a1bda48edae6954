/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "lib/util/monotime.h"
#include "shell/service/group/results.h"

struct result {
    char key[OP_KEY_SIZE];
    struct buf data;
    double time;
    UT_hash_handle hh; // in the order of their making
};

struct results {
    struct result *list;
    size_t size;
};

struct results *results_create (void)
{
    return calloc (1, sizeof (struct results));
}

static void result_free (struct results *r, struct result *res)
{
    HASH_DEL (r->list, res);
    r->size -= sizeof (*res) + res->data.len;
    buf_clear (&res->data);
    free (res);
}

void results_destroy (struct results *r)
{
    struct result *res, *tmp;

    if (!r)
        return;
    HASH_ITER (hh, r->list, res, tmp)
    result_free (r, res);
    free (r);
}

bool results_expire (struct results *r)
{
    double now = monotime_now ();
    struct result *res, *tmp;

    HASH_ITER (hh, r->list, res, tmp)
    {
        if (now - res->time < GROUP_RESULTS_TIME && r->size <= GROUP_RESULTS_MAX)
            break;
        result_free (r, res);
    }
    return r->list == NULL;
}

void results_keep (struct results *r, const char *key, struct buf *data)
{
    struct result *res;

    HASH_FIND_STR (r->list, key, res);
    if (res || data->err || !(res = calloc (1, sizeof (*res)))) {
        buf_clear (data);
        return;
    }
    strcpy (res->key, key);
    res->data = *data;
    res->time = monotime_now ();
    r->size += sizeof (*res) + res->data.len;
    HASH_ADD_STR (r->list, key, res);
    results_expire (r);
}

void results_forget (struct results *r, const char *key)
{
    struct result *res;

    HASH_FIND_STR (r->list, key, res);
    if (res)
        result_free (r, res);
}

const struct buf *results_lookup (const struct results *r, const char *key)
{
    struct result *res;

    HASH_FIND_STR (r->list, key, res);
    return res ? &res->data : NULL;
}

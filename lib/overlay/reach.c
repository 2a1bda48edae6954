/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Which ranks are reached through which child. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/overlay/reach.h"

#define START_UNKNOWN 1

struct reach {
    uint32_t size;
    uint32_t own;
    int count;
    bool dirty;
    uint64_t *told;  // the start that the parent believes to be here, by rank; 0: none
    uint64_t *start; // of the broker that is here; 0: none
    void **via;
};

struct reach *reach_create (uint32_t size, uint32_t own_rank)
{
    struct reach *r = calloc (1, sizeof (*r));

    if (!r)
        return NULL;
    r->size = size;
    r->own = own_rank;
    if (!(r->told = calloc (size, sizeof (*r->told))) ||
        !(r->via = calloc (size, sizeof (*r->via))) ||
        !(r->start = calloc (size, sizeof (*r->start)))) {
        reach_destroy (r);
        return NULL;
    }
    return r;
}

/* NULL: there is no memory, and the old one is as it was. */
static void *longer (void *old, size_t item, uint32_t from, uint32_t to)
{
    char *new = realloc (old, to * item);

    if (new)
        memset (new + from *item, 0, (to - from) * item);
    return new;
}

int reach_grow (struct reach *r, uint32_t size)
{
    uint64_t *told, *start;
    void **via;

    if (!(told = longer (r->told, sizeof (*told), r->size, size)))
        return -1;
    r->told = told;
    if (!(start = longer (r->start, sizeof (*start), r->size, size)))
        return -1;
    r->start = start;
    if (!(via = longer (r->via, sizeof (*via), r->size, size)))
        return -1;
    r->via = via;
    r->size = size;
    return 0;
}

void reach_destroy (struct reach *r)
{
    if (r) {
        int saved = errno;
        free (r->told);
        free (r->start);
        free (r->via);
        free (r);
        errno = saved;
    }
}

static void set_via (struct reach *r, uint32_t rank, void *via)
{
    if (!r->via[rank] != !via)
        r->count += via ? 1 : -1;
    r->via[rank] = via;
    if (!via)
        r->start[rank] = 0;
    else if (r->start[rank] == 0)
        r->start[rank] = START_UNKNOWN;
    r->dirty = true;
}

/* One range. -1 unless it lies above `after` and inside the instance. */
static int get_range (const struct reach *r, const json_t *o, json_int_t after, json_int_t *first,
                      json_int_t *last)
{
    const json_t *a = json_array_get (o, 0), *b = json_array_get (o, 1);

    if (json_array_size (o) != 2 || !json_is_integer (a) || !json_is_integer (b))
        return -1;
    *first = json_integer_value (a);
    *last = json_integer_value (b);
    if (*first <= after || *last < *first || *last >= (json_int_t)r->size)
        return -1;
    return *first <= (json_int_t)r->own && (json_int_t)r->own <= *last ? -1 : 0;
}

static int check_ranks (const struct reach *r, const json_t *ranks)
{
    json_int_t first, last = -1;

    if (!json_is_array (ranks))
        goto bad;
    for (size_t i = 0; i < json_array_size (ranks); i++) {
        if (get_range (r, json_array_get (ranks, i), last, &first, &last) < 0)
            goto bad;
    }
    return 0;
bad:
    errno = EPROTO;
    return -1;
}

static int apply (struct reach *r, void *via, const json_t *ranks, bool add)
{
    json_int_t first, last = -1;

    if (check_ranks (r, ranks) < 0)
        return -1;
    for (size_t i = 0; i < json_array_size (ranks); i++) {
        get_range (r, json_array_get (ranks, i), last, &first, &last);
        for (json_int_t rank = first; rank <= last; rank++) {
            if (add)
                set_via (r, (uint32_t)rank, via);
            else if (r->via[rank] == via)
                set_via (r, (uint32_t)rank, NULL);
        }
    }
    return 0;
}

int reach_add (struct reach *r, void *via, const json_t *ranks)
{
    return apply (r, via, ranks, true);
}

int reach_del (struct reach *r, void *via, const json_t *ranks)
{
    return apply (r, via, ranks, false);
}

int reach_add_rank (struct reach *r, void *via, uint32_t rank)
{
    if (rank >= r->size || rank == r->own) {
        errno = EPROTO;
        return -1;
    }
    set_via (r, rank, via);
    return 0;
}

void reach_del_all (struct reach *r, const void *via)
{
    for (uint32_t i = 0; i < r->size; i++) {
        if (r->via[i] == via)
            set_via (r, i, NULL);
    }
}

void *reach_lookup (const struct reach *r, uint32_t rank)
{
    return rank < r->size ? r->via[rank] : NULL;
}

int reach_count (const struct reach *r)
{
    return r->count;
}

/* FNV-1a, made to fit JSON's integers; neither 0 nor START_UNKNOWN. */
uint64_t reach_start_of (const char *uuid)
{
    uint64_t h = 0xcbf29ce484222325;

    for (; *uuid; uuid++)
        h = (h ^ (unsigned char)*uuid) * 0x100000001b3;
    return (h >> 2) | 2;
}

uint64_t reach_start (const struct reach *r, uint32_t rank)
{
    return rank < r->size ? r->start[rank] : 0;
}

void reach_set_start (struct reach *r, uint32_t rank, uint64_t start)
{
    if (rank < r->size && r->via[rank] && r->start[rank] != start) {
        r->start[rank] = start;
        r->dirty = true;
    }
}

int reach_set_starts (struct reach *r, const void *via, const json_t *ranks, const json_t *starts)
{
    size_t n = 0;

    if (check_ranks (r, ranks) < 0)
        return -1;
    for (size_t i = 0; i < json_array_size (ranks); i++) {
        json_int_t first, last;
        get_range (r, json_array_get (ranks, i), -1, &first, &last);
        for (json_int_t rank = first; rank <= last; rank++) {
            json_int_t start = json_integer_value (json_array_get (starts, n++));
            if (start > START_UNKNOWN && r->via[rank] == via)
                reach_set_start (r, (uint32_t)rank, (uint64_t)start);
        }
    }
    return 0;
}

json_t *reach_starts (const struct reach *r, const json_t *ranks)
{
    json_t *starts = json_array ();

    for (size_t i = 0; i < json_array_size (ranks); i++) {
        const json_t *range = json_array_get (ranks, i);
        json_int_t last = json_integer_value (json_array_get (range, 1));
        for (json_int_t k = json_integer_value (json_array_get (range, 0)); k <= last; k++)
            json_array_append_new (starts, json_integer ((json_int_t)r->start[k]));
    }
    return starts;
}

/* Appends, or makes the last range longer. */
static void put_rank (json_t *ranks, uint32_t rank)
{
    size_t n = json_array_size (ranks);
    json_t *range = n > 0 ? json_array_get (ranks, n - 1) : NULL;

    if (range && json_integer_value (json_array_get (range, 1)) == (json_int_t)rank - 1)
        json_array_set_new (range, 1, json_integer (rank));
    else
        json_array_append_new (ranks, json_pack ("[i,i]", (int)rank, (int)rank));
}

bool ranks_hold (const json_t *ranks, uint32_t rank)
{
    for (size_t i = 0; i < json_array_size (ranks); i++) {
        const json_t *range = json_array_get (ranks, i);
        const json_t *first = json_array_get (range, 0), *last = json_array_get (range, 1);
        if (json_is_integer (first) && json_is_integer (last) &&
            json_integer_value (first) <= (json_int_t)rank &&
            (json_int_t)rank <= json_integer_value (last))
            return true;
    }
    return false;
}

json_t *reach_others (const struct reach *r, const void *via, reach_f want, void *arg)
{
    json_t *ranks = json_array ();

    for (uint32_t i = 0; i < r->size; i++) {
        if (r->via[i] && r->via[i] != via && want (i, arg))
            put_rank (ranks, i);
    }
    return ranks;
}

json_t *reach_full (struct reach *r)
{
    json_t *ranks = json_array ();

    for (uint32_t i = 0; i < r->size; i++) {
        r->told[i] = r->start[i];
        if (r->told[i] || i == r->own)
            put_rank (ranks, i);
    }
    r->dirty = false;
    return ranks;
}

bool reach_changes (struct reach *r, json_t **add, json_t **del)
{
    if (!r->dirty)
        return false;
    *add = json_array ();
    *del = json_array ();
    for (uint32_t i = 0; i < r->size; i++) {
        if (r->told[i] == r->start[i])
            continue;
        put_rank (r->via[i] ? *add : *del, i);
        r->told[i] = r->start[i];
    }
    r->dirty = false;
    if (json_array_size (*add) > 0 || json_array_size (*del) > 0)
        return true;
    json_decref (*add);
    json_decref (*del);
    return false;
}

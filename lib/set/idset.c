/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* idset: creation, members one by one and in runs, iteration, the integer allocator. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/set/idset_private.h"

const struct idset_block idset_empty_block = {0};
const struct idset_block idset_full_block = {
    .nonzero = ~0ULL,
    .count = BLOCK_BITS,
    .word = {[0 ... BLOCK_WORDS - 1] = ~0ULL},
};

static bool is_shared (const struct idset_block *b)
{
    return b == NULL || b == &idset_full_block;
}

static size_t block_count (const struct idset *set, size_t i)
{
    return set->block[i] ? set->block[i]->count : 0;
}

void idset_block_replace (struct idset *set, size_t i, const struct idset_block *shared)
{
    set->count -= block_count (set, i);
    if (!is_shared (set->block[i]))
        free (set->block[i]);
    set->block[i] = (struct idset_block *)shared; // never written through
    set->count += block_count (set, i);
    if (shared)
        set->busy[i / 64] |= 1ULL << (i % 64);
    else
        set->busy[i / 64] &= ~(1ULL << (i % 64));
}

struct idset_block *idset_block_edit (struct idset *set, size_t i)
{
    struct idset_block *b = set->block[i];

    if (!is_shared (b))
        return b;
    struct idset_block *copy = malloc (sizeof (*copy));
    if (!copy)
        return NULL;
    *copy = b ? *b : idset_empty_block;
    set->block[i] = copy;
    set->busy[i / 64] |= 1ULL << (i % 64);
    return copy;
}

void idset_block_settle (struct idset *set, size_t i)
{
    struct idset_block *b = set->block[i];
    size_t count = 0;

    if (is_shared (b))
        return;
    b->nonzero = 0;
    for (int w = 0; w < BLOCK_WORDS; w++) {
        if (b->word[w]) {
            b->nonzero |= 1ULL << w;
            count += __builtin_popcountll (b->word[w]);
        }
    }
    set->count += count - b->count;
    b->count = count;
    if (count == 0 || count == BLOCK_BITS)
        idset_block_replace (set, i, count ? &idset_full_block : NULL);
}

int idset_extend (struct idset *set, size_t size)
{
    size_t n = (size + BLOCK_BITS - 1) / BLOCK_BITS;

    if (n > set->nblocks) {
        size_t old_words = (set->nblocks + 63) / 64, words = (n + 63) / 64;
        struct idset_block **block = calloc (n, sizeof (*block));
        uint64_t *busy = words > old_words ? calloc (words, sizeof (*busy)) : set->busy;
        if (!block || !busy) {
            free (block);
            if (busy != set->busy)
                free (busy);
            errno = ENOMEM;
            return -1;
        }
        if (set->nblocks > 0)
            memcpy (block, set->block, set->nblocks * sizeof (*block));
        free (set->block);
        set->block = block;
        if (busy != set->busy) {
            if (old_words > 0)
                memcpy (busy, set->busy, old_words * sizeof (*busy));
            free (set->busy);
            set->busy = busy;
        }
        set->nblocks = n;
    }
    set->size = size;
    return 0;
}

static uint64_t mask_from_to (int lo, int hi)
{
    return (~0ULL << lo) & (~0ULL >> (63 - hi));
}

/* Set or clear ids lo..hi, which are within the universe. */
static int change_run (struct idset *set, size_t lo, size_t hi, bool on)
{
    for (size_t i = lo / BLOCK_BITS; i <= hi / BLOCK_BITS; i++) {
        size_t base = i * BLOCK_BITS;
        int from = lo > base ? lo - base : 0;
        int to = hi < base + BLOCK_BITS - 1 ? hi - base : BLOCK_BITS - 1;
        if (from == 0 && to == BLOCK_BITS - 1) {
            idset_block_replace (set, i, on ? &idset_full_block : NULL);
            continue;
        }
        struct idset_block *b = idset_block_edit (set, i);
        if (!b)
            return -1;
        for (int w = from / 64; w <= to / 64; w++) {
            uint64_t mask =
                mask_from_to (w == from / 64 ? from % 64 : 0, w == to / 64 ? to % 64 : 63);
            if (on)
                b->word[w] |= mask;
            else
                b->word[w] &= ~mask;
        }
        idset_block_settle (set, i);
    }
    return 0;
}

static int change_one (struct idset *set, unsigned int id, bool on)
{
    size_t i = id / BLOCK_BITS;
    int w = id % BLOCK_BITS / 64;
    uint64_t bit = 1ULL << (id % 64);

    if (!!(idset_block_get (set, i)->word[w] & bit) == on)
        return 0;
    struct idset_block *b = idset_block_edit (set, i);
    if (!b)
        return -1;
    b->word[w] ^= bit;
    if (b->word[w])
        b->nonzero |= 1ULL << w;
    else
        b->nonzero &= ~(1ULL << w);
    b->count += on ? 1 : -1;
    set->count += on ? 1 : -1;
    if (b->count == 0 || b->count == BLOCK_BITS)
        idset_block_settle (set, i);
    return 0;
}

struct idset *idset_create (size_t size, int flags)
{
    int valid =
        IDSET_FLAG_AUTOGROW | IDSET_FLAG_INITFULL | IDSET_FLAG_COUNT_LAZY | IDSET_FLAG_ALLOC_RR;

    if (flags & ~valid) {
        errno = EINVAL;
        return NULL;
    }
    if (size == 0)
        size = IDSET_DEFAULT_SIZE;
    if (size > IDSET_MAX_UNIVERSE) {
        errno = ERANGE;
        return NULL;
    }
    struct idset *set = calloc (1, sizeof (*set));
    if (!set)
        return NULL;
    set->flags = flags;
    set->last_alloc = IDSET_INVALID_ID;
    if (idset_extend (set, size) < 0 ||
        ((flags & IDSET_FLAG_INITFULL) && change_run (set, 0, size - 1, true) < 0)) {
        idset_destroy (set);
        return NULL;
    }
    return set;
}

void idset_destroy (struct idset *idset)
{
    if (idset) {
        int saved_errno = errno;
        for (size_t i = 0; i < idset->nblocks; i++) {
            if (!is_shared (idset->block[i]))
                free (idset->block[i]);
        }
        free (idset->block);
        free (idset->busy);
        free (idset);
        errno = saved_errno;
    }
}

struct idset *idset_copy (const struct idset *idset)
{
    if (!idset) {
        errno = EINVAL;
        return NULL;
    }
    struct idset *cpy = calloc (1, sizeof (*cpy));
    if (!cpy)
        return NULL;
    cpy->flags = idset->flags;
    cpy->last_alloc = idset->last_alloc;
    if (idset_extend (cpy, idset->size) < 0)
        goto error;
    for (size_t i = 0; i < idset->nblocks; i++) {
        const struct idset_block *b = idset->block[i];
        if (is_shared (b)) {
            if (b)
                idset_block_replace (cpy, i, b);
            continue;
        }
        struct idset_block *c = idset_block_edit (cpy, i);
        if (!c)
            goto error;
        *c = *b;
        cpy->count += c->count;
    }
    return cpy;
error:
    idset_destroy (cpy);
    return NULL;
}

size_t idset_universe_size (const struct idset *idset)
{
    return idset ? idset->size : 0;
}

static bool valid_id (unsigned int id)
{
    return id != UINT_MAX && id != IDSET_INVALID_ID;
}

/* Double the universe until it holds `size` ids. */
static int grow (struct idset *set, size_t size)
{
    size_t old = set->size, new = old;

    if (size <= old)
        return 0;
    if (size > IDSET_MAX_UNIVERSE) {
        errno = ERANGE;
        return -1;
    }
    if (!(set->flags & IDSET_FLAG_AUTOGROW)) {
        errno = EINVAL;
        return -1;
    }
    while (new < size)
        new = new > IDSET_MAX_UNIVERSE / 2 ? IDSET_MAX_UNIVERSE : new * 2;
    if (idset_extend (set, new) < 0)
        return -1;
    if (set->flags & IDSET_FLAG_INITFULL)
        return change_run (set, old, new - 1, true);
    return 0;
}

static int change_range (struct idset *set, unsigned int lo, unsigned int hi, bool on)
{
    if (!set || !valid_id (lo) || !valid_id (hi)) {
        errno = EINVAL;
        return -1;
    }
    if (lo > hi) {
        unsigned int tmp = lo;
        lo = hi;
        hi = tmp;
    }
    if (hi >= set->size) {
        // What lies past the universe is full with INITFULL, and empty without
        bool is_on = set->flags & IDSET_FLAG_INITFULL;
        if (is_on != on) {
            if (grow (set, (size_t)hi + 1) < 0)
                return -1;
        } else if (lo >= set->size)
            return 0;
        else
            hi = set->size - 1;
    }
    return lo == hi ? change_one (set, lo, on) : change_run (set, lo, hi, on);
}

int idset_set (struct idset *idset, unsigned int id)
{
    return change_range (idset, id, id, true);
}

int idset_range_set (struct idset *idset, unsigned int lo, unsigned int hi)
{
    return change_range (idset, lo, hi, true);
}

int idset_clear (struct idset *idset, unsigned int id)
{
    return change_range (idset, id, id, false);
}

int idset_range_clear (struct idset *idset, unsigned int lo, unsigned int hi)
{
    return change_range (idset, lo, hi, false);
}

bool idset_test (const struct idset *idset, unsigned int id)
{
    if (!idset || id >= idset->size)
        return false;
    return idset_block_get (idset, id / BLOCK_BITS)->word[id % BLOCK_BITS / 64] >> (id % 64) & 1;
}

size_t idset_count (const struct idset *idset)
{
    return idset ? idset->count : 0;
}

bool idset_empty (const struct idset *idset)
{
    return idset_count (idset) == 0;
}

/* The allocator. */

int idset_alloc (struct idset *idset, unsigned int *val)
{
    unsigned int id = IDSET_INVALID_ID;

    if (!idset || !(idset->flags & IDSET_FLAG_INITFULL) || !val) {
        errno = EINVAL;
        return -1;
    }
    if ((idset->flags & IDSET_FLAG_ALLOC_RR) && idset->last_alloc != IDSET_INVALID_ID)
        id = idset_next (idset, idset->last_alloc);
    if (id == IDSET_INVALID_ID)
        id = idset_first (idset);
    if (id == IDSET_INVALID_ID) {
        id = idset->size;
        if (grow (idset, (size_t)id + 1) < 0)
            return -1;
    }
    if (change_one (idset, id, false) < 0)
        return -1;
    idset->last_alloc = id;
    *val = id;
    return 0;
}

void idset_free (struct idset *idset, unsigned int val)
{
    int saved_errno = errno;
    if (idset && (idset->flags & IDSET_FLAG_INITFULL) && val < idset->size)
        (void)change_one (idset, val, true);
    errno = saved_errno;
}

int idset_free_check (struct idset *idset, unsigned int val)
{
    if (!idset || !(idset->flags & IDSET_FLAG_INITFULL) || val >= idset->size) {
        errno = EINVAL;
        return -1;
    }
    if (idset_test (idset, val)) {
        errno = EEXIST;
        return -1;
    }
    return change_one (idset, val, true);
}

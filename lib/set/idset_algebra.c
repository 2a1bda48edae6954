/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* idset: two sets at once, block by block. */

#include <errno.h>
#include <string.h>

#include "lib/set/idset_private.h"

bool idset_equal (const struct idset *a, const struct idset *b)
{
    if (!a || !b || a->count != b->count)
        return false;
    size_t n = a->nblocks > b->nblocks ? a->nblocks : b->nblocks;
    for (size_t i = 0; i < n; i++) {
        const struct idset_block *x = idset_block_get (a, i), *y = idset_block_get (b, i);
        if (x != y && memcmp (x->word, y->word, sizeof (x->word)) != 0)
            return false;
    }
    return true;
}

bool idset_has_intersection (const struct idset *a, const struct idset *b)
{
    if (!a || !b)
        return false;
    for (size_t i = 0; i < a->nblocks && i < b->nblocks; i++) {
        const struct idset_block *x = idset_block_get (a, i), *y = idset_block_get (b, i);
        uint64_t both = x->nonzero & y->nonzero;
        for (; both; both &= both - 1) {
            int w = __builtin_ctzll (both);
            if (x->word[w] & y->word[w])
                return true;
        }
    }
    return false;
}

static int add_block (struct idset *a, const struct idset_block *y, size_t i)
{
    if (y == &idset_full_block) {
        idset_block_replace (a, i, y);
        return 0;
    }
    struct idset_block *x = idset_block_edit (a, i);
    if (!x)
        return -1;
    for (int w = 0; w < BLOCK_WORDS; w++)
        x->word[w] |= y->word[w];
    idset_block_settle (a, i);
    return 0;
}

static int subtract_block (struct idset *a, const struct idset_block *y, size_t i)
{
    if (y == &idset_full_block || a->block[i] == y) {
        idset_block_replace (a, i, NULL);
        return 0;
    }
    struct idset_block *x = idset_block_edit (a, i);
    if (!x)
        return -1;
    for (int w = 0; w < BLOCK_WORDS; w++)
        x->word[w] &= ~y->word[w];
    idset_block_settle (a, i);
    return 0;
}

/* a is made to hold id. The universe of an INITFULL set is full past its end, so there is nothing
 * to add there, but what is taken away must be within it. */
static int reach (struct idset *a, unsigned int id, bool on)
{
    bool is_on = a->flags & IDSET_FLAG_INITFULL;

    if (id == IDSET_INVALID_ID || id < a->size || is_on == on)
        return 0;
    return on ? idset_set (a, id) : idset_clear (a, id);
}

int idset_add (struct idset *a, const struct idset *b)
{
    if (!a) {
        errno = EINVAL;
        return -1;
    }
    if (!b)
        return 0;
    if (reach (a, idset_last (b), true) < 0)
        return -1;
    for (size_t i = 0; i < b->nblocks && i < a->nblocks; i++) {
        if (b->block[i] && a->block[i] != &idset_full_block && add_block (a, b->block[i], i) < 0)
            return -1;
    }
    // b may have reached past the end of an INITFULL universe within its last block
    if ((a->flags & IDSET_FLAG_INITFULL) && a->size % BLOCK_BITS &&
        idset_block_get (a, a->nblocks - 1)->count > 0) {
        struct idset_block *x = idset_block_edit (a, a->nblocks - 1);
        if (!x)
            return -1;
        for (size_t bit = a->size % BLOCK_BITS; bit < BLOCK_BITS; bit++)
            x->word[bit / 64] &= ~(1ULL << (bit % 64));
        idset_block_settle (a, a->nblocks - 1);
    }
    return 0;
}

int idset_subtract (struct idset *a, const struct idset *b)
{
    if (!a) {
        errno = EINVAL;
        return -1;
    }
    if (!b)
        return 0;
    if (reach (a, idset_last (b), false) < 0)
        return -1;
    for (size_t i = 0; i < a->nblocks && i < b->nblocks; i++) {
        if (a->block[i] && b->block[i] && subtract_block (a, b->block[i], i) < 0)
            return -1;
    }
    return 0;
}

struct idset *idset_union (const struct idset *a, const struct idset *b)
{
    struct idset *set = idset_copy (a);

    if (!set)
        return NULL;
    set->flags = IDSET_FLAG_AUTOGROW;
    if (idset_add (set, b) < 0) {
        idset_destroy (set);
        return NULL;
    }
    return set;
}

struct idset *idset_difference (const struct idset *a, const struct idset *b)
{
    struct idset *set = idset_copy (a);

    if (set && idset_subtract (set, b) < 0) {
        idset_destroy (set);
        return NULL;
    }
    return set;
}

static int intersect_block (struct idset *a, const struct idset_block *y, size_t i)
{
    if (y->count == 0) {
        idset_block_replace (a, i, NULL);
        return 0;
    }
    struct idset_block *x = idset_block_edit (a, i);
    if (!x)
        return -1;
    for (int w = 0; w < BLOCK_WORDS; w++)
        x->word[w] &= y->word[w];
    idset_block_settle (a, i);
    return 0;
}

struct idset *idset_intersect (const struct idset *a, const struct idset *b)
{
    if (!a || !b) {
        errno = EINVAL;
        return NULL;
    }
    struct idset *set = idset_copy (b->count < a->count ? b : a);
    const struct idset *other = b->count < a->count ? a : b;
    if (!set)
        return NULL;
    for (size_t i = 0; i < set->nblocks; i++) {
        const struct idset_block *y = idset_block_get (other, i);
        if (set->block[i] && y != &idset_full_block && intersect_block (set, y, i) < 0) {
            idset_destroy (set);
            return NULL;
        }
    }
    return set;
}

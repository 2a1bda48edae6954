/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* idset: the first, next, last and previous id, and runs of ids. */

#include "lib/set/idset_private.h"

#define NONE ((size_t)-1)

static size_t next_busy (const struct idset *set, size_t i)
{
    size_t words = (set->nblocks + 63) / 64;

    if (i >= set->nblocks)
        return NONE;
    uint64_t bits = set->busy[i / 64] & (~0ULL << (i % 64));
    for (size_t w = i / 64;;) {
        if (bits)
            return w * 64 + __builtin_ctzll (bits);
        if (++w >= words)
            return NONE;
        bits = set->busy[w];
    }
}

static size_t prev_busy (const struct idset *set, size_t i)
{
    uint64_t bits = set->busy[i / 64] & (~0ULL >> (63 - i % 64));

    for (size_t w = i / 64;;) {
        if (bits)
            return w * 64 + 63 - __builtin_clzll (bits);
        if (w-- == 0)
            return NONE;
        bits = set->busy[w];
    }
}

/* Bit at or after `from` in a block, or -1. */
static int block_next (const struct idset_block *b, int from)
{
    int w = from / 64;
    uint64_t bits = b->word[w] & (~0ULL << (from % 64));

    if (bits)
        return w * 64 + __builtin_ctzll (bits);
    uint64_t rest = w == 63 ? 0 : b->nonzero & (~0ULL << (w + 1));
    if (!rest)
        return -1;
    w = __builtin_ctzll (rest);
    return w * 64 + __builtin_ctzll (b->word[w]);
}

/* Bit at or before `from` in a block, or -1. */
static int block_prev (const struct idset_block *b, int from)
{
    int w = from / 64;
    uint64_t bits = b->word[w] & (~0ULL >> (63 - from % 64));

    if (!bits) {
        uint64_t rest = w == 0 ? 0 : b->nonzero & (~0ULL >> (64 - w));
        if (!rest)
            return -1;
        w = 63 - __builtin_clzll (rest);
        bits = b->word[w];
    }
    return w * 64 + 63 - __builtin_clzll (bits);
}

/* Clear bit at or after `from` in a block, or BLOCK_BITS. */
static int block_next_clear (const struct idset_block *b, int from)
{
    if (b == &idset_full_block)
        return BLOCK_BITS;
    uint64_t bits = ~b->word[from / 64] & (~0ULL << (from % 64));
    for (int w = from / 64;;) {
        if (bits)
            return w * 64 + __builtin_ctzll (bits);
        if (++w == BLOCK_WORDS)
            return BLOCK_BITS;
        bits = ~b->word[w];
    }
}

static size_t find_next (const struct idset *set, size_t from)
{
    size_t i = from / BLOCK_BITS;
    int bit = from < set->size ? block_next (idset_block_get (set, i), from % BLOCK_BITS) : -1;

    if (bit < 0) {
        if ((i = next_busy (set, i + 1)) == NONE)
            return NONE;
        bit = block_next (set->block[i], 0);
    }
    return i * BLOCK_BITS + bit;
}

bool idset_next_run (const struct idset *set, size_t from, size_t *lo, size_t *hi)
{
    size_t first = find_next (set, from);

    if (first == NONE)
        return false;
    size_t i = first / BLOCK_BITS;
    int end = block_next_clear (set->block[i], first % BLOCK_BITS);
    while (end == BLOCK_BITS && i + 1 < set->nblocks && set->block[i + 1])
        end = block_next_clear (set->block[++i], 0);
    *lo = first;
    *hi = i * BLOCK_BITS + end - 1;
    return true;
}

static unsigned int to_id (size_t n)
{
    return n == NONE ? IDSET_INVALID_ID : n;
}

unsigned int idset_first (const struct idset *idset)
{
    return idset ? to_id (find_next (idset, 0)) : IDSET_INVALID_ID;
}

unsigned int idset_next (const struct idset *idset, unsigned int id)
{
    if (!idset || id >= idset->size)
        return IDSET_INVALID_ID;
    return to_id (find_next (idset, (size_t)id + 1));
}

unsigned int idset_last (const struct idset *idset)
{
    return idset ? idset_prev (idset, idset->size) : IDSET_INVALID_ID;
}

unsigned int idset_prev (const struct idset *idset, unsigned int id)
{
    if (!idset || id == 0 || id == IDSET_INVALID_ID)
        return IDSET_INVALID_ID;
    if (id > idset->size)
        id = idset->size;
    size_t from = id - 1, i = from / BLOCK_BITS;
    int bit = block_prev (idset_block_get (idset, i), from % BLOCK_BITS);
    if (bit < 0) {
        if (i == 0 || (i = prev_busy (idset, i - 1)) == NONE)
            return IDSET_INVALID_ID;
        bit = block_prev (idset->block[i], BLOCK_BITS - 1);
    }
    return i * BLOCK_BITS + bit;
}

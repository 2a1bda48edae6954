/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Sets of cores or GPUs of one node, small and of fixed size. */

#ifndef FLUX_SERVICE_SCHED_BITS_H
#define FLUX_SERVICE_SCHED_BITS_H

#include <stdbool.h>
#include <stdint.h>

#define BITS_MAX 512
#define BITS_WORDS (BITS_MAX / 64)

struct bits {
    uint64_t w[BITS_WORDS];
};

static inline uint32_t bits_count (const struct bits *b)
{
    uint32_t n = 0;
    for (int i = 0; i < BITS_WORDS; i++)
        n += __builtin_popcountll (b->w[i]);
    return n;
}

static inline void bits_add (struct bits *a, const struct bits *b)
{
    for (int i = 0; i < BITS_WORDS; i++)
        a->w[i] |= b->w[i];
}

static inline void bits_subtract (struct bits *a, const struct bits *b)
{
    for (int i = 0; i < BITS_WORDS; i++)
        a->w[i] &= ~b->w[i];
}

static inline bool bits_equal (const struct bits *a, const struct bits *b)
{
    for (int i = 0; i < BITS_WORDS; i++) {
        if (a->w[i] != b->w[i])
            return false;
    }
    return true;
}

static inline void bits_set (struct bits *b, unsigned int id)
{
    b->w[id / 64] |= 1ULL << (id % 64);
}

static inline bool bits_test (const struct bits *b, unsigned int id)
{
    return b->w[id / 64] >> (id % 64) & 1;
}

/* Move the n lowest members of `from` to `to`. */
static inline void bits_take (struct bits *from, struct bits *to, uint32_t n)
{
    for (int i = 0; i < BITS_WORDS && n > 0; i++) {
        while (from->w[i] && n > 0) {
            uint64_t low = from->w[i] & -from->w[i];
            from->w[i] ^= low;
            to->w[i] |= low;
            n--;
        }
    }
}

#endif /* !FLUX_SERVICE_SCHED_BITS_H */

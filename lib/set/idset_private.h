/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* How a set lies in memory: a table of blocks of 4096 ids. A block is NULL (no id), the shared
 * &idset_full_block (all ids), or a bitmap with a summary word of which words are not zero. One bit
 * per block in `busy` says that it is not NULL, so that long gaps are skipped 64 blocks at a time.
 *
 *   id  |..... block .....| word (6 bits) | bit (6 bits) | */

#ifndef FLUX_SET_IDSET_PRIVATE_H
#define FLUX_SET_IDSET_PRIVATE_H

#include <stddef.h>
#include <stdint.h>
#include <flux/idset.h>

#define BLOCK_WORDS 64
#define BLOCK_BITS (BLOCK_WORDS * 64)
#define IDSET_DEFAULT_SIZE 1024

struct idset_block {
    uint64_t nonzero;
    uint64_t count;
    uint64_t word[BLOCK_WORDS];
};

struct idset {
    size_t size; // of the universe
    size_t count;
    size_t nblocks;
    struct idset_block **block;
    uint64_t *busy;
    int flags;
    unsigned int last_alloc;
};

extern const struct idset_block idset_full_block;
extern const struct idset_block idset_empty_block;

static inline const struct idset_block *idset_block_get (const struct idset *set, size_t i)
{
    return i < set->nblocks && set->block[i] ? set->block[i] : &idset_empty_block;
}

/* The block for changing it: a shared one is replaced by a copy. NULL with ENOMEM. */
struct idset_block *idset_block_edit (struct idset *set, size_t i);

/* After a change of block i: count again, and fold it into a shared one when it is empty or full.
 */
void idset_block_settle (struct idset *set, size_t i);

/* Put &idset_full_block or NULL. */
void idset_block_replace (struct idset *set, size_t i, const struct idset_block *shared);

/* Make room for ids below size, whatever the flags. */
int idset_extend (struct idset *set, size_t size);

/* The run of set bits at or after `from`. False if there is none. */
bool idset_next_run (const struct idset *set, size_t from, size_t *lo, size_t *hi);

#endif /* !FLUX_SET_IDSET_PRIVATE_H */

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Locally unique ids (RFC 19): where job ids come from, and their encodings.
 *
 *    63                  24 23     10 9       0
 *   | ms since begin (40) | generator | sequence | */

#ifndef FLUX_JOB_FLUID_H
#define FLUX_JOB_FLUID_H

#include <stddef.h>
#include <stdint.h>

#define FLUID_MAX_GENERATOR (1 << 14)

/* Room for any encoding of an id with its NUL. */
#define FLUID_STRING_SIZE 64

struct fluid_generator {
    uint64_t zero; // CLOCK_MONOTONIC in ms at timestamp 0
    uint64_t timestamp;
    uint32_t id;
    uint32_t seq;
};

enum fluid_type {
    FLUID_DEC,
    FLUID_HEX,
    FLUID_DOTHEX,
    FLUID_WORDS,
    FLUID_F58, // with ƒ in a UTF-8 locale
    FLUID_F58_PLAIN,
    FLUID_EMOJI,
};

/* Start generator `id` at `timestamp` ms: 0, or what a former run has saved. EINVAL. */
int fluid_init (struct fluid_generator *gen, uint32_t id, uint64_t timestamp);

/* The next id. Past 1024 ids in a millisecond, those of the next one are taken early, so that this
 * never waits. EOVERFLOW after 34 years. */
int fluid_generate (struct fluid_generator *gen, uint64_t *fluid);

/* What to give to fluid_init() after a restart. */
uint64_t fluid_save_timestamp (struct fluid_generator *gen);

/* Milliseconds since the start of the generators. */
static inline uint64_t fluid_get_timestamp (uint64_t fluid)
{
    return fluid >> 24;
}

/* Returns the length, or -1 with EOVERFLOW. */
int fluid_encode (uint64_t fluid, enum fluid_type type, char *buf, size_t size);

/* Any encoding, told apart as RFC 19 says. White space around it is ignored. EINVAL. */
int fluid_parse (const char *s, uint64_t *fluid);

#endif /* !FLUX_JOB_FLUID_H */

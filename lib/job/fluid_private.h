/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The tables of digits of RFC 19. */

#ifndef FLUX_JOB_FLUID_PRIVATE_H
#define FLUX_JOB_FLUID_PRIVATE_H

#include <stdint.h>

#define FLUID_NWORDS 1626 // the cube root of 2^32, rounded up: three words for 32 bits
#define FLUID_NEMOJI 576

extern const char fluid_words[FLUID_NWORDS][8];
extern const uint16_t fluid_emoji[FLUID_NEMOJI];

#endif /* !FLUX_JOB_FLUID_PRIVATE_H */

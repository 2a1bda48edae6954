/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Reads a list like "1-3,7,010-012" element by element, without a copy. What an element may be
 * (ascending or not, padded or not) is for the caller to say. */

#ifndef FLUX_SET_RANGESTR_H
#define FLUX_SET_RANGESTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANGESTR_MAX_DIGITS 18 // more would not fit into 64 bits

struct rangestr {
    const char *p;
    const char *end;
};

struct rangestr_elem {
    uint64_t lo;
    uint64_t hi;   // same as lo when there is no hyphen
    int width;     // digits of lo as written
    bool range;    // there was a hyphen
    bool padded;   // a leading zero in lo or hi
    const char *s; // the element as written, for messages
    int len;
};

/* 1 with the next element in e, 0 at the end, -1 with EINVAL (e->s and e->len say where). Empty
 * elements are skipped. hi < lo is not an error here. */
int rangestr_next (struct rangestr *rs, struct rangestr_elem *e);

/* Digits of n in decimal. */
int rangestr_digits (uint64_t n);

/* Write n in decimal, zero-padded to width, without a NUL. dst has room for 20 characters or
 * width, whichever is more. Returns the length. */
int rangestr_put (char *dst, uint64_t n, int width);

#endif /* !FLUX_SET_RANGESTR_H */

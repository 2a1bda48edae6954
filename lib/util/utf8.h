/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* UTF-8 (RFC 3629), and runs of bytes that need no look, eight at a time: output of jobs passes
 * through JSON strings several times on its way. */

#ifndef FLUX_UTIL_UTF8_H
#define FLUX_UTIL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Is it all valid? With cut, a last character that only began is no mistake: *cut is how many bytes
 * of it there are. */
bool utf8_valid (const char *data, size_t len, size_t *cut);

/* The length of the valid character that is not ASCII at p, or 0. */
size_t utf8_length (const char *p, const char *end);

#define UTF8_ONES 0x0101010101010101ull
#define UTF8_HIGH 0x8080808080808080ull

/* Has the high bit in each byte that is zero, and perhaps in bytes above one. */
static inline uint64_t utf8_zero (uint64_t v)
{
    return (v - UTF8_ONES) & ~v & UTF8_HIGH;
}

/* To the first byte that is not ASCII, or to the end. */
static inline const char *utf8_skip_ascii (const char *p, const char *end)
{
    uint64_t v;

    for (; end - p >= 8; p += 8) {
        memcpy (&v, p, 8);
        if (v & UTF8_HIGH)
            break;
    }
    while (p < end && !(*p & 0x80))
        p++;
    return p;
}

/* To the first byte that a JSON string has to escape, or to the end: control characters, quotes,
 * backslashes. `high` are bytes to stop at besides: UTF8_HIGH for those that are not ASCII, or 0.
 */
static inline const char *utf8_skip_plain (const char *p, const char *end, uint64_t high)
{
    uint64_t v;

    for (; end - p >= 8; p += 8) {
        memcpy (&v, p, 8);
        if (((v - UTF8_ONES * 0x20) & ~v & UTF8_HIGH) | utf8_zero (v ^ (UTF8_ONES * '"')) |
            utf8_zero (v ^ (UTF8_ONES * '\\')) | (v & high))
            break;
    }
    while (p < end && (unsigned char)*p >= 0x20 && *p != '"' && *p != '\\' && !(*p & high & 0x80))
        p++;
    return p;
}

#endif /* !FLUX_UTIL_UTF8_H */

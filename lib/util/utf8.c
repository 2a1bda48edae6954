/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "lib/util/utf8.h"

/* How many bytes the character has that c begins, 0 when none does; the second is in [*min,*max].
 */
static size_t char_size (unsigned char c, unsigned char *min, unsigned char *max)
{
    *min = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    *max = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf; // surrogates; past U+10FFFF
    if (c >= 0xc2 && c <= 0xdf)
        return 2;
    if (c >= 0xe0 && c <= 0xef)
        return 3;
    return c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

/* How many bytes are right, up to all of the character's *size; 0 when the first is wrong. */
static size_t match (const char *p, const char *end, size_t *size)
{
    unsigned char min, max;
    size_t n = 1;

    if ((*size = char_size (*p, &min, &max)) == 0)
        return 0;
    for (; n < *size && p + n < end; n++, min = 0x80, max = 0xbf)
        if ((unsigned char)p[n] < min || (unsigned char)p[n] > max)
            break;
    return n;
}

size_t utf8_length (const char *p, const char *end)
{
    size_t size, n = match (p, end, &size);

    return n == size ? n : 0;
}

bool utf8_valid (const char *data, size_t len, size_t *cut)
{
    const char *end = data + len;

    if (cut)
        *cut = 0;
    for (const char *p = utf8_skip_ascii (data, end); p < end; p = utf8_skip_ascii (p, end)) {
        size_t size, n = match (p, end, &size);
        if (n == 0 || (n < size && (p + n < end || !cut)))
            return false;
        if (n < size) {
            *cut = n;
            return true;
        }
        p += n;
    }
    return true;
}

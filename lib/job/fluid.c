/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* RFC 19: the generator and the encodings. */

#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/job/fluid.h"
#include "lib/job/fluid_private.h"

#define SEQ_BITS 10
#define ID_BITS 14
#define TS_BITS 40
#define F58_PREFIX "\xc6\x92" // U+0192 in UTF-8

static const char b58[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

static uint64_t clock_ms (void)
{
    struct timespec ts;
    clock_gettime (CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int fluid_init (struct fluid_generator *gen, uint32_t id, uint64_t timestamp)
{
    if (!gen || id >= FLUID_MAX_GENERATOR || timestamp >> TS_BITS) {
        errno = EINVAL;
        return -1;
    }
    // unsigned arithmetic: `zero` may lie before the clock's own
    *gen = (struct fluid_generator){.id = id, .timestamp = timestamp};
    gen->zero = clock_ms () - timestamp;
    return 0;
}

uint64_t fluid_save_timestamp (struct fluid_generator *gen)
{
    uint64_t now = clock_ms () - gen->zero;

    if (now > gen->timestamp) {
        gen->timestamp = now;
        gen->seq = 0;
    }
    return gen->timestamp;
}

int fluid_generate (struct fluid_generator *gen, uint64_t *fluid)
{
    fluid_save_timestamp (gen);
    if (gen->seq >> SEQ_BITS) {
        gen->timestamp++;
        gen->seq = 0;
    }
    if (gen->timestamp >> TS_BITS) {
        errno = EOVERFLOW;
        return -1;
    }
    *fluid = gen->timestamp << (ID_BITS + SEQ_BITS) | (uint64_t)gen->id << SEQ_BITS | gen->seq++;
    return 0;
}

static bool utf8_locale (void)
{
    return MB_CUR_MAX > 1 && strcmp (nl_langinfo (CODESET), "UTF-8") == 0 &&
           !getenv ("FLUX_F58_FORCE_ASCII");
}

static int put_f58 (char *out, uint64_t id, bool plain)
{
    char digit[12];
    int n = 0, len = 0;

    do {
        digit[n++] = b58[id % 58];
    } while (id /= 58);
    for (const char *p = plain ? "f" : F58_PREFIX; *p; p++)
        out[len++] = *p;
    while (n > 0)
        out[len++] = digit[--n];
    return len;
}

static int put_words (char *out, uint64_t id)
{
    const char *w[6];

    for (int half = 0; half < 2; half++) {
        uint32_t n = id >> (half * 32);
        for (int i = 0; i < 3; i++, n /= FLUID_NWORDS)
            w[half * 3 + i] = fluid_words[n % FLUID_NWORDS];
    }
    return sprintf (out, "%s-%s-%s--%s-%s-%s", w[0], w[1], w[2], w[3], w[4], w[5]);
}

static int put_emoji (char *out, uint64_t id)
{
    uint16_t digit[8];
    int n = 0, len = 0;

    do {
        digit[n++] = fluid_emoji[id % FLUID_NEMOJI];
    } while (id /= FLUID_NEMOJI);
    while (n > 0) { // all are F0 9F xx xx
        uint16_t cp = digit[--n];
        out[len++] = 0xf0;
        out[len++] = 0x9f;
        out[len++] = 0x80 | ((cp >> 6) & 0x3f);
        out[len++] = 0x80 | (cp & 0x3f);
    }
    return len;
}

int fluid_encode (uint64_t fluid, enum fluid_type type, char *buf, size_t size)
{
    char out[FLUID_STRING_SIZE];
    int len = -1;

    switch (type) {
    case FLUID_DEC:
        len = sprintf (out, "%" PRIu64, fluid);
        break;
    case FLUID_HEX:
        len = sprintf (out, "0x%" PRIx64, fluid);
        break;
    case FLUID_DOTHEX:
        len = sprintf (out, "%04x.%04x.%04x.%04x", (unsigned int)(fluid >> 48),
                       (unsigned int)(fluid >> 32) & 0xffff, (unsigned int)(fluid >> 16) & 0xffff,
                       (unsigned int)fluid & 0xffff);
        break;
    case FLUID_WORDS:
        len = put_words (out, fluid);
        break;
    case FLUID_F58:
    case FLUID_F58_PLAIN:
        len = put_f58 (out, fluid, type == FLUID_F58_PLAIN || !utf8_locale ());
        break;
    case FLUID_EMOJI:
        len = put_emoji (out, fluid);
        break;
    }
    if (len < 0 || !buf) {
        errno = EINVAL;
        return -1;
    }
    if ((size_t)len >= size) {
        errno = EOVERFLOW;
        return -1;
    }
    memcpy (buf, out, len);
    buf[len] = '\0';
    return len;
}

/* Decoding. Each function gets the text without white space around it. */

/* n * base + digit; false when that does not fit. */
static bool push_digit (uint64_t *n, uint64_t base, uint64_t digit)
{
    return !__builtin_mul_overflow (*n, base, n) && !__builtin_add_overflow (*n, digit, n);
}

static int hex_digit (char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_number (const char *s, int len, int base, uint64_t *n)
{
    *n = 0;
    for (int i = 0; i < len; i++) {
        int digit = hex_digit (s[i]);
        if (digit < 0 || digit >= base || !push_digit (n, base, digit))
            return false;
    }
    return len > 0;
}

static bool parse_dothex (const char *s, int len, uint64_t *n)
{
    const char *end = s + len;

    *n = 0;
    for (int i = 0; i < 4; i++) {
        uint64_t part;
        const char *dot = memchr (s, '.', end - s);
        const char *stop = dot ? dot : end;
        if (!dot != (i == 3) || stop - s > 4 || !parse_number (s, stop - s, 16, &part))
            return false;
        *n = *n << 16 | part;
        s = stop + 1;
    }
    return true;
}

static bool parse_f58 (const char *s, int len, uint64_t *n)
{
    *n = 0;
    for (int i = 0; i < len; i++) {
        const char *p = s[i] ? strchr (b58, s[i]) : NULL;
        if (!p || !push_digit (n, 58, p - b58))
            return false;
    }
    return len > 0;
}

static bool parse_emoji (const char *s, int len, uint64_t *n)
{
    *n = 0;
    for (int i = 0; i + 3 < len; i += 4) {
        uint16_t cp = (s[i + 2] & 0x3f) << 6 | (s[i + 3] & 0x3f);
        int digit = 0;
        while (digit < FLUID_NEMOJI && fluid_emoji[digit] != cp)
            digit++;
        if (memcmp (s + i, "\xf0\x9f", 2) != 0 || (s[i + 2] & 0xc0) != 0x80 ||
            (s[i + 3] & 0xc0) != 0x80 || digit == FLUID_NEMOJI ||
            !push_digit (n, FLUID_NEMOJI, digit))
            return false;
    }
    return len > 0 && len % 4 == 0;
}

/* Value of the word at *ps, which is moved past it and the dashes that follow; -1 if unknown. */
static int take_word (const char **ps, const char *end)
{
    char word[8] = "";
    int n = 0;

    for (; *ps < end && **ps != '-'; (*ps)++) {
        if (n == 7)
            return -1;
        word[n++] = **ps >= 'A' && **ps <= 'Z' ? **ps | 0x20 : **ps;
    }
    while (*ps < end && **ps == '-')
        (*ps)++;
    for (int i = 0; i < FLUID_NWORDS; i++) {
        if (memcmp (fluid_words[i], word, 8) == 0)
            return i;
    }
    return -1;
}

static bool parse_words (const char *s, int len, uint64_t *n)
{
    const char *end = s + len;

    *n = 0;
    for (int half = 0; half < 2; half++) {
        uint64_t x = 0, scale = 1;
        for (int i = 0; i < 3; i++, scale *= FLUID_NWORDS) {
            int value = take_word (&s, end);
            if (value < 0)
                return false;
            x += value * scale;
        }
        if (x > UINT32_MAX)
            return false;
        *n |= x << (half * 32);
    }
    return s == end;
}

static bool parse (const char *s, int len, uint64_t *n)
{
    if (memchr (s, '.', len))
        return parse_dothex (s, len, n);
    if (memchr (s, '-', len))
        return parse_words (s, len, n);
    if (len >= 2 && memcmp (s, F58_PREFIX, 2) == 0)
        return parse_f58 (s + 2, len - 2, n);
    if (len >= 1 && s[0] == 'f')
        return parse_f58 (s + 1, len - 1, n);
    if (len >= 2 && memcmp (s, "\xf0\x9f", 2) == 0)
        return parse_emoji (s, len, n);
    if (len >= 2 && memcmp (s, "0x", 2) == 0)
        return parse_number (s + 2, len - 2, 16, n);
    return parse_number (s, len, 10, n);
}

static bool is_space (char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

int fluid_parse (const char *s, uint64_t *fluid)
{
    uint64_t n;

    if (!s || !fluid)
        goto inval;
    while (is_space (*s))
        s++;
    size_t len = strnlen (s, 2 * FLUID_STRING_SIZE);
    while (len > 0 && is_space (s[len - 1]))
        len--;
    if (len >= FLUID_STRING_SIZE || !parse (s, len, &n))
        goto inval;
    *fluid = n;
    return 0;
inval:
    errno = EINVAL;
    return -1;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* JSON text without making values of it, in two ways.
 *
 * Finding a value (jsonscan_member): what is stepped over is not checked; give the rest to jansson.
 *
 * Reading plain JSON in order (jsonscan_eat and those below it): strings hold ASCII without
 * escapes, numbers are integers of at most 18 digits, and nesting is bounded. Each returns false
 * where something else comes, and whoever reads then gives up. */

#ifndef FLUX_JOB_JSONSCAN_H
#define FLUX_JOB_JSONSCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util/buf.h"

struct jsonspan {
    const char *p;
    const char *end;
};

/* The value of a member of the object that `in` holds. The key is compared as it is written,
 * escapes are not undone. Of several it is the last one, as with jansson. False when there is none,
 * or `in` holds no object. */
bool jsonscan_member (struct jsonspan in, const char *key, struct jsonspan *value);

/* Past the string at s->p; false unless it is a valid one (escapes, UTF-8, no NUL). */
bool jsonscan_string (struct jsonspan *s);

/* Append what the string, all of `s`, stands for. False unless it is a valid one; b->data past
 * b->len is then undefined. */
bool jsonscan_decode (struct jsonspan s, struct buf *b);

/* All of `s` as an integer. */
bool jsonscan_integer (struct jsonspan s, int64_t *value);

/* Is it an object whose members are all strings or null? Names must not be empty or hold '='. */
bool jsonscan_is_environment (struct jsonspan s);

/* ---- Plain JSON, in order: s->p moves on. ---- */

struct slice {
    const char *p; // NULL: there was none
    size_t len;
};

bool slice_is (const struct slice *a, const char *text);

static inline void jsonscan_blank (struct jsonspan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
        s->p++;
}

/* c comes next. */
static inline bool jsonscan_at (struct jsonspan *s, char c)
{
    jsonscan_blank (s);
    return s->p < s->end && *s->p == c;
}

/* c comes next: step over it. */
static inline bool jsonscan_eat (struct jsonspan *s, char c)
{
    if (!jsonscan_at (s, c))
        return false;
    s->p++;
    return true;
}

bool jsonscan_word (struct jsonspan *s, const char *text);   // true, false, null
bool jsonscan_plain (struct jsonspan *s, struct slice *out); // a string
bool jsonscan_number (struct jsonspan *s, int64_t *n);
/* Digits without a leading 0, from *p on. */
bool jsonscan_digits (const char **p, const char *end, int64_t *n);
/* Step through "key": ... of an object whose '{' has been read; *more false at its '}'. *first is
 * true at the first call. */
bool jsonscan_next_key (struct jsonspan *s, bool *first, struct slice *key, bool *more);
/* Over a value of any kind; depth 0. */
bool jsonscan_skip (struct jsonspan *s, int depth);

#endif /* !FLUX_JOB_JSONSCAN_H */

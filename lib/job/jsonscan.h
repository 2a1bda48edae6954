/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Finding a value in JSON text without decoding the text. What is stepped over is not checked: give
 * the rest to jansson. */

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

#endif /* !FLUX_JOB_JSONSCAN_H */

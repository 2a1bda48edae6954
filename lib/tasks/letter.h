/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What one member sends to another: the payload of a request to its service, or the first part of a
 * message over a direct link, whose second is the data:
 *
 *   | 'M' | version 2 | kind | length of name |    4 x 1 byte
 *   | from | to | tag | epoch | seq |              5 x 4 bytes, big-endian
 *   | of | received | taken | bytes |              4 x 4 bytes: see struct receipt
 *   | name | data ...
 */

#ifndef FLUX_TASKS_LETTER_H
#define FLUX_TASKS_LETTER_H

#include <stddef.h>
#include <stdint.h>

#include "lib/tasks/limits.h"

enum letter_kind {
    LETTER_DATA = 0,
    LETTER_HELLO = 1,    // direct links: is somebody there? It comes back
    LETTER_TAKEN = 2,    // no more than the receipt in it
    LETTER_ASK = 3,      // a receipt, please, when `seq` letters were taken
    LETTER_DATA_ASK = 4, // data over a direct link, and a receipt when it was taken
};

#define LETTER_HEAD_MAX (40 + GROUP_NAME_MAX)

/* What became of the letters in the other direction: each letter says it by the way. The numbers
 * count from the beginning of the epoch, and wrap. */
struct receipt {
    uint32_t epoch;
    uint32_t received; // all those before this one have come
    uint32_t taken;    // how many of them
    uint32_t bytes;    // in those
};

struct letter {
    uint8_t kind;
    uint32_t from;
    uint32_t to;
    uint32_t tag;
    uint32_t epoch; // of the sender's membership
    uint32_t seq;   // counts the letters to this member
    struct receipt receipt;
    char name[GROUP_NAME_MAX + 1];
};

/* data points behind the head. -1 with EPROTO. */
int letter_decode (struct letter *l, const void *buf, size_t size, const void **data, size_t *len);

/* Returns the length of the head. */
size_t letter_encode (const struct letter *l, unsigned char head[LETTER_HEAD_MAX]);

#endif /* !FLUX_TASKS_LETTER_H */

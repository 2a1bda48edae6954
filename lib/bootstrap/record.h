/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What travels on a wire-up connection. Each direction is a row of frames:
 *
 *     +----------------+---------------------------------------------+
 *     | length (4, BE) | body: a record, sealed (munge) or plain     |
 *     +----------------+---------------------------------------------+
 *
 * and a record is, numbers big-endian, each string with its length (4, BE) in front and no NUL:
 *
 *     magic "FLXw" | version 1 (1) | kind (1) | jobid (4) | stepid (4) | rank (4) | size (4) |
 *     parent (4) | nonce | host | hostlist | uri | pubkey | secret | text
 *
 * Bytes behind the last string are refused. */

#ifndef FLUX_BOOTSTRAP_RECORD_H
#define FLUX_BOOTSTRAP_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "lib/util/buf.h"

enum wire_kind {
    WIRE_HERE = 1,  // broker's node to server: a broker of this rank is about to start
    WIRE_HELLO = 2, // broker to server: its uri and public key
    WIRE_ABORT = 3, // broker to server: it can't take part, text says why
    WIRE_READY = 4, // server to broker: parent's uri and public key, secret, hostlist
    WIRE_FAILED = 5 // server to broker: the wire-up failed, text says why
};

enum wire_string {
    WIRE_NONCE,
    WIRE_HOST,
    WIRE_HOSTLIST,
    WIRE_URI,
    WIRE_PUBKEY,
    WIRE_SECRET,
    WIRE_TEXT,
    WIRE_STRINGS
};

struct wire_record {
    uint8_t kind;
    uint32_t jobid;
    uint32_t stepid;
    uint32_t rank;
    uint32_t size;
    uint32_t parent;
    char *str[WIRE_STRINGS]; // after decode: owned, never NULL. To encode: NULL counts as ""
};

/* Append the record to b. -1 with errno: ENOMEM, or E2BIG for a string past its limit. */
int wire_record_encode (struct buf *b, const struct wire_record *rec);

/* Decode exactly len bytes. -1 with EPROTO (or ENOMEM); rec is then empty. */
int wire_record_decode (struct wire_record *rec, const void *data, size_t len);

void wire_record_clear (struct wire_record *rec);

/* Put a 4-byte big-endian number at p, and read one. */
void wire_put_u32 (void *p, uint32_t value);
uint32_t wire_get_u32 (const void *p);

#endif /* !FLUX_BOOTSTRAP_RECORD_H */

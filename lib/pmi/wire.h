/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The messages of PMI-1 and PMI-2, which are key=value pairs:
 *
 *   PMI-1 (RFC 13):  cmd=put kvsname=x key=k value=a b c\n     "value" and "msg" go to the end
 *   PMI-2:           "    42" cmd=kvs-put;key=k;value=a;;b;    length in 6 characters, ";;" is ";"
 */

#ifndef FLUX_PMI_WIRE_H
#define FLUX_PMI_WIRE_H

#include <stddef.h>

#include "lib/util/buf.h"

#define PMI_KVSNAME_MAX 64 // each with its NUL
#define PMI_KEY_MAX 64
#define PMI_VALUE_MAX 1024
#define PMI_LINE_MAX 2048 // a PMI-1 message with its newline
#define PMI2_LENGTH_SIZE 6
#define PMI2_VALUE_MAX 1024
#define PMI2_MESSAGE_MAX 65536

/* The value of a key in a PMI-1 message, which ends with its newline or NUL. -1 with ENOENT, or
 * EOVERFLOW when it does not fit. */
int pmi_wire_get (const char *line, const char *key, char *value, size_t size);
int pmi_wire_get_int (const char *line, const char *key, int *value);

/* The same for a PMI-2 message (without its length), len bytes. */
int pmi2_wire_get (const char *msg, size_t len, const char *key, char *value, size_t size);

/* Add a pair to a PMI-2 message. */
void pmi2_wire_put (struct buf *b, const char *key, const char *value);

#endif /* !FLUX_PMI_WIRE_H */

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Standard I/O events (RFC 24): {"stream","rank","data","encoding","eof"}. */

#ifndef FLUX_CMD_IODATA_H
#define FLUX_CMD_IODATA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct iodata {
    const char *stream;
    const char *rank; // an idset, or "all"
    const char *data; // NULL: none
    size_t len;
    bool eof;
    char *own;
};

/* Strings belong to the context object or to io. -1 with errno EPROTO. */
int iodata_decode (struct iodata *io, const json_t *context);
void iodata_clear (struct iodata *io);

/* Print it, with the label before each line unless it is NULL. */
void iodata_print (FILE *f, const struct iodata *io, const char *label);

/* data NULL: only the end of file. */
json_t *iodata_encode (const char *stream, const char *rank, const void *data, size_t len,
                       bool eof);

#endif /* !FLUX_CMD_IODATA_H */

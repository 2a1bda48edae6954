/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the library itself needs beside <flux/hostlist.h>: encoding into a buffer,
 * appending without parsing. */

#ifndef FLUX_SET_HOSTLIST_CODEC_H
#define FLUX_SET_HOSTLIST_CODEC_H

#include <flux/hostlist.h>
#include "lib/util/buf.h"

/* Append the text of a list (NULL: empty). Errors stick in the buffer. */
void hostlist_encode_buf (struct buf *b, const struct hostlist *hl);

/* Append exactly one name. EINVAL when it is empty or is no single name. */
int hostlist_append_host (struct hostlist *hl, const char *host);

#endif /* !FLUX_SET_HOSTLIST_CODEC_H */

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the library itself needs beside <flux/hostlist.h>: encoding into a buffer. */

#ifndef FLUX_SET_HOSTLIST_CODEC_H
#define FLUX_SET_HOSTLIST_CODEC_H

#include <flux/hostlist.h>
#include "lib/util/buf.h"

/* Append the text of a list (NULL: empty). Errors stick in the buffer. */
void hostlist_encode_buf (struct buf *b, const struct hostlist *hl);

#endif /* !FLUX_SET_HOSTLIST_CODEC_H */

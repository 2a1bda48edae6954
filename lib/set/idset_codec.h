/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the library itself needs beside <flux/idset.h>: encoding into a buffer. */

#ifndef FLUX_SET_IDSET_CODEC_H
#define FLUX_SET_IDSET_CODEC_H

#include <flux/idset.h>
#include "lib/util/buf.h"

/* Append the text of a set (NULL: empty). Errors stick in the buffer. */
void idset_encode_buf (struct buf *b, const struct idset *idset, int flags);

#endif /* !FLUX_SET_IDSET_CODEC_H */

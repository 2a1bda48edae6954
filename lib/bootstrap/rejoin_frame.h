/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What a broker that joins a running instance reads on its standard input (rejoin_method.c), made
 * from what a broker that is there tells (overlay.rejoin). */

#ifndef FLUX_BOOTSTRAP_REJOIN_FRAME_H
#define FLUX_BOOTSTRAP_REJOIN_FRAME_H

#include <jansson.h>
#include <stdint.h>

#include "lib/util/buf.h"

/* EPROTO: `o` is no such answer. The secret of the instance is in it: burn it after use. */
int rejoin_frame_encode (struct buf *b, const json_t *o, uint32_t rank);

#endif /* !FLUX_BOOTSTRAP_REJOIN_FRAME_H */

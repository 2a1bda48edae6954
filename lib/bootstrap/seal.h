/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A record becomes the body of a frame: sealed in a munge credential that only the user's uid can
 * open, or plain on a socket pair that nobody else has an end of. */

#ifndef FLUX_BOOTSTRAP_SEAL_H
#define FLUX_BOOTSTRAP_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <flux/types.h>

#include "lib/bootstrap/record.h"

struct sealer {
    bool munge;
    const char *munge_socket; // NULL: munge's default
};

/* Append a whole frame, length and body, to b. */
int seal_record (const struct sealer *s, struct buf *b, const struct wire_record *rec,
                 flux_error_t *errp);

/* Open the body of a frame. EPERM when it was not sealed by this process's effective uid, or its
 * seal is bad; EPROTO when what is inside is no record. */
int unseal_record (const struct sealer *s, const char *body, size_t len, struct wire_record *rec,
                   flux_error_t *errp);

#endif /* !FLUX_BOOTSTRAP_SEAL_H */

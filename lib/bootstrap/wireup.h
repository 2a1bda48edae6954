/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The broker's end of a wire-up connection; also used by the SPANK plugin, which connects before
 * it becomes the broker, so that a broker that dies early is noticed at once. */

#ifndef FLUX_BOOTSTRAP_WIREUP_H
#define FLUX_BOOTSTRAP_WIREUP_H

#include <stdint.h>
#include <flux/types.h>

#include "lib/bootstrap/record.h"
#include "lib/bootstrap/seal.h"

/* Connect to the first of a comma-separated list of numeric addresses that answers. Returns a
 * close-on-exec socket, or -1 with errno (ETIMEDOUT when `deadline`, in monotonic seconds, passed)
 * and a sentence that names what was tried. */
int wireup_connect (const char *addresses, uint16_t port, double deadline, flux_error_t *errp);

/* Send a record; receive one (rec is then the caller's to clear). Any fd, blocking or not. */
int wireup_send (int fd, const struct sealer *s, const struct wire_record *rec, double deadline,
                 flux_error_t *errp);
int wireup_recv (int fd, const struct sealer *s, struct wire_record *rec, double deadline,
                 flux_error_t *errp);

#endif /* !FLUX_BOOTSTRAP_WIREUP_H */

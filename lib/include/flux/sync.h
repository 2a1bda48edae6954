/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Work in step with the instance's heartbeat, so that what is done now and then on all nodes is
 * done at the same time. */

#ifndef FLUX_SYNC_H
#define FLUX_SYNC_H

#include <flux/future.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Fulfilled by each event heartbeat.pulse, but not sooner than `minimum` seconds after the last
 * time; flux_future_reset() waits for the next. The timeout of flux_future_then() is the longest
 * time to wait for one. The instance's heart beats only while somebody listens. */
FLUX_EXPORT flux_future_t *flux_sync_create (flux_t *h, double minimum);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_SYNC_H */

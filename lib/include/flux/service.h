/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Services of a client: requests whose topic begins with "NAME." are sent to this handle. */

#ifndef FLUX_SERVICE_H
#define FLUX_SERVICE_H

#include <flux/future.h>

#ifdef __cplusplus
extern "C" {
#endif

FLUX_EXPORT flux_future_t *flux_service_register (flux_t *h, const char *name);
FLUX_EXPORT flux_future_t *flux_service_unregister (flux_t *h, const char *name);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_SERVICE_H */

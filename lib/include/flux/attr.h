/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Broker attributes. Values that cannot change are asked for once per handle. */

#ifndef FLUX_ATTR_H
#define FLUX_ATTR_H

#include <stdbool.h>
#include <flux/handle.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The value lives until the handle is closed, or until the next get of the same name when it can
 * change. NULL with errno (ENOENT). */
FLUX_EXPORT const char *flux_attr_get (flux_t *h, const char *name);

/* NULL for val unsets it. ENOENT when there is no such attribute, EINVAL or EPERM when it may not
 * be changed. */
FLUX_EXPORT int flux_attr_set (flux_t *h, const char *name, const char *val);

/* force sets an attribute that the broker considers read-only after start. */
FLUX_EXPORT int flux_attr_set_ex (flux_t *h, const char *name, const char *val, bool force,
                                  flux_error_t *errp);

/* Put a value into the handle's cache without asking a broker; NULL takes it out. */
FLUX_EXPORT int flux_attr_set_cacheonly (flux_t *h, const char *name, const char *val);
FLUX_EXPORT const char *flux_attr_cache_first (flux_t *h);
FLUX_EXPORT const char *flux_attr_cache_next (flux_t *h);

FLUX_EXPORT int flux_get_rank (flux_t *h, uint32_t *rank);
FLUX_EXPORT int flux_get_size (flux_t *h, uint32_t *size);

/* When rank 0 started, in seconds since the epoch. */
FLUX_EXPORT int flux_get_instance_starttime (flux_t *h, double *starttime);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_ATTR_H */

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The version of flux-core whose C interface this library has. That of slurm-flux itself is what
 * `flux version` prints. */

#ifndef FLUX_VERSION_H
#define FLUX_VERSION_H

#include <flux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FLUX_CORE_VERSION_MAJOR 0
#define FLUX_CORE_VERSION_MINOR 88
#define FLUX_CORE_VERSION_PATCH 0
#define FLUX_CORE_VERSION_STRING "0.88.0"
#define FLUX_CORE_VERSION_HEX 0x005800

/* The same of the library that is linked. NULL is passed over; the hex value is returned. */
FLUX_EXPORT int flux_core_version (int *major, int *minor, int *patch);
FLUX_EXPORT const char *flux_core_version_string (void);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_VERSION_H */

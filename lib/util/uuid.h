/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_UTIL_UUID_H
#define FLUX_UTIL_UUID_H

#define UUID_STRING_SIZE 37

/* A random UUID (RFC 4122, version 4) as text with its NUL. -1 with errno when there is no
 * randomness to be had. */
int uuid_make (char uuid[UUID_STRING_SIZE]);

#endif /* !FLUX_UTIL_UUID_H */

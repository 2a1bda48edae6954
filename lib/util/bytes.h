/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_UTIL_BYTES_H
#define FLUX_UTIL_BYTES_H

#include <stddef.h>

/* "4096", "64k", "1.5M", "1G", "2t" as a number of bytes, in powers of 1024; the unit may be in
 * either case. -1 with EINVAL. */
int bytes_parse (const char *s, size_t *size);

#endif /* !FLUX_UTIL_BYTES_H */

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Strings that many jobs share (names, folders, whole environments), kept once and counted. */

#ifndef FLUX_SERVICE_JOB_MANAGER_STRPOOL_H
#define FLUX_SERVICE_JOB_MANAGER_STRPOOL_H

#include <stddef.h>

struct strpool;

struct strpool *strpool_create (void);
void strpool_destroy (struct strpool *pool);

/* The pool's copy, with one more reference. NULL gives NULL; NULL with ENOMEM. */
const char *strpool_get (struct strpool *pool, const char *s);
/* The same of what need not end with a NUL. The one that was got last is found at once: long texts,
 * as environments are, come many times in a row. */
const char *strpool_get_span (struct strpool *pool, const char *s, size_t len);
void strpool_put (struct strpool *pool, const char *s);

#endif /* !FLUX_SERVICE_JOB_MANAGER_STRPOOL_H */

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Keys: names with dots between them. */

#ifndef FLUX_SERVICE_KVS_KEY_H
#define FLUX_SERVICE_KVS_KEY_H

#include <stdbool.h>
#include <stddef.h>

/* The usual form of a key: without dots at its ends and without double ones; "." is the root.
 * Returns a malloc'd copy. EINVAL: empty or not UTF-8; ENAMETOOLONG: past KVS_KEY_MAX or
 * KVS_DEPTH_MAX. */
char *key_normalize (const char *key);

/* True when a key is in that form already and none of the errors above holds: the copy is not
 * needed. Plain ASCII only; others are normalized. */
bool key_is_normal (const char *key);

/* A name for a directory entry: not empty, no dot, bounded. */
bool key_name_ok (const char *name, size_t len);

/* A namespace's name: 1..KVS_NS_MAX printable ASCII characters without blanks. */
bool key_ns_ok (const char *ns);

#endif /* !FLUX_SERVICE_KVS_KEY_H */

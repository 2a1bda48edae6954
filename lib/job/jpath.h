/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Values in nested JSON objects by dotted path: "attributes.system.duration". */

#ifndef FLUX_JOB_JPATH_H
#define FLUX_JOB_JPATH_H

#include <jansson.h>

/* Borrowed, or NULL with ENOENT. */
json_t *jpath_get (const json_t *o, const char *path);

/* Takes the reference to val whether it succeeds or not. Objects on the way are made. EINVAL: an
 * empty part, too deep, or something on the way is no object; ENOMEM. */
int jpath_set_new (json_t *o, const char *path, json_t *val);
int jpath_set (json_t *o, const char *path, json_t *val);

/* It is no error if there is nothing at path. */
int jpath_del (json_t *o, const char *path);

#endif /* !FLUX_JOB_JPATH_H */

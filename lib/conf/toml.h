/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_CONF_TOML_H
#define FLUX_CONF_TOML_H

#include <jansson.h>
#include <stddef.h>
#include <flux/types.h>

/* TOML 1.0 (toml.io) text to a new JSON object. NULL with errno and a sentence that begins with
 * `name`, the file's, and the line where it is wrong: EINVAL, or ENOENT when flux-toml.so is not
 * where it was installed. */
json_t *toml_decode (const char *name, const char *text, size_t len, flux_error_t *errp);

#endif /* !FLUX_CONF_TOML_H */

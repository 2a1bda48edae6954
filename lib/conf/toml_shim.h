/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The one function of flux-toml.so, which is loaded only when there is TOML to read: it keeps the
 * C++ of the TOML library out of programs that start a thousand times a day. */

#ifndef FLUX_CONF_TOML_SHIM_H
#define FLUX_CONF_TOML_SHIM_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TOML_SHIM_NAME "flux_toml_to_json"

/* TOML text (len bytes) to JSON text, malloc'd. NULL with a sentence in error and the line where it
 * is wrong, counted from 1, or 0. A date or time is an object {"iso-8601-ts": text}. */
typedef char *(*toml_to_json_f) (const char *text, size_t len, char *error, size_t error_size,
                                 unsigned *line);

__attribute__ ((visibility ("default"))) char *
flux_toml_to_json (const char *text, size_t len, char *error, size_t error_size, unsigned *line);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_CONF_TOML_SHIM_H */

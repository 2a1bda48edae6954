/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* YAML as JSON, for jobspecs written by hand. Plain scalars become numbers, booleans and null as
 * JSON has them; quoted ones stay strings. No aliases; depth and size are limited. */

#ifndef FLUX_GRAPH_IO_YAML_H
#define FLUX_GRAPH_IO_YAML_H

#include <flux/types.h>
#include <jansson.h>

enum { YAML_MAX_DEPTH = 64, YAML_MAX_EVENTS = 1 << 20 };

/* The first document of the text; NULL with EINVAL, errp names the line. flux-yaml.so has it, too.
 */
__attribute__ ((visibility ("default"))) json_t *yaml_to_json (const char *text, size_t len,
                                                               flux_error_t *errp);

#endif /* !FLUX_GRAPH_IO_YAML_H */

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* From the text of a start request to JSON values. Reading JSON is a large part of what a short job
 * costs, so what can be left out is: the environment stays text, and what is word for word as in
 * the request before is not read again. */

#ifndef FLUX_SHELL_REQUEST_H
#define FLUX_SHELL_REQUEST_H

#include <jansson.h>
#include <stddef.h>

enum { SHELL_KNOWN_ATTRS, SHELL_KNOWN_JOBSPEC, SHELL_KNOWN_PARTS };

/* Of the request before; all zero at first. The values are shared and must not be changed. */
struct shell_known {
    struct {
        char *text;
        size_t len;
        json_t *value;
    } part[SHELL_KNOWN_PARTS];
};

/* The request as an object, NULL with *error. *environ is the environment beside the jobspec as
 * text (malloc'd), if there is one that jsonscan_is_environment() knows; its object is empty then.
 * known may be NULL. */
json_t *shell_request_load (const char *request, size_t len, struct shell_known *known,
                            char **environ, json_error_t *error);
void shell_known_clear (struct shell_known *known);

#endif /* !FLUX_SHELL_REQUEST_H */

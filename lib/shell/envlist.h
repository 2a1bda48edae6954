/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* An environment to be, as execve(2) wants it. */

#ifndef FLUX_SHELL_ENVLIST_H
#define FLUX_SHELL_ENVLIST_H

#include <jansson.h>
#include <stddef.h>

struct envlist {
    char **v; // ends with NULL
    size_t n;
    size_t size;
};

/* Start with a JSON object of strings; what is no string is left out. -1 with ENOMEM. */
int envlist_init (struct envlist *env, json_t *o);

/* The same from text that jsonscan_is_environment() knows. */
int envlist_init_text (struct envlist *env, const char *text);
void envlist_clear (struct envlist *env);

/* NULL when it is not set. */
const char *envlist_get (const struct envlist *env, const char *name);

/* Set or replace. -1 with ENOMEM. */
int envlist_set (struct envlist *env, const char *name, const char *value);
int envlist_setf (struct envlist *env, const char *name, const char *fmt, ...)
    __attribute__ ((format (printf, 3, 4)));
void envlist_unset (struct envlist *env, const char *name);

#endif /* !FLUX_SHELL_ENVLIST_H */

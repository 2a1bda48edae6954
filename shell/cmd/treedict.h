/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Values deep in a JSON object by dotted keys, as in --setattr=system.a.b=VAL. */

#ifndef FLUX_CMD_TREEDICT_H
#define FLUX_CMD_TREEDICT_H

#include <jansson.h>

/* Objects on the way are made. The value is taken over. -1 with EINVAL when the way leads through
 * something that is no object. */
int treedict_set_new (json_t *o, const char *key, json_t *value);

/* The text as JSON when it is, else as a string. */
int treedict_set_text (json_t *o, const char *key, const char *text);
json_t *treedict_parse (const char *text);

/* Borrowed, or NULL. */
json_t *treedict_get (json_t *o, const char *key);

#endif /* !FLUX_CMD_TREEDICT_H */

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Large strings are kept out of the JSON parser, which looks at each character and copies the text
 * twice. Before parsing, each string of LARGE_MIN bytes or more without a backslash is cut out and
 * leaves a mark, a short string that begins with U+0001; whoever expects base64 data there takes
 * what was cut out for it. */

#ifndef FLUX_SERVICE_KVS_LARGE_H
#define FLUX_SERVICE_KVS_LARGE_H

#include <jansson.h>
#include "lib/util/base64.h"

enum { LARGE_MIN = 16384 };

struct large {
    struct base64_slice *v; // parts of the text
    size_t count;
};

/* Parse a text. What was cut out points into it, so that it must live as long as *large, which the
 * caller clears. NULL with EPROTO or ENOMEM. */
json_t *large_parse (const char *text, size_t len, struct large *large);
void large_clear (struct large *large);

/* The string that o stands for: itself, or what was cut out. large may be NULL. Not
 * NUL-terminated. */
struct base64_slice large_string (const struct large *large, const json_t *o);

#endif /* !FLUX_SERVICE_KVS_LARGE_H */

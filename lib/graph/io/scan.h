/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Going through plain JSON without making values of it. It is stricter than JSON: strings hold
 * ASCII without escapes, numbers are integers of at most 18 digits, and nesting is bounded. Every
 * function returns false where something else comes, and whoever reads then gives up. */

#ifndef FLUX_GRAPH_IO_SCAN_H
#define FLUX_GRAPH_IO_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
    const char *p; // NULL: there was none
    size_t len;
};

struct scan {
    const char *p, *end;
};

bool slice_is (const struct slice *a, const char *text);

void scan_blank (struct scan *s);
bool scan_eat (struct scan *s, char c);            // c comes next: step over it
bool scan_at (struct scan *s, char c);             // c comes next
bool scan_word (struct scan *s, const char *text); // true, false, null
bool scan_string (struct scan *s, struct slice *out);
bool scan_integer (struct scan *s, int64_t *n);
/* Digits without a leading 0, from *p on. */
bool scan_digits (const char **p, const char *end, int64_t *n);
/* Step through "key": ... of an object whose '{' has been read; *more false at its '}'. *first is
 * true at the first call. */
bool scan_next_key (struct scan *s, bool *first, struct slice *key, bool *more);
/* Over a value of any kind; depth 0. */
bool scan_skip (struct scan *s, int depth);

#endif /* !FLUX_GRAPH_IO_SCAN_H */

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What all of lib/graph shares: limits, small enumerations, and the table of interned names. */

#ifndef FLUX_GRAPH_TYPES_H
#define FLUX_GRAPH_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No vertex, no name, no rank ... */
#define GRAPH_NONE UINT32_MAX

/* Every size, depth and count that comes from outside is checked against these. */
enum {
    GRAPH_MAX_VERTICES = 1 << 27,
    GRAPH_MAX_DEPTH = 64,
    GRAPH_MAX_CHILDREN = 1 << 24,
    GRAPH_MAX_TYPES = 1024,
    GRAPH_MAX_SUBSYSTEMS = 16,
    GRAPH_MAX_NAME = 255,
    GRAPH_MAX_NAMES = 1 << 26,
    GRAPH_MAX_PATH = 4096,
    GRAPH_MAX_TWINS = 64, // vertices of one path that are looked at
    GRAPH_MAX_SIZE = INT32_MAX,
    REQUEST_MAX_DEPTH = 32,
    REQUEST_MAX_RESOURCES = 1024,
    REQUEST_MAX_XOR_VARIANTS = 1000,
    CONSTRAINT_MAX_DEPTH = 64,
};

/* The graph's end of time, in seconds, when the caller names none: 100 years. */
#define GRAPH_FOREVER INT64_C (3153600000)

typedef enum {
    GRAPH_UP,
    GRAPH_DOWN,
    GRAPH_DRAINED, // finish what runs, take nothing new
} graph_status_t;

/* "up", "down", "drained"; NULL and -1 for what is none of them. */
const char *graph_status_name (graph_status_t status);
int graph_status_parse (const char *name);

/* Interned strings: equal text has one id, ids count from 0. Lookup O(length). */
struct names;

struct names *names_create (void);
void names_destroy (struct names *n);
/* The id, or GRAPH_NONE with errno: EINVAL (longer than GRAPH_MAX_PATH), ENOSPC, ENOMEM. */
uint32_t names_intern (struct names *n, const char *s);
uint32_t names_intern_len (struct names *n, const char *s, size_t len);
/* GRAPH_NONE when it was never interned. */
uint32_t names_find (const struct names *n, const char *s);
/* The text, valid until destroy; NULL for GRAPH_NONE. */
const char *names_text (const struct names *n, uint32_t id);
size_t names_count (const struct names *n);
size_t names_bytes (const struct names *n);

#endif /* !FLUX_GRAPH_TYPES_H */

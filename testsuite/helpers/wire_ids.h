/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Ids of jobs that are born in a replay. A recording calls them @1, @2...: what an answer has in
 * the place of the first "@1" is job 1 from then on, and requests have the id in the place of @1d
 * (decimal) and @1f (F58). */

#ifndef WIRE_IDS_H
#define WIRE_IDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_IDS_MAX 16

struct wire_ids {
    uint64_t id[WIRE_IDS_MAX]; // 0: not known yet
};

/* Is `got` job "@N"? It becomes that when it is the first. */
bool wire_ids_match (struct wire_ids *ids, const char *name, const json_t *got);

/* A message with its frame from hex digits. In one with names, lengths are those without them; they
 * are made those with the ids. dst has room for twice the digits. Returns its size, 0 on failure.
 */
size_t wire_ids_request (const struct wire_ids *ids, const char *hex, unsigned char *dst);

/* The text with names in the place of their ids: "@1-x" becomes "f123-x". The caller frees it. */
char *wire_ids_text (const struct wire_ids *ids, const char *text);

#endif /* !WIRE_IDS_H */

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Interned strings: all text in one block, found through an open-addressing table of ids. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/types.h"
#include "lib/util/array_room.h"

struct names {
    char *text;
    size_t len, size;
    uint32_t *start; // of id i in text
    uint32_t count, room;
    uint32_t *slot;  // id + 1, 0: empty
    uint32_t nslots; // a power of two, at least twice count
};

static uint32_t hash_text (const char *s, size_t len)
{
    uint64_t h = UINT64_C (0xcbf29ce484222325);
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)s[i]) * UINT64_C (0x100000001b3);
    return (uint32_t)(h ^ h >> 32);
}

struct names *names_create (void)
{
    struct names *n = calloc (1, sizeof (*n));
    if (!n)
        return NULL;
    n->nslots = 64;
    if (!(n->slot = calloc (n->nslots, sizeof (*n->slot)))) {
        free (n);
        return NULL;
    }
    return n;
}

void names_destroy (struct names *n)
{
    if (!n)
        return;
    int saved = errno;
    free (n->text);
    free (n->start);
    free (n->slot);
    free (n);
    errno = saved;
}

static uint32_t *find_slot (const struct names *n, const char *s, size_t len)
{
    uint32_t mask = n->nslots - 1;
    uint32_t i = hash_text (s, len) & mask;
    while (n->slot[i]) {
        const char *t = n->text + n->start[n->slot[i] - 1];
        if (!strncmp (t, s, len) && t[len] == '\0')
            break;
        i = (i + 1) & mask;
    }
    return &n->slot[i];
}

static int grow_slots (struct names *n)
{
    uint32_t *old = n->slot;
    uint32_t nold = n->nslots;
    uint32_t *slot = calloc ((size_t)nold * 2, sizeof (*slot));
    if (!slot)
        return -1;
    n->slot = slot;
    n->nslots = nold * 2;
    for (uint32_t i = 0; i < n->count; i++) {
        const char *t = n->text + n->start[i];
        *find_slot (n, t, strlen (t)) = i + 1;
    }
    free (old);
    return 0;
}

static int make_room (struct names *n, size_t len)
{
    if (n->len + len + 1 > n->size) {
        size_t size = n->size ? n->size * 2 : 1024;
        while (size < n->len + len + 1)
            size *= 2;
        if (size > UINT32_MAX) {
            errno = ENOSPC;
            return -1;
        }
        char *text = realloc (n->text, size);
        if (!text)
            return -1;
        n->text = text;
        n->size = size;
    }
    if (ARRAY_ROOM (n->start, n->count, n->room, 64) < 0)
        return -1;
    if ((n->count + 1) * 2 > n->nslots)
        return grow_slots (n);
    return 0;
}

uint32_t names_intern_len (struct names *n, const char *s, size_t len)
{
    if (len > GRAPH_MAX_PATH || memchr (s, '\0', len)) {
        errno = EINVAL;
        return GRAPH_NONE;
    }
    uint32_t *slot = find_slot (n, s, len);
    if (*slot)
        return *slot - 1;
    if (n->count >= GRAPH_MAX_NAMES) {
        errno = ENOSPC;
        return GRAPH_NONE;
    }
    if (make_room (n, len) < 0)
        return GRAPH_NONE;
    n->start[n->count] = n->len;
    memcpy (n->text + n->len, s, len);
    n->text[n->len + len] = '\0';
    n->len += len + 1;
    *find_slot (n, s, len) = n->count + 1;
    return n->count++;
}

uint32_t names_intern (struct names *n, const char *s)
{
    return names_intern_len (n, s, strlen (s));
}

uint32_t names_find (const struct names *n, const char *s)
{
    uint32_t *slot = find_slot (n, s, strlen (s));
    return *slot ? *slot - 1 : GRAPH_NONE;
}

const char *names_text (const struct names *n, uint32_t id)
{
    return id < n->count ? n->text + n->start[id] : NULL;
}

size_t names_count (const struct names *n)
{
    return n->count;
}

size_t names_bytes (const struct names *n)
{
    return n->size + n->room * sizeof (*n->start) + n->nslots * sizeof (*n->slot);
}

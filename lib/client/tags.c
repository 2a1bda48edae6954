/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>

#include "lib/client/tags.h"

#define FIRST_SIZE 16
#define MAX_SIZE (1u << 24) // RPCs open at a time

struct slot {
    void *owner;
    uint32_t next; // free list; 0 ends it
    uint8_t state;
};

struct tags {
    struct slot *slot; // [0] is never used
    uint32_t size;
    uint32_t used;
    uint32_t free_first; // taken from here
    uint32_t free_last;  // put behind here
};

static void put_free (struct tags *t, uint32_t tag)
{
    t->slot[tag] = (struct slot){.state = TAG_FREE};
    if (t->free_last)
        t->slot[t->free_last].next = tag;
    else
        t->free_first = tag;
    t->free_last = tag;
}

static int grow (struct tags *t)
{
    uint32_t size = t->size ? t->size * 2 : FIRST_SIZE;

    if (size > MAX_SIZE) {
        errno = ENOSPC;
        return -1;
    }
    struct slot *slot = realloc (t->slot, size * sizeof (*slot));
    if (!slot)
        return -1;
    t->slot = slot;
    for (uint32_t tag = t->size ? t->size : 1; tag < size; tag++)
        put_free (t, tag);
    t->size = size;
    return 0;
}

struct tags *tags_create (void)
{
    struct tags *t = calloc (1, sizeof (*t));

    if (t && grow (t) < 0) {
        free (t);
        return NULL;
    }
    return t;
}

void tags_destroy (struct tags *t)
{
    if (t) {
        free (t->slot);
        free (t);
    }
}

uint32_t tags_alloc (struct tags *t, void *owner)
{
    if (!t->free_first && grow (t) < 0)
        return 0;
    uint32_t tag = t->free_first;
    if (!(t->free_first = t->slot[tag].next))
        t->free_last = 0;
    t->slot[tag] = (struct slot){.owner = owner, .state = TAG_USED};
    t->used++;
    return tag;
}

void tags_free (struct tags *t, uint32_t tag)
{
    if (tags_state (t, tag, NULL) != TAG_FREE) {
        put_free (t, tag);
        t->used--;
    }
}

void tags_orphan (struct tags *t, uint32_t tag)
{
    if (tags_state (t, tag, NULL) == TAG_USED)
        t->slot[tag] = (struct slot){.state = TAG_ORPHAN};
}

enum tag_state tags_state (const struct tags *t, uint32_t tag, void **ownerp)
{
    if (tag == 0 || tag >= t->size)
        return TAG_FREE;
    if (ownerp)
        *ownerp = t->slot[tag].owner;
    return t->slot[tag].state;
}

uint32_t tags_used (const struct tags *t)
{
    return t->used;
}

uint32_t tags_next (const struct tags *t, uint32_t tag)
{
    while (++tag < t->size)
        if (t->slot[tag].state != TAG_FREE)
            return tag;
    return 0;
}

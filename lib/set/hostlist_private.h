/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* How a list lies in memory: an array of ranges, each a prefix and numbers lo..hi written with at
 * least `width` digits, or (width 0) one name without a number. `start` is the index of its first
 * name, so that the nth name is found by bisection. */

#ifndef FLUX_SET_HOSTLIST_PRIVATE_H
#define FLUX_SET_HOSTLIST_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <flux/hostlist.h>
#include "lib/util/buf.h"

#define HOSTLIST_MAX_RANGE (1 << 20)
#define HOSTLIST_MAX_HOSTS (1 << 22)
#define HOSTLIST_MAX_SUFFIXED (1 << 16) // each costs a range: see append_suffixed()

struct hostrange {
    char *prefix;
    uint64_t lo;
    uint64_t hi;
    int width;
    int start;
    int prefix_len;
};

struct hostindex;

struct hostlist {
    struct hostrange *range;
    size_t nranges;
    size_t size; // allocated ranges
    int count;   // names
    int cursor;  // index of a name; count when past the end
    bool gap;    // the name at the cursor was deleted: "next" is the one at the cursor
    struct buf name;
    struct hostindex *index; // made by a find in a list of many ranges, dropped by any change
};

static inline int hostrange_count (const struct hostrange *r)
{
    return r->hi - r->lo + 1;
}

/* Room for one more range in the array. */
int hostlist_make_room (struct hostlist *hl);

/* What was indexed is no longer so. */
void hostlist_changed (struct hostlist *hl);

/* Append a range, joined to the last one where that is possible. ERANGE past the limit. */
int hostlist_append_range (struct hostlist *hl, const char *prefix, int prefix_len, uint64_t lo,
                           uint64_t hi, int width);

/* Append one name, as it is. */
int hostlist_append_name (struct hostlist *hl, const char *name, int len);

/* Forget the ranges, keep the array. */
void hostlist_empty (struct hostlist *hl);

/* Index of a name in range r, or -1. */
int hostrange_find (const struct hostrange *r, const char *name, int len);

/* The range that holds the nth name. */
size_t hostlist_range_of (const struct hostlist *hl, int n);

/* Trailing digits of a name as far as they are a number; 0 when there are none or too many. */
int hostname_digits (const char *name, int len);

/* Index of the first such name, with the help of hl->index. -1 if there is none. */
int hostindex_find (struct hostlist *hl, const char *name, int len);
void hostindex_destroy (struct hostindex *index);

#endif /* !FLUX_SET_HOSTLIST_PRIVATE_H */

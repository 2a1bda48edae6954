/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* hostlist: finding a name in a list of many ranges: a hash by prefix, and under each prefix the
 * ranges by number. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "lib/set/hostlist_private.h"
#include "lib/set/rangestr.h"

#define INDEX_MIN_RANGES 16 // with fewer, looking at each is quicker

struct entry {
    uint64_t lo;
    size_t i; // of the range in the list
};

struct by_prefix {
    const char *prefix;  // lies in the list
    struct entry *range; // by lo, then by position
    size_t n;
    bool overlap; // then bisection cannot tell which one comes first
    UT_hash_handle hh;
};

struct hostindex {
    struct by_prefix *hash;
};

void hostindex_destroy (struct hostindex *index)
{
    struct by_prefix *p, *tmp;

    if (!index)
        return;
    HASH_ITER (hh, index->hash, p, tmp)
    {
        HASH_DEL (index->hash, p);
        free (p->range);
        free (p);
    }
    free (index);
}

static int compare (const void *x, const void *y)
{
    const struct entry *a = x, *b = y;

    if (a->lo != b->lo)
        return a->lo < b->lo ? -1 : 1;
    return a->i < b->i ? -1 : a->i > b->i;
}

static int add_range (struct hostindex *index, struct hostlist *hl, size_t i)
{
    struct hostrange *r = &hl->range[i];
    struct by_prefix *p;

    HASH_FIND (hh, index->hash, r->prefix, r->prefix_len, p);
    if (!p) {
        if (!(p = calloc (1, sizeof (*p))))
            return -1;
        p->prefix = r->prefix;
        HASH_ADD_KEYPTR (hh, index->hash, p->prefix, r->prefix_len, p);
    }
    if ((p->n & (p->n - 1)) == 0) { // full: double it
        struct entry *range = reallocarray (p->range, p->n ? p->n * 2 : 1, sizeof (*range));
        if (!range)
            return -1;
        p->range = range;
    }
    p->range[p->n++] = (struct entry){.lo = r->lo, .i = i};
    return 0;
}

static struct hostindex *index_create (struct hostlist *hl)
{
    struct hostindex *index = calloc (1, sizeof (*index));

    if (!index)
        return NULL;
    for (size_t i = 0; i < hl->nranges; i++) {
        if (add_range (index, hl, i) < 0) {
            hostindex_destroy (index);
            return NULL;
        }
    }
    for (struct by_prefix *p = index->hash; p; p = p->hh.next) {
        qsort (p->range, p->n, sizeof (p->range[0]), compare);
        for (size_t i = 1; i < p->n; i++)
            p->overlap |= p->range[i].lo <= hl->range[p->range[i - 1].i].hi;
    }
    return index;
}

static int try_range (const struct hostlist *hl, size_t i, const char *name, int len)
{
    int n = hostrange_find (&hl->range[i], name, len);
    return n < 0 ? -1 : hl->range[i].start + n;
}

static int find_under (const struct hostlist *hl, const struct by_prefix *p, const char *name,
                       int len, int prefix_len)
{
    uint64_t number = 0;
    size_t lo = 0, hi = p->n;

    if (p->overlap) {
        int best = -1;
        for (size_t i = 0; i < p->n; i++) {
            int n = try_range (hl, p->range[i].i, name, len);
            if (n >= 0 && (best < 0 || n < best))
                best = n;
        }
        return best;
    }
    for (int i = prefix_len; i < len; i++)
        number = number * 10 + (name[i] - '0');
    while (hi - lo > 1) {
        size_t mid = (lo + hi) / 2;
        if (p->range[mid].lo <= number)
            lo = mid;
        else
            hi = mid;
    }
    return try_range (hl, p->range[lo].i, name, len);
}

int hostindex_find (struct hostlist *hl, const char *name, int len)
{
    int best = -1;

    if (hl->nranges >= INDEX_MIN_RANGES && !hl->index)
        hl->index = index_create (hl);
    if (!hl->index) {
        for (size_t i = 0; i < hl->nranges && best < 0; i++)
            best = try_range (hl, i, name, len);
        return best;
    }
    // digits before a bracket belong to the prefix, so each way of dividing the name is tried
    for (int prefix_len = len, digits = hostname_digits (name, len); digits >= 0;
         prefix_len--, digits--) {
        struct by_prefix *p;
        HASH_FIND (hh, hl->index->hash, name, prefix_len, p);
        int n = p ? find_under (hl, p, name, len, prefix_len) : -1;
        if (n >= 0 && (best < 0 || n < best))
            best = n;
    }
    return best;
}

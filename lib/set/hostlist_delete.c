/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* hostlist: taking names out. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <flux/idset.h>

#include "lib/set/hostlist_private.h"

static void drop_range (struct hostlist *hl, size_t i)
{
    free (hl->range[i].prefix);
    memmove (&hl->range[i], &hl->range[i + 1], (--hl->nranges - i) * sizeof (hl->range[0]));
}

/* Divide range i so that its second part begins with its nth name. */
static int split_range (struct hostlist *hl, size_t i, int n)
{
    if (hostlist_make_room (hl) < 0)
        return -1;
    struct hostrange *r = &hl->range[i];
    char *prefix = strndup (r->prefix, r->prefix_len);
    if (!prefix)
        return -1;
    memmove (r + 1, r, (hl->nranges++ - i) * sizeof (*r));
    r[1].prefix = prefix;
    r[1].lo += n;
    r[0].hi = r[1].lo - 1;
    return 0;
}

static int remove_at (struct hostlist *hl, int n)
{
    size_t i = hostlist_range_of (hl, n);
    int offset = n - hl->range[i].start;

    if (offset > 0 && offset < hostrange_count (&hl->range[i]) - 1 &&
        split_range (hl, i, offset + 1) < 0)
        return -1;
    hostlist_changed (hl);
    struct hostrange *r = &hl->range[i];
    if (r->lo == r->hi)
        drop_range (hl, i);
    else if (offset == 0)
        r->lo++;
    else
        r->hi--;
    hl->count--;
    for (int start = i ? hl->range[i - 1].start + hostrange_count (&hl->range[i - 1]) : 0;
         i < hl->nranges; start += hostrange_count (&hl->range[i++]))
        hl->range[i].start = start;
    if (n == hl->cursor)
        hl->gap = true;
    else if (n < hl->cursor)
        hl->cursor--;
    return 1;
}

int hostlist_remove_current (struct hostlist *hl)
{
    if (!hl) {
        errno = EINVAL;
        return -1;
    }
    return hl->cursor < hl->count ? remove_at (hl, hl->cursor) : 0;
}

/* Index of the first `name` that is not marked, or -1. */
static int find_unmarked (struct hostlist *hl, const char *name, int len,
                          const struct idset *marked)
{
    int n = hostindex_find (hl, name, len);

    if (n < 0 || !idset_test (marked, n))
        return n;
    for (size_t i = hostlist_range_of (hl, n); i < hl->nranges; i++) {
        int offset = hostrange_find (&hl->range[i], name, len);
        if (offset >= 0 && !idset_test (marked, hl->range[i].start + offset))
            return hl->range[i].start + offset;
    }
    return -1;
}

/* Append to out what is left of a range. */
static int append_unmarked (struct hostlist *out, const struct hostrange *r,
                            const struct idset *marked)
{
    int end = r->start + hostrange_count (r), next;

    for (int n = r->start; n < end; n = next + 1) {
        unsigned int id = idset_test (marked, n) ? (unsigned int)n : idset_next (marked, n);
        next = id >= (unsigned int)end ? end : (int)id;
        if (next > n &&
            hostlist_append_range (out, r->prefix, r->prefix_len, r->lo + (n - r->start),
                                   r->lo + (next - 1 - r->start), r->width) < 0)
            return -1;
    }
    return 0;
}

/* Take all marked names out at once. */
static int remove_marked (struct hostlist *hl, const struct idset *marked)
{
    struct hostlist *out = hostlist_create ();
    int cursor = hl->cursor;

    for (size_t i = 0; out && i < hl->nranges; i++) {
        if (append_unmarked (out, &hl->range[i], marked) < 0) {
            hostlist_destroy (out);
            return -1;
        }
    }
    if (!out)
        return -1;
    for (unsigned int id = idset_first (marked); id < (unsigned int)hl->cursor;
         id = idset_next (marked, id))
        cursor--;
    out->gap = hl->gap || idset_test (marked, hl->cursor);
    out->cursor = cursor;
    struct hostlist tmp = *hl;
    *hl = *out;
    *out = tmp;
    hostlist_destroy (out);
    return 0;
}

int hostlist_delete (struct hostlist *hl, const char *hosts)
{
    int rc = -1;

    if (!hl || !hosts) {
        errno = EINVAL;
        return -1;
    }
    struct hostlist *del = hostlist_decode (hosts);
    struct idset *marked = idset_create (hl->count + 1, 0);
    if (!del || !marked)
        goto out;
    for (const char *host = hostlist_first (del); host; host = hostlist_next (del)) {
        int n = find_unmarked (hl, host, del->name.len, marked);
        if (n >= 0 && idset_set (marked, n) < 0)
            goto out;
    }
    rc = idset_count (marked);
    if (rc > 0 && remove_marked (hl, marked) < 0)
        rc = -1;
out:;
    int saved_errno = errno;
    idset_destroy (marked);
    hostlist_destroy (del);
    errno = saved_errno;
    return rc;
}

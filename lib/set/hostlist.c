/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* hostlist: ranges in memory, the cursor, and finding. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/set/hostlist_private.h"
#include "lib/set/rangestr.h"
#include "lib/util/array_room.h"

void hostlist_changed (struct hostlist *hl)
{
    hostindex_destroy (hl->index);
    hl->index = NULL;
}

struct hostlist *hostlist_create (void)
{
    return calloc (1, sizeof (struct hostlist));
}

void hostlist_empty (struct hostlist *hl)
{
    hostlist_changed (hl);
    for (size_t i = 0; i < hl->nranges; i++)
        free (hl->range[i].prefix);
    hl->nranges = 0;
    hl->count = hl->cursor = 0;
    hl->gap = false;
}

void hostlist_destroy (struct hostlist *hl)
{
    if (hl) {
        int saved_errno = errno;
        hostlist_empty (hl);
        free (hl->range);
        buf_clear (&hl->name);
        free (hl);
        errno = saved_errno;
    }
}

int hostlist_make_room (struct hostlist *hl)
{
    return ARRAY_ROOM (hl->range, hl->nranges, hl->size, 4);
}

static int digits_as_written (uint64_t n, int width)
{
    int digits = rangestr_digits (n);
    return digits > width ? digits : width;
}

/* Can a range that begins with lo/width go on the end of r? The numbers must follow each other and
 * read the same with r's width; if the smallest does, so do all. */
static bool can_join (const struct hostrange *r, const char *prefix, int prefix_len, uint64_t lo,
                      int width)
{
    return r->width > 0 && width > 0 && r->hi + 1 == lo && r->prefix_len == prefix_len &&
           digits_as_written (lo, r->width) == digits_as_written (lo, width) &&
           memcmp (r->prefix, prefix, prefix_len) == 0;
}

int hostlist_append_range (struct hostlist *hl, const char *prefix, int prefix_len, uint64_t lo,
                           uint64_t hi, int width)
{
    if (hi - lo >= HOSTLIST_MAX_HOSTS || hl->count + (int)(hi - lo) + 1 > HOSTLIST_MAX_HOSTS) {
        errno = ERANGE;
        return -1;
    }
    hostlist_changed (hl);
    struct hostrange *last = hl->nranges ? &hl->range[hl->nranges - 1] : NULL;
    if (last && can_join (last, prefix, prefix_len, lo, width)) {
        last->hi = hi;
    } else {
        if (hostlist_make_room (hl) < 0)
            return -1;
        struct hostrange *r = &hl->range[hl->nranges];
        *r = (struct hostrange){.lo = lo, .hi = hi, .width = width, .start = hl->count};
        r->prefix_len = prefix_len;
        if (!(r->prefix = strndup (prefix, prefix_len)))
            return -1;
        hl->nranges++;
    }
    hl->count += hi - lo + 1;
    return 0;
}

int hostname_digits (const char *name, int len)
{
    int n = 0;

    while (n < len && name[len - n - 1] >= '0' && name[len - n - 1] <= '9')
        n++;
    return n > RANGESTR_MAX_DIGITS ? 0 : n;
}

static uint64_t to_number (const char *s, int len)
{
    uint64_t n = 0;

    for (int i = 0; i < len; i++)
        n = n * 10 + (s[i] - '0');
    return n;
}

int hostlist_append_name (struct hostlist *hl, const char *name, int len)
{
    int digits = hostname_digits (name, len);
    uint64_t n = to_number (name + len - digits, digits);

    return hostlist_append_range (hl, name, len - digits, n, n, digits);
}

struct hostlist *hostlist_copy (const struct hostlist *hl)
{
    if (!hl) {
        errno = EINVAL;
        return NULL;
    }
    struct hostlist *cpy = hostlist_create ();
    if (!cpy)
        return NULL;
    for (size_t i = 0; i < hl->nranges; i++) {
        const struct hostrange *r = &hl->range[i];
        if (hostlist_append_range (cpy, r->prefix, r->prefix_len, r->lo, r->hi, r->width) < 0) {
            hostlist_destroy (cpy);
            return NULL;
        }
    }
    cpy->cursor = hl->cursor;
    cpy->gap = hl->gap;
    return cpy;
}

int hostlist_append_list (struct hostlist *hl1, struct hostlist *hl2)
{
    if (!hl1 || !hl2) {
        errno = EINVAL;
        return -1;
    }
    int count = hl2->count;
    size_t nranges = hl2->nranges;
    struct hostrange last = nranges ? hl2->range[nranges - 1] : (struct hostrange){0};
    if (hl1->count + count > HOSTLIST_MAX_HOSTS) {
        errno = ERANGE;
        return -1;
    }
    for (size_t i = 0; i < nranges; i++) {
        // with hl1 == hl2 the last range may grow meanwhile
        struct hostrange r = i + 1 == nranges ? last : hl2->range[i];
        if (hostlist_append_range (hl1, r.prefix, r.prefix_len, r.lo, r.hi, r.width) < 0)
            return -1;
    }
    return count;
}

int hostlist_count (struct hostlist *hl)
{
    return hl ? hl->count : 0;
}

size_t hostlist_range_of (const struct hostlist *hl, int n)
{
    size_t lo = 0, hi = hl->nranges;

    while (hi - lo > 1) {
        size_t mid = (lo + hi) / 2;
        if (hl->range[mid].start <= n)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

static const char *name_at (struct hostlist *hl, int n)
{
    const struct hostrange *r = &hl->range[hostlist_range_of (hl, n)];

    buf_reset (&hl->name);
    if (buf_append (&hl->name, r->prefix, r->prefix_len) < 0 ||
        buf_reserve (&hl->name, 20 + r->width) < 0)
        return NULL;
    if (r->width > 0)
        hl->name.len +=
            rangestr_put (hl->name.data + hl->name.len, r->lo + (n - r->start), r->width);
    hl->name.data[hl->name.len] = '\0';
    return hl->name.data;
}

/* Set the cursor; NULL with ENOENT when no name is there. */
static const char *go_to (struct hostlist *hl, int n)
{
    hl->gap = false;
    if (n < 0 || n >= hl->count) {
        hl->cursor = hl->count;
        errno = ENOENT;
        return NULL;
    }
    hl->cursor = n;
    return name_at (hl, n);
}

static bool is_null (const struct hostlist *hl)
{
    if (!hl)
        errno = EINVAL;
    return !hl;
}

const char *hostlist_nth (struct hostlist *hl, int n)
{
    if (!hl || n < 0) {
        errno = EINVAL;
        return NULL;
    }
    if (n >= hl->count) {
        errno = ENOENT;
        return NULL;
    }
    return go_to (hl, n);
}

const char *hostlist_first (struct hostlist *hl)
{
    return is_null (hl) ? NULL : go_to (hl, 0);
}

const char *hostlist_last (struct hostlist *hl)
{
    return is_null (hl) ? NULL : go_to (hl, hl->count - 1);
}

const char *hostlist_next (struct hostlist *hl)
{
    if (is_null (hl))
        return NULL;
    return go_to (hl, hl->gap || hl->cursor >= hl->count ? hl->cursor : hl->cursor + 1);
}

const char *hostlist_current (struct hostlist *hl)
{
    if (is_null (hl))
        return NULL;
    if (hl->cursor >= hl->count) {
        errno = ENOENT;
        return NULL;
    }
    return name_at (hl, hl->cursor);
}

int hostrange_find (const struct hostrange *r, const char *name, int len)
{
    int digits = len - r->prefix_len;

    if (digits < 0 || memcmp (name, r->prefix, r->prefix_len) != 0)
        return -1;
    if (r->width == 0)
        return digits == 0 ? 0 : -1;
    if (digits == 0 || digits > RANGESTR_MAX_DIGITS || hostname_digits (name, len) < digits)
        return -1;
    uint64_t n = to_number (name + r->prefix_len, digits);
    if (n < r->lo || n > r->hi || digits != digits_as_written (n, r->width))
        return -1;
    return n - r->lo;
}

int hostlist_find (struct hostlist *hl, const char *hostname)
{
    if (!hl || !hostname) {
        errno = EINVAL;
        return -1;
    }
    int n = hostindex_find (hl, hostname, strlen (hostname));
    if (n < 0) {
        errno = ENOENT;
        return -1;
    }
    go_to (hl, n);
    return n;
}

struct hostlist_hostname {
    char *name;
};

struct hostlist_hostname *hostlist_hostname_create (const char *hostname)
{
    if (!hostname || hostname[strcspn (hostname, ",[] \t\n")]) {
        errno = EINVAL;
        return NULL;
    }
    struct hostlist_hostname *hn = malloc (sizeof (*hn));
    if (hn && !(hn->name = strdup (hostname))) {
        free (hn);
        hn = NULL;
    }
    return hn;
}

void hostlist_hostname_destroy (struct hostlist_hostname *hn)
{
    if (hn) {
        int saved_errno = errno;
        free (hn->name);
        free (hn);
        errno = saved_errno;
    }
}

int hostlist_find_hostname (struct hostlist *hl, struct hostlist_hostname *hn)
{
    return hostlist_find (hl, hn ? hn->name : NULL);
}

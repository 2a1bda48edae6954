/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* hostlist: sorting.
 *
 * Under one prefix, numbers are first put into classes of equal padding: class 0 is written
 * plainly, class w with at least w digits. A plain number belongs to the widest class of the list
 * in which it reads the same ("10" goes with "08" and "09"), and to class 0 if there is none. */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/set/hostlist_private.h"
#include "lib/set/rangestr.h"

static int compare_prefix (const void *x, const void *y)
{
    const struct hostrange *a = x, *b = y;
    int rc = strcmp (a->prefix, b->prefix);
    return rc ? rc : (a->width > 0) - (b->width > 0);
}

static int compare_number (const void *x, const void *y)
{
    const struct hostrange *a = x, *b = y;

    if (a->width != b->width)
        return a->width - b->width;
    if (a->lo != b->lo)
        return a->lo < b->lo ? -1 : 1;
    return (a->hi > b->hi) - (a->hi < b->hi);
}

/* The widths of padded numbers, as a bit mask. */
static uint32_t padded_widths (const struct hostrange *r, size_t n)
{
    uint32_t widths = 0;

    for (size_t i = 0; i < n; i++) {
        if (r[i].width > rangestr_digits (r[i].lo))
            widths |= 1U << r[i].width;
    }
    return widths;
}

/* Divide a range into pieces of equal numbers of digits, with their class as width. Returns how
 * many there are; out may be NULL. */
static size_t divide (const struct hostrange *r, uint32_t widths, struct hostrange *out)
{
    size_t n = 0;

    for (uint64_t lo = r->lo, next; lo <= r->hi; lo = next, n++) {
        int digits = rangestr_digits (lo), class = r->width;
        next = 1;
        for (int i = 0; i < digits; i++)
            next *= 10;
        if (digits >= r->width) { // written plainly
            uint32_t fits = widths & ((2U << digits) - 1);
            class = fits ? 31 - __builtin_clz (fits) : 0;
        }
        if (out) {
            out[n] = *r;
            out[n].lo = lo;
            out[n].hi = next - 1 < r->hi ? next - 1 : r->hi;
            out[n].width = class ? class : 1;
        }
    }
    return n;
}

/* All of r in pieces; their number goes to *np. NULL with ENOMEM. */
static struct hostrange *classify (const struct hostrange *r, size_t n, size_t *np)
{
    uint32_t widths = padded_widths (r, n);
    size_t pieces = 0;

    for (size_t i = 0; i < n; i++)
        pieces += divide (&r[i], widths, NULL);
    struct hostrange *out = reallocarray (NULL, pieces, sizeof (*out));
    *np = 0;
    for (size_t i = 0; out && i < n; i++)
        *np += divide (&r[i], widths, out + *np);
    return out;
}

static int compare_u64 (const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

/* Overlapping ranges, sorted by lo: each number as often as there are ranges that hold it. */
static int append_overlap (struct hostlist *out, const struct hostrange *r, size_t n)
{
    uint64_t *hi = reallocarray (NULL, n, sizeof (*hi));
    size_t begun = 0, ended = 0;

    if (!hi)
        return -1;
    for (size_t i = 0; i < n; i++)
        hi[i] = r[i].hi;
    qsort (hi, n, sizeof (*hi), compare_u64);
    for (uint64_t v = r[0].lo; v <= hi[n - 1]; v++) {
        for (; begun < n && r[begun].lo <= v; begun++)
            ;
        for (; ended < n && hi[ended] < v; ended++)
            ;
        for (size_t i = ended; i < begun; i++) {
            if (hostlist_append_range (out, r->prefix, r->prefix_len, v, v, r->width) < 0) {
                free (hi);
                return -1;
            }
        }
    }
    free (hi);
    return 0;
}

/* The numbered ranges under one prefix. */
static int append_numbers (struct hostlist *out, const struct hostrange *range, size_t count,
                           bool uniq)
{
    size_t n, m;
    struct hostrange *r = classify (range, count, &n);
    int rc = r ? 0 : -1;

    if (r)
        qsort (r, n, sizeof (*r), compare_number);
    for (size_t i = 0; rc == 0 && i < n; i += m) {
        uint64_t end = r[i].hi;
        for (m = 1; i + m < n && r[i + m].width == r[i].width && r[i + m].lo <= end; m++)
            end = r[i + m].hi > end ? r[i + m].hi : end;
        if (m == 1 || uniq)
            rc =
                hostlist_append_range (out, r[i].prefix, r[i].prefix_len, r[i].lo, end, r[i].width);
        else
            rc = append_overlap (out, &r[i], m);
    }
    free (r);
    return rc;
}

static int append_sorted (struct hostlist *out, struct hostlist *hl, bool uniq)
{
    struct hostrange *r = hl->range;
    size_t n;

    for (size_t i = 0; i < hl->nranges; i += n) {
        for (n = 1; i + n < hl->nranges && compare_prefix (&r[i], &r[i + n]) == 0;)
            n++;
        if (r[i].width > 0) {
            if (append_numbers (out, &r[i], n, uniq) < 0)
                return -1;
            continue;
        }
        for (size_t k = 0; k < (uniq ? 1 : n); k++) {
            if (hostlist_append_range (out, r[i].prefix, r[i].prefix_len, 0, 0, 0) < 0)
                return -1;
        }
    }
    return 0;
}

/* Can names of r be written with another prefix, too: "n1[15-20]" and "n[115-120]"? */
static bool is_ambiguous (const struct hostrange *r)
{
    return r->width > 0 && r->prefix_len > 0 &&
           isdigit ((unsigned char)r->prefix[r->prefix_len - 1]) &&
           hostrange_count (r) <= HOSTLIST_MAX_SUFFIXED;
}

/* A copy in which all digits at the end of a name are its number, as when it stands alone. */
static struct hostlist *copy_unambiguous (struct hostlist *hl)
{
    struct hostlist *out = hostlist_create ();
    int rc = out ? 0 : -1;

    for (size_t i = 0; rc == 0 && i < hl->nranges; i++) {
        const struct hostrange *r = &hl->range[i];
        if (!is_ambiguous (r)) {
            rc = hostlist_append_range (out, r->prefix, r->prefix_len, r->lo, r->hi, r->width);
            continue;
        }
        for (int n = 0; rc == 0 && n < hostrange_count (r); n++) {
            const char *name = hostlist_nth (hl, r->start + n);
            rc = name ? hostlist_append_name (out, name, strlen (name)) : -1;
        }
    }
    if (rc < 0) {
        hostlist_destroy (out);
        return NULL;
    }
    return out;
}

/* The public calls cannot fail: short of memory, the list stays as it was. */
static void sort (struct hostlist *hl, bool uniq)
{
    struct hostlist *in = NULL;
    if (hostlist_count (hl) > 0)
        in = uniq ? copy_unambiguous (hl) : hostlist_copy (hl);
    struct hostlist *out = in ? hostlist_create () : NULL;

    if (out) {
        qsort (in->range, in->nranges, sizeof (in->range[0]), compare_prefix);
        if (append_sorted (out, in, uniq) == 0) {
            struct hostlist tmp = *hl;
            *hl = *out;
            *out = tmp;
        }
    }
    hostlist_destroy (in);
    hostlist_destroy (out);
}

void hostlist_sort (struct hostlist *hl)
{
    sort (hl, false);
}

void hostlist_uniq (struct hostlist *hl)
{
    sort (hl, true);
}

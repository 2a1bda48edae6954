/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* hostlist: to and from text (RFC 29). */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/set/hostlist_codec.h"
#include "lib/set/hostlist_private.h"
#include "lib/set/rangestr.h"
#include "lib/util/fail.h"

static bool is_separator (char c)
{
    return c == ',' || c == ' ' || c == '\t' || c == '\n';
}

/* One expression of a list, prefix[ids]suffix. `ids` is NULL without brackets. */
struct expr {
    const char *s;
    const char *ids;
    const char *ids_end;
    const char *end;
};

/* Find the end of the expression at s and check its characters. */
static int take_expr (const char *s, struct expr *x)
{
    *x = (struct expr){.s = s};
    for (; *s && (!is_separator (*s) || (x->ids && !x->ids_end)); s++) {
        if (*s == '[') {
            if (x->ids)
                return fail (EINVAL);
            x->ids = s + 1;
        } else if (*s == ']') {
            if (!x->ids || x->ids_end || s == x->ids)
                return fail (EINVAL);
            x->ids_end = s;
        } else if (*s <= ' ' || *s > '~')
            return fail (EINVAL);
    }
    x->end = s;
    return x->ids && !x->ids_end ? fail (EINVAL) : 0;
}

/* Numbers with a suffix are written one by one, since only what stands at the end of a name is
 * joined into ranges. */
static int append_suffixed (struct hostlist *hl, const struct expr *x, uint64_t lo, uint64_t hi,
                            int width)
{
    int prefix_len = x->ids - 1 - x->s, suffix_len = x->end - x->ids_end - 1;
    int rc = -1;

    if (hi - lo >= HOSTLIST_MAX_SUFFIXED || hl->nranges + (hi - lo) > HOSTLIST_MAX_SUFFIXED) {
        errno = ERANGE;
        return -1;
    }
    char *name = malloc (prefix_len + suffix_len + width + 20);
    if (!name)
        return -1;
    memcpy (name, x->s, prefix_len);
    for (uint64_t n = lo; n <= hi; n++) {
        int len = prefix_len + rangestr_put (name + prefix_len, n, width);
        memcpy (name + len, x->ids_end + 1, suffix_len);
        if (hostlist_append_name (hl, name, len + suffix_len) < 0)
            goto out;
    }
    rc = 0;
out:
    free (name);
    return rc;
}

static int append_expr (struct hostlist *hl, const struct expr *x)
{
    struct rangestr rs = {.p = x->ids, .end = x->ids_end};
    struct rangestr_elem e;
    int common = 0; // zero-padding of the first number holds for all of them
    int rc;

    if (!x->ids)
        return hostlist_append_name (hl, x->s, x->end - x->s);
    for (bool first = true; (rc = rangestr_next (&rs, &e)) > 0; first = false) {
        if (first && e.width > 1 && *e.s == '0')
            common = e.width;
        int width = e.width > common ? e.width : common;
        if (e.hi < e.lo)
            return fail (EINVAL);
        if (e.hi - e.lo >= HOSTLIST_MAX_RANGE) {
            errno = ERANGE;
            return -1;
        }
        if (x->end > x->ids_end + 1)
            rc = append_suffixed (hl, x, e.lo, e.hi, width);
        else
            rc = hostlist_append_range (hl, x->s, x->ids - 1 - x->s, e.lo, e.hi, width);
        if (rc < 0)
            return -1;
    }
    return rc;
}

static int decode (struct hostlist *hl, const char *s)
{
    struct expr x;

    while (*s) {
        if (is_separator (*s)) {
            s++;
            continue;
        }
        if (take_expr (s, &x) < 0 || append_expr (hl, &x) < 0)
            return -1;
        s = x.end;
    }
    return 0;
}

struct hostlist *hostlist_decode (const char *s)
{
    if (!s) {
        errno = EINVAL;
        return NULL;
    }
    struct hostlist *hl = hostlist_create ();
    if (hl && decode (hl, s) < 0) {
        hostlist_destroy (hl);
        return NULL;
    }
    return hl;
}

int hostlist_append (struct hostlist *hl, const char *hosts)
{
    if (!hl) {
        errno = EINVAL;
        return -1;
    }
    if (!hosts)
        return 0;
    struct hostlist *more = hostlist_decode (hosts); // first, so that a failure changes nothing
    if (!more)
        return -1;
    int rc = hostlist_append_list (hl, more);
    hostlist_destroy (more);
    return rc;
}

int hostlist_append_host (struct hostlist *hl, const char *host)
{
    struct expr x;

    if (!hl || !host || *host == '\0' || is_separator (*host) || take_expr (host, &x) < 0 ||
        x.ids || *x.end != '\0')
        return fail (EINVAL);
    return hostlist_append_name (hl, host, x.end - host);
}

/* Do ranges a and b go into the same brackets, whose first number is `first`? If that is padded,
 * none may be written with fewer digits, or it would be padded too. */
static bool same_brackets (const struct hostrange *first, const struct hostrange *r)
{
    if (first->width == 0 || r->width == 0 || first->prefix_len != r->prefix_len ||
        memcmp (first->prefix, r->prefix, r->prefix_len) != 0)
        return false;
    bool padded = rangestr_digits (first->lo) < first->width;
    return !padded || r->width >= first->width || rangestr_digits (r->lo) >= first->width;
}

static void put_number (struct buf *b, uint64_t n, int width)
{
    if (buf_reserve (b, 20 + width) == 0)
        b->len += rangestr_put (b->data + b->len, n, width);
}

static void put_group (struct buf *b, const struct hostrange *r, size_t n)
{
    bool brackets = n > 1 || r->lo != r->hi;

    buf_append (b, r->prefix, r->prefix_len);
    if (r->width == 0)
        return;
    if (brackets)
        buf_putc (b, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_putc (b, ',');
        put_number (b, r[i].lo, r[i].width);
        if (r[i].hi > r[i].lo) {
            buf_putc (b, '-');
            put_number (b, r[i].hi, r[i].width);
        }
    }
    if (brackets)
        buf_putc (b, ']');
}

void hostlist_encode_buf (struct buf *b, const struct hostlist *hl)
{
    size_t n;

    buf_append (b, "", 0);
    for (size_t i = 0; hl && i < hl->nranges; i += n) {
        for (n = 1; i + n < hl->nranges && same_brackets (&hl->range[i], &hl->range[i + n]);)
            n++;
        if (i > 0)
            buf_putc (b, ',');
        put_group (b, &hl->range[i], n);
    }
    buf_append (b, "", 0);
}

char *hostlist_encode (struct hostlist *hl)
{
    struct buf b = {0};

    if (!hl) {
        errno = EINVAL;
        return NULL;
    }
    hostlist_encode_buf (&b, hl);
    return buf_take (&b);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* idset: to and from text (RFC 22). */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/set/idset_codec.h"
#include "lib/set/idset_private.h"
#include "lib/set/rangestr.h"

__attribute__ ((format (printf, 3, 4))) static int fail (idset_error_t *error, int errnum,
                                                         const char *fmt, ...)
{
    if (error) {
        va_list ap;
        va_start (ap, fmt);
        vsnprintf (error->text, sizeof (error->text), fmt, ap);
        va_end (ap);
    }
    errno = errnum;
    return -1;
}

static void put_run (struct buf *b, size_t lo, size_t hi, bool ranges)
{
    for (size_t id = lo; id <= hi; id++) {
        if (buf_reserve (b, 2 * 20 + 2) < 0)
            return;
        char *p = b->data + b->len;
        p += rangestr_put (p, id, 0);
        if (ranges && hi > lo) {
            *p++ = '-';
            p += rangestr_put (p, hi, 0);
            id = hi;
        }
        *p++ = ',';
        b->len = p - b->data;
    }
}

void idset_encode_buf (struct buf *b, const struct idset *idset, int flags)
{
    bool brackets = (flags & IDSET_FLAG_BRACKETS) && idset_count (idset) > 1;
    size_t lo, hi;

    if (brackets)
        buf_putc (b, '[');
    if (idset_count (idset) > 0) {
        for (size_t at = 0; idset_next_run (idset, at, &lo, &hi); at = hi + 1)
            put_run (b, lo, hi, flags & IDSET_FLAG_RANGE);
        if (!b->err)
            b->len--; // the last comma
    }
    if (brackets)
        buf_putc (b, ']');
    else
        buf_append (b, "", 0);
}

char *idset_encode (const struct idset *idset, int flags)
{
    struct buf b = {0};

    if (!idset || (flags & ~(IDSET_FLAG_BRACKETS | IDSET_FLAG_RANGE))) {
        errno = EINVAL;
        return NULL;
    }
    idset_encode_buf (&b, idset, flags);
    return buf_take (&b);
}

/* Called with each run of a text. */
typedef int (*run_f) (struct idset *set, unsigned int lo, unsigned int hi);

struct info {
    size_t count;
    unsigned int maxid;
};

static int strip_brackets (struct rangestr *rs, const char *s, ssize_t len, idset_error_t *error)
{
    if (!s)
        return fail (error, EINVAL, "no idset given");
    size_t n = len < 0 ? strlen (s) : strnlen (s, len);
    if (n >= 2 && s[0] == '[' && s[n - 1] == ']') {
        s++;
        n -= 2;
    }
    if (memchr (s, '[', n) || memchr (s, ']', n))
        return fail (error, EINVAL, "brackets of an idset do not match");
    *rs = (struct rangestr){.p = s, .end = s + n};
    return 0;
}

static int check_elem (const struct rangestr_elem *e, const struct info *info, idset_error_t *error)
{
    if (e->padded)
        return fail (error, EINVAL, "leading zero in '%.*s'", e->len, e->s);
    if (e->range && e->hi <= e->lo)
        return fail (error, EINVAL, "range '%.*s' does not ascend", e->len, e->s);
    if (info->count > 0 && e->lo <= info->maxid)
        return fail (error, EINVAL, "'%.*s' does not ascend from what is before it", e->len, e->s);
    if (e->hi >= IDSET_MAX_UNIVERSE)
        return fail (error, ERANGE, "'%.*s' is past the largest id", e->len, e->s);
    return 0;
}

static int scan (struct idset *set, run_f cb, const char *s, ssize_t len, struct info *info,
                 idset_error_t *error)
{
    struct rangestr rs;
    struct rangestr_elem e;
    int rc;

    *info = (struct info){.maxid = IDSET_INVALID_ID};
    if (strip_brackets (&rs, s, len, error) < 0)
        return -1;
    while ((rc = rangestr_next (&rs, &e)) > 0) {
        if (check_elem (&e, info, error) < 0)
            return -1;
        if (cb && cb (set, e.lo, e.hi) < 0)
            return fail (error, errno, "'%.*s': %s", e.len, e.s, strerror (errno));
        info->count += e.hi - e.lo + 1;
        info->maxid = e.hi;
    }
    if (rc < 0)
        return fail (error, EINVAL, "'%.*s' is no id or range of ids", e.len, e.s);
    return 0;
}

struct idset *idset_decode_ex (const char *s, ssize_t len, ssize_t size, int flags,
                               idset_error_t *error)
{
    struct info info;

    if (size < 0) {
        if (scan (NULL, NULL, s, len, &info, error) < 0)
            return NULL;
        if (info.count == 0 && !(flags & IDSET_FLAG_AUTOGROW)) {
            fail (error, EINVAL, "the empty set needs a size");
            return NULL;
        }
        size = info.count ? (ssize_t)info.maxid + 1 : 1;
    }
    struct idset *set = idset_create (size, flags);
    if (!set) {
        fail (error, errno, "cannot create an idset: %s", strerror (errno));
        return NULL;
    }
    if (scan (set, idset_range_set, s, len, &info, error) < 0) {
        idset_destroy (set);
        return NULL;
    }
    return set;
}

struct idset *idset_decode (const char *s)
{
    return idset_decode_ex (s, -1, 0, IDSET_FLAG_AUTOGROW, NULL);
}

struct idset *idset_ndecode (const char *s, size_t len)
{
    return idset_decode_ex (s, len, 0, IDSET_FLAG_AUTOGROW, NULL);
}

bool idset_decode_empty (const char *s, ssize_t len)
{
    struct info info;
    int saved_errno = errno;
    bool empty = scan (NULL, NULL, s, len, &info, NULL) == 0 && info.count == 0;

    errno = saved_errno;
    return empty;
}

int idset_decode_info (const char *s, ssize_t len, size_t *count, unsigned int *maxid,
                       idset_error_t *error)
{
    struct info info;

    if (scan (NULL, NULL, s, len, &info, error) < 0)
        return -1;
    if (count)
        *count = info.count;
    if (maxid)
        *maxid = info.maxid;
    return 0;
}

int idset_decode_add (struct idset *idset, const char *s, ssize_t len, idset_error_t *error)
{
    struct info info;

    if (!idset)
        return fail (error, EINVAL, "no idset given");
    return scan (idset, idset_range_set, s, len, &info, error);
}

int idset_decode_subtract (struct idset *idset, const char *s, ssize_t len, idset_error_t *error)
{
    struct info info;

    if (!idset)
        return fail (error, EINVAL, "no idset given");
    return scan (idset, idset_range_clear, s, len, &info, error);
}

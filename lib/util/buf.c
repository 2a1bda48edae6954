/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/buf.h"

static int fail (struct buf *b, int errnum)
{
    if (!b->err)
        b->err = errnum;
    errno = b->err;
    return -1;
}

int buf_reserve (struct buf *b, size_t more)
{
    if (b->err)
        return fail (b, b->err);
    if (more >= INT_MAX || b->len >= INT_MAX - more)
        return fail (b, EOVERFLOW);
    if (b->len + more + 1 > b->size) {
        size_t size = b->size ? b->size : 128;
        while (size < b->len + more + 1)
            size *= 2;
        char *data = realloc (b->data, size);
        if (!data)
            return fail (b, ENOMEM);
        b->data = data;
        b->size = size;
    }
    return 0;
}

int buf_append (struct buf *b, const void *data, size_t len)
{
    if (buf_reserve (b, len) < 0)
        return -1;
    if (len > 0)
        memcpy (b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
    return 0;
}

int buf_puts (struct buf *b, const char *s)
{
    return buf_append (b, s, strlen (s));
}

int buf_putc (struct buf *b, char c)
{
    return buf_append (b, &c, 1);
}

/* Most texts fit at the first try. */
#define USUAL_TEXT 96

int buf_vprintf (struct buf *b, const char *fmt, va_list ap)
{
    va_list again;

    if (buf_reserve (b, USUAL_TEXT) < 0)
        return -1;
    size_t room = b->size - b->len;
    va_copy (again, ap);
    int n = vsnprintf (b->data + b->len, room, fmt, again);
    va_end (again);
    if (n >= 0 && (size_t)n < room) {
        b->len += n;
        return 0;
    }
    b->data[b->len] = '\0'; // what did not fit is not there
    if (n < 0)
        return fail (b, EINVAL);
    if (buf_reserve (b, n) < 0)
        return -1;
    vsnprintf (b->data + b->len, n + 1, fmt, ap);
    b->len += n;
    return 0;
}

int buf_printf (struct buf *b, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    int rc = buf_vprintf (b, fmt, ap);
    va_end (ap);
    return rc;
}

void buf_consume (struct buf *b, size_t n)
{
    if (n >= b->len) {
        buf_reset (b);
        return;
    }
    memmove (b->data, b->data + n, b->len - n + 1);
    b->len -= n;
}

char *buf_steal (struct buf *b, size_t *lenp)
{
    if (buf_append (b, "", 0) < 0)
        return NULL;
    char *data = b->data;
    if (lenp)
        *lenp = b->len;
    *b = (struct buf){0};
    return data;
}

char *buf_take (struct buf *b)
{
    int err = b->err;
    char *s = buf_steal (b, NULL);

    if (!s) {
        err = err ? err : b->err;
        buf_clear (b);
        errno = err;
    }
    return s;
}

void buf_reset (struct buf *b)
{
    b->len = 0;
    b->err = 0;
    if (b->data)
        b->data[0] = '\0';
}

void buf_clear (struct buf *b)
{
    int saved_errno = errno;
    free (b->data);
    *b = (struct buf){0};
    errno = saved_errno;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A growable byte buffer. All zero is an empty one; the first failure (ENOMEM, or EOVERFLOW past
 * 2 GiB) sticks in `err`, so that a run of appends needs one check at its end. */

#ifndef FLUX_UTIL_BUF_H
#define FLUX_UTIL_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
    char *data; // NUL-terminated when not NULL; the NUL is not counted
    size_t len;
    size_t size;
    int err;
};

int buf_reserve (struct buf *b, size_t more);
int buf_append (struct buf *b, const void *data, size_t len);
int buf_puts (struct buf *b, const char *s);
int buf_putc (struct buf *b, char c);
int buf_printf (struct buf *b, const char *fmt, ...) __attribute__ ((format (printf, 2, 3)));
int buf_vprintf (struct buf *b, const char *fmt, va_list ap)
    __attribute__ ((format (printf, 2, 0)));

/* Drop the first n bytes. */
void buf_consume (struct buf *b, size_t n);

/* Hand the data to the caller, who frees it (never NULL unless err is set); b is empty after. */
char *buf_steal (struct buf *b, size_t *lenp);

/* The same, for a function that returns the text: when err is set, b is cleared and NULL is
 * returned with errno. */
char *buf_take (struct buf *b);

/* Forget the content, keep the memory. */
void buf_reset (struct buf *b);

/* Free the memory; b is empty after and may be used again. Keeps errno. */
void buf_clear (struct buf *b);

#endif /* !FLUX_UTIL_BUF_H */

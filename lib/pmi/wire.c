/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pmi/wire.h"

static int copy (const char *s, size_t len, char *value, size_t size)
{
    if (len >= size) {
        errno = EOVERFLOW;
        return -1;
    }
    memcpy (value, s, len);
    value[len] = '\0';
    return 0;
}

static int to_int (const char *s, int *value)
{
    char *end;

    errno = 0;
    long v = strtol (s, &end, 10);
    if (end == s || *end != '\0' || errno != 0 || v < INT_MIN || v > INT_MAX) {
        errno = EINVAL;
        return -1;
    }
    *value = v;
    return 0;
}

/* Values of these hold blanks. */
static bool takes_rest (const char *key, size_t len)
{
    return (len == 5 && !strncmp (key, "value", 5)) || (len == 3 && !strncmp (key, "msg", 3));
}

int pmi_wire_get (const char *line, const char *key, char *value, size_t size)
{
    size_t keylen = strlen (key);
    const char *p = line;

    for (;;) {
        p += strspn (p, " ");
        size_t n = strcspn (p, "= \n");
        if (n == 0 || p[n] != '=')
            break;
        const char *v = p + n + 1;
        size_t len = strcspn (v, takes_rest (p, n) ? "\n" : " \n");
        if (n == keylen && !strncmp (p, key, n))
            return copy (v, len, value, size);
        p = v + len;
    }
    errno = ENOENT;
    return -1;
}

int pmi_wire_get_int (const char *line, const char *key, int *value)
{
    char s[16];

    return pmi_wire_get (line, key, s, sizeof (s)) < 0 ? -1 : to_int (s, value);
}

/* Undo the doubling of semicolons up to the one that ends the value. Returns what follows. */
static const char *read_value (const char *p, const char *end, char *value, size_t size,
                               size_t *lenp)
{
    size_t n = 0;

    while (p < end && (*p != ';' || (p + 1 < end && p[1] == ';'))) {
        if (*p == ';')
            p++;
        if (n < size)
            value[n] = *p;
        n++;
        p++;
    }
    *lenp = n;
    return p < end ? p + 1 : end;
}

int pmi2_wire_get (const char *msg, size_t len, const char *key, char *value, size_t size)
{
    const char *p = msg, *end = msg + len;
    size_t keylen = strlen (key);

    while (p < end) {
        const char *eq = memchr (p, '=', end - p);
        size_t n;
        if (!eq)
            break;
        bool found = (size_t)(eq - p) == keylen && !strncmp (p, key, keylen);
        p = read_value (eq + 1, end, value, found ? size : 0, &n);
        if (!found)
            continue;
        if (n >= size) {
            errno = EOVERFLOW;
            return -1;
        }
        value[n] = '\0';
        return 0;
    }
    errno = ENOENT;
    return -1;
}

void pmi2_wire_put (struct buf *b, const char *key, const char *value)
{
    buf_printf (b, "%s=", key);
    for (; *value; value++) {
        if (*value == ';')
            buf_putc (b, ';');
        buf_putc (b, *value);
    }
    buf_putc (b, ';');
}

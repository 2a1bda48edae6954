/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"
#include "shell/service/kvs/key.h"
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "shell/service/kvs/limits.h"

bool key_is_normal (const char *key)
{
    size_t depth = 1, i;
    if (key[0] == '.' || key[0] == '\0')
        return false;
    for (i = 0; key[i]; i++) {
        unsigned char c = key[i];
        if (c >= 0x80 || i >= KVS_KEY_MAX)
            return false;
        if (c == '.') {
            if (key[i + 1] == '.' || key[i + 1] == '\0' || ++depth > KVS_DEPTH_MAX)
                return false;
        }
    }
    return true;
}

/* Tree objects are JSON, so that names must be UTF-8 (no overlong forms, no surrogates). */
static bool utf8_ok (const char *s)
{
    const uint8_t *p = (const uint8_t *)s;
    while (*p) {
        int n = *p < 0x80 ? 0 : *p >= 0xc2 && *p < 0xe0 ? 1 : (*p & 0xf0) == 0xe0 ? 2 : 3;
        uint32_t v = n == 0 ? *p : *p & (0x3f >> n);
        if (n == 3 && (*p < 0xf0 || *p > 0xf4))
            return false;
        p++;
        for (int i = 0; i < n; i++, p++) {
            if ((*p & 0xc0) != 0x80)
                return false;
            v = v << 6 | (*p & 0x3f);
        }
        if ((n == 2 && (v < 0x800 || (v >= 0xd800 && v < 0xe000))) ||
            (n == 3 && (v < 0x10000 || v > 0x10ffff)))
            return false;
    }
    return true;
}

char *key_normalize (const char *key)
{
    size_t len = strlen (key), depth = 1, n = 0;
    char *cpy;

    if (len == 0 || !utf8_ok (key)) {
        errno = EINVAL;
        return NULL;
    }
    if (len > KVS_KEY_MAX)
        goto toolong;
    if (!(cpy = malloc (len + 1)))
        return NULL;
    for (size_t i = 0; i < len; i++) {
        if (key[i] == '.' && (n == 0 || cpy[n - 1] == '.'))
            continue;
        if (key[i] == '.')
            depth++;
        cpy[n++] = key[i];
    }
    if (n > 0 && cpy[n - 1] == '.')
        n--;
    if (n == 0)
        cpy[n++] = '.';
    cpy[n] = '\0';
    if (depth <= KVS_DEPTH_MAX)
        return cpy;
    free (cpy);
toolong:
    errno = ENAMETOOLONG;
    return NULL;
}

bool key_name_ok (const char *name, size_t len)
{
    return len > 0 && len <= KVS_KEY_MAX && !memchr (name, '.', len);
}

bool key_ns_ok (const char *ns)
{
    size_t n = 0;
    for (; ns[n]; n++)
        if (ns[n] <= ' ' || ns[n] >= 0x7f || n >= KVS_NS_MAX)
            return false;
    return n > 0;
}

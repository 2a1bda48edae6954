/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/dependency.h"
#include "lib/util/errprintf.h"

static int hex (char c)
{
    if (isdigit ((unsigned char)c))
        return c - '0';
    c = tolower ((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undo %XX and '+'. The caller frees. */
static char *unescape (const char *s, size_t len)
{
    char *out = malloc (len + 1), *p = out;

    if (!out)
        return NULL;
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '%' && i + 2 < len && hex (s[i + 1]) >= 0 && hex (s[i + 2]) >= 0) {
            *p++ = hex (s[i + 1]) << 4 | hex (s[i + 2]);
            i += 2;
        } else
            *p++ = s[i] == '+' ? ' ' : s[i];
    }
    *p = '\0';
    return out;
}

static json_t *to_value (const char *s)
{
    json_t *o = json_loads (s, JSON_DECODE_ANY, NULL);

    if (json_is_number (o))
        return o;
    json_decref (o);
    return json_string (s);
}

static int add_value (json_t *dep, const char *key, json_t *val)
{
    json_t *old = json_object_get (dep, key);

    if (!old)
        return json_object_set_new (dep, key, val);
    if (json_is_array (old))
        return json_array_append_new (old, val);
    return json_object_set_new (dep, key, json_pack ("[Oo]", old, val));
}

/* key=val, len bytes. */
static int add_option (json_t *dep, const char *s, size_t len)
{
    const char *eq = memchr (s, '=', len);
    size_t key_len = eq ? (size_t)(eq - s) : len;
    char *key = unescape (s, key_len);
    char *val = eq ? unescape (eq + 1, len - key_len - 1) : strdup ("");
    int rc = -1;

    if (key && val && *key && strcmp (key, "scheme") != 0 && strcmp (key, "value") != 0)
        rc = add_value (dep, key, to_value (val));
    free (key);
    free (val);
    return rc;
}

static bool valid_scheme (const char *s, size_t len)
{
    if (len == 0 || !isalpha ((unsigned char)*s))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!isalnum ((unsigned char)s[i]) && !strchr ("+-._", s[i]))
            return false;
    }
    return true;
}

json_t *dependency_parse (const char *uri, flux_error_t *errp)
{
    size_t scheme = uri ? strcspn (uri, ":") : 0;
    json_t *dep = NULL;

    if (!uri || !valid_scheme (uri, scheme))
        goto inval;
    const char *value = uri[scheme] ? uri + scheme + 1 : "";
    size_t len = strcspn (value, "?");
    dep = json_pack ("{s:s% s:s%}", "scheme", uri, scheme, "value", value, len);
    if (!dep)
        goto inval;
    for (const char *p = value + len; *p;) {
        p++;
        size_t n = strcspn (p, "&;");
        if (n > 0 && add_option (dep, p, n) < 0)
            goto inval;
        p += n;
    }
    return dep;
inval:
    json_decref (dep);
    errno = EINVAL;
    errprintf (errp, "'%s' is no dependency (scheme:value[?key=val...])", uri ? uri : "");
    return NULL;
}

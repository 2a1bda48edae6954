/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/client/sign_none.h"
#include "lib/util/base64.h"

static char *inval (void)
{
    errno = EINVAL;
    return NULL;
}

static char *encode_header (uint32_t userid)
{
    char h[96];
    int n = snprintf (h, sizeof (h), "version%ci1%cuserid%ci%lu%cmechanism%csnone%c", 0, 0, 0,
                      (unsigned long)userid, 0, 0, 0);

    return base64_encode_alloc (h, n);
}

char *sign_none_wrap (const void *payload, size_t len, uint32_t userid)
{
    char *h = encode_header (userid);
    char *p = base64_encode_alloc (payload, len);
    char *text = NULL;

    if (h && p && asprintf (&text, "%s.%s.none", h, p) < 0)
        text = NULL;
    free (h);
    free (p);
    return text;
}

static int decode_userid (const char *s, uint32_t *userid)
{
    char *end;

    if (s[0] != 'i' || s[1] < '0' || s[1] > '9')
        return -1;
    errno = 0;
    unsigned long n = strtoul (s + 1, &end, 10);
    if (errno || *end || n > UINT32_MAX)
        return -1;
    *userid = n;
    return 0;
}

/* Pairs of name and value, each with its NUL; the decoder put one more behind all. */
static int decode_header (const char *h, size_t len, uint32_t *userid)
{
    const char *end = h + len;
    int seen = 0;

    while (h < end) {
        const char *name = h;
        const char *val = name + strlen (name) + 1;
        if (val >= end)
            return -1;
        if (strcmp (name, "version") == 0 && strcmp (val, "i1") == 0)
            seen |= 1;
        else if (strcmp (name, "mechanism") == 0 && strcmp (val, "snone") == 0)
            seen |= 2;
        else if (strcmp (name, "userid") == 0 && decode_userid (val, userid) == 0)
            seen |= 4;
        else
            return -1;
        h = val + strlen (val) + 1;
    }
    return seen == 7 ? 0 : -1;
}

char *sign_none_unwrap (const char *text, size_t *lenp, uint32_t *useridp)
{
    const char *dot1 = text ? strchr (text, '.') : NULL;
    const char *dot2 = dot1 ? strchr (dot1 + 1, '.') : NULL;
    size_t len;
    char *h, *payload;

    if (!dot2 || strcmp (dot2, ".none") != 0)
        return inval ();
    if (!(h = base64_decode_alloc (text, dot1 - text, &len)))
        return errno == EPROTO ? inval () : NULL;
    int rc = decode_header (h, len, useridp);
    free (h);
    if (rc < 0)
        return inval ();
    if (!(payload = base64_decode_alloc (dot1 + 1, dot2 - dot1 - 1, lenp)))
        return errno == EPROTO ? inval () : NULL;
    return payload;
}

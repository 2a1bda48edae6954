/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/jsonscan.h"
#include "lib/shell/request.h"
#include "lib/util/buf.h"

static const char *const names[] = {"attrs", "jobspec"};

/* Append what lies between the cuts, which have the order of the text and become empty objects. */
static void append_rest (struct buf *b, struct jsonspan all, const struct jsonspan *cuts, int n)
{
    for (int i = 0; i < n; i++) {
        buf_append (b, all.p, cuts[i].p - all.p);
        buf_puts (b, "{}");
        all.p = cuts[i].end;
    }
    buf_append (b, all.p, all.end - all.p);
}

static void add_cut (struct jsonspan *cuts, int *n, struct jsonspan span)
{
    int i = (*n)++;

    for (; i > 0 && cuts[i - 1].p > span.p; i--)
        cuts[i] = cuts[i - 1];
    cuts[i] = span;
}

static void forget (struct shell_known *known, int part)
{
    free (known->part[part].text);
    json_decref (known->part[part].value);
    known->part[part].text = NULL;
    known->part[part].value = NULL;
}

void shell_known_clear (struct shell_known *known)
{
    for (int i = 0; i < SHELL_KNOWN_PARTS; i++)
        forget (known, i);
}

/* False unless it is an object. */
static bool know (struct shell_known *known, int part, struct jsonspan span)
{
    size_t len = span.end - span.p;

    if (known->part[part].text && known->part[part].len == len &&
        memcmp (known->part[part].text, span.p, len) == 0)
        return true;
    forget (known, part);
    if ((known->part[part].text = malloc (len + 1))) // a NUL may be in it, which ends no text here
        memcpy (known->part[part].text, span.p, len);
    known->part[part].len = len;
    known->part[part].value = json_loadb (span.p, len, 0, NULL);
    if (known->part[part].text && json_is_object (known->part[part].value))
        return true;
    forget (known, part);
    return false;
}

json_t *shell_request_load (const char *request, size_t len, struct shell_known *known,
                            char **environ, json_error_t *error)
{
    struct jsonspan all = {request, request + len}, span, cuts[1 + SHELL_KNOWN_PARTS];
    bool have[SHELL_KNOWN_PARTS] = {false};
    struct buf b = {0};
    int n = 0;

    if (jsonscan_member (all, "environment", &span) && jsonscan_is_environment (span)) {
        *environ = strndup (span.p, span.end - span.p);
        add_cut (cuts, &n, span);
    }
    for (int i = 0; known && i < SHELL_KNOWN_PARTS; i++)
        if ((have[i] = jsonscan_member (all, names[i], &span) && know (known, i, span)))
            add_cut (cuts, &n, span);
    append_rest (&b, all, cuts, n);
    json_t *o = b.err ? NULL : json_loadb (b.data, b.len, 0, error);
    for (int i = 0; json_is_object (o) && i < SHELL_KNOWN_PARTS; i++)
        if (have[i])
            json_object_set (o, names[i], known->part[i].value);
    buf_clear (&b);
    return o;
}

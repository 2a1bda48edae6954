/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testsuite/unit/graph/request_text.h"

static void die (const char *what, const char *p)
{
    fprintf (stderr, "request: %s at '%s'\n", what, p);
    abort ();
}

static const char *read_count (struct request_resource *r, const char *p)
{
    char *end;
    uint32_t values[16], n = 0;
    r->count.min = r->count.max = strtoul (p, &end, 10);
    for (values[n++] = r->count.min; *end == ',' && n < 16; n++)
        values[n] = strtoul (end + 1, &end, 10);
    if (n > 1 && request_set_values (r, values, n) < 0)
        die ("values", p);
    if (*end == '-') {
        r->count.max = strtoul (end + 1, &end, 10);
        if (*end == '+' || *end == '*' || *end == '^') {
            r->count.op = *end;
            r->count.operand = strtoul (end + 1, &end, 10);
        }
    }
    return end;
}

static const char *read_list (struct request *req, struct request_resource *parent, const char *p);

static const char *read_one (struct request *req, struct request_resource *parent, const char *p)
{
    char type[64];
    size_t n = strcspn (p, "=/[];!?");
    flux_error_t error;
    snprintf (type, sizeof (type), "%.*s", (int)n, p);
    struct request_resource *r = request_add (req, parent, type, &error);
    if (!r)
        die (error.text, p);
    p += n;
    if (*p == '=')
        p = read_count (r, p + 1);
    if (*p == '!' || *p == '?')
        r->exclusive = *p++ == '!' ? REQUEST_TRUE : REQUEST_FALSE;
    if (*p == '/')
        p = p[1] == '[' ? read_list (req, r, p + 2) : read_one (req, r, p + 1);
    return p;
}

static const char *read_list (struct request *req, struct request_resource *parent, const char *p)
{
    for (;; p++) {
        p = read_one (req, parent, p);
        if (*p != ';')
            break;
    }
    if (*p != ']')
        die ("']' is missing", p);
    return p + 1;
}

struct request *request_from_text (const char *text, double duration)
{
    struct request *req = request_create ();
    flux_error_t error;
    const char *p = *text == '[' ? read_list (req, NULL, text + 1) : read_one (req, NULL, text);
    if (*p)
        die ("something is left", p);
    req->duration = duration;
    if (request_seal (req, &error) < 0)
        die (error.text, text);
    return req;
}

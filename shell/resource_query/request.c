/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Jobspec files to requests, and files to memory. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/io/jobspec.h"
#include "lib/graph/io/yaml.h"
#include "lib/job/jobspec.h"
#include "lib/util/errprintf.h"
#include "shell/resource_query/query.h"

enum { MAX_FILE = 1 << 30 };

char *query_read_file (const char *path, size_t *len)
{
    FILE *f = fopen (path, "r");
    struct buf b = {.data = NULL};
    char chunk[65536];
    size_t n;
    if (!f)
        return NULL;
    while ((n = fread (chunk, 1, sizeof (chunk), f)) > 0 && b.len < MAX_FILE)
        buf_append (&b, chunk, n);
    int failed = ferror (f) || b.err;
    fclose (f);
    if (failed) {
        buf_clear (&b);
        errno = EIO;
        return NULL;
    }
    if (!b.data)
        buf_puts (&b, "");
    return buf_steal (&b, len);
}

/* Fluxion knows these types on any graph. */
static bool is_known_type (const struct graph *g, const char *type)
{
    static const char *const known[] = {"cluster", "core", "socket",   "gpu", "node",
                                        "rack",    "slot", "xor_slot", "ssd", "storage_node"};
    for (size_t i = 0; i < sizeof (known) / sizeof (known[0]); i++)
        if (!strcmp (known[i], type))
            return true;
    /* Those in other subsystems than the dominant one, too, which graph_find_type() does not see.
     */
    for (uint32_t v = 0; v < graph_limit (g); v++)
        if (graph_alive (g, v) && !strcmp (graph_type (g, v), type))
            return true;
    return false;
}

static int check_types (const struct graph *g, const struct request *req, flux_error_t *errp)
{
    for (size_t i = 0; i < request_count (req); i++) {
        const struct request_resource *r = request_resource_at (req, i);
        errno = EINVAL;
        if (!is_known_type (g, r->type))
            return errprintf (errp, "Value of \"type\" must be a resource type known to fluxion");
        if (r->kind == REQUEST_SLOT && !r->label)
            return errprintf (errp, "All slots must be labeled");
    }
    return 0;
}

/* JSON is YAML, but a reader that knows it to be JSON takes a third of the time. */
static json_t *parse (const char *text, size_t len, flux_error_t *errp)
{
    json_t *o = len > 0 && *text == '{' ? json_loadb (text, len, 0, NULL) : NULL;

    return o ? o : yaml_to_json (text, len, errp);
}

struct request *query_request (const struct query *q, const char *text, size_t len,
                               flux_error_t *errp)
{
    struct request *req = request_from_json_text (text, len);
    json_t *o = req ? NULL : parse (text, len, errp);
    struct jobspec *js = o ? jobspec_request_from_json (o, errp) : NULL;
    if (js)
        req = request_from_jobspec (js, errp);
    if (req && check_types (q->g, req, errp) < 0) {
        request_destroy (req);
        req = NULL;
        errno = EINVAL;
    }
    if (req && q->fast && request_fit_units (req, q->g, errp) < 0) {
        request_destroy (req);
        req = NULL;
        errno = EINVAL;
    }
    jobspec_destroy (js);
    json_decref (o);
    return req;
}

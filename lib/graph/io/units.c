/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The unit of a count (RFC 14) and that of the graph, see jobspec.h. */

#include <errno.h>
#include <string.h>

#include "lib/graph/io/jobspec.h"
#include "lib/util/errprintf.h"

static const struct unit {
    const char *name;
    char kind; // of one kind they can be told in each other
    uint64_t size;
} units[] = {
    {"B", 'b', 1},
    {"kB", 'b', 1000},
    {"KB", 'b', 1000},
    {"MB", 'b', 1000000},
    {"GB", 'b', 1000000000},
    {"TB", 'b', 1000000000000},
    {"PB", 'b', 1000000000000000},
    {"KiB", 'b', 1ULL << 10},
    {"MiB", 'b', 1ULL << 20},
    {"GiB", 'b', 1ULL << 30},
    {"TiB", 'b', 1ULL << 40},
    {"PiB", 'b', 1ULL << 50},
    {"W", 'w', 1},
    {"kW", 'w', 1000},
    {"MW", 'w', 1000000},
};

static const struct unit *find_unit (const char *name)
{
    for (size_t i = 0; i < sizeof (units) / sizeof (units[0]); i++)
        if (!strcmp (units[i].name, name))
            return &units[i];
    return NULL;
}

/* n of one in the other, no less. */
static int convert (uint32_t *n, const struct unit *from, const struct unit *to)
{
    __uint128_t product = (__uint128_t)*n * from->size + to->size - 1;

    if (*n == UINT32_MAX) // no bound
        return 0;
    if (product / to->size >= UINT32_MAX)
        return -1;
    *n = product / to->size;
    return 0;
}

static int fit (struct request_resource *r, const char *here, flux_error_t *errp)
{
    const struct unit *from = find_unit (r->unit), *to = find_unit (here);
    struct request_count *c = &r->count;
    bool fixed = !c->values && c->min == c->max;

    errno = EINVAL;
    if (!from || !to || from->kind != to->kind)
        return errprintf (errp, "%.60s is counted in %.30s here, not in %.30s", r->type, here,
                          r->unit);
    if (!fixed && (c->values || c->op != '+' || from->size % to->size))
        return errprintf (errp, "%.60s is counted in %.30s here: ask for a number of them", r->type,
                          here);
    if (convert (&c->min, from, to) < 0 || convert (&c->max, from, to) < 0 ||
        (!fixed && convert (&c->operand, from, to) < 0))
        return errprintf (errp, "%.60s: %.30s are too many", r->type, r->unit);
    return request_set_unit (r, here) < 0 ? errprintf (errp, "out of memory") : 0;
}

int request_fit_units (struct request *req, const struct graph *g, flux_error_t *errp)
{
    for (size_t i = 0; i < request_count (req); i++) {
        struct request_resource *r = (struct request_resource *)request_resource_at (req, i);
        const uint32_t *v;
        if (!r->unit || !*r->unit || graph_find_type (g, r->type, &v) == 0)
            continue;
        const char *here = graph_unit (g, v[0]);
        if (*here && strcmp (here, r->unit) != 0 && fit (r, here, errp) < 0)
            return -1;
    }
    return 0;
}

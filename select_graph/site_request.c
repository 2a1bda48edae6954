/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * What is wanted as a request to the matcher; and what a request needs at least. */

#include "select_graph/site_priv.h"

#include <errno.h>
#include <string.h>

#include "lib/graph/io/jobspec.h"
#include "lib/util/errprintf.h"

static struct constraint *only_these (const struct site_range *ranges, size_t count)
{
    struct constraint *c = constraint_create (CONSTRAINT_RANKS);

    for (size_t i = 0; c && i < count; i++) {
        if (constraint_add_ranks (c, ranges[i].first, ranges[i].last) < 0) {
            constraint_destroy (c);
            return NULL;
        }
    }
    return c;
}

static int add_type (struct request *req, struct request_resource *slot, const char *type,
                     uint32_t count, flux_error_t *errp)
{
    struct request_resource *r;

    if (count == 0)
        return 0;
    if (!(r = request_add (req, slot, type, errp)))
        return -1;
    r->count.min = r->count.max = count;
    return 0;
}

static int add_plain (struct site *site, struct request *req, const struct site_want *want,
                      flux_error_t *errp)
{
    struct request_resource *above = NULL, *node, *slot;
    uint64_t unit = site->memory_unit ? site->memory_unit : 1;
    uint64_t memory = (want->memory + unit - 1) / unit;

    if (want->switches == 1 && site->has_switches &&
        !(above = request_add (req, NULL, "switch", errp)))
        return -1;
    if (!(node = request_add (req, above, "node", errp)) ||
        !(slot = request_add (req, node, "slot", errp)) || request_set_label (slot, "job") < 0)
        return -1;
    node->count.min = want->nodes_min;
    node->count.max = want->nodes_max;
    node->count.op = '+';
    node->count.operand = 1;
    node->exclusive = want->whole ? REQUEST_TRUE : REQUEST_UNSET;
    if (add_type (req, slot, "core", want->cores, errp) < 0 ||
        add_type (req, slot, "memory", memory, errp) < 0)
        return -1;
    for (size_t i = 0; i < site->ngres; i++)
        if (add_type (req, slot, site->gres[i], want->gres[i], errp) < 0)
            return -1;
    return 0;
}

/* What is asked for by itself is to be had, not only passed through: storage, power, cores, nodes
 * that no job is on. */
static void hold_leaves (struct request_resource *r)
{
    for (; r; r = r->next) {
        if (r->with)
            hold_leaves (r->with);
        else if (r->exclusive == REQUEST_UNSET)
            r->exclusive = REQUEST_TRUE;
    }
}

struct request *site_make_request (struct site *site, const struct site_want *want,
                                   const struct site_range *ranges, size_t count, bool later,
                                   flux_error_t *errp)
{
    struct request *req = request_create ();

    if (req && (req->constraint = only_these (ranges, count)) &&
        (want->resources ? request_add_resources (req, want->resources, errp)
                         : add_plain (site, req, want, errp)) == 0) {
        if (want->resources)
            hold_leaves (req->resources);
        req->duration = later && want->duration > 0 ? want->duration : 1;
        if (request_seal (req, errp) == 0)
            return req;
    } else
        errprintf (errp, "out of memory, or a request that cannot be");
    request_destroy (req);
    return NULL;
}

/* ---- At least ---- */

static uint64_t times (uint64_t a, uint64_t b)
{
    return b > 0 && a > GRAPH_MAX_SIZE / b ? GRAPH_MAX_SIZE : a * b;
}

/* Cores in a list; of alternatives there need be none. */
static uint64_t least_cores (const struct request_resource *r)
{
    uint64_t sum = 0;

    for (; r && sum < GRAPH_MAX_SIZE; r = r->next) {
        if (r->kind == REQUEST_XOR_SLOT)
            continue;
        if (r->kind == REQUEST_RESOURCE && strcmp (r->type, "core") == 0)
            sum += r->count.min;
        else
            sum += times (r->count.min, least_cores (r->with));
    }
    return sum < GRAPH_MAX_SIZE ? sum : GRAPH_MAX_SIZE;
}

/* What stands beside each other may be met by the same nodes, and slots by one. */
static void add_nodes (const struct request_resource *r, uint64_t n, struct site_want *least)
{
    for (; r; r = r->next) {
        uint64_t nodes = r->kind == REQUEST_RESOURCE ? times (n, r->count.min) : n;
        uint64_t cores;

        if (r->kind == REQUEST_XOR_SLOT)
            continue;
        if (r->kind != REQUEST_RESOURCE || strcmp (r->type, "node") != 0) {
            add_nodes (r->with, nodes, least);
            continue;
        }
        cores = least_cores (r->with);
        least->nodes_min = nodes > least->nodes_min ? nodes : least->nodes_min;
        least->cores = cores < least->cores ? cores : least->cores;
        least->whole = least->whole && r->exclusive == REQUEST_TRUE;
    }
}

bool site_least (struct site *site, const struct site_want *want, struct site_want *least)
{
    struct request *req = site_make_request (site, want, NULL, 0, false, NULL);

    *least = (struct site_want){.cores = UINT32_MAX,
                                .whole = true,
                                .policy = want->policy,
                                .ranges = want->ranges,
                                .nranges = want->nranges};
    if (req)
        add_nodes (req->resources, 1, least);
    request_destroy (req);
    return least->nodes_min > 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What R version 1 holds of a graph. */

#include <errno.h>
#include <flux/idset.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/io/rv1_priv.h"
#include "lib/job/limits.h"
#include "lib/job/rv1_decode.h"
#include "lib/util/array_room.h"
#include "lib/util/errprintf.h"

static int add_item (struct rv1_reader *r, uint32_t v)
{
    if (ARRAY_ROOM (r->items, r->nitems, r->room, 64) < 0)
        return errprintf (r->errp, "out of memory");
    r->items[r->nitems++] =
        (struct result_item){.vertex = v, .needs = graph_size (r->g, v), .exclusive = 1};
    return 0;
}

/* The children of a type below the rank's vertex, at any depth. */
static int take_below (struct rv1_reader *r, uint32_t v, const char *type, const struct idset *ids,
                       size_t *found)
{
    for (uint32_t i = 0; i < graph_child_count (r->g, v); i++) {
        uint32_t c = graph_child (r->g, v, i);
        if (!strcmp (graph_type (r->g, c), type) && graph_id (r->g, c) >= 0 &&
            idset_test (ids, graph_id (r->g, c))) {
            if (add_item (r, c) < 0)
                return -1;
            (*found)++;
        }
        if (take_below (r, c, type, ids, found) < 0)
            return -1;
    }
    return 0;
}

static size_t count_leaves (const struct graph *g, uint32_t v)
{
    size_t n = graph_child_count (g, v) == 0;
    for (uint32_t i = 0; i < graph_child_count (g, v); i++)
        n += count_leaves (g, graph_child (g, v, i));
    return n;
}

static int take_node (struct rv1_reader *r, unsigned int rank, const char *host, json_t *children)
{
    const uint32_t *top;
    const char *type;
    json_t *value;
    size_t all = 0;
    if (graph_find_rank (r->g, rank, &top) == 0) {
        errno = EINVAL;
        return errprintf (r->errp, "R: rank %u (%s) is not in the graph", rank, host);
    }
    json_object_foreach (children, type, value)
    {
        struct idset *ids;
        size_t found = 0;
        int rc = rv1_decode_ids (value, type, RV1_MAX_ID, &ids, r->errp);
        if (rc == 0 && ids)
            rc = take_below (r, top[0], type, ids, &found);
        if (rc == 0 && found != idset_count (ids)) {
            errno = EINVAL;
            rc = errprintf (r->errp, "R: rank %u has not all of %s %s", rank, type,
                            json_string_value (value));
        }
        idset_destroy (ids);
        if (rc < 0)
            return -1;
        all += found;
    }
    return all > 0 && all == count_leaves (r->g, top[0]) ? add_item (r, top[0]) : 0;
}

int load_rv1_items (struct graph *g, const json_t *R, struct result_item **items, size_t *count,
                    flux_error_t *errp)
{
    struct rv1_reader r = {.g = g, .errp = errp, .node = take_node};
    int rc = rv1_open_reader (&r, R);
    if (rc == 0)
        rc = rv1_each_node (&r);
    rv1_close_reader (&r);
    if (rc < 0) {
        free (r.items);
        return -1;
    }
    *items = r.items;
    *count = r.nitems;
    return 0;
}

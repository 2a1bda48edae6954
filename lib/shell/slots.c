/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* How many slots a job has, see slots.h. */

#include <stdbool.h>
#include <string.h>

#include "lib/shell/slots.h"

enum { RESOURCE_DEPTH_MAX = 16 };

static int count_of (const json_t *o)
{
    json_t *count = json_object_get (o, "count");

    return json_is_integer (count) && json_integer_value (count) > 0 ? json_integer_value (count)
                                                                     : 0;
}

static bool is_type (const json_t *o, const char *type)
{
    const char *s = json_string_value (json_object_get (o, "type"));

    return s && !strcmp (s, type);
}

/* How many of a type are in one of the resource; 0 when there is none, or it depends. */
static int count_below (const json_t *o, const char *type, int depth)
{
    size_t index;
    json_t *c;

    json_array_foreach (json_object_get (o, "with"), index, c)
    {
        if (depth > RESOURCE_DEPTH_MAX)
            break;
        int n = is_type (c, type) ? 1 : count_below (c, type, depth + 1);
        if (n > 0)
            return n * count_of (c);
    }
    return 0;
}

/* How many slots of this kind all of it makes; 0: not a whole number, or not what was asked for. */
static int slots_in (const json_t *slot, const struct slots_held *held, int above)
{
    int cores = count_below (slot, "core", 0), nodes = count_below (slot, "node", 0);
    int n = count_of (slot);

    if (nodes > 0 ? held->nodes % nodes : cores == 0 || held->cores % cores)
        return 0;
    int there = nodes > 0 ? held->nodes / nodes : held->cores / cores;
    return n == 0 || n * above == there ? there : 0;
}

/* Where the number is not in the jobspec, as it is a range or that of one of several alternatives,
 * R tells. */
static int count_open_slots (json_t *list, const struct slots_held *held, int above)
{
    size_t index;
    json_t *o;

    json_array_foreach (list, index, o)
    {
        int n = is_type (o, "slot") || is_type (o, "xor_slot") ? slots_in (o, held, above) : 0;
        if (n > 0)
            return n;
    }
    return 0;
}

/* The product of the counts from the top (`above`) down to the slot; 0 when there is no slot. */
static int count_slots (json_t *resources, const struct slots_held *held, int above, int depth)
{
    size_t index;
    json_t *o;

    json_array_foreach (resources, index, o)
    {
        if (depth > RESOURCE_DEPTH_MAX || !json_object_get (o, "count"))
            return 0;
        int n = count_of (o) > 0 ? count_of (o) : 1;
        if (is_type (o, "xor_slot") || (is_type (o, "slot") && count_of (o) == 0)) {
            int open = count_open_slots (resources, held, above);
            return open > 0 ? open : above * n;
        }
        if (is_type (o, "slot"))
            return above * n;
        int below = count_slots (json_object_get (o, "with"), held,
                                 is_type (o, "node") ? above * held->nodes : above * n, depth + 1);
        if (below > 0)
            return below;
    }
    return 0;
}

int slots_count (const json_t *resources, const struct slots_held *held)
{
    return count_slots ((json_t *)resources, held, 1, 0);
}

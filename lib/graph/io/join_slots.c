/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Slots side by side as one, see jobspec.h. */

#include <errno.h>
#include <string.h>

#include "lib/graph/io/jobspec.h"
#include "lib/job/limits.h"
#include "lib/util/errprintf.h"

static bool is_slot (const json_t *o)
{
    const char *type = json_string_value (json_object_get (o, "type"));

    return type && strcmp (type, "slot") == 0;
}

static const char *label_of (const json_t *slot)
{
    const char *label = json_string_value (json_object_get (slot, "label"));

    return label ? label : "";
}

static int bad (flux_error_t *errp, const json_t *a, const json_t *b, const char *why)
{
    errno = EINVAL;
    return errprintf (errp, "slots %.30s and %.30s side by side: %.80s", label_of (a), label_of (b),
                      why);
}

static size_t count_slots (const json_t *list, json_t **first)
{
    size_t i, n = 0;
    json_t *o;

    json_array_foreach (list, i, o)
    {
        if (is_slot (o) && n++ == 0)
            *first = o;
    }
    return n;
}

static json_t *find_same (const json_t *with, const json_t *child)
{
    const json_t *type = json_object_get (child, "type"), *unit = json_object_get (child, "unit");
    size_t i;
    json_t *o;

    json_array_foreach (with, i, o)
    {
        const json_t *other = json_object_get (o, "unit");
        if (json_equal (json_object_get (o, "type"), type) &&
            (unit == other || json_equal (unit, other)))
            return o;
    }
    return NULL;
}

/* What a slot has goes into the first one, so many times. */
static int add_child (json_t *first, const json_t *slot, const json_t *child, json_int_t factor,
                      flux_error_t *errp)
{
    json_t *with = json_object_get (first, "with"), *count = json_object_get (child, "count");
    json_t *same = find_same (with, child);

    if ((factor != 1 || same) && !json_is_integer (count))
        return bad (errp, first, slot, "a count in them is no integer");
    json_int_t n = json_integer_value (count) * factor;
    if (same) {
        json_t *other = json_object_get (same, "count");
        if (json_object_get (same, "with") || json_object_get (child, "with") ||
            !json_is_integer (other))
            return bad (errp, first, slot, "they have the same type, with more below it");
        n += json_integer_value (other);
    }
    if (json_is_integer (count) && n > JOBSPEC_MAX_COUNT)
        return bad (errp, first, slot, "they ask for too much");
    json_t *copy = same ? NULL : json_copy ((json_t *)child);
    if (copy && json_is_integer (count))
        json_object_set_new (copy, "count", json_integer (n));
    return same ? json_object_set_new (same, "count", json_integer (n))
                : json_array_append_new (with, copy);
}

static int add_slot (json_t *first, const json_t *slot, json_int_t factor, flux_error_t *errp)
{
    size_t i;
    json_t *child;

    json_array_foreach (json_object_get (slot, "with"), i, child)
    {
        if (add_child (first, slot, child, factor, errp) < 0)
            return -1;
    }
    return 0;
}

/* One slot of what all have; as many as there are of each, if that is one number. */
static json_t *join (const json_t *list, const json_t *first, flux_error_t *errp)
{
    json_t *slot = json_copy ((json_t *)first), *o;
    json_int_t count = json_integer_value (json_object_get (first, "count"));
    bool same = true;
    size_t i;

    json_array_foreach (list, i, o)
    {
        const json_t *n = json_object_get (o, "count");
        if (is_slot (o) && (!json_is_integer (n) || count == 0)) {
            bad (errp, first, o, "their counts are no integers");
            goto error;
        }
        same = same && (!is_slot (o) || json_integer_value (n) == count);
    }
    json_object_set_new (slot, "with", json_array ());
    json_object_set_new (slot, "count", json_integer (same ? count : 1));
    json_array_foreach (list, i, o)
    {
        json_int_t n = json_integer_value (json_object_get (o, "count"));
        if (is_slot (o) && add_slot (slot, o, same ? 1 : n, errp) < 0)
            goto error;
    }
    return slot;
error:
    json_decref (slot);
    return NULL;
}

static json_t *join_list (const json_t *list, int depth, flux_error_t *errp)
{
    json_t *out = json_array (), *first = NULL, *o;
    bool several = count_slots (list, &first) > 1;
    size_t i;

    json_array_foreach (list, i, o)
    {
        if (several && is_slot (o) && o != first)
            continue;
        json_t *with = json_object_get (o, "with");
        json_t *copy = several && o == first ? join (list, first, errp) : json_copy (o);
        if (copy && !is_slot (o) && json_is_array (with) && depth < REQUEST_MAX_DEPTH) {
            json_t *below = join_list (with, depth + 1, errp);
            if (!below || json_object_set_new (copy, "with", below) < 0) {
                json_decref (copy);
                copy = NULL;
            }
        }
        if (!copy) {
            json_decref (out);
            return NULL;
        }
        json_array_append_new (out, copy);
    }
    return out;
}

json_t *jobspec_join_slots (const json_t *resources, flux_error_t *errp)
{
    return join_list (resources, 0, errp);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Jobspec: the graph of resources, and sums over it. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/jobspec_private.h"
#include "lib/job/limits.h"
#include "lib/util/errprintf.h"

static bool is_type (const struct jobspec_vertex *v, const char *type)
{
    return strcmp (v->type, type) == 0;
}

/* Number of vertices at o and below; more than the limit when there are too many or too deep. */
static size_t count_vertices (const json_t *o, int depth)
{
    size_t i, n = json_array_size (o);
    json_t *vertex;

    if (depth > JOBSPEC_MAX_DEPTH || n > JOBSPEC_MAX_VERTICES)
        return JOBSPEC_MAX_VERTICES + 1;
    size_t sum = n;
    json_array_foreach (o, i, vertex)
    {
        sum += count_vertices (json_object_get (vertex, "with"), depth + 1);
        if (sum > JOBSPEC_MAX_VERTICES)
            return sum;
    }
    return sum;
}

static int parse_list (struct jobspec *js, const json_t *list, struct jobspec_vertex **first,
                       flux_error_t *errp);

static int parse_key (struct jobspec_vertex *v, const char *key, const json_t *val,
                      flux_error_t *errp)
{
    static const struct {
        const char *key;
        size_t offset;
    } strings[] = {
        {"type", offsetof (struct jobspec_vertex, type)},
        {"label", offsetof (struct jobspec_vertex, label)},
        {"unit", offsetof (struct jobspec_vertex, unit)},
        {"id", offsetof (struct jobspec_vertex, id)},
    };
    for (size_t i = 0; i < sizeof (strings) / sizeof (strings[0]); i++) {
        if (strcmp (key, strings[i].key) != 0)
            continue;
        if (!json_is_string (val))
            return jobspec_invalid (errp, "a resource's '%s' must be a string", key);
        *(const char **)((char *)v + strings[i].offset) = json_string_value (val);
        return 0;
    }
    if (strcmp (key, "count") == 0) {
        flux_error_t error;
        count_clear (&v->count);
        if (json_is_integer (val) && json_integer_value (val) == 0) // see is_no_gpu()
            v->count = (struct count){.max = 0, .op = '+', .operand = 1};
        else if (count_from_json (&v->count, val, &error) < 0)
            return jobspec_invalid (errp, "a resource's %s", error.text);
        return 0;
    }
    if (strcmp (key, "exclusive") == 0) {
        if (!json_is_boolean (val))
            return jobspec_invalid (errp, "a resource's 'exclusive' must be a boolean");
        v->exclusive = json_is_true (val) ? JOBSPEC_EXCLUSIVE_TRUE : JOBSPEC_EXCLUSIVE_FALSE;
        return 0;
    }
    if (strcmp (key, "with") != 0)
        return jobspec_invalid (errp, "a resource has an unknown key '%s'", key);
    return 0;
}

/* xor_slot: one of those side by side, whichever can be had (flexible jobspecs). */
static bool is_slot (const struct jobspec_vertex *v)
{
    return is_type (v, "slot") || is_type (v, "xor_slot");
}

/* Tools write no gpus as 0 gpus in version 1. */
static bool is_no_gpu (const struct jobspec *js, const struct jobspec_vertex *v)
{
    return js->version == 1 && is_type (v, "gpu") && v->count.op && !v->with;
}

static int parse_vertex (struct jobspec *js, struct jobspec_vertex *v, json_t *o,
                         flux_error_t *errp)
{
    const char *key;
    json_t *val;

    if (!json_is_object (o))
        return jobspec_invalid (errp, "a resource must be an object");
    json_object_foreach (o, key, val)
    {
        if (parse_key (v, key, val, errp) < 0)
            return -1;
    }
    if (!v->type || *v->type == '\0' || (v->count.min == 0 && !is_no_gpu (js, v)))
        return jobspec_invalid (errp, "a resource needs type and a positive count");
    json_t *with = json_object_get (o, "with");
    if (is_slot (v) && (!with || !v->label))
        return jobspec_invalid (errp, "a slot needs a label and something in it");
    return with ? parse_list (js, with, &v->with, errp) : 0;
}

static int parse_list (struct jobspec *js, const json_t *list, struct jobspec_vertex **first,
                       flux_error_t *errp)
{
    struct jobspec_vertex **link = first;
    size_t i;
    json_t *o;

    if (!json_is_array (list) || json_array_size (list) == 0)
        return jobspec_invalid (errp, "resources must be a list of at least one");
    json_array_foreach (list, i, o)
    {
        struct jobspec_vertex *v = &js->vertex[js->nvertices++];
        *link = v;
        link = &v->next;
        if (parse_vertex (js, v, o, errp) < 0)
            return -1;
    }
    return 0;
}

static bool is_v1_slot (const struct jobspec_vertex *slot)
{
    const struct jobspec_vertex *a = slot->with, *b = a->next;
    bool core = is_type (a, "core") || (b && is_type (b, "core"));
    bool gpu = b && (is_type (a, "gpu") || is_type (b, "gpu"));

    return core && gpu == !!b && (!b || !b->next) && !a->with && (!b || !b->with);
}

bool jobspec_is_v1_graph (const struct jobspec *js)
{
    const struct jobspec_vertex *v = js->resources;

    if (!js->counts.fixed || v->next)
        return false;
    if (is_type (v, "node"))
        v = v->with;
    return v && !v->next && is_type (v, "slot") && is_v1_slot (v);
}

/* Clients label any resource graph as version 1 as long as its counts are integers, so the graph's
 * form is not insisted upon. */
static int check_v1 (const struct jobspec *js, flux_error_t *errp)
{
    bool slot = false;

    for (size_t i = 0; i < js->nvertices; i++) {
        const struct jobspec_vertex *v = &js->vertex[i];
        if (v->count.min != v->count.max || v->count.values)
            return jobspec_invalid (errp, "in version 1 a count is an integer");
        slot |= is_type (v, "slot");
    }
    return slot ? 0 : jobspec_invalid (errp, "resources have no slot");
}

/* A task that names no slot's label means the only slot: tools that put other resources into a
 * jobspec leave its tasks as they are. */
const struct jobspec_vertex *jobspec_find_slot (const struct jobspec *js, const char *label)
{
    const struct jobspec_vertex *only = NULL;
    int nslots = 0;

    for (size_t i = 0; i < js->nvertices; i++) {
        const struct jobspec_vertex *v = &js->vertex[i];
        if (!is_slot (v))
            continue;
        if (strcmp (v->label, label) == 0)
            return v;
        only = v;
        nslots++;
    }
    return nslots == 1 ? only : NULL;
}

/* The tasks of a job have one slot, so alternatives share its label. */
static bool same_label (const struct jobspec_vertex *a, const struct jobspec_vertex *b)
{
    return a->label && b->label && strcmp (a->label, b->label) == 0 &&
           !(is_type (a, "xor_slot") && is_type (b, "xor_slot"));
}

static int check_labels (const struct jobspec *js, flux_error_t *errp)
{
    for (size_t i = 0; i < js->nvertices && !js->any_slot; i++) {
        for (size_t k = 0; k < i; k++) {
            if (same_label (&js->vertex[i], &js->vertex[k]))
                return jobspec_invalid (errp, "label '%s' is there twice", js->vertex[i].label);
        }
    }
    return 0;
}

/* Sums. `factor` is how many of the parent there are; in a slot, `per_slot` how many in one. */
struct walk {
    struct jobspec_counts *c;
    bool overflow;
    bool seen_slot;
};

static uint64_t add (struct walk *w, uint32_t *sum, uint64_t n)
{
    if (*sum + n > JOBSPEC_MAX_COUNT)
        w->overflow = true;
    else
        *sum += n;
    return n;
}

static void sum_list (struct walk *w, struct jobspec_vertex *v, uint64_t factor, uint64_t per_node,
                      uint64_t per_slot, bool first_slot)
{
    bool seen_xor = false;

    for (; v && !w->overflow; v = v->next) {
        uint64_t n = factor * v->count.min, in_node = per_node * v->count.min;
        uint64_t in_slot = per_slot * v->count.min;
        bool first = first_slot;
        if (n > JOBSPEC_MAX_COUNT) {
            w->overflow = true;
            return;
        }
        v->total = n;
        if (v->count.min != v->count.max)
            w->c->fixed = false;
        if (is_type (v, "node")) {
            add (w, &w->c->nnodes, n);
            in_node = 1;
            if (v->exclusive == JOBSPEC_EXCLUSIVE_TRUE ||
                (per_slot && v->exclusive == JOBSPEC_EXCLUSIVE_UNSET))
                w->c->exclusive = true;
        } else if (is_slot (v)) {
            if (is_type (v, "xor_slot") && seen_xor)
                continue; // the first alternative counts for all
            seen_xor = is_type (v, "xor_slot");
            add (w, &w->c->nslots, n);
            add (w, &w->c->slots_per_node, in_node);
            in_slot = 1;
            first = !w->seen_slot;
            w->seen_slot = true;
        } else if (is_type (v, "core")) {
            add (w, &w->c->ncores, n);
            if (first)
                add (w, &w->c->slot_cores, in_slot);
        } else if (is_type (v, "gpu")) {
            add (w, &w->c->ngpus, n);
            if (first)
                add (w, &w->c->slot_gpus, in_slot);
        }
        sum_list (w, v->with, n, in_node, in_slot, first);
    }
}

int jobspec_parse_resources (struct jobspec *js, const json_t *resources, flux_error_t *errp)
{
    size_t n = count_vertices (resources, 1);

    if (n > JOBSPEC_MAX_VERTICES)
        return jobspec_invalid (errp, "too many resources, or too deep");
    if (!(js->vertex = calloc (n + 1, sizeof (js->vertex[0]))))
        return errprintf (errp, "out of memory");
    if (parse_list (js, resources, &js->resources, errp) < 0 || check_labels (js, errp) < 0)
        return -1;
    if (js->version == 1 && check_v1 (js, errp) < 0)
        return -1;
    js->counts.fixed = true;
    struct walk w = {.c = &js->counts};
    sum_list (&w, js->resources, 1, 0, 0, false);
    if (w.overflow)
        return jobspec_invalid (errp, "asks for too much");
    return 0;
}

static uint64_t count_tasks (const struct jobspec *js, const struct jobspec_task *task,
                             uint32_t nnodes, uint32_t ncores)
{
    const struct jobspec_vertex *slot;

    switch (task->kind) {
    case JOBSPEC_TASKS_TOTAL:
        return task->count;
    case JOBSPEC_TASKS_PER_SLOT:
        slot = jobspec_find_slot (js, task->slot);
        return slot ? (uint64_t)task->count * slot->total : 0;
    case JOBSPEC_TASKS_PER_RESOURCE:
        if (strcmp (task->resource, "node") == 0)
            return (uint64_t)task->count * nnodes;
        if (strcmp (task->resource, "core") == 0)
            return (uint64_t)task->count * ncores;
    }
    return 0;
}

uint32_t jobspec_task_total (const struct jobspec *js, uint32_t nnodes, uint32_t ncores)
{
    uint64_t sum = 0;

    if (js->per_resource && strcmp (js->per_resource, "node") == 0)
        sum = (uint64_t)js->per_resource_count * nnodes;
    else if (js->per_resource && strcmp (js->per_resource, "core") == 0)
        sum = (uint64_t)js->per_resource_count * ncores;
    else {
        for (size_t i = 0; i < js->ntasks; i++)
            sum += count_tasks (js, &js->tasks[i], nnodes, ncores);
    }
    return sum > JOBSPEC_MAX_COUNT ? JOBSPEC_MAX_COUNT : sum;
}

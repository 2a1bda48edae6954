/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Requests: building, checking and counting. */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/request_priv.h"
#include "lib/util/errprintf.h"

struct request *request_create (void)
{
    struct request_full *full = calloc (1, sizeof (*full));
    return full ? &full->req : NULL;
}

static void free_resource (struct request_resource *r)
{
    while (r) {
        struct request_resource *next = r->next;
        free_resource (r->with);
        free (r->type);
        free (r->unit);
        free (r->label);
        free (r->id);
        free (r->count.values);
        free (r);
        r = next;
    }
}

void request_destroy (struct request *req)
{
    if (!req)
        return;
    int saved = errno;
    struct request_full *full = request_full (req);
    free_resource (req->resources);
    constraint_destroy (req->constraint);
    free (req->queue);
    free (full->list);
    free (full);
    errno = saved;
}

static int set_string (char **dst, const char *s)
{
    char *copy = s ? strdup (s) : NULL;
    if (s && !copy)
        return -1;
    free (*dst);
    *dst = copy;
    return 0;
}

int request_set_label (struct request_resource *r, const char *label)
{
    return set_string (&r->label, label);
}

int request_set_unit (struct request_resource *r, const char *unit)
{
    return set_string (&r->unit, unit);
}

int request_set_id (struct request_resource *r, const char *id)
{
    return set_string (&r->id, id);
}

int request_set_queue (struct request *req, const char *queue)
{
    return set_string (&req->queue, queue);
}

int request_set_values (struct request_resource *r, const uint32_t *values, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (values[i] <= (i ? values[i - 1] : 0)) {
            errno = EINVAL;
            return -1;
        }
    uint32_t *copy = n ? malloc (n * sizeof (*copy)) : NULL;
    if (!copy) {
        errno = n ? ENOMEM : EINVAL;
        return -1;
    }
    memcpy (copy, values, n * sizeof (*copy));
    free (r->count.values);
    r->count = (struct request_count){.min = values[0],
                                      .max = values[n - 1],
                                      .op = '+',
                                      .operand = 1,
                                      .nvalues = n,
                                      .values = copy};
    return 0;
}

static int depth_of (const struct request_resource *r)
{
    int depth = 0;
    for (; r; r = r->parent)
        depth++;
    return depth;
}

struct request_resource *request_add (struct request *req, struct request_resource *parent,
                                      const char *type, flux_error_t *errp)
{
    struct request_full *full = request_full (req);
    if (!type || !*type || strlen (type) > GRAPH_MAX_NAME ||
        depth_of (parent) >= REQUEST_MAX_DEPTH || full->list) {
        errno = EINVAL;
        errprintf (errp, "resource '%.64s' has no type, lies deeper than %d or comes too late",
                   type ? type : "", REQUEST_MAX_DEPTH);
        return NULL;
    }
    if (full->count == REQUEST_MAX_RESOURCES) {
        errno = ENOSPC;
        errprintf (errp, "more than %d resources are requested", REQUEST_MAX_RESOURCES);
        return NULL;
    }
    struct request_resource *r = calloc (1, sizeof (*r));
    if (!r || !(r->type = strdup (type))) {
        free (r);
        errprintf (errp, "out of memory");
        return NULL;
    }
    r->kind = !strcmp (type, "slot")       ? REQUEST_SLOT
              : !strcmp (type, "xor_slot") ? REQUEST_XOR_SLOT
                                           : REQUEST_RESOURCE;
    r->count = (struct request_count){.min = 1, .max = 1, .op = '+', .operand = 1};
    r->parent = parent;
    struct request_resource **link = parent ? &parent->with : &req->resources;
    while (*link)
        link = &(*link)->next;
    *link = r;
    full->count++;
    return r;
}

static int check_count (const struct request_resource *r, flux_error_t *errp)
{
    const struct request_count *c = &r->count;
    const char *what = NULL;
    if (c->min == 0)
        what = "min must be greater than zero";
    else if (c->max < c->min)
        what = "max must not be less than min";
    else if (c->op != '+' && c->op != '*' && c->op != '^')
        what = "the operator must be +, * or ^";
    else if (c->operand < (c->op == '+' ? 1 : 2) && c->min != c->max)
        what = c->op == '+' ? "the operand must be greater than zero"
                            : "the operand must be greater than one";
    else if (c->op == '^' && c->min < 2)
        what = "min must be greater than one for ^";
    if (!what)
        return 0;
    errno = EINVAL;
    return errprintf (errp, "count of %.64s: %s", r->type, what);
}

static int check_one (const struct request_resource *r, flux_error_t *errp)
{
    if (r->kind != REQUEST_RESOURCE && !r->with) {
        errno = EINVAL;
        return errprintf (errp, "slot %.64s has nothing in it", r->label ? r->label : "");
    }
    for (const struct request_resource *s = r->next; s; s = s->next)
        if (s->kind == REQUEST_RESOURCE && !strcmp (s->type, r->type)) {
            errno = EINVAL;
            return errprintf (errp, "siblings request the same resource type: %.64s", r->type);
        }
    return check_count (r, errp);
}

static int number (struct request_full *full, struct request_resource *r, flux_error_t *errp)
{
    for (; r; r = r->next) {
        if (check_one (r, errp) < 0)
            return -1;
        r->index = full->n;
        full->list[full->n++] = r;
        if (number (full, r->with, errp) < 0)
            return -1;
    }
    return 0;
}

int request_seal (struct request *req, flux_error_t *errp)
{
    struct request_full *full = request_full (req);
    if (full->list)
        return 0;
    if (!req->resources) {
        errno = EINVAL;
        return errprintf (errp, "no resources are requested");
    }
    if (!(req->duration >= 0) || isinf (req->duration)) { // NaN too
        errno = EINVAL;
        return errprintf (errp, "duration must be a number of seconds from 0 up");
    }
    full->n = 0;
    if (!(full->list = calloc (full->count, sizeof (*full->list))))
        return errprintf (errp, "out of memory");
    if (number (full, req->resources, errp) < 0) {
        int saved = errno;
        free (full->list);
        full->list = NULL;
        errno = saved;
        return -1;
    }
    return 0;
}

size_t request_count (const struct request *req)
{
    return request_full_const (req)->n;
}

const struct request_resource *request_resource_at (const struct request *req, uint32_t index)
{
    const struct request_full *full = request_full_const (req);
    return index < full->n ? full->list[index] : NULL;
}

static uint32_t fit_steps (const struct request_count *c, uint32_t limit)
{
    uint64_t cur = c->min, count = c->min;
    if (c->operand < 2 || (c->op == '^' && cur == 1))
        return cur;
    while (cur <= limit) {
        uint64_t base = cur;
        count = cur;
        if (c->op == '*')
            cur *= c->operand;
        else
            for (uint32_t i = 1; i < c->operand && cur <= limit; i++)
                cur *= base;
    }
    return count;
}

uint32_t request_count_fit (const struct request_count *c, uint32_t avail)
{
    uint32_t limit = avail < c->max ? avail : c->max;
    if (c->min > limit)
        return 0;
    if (c->nvalues) {
        uint32_t i = c->nvalues;
        while (c->values[i - 1] > limit)
            i--;
        return c->values[i - 1];
    }
    if (c->op == '+')
        return limit - (limit - c->min) % (c->operand ? c->operand : 1);
    return fit_steps (c, limit);
}

uint32_t request_count_max (const struct request_count *c)
{
    return request_count_fit (c, UINT32_MAX);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* From jobspec to a request, see jobspec.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/io/constraint.h"
#include "lib/graph/io/jobspec.h"
#include "lib/job/count.h"
#include "lib/job/jobspec.h"
#include "lib/util/errprintf.h"

static int set_values (struct request_resource *r, const struct idset *ids)
{
    uint32_t *values = calloc (idset_count (ids) + 1, sizeof (*values));
    uint32_t n = 0;

    if (!values)
        return -1;
    for (unsigned int i = idset_first (ids); i != IDSET_INVALID_ID; i = idset_next (ids, i))
        values[n++] = i;
    int rc = request_set_values (r, values, n);
    free (values);
    return rc;
}

static int set_count (struct request_resource *r, const json_t *o, flux_error_t *errp)
{
    struct count count = {0};
    int rc = 0;

    if (!o) {
        r->count = (struct request_count){.min = 1, .max = 1, .op = '+', .operand = 1};
        return 0;
    }
    flux_error_t error;
    if (count_from_json (&count, o, &error) < 0)
        return errprintf (errp, "count of %.64s: %.90s", r->type, error.text);
    if (count.values)
        rc = set_values (r, count.values);
    else
        r->count = (struct request_count){
            .min = count.min, .max = count.max, .op = count.op, .operand = count.operand};
    count_clear (&count);
    return rc < 0 ? errprintf (errp, "%s: the count is not usable", r->type) : 0;
}

static int add_list (struct request *req, struct request_resource *parent, const json_t *list,
                     int depth, flux_error_t *errp);

static int add_vertex (struct request *req, struct request_resource *parent, const json_t *o,
                       int depth, flux_error_t *errp)
{
    const char *type = NULL, *unit = NULL, *label = NULL, *id = NULL;
    json_t *count = NULL, *with = NULL, *exclusive = NULL;
    struct request_resource *r;
    json_error_t error;

    if (json_unpack_ex ((json_t *)o, &error, 0, "{s:s s?o s?s s?s s?s s?o s?o}", "type", &type,
                        "count", &count, "unit", &unit, "label", &label, "id", &id, "exclusive",
                        &exclusive, "with", &with) < 0) {
        errno = EINVAL;
        return errprintf (errp, "resource %.64s of the jobspec: %.80s",
                          type ? type : "without type", error.text);
    }
    if (exclusive && !json_is_boolean (exclusive)) {
        errno = EINVAL;
        return errprintf (
            errp, "resource %.64s of the jobspec: exclusive is neither true nor false", type);
    }
    if (!(r = request_add (req, parent, type, errp)) || set_count (r, count, errp) < 0)
        return -1;
    if ((unit && request_set_unit (r, unit) < 0) || (label && request_set_label (r, label) < 0) ||
        (id && request_set_id (r, id) < 0))
        return errprintf (errp, "%s: %s", type, strerror (errno));
    if (exclusive)
        r->exclusive = json_is_true (exclusive) ? REQUEST_TRUE : REQUEST_FALSE;
    return with ? add_list (req, r, with, depth + 1, errp) : 0;
}

static int add_list (struct request *req, struct request_resource *parent, const json_t *list,
                     int depth, flux_error_t *errp)
{
    size_t i;
    json_t *o;

    if (depth > REQUEST_MAX_DEPTH || !json_is_array (list)) {
        errno = EINVAL;
        return errprintf (errp, "the resources of the jobspec are nested too deeply, or no list");
    }
    json_array_foreach (list, i, o)
    {
        if (add_vertex (req, parent, o, depth, errp) < 0)
            return -1;
    }
    return 0;
}

int request_add_resources (struct request *req, const json_t *resources, flux_error_t *errp)
{
    return add_list (req, NULL, resources, 0, errp);
}

struct request *request_from_jobspec (const struct jobspec *js, flux_error_t *errp)
{
    struct request *req = request_create ();

    if (!req) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    if (request_add_resources (req, json_object_get (js->json, "resources"), errp) < 0)
        goto error;
    req->duration = js->duration;
    if (js->constraints && !(req->constraint = constraint_from_json (js->constraints, NULL, errp)))
        goto error;
    if (js->queue && request_set_queue (req, js->queue) < 0)
        goto error;
    if (request_seal (req, errp) < 0)
        goto error;
    return req;
error:;
    int saved_errno = errno;
    request_destroy (req);
    errno = saved_errno;
    return NULL;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Checks the options with the parsers that slurmctld will use. */

#include "spank/graph_options.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/io/jobspec.h"
#include "lib/graph/policy.h"
#include "lib/graph/request.h"
#include "lib/job/shape.h"
#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"

char *graph_policy_value (const char *arg, flux_error_t *errp)
{
    char *value = strdup (arg);
    struct policy *policy;

    if (!value) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    for (char *s = value; *s; s++)
        if (*s == ',')
            *s = ' ';
    if (!(policy = policy_create (value, errp))) {
        free (value);
        return NULL;
    }
    policy_destroy (policy);
    return value;
}

/* JSON, a shape otherwise. NULL: errp says why. */
static json_t *read_resources (const char *text, flux_error_t *errp)
{
    json_t *doc, *resources;

    text += strspn (text, " \t\r\n");
    if (*text != '{' && *text != '[') {
        char *line = strndup (text, strcspn (text, "\r\n"));

        resources = line ? shape_parse (line, errp) : NULL;
        free (line);
        return resources;
    }
    doc = json_loads (text, JSON_REJECT_DUPLICATES, NULL);
    resources = json_is_object (doc) ? json_object_get (doc, "resources") : doc;
    if (!json_is_array (resources)) {
        errno = EINVAL;
        errprintf (errp, "neither a jobspec nor an array of resources");
        resources = NULL;
    }
    json_incref (resources);
    json_decref (doc);
    return resources;
}

/* What stands beside a slot would never be found. */
static int check_slots (const json_t *list, flux_error_t *errp)
{
    size_t i;
    json_t *o;

    json_array_foreach (list, i, o)
    {
        const char *type = json_string_value (json_object_get (o, "type"));

        if (type && strcmp (type, "slot") == 0 && json_array_size (list) > 1) {
            errno = EINVAL;
            return errprintf (errp, "a slot must stand alone: put what is beside it inside");
        }
        if (check_slots (json_object_get (o, "with"), errp) < 0)
            return -1;
    }
    return 0;
}

static int check_request (const json_t *resources, flux_error_t *errp)
{
    struct request *req = request_create ();
    int rc = -1;

    if (!req)
        errprintf (errp, "out of memory");
    else if (request_add_resources (req, resources, errp) == 0 && request_seal (req, errp) == 0)
        rc = check_slots (resources, errp);
    request_destroy (req);
    return rc;
}

char *graph_request_value (const char *arg, flux_error_t *errp)
{
    char *file = NULL, *value = NULL;
    json_t *resources;

    if (*arg == '@' && file_read_all (arg + 1, GRAPH_REQUEST_MAX, &file) < 0) {
        errprintf (errp, "%s: %s", arg + 1, strerror (errno));
        return NULL;
    }
    resources = read_resources (file ? file : arg, errp);
    free (file);
    if (resources && check_request (resources, errp) == 0) {
        value = json_dumps (resources, JSON_COMPACT);
        if (value && strlen (value) > GRAPH_REQUEST_MAX) {
            free (value);
            value = NULL;
            errno = E2BIG;
            errprintf (errp, "more than %d bytes", GRAPH_REQUEST_MAX);
        }
    }
    json_decref (resources);
    return value;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Jobspec: the attributes. */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "lib/job/jobspec_private.h"
#include "lib/job/limits.h"

static int check_environment (const json_t *env, flux_error_t *errp)
{
    const char *key;
    json_t *val;

    if (!env)
        return 0;
    if (!json_is_object (env))
        return jobspec_invalid (errp, "environment must be an object");
    json_object_foreach ((json_t *)env, key, val)
    {
        if (!json_is_string (val) && !json_is_null (val))
            return jobspec_invalid (errp, "environment variable '%s' is no string", key);
        if (*key == '\0' || strchr (key, '='))
            return jobspec_invalid (errp, "environment variable '%s' has a bad name", key);
    }
    return 0;
}

static int check_dependencies (const json_t *deps, flux_error_t *errp)
{
    size_t i;
    json_t *dep;

    if (!deps)
        return 0;
    if (!json_is_array (deps))
        return jobspec_invalid (errp, "dependencies must be a list");
    json_array_foreach (deps, i, dep)
    {
        if (!json_is_string (json_object_get (dep, "scheme")) ||
            !json_is_string (json_object_get (dep, "value")))
            return jobspec_invalid (errp, "a dependency needs a scheme and a value (strings)");
    }
    return 0;
}

static int get_string (const json_t *o, const char *key, const char **sp, flux_error_t *errp)
{
    json_t *val = json_object_get (o, key);

    if (val && !(*sp = json_string_value (val)))
        return jobspec_invalid (errp, "attribute '%s' must be a string", key);
    return 0;
}

static int get_seconds (const json_t *o, const char *key, double *dp, flux_error_t *errp)
{
    json_t *val = json_object_get (o, key);
    double d = json_number_value (val);

    if (val && (!json_is_number (val) || !(d >= 0) || isinf (d)))
        return jobspec_invalid (errp, "attribute '%s' must be a number >= 0", key);
    if (val)
        *dp = d;
    return 0;
}

static int get_object (const json_t *o, const char *key, json_t **op, flux_error_t *errp)
{
    *op = json_object_get (o, key);
    if (*op && !json_is_object (*op))
        return jobspec_invalid (errp, "attribute '%s' must be an object", key);
    return 0;
}

static int parse_shell (struct jobspec *js, flux_error_t *errp)
{
    json_t *shell, *per;

    if (get_object (js->system, "shell", &shell, errp) < 0 ||
        get_object (shell, "options", &js->shell_options, errp) < 0)
        return -1;
    if (!(per = json_object_get (js->shell_options, "per-resource")))
        return 0;
    json_t *type = json_object_get (per, "type"), *count = json_object_get (per, "count");
    json_int_t n = count ? json_integer_value (count) : 1;
    if (!json_is_string (type) || n < 1 || n > JOBSPEC_MAX_COUNT)
        return jobspec_invalid (errp, "shell option per-resource needs a type and a count");
    if (strcmp (json_string_value (type), "node") != 0 &&
        strcmp (json_string_value (type), "core") != 0)
        return jobspec_invalid (errp, "shell option per-resource.type=%s: neither node nor core",
                                json_string_value (type));
    js->per_resource = json_string_value (type);
    js->per_resource_count = n;
    return 0;
}

static int parse_system (struct jobspec *js, flux_error_t *errp)
{
    const json_t *sys = js->system;
    json_t *job;

    if (get_seconds (sys, "duration", &js->duration, errp) < 0 ||
        get_seconds (sys, "preemptible-after", &js->preemptible_after, errp) < 0 ||
        get_string (sys, "queue", &js->queue, errp) < 0 ||
        get_string (sys, "bank", &js->bank, errp) < 0 ||
        get_string (sys, "project", &js->project, errp) < 0 ||
        get_string (sys, "cwd", &js->cwd, errp) < 0 || get_object (sys, "job", &job, errp) < 0 ||
        get_string (job, "name", &js->name, errp) < 0 ||
        get_object (sys, "constraints", &js->constraints, errp) < 0 ||
        get_object (sys, "files", &js->files, errp) < 0)
        return -1;
    js->environment = json_object_get (sys, "environment");
    js->dependencies = json_object_get (sys, "dependencies");
    if (check_environment (js->environment, errp) < 0 ||
        check_dependencies (js->dependencies, errp) < 0)
        return -1;
    return parse_shell (js, errp);
}

int jobspec_parse_attributes (struct jobspec *js, const json_t *attrs, flux_error_t *errp)
{
    const char *key;
    json_t *val;

    js->preemptible_after = -1;
    if (!json_is_object (attrs) && !(json_is_null (attrs) && js->version != 1))
        return jobspec_invalid (errp, "attributes must be an object");
    json_object_foreach ((json_t *)attrs, key, val)
    {
        if (strcmp (key, "system") == 0)
            js->system = val;
        else if (strcmp (key, "user") == 0)
            js->user = val;
        else
            return jobspec_invalid (errp, "attributes has an unknown key '%s'", key);
        if (!json_is_object (val))
            return jobspec_invalid (errp, "attributes.%s must be an object", key);
    }
    if (js->version == 1 && !json_object_get (js->system, "duration"))
        return jobspec_invalid (errp, "version 1 needs attributes.system.duration");
    return parse_system (js, errp);
}

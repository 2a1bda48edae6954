/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Jobspec: decoding, tasks and attributes. Resources: jobspec_resources.c. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/jobspec.h"
#include "lib/job/jobspec_private.h"
#include "lib/job/jpath.h"
#include "lib/job/jsonbuf.h"
#include "lib/job/limits.h"
#include "lib/util/errprintf.h"
#include "lib/util/json_strings.h"

/* Tasks. */

static int parse_task_count (struct jobspec *js, struct jobspec_task *task, const json_t *count,
                             flux_error_t *errp)
{
    json_t *val;

    if (!json_is_object (count) || json_object_size (count) != 1)
        return jobspec_invalid (errp, "a task's count must have exactly one key");
    if ((val = json_object_get (count, "per_slot")))
        task->kind = JOBSPEC_TASKS_PER_SLOT;
    else if ((val = json_object_get (count, "total")))
        task->kind = JOBSPEC_TASKS_TOTAL;
    else if (js->version != 1 && (val = json_object_get (count, "per_resource"))) {
        task->kind = JOBSPEC_TASKS_PER_RESOURCE;
        task->resource = json_string_value (json_object_get (val, "type"));
        val = json_object_get (val, "count");
        if (!task->resource)
            return jobspec_invalid (errp, "a task's per_resource has no type");
    } else
        return jobspec_invalid (errp, "a task's count has an unknown key");
    if (!json_is_integer (val) || json_integer_value (val) < 1 ||
        json_integer_value (val) > JOBSPEC_MAX_COUNT)
        return jobspec_invalid (errp, "a task's count must be a positive integer");
    task->count = json_integer_value (val);
    return 0;
}

static int parse_command (struct jobspec_task *task, const json_t *command, flux_error_t *errp)
{
    if (!json_is_strings (command) || json_array_size (command) == 0)
        return jobspec_invalid (errp, "a task's command must be a list of strings");
    task->command = command;
    return 0;
}

static int parse_task (struct jobspec *js, struct jobspec_task *task, json_t *o, flux_error_t *errp)
{
    const char *key;
    json_t *val, *count = NULL;

    if (!json_is_object (o))
        return jobspec_invalid (errp, "a task must be an object");
    json_object_foreach (o, key, val)
    {
        bool ok = true;
        if (strcmp (key, "command") == 0) {
            if (parse_command (task, val, errp) < 0)
                return -1;
        } else if (strcmp (key, "slot") == 0)
            ok = (task->slot = json_string_value (val)) != NULL;
        else if (strcmp (key, "count") == 0)
            count = val;
        else if (js->version != 1 && strcmp (key, "distribution") == 0)
            ok = (task->distribution = json_string_value (val)) != NULL;
        else if (js->version != 1 && strcmp (key, "attributes") == 0) {
            task->attributes = val;
            ok = json_is_object (val);
        } else
            return jobspec_invalid (errp, "task has an unknown key '%s'", key);
        if (!ok)
            return jobspec_invalid (errp, "task has a '%s' of the wrong type", key);
    }
    if (!task->command || !task->slot || !count)
        return jobspec_invalid (errp, "task needs command, slot and count");
    if (!js->any_slot && !jobspec_find_slot (js, task->slot))
        return jobspec_invalid (errp, "task names slot '%s', which is not there", task->slot);
    return parse_task_count (js, task, count, errp);
}

static int parse_tasks (struct jobspec *js, const json_t *tasks, flux_error_t *errp)
{
    size_t i, n = json_array_size (tasks);
    json_t *o;

    if (!json_is_array (tasks) || n == 0 || (js->version == 1 && n != 1) ||
        n > JOBSPEC_MAX_VERTICES)
        return jobspec_invalid (errp, "tasks must be a list of %s",
                                js->version == 1 ? "one" : "at least one, and not too many");
    if (!(js->tasks = calloc (n, sizeof (js->tasks[0]))))
        return errprintf (errp, "out of memory");
    json_array_foreach (tasks, i, o)
    {
        if (parse_task (js, &js->tasks[js->ntasks++], o, errp) < 0)
            return -1;
    }
    return 0;
}

/* What RFC 25 says of the number of tasks. It also bounds a total by the slots, but its own
 * examples go beyond that; the tasks then share slots. */
static int check_v1_tasks (const struct jobspec *js, flux_error_t *errp)
{
    const struct jobspec_task *task = &js->tasks[0];

    if (task->kind == JOBSPEC_TASKS_PER_SLOT && task->count != 1)
        return jobspec_invalid (errp, "version 1 runs one task per slot");
    return 0;
}

/* The whole. */

/* RFC 25; RFC 14's use cases; what Fluxion's canonical jobspecs have. Its tools take any. */
static int take_version (struct jobspec *js, const json_t *version, flux_error_t *errp)
{
    json_int_t n = json_integer_value (version);

    if (!json_is_integer (version) || n < 1)
        return jobspec_invalid (errp, "version must be a positive integer");
    if (n != 1 && n != 999 && n != 9999 && !js->any_slot)
        return jobspec_invalid (errp, "version %lld is not one of 1, 999 and 9999", (long long)n);
    js->version = n;
    return 0;
}

static int parse (struct jobspec *js, flux_error_t *errp)
{
    json_t *version = json_object_get (js->json, "version");
    json_t *resources = json_object_get (js->json, "resources");
    json_t *tasks = json_object_get (js->json, "tasks");
    json_t *attrs = json_object_get (js->json, "attributes");

    if (!version || !resources || !tasks || !attrs)
        return jobspec_invalid (errp, "needs version, resources, tasks and attributes");
    if (take_version (js, version, errp) < 0)
        return -1;
    if (jobspec_parse_resources (js, resources, errp) < 0 || parse_tasks (js, tasks, errp) < 0 ||
        jobspec_parse_attributes (js, attrs, errp) < 0)
        return -1;
    return js->version == 1 ? check_v1_tasks (js, errp) : 0;
}

static struct jobspec *from_json (json_t *o, bool any_slot, flux_error_t *errp)
{
    struct jobspec *js = calloc (1, sizeof (*js));

    if (!js) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    js->json = json_incref (o);
    js->any_slot = any_slot;
    if (parse (js, errp) < 0) {
        jobspec_destroy (js);
        return NULL;
    }
    return js;
}

struct jobspec *jobspec_from_json (json_t *o, flux_error_t *errp)
{
    return from_json (o, false, errp);
}

struct jobspec *jobspec_request_from_json (json_t *o, flux_error_t *errp)
{
    return from_json (o, true, errp);
}

struct jobspec *jobspec_decode (const char *s, size_t len, flux_error_t *errp)
{
    json_t *o = decode_json (s, len, JOBSPEC_TEXT_MAX, "jobspec", errp);
    struct jobspec *js = o ? jobspec_from_json (o, errp) : NULL;

    decode_json_free (o);
    return js;
}

void jobspec_destroy (struct jobspec *js)
{
    if (js) {
        int saved_errno = errno;
        for (size_t i = 0; i < js->nvertices; i++)
            count_clear (&js->vertex[i].count);
        free (js->vertex);
        free (js->tasks);
        json_decref (js->json);
        free (js);
        errno = saved_errno;
    }
}

void jobspec_encode_buf (struct buf *b, const struct jobspec *js)
{
    jsonbuf_json (b, js->json);
}

const char *jobspec_job_name (const struct jobspec *js)
{
    if (js->name)
        return js->name;
    const json_t *command = js->tasks[0].command;
    const char *arg0 = json_string_value (json_array_get (command, 0));
    const char *slash = strrchr (arg0, '/');
    return slash && slash[1] ? slash + 1 : arg0;
}

struct jobspec *jobspec_update (const struct jobspec *js, const json_t *context, flux_error_t *errp)
{
    const char *key;
    json_t *val;

    if (!json_is_object (context) || json_object_size (context) == 0) {
        jobspec_invalid (errp, "an update must be an object with at least one key");
        return NULL;
    }
    json_t *o = json_deep_copy (js->json);
    if (!o) {
        errno = ENOMEM;
        errprintf (errp, "out of memory");
        return NULL;
    }
    struct jobspec *new = NULL;
    json_object_foreach ((json_t *)context, key, val)
    {
        if (jpath_set (o, key, val) < 0) {
            jobspec_invalid (errp, "cannot update '%s'", key);
            goto out;
        }
    }
    new = jobspec_from_json (o, errp);
out:
    decode_json_free (o);
    return new;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* <flux/jobspec1.h>: a handle around the JSON that the builder makes. */

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <flux/jobspec1.h>

#include "lib/job/jobspec.h"
#include "lib/job/jobspec_build.h"
#include "lib/job/jpath.h"
#include "lib/util/errprintf.h"
#include "lib/util/fail.h"

struct flux_jobspec1 {
    json_t *json;
};

/* Takes the reference to o. */
static flux_jobspec1_t *wrap (json_t *o)
{
    flux_jobspec1_t *jobspec = o ? malloc (sizeof (*jobspec)) : NULL;

    if (jobspec)
        jobspec->json = o;
    else
        json_decref (o);
    return jobspec;
}

void flux_jobspec1_destroy (flux_jobspec1_t *jobspec)
{
    if (jobspec) {
        int saved_errno = errno;
        json_decref (jobspec->json);
        free (jobspec);
        errno = saved_errno;
    }
}

/* "attributes.PATH" */
static int full_path (char *buf, size_t size, const flux_jobspec1_t *jobspec, const char *path)
{
    if (!jobspec || !path || (size_t)snprintf (buf, size, "attributes.%s", path) >= size)
        return fail (EINVAL);
    return 0;
}

int flux_jobspec1_attr_del (flux_jobspec1_t *jobspec, const char *path)
{
    char full[512];

    if (full_path (full, sizeof (full), jobspec, path) < 0)
        return -1;
    return jpath_del (jobspec->json, full);
}

int flux_jobspec1_attr_pack (flux_jobspec1_t *jobspec, const char *path, const char *fmt, ...)
{
    char full[512];
    va_list ap;

    if (!fmt || full_path (full, sizeof (full), jobspec, path) < 0)
        return fail (EINVAL);
    va_start (ap, fmt);
    json_t *val = json_vpack_ex (NULL, JSON_ENCODE_ANY, fmt, ap);
    va_end (ap);
    return val ? jpath_set_new (jobspec->json, full, val) : fail (EINVAL);
}

int flux_jobspec1_attr_unpack (flux_jobspec1_t *jobspec, const char *path, const char *fmt, ...)
{
    char full[512];
    va_list ap;

    if (!fmt || full_path (full, sizeof (full), jobspec, path) < 0)
        return fail (EINVAL);
    json_t *val = jpath_get (jobspec->json, full);
    if (!val)
        return -1;
    va_start (ap, fmt);
    int rc = json_vunpack_ex (val, NULL, 0, fmt, ap);
    va_end (ap);
    return rc < 0 ? fail (EINVAL) : 0;
}

static int check (json_t *o, flux_error_t *errp)
{
    struct jobspec *js = jobspec_from_json (o, errp);
    bool v1 = js && js->version == 1 && jobspec_is_v1_graph (js);

    if (js && !v1) {
        errno = EINVAL;
        errprintf (errp, "jobspec: its version or resources are not those of version 1");
    }
    jobspec_destroy (js);
    return v1 ? 0 : -1;
}

int flux_jobspec1_check (flux_jobspec1_t *jobspec, flux_jobspec1_error_t *error)
{
    if (!jobspec) {
        errprintf (error, "jobspec: none given");
        return fail (EINVAL);
    }
    return check (jobspec->json, error);
}

/* The attributes are checked in a jobspec that has nothing else wrong. */
int flux_jobspec1_attr_check (flux_jobspec1_t *jobspec, flux_jobspec1_error_t *error)
{
    json_t *attrs = jobspec ? json_object_get (jobspec->json, "attributes") : NULL;

    if (!attrs) {
        errprintf (error, "jobspec: no attributes");
        return fail (EINVAL);
    }
    json_t *o = json_pack ("{s:i s:[{s:s s:i s:s s:[{s:s s:i}]}] s:[{s:[s] s:s s:{s:i}}] s:O}",
                           "version", 1, "resources", "type", "slot", "count", 1, "label", "task",
                           "with", "type", "core", "count", 1, "tasks", "command", "x", "slot",
                           "task", "count", "per_slot", 1, "attributes", attrs);
    if (!o) {
        errno = ENOMEM;
        return errprintf (error, "out of memory");
    }
    int rc = check (o, error);
    int saved_errno = errno;
    json_decref (o);
    errno = saved_errno;
    return rc;
}

int flux_jobspec1_unsetenv (flux_jobspec1_t *jobspec, const char *name)
{
    return jobspec ? jobspec_unsetenv (jobspec->json, name) : fail (EINVAL);
}

int flux_jobspec1_setenv (flux_jobspec1_t *jobspec, const char *name, const char *value,
                          int overwrite)
{
    if (!jobspec || !name || !value)
        return fail (EINVAL);
    json_t *env = jpath_get (jobspec->json, "attributes.system.environment");
    if (!overwrite && json_object_get (env, name))
        return 0;
    return jobspec_setenv (jobspec->json, name, value);
}

int flux_jobspec1_set_stdin (flux_jobspec1_t *jobspec, const char *path)
{
    return jobspec ? jobspec_set_io (jobspec->json, "stdin", path) : fail (EINVAL);
}

int flux_jobspec1_set_stdout (flux_jobspec1_t *jobspec, const char *path)
{
    return jobspec ? jobspec_set_io (jobspec->json, "stdout", path) : fail (EINVAL);
}

int flux_jobspec1_set_stderr (flux_jobspec1_t *jobspec, const char *path)
{
    return jobspec ? jobspec_set_io (jobspec->json, "stderr", path) : fail (EINVAL);
}

int flux_jobspec1_set_cwd (flux_jobspec1_t *jobspec, const char *cwd)
{
    if (!jobspec || !cwd)
        return fail (EINVAL);
    return jobspec_setattr_new (jobspec->json, "system.cwd", json_string (cwd));
}

char *flux_jobspec1_encode (flux_jobspec1_t *jobspec, size_t flags)
{
    if (!jobspec || flags != 0) {
        fail (EINVAL);
        return NULL;
    }
    char *s = json_dumps (jobspec->json, JSON_COMPACT);
    if (!s)
        errno = ENOMEM;
    return s;
}

flux_jobspec1_t *flux_jobspec1_decode (const char *s, flux_jobspec1_error_t *error)
{
    json_error_t json_error = {.text = "no text"};
    json_t *o = s ? json_loads (s, 0, &json_error) : NULL;

    if (!json_is_object (o)) {
        errprintf (error, "jobspec: %s", o ? "no object" : json_error.text);
        json_decref (o);
        fail (EINVAL);
        return NULL;
    }
    return wrap (o);
}

flux_jobspec1_t *flux_jobspec1_from_command (int argc, char **argv, char **env, int ntasks,
                                             int cores_per_task, int gpus_per_task, int nnodes,
                                             double duration)
{
    struct jobspec_request req = {
        .argc = argc,
        .argv = argv,
        .environ = env,
        .ntasks = ntasks,
        .cores_per_task = cores_per_task,
        .gpus_per_task = gpus_per_task,
        .nnodes = nnodes,
        .duration = duration,
    };
    if (ntasks < 1 || cores_per_task < 1) { // which the builder takes for "not given"
        fail (EINVAL);
        return NULL;
    }
    json_t *o = jobspec_build (&req, NULL);
    if (o && duration == 0) // as a real, which format "f" of flux_jobspec1_attr_unpack() wants
        jobspec_setattr_new (o, "duration", json_real (0.));
    return wrap (o);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The object that `flux jobs --json` prints of a job. */

#include "config.h"

#include <string.h>

#include "shell/cmd/fmt_internal.h"
#include "shell/cmd/jobinfo.h"

static json_t *value_json (const struct fmt_value *v)
{
    switch (v->type) {
    case FMT_INT:
        return json_integer (v->i);
    case FMT_REAL:
        return json_real (v->d);
    case FMT_STRING:
        return *v->s ? json_string (v->s) : NULL;
    default:
        return NULL;
    }
}

static void add_exception (json_t *out, const json_t *job)
{
    json_t *e = json_object ();

    bool occurred = json_is_true (json_object_get (job, "exception_occurred"));
    json_object_set_new (e, "occurred", json_boolean (occurred));
    if (occurred) {
        json_object_set (e, "severity", json_object_get (job, "exception_severity"));
        json_object_set (e, "type", json_object_get (job, "exception_type"));
        json_object_set (e, "note", json_object_get (job, "exception_note"));
    }
    json_object_set_new (out, "exception", e);
}

static void add_annotations (json_t *out, const json_t *job)
{
    json_t *a = json_object_get (job, "annotations");
    json_t *copy = a ? json_deep_copy (a) : json_object ();
    json_t *user = json_object_get (copy, "user");

    if (jobinfo_uri (job)) {
        json_object_set_new (out, "uri", json_string (jobinfo_uri (job)));
        json_object_del (user, "uri");
        if (json_object_size (user) == 0)
            json_object_del (copy, "user");
    }
    json_object_set_new (out, "annotations", copy);
}

json_t *jobinfo_to_json (struct jobinfo *ji, const json_t *job)
{
    static const char *const names[] = {
        "t_depend",   "t_priority", "t_sched",     "t_run", "t_cleanup", "t_inactive", "duration",
        "expiration", "name",       "cwd",         "queue", "project",   "bank",       "ntasks",
        "ncores",     "nnodes",     "priority",    "ranks", "nodelist",  "success",    "result",
        "waitstatus", "t_submit",   "t_remaining", "state", "username",  "userid",     "urgency",
        "runtime",    "status",     "returncode",
    };
    json_t *out = json_object (), *o;

    json_object_set (out, "id", json_object_get (job, "id"));
    for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++) {
        struct fmt_value v = {0};
        bool drop_zero = strncmp (names[i], "t_", 2) == 0 || strcmp (names[i], "runtime") == 0 ||
                         strcmp (names[i], "expiration") == 0;
        if (strcmp (names[i], "success") == 0) {
            json_object_set (out, "success", json_object_get (job, "success"));
            continue;
        }
        jobinfo_get (ji, job, names[i], &v);
        if ((o = value_json (&v)) && !(drop_zero && json_number_value (o) == 0))
            json_object_set (out, names[i], o);
        json_decref (o);
        fmt_value_clear (&v);
    }
    o = json_object_get (job, "dependencies");
    if (o)
        json_object_set (out, "dependencies", o);
    else
        json_object_set_new (out, "dependencies", json_array ());
    struct fmt_value id = {0};
    jobinfo_get (ji, job, "id.f58", &id);
    json_object_set_new (out, "jobid", json_string (id.s ? id.s : ""));
    fmt_value_clear (&id);
    add_annotations (out, job);
    add_exception (out, job);
    return out;
}

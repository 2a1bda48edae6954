/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Fields of a job: what it is, what it waits for, where it runs, and the instance that it is. */

#include "config.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <flux/job.h>

#include "lib/util/buf.h"
#include "shell/cmd/jobinfo_fields.h"
#include "shell/cmd/jobinfo_slurm.h"

void jobget_printf (struct fmt_value *v, const char *fmt, ...)
{
    va_list ap;
    char *s;

    va_start (ap, fmt);
    if (vasprintf (&s, fmt, ap) >= 0)
        fmt_set_owned (v, s);
    va_end (ap);
}

void jobget_id (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v)
{
    flux_jobid_t id = json_integer_value (json_object_get (job, "id"));
    const char *type = after_dot (field);
    char buf[128];

    if (!json_object_get (job, "id")) { // the instance at the root of a tree
        fmt_set_str (v, ".");
        return;
    }
    if (strcmp (type, "dec") == 0) {
        snprintf (buf, sizeof (buf), "%llu", (unsigned long long)id);
        fmt_set_owned (v, strdup (buf));
        return;
    }
    if (flux_job_id_encode (id, *type ? type : "f58", buf, sizeof (buf)) < 0)
        return;
    if (*type) {
        fmt_set_owned (v, strdup (buf));
        return;
    }
    fmt_set_int (v, id); // a number with a spec, and to sort by
    v->s = v->own = strdup (buf);
}

void jobget_real (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v)
{
    fmt_set_real (v, real_of (job, field));
}

void jobget_username (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v)
{
    json_t *o = json_object_get (job, "userid");
    struct passwd *pw;

    if (!o)
        return;
    uint32_t uid = json_integer_value (o);
    if (!ji->last_user[0] || ji->last_uid != uid) {
        ji->last_uid = uid;
        if ((pw = getpwuid (uid)))
            snprintf (ji->last_user, sizeof (ji->last_user), "%s", pw->pw_name);
        else
            snprintf (ji->last_user, sizeof (ji->last_user), "%u", uid);
    }
    fmt_set_owned (v, strdup (ji->last_user)); // the cache may move on before it is used
}

static double runtime_of (const struct jobinfo *ji, const json_t *job)
{
    double run = real_of (job, "t_run"), cleanup = real_of (job, "t_cleanup");

    if (run <= 0)
        return 0;
    return (cleanup > 0 ? cleanup : ji->now) - run;
}

void jobget_runtime (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v)
{
    fmt_set_real (v, runtime_of (ji, job));
}

void jobget_remaining (struct jobinfo *ji, const json_t *job, const char *field,
                       struct fmt_value *v)
{
    double left = 0;

    if (state_of (job) == FLUX_JOB_STATE_RUN && real_of (job, "expiration") > 0)
        left = real_of (job, "expiration") - ji->now;
    fmt_set_real (v, left > 0 ? left : 0);
}

/* "begin-time=1700000000" reads better as a time of day. */
static void put_dependency (struct buf *b, const char *dep)
{
    char text[64];
    struct tm tm, now_tm;
    time_t now = time (NULL);

    if (strncmp (dep, "begin-time=", 11) != 0) {
        buf_puts (b, dep);
        return;
    }
    time_t t = (time_t)strtod (dep + 11, NULL);
    localtime_r (&t, &tm);
    localtime_r (&now, &now_tm);
    bool today = tm.tm_yday == now_tm.tm_yday && tm.tm_year == now_tm.tm_year;
    strftime (text, sizeof (text), today ? "begin@%H:%M" : "begin@%b%d-%H:%M", &tm);
    buf_puts (b, text);
    if (tm.tm_sec > 0)
        buf_printf (b, ":%02d", tm.tm_sec);
}

static char *dependencies_str (const json_t *job)
{
    struct buf b = {0};
    size_t i;
    json_t *o;

    json_array_foreach (json_object_get (job, "dependencies"), i, o)
    {
        if (i > 0)
            buf_putc (&b, ',');
        put_dependency (&b, json_is_string (o) ? json_string_value (o) : "");
    }
    return buf_steal (&b, NULL);
}

void jobget_dependencies (struct jobinfo *ji, const json_t *job, const char *field,
                          struct fmt_value *v)
{
    fmt_set_owned (v, dependencies_str (job));
}

/* Walk "a.b.c" down from an object. */
static json_t *walk (json_t *o, const char *path)
{
    char key[64];

    while (o && *path) {
        size_t len = strcspn (path, ".");
        snprintf (key, sizeof (key), "%.*s", (int)len, path);
        o = json_object_get (o, key);
        path += len + (path[len] == '.');
    }
    return o;
}

void jobget_annotation (struct jobinfo *ji, const json_t *job, const char *field,
                        struct fmt_value *v)
{
    bool whole = strncmp (field, "annotations", 11) == 0;

    fmt_set_json (v,
                  walk (json_object_get (job, "annotations"), whole ? after_dot (field) : field));
}

const char *jobinfo_uri (const json_t *job)
{
    return json_string_value (walk (json_object_get (job, "annotations"), "user.uri"));
}

/* ssh://host/tmp/flux-x/local-0 -> local:///tmp/flux-x/local-0 */
void jobget_uri (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v)
{
    const char *uri = jobinfo_uri (job);
    const char *path;
    char *s;

    if (!uri)
        return;
    if (strcmp (field, "uri.local") != 0 || strncmp (uri, "ssh://", 6) != 0 ||
        !(path = strchr (uri + 6, '/')))
        fmt_set_str (v, uri);
    else if (asprintf (&s, "local://%s", path) >= 0)
        fmt_set_owned (v, s);
}

void jobget_context_time (struct jobinfo *ji, const json_t *job, const char *field,
                          struct fmt_value *v)
{
    bool pending = state_of (job) & FLUX_JOB_STATE_PENDING;

    fmt_set_real (v, pending ? real_of (job, "duration") : runtime_of (ji, job));
}

static void sched_info (const struct jobinfo *ji, const json_t *job, struct fmt_value *v)
{
    json_t *eta = walk (json_object_get (job, "annotations"), "sched.t_estimate");
    char text[64], *s;

    if (json_is_number (eta)) {
        double left = json_number_value (eta) - ji->now;
        if (left < 0)
            snprintf (text, sizeof (text), "now");
        else
            fmt_duration (left, text, sizeof (text));
        if (asprintf (&s, "eta:%s", text) >= 0)
            fmt_set_owned (v, s);
    } else if (json_is_integer (json_object_get (job, "urgency")) &&
               json_integer_value (json_object_get (job, "urgency")) == 0)
        fmt_set_str (v, "held");
    else if (json_is_integer (json_object_get (job, "priority")) &&
             json_integer_value (json_object_get (job, "priority")) == 0)
        fmt_set_str (v, "priority-hold");
}

/* Why it waits, or where it ran. */
void jobget_context_info (struct jobinfo *ji, const json_t *job, const char *field,
                          struct fmt_value *v)
{
    char *deps, *s = NULL;

    switch (state_of (job)) {
    case FLUX_JOB_STATE_PRIORITY:
        fmt_set_str (v, "priority-wait");
        break;
    case FLUX_JOB_STATE_DEPEND:
        deps = dependencies_str (job);
        if (asprintf (&s, "depends:%s", deps ? deps : "") >= 0)
            fmt_set_owned (v, s);
        free (deps);
        break;
    case FLUX_JOB_STATE_SCHED:
        sched_info (ji, job, v);
        break;
    default:
        fmt_set_json (v, json_object_get (job, "nodelist"));
    }
}

static void ratio (struct fmt_value *v, json_t *part, json_t *all)
{
    if (json_number_value (all) > 0)
        fmt_set_real (v, json_number_value (part) / json_number_value (all));
}

/* What an instance that has ended has left as a note on its job. */
static json_t *noted_stats (const json_t *job)
{
    json_t *notes = walk (json_object_get (job, "annotations"), "user.jobs"), *n;
    const char *name;
    json_int_t total = 0;

    if (state_of (job) != FLUX_JOB_STATE_INACTIVE || !json_is_object (notes))
        return NULL;
    json_object_foreach (notes, name, n) total += json_integer_value (n);
    json_t *stats = json_copy (notes);
    json_object_set_new (stats, "inactive", json_integer (total));
    json_object_set_new (stats, "total", json_integer (total));
    return json_pack ("{s:o}", "stats", stats);
}

void jobget_instance (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v)
{
    json_t *o = json_object_get (job, "_instance"), *noted = NULL;
    const char *what = after_dot (field);

    if (!o && !(o = noted = noted_stats (job)))
        return;
    if (strcmp (what, "utilization") == 0)
        ratio (v, walk (o, "resources.allocated.ncores"), walk (o, "resources.all.ncores"));
    else if (strcmp (what, "gpu_utilization") == 0)
        ratio (v, walk (o, "resources.allocated.ngpus"), walk (o, "resources.all.ngpus"));
    else if (strcmp (what, "progress") == 0)
        ratio (v, walk (o, "stats.inactive"), walk (o, "stats.total"));
    else if (strcmp (what, "stats") == 0)
        jobget_printf (v, "PD:%lld R:%lld CD:%lld F:%lld",
                       (long long)json_integer_value (walk (o, "stats.pending")),
                       (long long)json_integer_value (walk (o, "stats.running")),
                       (long long)json_integer_value (walk (o, "stats.successful")),
                       (long long)json_integer_value (walk (o, "stats.failed")));
    else
        fmt_set_json (v, walk (o, what));
    json_decref (noted);
}

void jobget_slurm (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v)
{
    jobinfo_get_slurm (job, field, v);
}

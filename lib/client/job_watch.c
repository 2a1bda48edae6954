/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Watching the eventlog of a job, and what became of it. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include <flux/job_client.h>
#include <flux/rpc.h>

#include "lib/util/fail.h"

flux_future_t *flux_job_event_watch (flux_t *h, flux_jobid_t id, const char *path, int flags)
{
    int known = FLUX_JOB_EVENT_WATCH_WAITCREATE | FLUX_JOB_EVENT_WATCH_INITIAL_SENTINEL;

    if (!h || !path || (flags & ~known)) {
        errno = EINVAL;
        return NULL;
    }
    return flux_rpc_pack (h, "job-info.eventlog-watch", FLUX_NODEID_ANY, FLUX_RPC_STREAMING,
                          "{s:I s:s s:i}", "id", (json_int_t)id, "path", path, "flags", flags);
}

int flux_job_event_watch_get (flux_future_t *f, const char **event)
{
    const char *s, *payload;

    if (flux_rpc_get_unpack (f, "{s:s}", "event", &s) < 0) {
        // an empty response is the sentinel
        if (errno != EPROTO || flux_rpc_get (f, &payload) < 0 || payload)
            return fail (errno ? errno : EPROTO);
        s = NULL;
    }
    if (event)
        *event = s;
    return 0;
}

int flux_job_event_watch_cancel (flux_future_t *f)
{
    flux_future_t *f2;

    if (!f)
        return fail (EINVAL);
    if (!(f2 = flux_rpc_pack (flux_future_get_flux (f), "job-info.eventlog-watch-cancel",
                              FLUX_NODEID_ANY, FLUX_RPC_NORESPONSE, "{s:i}", "matchtag",
                              (int)flux_rpc_get_matchtag (f))))
        return -1;
    flux_future_destroy (f2);
    return 0;
}

/* RFC 21: completed with status 0; canceled and timed out by an exception of that type. */
static flux_job_result_t judge (json_t *res)
{
    double t_run = -1.;
    int status = -1;
    const char *type = "";

    (void)json_unpack (res, "{s?F s?i s?s}", "t_run", &t_run, "waitstatus", &status,
                       "exception_type", &type);
    if (t_run > 0. && status == 0)
        return FLUX_JOB_RESULT_COMPLETED;
    if (strcmp (type, "cancel") == 0)
        return FLUX_JOB_RESULT_CANCELED;
    if (strcmp (type, "timeout") == 0)
        return FLUX_JOB_RESULT_TIMEOUT;
    return FLUX_JOB_RESULT_FAILED;
}

/* The most severe exception counts (0 is the worst), of equals the last. */
static int add_exception (json_t *res, json_t *context)
{
    const char *type, *note = "";
    int severity, before;

    if (json_unpack (context, "{s:s s:i s?s}", "type", &type, "severity", &severity, "note",
                     &note) < 0)
        return fail (EPROTO);
    if (json_unpack (res, "{s:i}", "exception_severity", &before) == 0 && before < severity)
        return 0;
    json_object_set_new (res, "exception_occurred", json_true ());
    json_object_set_new (res, "exception_type", json_string (type));
    json_object_set_new (res, "exception_note", json_string (note));
    return json_object_set_new (res, "exception_severity", json_integer (severity));
}

static int add_event (json_t *res, const char *text)
{
    static const struct {
        const char *name;
        const char *key;
    } times[] = {{"submit", "t_submit"}, {"alloc", "t_run"}, {"finish", "t_cleanup"}};
    const char *name;
    double t;
    json_t *context = NULL;
    json_t *o = json_loads (text, 0, NULL);
    int rc = 0;

    if (json_unpack (o, "{s:F s:s s?o}", "timestamp", &t, "name", &name, "context", &context) < 0) {
        json_decref (o);
        return fail (EPROTO);
    }
    for (size_t i = 0; i < sizeof (times) / sizeof (times[0]); i++)
        if (strcmp (times[i].name, name) == 0)
            json_object_set_new (res, times[i].key, json_real (t));
    if (strcmp (name, "finish") == 0)
        json_object_set (res, "waitstatus", json_object_get (context, "status"));
    else if (strcmp (name, "exception") == 0)
        rc = add_exception (res, context);
    json_decref (o);
    return rc;
}

static void on_event (flux_future_t *f, void *arg)
{
    const char *event = NULL;

    if (flux_job_event_watch_get (f, &event) < 0 || (event && add_event (arg, event) < 0)) {
        flux_future_continue_error (f, errno, NULL);
        flux_job_event_watch_cancel (f);
        flux_future_destroy (f);
        return;
    }
    flux_future_continue (f, NULL); // not yet
    flux_future_reset (f);
}

static void on_end (flux_future_t *f, void *arg)
{
    json_t *res = arg;
    char *s = NULL;

    if (flux_future_get (f, NULL) < 0 && errno != ENODATA)
        flux_future_continue_error (f, errno, flux_future_error_string (f));
    else if (json_object_set_new (res, "result", json_integer (judge (res))) < 0 ||
             !(s = json_dumps (res, JSON_COMPACT)))
        flux_future_continue_error (f, ENOMEM, NULL);
    else
        flux_future_fulfill_next (f, s, free);
    flux_future_destroy (f);
}

static void json_decref_cb (void *o)
{
    json_decref (o);
}

flux_future_t *flux_job_result (flux_t *h, flux_jobid_t id, int flags)
{
    json_t *res = json_pack ("{s:I s:b}", "id", (json_int_t)id, "exception_occurred", 0);
    flux_future_t *watch = NULL, *f = NULL;

    if (!res || !(watch = flux_job_event_watch (h, id, "eventlog", 0)))
        goto error;
    if (!(f = flux_future_and_then (watch, on_event, res)) ||
        !flux_future_or_then (watch, on_end, res) ||
        flux_future_aux_set (f, "flux::job_result", res, json_decref_cb) < 0)
        goto error;
    return f;
error:
    flux_future_destroy (f ? f : watch);
    json_decref (res);
    return NULL;
}

int flux_job_result_get (flux_future_t *f, const char **json_str)
{
    const void *s;

    if (flux_future_get (f, &s) < 0)
        return -1;
    if (json_str)
        *json_str = s;
    return 0;
}

int flux_job_result_get_unpack (flux_future_t *f, const char *fmt, ...)
{
    json_t *res = f ? flux_future_aux_get (f, "flux::job_result") : NULL;
    va_list ap;

    if (!res)
        return fail (EINVAL);
    if (flux_future_get (f, NULL) < 0)
        return -1;
    va_start (ap, fmt);
    int rc = json_vunpack_ex (res, NULL, 0, fmt, ap);
    va_end (ap);
    return rc < 0 ? fail (EINVAL) : 0;
}

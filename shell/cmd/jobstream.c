/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/jsonscan.h"
#include "lib/util/buf.h"
#include "shell/cmd/client.h"
#include "shell/cmd/jobstream.h"

enum { LOG_JOB, LOG_EXEC, LOG_OUTPUT, LOG_COUNT };

static const char *const log_names[LOG_COUNT] = {"job", "exec", "output"};
static const char *const log_paths[LOG_COUNT] = {"eventlog", "guest.exec.eventlog", "guest.output"};

struct log {
    struct jobstream *js;
    int which;
    flux_future_t *f; // NULL: not followed (any more)
    bool started;
};

struct jobstream {
    flux_t *h;
    flux_jobid_t id;
    int flags;
    char *last;
    const struct jobstream_ops *ops;
    void *arg;
    double t0;
    struct buf entry, data; // of the output
    int active;
    struct log logs[LOG_COUNT];
};

double jobstream_t0 (const struct jobstream *js)
{
    return js->t0;
}

/* js may be gone after this. */
static void log_end (struct log *log)
{
    struct jobstream *js = log->js;

    flux_future_destroy (log->f);
    log->f = NULL;
    if (--js->active == 0)
        js->ops->done (js, js->arg);
}

static void on_event (flux_future_t *f, void *arg);

static int log_start (struct jobstream *js, int which)
{
    struct log *log = &js->logs[which];
    int flags = 0;

    if (log->started)
        return 0;
    if (which == LOG_OUTPUT && (js->flags & JOBSTREAM_SENTINEL))
        flags |= FLUX_JOB_EVENT_WATCH_INITIAL_SENTINEL;
    log->started = true;
    if (!(log->f = flux_job_event_watch (js->h, js->id, log_paths[which], flags)) ||
        flux_future_then (log->f, -1., on_event, log) < 0) {
        flux_future_destroy (log->f);
        log->f = NULL;
        return -1;
    }
    js->active++;
    return 0;
}

int jobstream_start_output (struct jobstream *js)
{
    return js->flags & JOBSTREAM_OUTPUT ? log_start (js, LOG_OUTPUT) : 0;
}

/* Which logs there are to follow becomes known from events. */
static void follow_more (struct jobstream *js, int which, const char *name)
{
    int rc = 0;

    // the log of the execution is there from "start" on; a job that failed before may have one too
    if (which == LOG_JOB && (strcmp (name, "start") == 0 || strcmp (name, "finish") == 0) &&
        (js->flags & (JOBSTREAM_EXEC | JOBSTREAM_OUTPUT)))
        rc = log_start (js, LOG_EXEC);
    else if (which == LOG_EXEC &&
             (strcmp (name, "shell.init") == 0 || strcmp (name, "complete") == 0))
        rc = jobstream_start_output (js); // it exists from shell.init on
    if (rc < 0)
        js->ops->failed (js, log_names[which], errno, strerror (errno), js->arg);
}

/* "NAME" of the eventlog, "exec.NAME" of that of the execution. */
static bool is_last (const struct log *log, const char *name)
{
    const char *last = log->js->last;

    if (!last || log->which == LOG_OUTPUT)
        return false;
    if (strncmp (last, "exec.", 5) == 0)
        return log->which == LOG_EXEC && strcmp (last + 5, name) == 0;
    return log->which == LOG_JOB && strcmp (last, name) == 0;
}

static int handle_event (struct log *log, const char *text)
{
    struct jobstream *js = log->js;
    json_t *entry = json_loads (text, 0, NULL);
    const char *name = json_string_value (json_object_get (entry, "name"));
    double t = json_number_value (json_object_get (entry, "timestamp"));
    bool last = false;

    if (!name) {
        json_decref (entry);
        errno = EPROTO;
        return -1;
    }
    if (js->t0 == 0)
        js->t0 = t;
    follow_more (js, log->which, name);
    js->ops->event (js, log_names[log->which], t, name, json_object_get (entry, "context"),
                    js->arg);
    last = is_last (log, name);
    json_decref (entry);
    if (last && log->which == LOG_EXEC)
        jobstream_cancel (js); // the other logs end too
    return last;
}

static bool get_word (struct jsonspan o, const char *key, char *word, size_t size)
{
    struct jsonspan v;

    if (!jsonscan_member (o, key, &v) || (size_t)(v.end - v.p) >= size || v.end - v.p < 2 ||
        *v.p != '"' || memchr (v.p, '\\', v.end - v.p))
        return false;
    snprintf (word, size, "%.*s", (int)(v.end - v.p - 2), v.p + 1);
    return true;
}

/* Output comes in large events, which are taken apart here with one look at each byte. False:
 * it is some other event, or not as it should be, and gets the JSON library's care. */
static bool handle_output (struct log *log, flux_future_t *f)
{
    struct jobstream *js = log->js;
    struct jsonspan o, v;
    char name[8], stream[16], rank[16];
    const char *payload;

    if (log->which != LOG_OUTPUT || !js->ops->data || flux_rpc_get (f, &payload) < 0 || !payload)
        return false;
    o = (struct jsonspan){payload, payload + strlen (payload)};
    buf_reset (&js->entry);
    buf_reset (&js->data);
    if (!jsonscan_member (o, "event", &v) || !jsonscan_decode (v, &js->entry))
        return false;
    o = (struct jsonspan){js->entry.data, js->entry.data + js->entry.len};
    if (!get_word (o, "name", name, sizeof (name)) || strcmp (name, "data") != 0 ||
        !jsonscan_member (o, "context", &o) || jsonscan_member (o, "encoding", &v) ||
        jsonscan_member (o, "eof", &v) || !get_word (o, "stream", stream, sizeof (stream)) ||
        !get_word (o, "rank", rank, sizeof (rank)) || !jsonscan_member (o, "data", &v) ||
        !jsonscan_decode (v, &js->data))
        return false;
    struct iodata io = {.stream = stream, .rank = rank, .data = js->data.data, .len = js->data.len};
    return js->ops->data (js, &io, js->arg);
}

static void on_event (flux_future_t *f, void *arg)
{
    struct log *log = arg;
    struct jobstream *js = log->js;
    const char *text;

    if (handle_output (log, f)) {
        flux_future_reset (f);
        return;
    }
    if (flux_job_event_watch_get (f, &text) < 0) {
        bool no_output = log->which != LOG_JOB && errno == ENOENT;
        if (errno != ENODATA && !no_output)
            js->ops->failed (js, log_names[log->which], errno, cmd_why (f), js->arg);
        log_end (log);
        return;
    }
    int rc = 0;
    if (text)
        rc = handle_event (log, text);
    else if (js->ops->sentinel)
        js->ops->sentinel (js, js->arg);
    if (rc < 0)
        js->ops->failed (js, log_names[log->which], errno, "an event is malformed", js->arg);
    if (rc != 0) {
        flux_job_event_watch_cancel (f);
        log_end (log);
        return;
    }
    flux_future_reset (f);
}

void jobstream_cancel (struct jobstream *js)
{
    for (int i = 0; i < LOG_COUNT; i++)
        if (js->logs[i].f)
            flux_job_event_watch_cancel (js->logs[i].f);
}

struct jobstream *jobstream_create (flux_t *h, flux_jobid_t id, int flags, const char *last,
                                    const struct jobstream_ops *ops, void *arg)
{
    struct jobstream *js = calloc (1, sizeof (*js));

    if (!js)
        return NULL;
    js->h = h;
    js->id = id;
    js->flags = flags;
    js->ops = ops;
    js->arg = arg;
    for (int i = 0; i < LOG_COUNT; i++)
        js->logs[i] = (struct log){.js = js, .which = i};
    if ((last && !(js->last = strdup (last))) || log_start (js, LOG_JOB) < 0) {
        jobstream_destroy (js);
        return NULL;
    }
    return js;
}

void jobstream_destroy (struct jobstream *js)
{
    if (!js)
        return;
    int saved_errno = errno;
    buf_clear (&js->entry);
    buf_clear (&js->data);
    for (int i = 0; i < LOG_COUNT; i++)
        flux_future_destroy (js->logs[i].f);
    free (js->last);
    free (js);
    errno = saved_errno;
}

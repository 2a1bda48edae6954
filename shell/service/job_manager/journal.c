/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The journal of all events, see journal.h. A listener first gets the history: each job with its
 * events so far, in parts, as fast as it reads them; then an entry with the id FLUX_JOBID_ANY. The
 * events of jobs that are not ahead in the history come as they happen. */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include <flux/disconnect.h>
#include <flux/request.h>

#include "lib/codec/limits.h"
#include "lib/job/jpath.h"
#include "lib/job/jsonbuf.h"
#include "lib/util/buf.h"
#include "shell/service/job_manager/journal.h"
#include "shell/service/job_manager/private.h"
#include "shell/service/kvs/kvs.h"

#define LISTENERS_MOST 1000
#define SLICE 100     // jobs of the history in one turn of the loop
#define PATIENCE 0.01 // seconds until a listener is looked at again that has not read enough

struct listener {
    const flux_msg_t *msg;
    json_t *allow, *deny;  // of the message, objects, or NULL
    struct job_walk *walk; // through the history, as long as it takes
    struct listener *prev, *next;
};

struct journal {
    struct job_manager *jm;
    struct listener *listeners;
    int count;
    uint64_t nevents;
    ev_timer timer;
};

#define JOBID_ANY ((json_int_t)0xFFFFFFFFFFFFFFFF)

static void listener_free (struct journal *j, struct listener *l)
{
    DL_DELETE (j->listeners, l);
    j->count--;
    job_walk_end (l->walk);
    router_flow_release (j->jm->rt, l->msg);
    flux_msg_decref (l->msg);
    free (l);
}

static bool passes (const struct listener *l, const char *name)
{
    if (l->allow && !json_object_get (l->allow, name))
        return false;
    return !(l->deny && json_object_get (l->deny, name));
}

/* ,"name":value. It is passed on as it was written, unless it has `without` among the members of
 * the object that `path` names: what is large, and of no use here. */
static void put_key (struct journal *j, struct buf *b, uint64_t id, const char *name,
                     const char *path, const char *without)
{
    char key[JOB_KEY_SIZE];
    char *data = NULL;
    size_t len;

    if (kvs_local_get (j->jm->kvs, NULL, job_key (id, name, key, sizeof (key)), &data, &len) < 0)
        return;
    buf_printf (b, ",\"%s\":", name);
    if (memmem (data, len, without, strlen (without))) {
        json_t *o = json_loadb (data, len, 0, NULL);
        json_object_del (path ? jpath_get (o, path) : o, without);
        jsonbuf_json (b, o);
        json_decref (o);
    } else
        buf_append (b, data, len);
    free (data);
}

static void put_jobspec (struct journal *j, struct buf *b, uint64_t id)
{
    put_key (j, b, id, "jobspec", "attributes.system", "environment");
}

static void put_R (struct journal *j, struct buf *b, uint64_t id)
{
    put_key (j, b, id, "R", NULL, "scheduling");
}

static void put_begin (struct buf *b, uint64_t id)
{
    buf_printf (b, "{\"id\":%" PRId64 ",\"events\":[", (int64_t)id);
}

/* An event without the newline at its end. */
static void put_event (struct buf *b, const char *entry, size_t len)
{
    buf_append (b, entry, len - (len > 0 && entry[len - 1] == '\n'));
}

static void event_cb (struct job *job, const char *name, const char *entry, void *arg)
{
    struct journal *j = arg;
    struct listener *l;
    struct buf b = {0};

    j->nevents++;
    if (!j->listeners)
        return;
    put_begin (&b, job->id);
    put_event (&b, entry, strlen (entry));
    buf_putc (&b, ']');
    if (strcmp (name, "submit") == 0)
        put_jobspec (j, &b, job->id);
    else if (strcmp (name, "alloc") == 0)
        put_R (j, &b, job->id);
    buf_append (&b, "}", 2);
    DL_FOREACH (j->listeners, l)
    {
        if (!b.err && passes (l, name) && !(l->walk && job_walk_is_ahead (l->walk, job->id)))
            router_respond (j->jm->rt, l->msg, b.data);
    }
    buf_clear (&b);
}

static bool line_passes (const struct listener *l, const char *line, size_t len)
{
    if (!l->allow && !l->deny)
        return true;
    json_t *event = json_loadb (line, len, 0, NULL);
    const char *name = json_string_value (json_object_get (event, "name"));
    bool ok = name && passes (l, name);
    json_decref (event);
    return ok;
}

static void put_past_events (struct journal *j, const struct listener *l, struct buf *b,
                             uint64_t id)
{
    char key[JOB_KEY_SIZE];
    char *log = NULL;
    size_t len;
    const char *sep = "";

    if (kvs_local_get (j->jm->kvs, NULL, job_key (id, "eventlog", key, sizeof (key)), &log, &len) <
        0)
        return;
    for (const char *p = log, *end = log + len; p < end;) {
        const char *nl = memchr (p, '\n', end - p);
        size_t n = (nl ? nl + 1 : end) - p;
        if (line_passes (l, p, n)) {
            buf_puts (b, sep);
            put_event (b, p, n);
            sep = ",";
        }
        p += n;
    }
    free (log);
}

static void send_job (struct journal *j, const struct listener *l, const struct job *job)
{
    struct buf b = {0};
    char *payload;

    put_begin (&b, job->id);
    put_past_events (j, l, &b, job->id);
    buf_putc (&b, ']');
    put_jobspec (j, &b, job->id);
    put_R (j, &b, job->id);
    buf_putc (&b, '}');
    if ((payload = buf_take (&b)))
        router_respond_take (j->jm->rt, l->msg, payload);
}

static bool is_behind (const struct journal *j, const struct listener *l)
{
    return router_backlog (j->jm->rt, l->msg) > CLIENT_BACKLOG_MAX;
}

static void send_some (struct journal *j, struct listener *l)
{
    struct job *job;

    for (int n = 0; n < SLICE && !is_behind (j, l); n++) {
        if (!(job = job_walk_next (l->walk))) {
            job_walk_end (l->walk);
            l->walk = NULL;
            router_respond_pack (j->jm->rt, l->msg, "{s:I s:[]}", "id", JOBID_ANY, "events");
            return;
        }
        send_job (j, l, job);
    }
}

static void timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct journal *j = w->data;
    struct listener *l;
    bool more = false, waits = true;

    DL_FOREACH (j->listeners, l)
    {
        if (l->walk && !is_behind (j, l)) {
            send_some (j, l);
            waits = false;
        }
        more = more || l->walk;
    }
    ev_timer_set (&j->timer, waits ? PATIENCE : 0., 0.);
    if (more)
        ev_timer_start (loop, &j->timer);
}

static void listen (struct journal *j, const flux_msg_t *msg, json_t *allow, json_t *deny, int full)
{
    struct listener *l = calloc (1, sizeof (*l));

    if (!l ||
        !(l->walk = job_walk_begin (j->jm, JOB_NEW | JOB_ACTIVE | (full ? JOB_INACTIVE : 0)))) {
        free (l);
        router_respond_error (j->jm->rt, msg, ENOMEM, NULL);
        return;
    }
    job_walk_sort (l->walk);
    l->msg = flux_msg_incref (msg);
    router_flow_hold (j->jm->rt, msg);
    l->allow = allow;
    l->deny = deny;
    DL_APPEND (j->listeners, l);
    j->count++;
    send_some (j, l);
    if (l->walk && !ev_is_active (&j->timer))
        ev_timer_start (router_loop (j->jm->rt), &j->timer);
}

void journal_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    json_t *allow = NULL, *deny = NULL;
    int full = 0;

    if (flux_request_unpack (msg, NULL, "{s?o s?o s?b}", "allow", &allow, "deny", &deny, "full",
                             &full) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else if (!flux_msg_is_streaming (msg))
        router_respond_error (rt, msg, EPROTO,
                              "job-manager.events-journal requires streaming RPC flag");
    else if ((allow && !json_is_object (allow)) || (deny && !json_is_object (deny)))
        router_respond_error (rt, msg, EPROTO,
                              "job-manager.events-journal allow and deny must be objects");
    else if (jm->journal->count >= LISTENERS_MOST)
        router_respond_error (rt, msg, ENOSPC, "too many listen to the journal");
    else
        listen (jm->journal, msg, allow, deny, full);
}

void journal_cancel_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    struct listener *l, *tmp;

    DL_FOREACH_SAFE (jm->journal->listeners, l, tmp)
    {
        if (flux_cancel_match (msg, l->msg)) {
            router_respond_error (rt, l->msg, ENODATA, NULL);
            listener_free (jm->journal, l);
        }
    }
}

void journal_disconnect (struct journal *j, const flux_msg_t *msg)
{
    struct listener *l, *tmp;

    DL_FOREACH_SAFE (j->listeners, l, tmp)
    {
        if (flux_disconnect_match (msg, l->msg))
            listener_free (j, l);
    }
}

json_t *journal_stats (const struct journal *j)
{
    return json_pack ("{s:i s:I}", "listeners", j->count, "events", (json_int_t)j->nevents);
}

struct journal *journal_create (struct job_manager *jm)
{
    struct journal *j = calloc (1, sizeof (*j));

    if (!j || job_manager_on_event (jm, event_cb, j) < 0) {
        free (j);
        return NULL;
    }
    j->jm = jm;
    ev_init (&j->timer, timer_cb);
    j->timer.data = j;
    return j;
}

/* What listens is told that it is over. */
void journal_destroy (struct journal *j)
{
    if (j) {
        ev_timer_stop (router_loop (j->jm->rt), &j->timer);
        while (j->listeners) {
            router_respond_error (j->jm->rt, j->listeners->msg, ENODATA, NULL);
            listener_free (j, j->listeners);
        }
        free (j);
    }
}

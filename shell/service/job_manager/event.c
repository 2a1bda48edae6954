/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Events (RFC 21): each is written to the job's eventlog, and may change its state by the table. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "lib/util/buf.h"
#include "lib/util/monotime.h"
#include "lib/util/stamp.h"
#include "shell/service/job_manager/private.h"
#include "shell/service/kvs/kvs.h"

static void set_state (struct job_manager *jm, struct job *job, int state, double now)
{
    jm->state_count[state_index (job->state)]--;
    jm->state_count[state_index (state)]++;
    if (job->live) {
        job->live->jq->state_count[state_index (job->state)]--;
        job->live->jq->state_count[state_index (state)]++;
    }
    if ((state & JOB_UNQUEUED) && !(job->state & JOB_UNQUEUED))
        list_append (&jm->unqueued, job);
    else if (!(state & JOB_UNQUEUED) && (job->state & JOB_UNQUEUED))
        list_remove (&jm->unqueued, job);
    job_set_state (job, state, now);
}

static void write_entry (struct job_manager *jm, struct job *job, const char *entry, size_t len)
{
    char key[JOB_KEY_SIZE];

    if (kvs_local_append (jm->kvs, NULL, job_key (job->id, "eventlog", key, sizeof (key)), entry,
                          len) < 0)
        fprintf (stderr, "flux-broker: job %" PRIu64 ": eventlog: %m\n", job->id);
}

/* {"timestamp":T,"name":"N","context":C} and a newline; the caller resets b. */
static int encode_entry (struct buf *b, double now, const char *name, const char *context)
{
    char stamp[STAMP_SIZE];

    buf_puts (b, "{\"timestamp\":");
    buf_append (b, stamp, stamp_format (stamp, now));
    buf_puts (b, ",\"name\":\"");
    buf_puts (b, name);
    buf_putc (b, '"');
    if (context) {
        buf_puts (b, ",\"context\":");
        buf_puts (b, context);
    }
    buf_puts (b, "}\n");
    return b->err ? -1 : 0;
}

static void post_now (struct job_manager *jm, struct job *job, const char *name,
                      const char *context, int severity)
{
    double now = walltime_now ();
    struct buf b = {0};
    int before = job->state;

    if (encode_entry (&b, now, name, context) < 0) {
        buf_clear (&b);
        return;
    }
    if (strcmp (name, "submit") == 0)
        job->t_submit = now;
    write_entry (jm, job, b.data, b.len);
    int next = event_next_state (before, name, severity);
    if (next != before)
        set_state (jm, job, next, now);
    for (int i = 0; i < jm->nlisteners; i++)
        jm->listeners[i].cb (job, name, b.data, jm->listeners[i].arg);
    if (jobtap_any (jm->jobtap)) {
        event_hold (job);
        jobtap_event (jm->jobtap, job, name, b.data, before);
        event_unhold (jm, job);
    }
    buf_clear (&b);
    if (next != before && job->state == next)
        job_action (jm, job);
}

static void hold_back (struct job *job, const char *name, const char *context)
{
    struct held_event *e = calloc (1, sizeof (*e));

    if (!e || !(e->name = strdup (name)) || (context && !(e->context = strdup (context)))) {
        fprintf (stderr, "flux-broker: job %" PRIu64 ": event %s: out of memory\n", job->id, name);
        if (e)
            held_event_free (e);
        return;
    }
    e->severity = job->exception_severity;
    LL_APPEND (job->live->held, e);
}

void event_post (struct job_manager *jm, struct job *job, const char *name, const char *context)
{
    if (job->live && (job->live->hold > 0 || job->live->held))
        hold_back (job, name, context);
    else
        post_now (jm, job, name, context, job->exception_severity);
}

void event_post_first (struct job_manager *jm, struct job *job, const char *name,
                       const char *context)
{
    post_now (jm, job, name, context, job->exception_severity);
}

void event_hold (struct job *job)
{
    if (job->live)
        job->live->hold++;
}

/* An event may end the job, and its live part with it. */
void event_unhold (struct job_manager *jm, struct job *job)
{
    struct held_event *e;

    if (!job->live || --job->live->hold > 0)
        return;
    while (job->live && job->live->hold == 0 && (e = job->live->held)) {
        LL_DELETE (job->live->held, e);
        post_now (jm, job, e->name, e->context, e->severity);
        held_event_free (e);
    }
}

void event_post_pack (struct job_manager *jm, struct job *job, const char *name, const char *fmt,
                      ...)
{
    va_list ap;

    va_start (ap, fmt);
    json_t *o = json_vpack_ex (NULL, 0, fmt, ap);
    va_end (ap);
    char *s = o ? json_dumps (o, JSON_COMPACT) : NULL;
    json_decref (o);
    if (s)
        event_post (jm, job, name, s);
    free (s);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The journal of all events, see journal.h. A listener first gets the history: each job with its
 * events so far, then an entry with the id FLUX_JOBID_ANY, then events as they happen. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <flux/request.h>

#include "shell/service/job_manager/journal.h"
#include "shell/service/job_manager/private.h"
#include "shell/service/kvs/kvs.h"

struct journal {
    struct job_manager *jm;
    struct waiters *listeners;
};

#define JOBID_ANY ((json_int_t)0xFFFFFFFFFFFFFFFF)

static bool passes (const flux_msg_t *msg, const char *name)
{
    json_t *allow = NULL, *deny = NULL;

    if (flux_request_unpack (msg, NULL, "{s?o s?o}", "allow", &allow, "deny", &deny) < 0)
        return false;
    if (json_is_object (allow) && !json_object_get (allow, name))
        return false;
    return !(json_is_object (deny) && json_object_get (deny, name));
}

static void add_key (struct journal *j, json_t *o, uint64_t id, const char *name)
{
    char key[JOB_KEY_SIZE];
    char *data = NULL;
    size_t len;
    json_t *value;

    if (kvs_local_get (j->jm->kvs, NULL, job_key (id, name, key, sizeof (key)), &data, &len) == 0 &&
        (value = json_loadb (data, len, 0, NULL)))
        json_object_set_new (o, name, value);
    free (data);
}

struct delivery {
    struct journal *j;
    const char *name;
    json_t *o;
};

static void deliver_each (const flux_msg_t *msg, void *arg)
{
    struct delivery *d = arg;

    if (passes (msg, d->name))
        router_respond_pack (d->j->jm->rt, msg, "O", d->o);
}

static void event_cb (struct job *job, const char *name, const char *entry, void *arg)
{
    struct journal *j = arg;
    struct delivery d = {j, name, NULL};
    json_t *event;

    if (waiters_count (j->listeners) == 0 ||
        !(event = json_loads (entry, JSON_DISABLE_EOF_CHECK, NULL)))
        return;
    if ((d.o = json_pack ("{s:I s:[o]}", "id", (json_int_t)job->id, "events", event))) {
        if (strcmp (name, "submit") == 0)
            add_key (j, d.o, job->id, "jobspec");
        else if (strcmp (name, "alloc") == 0)
            add_key (j, d.o, job->id, "R");
        waiters_each (j->listeners, deliver_each, &d);
    }
    json_decref (d.o);
}

static json_t *past_events (struct journal *j, const flux_msg_t *msg, uint64_t id)
{
    char key[JOB_KEY_SIZE];
    char *log = NULL, *line, *save = NULL;
    size_t len;
    json_t *events = json_array ();

    if (kvs_local_get (j->jm->kvs, NULL, job_key (id, "eventlog", key, sizeof (key)), &log, &len) <
        0)
        return events;
    for (line = strtok_r (log, "\n", &save); line; line = strtok_r (NULL, "\n", &save)) {
        json_t *event = json_loads (line, 0, NULL);
        const char *name = json_string_value (json_object_get (event, "name"));
        if (name && passes (msg, name))
            json_array_append (events, event);
        json_decref (event);
    }
    free (log);
    return events;
}

static void send_history (struct journal *j, const flux_msg_t *msg, int full)
{
    struct job *job, *tmp;

    HASH_ITER (hh, j->jm->jobs, job, tmp)
    {
        if (!full && job->state == JOB_INACTIVE)
            continue;
        json_t *o = json_pack ("{s:I s:o}", "id", (json_int_t)job->id, "events",
                               past_events (j, msg, job->id));
        if (!o)
            continue;
        add_key (j, o, job->id, "jobspec");
        add_key (j, o, job->id, "R");
        router_respond_pack (j->jm->rt, msg, "o", o);
    }
    router_respond_pack (j->jm->rt, msg, "{s:I s:[]}", "id", JOBID_ANY, "events");
}

void journal_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    json_t *allow = NULL, *deny = NULL;
    int full = 0;

    if (flux_request_unpack (msg, NULL, "{s?o s?o s?b}", "allow", &allow, "deny", &deny, "full",
                             &full) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if (!flux_msg_is_streaming (msg)) {
        router_respond_error (rt, msg, EPROTO,
                              "job-manager.events-journal requires streaming RPC flag");
    } else if ((allow && !json_is_object (allow)) || (deny && !json_is_object (deny))) {
        router_respond_error (rt, msg, EPROTO,
                              "job-manager.events-journal allow and deny must be objects");
    } else {
        send_history (jm->journal, msg, full);
        if (waiters_add (jm->journal->listeners, msg) < 0)
            router_respond_error (rt, msg, errno, NULL);
    }
}

void journal_cancel_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    const flux_msg_t *held = waiters_cancel (jm->journal->listeners, msg);

    if (held) {
        router_respond_error (rt, held, ENODATA, NULL);
        flux_msg_decref (held);
    }
}

void journal_disconnect (struct journal *j, const flux_msg_t *msg)
{
    waiters_disconnect (j->listeners, msg);
}

struct journal *journal_create (struct job_manager *jm)
{
    struct journal *j = calloc (1, sizeof (*j));

    if (!j || !(j->listeners = waiters_create ()) || job_manager_on_event (jm, event_cb, j) < 0) {
        journal_destroy (j);
        return NULL;
    }
    j->jm = jm;
    return j;
}

void journal_destroy (struct journal *j)
{
    if (j) {
        waiters_destroy (j->listeners);
        free (j);
    }
}

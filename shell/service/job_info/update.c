/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include <flux/disconnect.h>
#include <flux/request.h>

#include "shell/broker/router.h"
#include "shell/service/job_info/update.h"
#include "shell/service/job_manager/manager.h"
#include "shell/service/kvs/kvs.h"

#define WATCHES_MAX 100000

struct update_watch {
    const flux_msg_t *msg;
    uint64_t id;
    bool R; // else the jobspec
    struct update_watch *prev, *next;
};

struct updates {
    struct router *rt;
    struct kvs *kvs;
    struct job_manager *jm;
    struct update_watch *list;
    size_t count;
};

static json_t *current_R (struct updates *u, const struct job *job)
{
    char key[JOB_KEY_SIZE];
    char *text = NULL;
    size_t len;

    if (kvs_local_get (u->kvs, NULL, job_key (job->id, "R", key, sizeof (key)), &text, &len) < 0)
        return NULL;
    json_t *R = json_loadb (text, len, 0, NULL), *execution = json_object_get (R, "execution");
    free (text);
    if (execution)
        json_object_set_new (execution, "expiration", json_real (job->expiration));
    return R;
}

json_t *updates_current (struct updates *u, uint64_t id, const char *key)
{
    struct job *job = job_manager_lookup (u->jm, id);

    if (!job) {
        errno = ENOENT;
        return NULL;
    }
    if (strcmp (key, "R") == 0)
        return current_R (u, job);
    char *text = job_manager_jobspec (u->jm, job);
    json_t *o = text ? json_loads (text, 0, NULL) : NULL;
    free (text);
    return o;
}

/* NULL: the request was answered. */
static struct job *check (struct updates *u, const flux_msg_t *msg, const char **key)
{
    json_int_t id;
    int flags;
    struct job *job;

    if (flux_request_unpack (msg, NULL, "{s:I s:s s:i}", "id", &id, "key", key, "flags", &flags) <
        0)
        router_respond_error (u->rt, msg, EPROTO, NULL);
    else if (flags != 0)
        router_respond_error (u->rt, msg, EPROTO,
                              "update-watch request rejected with invalid flag");
    else if (strcmp (*key, "R") != 0 && strcmp (*key, "jobspec") != 0)
        router_respond_error (u->rt, msg, EINVAL, "update-watch unsupported key specified");
    else if (!(job = job_manager_lookup (u->jm, (uint64_t)id)))
        router_respond_error (u->rt, msg, ENOENT, NULL);
    else if (flux_msg_authorize (msg, job->userid) < 0)
        router_respond_error (u->rt, msg, EPERM, NULL);
    else
        return job;
    return NULL;
}

static int send (struct updates *u, const flux_msg_t *msg, uint64_t id, const char *key)
{
    json_t *o = updates_current (u, id, key);

    if (!o)
        return -1;
    return router_respond_pack (u->rt, msg, "{s:I s:o}", "id", (json_int_t)id, key, o);
}

size_t updates_count (const struct updates *u)
{
    return u->count;
}

void updates_lookup (struct updates *u, const flux_msg_t *msg)
{
    const char *key;
    struct job *job = check (u, msg, &key);

    if (job && send (u, msg, job->id, key) < 0)
        router_respond_error (u->rt, msg, errno, NULL);
}

static void logwatch_end (struct updates *u, struct update_watch *w, int errnum)
{
    if (errnum != 0)
        router_respond_error (u->rt, w->msg, errnum, NULL);
    DL_DELETE (u->list, w);
    u->count--;
    flux_msg_decref (w->msg);
    free (w);
}

void updates_watch (struct updates *u, const flux_msg_t *msg)
{
    const char *key;
    struct update_watch *w;

    if (!flux_msg_is_streaming (msg)) {
        router_respond_error (u->rt, msg, EPROTO,
                              "update-watch request rejected without streaming RPC flag");
        return;
    }
    struct job *job = check (u, msg, &key);
    if (!job)
        return;
    if (u->count >= WATCHES_MAX || !(w = calloc (1, sizeof (*w)))) {
        router_respond_error (u->rt, msg, ENOSPC, "too many watchers");
        return;
    }
    if (send (u, msg, job->id, key) < 0 || job->state == JOB_INACTIVE) {
        router_respond_error (u->rt, msg, job->state == JOB_INACTIVE ? ENODATA : errno, NULL);
        free (w);
        return;
    }
    *w = (struct update_watch){
        .msg = flux_msg_incref (msg), .id = job->id, .R = strcmp (key, "R") == 0};
    DL_APPEND (u->list, w);
    u->count++;
}

static void event_cb (struct job *job, const char *name, const char *entry, void *arg)
{
    struct updates *u = arg;
    struct update_watch *w, *tmp;

    if (!u->list)
        return;
    bool R = strcmp (name, "resource-update") == 0, spec = strcmp (name, "jobspec-update") == 0;
    if (!R && !spec && strcmp (name, "clean") != 0)
        return;
    DL_FOREACH_SAFE (u->list, w, tmp)
    {
        if (w->id != job->id)
            continue;
        if (!R && !spec)
            logwatch_end (u, w, ENODATA);
        else if (w->R == R && send (u, w->msg, w->id, R ? "R" : "jobspec") < 0)
            logwatch_end (u, w, errno);
    }
}

void updates_cancel (struct updates *u, const flux_msg_t *msg)
{
    struct update_watch *w, *tmp;

    DL_FOREACH_SAFE (u->list, w, tmp)
    {
        if (flux_cancel_match (msg, w->msg))
            logwatch_end (u, w, ENODATA);
    }
}

void updates_disconnect (struct updates *u, const flux_msg_t *msg)
{
    struct update_watch *w, *tmp;

    DL_FOREACH_SAFE (u->list, w, tmp)
    {
        if (flux_disconnect_match (msg, w->msg))
            logwatch_end (u, w, 0);
    }
}

struct updates *updates_create (struct router *rt, struct kvs *kvs, struct job_manager *jm)
{
    struct updates *u = calloc (1, sizeof (*u));

    if (!u)
        return NULL;
    *u = (struct updates){.rt = rt, .kvs = kvs, .jm = jm};
    if (job_manager_on_event (jm, event_cb, u) < 0) {
        free (u);
        return NULL;
    }
    return u;
}

void updates_destroy (struct updates *u)
{
    if (u) {
        while (u->list)
            logwatch_end (u, u->list, 0);
        free (u);
    }
}

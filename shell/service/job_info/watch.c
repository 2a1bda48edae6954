/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Watching eventlogs of jobs, see watch.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include <flux/disconnect.h>
#include <flux/request.h>

#include "lib/job/jsonbuf.h"
#include "lib/util/buf.h"
#include "lib/util/utf8.h"
#include "shell/service/job_info/watch_private.h"
#include "shell/service/job_manager/manager.h"

#define WATCHES_MAX 1000000
#define FLAG_WAITCREATE 1
#define FLAG_SENTINEL 2 // an empty response after what is there

static int join (struct group **table, uint64_t key, struct watch *watch, enum by by)
{
    struct group *g;

    HASH_FIND (hh, *table, &key, sizeof (key), g);
    if (!g) {
        if (!(g = calloc (1, sizeof (*g))))
            return -1;
        g->key = key;
        HASH_ADD (hh, *table, key, sizeof (g->key), g);
    }
    DL_APPEND2 (g->list, watch, in[by].prev, in[by].next);
    watch->in[by].group = g;
    return 0;
}

static void leave (struct group **table, struct watch *watch, enum by by)
{
    struct group *g = watch->in[by].group;

    if (!g)
        return;
    DL_DELETE2 (g->list, watch, in[by].prev, in[by].next);
    if (!g->list) {
        HASH_DEL (*table, g);
        free (g);
    }
}

static void watch_free (struct watch *watch)
{
    if (watch->kw)
        kvs_local_watch_stop (watch->kw);
    catchup_drop (watch);
    DL_DELETE (watch->w->list, watch);
    leave (&watch->w->jobs, watch, BY_JOB);
    leave (&watch->w->tags, watch, BY_TAG);
    if (watch->ended)
        DL_DELETE2 (watch->w->ended, watch, ended_prev, ended_next);
    watch->w->count--;
    router_flow_release (watch->w->rt, watch->msg);
    flux_msg_decref (watch->msg);
    free (watch->key);
    free (watch);
}

void logwatch_end (struct watch *watch, int errnum, const char *text)
{
    router_respond_error (watch->w->rt, watch->msg, errnum, text);
    watch_free (watch);
}

/* Text that is not UTF-8 is no event, and would spoil the answer. */
void logwatch_send_lines (struct watch *watch, const char *data, size_t len)
{
    const char *end = data + len;

    while (data < end) {
        const char *nl = memchr (data, '\n', end - data);
        size_t n = (nl ? nl + 1 : end) - data;
        struct buf b = {0};
        char *payload;
        if (utf8_valid (data, n, NULL)) {
            buf_reserve (&b, n + n / 8 + 32); // what is escaped is seldom more
            buf_puts (&b, "{\"event\":");
            jsonbuf_string (&b, data, n);
            buf_putc (&b, '}');
            if ((payload = buf_take (&b)))
                router_respond_take (watch->w->rt, watch->msg, payload);
        }
        data += n;
    }
}

static bool nothing_more (struct watch *watch)
{
    struct job *job = job_manager_lookup (watch->w->jm, watch->id);

    if (!job || job->state == JOB_INACTIVE)
        return true;
    return !watch->main_log && job->finished;
}

static void data_cb (struct kvs *kvs, const char *key, const char *data, size_t len, int errnum,
                     void *arg)
{
    struct watch *watch = arg;

    if (errnum != 0) {
        watch->kw = NULL;
        logwatch_end (watch, errnum, NULL);
        return;
    }
    size_t known = watch->skip < len ? watch->skip : len;
    watch->skip -= known;
    if (catchup_is_due (watch, len - known)) {
        catchup_begin (watch);
        return;
    }
    logwatch_send_lines (watch, data + known, len - known);
    watch->sent += len - known;
    if (watch->sentinel)
        router_respond (watch->w->rt, watch->msg, NULL);
    watch->sentinel = false;
    if (nothing_more (watch))
        logwatch_end (watch, ENODATA, NULL);
}

void logwatch_follow (struct watch *watch)
{
    watch->skip = watch->sent;
    if (!(watch->kw =
              kvs_local_watch (watch->w->kvs, NULL, watch->key, KVS_LOCAL_APPEND, data_cb, watch)))
        logwatch_end (watch, errno, NULL);
}

/* When a job is over, those of its watches which have nothing to wait for end; data that is still
 * to be sent comes first: the store calls data_cb at the end of the turn, before this. */
static void end_pass (struct router *rt, void *arg)
{
    struct watches *w = arg;

    struct watch *watch;

    while ((watch = w->ended)) {
        if (!watch->behind) {
            logwatch_end (watch, ENODATA, NULL);
        } else { // it sees the end when it has caught up
            DL_DELETE2 (w->ended, watch, ended_prev, ended_next);
            watch->ended = false;
        }
    }
}

static void end_soon (struct router *rt, void *arg)
{
    router_at_turn_end (rt, end_pass, arg);
}

static void job_event_cb (struct job *job, const char *name, const char *entry, void *arg)
{
    struct watches *w = arg;
    struct group *g;
    struct watch *watch;
    bool finish = strcmp (name, "finish") == 0;
    bool clean = strcmp (name, "clean") == 0;

    if (!w->jobs || (!finish && !clean))
        return;
    HASH_FIND (hh, w->jobs, &job->id, sizeof (job->id), g);
    if (!g)
        return;
    DL_FOREACH2 (g->list, watch, in[BY_JOB].next)
    {
        if (!watch->ended && (clean || !watch->main_log)) {
            watch->ended = true;
            DL_APPEND2 (w->ended, watch, ended_prev, ended_next);
        }
    }
    if (w->ended)
        router_at_turn_end (w->rt, end_soon, w);
}

static bool path_is_allowed (const char *path)
{
    return *path && strlen (path) < 128 && !strstr (path, "..") && *path != '.';
}

static struct job *get_job (struct watches *w, const flux_msg_t *msg, uint64_t id)
{
    struct job *job = job_manager_lookup (w->jm, id);

    if (!job) {
        router_respond_error (w->rt, msg, ENOENT, "unknown job id");
        return NULL;
    }
    if (flux_msg_authorize (msg, job->userid) < 0) {
        router_respond_error (w->rt, msg, EPERM, NULL);
        return NULL;
    }
    return job;
}

/* All that there will ever be is there. False: it is much, and takes a watch. */
static bool answer_finished (struct watches *w, const flux_msg_t *msg, const char *key, int flags)
{
    struct watch once = {.w = w, .msg = msg};
    char *data = NULL;
    size_t len;

    if (kvs_local_get (w->kvs, NULL, key, &data, &len) < 0) {
        router_respond_error (w->rt, msg, errno, NULL);
        return true;
    }
    if (len > WATCH_SMALL || catchup_is_due (&once, len)) {
        free (data);
        return false;
    }
    logwatch_send_lines (&once, data, len);
    if (flags & FLAG_SENTINEL)
        router_respond (w->rt, msg, NULL);
    router_respond_error (w->rt, msg, ENODATA, NULL);
    free (data);
    return true;
}

static struct watch *watch_create (struct watches *w, const flux_msg_t *msg, struct job *job)
{
    struct watch *watch = calloc (1, sizeof (*watch));
    uint32_t tag = 0;

    if (!watch)
        return NULL;
    watch->w = w;
    watch->id = job->id;
    watch->msg = flux_msg_incref (msg);
    router_flow_hold (w->rt, msg);
    flux_msg_get_matchtag (msg, &tag);
    DL_APPEND (w->list, watch);
    w->count++;
    if (join (&w->jobs, watch->id, watch, BY_JOB) < 0 || join (&w->tags, tag, watch, BY_TAG) < 0) {
        watch_free (watch);
        errno = ENOMEM;
        return NULL;
    }
    return watch;
}

static void watch_start (struct watches *w, const flux_msg_t *msg, struct job *job,
                         const char *path, const char *key, int flags)
{
    struct watch *watch = watch_create (w, msg, job);

    if (!watch) {
        router_respond_error (w->rt, msg, errno, NULL);
        return;
    }
    watch->main_log = strcmp (path, "eventlog") == 0;
    watch->sentinel = flags & FLAG_SENTINEL;
    if (!(watch->key = strdup (key)))
        logwatch_end (watch, errno, NULL);
    else
        logwatch_follow (watch);
}

void watches_request (struct watches *w, const flux_msg_t *msg)
{
    json_int_t id;
    const char *path;
    int flags;
    char key[JOB_KEY_SIZE];
    struct job *job;

    if (flux_request_unpack (msg, NULL, "{s:I s:s s:i}", "id", &id, "path", &path, "flags",
                             &flags) < 0) {
        router_respond_error (w->rt, msg, EPROTO, NULL);
    } else if (!flux_msg_is_streaming (msg)) {
        router_respond_error (w->rt, msg, EPROTO,
                              "eventlog-watch request rejected without streaming RPC flag");
    } else if (!path_is_allowed (path) || (flags & ~(FLAG_WAITCREATE | FLAG_SENTINEL))) {
        router_respond_error (w->rt, msg, EPROTO,
                              "eventlog-watch request rejected with invalid path or flag");
    } else if (w->count >= WATCHES_MAX) {
        router_respond_error (w->rt, msg, ENOSPC, "too many watchers");
    } else if ((job = get_job (w, msg, id))) {
        job_key (id, path, key, sizeof (key));
        bool main_log = strcmp (path, "eventlog") == 0;
        bool over = job->state == JOB_INACTIVE || (!main_log && job->finished);
        if (over && answer_finished (w, msg, key, flags))
            return;
        if (!over && !(flags & FLAG_WAITCREATE) && strncmp (path, "guest.", 6) != 0 &&
            kvs_local_exists (w->kvs, NULL, key) < 0) // a guest's logs come when it runs
            router_respond_error (w->rt, msg, errno, NULL);
        else
            watch_start (w, msg, job, path, key, flags);
    }
}

size_t watches_count (const struct watches *w)
{
    return w->count;
}

void watches_cancel (struct watches *w, const flux_msg_t *msg)
{
    struct group *g;
    struct watch *watch;
    int matchtag;

    if (flux_request_unpack (msg, NULL, "{s:i}", "matchtag", &matchtag) < 0)
        return;
    uint64_t key = (uint32_t)matchtag;
    HASH_FIND (hh, w->tags, &key, sizeof (key), g);
    if (!g)
        return;
    DL_FOREACH2 (g->list, watch, in[BY_TAG].next)
    { // of different senders
        if (flux_cancel_match (msg, watch->msg)) {
            logwatch_end (watch, ENODATA, NULL);
            return;
        }
    }
}

void watches_disconnect (struct watches *w, const flux_msg_t *msg)
{
    struct watch *watch, *tmp;

    DL_FOREACH_SAFE (w->list, watch, tmp)
    {
        if (flux_disconnect_match (msg, watch->msg))
            watch_free (watch);
    }
}

struct watches *watches_create (struct router *rt, struct kvs *kvs, struct job_manager *jm)
{
    struct watches *w = calloc (1, sizeof (*w));

    if (!w)
        return NULL;
    w->rt = rt;
    w->kvs = kvs;
    w->jm = jm;
    catchup_init (w);
    if (job_manager_on_event (jm, job_event_cb, w) < 0) {
        free (w);
        return NULL;
    }
    return w;
}

void watches_destroy (struct watches *w)
{
    if (w) {
        while (w->list)
            watch_free (w->list);
        ev_timer_stop (router_loop (w->rt), &w->timer);
        free (w);
    }
}

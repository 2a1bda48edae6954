/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The job-info service, see info.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <flux/request.h>

#include "lib/util/errprintf.h"
#include "shell/broker/router.h"
#include "shell/service/job_info/info.h"
#include "shell/service/job_info/update.h"
#include "shell/service/job_info/watch.h"
#include "shell/service/job_manager/manager.h"
#include "shell/service/kvs/kvs.h"

#define FLAG_JSON_DECODE 1
#define FLAG_CURRENT 2
#define KEYS_MAX 64

struct job_info {
    struct router *rt;
    struct kvs *kvs;
    struct job_manager *jm;
    struct watches *watches;
    struct updates *updates;
    uint64_t nlookups;
};

static bool is_json_key (const char *key)
{
    return strcmp (key, "R") == 0 || strcmp (key, "jobspec") == 0;
}

static json_t *lookup_key (struct job_info *ji, uint64_t id, const char *name, int flags)
{
    char key[JOB_KEY_SIZE];
    char *data = NULL;
    size_t len;
    json_t *value;

    if (strlen (name) > 64 || !*name || *name == '.' || strstr (name, "..")) {
        errno = EINVAL;
        return NULL;
    }
    if ((flags & FLAG_CURRENT) && is_json_key (name)) {
        if (!(value = updates_current (ji->updates, id, name)) || (flags & FLAG_JSON_DECODE))
            return value;
        data = json_dumps (value, JSON_COMPACT);
        json_decref (value);
        value = data ? json_string (data) : NULL;
        free (data);
        return value;
    }
    if (kvs_local_get (ji->kvs, NULL, job_key (id, name, key, sizeof (key)), &data, &len) < 0)
        return NULL;
    if ((flags & FLAG_JSON_DECODE) && is_json_key (name))
        value = json_loadb (data, len, 0, NULL);
    else
        value = json_stringn (data, len);
    free (data);
    if (!value)
        errno = EPROTO;
    return value;
}

static json_t *lookup_keys (struct job_info *ji, uint64_t id, json_t *keys, int flags,
                            flux_error_t *errp)
{
    json_t *o = json_pack ("{s:I}", "id", (json_int_t)id);
    size_t i;
    json_t *entry;

    json_array_foreach (keys, i, entry)
    {
        const char *name = json_string_value (entry);
        json_t *value = name ? lookup_key (ji, id, name, flags) : NULL;
        if (!value) {
            if (!name)
                errno = EPROTO;
            errprintf (errp, "%s: %s", name ? name : "a key that is no string",
                       errno == ENOENT ? "no such key" : strerror (errno));
            int saved_errno = errno;
            json_decref (o);
            errno = saved_errno;
            return NULL;
        }
        json_object_set_new (o, name, value);
    }
    return o;
}

static void lookup_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_info *ji = arg;
    json_int_t id;
    json_t *keys, *o;
    int flags;
    struct job *job;
    flux_error_t error = {""};

    ji->nlookups++;
    if (flux_request_unpack (msg, NULL, "{s:I s:o s:i}", "id", &id, "keys", &keys, "flags",
                             &flags) < 0 ||
        !json_is_array (keys) || json_array_size (keys) > KEYS_MAX) {
        router_respond_error (rt, msg, EPROTO, NULL);
    } else if ((flags & ~(FLAG_JSON_DECODE | FLAG_CURRENT))) {
        router_respond_error (rt, msg, EPROTO, "lookup request rejected with invalid flag");
    } else if (!(job = job_manager_lookup (ji->jm, id))) {
        router_respond_error (rt, msg, ENOENT, "unknown job id");
    } else if (flux_msg_authorize (msg, job->userid) < 0) {
        router_respond_error (rt, msg, EPERM, NULL);
    } else if (!(o = lookup_keys (ji, id, keys, flags, &error))) {
        router_respond_error (rt, msg, errno, error.text);
    } else {
        router_respond_pack (rt, msg, "o", o);
    }
}

static void stats_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_info *ji = arg;

    router_respond_pack (rt, msg, "{s:I s:I s:I}", "lookups", (json_int_t)ji->nlookups, "watchers",
                         (json_int_t)watches_count (ji->watches), "update_watchers",
                         (json_int_t)updates_count (ji->updates));
}

static void watch_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_info *ji = arg;

    watches_request (ji->watches, msg);
}

static void cancel_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_info *ji = arg;

    watches_cancel (ji->watches, msg);
}

static void disconnect_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_info *ji = arg;

    watches_disconnect (ji->watches, msg);
    updates_disconnect (ji->updates, msg);
}

static void update_lookup_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    updates_lookup (((struct job_info *)arg)->updates, msg);
}

static void update_watch_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    updates_watch (((struct job_info *)arg)->updates, msg);
}

static void update_cancel_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    updates_cancel (((struct job_info *)arg)->updates, msg);
}

static const struct handler_row rows[] = {
    {"lookup", lookup_cb, FLUX_ROLE_USER},
    {"eventlog-watch", watch_cb, FLUX_ROLE_USER},
    {"eventlog-watch-cancel", cancel_cb, FLUX_ROLE_USER},
    {"update-lookup", update_lookup_cb, FLUX_ROLE_USER},
    {"update-watch", update_watch_cb, FLUX_ROLE_USER},
    {"update-watch-cancel", update_cancel_cb, FLUX_ROLE_USER},
    {"stats-get", stats_cb, FLUX_ROLE_OWNER},
    {"disconnect", disconnect_cb, FLUX_ROLE_ALL},
    {NULL, NULL, 0},
};

struct job_info *job_info_create (struct router *rt, struct kvs *kvs, struct job_manager *jm)
{
    struct job_info *ji = calloc (1, sizeof (*ji));

    if (!ji)
        return NULL;
    ji->rt = rt;
    ji->kvs = kvs;
    ji->jm = jm;
    if (!(ji->watches = watches_create (rt, kvs, jm)) ||
        !(ji->updates = updates_create (rt, kvs, jm)) ||
        router_service_add (rt, "job-info", rows, ji) < 0) {
        job_info_destroy (ji);
        return NULL;
    }
    return ji;
}

void job_info_destroy (struct job_info *ji)
{
    if (ji) {
        int saved_errno = errno;
        router_service_remove (ji->rt, "job-info");
        watches_destroy (ji->watches);
        updates_destroy (ji->updates);
        free (ji);
        errno = saved_errno;
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The resource eventlog (RFC 44): in the KVS, for who follows it (resource.journal), and after a
 * restart for what it says of drained nodes. */

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <flux/hostlist.h>

#include "lib/job/eventlog.h"
#include "lib/util/monotime.h"
#include "shell/broker/waiters.h"
#include "shell/service/kvs/kvs.h"
#include "shell/service/resource/private.h"

#define KEY "resource.eventlog"
#define BATCH 100 // events in one answer

static bool is_define (const json_t *entry)
{
    const char *name = json_string_value (json_object_get (entry, "name"));

    return name && strcmp (name, "resource-define") == 0;
}

/* A resource-define comes alone, with R. */
static void send (struct resource *r, const flux_msg_t *msg, json_t *events)
{
    if (is_define (json_array_get (events, 0)))
        router_respond_pack (r->rt, msg, "{s:O s:O*}", "events", events, "R", r->R);
    else
        router_respond_pack (r->rt, msg, "{s:O}", "events", events);
}

static void send_batch (struct resource *r, const flux_msg_t *msg, json_t *batch)
{
    if (json_array_size (batch) > 0)
        send (r, msg, batch);
    json_array_clear (batch);
}

struct delivery {
    struct resource *r;
    json_t *events;
};

static void deliver (const flux_msg_t *msg, void *arg)
{
    struct delivery *d = arg;

    send (d->r, msg, d->events);
}

void resource_log (struct resource *r, const char *name, const char *fmt, ...)
{
    struct buf b = {0};
    va_list ap;

    va_start (ap, fmt);
    json_t *context = json_vpack_ex (NULL, 0, fmt, ap);
    va_end (ap);
    if (eventlog_append_json (&b, walltime_now (), name, context) == 0) {
        kvs_local_append (r->kvs, NULL, KEY, b.data, b.len);
        if (r->followers && waiters_count (r->followers) > 0) {
            struct delivery d = {r, eventlog_decode (b.data, b.len, NULL)};
            waiters_each (r->followers, deliver, &d);
            json_decref (d.events);
        }
    }
    buf_clear (&b);
    json_decref (context);
}

static json_t *load (struct resource *r)
{
    char *text = NULL;
    size_t len;
    json_t *events = NULL;

    if (kvs_local_get (r->kvs, NULL, KEY, &text, &len) == 0)
        events = eventlog_decode (text, len, NULL);
    free (text);
    return events;
}

static void send_past (struct resource *r, const flux_msg_t *msg)
{
    json_t *events = load (r), *batch = json_array (), *entry;
    size_t i;

    json_array_foreach (events, i, entry)
    {
        if (is_define (entry) || json_array_size (batch) == BATCH)
            send_batch (r, msg, batch);
        json_array_append (batch, entry);
        if (is_define (entry))
            send_batch (r, msg, batch);
    }
    send_batch (r, msg, batch);
    router_respond (r->rt, msg, "{\"events\":[]}"); // the past ends here
    json_decref (batch);
    json_decref (events);
}

void resource_journal_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct resource *r = arg;

    if (!flux_msg_is_streaming (msg)) {
        router_respond_error (rt, msg, EPROTO, "journal requires streaming RPC flag");
        return;
    }
    send_past (r, msg);
    if (waiters_add (r->followers, msg) < 0)
        router_respond_error (rt, msg, errno, NULL);
}

void resource_journal_cancel_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct resource *r = arg;
    const flux_msg_t *held = waiters_cancel (r->followers, msg);

    if (held)
        router_respond_error (rt, held, ENODATA, NULL);
    flux_msg_decref (held);
}

void resource_disconnect_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct resource *r = arg;

    waiters_disconnect (r->followers, msg);
    waiters_disconnect (r->waitups, msg);
    acquire_disconnect (r, msg);
}

/* ---- drained nodes of an earlier instance: {"host":{"rank":{"timestamp":f,"reason":s}}} */

static void change (json_t *drained, const char *host, unsigned int rank, json_t *how)
{
    json_t *ranks = json_object_get (drained, host);
    char key[16];

    snprintf (key, sizeof (key), "%u", rank);
    if (!ranks && (ranks = json_object ()))
        json_object_set_new (drained, host, ranks);
    if (how)
        json_object_set (ranks, key, how);
    else
        json_object_del (ranks, key);
}

static void replay_one (json_t *drained, const json_t *entry)
{
    const char *name, *idset, *nodelist, *reason = NULL;
    double t;
    json_t *context = NULL, *how = NULL;

    if (eventlog_entry_parse (entry, &t, &name, &context) < 0 || !context ||
        (strcmp (name, "drain") != 0 && strcmp (name, "undrain") != 0) ||
        json_unpack (context, "{s:s s:s s?s}", "idset", &idset, "nodelist", &nodelist, "reason",
                     &reason) < 0)
        return;
    struct idset *ids = idset_decode (idset);
    struct hostlist *hl = hostlist_decode (nodelist);
    const char *host = hl ? hostlist_first (hl) : NULL;
    if (*name == 'd')
        how = json_pack ("{s:f s:s*}", "timestamp", t, "reason", reason);
    for (unsigned int i = ids ? idset_first (ids) : IDSET_INVALID_ID; host && i != IDSET_INVALID_ID;
         i = idset_next (ids, i), host = hostlist_next (hl))
        change (drained, host, i, how);
    json_decref (how);
    hostlist_destroy (hl);
    idset_destroy (ids);
}

json_t *reslog_drained (struct resource *r)
{
    json_t *events = load (r), *drained = json_object (), *entry;
    size_t i;

    json_array_foreach (events, i, entry) replay_one (drained, entry);
    json_decref (events);
    return drained;
}

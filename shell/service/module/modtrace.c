/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include <flux/request.h>

#include "shell/broker/router.h"
#include "shell/broker/waiters.h"
#include "shell/service/module/modtrace.h"

struct modtrace {
    struct router *rt;
    struct waiters *requests;
};

struct modtrace *modtrace_create (struct router *rt)
{
    struct modtrace *t = calloc (1, sizeof (*t));

    if (!t)
        return NULL;
    t->rt = rt;
    if (!(t->requests = waiters_create ())) {
        free (t);
        return NULL;
    }
    return t;
}

void modtrace_destroy (struct modtrace *t)
{
    if (t) {
        waiters_destroy (t->requests);
        free (t);
    }
}

void modtrace_add (struct modtrace *t, const flux_msg_t *request)
{
    const char *glob;
    json_t *names;
    int mask;

    if (flux_request_unpack (request, NULL, "{s:i s:s s:o}", "typemask", &mask, "topic_glob", &glob,
                             "names", &names) < 0)
        router_respond_error (t->rt, request, errno, NULL);
    else if (!json_is_array (names) || !flux_msg_is_streaming (request))
        router_respond_error (t->rt, request, EPROTO, NULL);
    else if (waiters_add (t->requests, request) < 0)
        router_respond_error (t->rt, request, errno, NULL);
}

void modtrace_disconnect (struct modtrace *t, const flux_msg_t *msg)
{
    waiters_disconnect (t->requests, msg);
}

struct news {
    struct modtrace *t;
    const char *module, *prefix;
    const flux_msg_t *msg;
};

/* No names: all. */
static bool is_named (json_t *names, const char *module)
{
    size_t i;
    json_t *name;

    json_array_foreach (names, i, name)
    {
        if (json_is_string (name) && strcmp (json_string_value (name), module) == 0)
            return true;
    }
    return json_array_size (names) == 0;
}

static json_t *payload_of (const flux_msg_t *msg)
{
    const char *text;

    return flux_msg_get_string (msg, &text) == 0 && text ? json_loads (text, JSON_DECODE_ANY, NULL)
                                                         : NULL;
}

static void tell (struct news *n, const flux_msg_t *request, bool full)
{
    const char *topic = "", *errstr = NULL;
    int type = 0, errnum = 0;
    const void *data;
    size_t size = 0;

    flux_msg_get_type (n->msg, &type);
    flux_msg_get_topic (n->msg, &topic);
    if (type == FLUX_MSGTYPE_RESPONSE && flux_msg_get_errnum (n->msg, &errnum) == 0 && errnum)
        flux_msg_get_string (n->msg, &errstr);
    else if (flux_msg_get_payload (n->msg, &data, &size) < 0)
        size = 0;
    router_respond_pack (n->t->rt, request, "{s:f s:s s:i s:s s:i s:s s:I s:o* s:i s:s}",
                         "timestamp", ev_now (router_loop (n->t->rt)), "prefix", n->prefix, "rank",
                         -1, "name", n->module, "type", type, "topic", topic, "payload_size",
                         (json_int_t)size, "payload",
                         full && errnum == 0 && size > 0 ? payload_of (n->msg) : NULL, "errnum",
                         errnum, "errstr", errstr ? errstr : "");
}

static void tell_if_wanted (const flux_msg_t *request, void *arg)
{
    struct news *n = arg;
    struct flux_match match = FLUX_MATCH_ANY;
    const char *glob;
    json_t *names;
    int full = 0;

    if (flux_request_unpack (request, NULL, "{s:i s:s s:o s?b}", "typemask", &match.typemask,
                             "topic_glob", &glob, "names", &names, "full", &full) < 0)
        return;
    match.topic_glob = (char *)glob;
    if (is_named (names, n->module) && flux_msg_cmp (n->msg, match))
        tell (n, request, full);
}

void modtrace_message (struct modtrace *t, const char *module, const char *prefix,
                       const flux_msg_t *msg)
{
    struct news news = {t, module, prefix, msg};
    const char *topic;

    if (waiters_count (t->requests) == 0)
        return;
    if (flux_msg_get_topic (msg, &topic) == 0 && strcmp (topic, "module.trace") == 0)
        return; // a module that traces itself
    waiters_each (t->requests, tell_if_wanted, &news);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include <flux/request.h>
#include <flux/response.h>
#include <flux/rpc.h>

#include "lib/util/errprintf.h"
#include "shell/broker/conf_service.h"
#include "shell/broker/router.h"
#include "shell/broker/waiters.h"

#define FOLLOW_RETRY 0.1 // seconds, when the parent went away and another is sought

struct watcher {
    conf_check_f check;
    conf_apply_f apply;
    void *arg;
    struct watcher *next, *prev;
};

struct conf_service {
    struct router *rt;
    const flux_conf_t *conf;
    char *path;
    struct watcher *watchers;
    struct waiters *getters; // streams that hear of each change
    conf_stage_f stage;
    void *stage_arg;
    /* the change under way, if any */
    const flux_conf_t *next;
    const flux_msg_t *request; // or NULL: it came from the parent
    /* following */
    bool leader;
    bool synced; // what there is may be passed on
    uint32_t matchtag;
    ev_timer retry;
    conf_followed_f followed;
    void *followed_arg;
};

static const json_t *object_of (const flux_conf_t *conf)
{
    const json_t *o = NULL;

    (void)flux_conf_unpack (conf, NULL, "o", &o);
    return o;
}

const json_t *conf_service_get (const struct conf_service *cs)
{
    return object_of (cs->conf);
}

/* ---- a change ---- */

static void tell_getter (const flux_msg_t *msg, void *arg)
{
    struct conf_service *cs = arg;

    router_respond_pack (cs->rt, msg, "O", object_of (cs->conf));
}

static void tell_followed (struct conf_service *cs, int errnum)
{
    conf_followed_f cb = cs->followed;

    cs->followed = NULL;
    cs->synced = true;
    if (cb)
        cb (errnum, cs->followed_arg);
}

/* The end of a change, good or bad. */
static void finish (struct conf_service *cs, int errnum, const char *errtext)
{
    const flux_msg_t *request = cs->request;
    bool changed = cs->next != NULL;

    cs->request = NULL;
    if (errnum == 0 && changed) {
        struct watcher *w, *tmp;
        flux_conf_decref (cs->conf);
        cs->conf = cs->next;
        cs->next = NULL;
        DL_FOREACH_SAFE (cs->watchers, w, tmp)
        {
            w->apply (object_of (cs->conf), w->arg);
        }
    } else {
        flux_conf_decref (cs->next);
        cs->next = NULL;
    }
    bool first = !cs->synced;
    if (!request)
        tell_followed (cs, errnum);
    if (errnum == 0 && (changed || first))
        waiters_each (cs->getters, tell_getter, cs);
    if (request && errnum == 0)
        router_respond (cs->rt, request, NULL);
    else if (request)
        router_respond_error (cs->rt, request, errnum, errtext);
    flux_msg_decref (request);
}

static int check_all (struct conf_service *cs, const flux_conf_t *conf, flux_error_t *errp)
{
    struct watcher *w;

    DL_FOREACH (cs->watchers, w)
    {
        if (w->check && w->check (object_of (conf), w->arg, errp) < 0)
            return -1;
    }
    return 0;
}

/* Takes the references of conf and request. */
static void change (struct conf_service *cs, const flux_conf_t *conf, const flux_msg_t *request)
{
    flux_error_t error = {""};
    char *json;

    cs->request = request;
    if (json_equal (object_of (conf), object_of (cs->conf))) {
        flux_conf_decref (conf);
        finish (cs, 0, NULL);
        return;
    }
    cs->next = conf;
    if (check_all (cs, conf, &error) < 0) {
        finish (cs, errno ? errno : EINVAL, error.text);
    } else if (!cs->stage) {
        finish (cs, 0, NULL);
    } else if (!(json = json_dumps (object_of (conf), JSON_COMPACT))) {
        finish (cs, ENOMEM, NULL);
    } else {
        cs->stage (json, cs->stage_arg);
        free (json);
    }
}

void conf_service_stage_done (struct conf_service *cs, int errnum, const char *errtext)
{
    if (cs->next)
        finish (cs, errnum, errtext);
}

/* ---- requests ---- */

static void get_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct conf_service *cs = arg;

    if (flux_msg_is_streaming (msg) && waiters_add (cs->getters, msg) < 0) {
        router_respond_error (rt, msg, errno, NULL);
        return;
    }
    if (cs->synced || !flux_msg_is_streaming (msg))
        router_respond_pack (rt, msg, "O", object_of (cs->conf));
}

static bool may_change (struct conf_service *cs, const flux_msg_t *msg)
{
    if (!cs->leader)
        router_respond_error (cs->rt, msg, EINVAL, "configuration is changed on rank 0 only");
    else if (cs->next)
        router_respond_error (cs->rt, msg, EAGAIN, "configuration is being changed just now");
    else
        return true;
    return false;
}

static void load_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct conf_service *cs = arg;
    flux_conf_t *conf = NULL;
    json_t *o;

    if (!may_change (cs, msg))
        return;
    if (flux_request_unpack (msg, NULL, "o", &o) < 0 || !(conf = flux_conf_pack ("O", o)))
        router_respond_error (rt, msg, EPROTO, "configuration must be a JSON object");
    else
        change (cs, conf, flux_msg_incref (msg));
}

static void reload_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct conf_service *cs = arg;
    flux_conf_t *conf;
    flux_error_t error;

    if (!may_change (cs, msg))
        return;
    if (!cs->path)
        router_respond (rt, msg, NULL);
    else if (!(conf = flux_conf_parse (cs->path, &error)))
        router_respond_error (rt, msg, errno, error.text);
    else
        change (cs, conf, flux_msg_incref (msg));
}

static void disconnect_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct conf_service *cs = arg;

    waiters_disconnect (cs->getters, msg);
}

/* ---- following ---- */

static void ask_parent (struct conf_service *cs);

static void retry_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    ask_parent (w->data);
}

/* A parent is only ever late: one that refuses at all ends the wait, and is asked no more. */
static void parent_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct conf_service *cs = arg;
    const char *payload;
    flux_conf_t *conf;
    json_t *o = NULL;

    if (flux_response_decode (msg, NULL, &payload) < 0) {
        cs->matchtag = 0;
        if (errno == EHOSTUNREACH) {
            ev_timer_stop (router_loop (rt), &cs->retry);
            ev_timer_set (&cs->retry, FOLLOW_RETRY, 0.);
            ev_timer_start (router_loop (rt), &cs->retry);
        } else {
            tell_followed (cs, errno);
        }
        return;
    }
    if (!payload || !(o = json_loads (payload, 0, NULL)) || !(conf = flux_conf_pack ("O", o))) {
        tell_followed (cs, EPROTO);
    } else {
        flux_conf_decref (cs->next); // an unfinished one is overtaken
        cs->next = NULL;
        change (cs, conf, NULL);
    }
    json_decref (o);
}

static void ask_parent (struct conf_service *cs)
{
    cs->matchtag = router_rpc (cs->rt, "config.get", FLUX_NODEID_UPSTREAM, FLUX_RPC_STREAMING, NULL,
                               parent_cb, cs);
    if (cs->matchtag == 0)
        tell_followed (cs, errno);
}

void conf_service_follow (struct conf_service *cs, conf_followed_f cb, void *arg)
{
    cs->followed = cb;
    cs->followed_arg = arg;
    ask_parent (cs);
}

/* ---- watchers ---- */

int conf_service_watch (struct conf_service *cs, conf_check_f check, conf_apply_f apply, void *arg)
{
    struct watcher *w = malloc (sizeof (*w));

    if (!w)
        return -1;
    *w = (struct watcher){.check = check, .apply = apply, .arg = arg};
    DL_APPEND (cs->watchers, w);
    return 0;
}

void conf_service_unwatch (struct conf_service *cs, void *arg)
{
    struct watcher *w, *tmp;

    DL_FOREACH_SAFE (cs->watchers, w, tmp)
    {
        if (w->arg == arg) {
            DL_DELETE (cs->watchers, w);
            free (w);
        }
    }
}

void conf_service_set_stage (struct conf_service *cs, conf_stage_f begin, void *arg)
{
    cs->stage = begin;
    cs->stage_arg = arg;
}

static const struct handler_row rows[] = {
    {"get", get_cb, FLUX_ROLE_OWNER | FLUX_ROLE_USER},
    {"load", load_cb, FLUX_ROLE_OWNER},
    {"reload", reload_cb, FLUX_ROLE_OWNER},
    {"disconnect", disconnect_cb, FLUX_ROLE_ALL},
    {NULL, NULL, 0},
};

struct conf_service *conf_service_create (struct router *rt, const flux_conf_t *conf,
                                          const char *path)
{
    struct conf_service *cs = calloc (1, sizeof (*cs));

    if (!cs)
        return NULL;
    cs->rt = rt;
    cs->leader = cs->synced = router_rank (rt) == 0;
    ev_timer_init (&cs->retry, retry_cb, FOLLOW_RETRY, 0.);
    cs->retry.data = cs;
    if (!(cs->getters = waiters_create ()) || (path && !(cs->path = realpath (path, NULL))) ||
        router_service_add (rt, "config", rows, cs) < 0) {
        conf_service_destroy (cs);
        return NULL;
    }
    cs->conf = conf;
    return cs;
}

void conf_service_destroy (struct conf_service *cs)
{
    struct watcher *w, *tmp;

    if (!cs)
        return;
    ev_timer_stop (router_loop (cs->rt), &cs->retry);
    router_service_remove (cs->rt, "config");
    if (cs->matchtag > 0)
        router_rpc_forget (cs->rt, cs->matchtag);
    DL_FOREACH_SAFE (cs->watchers, w, tmp)
    {
        free (w);
    }
    waiters_destroy (cs->getters);
    flux_msg_decref (cs->request);
    flux_conf_decref (cs->next);
    flux_conf_decref (cs->conf);
    free (cs->path);
    free (cs);
}

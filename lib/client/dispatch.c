/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Messages to message handlers. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include <uthash.h>
#include <flux/msg_handler.h>
#include <flux/msglist.h>
#include <flux/response.h>
#include <flux/watcher.h>

#include "lib/client/dispatch.h"
#include "lib/client/handle_private.h"
#include "lib/client/reactor_private.h"

#define MESSAGES_PER_TURN 64

/* Handlers for one exact request topic, the youngest first. */
struct topic {
    UT_hash_handle hh;
    flux_msg_handler_t *handlers;
    char name[];
};

struct dispatch {
    flux_t *h; // NULL once the handle is closed
    int refcount;
    int held;
    flux_watcher_t *w;
    struct topic *topics;
    flux_msg_handler_t *others;     // globs and events, the youngest first
    struct flux_msglist *unmatched; // of a clone
    int depth;                      // of calls to handlers
    flux_msg_handler_t *dead;       // to be freed when depth is 0
};

struct flux_msg_handler {
    flux_msg_handler_t *prev;
    flux_msg_handler_t *next;
    struct dispatch *d;
    struct topic *topic; // or in `others`
    struct flux_match match;
    uint32_t rolemask;
    flux_msg_handler_f cb;
    void *arg;
    bool running;
    bool destroyed;
};

static void on_messages (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg);

static void dispatch_decref (struct dispatch *d)
{
    if (--d->refcount == 0) {
        flux_msglist_destroy (d->unmatched);
        free (d);
    }
}

/* The handle goes; handlers may stay a while longer. */
static void dispatch_detach (void *arg)
{
    struct dispatch *d = arg;

    flux_watcher_destroy (d->w);
    d->w = NULL;
    handle_set_dispatch (d->h, NULL);
    d->h = NULL;
    dispatch_decref (d);
}

static struct dispatch *dispatch_get (flux_t *h)
{
    struct dispatch *d = handle_dispatch (h);
    flux_reactor_t *r;

    if (d)
        return d;
    if (!(r = flux_get_reactor (h)) || !(d = calloc (1, sizeof (*d))))
        return NULL;
    d->h = h;
    d->refcount = 1;
    if (!(d->w = flux_handle_watcher_create (r, h, FLUX_POLLIN, on_messages, d)) ||
        flux_aux_set (h, NULL, d, dispatch_detach) < 0) {
        flux_watcher_destroy (d->w);
        free (d);
        return NULL;
    }
    handle_set_dispatch (h, d);
    return d;
}

static void hold (struct dispatch *d)
{
    if (d->held++ == 0)
        flux_watcher_start (d->w);
}

static void unhold (struct dispatch *d)
{
    if (--d->held == 0)
        flux_watcher_stop (d->w);
}

struct dispatch *dispatch_hold (flux_t *h)
{
    struct dispatch *d = dispatch_get (h);

    if (d) {
        d->refcount++;
        hold (d);
    }
    return d;
}

void dispatch_let_go (struct dispatch *d)
{
    if (d) {
        unhold (d);
        dispatch_decref (d);
    }
}

flux_watcher_t *flux_get_handle_watcher (flux_t *h)
{
    struct dispatch *d = h ? dispatch_get (h) : NULL;

    return d ? d->w : NULL;
}

static void handler_free (flux_msg_handler_t *mh)
{
    struct dispatch *d = mh->d;

    flux_match_free (mh->match);
    free (mh);
    dispatch_decref (d);
}

static void call (flux_msg_handler_t *mh, const flux_msg_t *msg)
{
    uint32_t rolemask = 0;

    flux_msg_get_rolemask (msg, &rolemask);
    if (rolemask & mh->rolemask)
        mh->cb (mh->d->h, mh, msg, mh->arg);
    else if (flux_msg_cmp (msg, FLUX_MATCH_REQUEST))
        (void)flux_respond_error (mh->d->h, msg, EPERM,
                                  mh->rolemask == FLUX_ROLE_OWNER
                                      ? "this request needs the instance owner"
                                      : "your role does not allow this request");
}

static flux_msg_handler_t *find_exact (struct dispatch *d, const flux_msg_t *msg)
{
    const char *name;
    struct topic *t = NULL;

    if (d->topics && flux_msg_get_topic (msg, &name) == 0)
        HASH_FIND_STR (d->topics, name, t);
    for (flux_msg_handler_t *mh = t ? t->handlers : NULL; mh; mh = mh->next)
        if (mh->running)
            return mh;
    return NULL;
}

/* Handlers that a callback destroys stay on the list, marked, until all are through. */
static bool deliver (struct dispatch *d, const flux_msg_t *msg, int type)
{
    flux_msg_handler_t *mh, *next;
    bool matched = false;

    if (type == FLUX_MSGTYPE_REQUEST && (mh = find_exact (d, msg))) {
        call (mh, msg);
        return true;
    }
    for (mh = d->others; mh && d->h; mh = next) {
        next = mh->next;
        if (!mh->running || !flux_msg_cmp (msg, mh->match))
            continue;
        matched = true;
        call (mh, msg);
        next = mh->next; // what came or went meanwhile
        if (type != FLUX_MSGTYPE_EVENT)
            break;
    }
    return matched;
}

static void bury (struct dispatch *d)
{
    flux_msg_handler_t *mh;

    while (d->depth == 0 && (mh = d->dead)) {
        DL_DELETE (d->dead, mh);
        handler_free (mh);
    }
}

static void remove_destroyed (struct dispatch *d)
{
    flux_msg_handler_t *mh, *tmp;

    if (d->depth > 0)
        return;
    DL_FOREACH_SAFE (d->others, mh, tmp)
    {
        if (mh->destroyed) {
            DL_DELETE (d->others, mh);
            DL_APPEND (d->dead, mh);
        }
    }
    bury (d);
}

/* A clone keeps it for the handle; a handle says that there is no such service. */
static int unmatched (struct dispatch *d, const flux_msg_t *msg, int type)
{
    const char *topic = "";
    char text[256];

    if (flux_flags_get (d->h) & FLUX_O_CLONE) {
        if (!d->unmatched && !(d->unmatched = flux_msglist_create ()))
            return -1;
        return flux_msglist_append (d->unmatched, msg);
    }
    if (type != FLUX_MSGTYPE_REQUEST)
        return 0;
    flux_msg_get_topic (msg, &topic);
    snprintf (text, sizeof (text), "Unknown service method '%s'", topic);
    return flux_respond_error (d->h, msg, ENOSYS, text);
}

static int handle_message (struct dispatch *d, const flux_msg_t *msg)
{
    int type = 0;

    if (handle_take_response (d->h, msg))
        return 0;
    flux_msg_get_type (msg, &type);
    d->depth++;
    bool matched = deliver (d, msg, type);
    d->depth--;
    return matched || !d->h ? 0 : unmatched (d, msg, type);
}

/* Several messages per turn, but none more once a callback has stopped the loop or us. */
static int drain (struct dispatch *d, flux_reactor_t *r)
{
    for (int i = 0; i < MESSAGES_PER_TURN; i++) {
        flux_msg_t *msg = flux_recv (d->h, FLUX_MATCH_ANY, FLUX_O_NONBLOCK);
        if (!msg)
            return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
        int rc = handle_message (d, msg);
        flux_msg_destroy (msg);
        if (rc < 0)
            return -1;
        if (!d->h || d->held == 0 || reactor_stopping (r))
            return 0;
    }
    return 0;
}

static void on_messages (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    struct dispatch *d = arg;

    d->refcount++;
    flux_reactor_incref (r);
    if (drain (d, r) < 0)
        flux_reactor_stop_error (r);
    remove_destroyed (d);
    flux_reactor_decref (r);
    dispatch_decref (d);
}

/* Oldest first in the list; put back in front, from the youngest on. */
int flux_dispatch_requeue (flux_t *h)
{
    const flux_msg_t *msg;

    if (!h || !(flux_flags_get (h) & FLUX_O_CLONE)) {
        errno = EINVAL;
        return -1;
    }
    struct dispatch *d = handle_dispatch (h);
    while (d && (msg = flux_msglist_last (d->unmatched))) {
        if (flux_requeue (h, msg, FLUX_RQ_HEAD) < 0)
            return -1;
        flux_msglist_delete (d->unmatched);
    }
    return 0;
}

static bool is_exact_request (const struct flux_match *m)
{
    const char *s = m->topic_glob;

    return m->typemask == FLUX_MSGTYPE_REQUEST && s && *s && s[strcspn (s, "*?[")] == '\0';
}

static int add_exact (struct dispatch *d, flux_msg_handler_t *mh)
{
    const char *name = mh->match.topic_glob;
    struct topic *t;

    HASH_FIND_STR (d->topics, name, t);
    if (!t) {
        if (!(t = calloc (1, sizeof (*t) + strlen (name) + 1)))
            return -1;
        strcpy (t->name, name);
        HASH_ADD_STR (d->topics, name, t);
    }
    DL_PREPEND (t->handlers, mh);
    mh->topic = t;
    return 0;
}

static void remove_exact (struct dispatch *d, flux_msg_handler_t *mh)
{
    struct topic *t = mh->topic;

    DL_DELETE (t->handlers, mh);
    if (!t->handlers) {
        HASH_DEL (d->topics, t);
        free (t);
    }
    DL_APPEND (d->dead, mh);
}

flux_msg_handler_t *flux_msg_handler_create (flux_t *h, struct flux_match match,
                                             flux_msg_handler_f cb, void *arg)
{
    struct dispatch *d;
    flux_msg_handler_t *mh;

    if (!h || !cb) {
        errno = EINVAL;
        return NULL;
    }
    if (!(d = dispatch_get (h)) || !(mh = calloc (1, sizeof (*mh))))
        return NULL;
    mh->match = match;
    if (match.topic_glob && !(mh->match.topic_glob = strdup (match.topic_glob))) {
        free (mh);
        return NULL;
    }
    mh->d = d;
    mh->cb = cb;
    mh->arg = arg;
    mh->rolemask = FLUX_ROLE_OWNER;
    if (!is_exact_request (&mh->match))
        DL_PREPEND (d->others, mh);
    else if (add_exact (d, mh) < 0) {
        flux_match_free (mh->match);
        free (mh);
        return NULL;
    }
    d->refcount++;
    return mh;
}

void flux_msg_handler_start (flux_msg_handler_t *mh)
{
    if (mh && !mh->running) {
        mh->running = true;
        hold (mh->d);
    }
}

void flux_msg_handler_stop (flux_msg_handler_t *mh)
{
    if (mh && mh->running) {
        mh->running = false;
        unhold (mh->d);
    }
}

void flux_msg_handler_destroy (flux_msg_handler_t *mh)
{
    int saved_errno = errno;

    if (mh) {
        struct dispatch *d = mh->d;
        d->refcount++;
        flux_msg_handler_stop (mh);
        mh->destroyed = true;
        if (mh->topic)
            remove_exact (d, mh);
        remove_destroyed (d);
        dispatch_decref (d);
    }
    errno = saved_errno;
}

void flux_msg_handler_allow_rolemask (flux_msg_handler_t *mh, uint32_t rolemask)
{
    if (mh)
        mh->rolemask |= rolemask;
}

void flux_msg_handler_deny_rolemask (flux_msg_handler_t *mh, uint32_t rolemask)
{
    if (mh)
        mh->rolemask = (mh->rolemask & ~rolemask) | FLUX_ROLE_OWNER;
}

static flux_msg_handler_t *add_spec (flux_t *h, const char *service_name,
                                     const struct flux_msg_handler_spec *spec, void *arg)
{
    struct flux_match match = {.typemask = spec->typemask, .topic_glob = spec->topic_glob};
    char *topic = NULL;

    if (service_name) {
        if (asprintf (&topic, "%s.%s", service_name, spec->topic_glob) < 0)
            return NULL;
        match.topic_glob = topic;
    }
    flux_msg_handler_t *mh = flux_msg_handler_create (h, match, spec->cb, arg);
    free (topic);
    flux_msg_handler_allow_rolemask (mh, spec->rolemask);
    flux_msg_handler_start (mh);
    return mh;
}

int flux_msg_handler_addvec_ex (flux_t *h, const char *service_name,
                                const struct flux_msg_handler_spec tab[], void *arg,
                                flux_msg_handler_t **msg_handlers[])
{
    flux_msg_handler_t **vec;
    int n = 0;

    if (!h || !tab || !msg_handlers) {
        errno = EINVAL;
        return -1;
    }
    while (tab[n].typemask || tab[n].topic_glob || tab[n].cb || tab[n].rolemask)
        n++;
    if (!(vec = calloc (n + 1, sizeof (*vec))))
        return -1;
    for (int i = 0; i < n; i++) {
        if (!(vec[i] = add_spec (h, service_name, &tab[i], arg))) {
            flux_msg_handler_delvec (vec);
            return -1;
        }
    }
    *msg_handlers = vec;
    return 0;
}

int flux_msg_handler_addvec (flux_t *h, const struct flux_msg_handler_spec tab[], void *arg,
                             flux_msg_handler_t **msg_handlers[])
{
    return flux_msg_handler_addvec_ex (h, NULL, tab, arg, msg_handlers);
}

void flux_msg_handler_delvec (flux_msg_handler_t *msg_handlers[])
{
    for (int i = 0; msg_handlers && msg_handlers[i]; i++)
        flux_msg_handler_destroy (msg_handlers[i]);
    free (msg_handlers);
}

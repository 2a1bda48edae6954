/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Messages to message handlers. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>
#include <flux/msglist.h>
#include <flux/response.h>

#include "lib/client/dispatch_struct.h"
#include "lib/client/handle_private.h"
#include "lib/client/reactor_private.h"

#define MESSAGES_PER_TURN 64

static void on_messages (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg);

void dispatch_decref (struct dispatch *d)
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

struct dispatch *dispatch_get (flux_t *h)
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

void dispatch_want (struct dispatch *d)
{
    if (d->held++ == 0)
        flux_watcher_start (d->w);
}

void dispatch_unwant (struct dispatch *d)
{
    if (--d->held == 0)
        flux_watcher_stop (d->w);
}

struct dispatch *dispatch_hold (flux_t *h)
{
    struct dispatch *d = dispatch_get (h);

    if (d) {
        d->refcount++;
        dispatch_want (d);
    }
    return d;
}

void dispatch_let_go (struct dispatch *d)
{
    if (d) {
        dispatch_unwant (d);
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

/* The handler of an RPC, which asked for one matchtag, whatever others have come since. */
static flux_msg_handler_t *find_rpc (struct dispatch *d, const flux_msg_t *msg)
{
    for (flux_msg_handler_t *mh = d->others; mh; mh = mh->next)
        if (mh->running && mh->match.matchtag != FLUX_MATCHTAG_NONE &&
            flux_msg_cmp (msg, mh->match))
            return mh;
    return NULL;
}

/* Handlers that a callback destroys stay on the list, marked, until all are through. */
static bool deliver (struct dispatch *d, const flux_msg_t *msg, int type)
{
    flux_msg_handler_t *mh = NULL, *next;
    bool matched = false;

    if (type == FLUX_MSGTYPE_REQUEST)
        mh = find_exact (d, msg);
    else if (type == FLUX_MSGTYPE_RESPONSE)
        mh = find_rpc (d, msg);
    if (mh) {
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

void dispatch_bury (struct dispatch *d)
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
    dispatch_bury (d);
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

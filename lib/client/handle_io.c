/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Messages out of and into a handle, and the responses among them to whom they belong. */

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <flux/msglist.h>

#include "lib/client/future_private.h"
#include "lib/client/handle_private.h"
#include "lib/client/handle_struct.h"
#include "lib/client/tags.h"
#include "lib/codec/msgio.h"
#include "lib/util/fail.h"
#include "lib/util/monotime.h"

#define LATER_MAX (64 * 1024) // bytes

uint32_t handle_tag_bind (flux_t *h, flux_future_t *f)
{
    return tags_alloc (h->root->tags, f);
}

void handle_tag_release (flux_t *h, uint32_t tag)
{
    tags_free (h->root->tags, tag);
}

void handle_tag_forget (flux_t *h, uint32_t tag)
{
    if (h->flags & FLUX_O_MATCHDEBUG)
        fprintf (stderr, "MATCHDEBUG: matchtag %u is given up with responses to come\n", tag);
    tags_orphan (h->root->tags, tag);
}

uint32_t flux_matchtag_alloc (flux_t *h)
{
    if (!h) {
        errno = EINVAL;
        return FLUX_MATCHTAG_NONE;
    }
    return tags_alloc (h->root->tags, NULL);
}

void flux_matchtag_free (flux_t *h, uint32_t matchtag)
{
    if (h)
        tags_free (h->root->tags, matchtag);
}

uint32_t flux_matchtag_avail (flux_t *h)
{
    return h ? UINT32_MAX - 1 - tags_used (h->root->tags) : 0;
}

bool handle_take_response (flux_t *h, const flux_msg_t *msg)
{
    int type, errnum = 0;
    uint32_t tag;
    void *owner = NULL;

    if (flux_msg_get_type (msg, &type) < 0 || type != FLUX_MSGTYPE_RESPONSE ||
        flux_msg_route_count (msg) > 0 || flux_msg_get_matchtag (msg, &tag) < 0)
        return false;
    switch (tags_state (h->root->tags, tag, &owner)) {
    case TAG_USED:
        if (owner)
            rpc_response (owner, msg);
        return owner != NULL;
    case TAG_ORPHAN: // the last response of all
        flux_msg_get_errnum (msg, &errnum);
        if (!flux_msg_is_streaming (msg) || errnum != 0)
            tags_free (h->root->tags, tag);
        return true;
    default:
        return false;
    }
}

static void count (const flux_msg_t *msg, flux_msgcounters_t *c, bool tx)
{
    int type = 0;

    flux_msg_get_type (msg, &type);
    switch (type) {
    case FLUX_MSGTYPE_REQUEST:
        ++*(tx ? &c->request_tx : &c->request_rx);
        break;
    case FLUX_MSGTYPE_RESPONSE:
        ++*(tx ? &c->response_tx : &c->response_rx);
        break;
    case FLUX_MSGTYPE_EVENT:
        ++*(tx ? &c->event_tx : &c->event_rx);
        break;
    default:
        ++*(tx ? &c->control_tx : &c->control_rx);
    }
}

void flux_get_msgcounters (flux_t *h, flux_msgcounters_t *mcs)
{
    *mcs = h->root->counters;
}

void flux_clr_msgcounters (flux_t *h)
{
    memset (&h->root->counters, 0, sizeof (h->root->counters));
}

static void trace (flux_t *h, const flux_msg_t *msg)
{
    if (h->flags & FLUX_O_TRACE) {
        if (h->trace_start == 0.)
            h->trace_start = monotime_now ();
        flux_msg_fprint_ts (stderr, msg, monotime_now () - h->trace_start);
    }
}

static int send_root (flux_t *h, const flux_msg_t *msg, int flags)
{
    if (!h->ops->send || h->closing)
        return fail (ENOSYS);
    count (msg, &h->counters, true);
    trace (h, msg);
    while (h->ops->send (h->impl, msg, flags) < 0)
        if (handle_comms_error (h, errno) < 0)
            return -1;
    return 0;
}

int flux_send (flux_t *h, const flux_msg_t *msg, int flags)
{
    if (!h || !msg || (flags & ~(FLUX_O_NONBLOCK | FLUX_O_TRACE)))
        return fail (EINVAL);
    return send_root (h->root, msg, flags | h->flags);
}

void handle_send_now (flux_t *h)
{
    if (h->later_in) {
        reactor_row_end_remove (h->later_in, &h->later);
        h->later_in = NULL;
        (void)msgio_flush (h->io); // what it leaves is seen to by who reads, as are errors
    }
}

static void on_row_end (struct ready *item)
{
    handle_send_now ((flux_t *)((char *)item - offsetof (struct flux_handle, later)));
}

/* Whoever sends into a full socket waits for it to drain, as ever. */
static bool may_wait (flux_t *h, flux_reactor_t *r)
{
    return r && h->root->io && !(h->flags & FLUX_O_NONBLOCK) && reactor_in_row (r) &&
           msgio_pending (h->root->io) < LATER_MAX &&
           (!h->root->later_in || h->root->later_in == r);
}

int handle_send_rpc (flux_t *h, flux_msg_t *msg)
{
    flux_reactor_t *r = flux_aux_get (h, "flux::reactor");
    flux_t *root = h->root;

    if (!may_wait (h, r)) {
        if (send_root (root, msg, h->flags) < 0)
            return -1;
    } else {
        if (send_root (root, msg, h->flags | HANDLE_O_LATER) < 0)
            return -1;
        root->later.cb = on_row_end;
        root->later_in = r;
        reactor_row_end (r, &root->later);
    }
    flux_msg_destroy (msg);
    return 0;
}

int flux_send_new (flux_t *h, flux_msg_t **msg, int flags)
{
    if (!msg || !*msg)
        return fail (EINVAL);
    if (flux_send (h, *msg, flags) < 0)
        return -1;
    flux_msg_destroy (*msg);
    *msg = NULL;
    return 0;
}

/* The next message from outside. */
flux_msg_t *handle_recv_new (flux_t *h, int flags)
{
    flux_msg_t *msg;

    if (!h->ops->recv) {
        errno = ENOSYS;
        return NULL;
    }
    while (!(msg = (flux_msg_t *)flux_msglist_pop (h->lost)) &&
           !(msg = h->ops->recv (h->impl, flags))) {
        if (errno == EAGAIN || errno == EWOULDBLOCK || handle_comms_error (h, errno) < 0)
            return NULL;
    }
    count (msg, &h->counters, false);
    trace (h, msg);
    return msg;
}

static flux_msg_t *recv_any (flux_t *h, int flags)
{
    flux_msg_t *msg = (flux_msg_t *)flux_msglist_pop (h->queue);

    return msg ? msg : handle_recv_new (h, flags);
}

/* Put messages that were passed over back in front, in their order. */
static int put_back (flux_t *h, struct flux_msglist *skipped)
{
    const flux_msg_t *msg;
    int rc = 0;

    while (skipped && (msg = flux_msglist_last (skipped))) {
        if (flux_msglist_push (h->queue, msg) < 0)
            rc = -1;
        flux_msglist_delete (skipped);
    }
    if (flux_msglist_count (h->queue) > 0)
        handle_ring (h);
    return rc;
}

static int skip (struct flux_msglist **skipped, flux_msg_t *msg)
{
    if (!*skipped && !(*skipped = flux_msglist_create ()))
        return -1;
    int rc = flux_msglist_append (*skipped, msg);
    flux_msg_decref (msg);
    return rc;
}

flux_msg_t *flux_recv (flux_t *h, struct flux_match match, int flags)
{
    struct flux_msglist *skipped = NULL;
    flux_msg_t *msg;

    if (!h || (flags & ~(FLUX_O_NONBLOCK | FLUX_O_TRACE))) {
        errno = EINVAL;
        return NULL;
    }
    flags |= h->flags;
    h = h->root;
    while ((msg = recv_any (h, flags)) && !flux_msg_cmp (msg, match)) {
        if (skip (&skipped, msg) < 0) {
            msg = NULL;
            break;
        }
    }
    int errnum = errno;
    if (skipped)
        put_back (h, skipped);
    flux_msglist_destroy (skipped);
    errno = errnum;
    return msg;
}

int flux_requeue (flux_t *h, const flux_msg_t *msg, int flags)
{
    int rc;

    if (!h || !msg || (h->flags & FLUX_O_NOREQUEUE) ||
        (flags != FLUX_RQ_HEAD && flags != FLUX_RQ_TAIL))
        return fail (EINVAL);
    h = h->root;
    if (flags == FLUX_RQ_HEAD)
        rc = flux_msglist_push (h->queue, msg);
    else
        rc = flux_msglist_append (h->queue, msg);
    if (rc == 0)
        handle_ring (h);
    return rc;
}

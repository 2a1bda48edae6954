/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The handle: a connector, messages put back, matchtags, and what hangs on it. A clone has only its
 * own aux items and dispatch; all else is done by the handle it was cloned from. */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <flux/msglist.h>

#include "lib/client/future_private.h"
#include "lib/client/handle_private.h"
#include "lib/client/tags.h"
#include "lib/codec/msgio.h"
#include "lib/util/aux.h"
#include "lib/util/monotime.h"

struct flux_handle {
    flux_t *root; // itself, unless a clone
    int refcount;
    int flags;
    struct aux_item *aux;
    struct dispatch *dispatch;
    bool closing;

    // of the root only
    const struct flux_handle_ops *ops;
    void *impl;
    struct msgio *io; // of our own stream connector
    struct tags *tags;
    struct flux_msglist *queue; // put back, and to be received first
    int pollfd;                 // -1 until asked for
    int queue_eventfd;
    flux_comms_error_f comms_error;
    void *comms_error_arg;
    bool in_comms_error;
    flux_msgcounters_t counters;
    double trace_start;
    flux_free_f on_closed;
    void *on_closed_arg;
};

static int fail (int errnum)
{
    errno = errnum;
    return -1;
}

flux_t *handle_root (flux_t *h)
{
    return h->root;
}

struct dispatch *handle_dispatch (flux_t *h)
{
    return h->dispatch;
}

void handle_set_dispatch (flux_t *h, struct dispatch *d)
{
    h->dispatch = d;
}

struct msgio *handle_msgio (flux_t *h)
{
    return h->root->io;
}

flux_t *flux_handle_create (void *impl, const struct flux_handle_ops *ops, int flags)
{
    flux_t *h = calloc (1, sizeof (*h));

    if (!h)
        return NULL;
    h->root = h;
    h->refcount = 1;
    h->flags = flags;
    h->pollfd = h->queue_eventfd = -1;
    if (!(h->tags = tags_create ()) || !(h->queue = flux_msglist_create ())) {
        tags_destroy (h->tags);
        free (h);
        return NULL;
    }
    h->ops = ops;
    h->impl = impl;
    return h;
}

void handle_set_msgio (flux_t *h, struct msgio *io)
{
    h->io = io;
}

void handle_abandon (flux_t *h)
{
    h->ops = NULL;
    flux_handle_destroy (h);
}

void handle_on_closed (flux_t *h, flux_free_f cb, void *arg)
{
    h->on_closed = cb;
    h->on_closed_arg = arg;
}

flux_t *flux_clone (flux_t *orig)
{
    flux_t *h;

    if (!orig) {
        errno = EINVAL;
        return NULL;
    }
    if (!(h = calloc (1, sizeof (*h))))
        return NULL;
    h->root = flux_incref (orig->root);
    h->refcount = 1;
    h->flags = orig->flags | FLUX_O_CLONE;
    h->pollfd = h->queue_eventfd = -1;
    return h;
}

flux_t *flux_incref (flux_t *h)
{
    if (h)
        h->refcount++;
    return h;
}

static void root_fini (flux_t *h)
{
    if (h->pollfd >= 0)
        close (h->pollfd);
    if (h->queue_eventfd >= 0)
        close (h->queue_eventfd);
    if (h->ops && h->ops->impl_destroy)
        h->ops->impl_destroy (h->impl);
    if (h->on_closed)
        h->on_closed (h->on_closed_arg);
    if ((h->flags & FLUX_O_MATCHDEBUG) && tags_used (h->tags) > 0)
        fprintf (stderr, "MATCHDEBUG: %u matchtags still in use\n", tags_used (h->tags));
    tags_destroy (h->tags);
    flux_msglist_destroy (h->queue);
}

void flux_handle_destroy (flux_t *h)
{
    if (!h || --h->refcount > 0 || h->closing)
        return;
    int saved_errno = errno;
    h->closing = true;
    aux_destroy (&h->aux);
    if (h->root == h)
        root_fini (h);
    else
        flux_handle_destroy (h->root);
    free (h);
    errno = saved_errno;
}

void flux_close (flux_t *h)
{
    flux_handle_destroy (h);
}

void flux_decref (flux_t *h)
{
    flux_handle_destroy (h);
}

int flux_reconnect (flux_t *h)
{
    if (!h)
        return fail (EINVAL);
    h = h->root;
    if (!h->ops->reconnect)
        return fail (ENOSYS);
    return h->ops->reconnect (h->impl);
}

static void reactor_destroy_cb (void *arg)
{
    flux_reactor_destroy (arg);
}

int flux_set_reactor (flux_t *h, flux_reactor_t *r)
{
    if (!h || !r)
        return fail (EINVAL);
    if (aux_get (h->aux, "flux::reactor"))
        return fail (EEXIST);
    return aux_set (&h->aux, "flux::reactor", r, NULL);
}

flux_reactor_t *flux_get_reactor (flux_t *h)
{
    flux_reactor_t *r;

    if (!h) {
        errno = EINVAL;
        return NULL;
    }
    if ((r = aux_get (h->aux, "flux::reactor")))
        return r;
    if ((r = flux_reactor_create (0)) &&
        aux_set (&h->aux, "flux::reactor", r, reactor_destroy_cb) < 0) {
        flux_reactor_destroy (r);
        return NULL;
    }
    return r;
}

int flux_opt_set (flux_t *h, const char *option, const void *val, size_t len)
{
    if (!h || !option || !h->root->ops->setopt)
        return fail (EINVAL);
    return h->root->ops->setopt (h->root->impl, option, val, len);
}

int flux_opt_get (flux_t *h, const char *option, void *val, size_t len)
{
    if (!h || !option || !h->root->ops->getopt)
        return fail (EINVAL);
    return h->root->ops->getopt (h->root->impl, option, val, len);
}

void flux_comms_error_set (flux_t *h, flux_comms_error_f fun, void *arg)
{
    h->root->comms_error = fun;
    h->root->comms_error_arg = arg;
}

/* 0: try again. */
static int comms_error (flux_t *h, int errnum)
{
    int rc = -1;

    errno = errnum;
    if (h->comms_error && !h->in_comms_error) {
        h->in_comms_error = true;
        rc = h->comms_error (h, h->comms_error_arg);
        h->in_comms_error = false;
    }
    return rc;
}

void *flux_aux_get (flux_t *h, const char *name)
{
    if (!h) {
        errno = EINVAL;
        return NULL;
    }
    return aux_get (h->aux, name);
}

int flux_aux_set (flux_t *h, const char *name, void *aux, flux_free_f destroy)
{
    return h ? aux_set (&h->aux, name, aux, destroy) : fail (EINVAL);
}

#define FLAGS_SETTABLE                                                                             \
    (FLUX_O_TRACE | FLUX_O_CLONE | FLUX_O_NONBLOCK | FLUX_O_MATCHDEBUG | FLUX_O_TEST_NOSUB)

void flux_flags_set (flux_t *h, int flags)
{
    h->flags |= flags & FLAGS_SETTABLE;
}

void flux_flags_unset (flux_t *h, int flags)
{
    h->flags &= ~flags;
}

int flux_flags_get (flux_t *h)
{
    return h->flags;
}

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

int flux_send (flux_t *h, const flux_msg_t *msg, int flags)
{
    if (!h || !msg || (flags & ~(FLUX_O_NONBLOCK | FLUX_O_TRACE)))
        return fail (EINVAL);
    flags |= h->flags;
    h = h->root;
    if (!h->ops->send || h->closing)
        return fail (ENOSYS);
    count (msg, &h->counters, true);
    trace (h, msg);
    while (h->ops->send (h->impl, msg, flags) < 0)
        if (comms_error (h, errno) < 0)
            return -1;
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
static flux_msg_t *recv_new (flux_t *h, int flags)
{
    flux_msg_t *msg;

    if (!h->ops->recv) {
        errno = ENOSYS;
        return NULL;
    }
    while (!(msg = h->ops->recv (h->impl, flags))) {
        if (errno == EAGAIN || errno == EWOULDBLOCK || comms_error (h, errno) < 0)
            return NULL;
    }
    count (msg, &h->counters, false);
    trace (h, msg);
    return msg;
}

static flux_msg_t *recv_any (flux_t *h, int flags)
{
    flux_msg_t *msg = (flux_msg_t *)flux_msglist_pop (h->queue);

    return msg ? msg : recv_new (h, flags);
}

static void ring (flux_t *h)
{
    uint64_t one = 1;

    if (h->queue_eventfd >= 0 && write (h->queue_eventfd, &one, sizeof (one)) < 0) {
        // it rings already
    }
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
        ring (h);
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
        ring (h);
    return rc;
}

bool handle_has_message (flux_t *h)
{
    h = h->root;
    if (flux_msglist_count (h->queue) > 0)
        return true;
    if (h->io)
        return msgio_ready (h->io);
    return h->ops->pollevents && (h->ops->pollevents (h->impl) & FLUX_POLLIN);
}

bool handle_fd_is_plain (flux_t *h)
{
    return h->root->io != NULL;
}

int handle_watch_fd (flux_t *h)
{
    return h->root->io ? msgio_fd (h->root->io) : flux_pollfd (h);
}

static int add_fd (int epfd, int fd, uint32_t events)
{
    struct epoll_event ev = {.events = EPOLLET | events, .data.fd = fd};

    return fd < 0 ? -1 : epoll_ctl (epfd, EPOLL_CTL_ADD, fd, &ev);
}

int flux_pollfd (flux_t *h)
{
    if (!h)
        return fail (EINVAL);
    h = h->root;
    if (h->pollfd >= 0)
        return h->pollfd;
    if ((h->pollfd = epoll_create1 (EPOLL_CLOEXEC)) < 0)
        return -1;
    h->queue_eventfd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (add_fd (h->pollfd, h->queue_eventfd, EPOLLIN) < 0 ||
        (h->ops->pollfd && add_fd (h->pollfd, h->ops->pollfd (h->impl), EPOLLIN | EPOLLOUT) < 0)) {
        close (h->pollfd);
        h->pollfd = -1;
        return -1;
    }
    if (flux_msglist_count (h->queue) > 0)
        ring (h);
    return h->pollfd;
}

int flux_pollevents (flux_t *h)
{
    struct epoll_event ev;
    int events = 0;

    if (!h)
        return fail (EINVAL);
    h = h->root;
    // what the fd told is taken note of here
    while (h->pollfd >= 0 && epoll_wait (h->pollfd, &ev, 1, 0) == 1)
        ;
    if (h->ops->pollevents && (events = h->ops->pollevents (h->impl)) < 0)
        return -1;
    if (flux_msglist_count (h->queue) > 0)
        events |= FLUX_POLLIN;
    // what came in before the connection broke is still to be had
    if ((events & FLUX_POLLERR) && (events & FLUX_POLLIN))
        events &= ~FLUX_POLLERR;
    if ((events & FLUX_POLLERR) && comms_error (h, ECONNRESET) == 0)
        events &= ~FLUX_POLLERR;
    return events;
}

static int wait_readable (flux_t *h, double deadline)
{
    double left = deadline - monotime_now ();
    struct pollfd pfd = {.fd = handle_watch_fd (h), .events = POLLIN};

    if (pfd.fd < 0)
        return -1;
    if (deadline < 0.)
        left = -1.;
    else if (left <= 0.)
        return fail (ETIMEDOUT);
    int ms = left < 0. ? -1 : left > 1e6 ? 1000000000 : (int)(left * 1e3) + 1;
    if (poll (&pfd, 1, ms) < 0 && errno != EINTR)
        return -1;
    return 0;
}

/* Responses that came while somebody waited for something else. */
static void take_from_queue (flux_t *h)
{
    const flux_msg_t *msg;

    for (msg = flux_msglist_first (h->queue); msg; msg = flux_msglist_next (h->queue))
        if (handle_take_response (h, msg))
            flux_msglist_delete (h->queue);
}

static int wait_loop (flux_t *h, flux_future_t *f, double deadline)
{
    take_from_queue (h);
    while (!flux_future_is_ready (f)) {
        // without a deadline the connector waits, which saves a poll
        int flags = deadline < 0. && h->io ? h->flags & ~FLUX_O_NONBLOCK : FLUX_O_NONBLOCK;
        flux_msg_t *msg = recv_new (h, flags);
        int rc = 0;
        if (msg && !handle_take_response (h, msg) &&
            (rc = flux_msglist_append (h->queue, msg)) == 0)
            ring (h);
        flux_msg_destroy (msg);
        if (rc < 0 || (!msg && errno != EAGAIN && errno != EWOULDBLOCK))
            return -1;
        if (!msg && wait_readable (h, deadline) < 0)
            return -1;
    }
    return 0;
}

int handle_wait (flux_t *h, flux_future_t *f, double timeout)
{
    double deadline = timeout < 0. ? -1. : monotime_now () + timeout;

    h = flux_incref (h->root);
    int rc = wait_loop (h, f, deadline);
    flux_decref (h);
    return rc;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Knowing whether a handle has messages, and waiting for one. */

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <flux/msglist.h>

#include "lib/client/handle_private.h"
#include "lib/client/handle_struct.h"
#include "lib/codec/msgio.h"
#include "lib/util/fail.h"
#include "lib/util/monotime.h"

void handle_ring (flux_t *h)
{
    uint64_t one = 1;

    if (h->queue_eventfd >= 0 && write (h->queue_eventfd, &one, sizeof (one)) < 0) {
        // it rings already
    }
}

static bool has_queued (const flux_t *h)
{
    return flux_msglist_count (h->queue) > 0 || flux_msglist_count (h->lost) > 0;
}

bool handle_has_message (flux_t *h)
{
    h = h->root;
    if (has_queued (h))
        return true;
    if (h->io)
        return msgio_ready (h->io);
    return h->ops->pollevents && (h->ops->pollevents (h->impl) & FLUX_POLLIN);
}

bool handle_has_output (flux_t *h)
{
    return h->root->io && msgio_pending (h->root->io) > 0;
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

int handle_poll_connector (flux_t *h)
{
    return h->ops->pollfd ? add_fd (h->pollfd, h->ops->pollfd (h->impl), EPOLLIN | EPOLLOUT) : 0;
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
    if (add_fd (h->pollfd, h->queue_eventfd, EPOLLIN) < 0 || handle_poll_connector (h) < 0) {
        close (h->pollfd);
        h->pollfd = -1;
        return -1;
    }
    if (has_queued (h))
        handle_ring (h);
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
    if (has_queued (h))
        events |= FLUX_POLLIN;
    // what came in before the connection broke is still to be had
    if ((events & FLUX_POLLERR) && (events & FLUX_POLLIN))
        events &= ~FLUX_POLLERR;
    if ((events & FLUX_POLLERR) && handle_comms_error (h, ECONNRESET) == 0)
        events = has_queued (h) ? FLUX_POLLIN : 0;
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
        flux_msg_t *msg = handle_recv_new (h, flags);
        int rc = 0;
        if (msg && !handle_take_response (h, msg) &&
            (rc = flux_msglist_append (h->queue, msg)) == 0)
            handle_ring (h);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* loop:// gives back what is sent, to test with. */

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <flux/msglist.h>

#include "lib/client/handle_private.h"

struct loop {
    struct flux_msglist *queue;
    int eventfd;
    struct flux_msg_cred cred;
};

static int loop_send (void *impl, const flux_msg_t *msg, int flags)
{
    struct loop *l = impl;
    flux_msg_t *cpy = flux_msg_copy (msg, true);
    struct flux_msg_cred cred;
    uint64_t one = 1;

    if (!cpy)
        return -1;
    // as a broker does for a message of its owner
    flux_msg_get_cred (cpy, &cred);
    if (cred.userid == FLUX_USERID_UNKNOWN)
        cred.userid = l->cred.userid;
    if (cred.rolemask == FLUX_ROLE_NONE)
        cred.rolemask = l->cred.rolemask;
    flux_msg_set_cred (cpy, cred);
    int rc = flux_msglist_append (l->queue, cpy);
    flux_msg_destroy (cpy);
    if (rc == 0 && write (l->eventfd, &one, sizeof (one)) < 0 && errno != EAGAIN)
        return -1;
    return rc;
}

static flux_msg_t *loop_recv (void *impl, int flags)
{
    struct loop *l = impl;
    flux_msg_t *msg = (flux_msg_t *)flux_msglist_pop (l->queue);

    if (!msg)
        errno = EAGAIN; // waiting would be for ever
    return msg;
}

static int loop_pollevents (void *impl)
{
    struct loop *l = impl;

    return FLUX_POLLOUT | (flux_msglist_count (l->queue) > 0 ? FLUX_POLLIN : 0);
}

static int loop_pollfd (void *impl)
{
    return ((struct loop *)impl)->eventfd;
}

static void loop_destroy (void *impl)
{
    struct loop *l = impl;

    flux_msglist_destroy (l->queue);
    if (l->eventfd >= 0)
        close (l->eventfd);
    free (l);
}

static const struct flux_handle_ops loop_ops = {
    .pollfd = loop_pollfd,
    .pollevents = loop_pollevents,
    .send = loop_send,
    .recv = loop_recv,
    .impl_destroy = loop_destroy,
};

flux_t *loop_open (const char *path, int flags, flux_error_t *errp)
{
    struct loop *l = calloc (1, sizeof (*l));
    flux_t *h;

    if (!l)
        return NULL;
    l->cred = (struct flux_msg_cred){getuid (), FLUX_ROLE_OWNER};
    l->eventfd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
    l->queue = flux_msglist_create ();
    if (l->eventfd < 0 || !l->queue || !(h = flux_handle_create (l, &loop_ops, flags))) {
        loop_destroy (l);
        return NULL;
    }
    return h;
}

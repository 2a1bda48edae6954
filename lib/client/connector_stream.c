/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Handles over a stream socket with RFC 3's local framing: local:// after the greeting, fd://
 * without one. */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lib/client/handle_private.h"
#include "lib/codec/msgio.h"
#include "lib/util/errprintf.h"
#include "lib/util/fail.h"
#include "lib/util/fdutil.h"

#define GREETING_TIMEOUT_MS 60000
#define CONNECT_TRIES 6
#define CONNECT_DELAY_NS 10000000 // doubled each time: 0.3 s in all

struct stream {
    struct msgio *io;
    flux_t *h;
    char *path;                   // of the broker's socket, to connect to it again
    struct flux_msg_cred testing; // pretend to be somebody
    bool is_testing;
    bool nonblock; // the last send
};

static int wait_for (const struct stream *s, short events)
{
    struct pollfd pfd = {.fd = msgio_fd (s->io), .events = events};

    if (poll (&pfd, 1, -1) < 0 && errno != EINTR)
        return -1;
    return 0;
}

/* Write what is queued; waits unless nonblock. */
static int flush (struct stream *s, bool nonblock)
{
    int rc;

    while ((rc = msgio_flush (s->io)) > 0) {
        if (nonblock)
            return 0;
        if (wait_for (s, POLLOUT) < 0)
            return -1;
    }
    return rc;
}

static int queue (struct stream *s, const flux_msg_t *msg)
{
    if (!s->is_testing)
        return msgio_send (s->io, msg);
    flux_msg_t *cpy = flux_msg_copy (msg, true);
    if (!cpy)
        return -1;
    flux_msg_set_cred (cpy, s->testing);
    int rc = msgio_send (s->io, cpy);
    flux_msg_destroy (cpy);
    return rc;
}

static int stream_send (void *impl, const flux_msg_t *msg, int flags)
{
    struct stream *s = impl;
    bool nonblock = s->nonblock = flags & FLUX_O_NONBLOCK;

    // when not waiting, at most one message stays behind, which later calls go on with
    if (nonblock && msgio_pending (s->io) > 0) {
        if (flush (s, true) < 0)
            return -1;
        if (msgio_pending (s->io) > 0)
            return fail (EAGAIN);
    }
    if (queue (s, msg) < 0)
        return -1;
    return flags & HANDLE_O_LATER ? 0 : flush (s, nonblock);
}

static flux_msg_t *stream_recv (void *impl, int flags)
{
    struct stream *s = impl;
    flux_msg_t *msg;

    while (!(msg = msgio_next (s->io)) && errno == EAGAIN) {
        if (msgio_pending (s->io) > 0 && flush (s, true) < 0 && errno != EPIPE)
            return NULL;
        if (msgio_fill (s->io) == 0)
            continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            return NULL;
        errno = EAGAIN;
        if ((flags & FLUX_O_NONBLOCK) ||
            wait_for (s, POLLIN | (msgio_pending (s->io) > 0 ? POLLOUT : 0)) < 0)
            return NULL;
    }
    return msg;
}

static int stream_pollfd (void *impl)
{
    struct stream *s = impl;

    return msgio_fd (s->io);
}

static int stream_pollevents (void *impl)
{
    struct stream *s = impl;
    struct pollfd pfd = {.fd = msgio_fd (s->io), .events = POLLIN | POLLOUT};
    int events = msgio_ready (s->io) ? FLUX_POLLIN : 0;

    if (poll (&pfd, 1, 0) < 0)
        return FLUX_POLLERR;
    if ((pfd.revents & POLLOUT) && msgio_pending (s->io) > 0)
        (void)flush (s, true);
    if (pfd.revents & POLLIN)
        events |= FLUX_POLLIN;
    if (pfd.revents & POLLOUT)
        events |= FLUX_POLLOUT;
    if (pfd.revents & (POLLERR | POLLHUP | POLLNVAL))
        events |= FLUX_POLLERR;
    return events;
}

static int stream_setopt (void *impl, const char *option, const void *val, size_t len)
{
    struct stream *s = impl;
    uint32_t *field = NULL;

    if (strcmp (option, FLUX_OPT_TESTING_USERID) == 0)
        field = &s->testing.userid;
    else if (strcmp (option, FLUX_OPT_TESTING_ROLEMASK) == 0)
        field = &s->testing.rolemask;
    if (!field || !val || len != sizeof (*field))
        return fail (EINVAL);
    memcpy (field, val, len);
    s->is_testing = true;
    return 0;
}

static void stream_destroy (void *impl)
{
    struct stream *s = impl;

    (void)flush (s, s->nonblock);
    msgio_destroy (s->io);
    free (s->path);
    free (s);
}

static int local_connect (const char *path, flux_error_t *errp);

static int stream_reconnect (void *impl)
{
    struct stream *s = impl;
    struct msgio *io = NULL;
    int fd;

    if (!s->path)
        return fail (ENOSYS);
    if ((fd = local_connect (s->path, NULL)) < 0)
        return -1;
    if (!(io = msgio_create (fd))) {
        close (fd);
        return -1;
    }
    msgio_destroy (s->io); // with what has not been sent
    s->io = io;
    handle_set_msgio (s->h, io);
    return 0;
}

static const struct flux_handle_ops stream_ops = {
    .setopt = stream_setopt,
    .reconnect = stream_reconnect,
    .pollfd = stream_pollfd,
    .pollevents = stream_pollevents,
    .send = stream_send,
    .recv = stream_recv,
    .impl_destroy = stream_destroy,
};

/* On failure fd is still the caller's. */
flux_t *stream_handle_create (int fd, int flags)
{
    struct stream *s = calloc (1, sizeof (*s));
    flux_t *h = NULL;

    if (!s)
        return NULL;
    s->testing = (struct flux_msg_cred){FLUX_USERID_UNKNOWN, FLUX_ROLE_NONE};
    if (!(h = flux_handle_create (s, &stream_ops, flags))) {
        free (s);
        return NULL;
    }
    if (!(s->io = msgio_create (fd))) {
        handle_abandon (h);
        free (s);
        return NULL;
    }
    s->h = h;
    handle_set_msgio (h, s->io);
    return h;
}

static int stream_set_path (flux_t *h, const char *path)
{
    struct stream *s = handle_impl (h);

    return (s->path = strdup (path)) ? 0 : -1;
}

/* A broker may be slow to accept, or just starting to listen. */
static int connect_retry (int fd, const struct sockaddr_un *addr)
{
    struct timespec delay = {.tv_nsec = CONNECT_DELAY_NS / 2};

    for (int i = 0; i < CONNECT_TRIES; i++) {
        if (connect (fd, (const struct sockaddr *)addr, sizeof (*addr)) == 0)
            return 0;
        if (errno != ECONNREFUSED && errno != EAGAIN && errno != EINTR)
            return -1;
        delay.tv_nsec *= 2;
        if (i < CONNECT_TRIES - 1)
            nanosleep (&delay, NULL);
    }
    return -1;
}

/* The byte that says whether this user is let in (RFC 3). */
int stream_read_greeting (int fd)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    unsigned char errnum;
    int rc;

    while ((rc = poll (&pfd, 1, GREETING_TIMEOUT_MS)) < 0 && errno == EINTR)
        ;
    if (rc <= 0)
        return rc < 0 ? -1 : fail (ETIMEDOUT);
    ssize_t n = read (fd, &errnum, 1);
    if (n <= 0)
        return n < 0 ? -1 : fail (ECONNRESET);
    return errnum ? fail (errnum) : 0;
}

static int local_connect (const char *path, flux_error_t *errp)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd;

    if (!*path || strlen (path) >= sizeof (addr.sun_path)) {
        errno = *path ? ENAMETOOLONG : EINVAL;
        return errprintf (errp, "'%s' is no path of a socket", path);
    }
    strcpy (addr.sun_path, path);
    if ((fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
        return errprintf (errp, "socket: %s", strerror (errno));
    if (connect_retry (fd, &addr) < 0) {
        if (errno == ENOENT)
            errprintf (errp, "broker socket %s was not found", path);
        else
            errprintf (errp, "connecting to %s: %s", path, strerror (errno));
        goto error;
    }
    if (stream_read_greeting (fd) < 0) {
        errprintf (errp, "the broker at %s does not let this user in: %s", path, strerror (errno));
        goto error;
    }
    return fd;
error:;
    int saved_errno = errno;
    close (fd);
    errno = saved_errno;
    return -1;
}

flux_t *local_open (const char *path, int flags, flux_error_t *errp)
{
    int fd = local_connect (path, errp);
    flux_t *h;

    if (fd < 0)
        return NULL;
    if (!(h = stream_handle_create (fd, flags)))
        close (fd);
    else if (stream_set_path (h, path) < 0) {
        flux_close (h);
        h = NULL;
    }
    return h;
}

flux_t *fd_open (const char *path, int flags, flux_error_t *errp)
{
    char *end;
    long fd = strtol (path, &end, 10);
    flux_t *h = NULL;

    if (end == path || *end || fd < 0 || fd > 1 << 20)
        errno = EINVAL;
    else if (fd_set_cloexec (fd) == 0)
        h = stream_handle_create (fd, flags);
    if (!h)
        errprintf (errp, "fd://%s: %s", path, strerror (errno));
    return h;
}

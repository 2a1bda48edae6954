/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Connect, send and receive with a deadline. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/bootstrap/limits.h"
#include "lib/bootstrap/wireup.h"
#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"

/* Wait until fd is ready. -1 with ETIMEDOUT when the deadline passed. */
static int wait_ready (int fd, short events, double deadline)
{
    struct pollfd pfd = {.fd = fd, .events = events};

    for (;;) {
        double left = deadline - monotime_now ();
        int n = poll (&pfd, 1, left <= 0 ? 0 : (int)(left * 1000) + 1);

        if (n > 0)
            return 0;
        if (n == 0 && left <= 0) {
            errno = ETIMEDOUT;
            return -1;
        }
        if (n < 0 && errno != EINTR)
            return -1;
    }
}

static int finish_connect (int fd, double deadline)
{
    int e = 0;
    socklen_t len = sizeof (e);

    if (wait_ready (fd, POLLOUT, deadline) < 0 ||
        getsockopt (fd, SOL_SOCKET, SO_ERROR, &e, &len) < 0)
        return -1;
    errno = e;
    return e == 0 ? 0 : -1;
}

static int connect_one (const char *address, uint16_t port, double deadline)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *ai;
    char service[16];
    int one = 1;
    int fd;

    snprintf (service, sizeof (service), "%u", port);
    if (getaddrinfo (address, service, &hints, &ai) != 0) {
        errno = EINVAL;
        return -1;
    }
    fd = socket (ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect (fd, ai->ai_addr, ai->ai_addrlen) < 0 &&
        (errno != EINPROGRESS || finish_connect (fd, deadline) < 0)) {
        int saved = errno;
        close (fd);
        errno = saved;
        fd = -1;
    }
    if (fd >= 0)
        setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof (one));
    freeaddrinfo (ai);
    return fd;
}

int wireup_connect (const char *addresses, uint16_t port, double deadline, flux_error_t *errp)
{
    char *copy = strdup (addresses);
    char *save = NULL;
    int fd = -1;
    int left = 1;
    int e = EINVAL;

    for (const char *c = addresses; *c; c++)
        left += *c == ',';
    for (char *a = copy ? strtok_r (copy, ",", &save) : NULL; a && fd < 0;
         a = strtok_r (NULL, ",", &save)) {
        /* An address that swallows packets must leave time for those behind it. */
        double now = monotime_now ();
        double share = deadline > now ? (deadline - now) / left : 0;
        left = left > 1 ? left - 1 : 1;
        if ((fd = connect_one (a, port, now + share)) < 0)
            e = errno;
    }
    free (copy);
    if (fd < 0) {
        errno = e;
        return errprintf (errp, "cannot connect to %s port %u: %s", addresses, port, strerror (e));
    }
    return fd;
}

static int send_all (int fd, const char *data, size_t len, double deadline)
{
    while (len > 0) {
        ssize_t n = send (fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n >= 0) {
            data += n;
            len -= n;
        } else if (errno == EAGAIN) {
            if (wait_ready (fd, POLLOUT, deadline) < 0)
                return -1;
        } else if (errno != EINTR)
            return -1;
    }
    return 0;
}

static int recv_all (int fd, char *data, size_t len, double deadline)
{
    while (len > 0) {
        ssize_t n;

        if (wait_ready (fd, POLLIN, deadline) < 0)
            return -1;
        n = recv (fd, data, len, MSG_DONTWAIT);
        if (n > 0) {
            data += n;
            len -= n;
        } else if (n == 0) {
            errno = ECONNRESET;
            return -1;
        } else if (errno != EINTR && errno != EAGAIN)
            return -1;
    }
    return 0;
}

int wireup_send (int fd, const struct sealer *s, const struct wire_record *rec, double deadline,
                 flux_error_t *errp)
{
    struct buf b = {0};
    int rc = seal_record (s, &b, rec, errp);

    if (rc == 0 && (rc = send_all (fd, b.data, b.len, deadline)) < 0)
        errprintf (errp, "wire-up: send: %s", strerror (errno));
    buf_clear (&b);
    return rc;
}

int wireup_recv (int fd, const struct sealer *s, struct wire_record *rec, double deadline,
                 flux_error_t *errp)
{
    char head[4];
    uint32_t len;
    char *body = NULL;
    int rc = -1;

    memset (rec, 0, sizeof (*rec));
    if (recv_all (fd, head, sizeof (head), deadline) < 0)
        return errprintf (errp, "wire-up: %s",
                          errno == ETIMEDOUT    ? "no answer within the time-out"
                          : errno == ECONNRESET ? "the server closed the connection"
                                                : strerror (errno));
    if ((len = wire_get_u32 (head)) > WIREUP_MAX_FRAME) {
        errno = EPROTO;
        return errprintf (errp, "wire-up: a frame of %u bytes is too large", len);
    }
    if (!(body = malloc (len + 1)))
        return errprintf (errp, "wire-up: out of memory");
    if (recv_all (fd, body, len, deadline) < 0)
        errprintf (errp, "wire-up: receive: %s", strerror (errno));
    else
        rc = unseal_record (s, body, len, rec, errp);
    explicit_bzero (body, len);
    free (body);
    return rc;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A connect(2) to learn its errno. */

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/overlay/limits.h"
#include "lib/overlay/probe.h"

static void finish (struct probe *p, int errnum)
{
    probe_stop (p);
    p->cb (errnum, p->arg);
}

static void io_cb (struct ev_loop *loop, ev_io *w, int revents)
{
    struct probe *p = w->data;
    int errnum = 0;
    socklen_t len = sizeof (errnum);

    if (getsockopt (p->fd, SOL_SOCKET, SO_ERROR, &errnum, &len) < 0)
        errnum = errno;
    finish (p, errnum);
}

static void timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct probe *p = w->data;

    finish (p, p->errnum);
}

void probe_init (struct probe *p, struct ev_loop *loop, probe_f cb, void *arg)
{
    memset (p, 0, sizeof (*p));
    p->loop = loop;
    p->cb = cb;
    p->arg = arg;
    p->fd = -1;
    ev_init (&p->w, io_cb);
    ev_init (&p->timer, timer_cb);
    p->w.data = p->timer.data = p;
}

static int connect_fd (const struct sockaddr *addr, socklen_t len)
{
    int fd = socket (addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect (fd, addr, len) < 0 && errno != EINPROGRESS) {
        int saved = errno;
        close (fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static int connect_tcp (const char *where)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *res;
    char host[OVERLAY_URI_MAX + 1], *colon;
    size_t len;
    int fd;

    snprintf (host, sizeof (host), "%s", where);
    errno = EINVAL;
    if (!(colon = strrchr (host, ':')))
        return -1;
    *colon = '\0';
    len = strlen (host);
    if (host[0] == '[' && len > 1 && host[len - 1] == ']') {
        host[len - 1] = '\0';
        memmove (host, host + 1, len - 1);
    }
    if (getaddrinfo (host, colon + 1, &hints, &res) != 0) {
        errno = EINVAL;
        return -1;
    }
    fd = connect_fd (res->ai_addr, res->ai_addrlen);
    freeaddrinfo (res);
    return fd;
}

static int connect_ipc (const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    if (strlen (path) >= sizeof (addr.sun_path)) {
        errno = EINVAL;
        return -1;
    }
    strcpy (addr.sun_path, path);
    return connect_fd ((const struct sockaddr *)&addr, sizeof (addr));
}

void probe_start (struct probe *p, const char *uri, double timeout)
{
    probe_stop (p);
    if (strncmp (uri, "ipc://", 6) == 0)
        p->fd = connect_ipc (uri + 6);
    else
        p->fd = connect_tcp (strncmp (uri, "tcp://", 6) == 0 ? uri + 6 : "");
    p->errnum = p->fd >= 0 ? ETIMEDOUT : errno;
    if (p->fd >= 0) {
        ev_io_set (&p->w, p->fd, EV_WRITE);
        ev_io_start (p->loop, &p->w);
    } else
        timeout = 0; // what connect(2) reported at once also comes from the loop
    ev_timer_set (&p->timer, timeout, 0.);
    ev_timer_start (p->loop, &p->timer);
}

void probe_stop (struct probe *p)
{
    ev_io_stop (p->loop, &p->w);
    ev_timer_stop (p->loop, &p->timer);
    if (p->fd >= 0)
        close (p->fd);
    p->fd = -1;
}

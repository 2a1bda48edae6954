/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Bytes in and out of one connection of the wire-up server. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/bootstrap/conn.h"
#include "lib/bootstrap/limits.h"
#include "lib/bootstrap/record.h"
#include "lib/util/fdutil.h"

struct conn *conn_create (int fd, bool given)
{
    struct conn *c = calloc (1, sizeof (*c));

    if (!c || fd_set_nonblocking (fd) < 0 || fd_set_cloexec (fd) < 0) {
        int saved = errno;
        close (fd);
        free (c);
        errno = saved;
        return NULL;
    }
    c->fd = fd;
    c->rank = CONN_STRANGER;
    c->given = given;
    return c;
}

void conn_destroy (struct conn *c)
{
    int saved = errno;

    if (!c)
        return;
    close (c->fd);
    buf_clear (&c->in);
    buf_clear (&c->out);
    free (c);
    errno = saved;
}

int conn_read (struct conn *c)
{
    char chunk[16384];
    ssize_t n = recv (c->fd, chunk, sizeof (chunk), MSG_DONTWAIT);

    if (n > 0)
        return buf_append (&c->in, chunk, n);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n == 0)
        errno = ECONNRESET;
    return -1;
}

int conn_frame (const struct conn *c, const char **body, size_t *len)
{
    uint32_t n;

    if (c->in.len < 4)
        return 0;
    if ((n = wire_get_u32 (c->in.data)) > WIREUP_MAX_FRAME) {
        errno = EPROTO;
        return -1;
    }
    if (c->in.len - 4 < n)
        return 0;
    *body = c->in.data + 4;
    *len = n;
    return 1;
}

void conn_drop_frame (struct conn *c)
{
    buf_consume (&c->in, 4 + (size_t)wire_get_u32 (c->in.data));
}

int conn_flush (struct conn *c)
{
    while (c->out.len > 0) {
        ssize_t n = send (c->fd, c->out.data, c->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n >= 0)
            buf_consume (&c->out, n);
        else if (errno == EAGAIN)
            return 0;
        else if (errno != EINTR)
            return -1;
    }
    return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Direct links between tasks on different nodes, for large letters or many: ZeroMQ over TCP with
 * CURVE. Keys and endpoint are exchanged through the brokers ("<address>.link"), which prove the
 * user, and only keys that came that way are let in. A link is used once a hello has come back over
 * it, and given up when it breaks; then, and until then, letters take the way over the brokers. No
 * call waits for a link. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include <zmq.h>

#include "lib/tasks/direct_private.h"

#define HEARTBEAT_MS 2000
#define HEARTBEAT_TIMEOUT_MS 10000
#define RECV_MESSAGES 64 // of one sender, that were not read

/* ---- both sides ---- */

struct direct *direct_get (struct flux_tasks *t)
{
    struct direct *d = t->direct;

    if (d)
        return d;
    if (!(d = calloc (1, sizeof (*d))))
        return NULL;
    d->tasks = t;
    if (!(d->zmq = zmq_ctx_new ()) || zmq_curve_keypair (d->public_key, d->secret_key) < 0) {
        direct_destroy (d);
        return NULL;
    }
    zmq_ctx_set (d->zmq, ZMQ_MAX_SOCKETS, 65535);
    return t->direct = d;
}

int direct_set_int (void *sock, int option, int value)
{
    return zmq_setsockopt (sock, option, &value, sizeof (value));
}

int direct_set_str (void *sock, int option, const char *value)
{
    return zmq_setsockopt (sock, option, value, strlen (value));
}

void direct_watch (struct direct *d, void *sock)
{
    int fd;
    size_t len = sizeof (fd);

    if (zmq_getsockopt (sock, ZMQ_FD, &fd, &len) == 0)
        tasks_watch_fd (d->tasks, fd);
}

int direct_set_options (struct direct *d, void *sock)
{
    int64_t max = GROUP_MESSAGE_MAX + LETTER_HEAD_MAX;

    if (direct_set_int (sock, ZMQ_LINGER, 0) < 0 ||
        direct_set_int (sock, ZMQ_SNDHWM, 0) < 0 || // windows limit what is on its way

        direct_set_int (sock, ZMQ_RCVHWM, RECV_MESSAGES) < 0 ||
        zmq_setsockopt (sock, ZMQ_MAXMSGSIZE, &max, sizeof (max)) < 0 ||
        direct_set_int (sock, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS) < 0 ||
        direct_set_int (sock, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS) < 0 ||
        direct_set_str (sock, ZMQ_CURVE_PUBLICKEY, d->public_key) < 0 ||
        direct_set_str (sock, ZMQ_CURVE_SECRETKEY, d->secret_key) < 0)
        return -1;
    return 0;
}

int direct_send_part (void *sock, const void *data, size_t len, int flags)
{
    return zmq_send (sock, data, len, ZMQ_DONTWAIT | flags) < 0 ? -1 : 0;
}

int direct_send_letter (void *sock, const struct letter *l)
{
    unsigned char head[LETTER_HEAD_MAX];

    return direct_send_part (sock, head, letter_encode (l, head), 0);
}

int direct_recv_parts (void *sock, zmq_msg_t *parts, int max)
{
    int n = 0, more = 1;

    while (more) {
        zmq_msg_t msg;
        zmq_msg_init (&msg);
        if (zmq_msg_recv (&msg, sock, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close (&msg);
            break;
        }
        more = zmq_msg_more (&msg);
        if (n < max) {
            zmq_msg_init (&parts[n]);
            zmq_msg_move (&parts[n++], &msg);
        }
        zmq_msg_close (&msg);
    }
    return n;
}

void direct_close_parts (zmq_msg_t *parts, int n)
{
    for (int i = 0; i < n; i++)
        zmq_msg_close (&parts[i]);
}

int direct_decode_part (zmq_msg_t *part, struct letter *l)
{
    const void *data;
    size_t len;

    return letter_decode (l, zmq_msg_data (part), zmq_msg_size (part), &data, &len);
}

/* ---- progress ---- */

bool direct_progress (struct flux_tasks *t)
{
    struct direct *d = t->direct;
    struct direct_link *k, *tmp;
    bool any = d->zap_news && direct_zap_progress (d);

    any |= d->server_news && direct_server_progress (d);
    DL_FOREACH_SAFE (d->links, k, tmp)
    {
        if (k->news || k->monitor_news)
            any |= direct_link_progress (k);
    }
    return any;
}

/* A socket that is only read, until there is nothing left, may be waited for by its fd. That is
 * cheaper than to ask it, which costs system calls for each. */
static zmq_pollitem_t poll_fd (void *sock)
{
    int fd = -1;
    size_t len = sizeof (fd);

    zmq_getsockopt (sock, ZMQ_FD, &fd, &len);
    return (zmq_pollitem_t){NULL, fd, ZMQ_POLLIN, 0};
}

int direct_poll (struct flux_tasks *t, int fd, int timeout_ms)
{
    struct direct *d = t->direct;
    struct direct_link *k;
    int count = 0, n = 0, i = 1;

    DL_COUNT (d->links, k, count);
    zmq_pollitem_t *items = calloc (3 + 2 * (size_t)count, sizeof (*items));
    if (!items)
        return -1;
    items[n++] = (zmq_pollitem_t){NULL, fd, ZMQ_POLLIN, 0};
    if (d->zap)
        items[n++] = poll_fd (d->zap);
    if (d->server && direct_has_room (d))
        items[n++] = (zmq_pollitem_t){d->server, 0, ZMQ_POLLIN, 0};
    DL_FOREACH (d->links, k)
    {
        if (k->sock)
            items[n++] = (zmq_pollitem_t){k->sock, 0, ZMQ_POLLIN, 0};
        if (k->monitor)
            items[n++] = poll_fd (k->monitor);
    }
    int rc = zmq_poll (items, n, timeout_ms);
    if (d->zap)
        d->zap_news |= items[i++].revents != 0;
    if (d->server && direct_has_room (d))
        d->server_news |= items[i++].revents != 0;
    DL_FOREACH (d->links, k)
    {
        if (k->sock)
            k->news |= items[i++].revents != 0;
        if (k->monitor)
            k->monitor_news |= items[i++].revents != 0;
    }
    free (items);
    return rc;
}

void direct_destroy (struct direct *d)
{
    struct allowed *a, *tmp;

    if (!d)
        return;
    HASH_ITER (hh, d->allowed, a, tmp)
    {
        HASH_DEL (d->allowed, a);
        free (a);
    }
    if (d->server)
        zmq_close (d->server);
    if (d->zap)
        zmq_close (d->zap);
    if (d->zmq)
        zmq_ctx_term (d->zmq);
    explicit_bzero (d->secret_key, sizeof (d->secret_key));
    free (d);
}

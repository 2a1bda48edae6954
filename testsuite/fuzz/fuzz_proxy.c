/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* `flux proxy --reconnect` between a transport and two clients: what any of the three sends, in
 * pieces, and transports that are lost. What is sent to the transport must be frames, and what
 * stands in for lost responses messages. */

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <flux/message.h>

#include "lib/util/buf.h"
#include "lib/util/fdutil.h"
#include "shell/cmd/follow.h"
#include "shell/cmd/mux.h"
#include "testsuite/fuzz/fuzz.h"

#define FRAME_MAX 65536

struct proxy {
    struct mux *m;
    int transport[2]; // mux's, ours
    int listener;
    int client[2];
    struct buf sent; // on the transport
};

/* mux_turn() is not to wait. */
int ppoll (struct pollfd *p, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
    return poll (p, n, 0);
}

static int listen_anywhere (struct sockaddr_un *addr, socklen_t *len)
{
    int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    *len = sizeof (addr->sun_family); // the kernel chooses an abstract name
    addr->sun_family = AF_UNIX;
    MUST (fd >= 0 && bind (fd, (struct sockaddr *)addr, *len) == 0 && listen (fd, 4) == 0);
    *len = sizeof (*addr);
    MUST (getsockname (fd, (struct sockaddr *)addr, len) == 0);
    return fd;
}

static void transport_open (struct proxy *p)
{
    MUST (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p->transport) == 0);
    fd_set_nonblocking (p->transport[1]);
}

static void transport_close (struct proxy *p)
{
    close (p->transport[0]);
    close (p->transport[1]);
    buf_clear (&p->sent);
}

static void give (int fd, const void *data, size_t len)
{
    (void)!send (fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void give_frame (struct proxy *p, uint32_t id, const void *data, size_t len)
{
    uint32_t head[2] = {htonl (id), htonl ((uint32_t)len)};

    give (p->transport[1], head, sizeof (head));
    give (p->transport[1], data, len);
}

static void drain (int fd)
{
    char piece[4096];

    while (recv (fd, piece, sizeof (piece), MSG_DONTWAIT) > 0)
        ;
}

static void check_sent (struct proxy *p)
{
    char piece[4096];
    ssize_t n;
    size_t at = 0;
    uint32_t head[2];

    while ((n = recv (p->transport[1], piece, sizeof (piece), MSG_DONTWAIT)) > 0)
        MUST (buf_append (&p->sent, piece, (size_t)n) == 0);
    while (p->sent.len - at >= sizeof (head)) {
        memcpy (head, p->sent.data + at, sizeof (head));
        MUST (ntohl (head[1]) <= FRAME_MAX && head[0] != 0);
        if (p->sent.len - at - sizeof (head) < ntohl (head[1]))
            break;
        at += sizeof (head) + ntohl (head[1]);
    }
    buf_consume (&p->sent, at);
}

static void renew (struct proxy *p)
{
    mux_lost (p->m);
    transport_close (p);
    transport_open (p);
    mux_renew (p->m, p->transport[0], p->transport[0]);
}

static void turn (struct proxy *p)
{
    if (mux_turn (p->m, NULL) < 0)
        renew (p);
    check_sent (p);
    drain (p->client[0]);
    drain (p->client[1]);
}

static void start (struct proxy *p)
{
    struct sockaddr_un addr = {0};
    socklen_t len;

    p->listener = listen_anywhere (&addr, &len);
    transport_open (p);
    p->m = mux_create (p->transport[0], p->transport[0], p->listener, NULL);
    MUST (p->m);
    mux_follow (p->m);
    give_frame (p, 0, "", 1);
    turn (p);
    MUST (mux_is_ready (p->m));
    for (int i = 0; i < 2; i++) {
        p->client[i] = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        MUST (connect (p->client[i], (struct sockaddr *)&addr, len) == 0);
        turn (p);
    }
}

static void stop (struct proxy *p)
{
    mux_destroy (p->m);
    transport_close (p);
    close (p->listener);
    close (p->client[0]);
    close (p->client[1]);
}

/* Every message of out is one. */
static size_t check_messages (const struct buf *out)
{
    size_t n = 0;
    uint32_t head[2];

    for (size_t at = 0; at < out->len; at += sizeof (head) + ntohl (head[1]), n++) {
        MUST (out->len - at >= sizeof (head));
        memcpy (head, out->data + at, sizeof (head));
        MUST (out->len - at - sizeof (head) >= ntohl (head[1]));
        flux_msg_t *msg = flux_msg_decode (out->data + at + sizeof (head), ntohl (head[1]));
        MUST (msg);
        flux_msg_destroy (msg);
    }
    return n;
}

/* The same bytes as one client's, and then as its broker's. */
static void one_connection (const uint8_t *data, size_t size)
{
    struct follow *f = follow_create ();
    struct buf failed = {0}, made = {0};

    MUST (f);
    for (size_t i = 0; i < size; i += 13)
        follow_up (f, (const char *)data + i, size - i < 13 ? size - i : 13);
    follow_restore (f, &made);
    check_messages (&made);
    follow_down (f, "", 1);
    follow_down (f, (const char *)data, size);
    follow_fail (f, &failed);
    check_messages (&failed);
    failed.len = 0;
    follow_fail (f, &failed);
    MUST (failed.len == 0);
    buf_clear (&failed);
    buf_clear (&made);
    follow_destroy (f);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    struct proxy p = {0};

    if (size > 0 && data[0] == 0xff) {
        one_connection (data + 1, size - 1);
        return 0;
    }
    start (&p);
    for (size_t at = 0; at + 2 <= size;) {
        uint8_t op = data[at] % 8, len = data[at + 1];
        const uint8_t *piece = data + at + 2;
        size_t n = size - at - 2 < len ? size - at - 2 : len;

        if (op < 2)
            give (p.client[op], piece, n);
        else if (op < 5)
            give_frame (&p, op - 1, piece, n);
        else if (op == 5)
            give (p.transport[1], piece, n);
        else if (op == 6)
            renew (&p);
        else
            give_frame (&p, 0, piece, n);
        turn (&p);
        at += 2 + n;
    }
    stop (&p);
    return 0;
}

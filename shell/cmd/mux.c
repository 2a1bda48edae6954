/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uthash.h>

#include "lib/util/buf.h"
#include "lib/util/fdutil.h"
#include "shell/cmd/follow.h"
#include "shell/cmd/mux.h"
#include "shell/cmd/pump.h"

#define HEAD 8
#define PIECE 65536
#define OUT_HIGH (1u << 20)     // of the transport: no more is read from streams
#define STREAM_MAX (64u << 20)  // waits for a stream that is not read: it is closed
#define STREAM_HIGH (1u << 20)  // the other end is to read no more of it
#define STREAM_LOW (256u << 10) // it may go on
#define STREAMS_MAX 4096

struct stream {
    uint32_t id;
    int fd;
    bool ended;   // closed once all is written
    bool held;    // the other end was told to wait with it
    bool waiting; // and this one was
    struct buf out;
    struct follow *follow; // or NULL
    size_t skip;           // bytes of a new connection's greeting that the client has had already
    UT_hash_handle hh;
};

struct mux {
    int in, out, listen_fd;
    const char *path;
    struct buf to;   // the transport
    struct buf from; // of the transport, up to one frame
    struct stream *streams;
    uint32_t last_id;
    bool ready;
    bool follow; // streams outlive the transport
};

static int write_pending (int fd, struct buf *b)
{
    size_t done = 0;

    while (done < b->len) {
        ssize_t n = write (fd, b->data + done, b->len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            return -1;
        if (n < 0)
            break;
        done += (size_t)n;
    }
    buf_consume (b, done);
    return 0;
}

static void send_frame (struct mux *m, uint32_t id, const void *data, uint32_t len)
{
    uint32_t head[2] = {htonl (id), htonl (len)};

    buf_append (&m->to, head, sizeof (head));
    buf_append (&m->to, data, len);
}

/* Frames of stream 0: that the relay is there, or what the other end is to do with a stream. */
enum { SAY_READY, SAY_HOLD, SAY_GO };

static void say (struct mux *m, unsigned char what, const struct stream *s)
{
    unsigned char data[1 + sizeof (uint32_t)] = {what};
    uint32_t id = htonl (s->id);

    memcpy (data + 1, &id, sizeof (id));
    send_frame (m, 0, data, sizeof (data));
}

/* A client that does not read holds up those who send to it, and nobody else. */
static void hold_or_go (struct mux *m, struct stream *s)
{
    bool hold = s->out.len > (s->held ? STREAM_LOW : STREAM_HIGH);

    if (hold != s->held && !s->ended)
        say (m, hold ? SAY_HOLD : SAY_GO, s);
    s->held = hold;
}

static void stream_close (struct mux *m, struct stream *s, bool tell)
{
    if (tell && (m->ready || !m->follow))
        send_frame (m, s->id, NULL, 0);
    HASH_DEL (m->streams, s);
    close (s->fd);
    buf_clear (&s->out);
    follow_destroy (s->follow);
    free (s);
}

/* Takes fd over. */
static struct stream *stream_create (struct mux *m, uint32_t id, int fd)
{
    struct stream *s = HASH_COUNT (m->streams) < STREAMS_MAX ? calloc (1, sizeof (*s)) : NULL;

    if (!s || fd_set_nonblocking (fd) < 0 || (m->follow && !(s->follow = follow_create ()))) {
        close (fd);
        free (s);
        return NULL;
    }
    s->id = id;
    s->fd = fd;
    HASH_ADD (hh, m->streams, id, sizeof (s->id), s);
    return s;
}

struct mux *mux_create (int in, int out, int listen_fd, const char *path)
{
    struct mux *m = calloc (1, sizeof (*m));

    if (m) {
        m->in = in;
        m->out = out;
        m->listen_fd = listen_fd;
        m->path = path;
        fd_set_nonblocking (in);
        fd_set_nonblocking (out);
    }
    return m;
}

void mux_destroy (struct mux *m)
{
    if (m) {
        struct stream *s, *tmp;
        HASH_ITER (hh, m->streams, s, tmp)
        stream_close (m, s, false);
        buf_clear (&m->to);
        buf_clear (&m->from);
        free (m);
    }
}

void mux_follow (struct mux *m)
{
    m->follow = true;
}

void mux_lost (struct mux *m)
{
    struct stream *s, *tmp;

    m->in = m->out = -1;
    m->ready = false;
    buf_clear (&m->to);
    buf_clear (&m->from);
    HASH_ITER (hh, m->streams, s, tmp)
    {
        if (!s->follow || s->ended || s->skip > 0 || !follow_is_whole (s->follow)) {
            stream_close (m, s, false);
            continue;
        }
        s->held = s->waiting = false;
        follow_fail (s->follow, &s->out);
        if (write_pending (s->fd, &s->out) < 0)
            stream_close (m, s, false);
    }
}

void mux_renew (struct mux *m, int in, int out)
{
    m->in = in;
    m->out = out;
    fd_set_nonblocking (in);
    fd_set_nonblocking (out);
}

/* Open the streams again at the other end, and make there what their clients had. */
static void reopen (struct mux *m)
{
    struct stream *s, *tmp, *old = m->streams;

    m->streams = NULL;
    HASH_ITER (hh, old, s, tmp)
    {
        struct buf b = {0};
        HASH_DEL (old, s);
        s->id = ++m->last_id;
        s->skip = 1;
        HASH_ADD (hh, m->streams, id, sizeof (s->id), s);
        send_frame (m, s->id, NULL, 0);
        follow_restore (s->follow, &b);
        for (size_t at = 0; at < b.len; at += PIECE)
            send_frame (m, s->id, b.data + at, b.len - at < PIECE ? b.len - at : PIECE);
        buf_clear (&b);
    }
}

void mux_say_ready (struct mux *m)
{
    send_frame (m, 0, (char[]){SAY_READY}, 1);
    write_pending (m->out, &m->to);
}

bool mux_is_ready (const struct mux *m)
{
    return m->ready;
}

static void take_word (struct mux *m, const char *data, uint32_t len)
{
    struct stream *s;
    uint32_t id;

    if (len == 1 + sizeof (id)) {
        memcpy (&id, data + 1, sizeof (id));
        id = ntohl (id);
        HASH_FIND (hh, m->streams, &id, sizeof (id), s);
        if (s)
            s->waiting = data[0] == SAY_HOLD;
        return;
    }
    if (!m->ready)
        reopen (m);
    m->ready = true;
}

static void take_frame (struct mux *m, uint32_t id, const char *data, uint32_t len)
{
    struct stream *s;

    if (id == 0) {
        take_word (m, data, len);
        return;
    }
    HASH_FIND (hh, m->streams, &id, sizeof (id), s);
    if (!s && m->listen_fd < 0 && id > m->last_id) {
        int fd = pump_connect (m->path, NULL);
        m->last_id = id;
        if (fd < 0 || !stream_create (m, id, fd))
            send_frame (m, id, NULL, 0);
        return;
    }
    if (!s)
        return; // what was under way when it was closed
    size_t skip = s->skip < len ? s->skip : len;
    s->skip -= skip;
    if (s->follow && len > skip)
        follow_down (s->follow, data + skip, len - skip);
    if (len == 0)
        s->ended = true;
    else
        buf_append (&s->out, data + skip, len - skip);
    if (write_pending (s->fd, &s->out) < 0 || s->out.len > STREAM_MAX)
        stream_close (m, s, true);
    else if (s->ended && s->out.len == 0)
        stream_close (m, s, false);
    else
        hold_or_go (m, s);
}

/* Whole frames of what was read. */
static int take_frames (struct mux *m)
{
    size_t at = 0;

    while (m->from.len - at >= HEAD) {
        uint32_t head[2];
        memcpy (head, m->from.data + at, sizeof (head));
        uint32_t len = ntohl (head[1]);
        if (len > PIECE) {
            errno = EPROTO;
            return -1;
        }
        if (m->from.len - at < HEAD + len)
            break;
        take_frame (m, ntohl (head[0]), m->from.data + at + HEAD, len);
        at += HEAD + len;
    }
    buf_consume (&m->from, at);
    return 0;
}

static int read_transport (struct mux *m)
{
    char piece[PIECE];
    ssize_t n = read (m->in, piece, sizeof (piece));

    if (n == 0)
        errno = ECONNRESET;
    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
    if (buf_append (&m->from, piece, (size_t)n) < 0)
        return -1;
    return take_frames (m);
}

static void read_stream (struct mux *m, struct stream *s)
{
    char piece[PIECE];
    ssize_t n = read (s->fd, piece, sizeof (piece));

    if (n > 0) {
        if (s->follow)
            follow_up (s->follow, piece, (size_t)n);
        send_frame (m, s->id, piece, (uint32_t)n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        stream_close (m, s, true);
}

static void accept_stream (struct mux *m)
{
    int fd = accept (m->listen_fd, NULL, NULL);

    if (fd >= 0 && fd_set_cloexec (fd) == 0 && stream_create (m, ++m->last_id, fd))
        send_frame (m, m->last_id, NULL, 0); // the broker speaks first
}

static void serve_stream (struct mux *m, struct stream *s, short revents)
{
    if ((revents & POLLOUT)) {
        if (write_pending (s->fd, &s->out) < 0) {
            stream_close (m, s, true);
            return;
        }
        hold_or_go (m, s);
    }
    if (s->ended && s->out.len == 0)
        stream_close (m, s, false);
    else if ((revents & (POLLIN | POLLHUP | POLLERR)))
        read_stream (m, s);
}

/* What to wait for: the transport twice, the listener, then the streams in their order. */
static size_t set_up (struct mux *m, struct pollfd *p)
{
    bool wait = m->follow && !m->ready; // for the transport
    bool full = m->to.len > OUT_HIGH || wait;
    size_t n = 3;

    p[0] = (struct pollfd){.fd = m->in, .events = POLLIN};
    p[1] = (struct pollfd){.fd = m->to.len > 0 ? m->out : -1, .events = POLLOUT};
    p[2] = (struct pollfd){.fd = wait ? -1 : m->listen_fd, .events = POLLIN};
    for (struct stream *s = m->streams; s; s = s->hh.next)
        p[n++] = (struct pollfd){.fd = wait && s->out.len == 0 ? -1 : s->fd,
                                 .events = (full || s->ended || s->waiting ? 0 : POLLIN) |
                                           (s->out.len > 0 ? POLLOUT : 0)};
    return n;
}

int mux_turn (struct mux *m, const sigset_t *mask)
{
    struct pollfd *p = calloc (HASH_COUNT (m->streams) + 3, sizeof (*p));
    struct stream *s, *tmp;
    size_t n, i = 3;
    int rc = 0;

    if (!p)
        return -1;
    n = set_up (m, p);
    if (ppoll (p, n, NULL, mask) > 0) {
        HASH_ITER (hh, m->streams, s, tmp) // in the same order; none is added here
        {
            short revents = p[i++].revents;
            if (revents)
                serve_stream (m, s, revents);
        }
        if (p[2].revents)
            accept_stream (m);
        if (p[0].revents)
            rc = read_transport (m);
        if (rc == 0 && write_pending (m->out, &m->to) < 0)
            rc = -1;
    }
    free (p);
    return rc;
}

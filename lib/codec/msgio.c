/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/codec/cursor.h"
#include "lib/codec/flat.h"
#include "lib/codec/limits.h"
#include "lib/codec/msg.h"
#include "lib/codec/msgio.h"
#include "lib/util/fdutil.h"

#define MAGIC 0xffee0012
#define HEADER_SIZE 8
#define CHUNK_SIZE (16u << 10)
#define FLUSH_TURNS 16 // writev calls in one flush, so that one fast reader does not take all turns

/* A stretch of the out-queue: bytes of its own, to which small messages are appended, or a part of
 * a payload that is shared. */
struct segment {
    struct segment *next;
    struct blob *blob;
    const char *data;
    size_t len;
    size_t size; // of own, 0 with a blob
    char own[];
};

struct msgio {
    int fd;

    // in: [start, end) of buf is unread, unless a message too large for buf is being read into
    // `big`
    char *buf;
    size_t start;
    size_t end;
    struct blob *big;
    size_t big_have;
    int in_errnum; // the stream is lost

    struct segment *head;
    struct segment *tail;
    size_t written; // of head
    size_t pending;
    bool is_socket;
};

struct msgio *msgio_create (int fd)
{
    struct msgio *io;
    int type;
    socklen_t len = sizeof (type);

    if (fd_set_nonblocking (fd) < 0 || !(io = calloc (1, sizeof (*io))))
        return NULL;
    io->fd = fd;
    io->is_socket = getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
    return io;
}

static void pop (struct msgio *io)
{
    struct segment *s = io->head;

    if (!(io->head = s->next))
        io->tail = NULL;
    io->written = 0;
    blob_decref (s->blob);
    free (s);
}

void msgio_destroy (struct msgio *io)
{
    int saved_errno = errno;

    if (io) {
        while (io->head)
            pop (io);
        blob_decref (io->big);
        free (io->buf);
        close (io->fd);
        free (io);
    }
    errno = saved_errno;
}

int msgio_fd (const struct msgio *io)
{
    return io->fd;
}

/* Make room behind what is unread; the memory of an idle connection is given back. */
static int make_room (struct msgio *io)
{
    if (!io->buf && !(io->buf = malloc (MSGIO_READ_SIZE)))
        return -1;
    if (io->start > 0) {
        memmove (io->buf, io->buf + io->start, io->end - io->start);
        io->end -= io->start;
        io->start = 0;
    }
    return 0;
}

int msgio_fill (struct msgio *io)
{
    struct iovec iov[2];
    int n = 0;
    size_t want = 0;

    if (make_room (io) < 0)
        return -1;
    if (io->big) {
        want = blob_len (io->big) - io->big_have;
        iov[n++] = (struct iovec){blob_data (io->big) + io->big_have, want};
    }
    iov[n++] = (struct iovec){io->buf + io->end, MSGIO_READ_SIZE - io->end};
    if (want + iov[n - 1].iov_len == 0)
        return 0; // full: take messages out first
    ssize_t got = readv (io->fd, iov, n);
    if (got == 0)
        errno = ECONNRESET;
    else if (got < 0 && errno == EINTR)
        errno = EAGAIN;
    if (got <= 0)
        return -1;
    size_t to_big = (size_t)got < want ? (size_t)got : want;
    io->big_have += to_big;
    io->end += got - to_big;
    return 0;
}

static flux_msg_t *lost (struct msgio *io, int errnum)
{
    errno = io->in_errnum = errnum;
    return NULL;
}

static flux_msg_t *again (struct msgio *io)
{
    if (io->start == io->end && !io->big) {
        free (io->buf);
        io->buf = NULL;
        io->start = io->end = 0;
    }
    errno = EAGAIN;
    return NULL;
}

static flux_msg_t *decoded (struct msgio *io, flux_msg_t *msg)
{
    if (!msg && errno != ENOMEM)
        return lost (io, EPROTO);
    if (!msg)
        return lost (io, ENOMEM);
    return msg;
}

static flux_msg_t *next_big (struct msgio *io)
{
    if (io->big_have < blob_len (io->big))
        return again (io);
    flux_msg_t *msg = msg_decode_flat (blob_data (io->big), blob_len (io->big), io->big);
    blob_decref (io->big);
    io->big = NULL;
    return decoded (io, msg);
}

/* The message does not fit into buf: go on in memory of its size. */
static flux_msg_t *start_big (struct msgio *io, size_t size)
{
    if (!(io->big = blob_create (size)))
        return lost (io, ENOMEM);
    io->big_have = io->end - io->start;
    memcpy (blob_data (io->big), io->buf + io->start, io->big_have);
    io->start = io->end = 0;
    return again (io);
}

static uint32_t announced_size (const char *p)
{
    struct cursor c = cursor_init (p + sizeof (uint32_t), sizeof (uint32_t));

    return cursor_be32 (&c);
}

bool msgio_ready (const struct msgio *io)
{
    size_t have = io->end - io->start;

    if (io->in_errnum)
        return true;
    if (io->big)
        return io->big_have == blob_len (io->big);
    if (have < HEADER_SIZE)
        return false;
    // a message that is too large or does not fit into buf is for msgio_next() to see
    size_t size = announced_size (io->buf + io->start);
    return size > MSGIO_READ_SIZE - HEADER_SIZE || have - HEADER_SIZE >= size;
}

flux_msg_t *msgio_next (struct msgio *io)
{
    uint32_t magic;

    if (io->in_errnum)
        return lost (io, io->in_errnum);
    if (io->big)
        return next_big (io);
    if (io->end - io->start < HEADER_SIZE)
        return again (io);
    const char *p = io->buf + io->start;
    memcpy (&magic, p, sizeof (magic));
    size_t size = announced_size (p);
    if (magic != MAGIC)
        return lost (io, EPROTO);
    if (size > CODEC_MESSAGE_MAX)
        return lost (io, EMSGSIZE);
    if (size > MSGIO_READ_SIZE - HEADER_SIZE) {
        io->start += HEADER_SIZE;
        return start_big (io, size);
    }
    if (io->end - io->start < HEADER_SIZE + size)
        return again (io);
    flux_msg_t *msg = msg_decode_flat (p + HEADER_SIZE, size, NULL);
    io->start += HEADER_SIZE + size;
    return decoded (io, msg);
}

static struct segment *append (struct msgio *io, size_t size)
{
    struct segment *s = malloc (sizeof (*s) + size);

    if (!s)
        return NULL;
    *s = (struct segment){.data = s->own, .size = size};
    if (io->tail)
        io->tail->next = s;
    else
        io->head = s;
    io->tail = s;
    return s;
}

/* Room for len bytes at the end of the queue; they count once they are written. */
static unsigned char *reserve (struct msgio *io, size_t len)
{
    struct segment *s = io->tail;

    if (!s || s->size - s->len < len || s->blob) {
        // the first message gets what it needs; a queue that builds up gets large segments
        size_t size = s && len < CHUNK_SIZE ? CHUNK_SIZE : len;
        if (!(s = append (io, size)))
            return NULL;
    }
    return (unsigned char *)s->own + s->len;
}

static void commit (struct msgio *io, size_t len)
{
    io->tail->len += len;
    io->pending += len;
}

static unsigned char *put_header (unsigned char *p, size_t size)
{
    uint32_t magic = MAGIC;

    memcpy (p, &magic, sizeof (magic));
    return put_be32 (p + sizeof (magic), size);
}

static int send_small (struct msgio *io, const flux_msg_t *msg, size_t size)
{
    unsigned char *p = reserve (io, HEADER_SIZE + size);

    if (!p)
        return -1;
    flux_msg_encode (msg, put_header (p, size), size);
    commit (io, HEADER_SIZE + size);
    return 0;
}

/* Three segments, of which the payload is not copied. They are allocated before anything counts, so
 * that a failure leaves the stream whole. */
static int send_shared (struct msgio *io, const flux_msg_t *msg, size_t size)
{
    size_t head = HEADER_SIZE + msg_head_size (msg);
    unsigned char *p = reserve (io, head);
    struct segment *first = io->tail;
    struct segment *body, *last;

    if (!p || !(body = append (io, 0)))
        return -1;
    if (!(last = append (io, MSG_TAIL_SIZE))) {
        free (body);
        io->tail = first;
        first->next = NULL;
        return -1;
    }
    msg_put_head (msg, put_header (p, size));
    first->len += head;
    body->blob = blob_incref (msg->blob);
    body->data = msg->payload;
    body->len = msg->payload_len;
    msg_put_tail (msg, (unsigned char *)last->own);
    last->len = MSG_TAIL_SIZE;
    io->pending += HEADER_SIZE + size;
    return 0;
}

int msgio_send (struct msgio *io, const flux_msg_t *msg)
{
    ssize_t size = flux_msg_encode_size (msg);

    if (size < 0)
        return -1;
    if (size > CODEC_MESSAGE_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    if (io->pending + size > MSGIO_OUT_MAX) {
        errno = ENOBUFS;
        return -1;
    }
    if (msg->payload_len >= MSGIO_SHARE_MIN)
        return send_shared (io, msg, size);
    return send_small (io, msg, size);
}

int msgio_greet (struct msgio *io, int errnum)
{
    unsigned char *p = reserve (io, 1);

    if (!p)
        return -1;
    put_u8 (p, errnum);
    commit (io, 1);
    return 0;
}

static int fill_iov (const struct msgio *io, struct iovec *iov)
{
    int n = 0;
    size_t skip = io->written;

    for (const struct segment *s = io->head; s && n < MSGIO_IOV_MAX; s = s->next) {
        iov[n++] = (struct iovec){(char *)s->data + skip, s->len - skip};
        skip = 0;
    }
    return n;
}

static ssize_t write_iov (const struct msgio *io, struct iovec *iov, int n)
{
    if (!io->is_socket)
        return writev (io->fd, iov, n);
    struct msghdr hdr = {.msg_iov = iov, .msg_iovlen = n};
    return sendmsg (io->fd, &hdr, MSG_NOSIGNAL);
}

static void consume (struct msgio *io, size_t n)
{
    io->pending -= n;
    io->written += n;
    while (io->head && io->written >= io->head->len) {
        size_t rest = io->written - io->head->len;
        pop (io);
        io->written = rest;
    }
}

int msgio_flush (struct msgio *io)
{
    struct iovec iov[MSGIO_IOV_MAX];

    for (int turn = 0; io->pending > 0 && turn < FLUSH_TURNS; turn++) {
        ssize_t n = write_iov (io, iov, fill_iov (io, iov));
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return 1;
        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0)
            consume (io, n);
    }
    return io->pending > 0;
}

size_t msgio_pending (const struct msgio *io)
{
    return io->pending;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/shell/spawnpkt.h"
#include "lib/util/fdutil.h"

struct header {
    int32_t type;
    int32_t value;
    uint64_t id;
    uint32_t len;
};

#define HEADER_SIZE (offsetof (struct header, len) + sizeof (uint32_t))
#define BUF_SIZE (HEADER_SIZE + SPAWNPKT_INLINE_MAX + 1)

union control {
    char data[CMSG_SPACE (sizeof (int))];
    struct cmsghdr align;
};

static void attach_fd (struct msghdr *msg, union control *control, int fd)
{
    msg->msg_control = control->data;
    msg->msg_controllen = sizeof (control->data);
    struct cmsghdr *c = CMSG_FIRSTHDR (msg);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN (sizeof (int));
    memcpy (CMSG_DATA (c), &fd, sizeof (int));
}

static int large_fd (const char *text, size_t len)
{
    int fd = memfd_create ("spawnpkt", MFD_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fd_write_all (fd, text, len) < 0) {
        int saved_errno = errno;
        close (fd);
        errno = saved_errno;
        return -1;
    }
    return fd;
}

static int send_one (int sock, const struct spawnpkt *pkt, size_t inline_len, int fd)
{
    struct header h = {pkt->type, pkt->value, pkt->id, pkt->len};
    struct iovec iov[2] = {{&h, HEADER_SIZE}, {(void *)pkt->text, inline_len}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = inline_len > 0 ? 2 : 1};
    union control control = {0};
    ssize_t n;

    if (fd >= 0)
        attach_fd (&msg, &control, fd);
    do
        n = sendmsg (sock, &msg, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -1 : 0;
}

int spawnpkt_send (int sock, const struct spawnpkt *pkt)
{
    if (pkt->len <= SPAWNPKT_INLINE_MAX)
        return send_one (sock, pkt, pkt->len, pkt->fd);
    if (pkt->len > SPAWNPKT_TEXT_MAX || pkt->fd >= 0) {
        errno = E2BIG;
        return -1;
    }
    int fd = large_fd (pkt->text, pkt->len);
    if (fd < 0)
        return -1;
    int rc = send_one (sock, pkt, 0, fd);
    int saved_errno = errno;
    close (fd);
    errno = saved_errno;
    return rc;
}

/* Read the text of a large packet out of its memfd. */
static int read_large (struct spawnpkt_buf *buf, int fd, size_t len)
{
    struct stat st;

    if (len > SPAWNPKT_TEXT_MAX || fd < 0 || fstat (fd, &st) < 0 || (size_t)st.st_size != len)
        return -1;
    if (!(buf->large = malloc (len + 1)))
        return -1;
    for (size_t have = 0; have < len;) {
        ssize_t n = pread (fd, buf->large + have, len - have, have);
        if (n <= 0)
            return -1;
        have += n;
    }
    buf->large[len] = '\0';
    return 0;
}

static int get_fd (struct msghdr *msg)
{
    int fd = -1;

    for (struct cmsghdr *c = CMSG_FIRSTHDR (msg); c; c = CMSG_NXTHDR (msg, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
            c->cmsg_len >= CMSG_LEN (sizeof (int)))
            memcpy (&fd, CMSG_DATA (c), sizeof (int));
    }
    return fd;
}

static int decode (struct spawnpkt_buf *buf, size_t n, struct spawnpkt *pkt)
{
    struct header h;

    if (n < HEADER_SIZE)
        return -1;
    memcpy (&h, buf->data, HEADER_SIZE);
    pkt->type = h.type;
    pkt->value = h.value;
    pkt->id = h.id;
    pkt->len = h.len;
    if (h.len <= SPAWNPKT_INLINE_MAX) {
        if (n != HEADER_SIZE + h.len)
            return -1;
        buf->data[n] = '\0';
        pkt->text = buf->data + HEADER_SIZE;
        return 0;
    }
    if (n != HEADER_SIZE || read_large (buf, pkt->fd, h.len) < 0)
        return -1;
    close (pkt->fd);
    pkt->fd = -1;
    pkt->text = buf->large;
    return 0;
}

int spawnpkt_recv (int sock, struct spawnpkt_buf *buf, struct spawnpkt *pkt)
{
    if (!buf->data && !(buf->data = malloc (BUF_SIZE)))
        return -1;
    free (buf->large);
    buf->large = NULL;

    struct iovec iov = {buf->data, BUF_SIZE - 1};
    union control control;
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.data,
                         .msg_controllen = sizeof (control.data)};
    ssize_t n;
    do
        n = recvmsg (sock, &msg, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return n < 0 && errno == ECONNRESET ? 0 : n;
    pkt->fd = get_fd (&msg);
    if (decode (buf, n, pkt) < 0) {
        if (pkt->fd >= 0)
            close (pkt->fd);
        errno = EPROTO;
        return -1;
    }
    return 1;
}

void spawnpkt_clear (struct spawnpkt_buf *buf)
{
    free (buf->data);
    free (buf->large);
    *buf = (struct spawnpkt_buf){0};
}

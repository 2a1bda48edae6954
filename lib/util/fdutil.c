/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/util/buf.h"
#include "lib/util/fdutil.h"

static int change_flags (int fd, int getcmd, int setcmd, int set, int clear)
{
    int flags = fcntl (fd, getcmd);
    if (flags < 0)
        return -1;
    int wanted = (flags | set) & ~clear;
    return wanted == flags ? 0 : fcntl (fd, setcmd, wanted);
}

int fd_set_nonblocking (int fd)
{
    return change_flags (fd, F_GETFL, F_SETFL, O_NONBLOCK, 0);
}

int fd_set_blocking (int fd)
{
    return change_flags (fd, F_GETFL, F_SETFL, 0, O_NONBLOCK);
}

int fd_set_cloexec (int fd)
{
    return change_flags (fd, F_GETFD, F_SETFD, FD_CLOEXEC, 0);
}

int fd_write_all (int fd, const void *data, size_t len)
{
    const char *p = data;

    while (len > 0) {
        ssize_t n = write (fd, p, len);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            return -1;
        }
        p += n;
        len -= n;
    }
    return 0;
}

ssize_t fd_read_all (int fd, size_t max, char **datap)
{
    struct buf b = {0};
    ssize_t n;

    do {
        if (buf_reserve (&b, 65536) < 0)
            goto error;
        n = read (fd, b.data + b.len, 65536);
        if (n < 0 && errno != EINTR)
            goto error;
        if (n > 0)
            b.len += n;
        if (b.len > max) {
            errno = EFBIG;
            goto error;
        }
    } while (n != 0);
    size_t len;
    char *data = buf_steal (&b, &len);
    if (!data)
        goto error;
    *datap = data;
    return len;
error:
    buf_clear (&b);
    return -1;
}

ssize_t file_read_all (const char *path, size_t max, char **datap)
{
    int fd = open (path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = fd_read_all (fd, max, datap);
    int saved_errno = errno;
    close (fd);
    errno = saved_errno;
    return n;
}

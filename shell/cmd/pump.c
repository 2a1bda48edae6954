/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"
#include "shell/cmd/pump.h"

int pump_connect (const char *path, flux_error_t *errp)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd;

    if (strlen (path) >= sizeof (addr.sun_path)) {
        errno = ENAMETOOLONG;
        return errprintf (errp, "%s: %s", path, strerror (errno));
    }
    strcpy (addr.sun_path, path);
    if ((fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0 ||
        connect (fd, (struct sockaddr *)&addr, sizeof (addr)) < 0) {
        errprintf (errp, "%s: %s", path, strerror (errno));
        if (fd >= 0)
            close (fd);
        return -1;
    }
    return fd;
}

/* One piece; false at the end. The writer blocks, which is the flow control. */
static int pass (int from, int to)
{
    char buf[65536];
    ssize_t n = read (from, buf, sizeof (buf));

    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    return n > 0 && fd_write_all (to, buf, n) == 0;
}

void pump (int in, int out, int sock)
{
    struct pollfd p[2] = {{.fd = in, .events = POLLIN}, {.fd = sock, .events = POLLIN}};

    for (;;) {
        if (poll (p, 2, -1) < 0) {
            if (errno == EINTR)
                continue;
            return;
        }
        if (p[0].revents && !pass (in, sock))
            return;
        if (p[1].revents && !pass (sock, out))
            return;
    }
}

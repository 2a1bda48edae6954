/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* ssh:// and slurm: connect through a command (transport.h) at the other end of a socket pair. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/client/handle_private.h"
#include "lib/client/transport.h"
#include "lib/util/errprintf.h"

static void reap (void *arg)
{
    pid_t pid = (pid_t)(intptr_t)arg;

    waitpid (pid, NULL, 0); // it ends, since our end of the socket is closed first
}

static flux_t *start (const struct transport *t, int flags, flux_error_t *errp)
{
    int fd[2];
    flux_t *h = NULL;

    if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
        return NULL;
    pid_t pid = fork ();
    if (pid == 0)
        transport_exec (t, fd[1]);
    close (fd[1]);
    if (pid > 0 && stream_read_greeting (fd[0]) == 0 && (h = stream_handle_create (fd[0], flags)))
        handle_on_closed (h, reap, (void *)(intptr_t)pid);
    if (!h) {
        errprintf (errp, "%s to %s: %s", t->argv[0], t->where, strerror (errno));
        int saved_errno = errno;
        close (fd[0]);
        if (pid > 0)
            reap ((void *)(intptr_t)pid);
        errno = saved_errno;
    }
    return h;
}

flux_t *exec_open (const char *uri, int flags, flux_error_t *errp)
{
    struct transport t;
    flux_t *h = NULL;

    if (transport_init (&t, uri, errp) == 0) {
        h = start (&t, flags, errp);
        transport_clear (&t);
    }
    return h;
}

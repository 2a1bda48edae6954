/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "testsuite/unit/client/server.h"

struct server {
    pthread_t thread;
    struct msgio *io;
    const struct server_row *rows;
    void *arg;
};

void server_send (struct msgio *io, const flux_msg_t *msg)
{
    flux_msg_t *cpy = flux_msg_copy (msg, true);

    flux_msg_set_cred (cpy, (struct flux_msg_cred){getuid (), FLUX_ROLE_OWNER});
    if (msgio_send (io, cpy) < 0)
        abort ();
    flux_msg_destroy (cpy);
}

void server_respond (struct msgio *io, const flux_msg_t *request, int errnum, const char *s)
{
    flux_msg_t *msg;

    if (flux_msg_is_noresponse (request))
        return;
    msg = flux_response_derive (request, errnum);
    flux_msg_set_string (msg, s);
    server_send (io, msg);
    flux_msg_destroy (msg);
}

void server_respond_pack (struct msgio *io, const flux_msg_t *request, const char *fmt, ...)
{
    flux_msg_t *msg;
    va_list ap;

    if (flux_msg_is_noresponse (request))
        return;
    msg = flux_response_derive (request, 0);
    va_start (ap, fmt);
    if (flux_msg_vpack (msg, fmt, ap) < 0)
        abort ();
    va_end (ap);
    server_send (io, msg);
    flux_msg_destroy (msg);
}

static void handle (struct server *s, const flux_msg_t *msg)
{
    const struct server_row *row = s->rows;
    const char *topic = "";

    flux_msg_get_topic (msg, &topic);
    while (row->topic && strcmp (row->topic, topic) != 0)
        row++;
    if (row->cb)
        row->cb (s->io, msg, s->arg);
    else if (flux_msg_cmp (msg, FLUX_MATCH_REQUEST) && !flux_msg_is_noresponse (msg))
        server_respond (s->io, msg, ENOSYS, "no such service");
}

static void *run (void *arg)
{
    struct server *s = arg;

    for (;;) {
        struct pollfd pfd = {msgio_fd (s->io), POLLIN | (msgio_pending (s->io) ? POLLOUT : 0), 0};
        poll (&pfd, 1, -1);
        if (msgio_flush (s->io) < 0 || (msgio_fill (s->io) < 0 && errno != EAGAIN))
            return NULL;
        flux_msg_t *msg;
        while ((msg = msgio_next (s->io))) {
            handle (s, msg);
            flux_msg_destroy (msg);
        }
        msgio_flush (s->io);
    }
}

flux_t *server_start (const struct server_row *rows, void *arg, struct server **sp)
{
    struct server *s = calloc (1, sizeof (*s));
    int fd[2];
    char uri[32];

    if (!s || socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
        abort ();
    s->io = msgio_create (fd[1]);
    s->rows = rows;
    s->arg = arg;
    if (pthread_create (&s->thread, NULL, run, s) != 0)
        abort ();
    *sp = s;
    snprintf (uri, sizeof (uri), "fd://%d", fd[0]);
    return flux_open (uri, 0);
}

void server_stop (struct server *s)
{
    shutdown (msgio_fd (s->io), SHUT_RDWR);
    pthread_join (s->thread, NULL);
    msgio_destroy (s->io);
    free (s);
}

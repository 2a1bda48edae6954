/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The answers of the wire-up server: to all that it is complete, or to all why not. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <utlist.h>

#include "lib/bootstrap/conn.h"
#include "lib/bootstrap/record.h"
#include "lib/bootstrap/seal.h"
#include "lib/bootstrap/server.h"
#include "lib/bootstrap/server_private.h"
#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"

#define FLUSH_SECONDS 10. // to hand out the answers
#define FAILED_SECONDS 2. // to tell those that come late

/* ---- Records out */

static int join_hosts (struct wireup_server *srv)
{
    struct buf b = {0};

    for (uint32_t i = 0; i < srv->config.size; i++) {
        const char *host = srv->peers[i].host ? srv->peers[i].host : srv->peers[0].host;
        buf_printf (&b, "%s%s", i > 0 ? "," : "", host ? host : "unknown");
    }
    return (srv->hostlist = buf_steal (&b, NULL)) ? 0 : -1;
}

static int queue_ready (struct wireup_server *srv, struct conn *c, flux_error_t *errp)
{
    const struct peer *p = &srv->peers[c->rank];
    uint32_t parent =
        p->parent == BOOTSTRAP_NO_PARENT || srv->peers[p->parent].hello ? p->parent : 0;
    struct wire_record rec = {
        .kind = WIRE_READY,
        .jobid = srv->config.jobid,
        .stepid = srv->config.stepid,
        .rank = c->rank,
        .size = srv->config.size,
        .parent = parent,
        .str = {[WIRE_NONCE] = srv->nonce,
                [WIRE_HOSTLIST] = srv->hostlist,
                [WIRE_SECRET] = srv->secret},
    };

    if (parent != BOOTSTRAP_NO_PARENT) {
        rec.str[WIRE_URI] = srv->peers[parent].uri;
        rec.str[WIRE_PUBKEY] = srv->peers[parent].pubkey;
    }
    return seal_record (&srv->sealer, &c->out, &rec, errp);
}

static int queue_failed (struct wireup_server *srv, struct conn *c)
{
    struct wire_record rec = {
        .kind = WIRE_FAILED,
        .jobid = srv->config.jobid,
        .stepid = srv->config.stepid,
        .rank = c->rank,
        .size = srv->config.size,
        .str = {[WIRE_NONCE] = srv->nonce, [WIRE_TEXT] = srv->why.text},
    };

    return seal_record (&srv->sealer, &c->out, &rec, NULL);
}

/* Send what is queued. When all is out the other side closes first: closing with something unread
 * would take back what it has not read yet. */
static void flush_conn (struct wireup_server *srv, struct conn *c)
{
    if (conn_flush (c) < 0)
        server_drop_conn (srv, c);
    else if (c->out.len > 0)
        (void)server_watch (srv, c->fd, EPOLLIN | EPOLLOUT, c, EPOLL_CTL_MOD);
    else {
        shutdown (c->fd, SHUT_WR);
        (void)server_watch (srv, c->fd, EPOLLIN, c, EPOLL_CTL_MOD);
    }
}

static void answer_failed (struct wireup_server *srv, struct conn *c)
{
    c->answered = true;
    srv->nanswered++;
    if (queue_failed (srv, c) < 0)
        server_drop_conn (srv, c);
    else
        flush_conn (srv, c);
}

/* After the end: what has been answered is read until it closes. One that comes late hears of the
 * failure too, rather than wait for nobody. */
static void linger_conn (struct wireup_server *srv, struct conn *c, uint32_t events)
{
    if (conn_read (c) < 0) {
        server_drop_conn (srv, c);
        return;
    }
    if (c->answered)
        buf_consume (&c->in, c->in.len);
    else if (server_take_frames (srv, c) < 0 && c->rank == CONN_STRANGER) {
        server_drop_conn (srv, c);
        return;
    } else if (c->rank != CONN_STRANGER) {
        answer_failed (srv, c);
        return;
    }
    if (events & EPOLLOUT)
        flush_conn (srv, c);
}

static bool is_over (const struct wireup_server *srv)
{
    return !srv->conns && (!srv->failed || srv->nanswered >= srv->config.size);
}

static void linger (struct wireup_server *srv, double seconds)
{
    double deadline = monotime_now () + seconds;
    struct epoll_event ev[SERVER_EVENTS];

    while (!is_over (srv) && monotime_now () < deadline) {
        int n = epoll_wait (srv->epfd, ev, SERVER_EVENTS, 50);

        for (int i = 0; i < n; i++) {
            if (ev[i].data.ptr == srv)
                return;
            if (ev[i].data.ptr == &srv->listenfd)
                server_accept (srv);
            else
                linger_conn (srv, ev[i].data.ptr, ev[i].events);
        }
    }
}

static void tell_failure (struct wireup_server *srv)
{
    struct conn *c, *tmp;

    DL_FOREACH_SAFE (srv->conns, c, tmp)
    {
        if (c->rank != CONN_STRANGER)
            answer_failed (srv, c);
    }
}

static int tell_ready (struct wireup_server *srv)
{
    struct conn *c, *tmp;
    flux_error_t e;

    if (!srv->hostlist && join_hosts (srv) < 0) {
        errprintf (&e, "out of memory");
        return server_fail (srv, ENOMEM, &e);
    }
    DL_FOREACH_SAFE (srv->conns, c, tmp)
    {
        if (c->rank == CONN_STRANGER) {
            server_drop_conn (srv, c);
            continue;
        }
        if (queue_ready (srv, c, &e) < 0)
            return server_fail (srv, errno, &e);
        c->answered = true;
        flush_conn (srv, c);
    }
    return 0;
}

/* Nobody else may come once all is well. */
int server_answer_all (struct wireup_server *srv)
{
    int rc = srv->failed ? -1 : tell_ready (srv);
    int saved = errno;

    if (rc < 0)
        tell_failure (srv);
    else if (srv->listenfd >= 0)
        (void)epoll_ctl (srv->epfd, EPOLL_CTL_DEL, srv->listenfd, NULL);
    linger (srv, rc < 0 ? FAILED_SECONDS : FLUSH_SECONDS);
    errno = saved;
    return rc;
}

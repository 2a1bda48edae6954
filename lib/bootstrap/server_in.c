/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Connections to the wire-up server, and the records that come on them. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "lib/bootstrap/conn.h"
#include "lib/bootstrap/limits.h"
#include "lib/bootstrap/record.h"
#include "lib/bootstrap/seal.h"
#include "lib/bootstrap/server.h"
#include "lib/bootstrap/server_private.h"
#include "lib/util/errprintf.h"

/* ---- Connections */

int server_watch (struct wireup_server *srv, int fd, uint32_t events, void *ptr, int op)
{
    struct epoll_event ev = {.events = events, .data.ptr = ptr};

    return epoll_ctl (srv->epfd, op, fd, &ev);
}

int server_add_conn (struct wireup_server *srv, int fd, bool given)
{
    struct conn *c = conn_create (fd, given);

    if (!c)
        return -1;
    if (server_watch (srv, c->fd, EPOLLIN, c, EPOLL_CTL_ADD) < 0) {
        conn_destroy (c);
        return -1;
    }
    DL_APPEND (srv->conns, c);
    srv->nstrangers++;
    return 0;
}

void server_drop_conn (struct wireup_server *srv, struct conn *c)
{
    if (c->rank == CONN_STRANGER)
        srv->nstrangers--;
    else if (srv->peers[c->rank].conn == c)
        srv->peers[c->rank].conn = NULL;
    DL_DELETE (srv->conns, c);
    /* close() alone does not end the events of a socket that a forked child still has. */
    (void)epoll_ctl (srv->epfd, EPOLL_CTL_DEL, c->fd, NULL);
    conn_destroy (c);
}

void server_accept (struct wireup_server *srv)
{
    for (int i = 0; i < SERVER_EVENTS; i++) {
        int one = 1;
        int fd = accept4 (srv->listenfd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0)
            return;
        if (srv->nstrangers >= srv->config.size + WIREUP_MAX_STRANGERS) {
            close (fd);
            continue;
        }
        setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof (one));
        (void)server_add_conn (srv, fd, false);
    }
}

/* ---- Records in */

static bool record_is_ours (const struct wireup_server *srv, const struct wire_record *rec)
{
    const struct wireup_config *config = &srv->config;

    return (rec->kind == WIRE_HERE || rec->kind == WIRE_HELLO || rec->kind == WIRE_ABORT) &&
           rec->jobid == config->jobid && rec->stepid == config->stepid &&
           rec->size == config->size && rec->rank < config->size &&
           (rec->parent < config->size || rec->parent == BOOTSTRAP_NO_PARENT) &&
           strcmp (rec->str[WIRE_NONCE], srv->nonce) == 0;
}

/* A rank belongs to the first connection that proves to be it. */
static int claim_rank (struct wireup_server *srv, struct conn *c, const struct wire_record *rec)
{
    struct peer *p = &srv->peers[rec->rank];

    if (c->rank == rec->rank && p->conn == c)
        return 0;
    if (c->rank != CONN_STRANGER || p->conn || p->hello) {
        errno = EEXIST;
        return -1;
    }
    c->rank = rec->rank;
    p->conn = c;
    srv->nstrangers--;
    return 0;
}

static void move_string (char **to, struct wire_record *rec, enum wire_string which)
{
    free (*to);
    *to = rec->str[which];
    rec->str[which] = NULL;
}

static int fail_aborted (struct wireup_server *srv, const struct wire_record *rec)
{
    flux_error_t e;
    char name[64];

    server_name_of (srv, rec->rank, name, sizeof (name));
    errprintf (&e, "%s: %s", name, rec->str[WIRE_TEXT]);
    return server_fail (srv, EPROTO, &e);
}

static int take_record (struct wireup_server *srv, struct conn *c, struct wire_record *rec)
{
    struct peer *p = &srv->peers[rec->rank];

    if (claim_rank (srv, c, rec) < 0 || p->hello)
        return -1;
    move_string (&p->host, rec, WIRE_HOST);
    if (!srv->hostlist && *rec->str[WIRE_HOSTLIST])
        move_string (&srv->hostlist, rec, WIRE_HOSTLIST);
    if (srv->failed)
        return 0;
    if (rec->kind == WIRE_ABORT)
        return fail_aborted (srv, rec);
    if (rec->kind == WIRE_HELLO) {
        move_string (&p->uri, rec, WIRE_URI);
        move_string (&p->pubkey, rec, WIRE_PUBKEY);
        p->parent = rec->parent;
        p->hello = true;
        srv->nhello++;
    }
    return 0;
}

int server_take_frames (struct wireup_server *srv, struct conn *c)
{
    const char *body;
    size_t len;
    int n;

    while ((n = conn_frame (c, &body, &len)) > 0) {
        struct wire_record rec;

        if (unseal_record (&srv->sealer, body, len, &rec, NULL) < 0)
            return -1;
        conn_drop_frame (c);
        n = record_is_ours (srv, &rec) ? take_record (srv, c, &rec) : -1;
        wire_record_clear (&rec);
        if (n < 0)
            return -1;
    }
    return n;
}

/* Strangers from the network come and go. A broker that does has ended. */
static int lost (struct wireup_server *srv, struct conn *c)
{
    flux_error_t e;
    char name[64];
    bool known = c->rank != CONN_STRANGER;

    if (!known && !c->given) {
        server_drop_conn (srv, c);
        return 0;
    }
    if (known)
        server_name_of (srv, c->rank, name, sizeof (name));
    errprintf (&e, "the broker%s%s ended before the instance was up", known ? " on " : "",
               known ? name : "");
    server_drop_conn (srv, c);
    return server_fail (srv, EPROTO, &e);
}

int server_conn_readable (struct wireup_server *srv, struct conn *c)
{
    int rc = conn_read (c);
    int frames = server_take_frames (srv, c);

    if (srv->failed)
        return -1;
    return rc < 0 || frames < 0 ? lost (srv, c) : 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Collect a record from every broker, then answer all of them. Nobody is answered before everybody
 * was heard: an instance starts whole or not at all. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "lib/bootstrap/conn.h"
#include "lib/bootstrap/limits.h"
#include "lib/bootstrap/method.h"
#include "lib/bootstrap/record.h"
#include "lib/bootstrap/seal.h"
#include "lib/bootstrap/server.h"
#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"

#define FLUSH_SECONDS 10. // to hand out the answers
#define FAILED_SECONDS 2. // to tell those that come late
#define EVENTS 64

/* What is known of a rank. */
struct peer {
    struct conn *conn;
    bool hello;
    uint32_t parent;
    char *host;
    char *uri;
    char *pubkey;
};

struct wireup_server {
    struct wireup_config config;
    char *munge_socket;
    struct sealer sealer;
    char nonce[33];
    char secret[32 + 1 + 2 * BOOTSTRAP_TOKEN_SIZE + 1]; // instance.token
    char *hostlist;
    int epfd;
    int listenfd;
    struct conn *conns;
    uint32_t nstrangers;
    uint32_t nhello;
    uint32_t nanswered; // of a failure
    struct peer *peers;
    bool failed;
    flux_error_t why;
};

static int fail (struct wireup_server *srv, int errnum, const flux_error_t *why)
{
    if (!srv->failed) {
        srv->failed = true;
        srv->why = *why;
    }
    errno = errnum;
    return -1;
}

/* ---- Names for people */

static void name_of (const struct wireup_server *srv, uint32_t rank, char *buf, size_t size)
{
    if (srv->config.host_of && srv->config.host_of (srv->hostlist, rank, buf, size) == 0)
        return;
    if (srv->peers[rank].host)
        snprintf (buf, size, "%s", srv->peers[rank].host);
    else
        snprintf (buf, size, "rank %u", rank);
}

/* Is this rank to be named: one that was never heard of, or one whose broker is not up yet? */
static bool is_missing (const struct peer *p, bool heard)
{
    return !p->hello && heard == (p->conn != NULL);
}

/* "n3, n5 and 7 more"; returns how many there are. */
static uint32_t list_missing (const struct wireup_server *srv, bool heard, char *text, size_t size)
{
    uint32_t total = 0, named = 0;
    size_t len = 0;
    char name[256];

    for (uint32_t i = 0; i < srv->config.size; i++) {
        if (!is_missing (&srv->peers[i], heard))
            continue;
        /* Once one did not fit, the others are only counted. */
        if (named == total++) {
            name_of (srv, i, name, sizeof (name));
            if (len + strlen (name) + 20 < size) {
                len += snprintf (text + len, size - len, "%s%s", named ? ", " : "", name);
                named++;
            }
        }
    }
    if (named < total)
        snprintf (text + len, size - len, "%s%u%s", named ? " and " : "", total - named,
                  named ? " more" : " nodes");
    return total;
}

static int fail_timeout (struct wireup_server *srv)
{
    flux_error_t e;
    char names[100];

    if (list_missing (srv, false, names, sizeof (names)) > 0)
        errprintf (&e, "no word from %s within %g s", names, srv->config.timeout);
    else {
        list_missing (srv, true, names, sizeof (names));
        errprintf (&e, "the broker on %s did not come up within %g s", names, srv->config.timeout);
    }
    return fail (srv, ETIMEDOUT, &e);
}

/* ---- Connections */

static int watch (struct wireup_server *srv, int fd, uint32_t events, void *ptr, int op)
{
    struct epoll_event ev = {.events = events, .data.ptr = ptr};

    return epoll_ctl (srv->epfd, op, fd, &ev);
}

static int add_conn (struct wireup_server *srv, int fd, bool given)
{
    struct conn *c = conn_create (fd, given);

    if (!c)
        return -1;
    if (watch (srv, c->fd, EPOLLIN, c, EPOLL_CTL_ADD) < 0) {
        conn_destroy (c);
        return -1;
    }
    DL_APPEND (srv->conns, c);
    srv->nstrangers++;
    return 0;
}

static void drop_conn (struct wireup_server *srv, struct conn *c)
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

static void accept_some (struct wireup_server *srv)
{
    for (int i = 0; i < EVENTS; i++) {
        int one = 1;
        int fd = accept4 (srv->listenfd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0)
            return;
        if (srv->nstrangers >= srv->config.size + WIREUP_MAX_STRANGERS) {
            close (fd);
            continue;
        }
        setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof (one));
        (void)add_conn (srv, fd, false);
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

    name_of (srv, rec->rank, name, sizeof (name));
    errprintf (&e, "%s: %s", name, rec->str[WIRE_TEXT]);
    return fail (srv, EPROTO, &e);
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

/* Handle every whole frame. -1: the connection is of no use. */
static int take_frames (struct wireup_server *srv, struct conn *c)
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
        drop_conn (srv, c);
        return 0;
    }
    if (known)
        name_of (srv, c->rank, name, sizeof (name));
    errprintf (&e, "the broker%s%s ended before the instance was up", known ? " on " : "",
               known ? name : "");
    drop_conn (srv, c);
    return fail (srv, EPROTO, &e);
}

static int conn_readable (struct wireup_server *srv, struct conn *c)
{
    int rc = conn_read (c);
    int frames = take_frames (srv, c);

    if (srv->failed)
        return -1;
    return rc < 0 || frames < 0 ? lost (srv, c) : 0;
}

/* ---- Records out */

static int join_hosts (struct wireup_server *srv)
{
    struct buf b = {0};

    for (uint32_t i = 0; i < srv->config.size; i++)
        buf_printf (&b, "%s%s", i > 0 ? "," : "", srv->peers[i].host);
    return (srv->hostlist = buf_steal (&b, NULL)) ? 0 : -1;
}

static int queue_ready (struct wireup_server *srv, struct conn *c, flux_error_t *errp)
{
    const struct peer *p = &srv->peers[c->rank];
    struct wire_record rec = {
        .kind = WIRE_READY,
        .jobid = srv->config.jobid,
        .stepid = srv->config.stepid,
        .rank = c->rank,
        .size = srv->config.size,
        .parent = p->parent,
        .str = {[WIRE_NONCE] = srv->nonce,
                [WIRE_HOSTLIST] = srv->hostlist,
                [WIRE_SECRET] = srv->secret},
    };

    if (p->parent != BOOTSTRAP_NO_PARENT) {
        rec.str[WIRE_URI] = srv->peers[p->parent].uri;
        rec.str[WIRE_PUBKEY] = srv->peers[p->parent].pubkey;
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
        drop_conn (srv, c);
    else if (c->out.len > 0)
        (void)watch (srv, c->fd, EPOLLIN | EPOLLOUT, c, EPOLL_CTL_MOD);
    else {
        shutdown (c->fd, SHUT_WR);
        (void)watch (srv, c->fd, EPOLLIN, c, EPOLL_CTL_MOD);
    }
}

static void answer_failed (struct wireup_server *srv, struct conn *c)
{
    c->answered = true;
    srv->nanswered++;
    if (queue_failed (srv, c) < 0)
        drop_conn (srv, c);
    else
        flush_conn (srv, c);
}

/* After the end: what has been answered is read until it closes. One that comes late hears of the
 * failure too, rather than wait for nobody. */
static void linger_conn (struct wireup_server *srv, struct conn *c, uint32_t events)
{
    if (conn_read (c) < 0) {
        drop_conn (srv, c);
        return;
    }
    if (c->answered)
        buf_consume (&c->in, c->in.len);
    else if (take_frames (srv, c) < 0 && c->rank == CONN_STRANGER) {
        drop_conn (srv, c);
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
    struct epoll_event ev[EVENTS];

    while (!is_over (srv) && monotime_now () < deadline) {
        int n = epoll_wait (srv->epfd, ev, EVENTS, 50);

        for (int i = 0; i < n; i++) {
            if (ev[i].data.ptr == srv)
                return;
            if (ev[i].data.ptr == &srv->listenfd)
                accept_some (srv);
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
        return fail (srv, ENOMEM, &e);
    }
    DL_FOREACH_SAFE (srv->conns, c, tmp)
    {
        if (c->rank == CONN_STRANGER) {
            drop_conn (srv, c);
            continue;
        }
        if (queue_ready (srv, c, &e) < 0)
            return fail (srv, errno, &e);
        c->answered = true;
        flush_conn (srv, c);
    }
    return 0;
}

/* Nobody else may come once all is well. */
static int answer_all (struct wireup_server *srv)
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

/* ---- Public part */

struct wireup_server *wireup_server_create (const struct wireup_config *config, flux_error_t *errp)
{
    struct wireup_server *srv;

    if (config->size == 0 || config->size > WIREUP_MAX_SIZE) {
        errno = EINVAL;
        errprintf (errp, "%u brokers: from 1 to %u can be wired up", config->size, WIREUP_MAX_SIZE);
        return NULL;
    }
    if (!(srv = calloc (1, sizeof (*srv))))
        goto nomem;
    srv->config = *config;
    srv->listenfd = srv->epfd = -1;
    if (!(srv->peers = calloc (config->size, sizeof (srv->peers[0]))) ||
        (config->munge_socket && !(srv->munge_socket = strdup (config->munge_socket))))
        goto nomem;
    srv->sealer = (struct sealer){config->munge, srv->munge_socket};
    if (random_hex (srv->nonce, 16) < 0 || random_hex (srv->secret, 16) < 0 ||
        (srv->secret[32] = '.', random_hex (srv->secret + 33, BOOTSTRAP_TOKEN_SIZE)) < 0 ||
        (srv->epfd = epoll_create1 (EPOLL_CLOEXEC)) < 0) {
        errprintf (errp, "wire-up: %s", strerror (errno));
        wireup_server_destroy (srv);
        return NULL;
    }
    return srv;
nomem:
    errprintf (errp, "out of memory");
    wireup_server_destroy (srv);
    return NULL;
}

void wireup_server_destroy (struct wireup_server *srv)
{
    int saved = errno;

    if (!srv)
        return;
    while (srv->conns)
        drop_conn (srv, srv->conns);
    for (uint32_t i = 0; srv->peers && i < srv->config.size; i++) {
        free (srv->peers[i].host);
        free (srv->peers[i].uri);
        free (srv->peers[i].pubkey);
    }
    if (srv->epfd >= 0)
        close (srv->epfd);
    if (srv->listenfd >= 0)
        close (srv->listenfd);
    free (srv->peers);
    free (srv->hostlist);
    free (srv->munge_socket);
    explicit_bzero (srv, sizeof (*srv));
    free (srv);
    errno = saved;
}

const char *wireup_server_nonce (const struct wireup_server *srv)
{
    return srv->nonce;
}

static int bind_in_range (int fd, uint16_t low, uint16_t high)
{
    for (uint32_t port = low; port <= high; port++) {
        struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons (port)};

        if (bind (fd, (struct sockaddr *)&sin, sizeof (sin)) == 0)
            return 0;
        if (errno != EADDRINUSE && errno != EACCES)
            return -1;
    }
    return -1;
}

int wireup_server_listen (struct wireup_server *srv, uint16_t low, uint16_t high,
                          flux_error_t *errp)
{
    struct sockaddr_in sin;
    socklen_t len = sizeof (sin);
    int fd = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind_in_range (fd, low, high < low ? low : high) < 0 ||
        listen (fd, SOMAXCONN) < 0 || getsockname (fd, (struct sockaddr *)&sin, &len) < 0 ||
        watch (srv, fd, EPOLLIN, &srv->listenfd, EPOLL_CTL_ADD) < 0) {
        errprintf (errp, "wire-up: cannot listen on a TCP port: %s", strerror (errno));
        if (fd >= 0)
            close (fd);
        return -1;
    }
    srv->listenfd = fd;
    return ntohs (sin.sin_port);
}

int wireup_server_add (struct wireup_server *srv, int fd)
{
    return add_conn (srv, fd, true);
}

int wireup_server_env (const struct wireup_server *srv, uint32_t rank, int fd,
                       int (*set) (const char *name, const char *value, void *arg), void *arg)
{
    struct {
        const char *name;
        uint32_t value;
    } number[] = {{"FLUX_BOOTSTRAP_FD", fd},
                  {"FLUX_BOOTSTRAP_RANK", rank},
                  {"FLUX_BOOTSTRAP_SIZE", srv->config.size},
                  {"FLUX_BOOTSTRAP_JOBID", srv->config.jobid},
                  {"FLUX_BOOTSTRAP_STEPID", srv->config.stepid},
                  {"FLUX_BOOTSTRAP_TIMEOUT", (uint32_t)srv->config.timeout + 1}};
    char text[16];

    for (size_t i = 0; i < sizeof (number) / sizeof (number[0]); i++) {
        snprintf (text, sizeof (text), "%u", number[i].value);
        if (set (number[i].name, text, arg) < 0)
            return -1;
    }
    if (set ("FLUX_BOOTSTRAP_METHOD", "wireup", arg) < 0 ||
        set ("FLUX_BOOTSTRAP_AUTH", srv->config.munge ? "munge" : "token", arg) < 0 ||
        set ("FLUX_BOOTSTRAP_NONCE", srv->nonce, arg) < 0 ||
        (srv->munge_socket && set ("FLUX_BOOTSTRAP_MUNGE_SOCKET", srv->munge_socket, arg) < 0))
        return -1;
    return 0;
}

/* One turn: -1 when the wire-up failed. */
static int turn (struct wireup_server *srv, double deadline)
{
    struct epoll_event ev[EVENTS];
    double left = deadline - monotime_now ();
    int n = epoll_wait (srv->epfd, ev, EVENTS, left <= 0 ? 0 : (int)(left * 1000) + 1);

    if (n == 0 && left <= 0)
        return fail_timeout (srv);
    for (int i = 0; i < n; i++) {
        void *ptr = ev[i].data.ptr;

        if (ptr == srv) {
            flux_error_t e = {"the wire-up was cancelled"};
            return fail (srv, ECANCELED, &e);
        }
        if (ptr == &srv->listenfd)
            accept_some (srv);
        else if (conn_readable (srv, ptr) < 0)
            return -1;
    }
    return 0;
}

int wireup_server_run (struct wireup_server *srv, int stop_fd, flux_error_t *errp)
{
    double deadline = monotime_now () + srv->config.timeout;
    int rc = 0;

    if (stop_fd >= 0 && watch (srv, stop_fd, EPOLLIN, srv, EPOLL_CTL_ADD) < 0)
        return errprintf (errp, "wire-up: %s", strerror (errno));
    while (rc == 0 && srv->nhello < srv->config.size)
        rc = turn (srv, deadline);
    rc = answer_all (srv);
    int saved = errno;
    if (stop_fd >= 0)
        (void)epoll_ctl (srv->epfd, EPOLL_CTL_DEL, stop_fd, NULL);
    errno = saved;
    return rc < 0 ? errprintf (errp, "%s", srv->why.text) : 0;
}

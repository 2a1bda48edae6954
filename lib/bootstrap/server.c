/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Collect a record from every broker, then answer all of them. Nobody is answered before everybody
 * was heard: an instance starts whole or not at all. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/bootstrap/conn.h"
#include "lib/bootstrap/limits.h"
#include "lib/bootstrap/method.h"
#include "lib/bootstrap/server.h"
#include "lib/bootstrap/server_private.h"
#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"

int server_fail (struct wireup_server *srv, int errnum, const flux_error_t *why)
{
    if (!srv->failed) {
        srv->failed = true;
        srv->why = *why;
    }
    errno = errnum;
    return -1;
}

/* ---- Names for people */

void server_name_of (const struct wireup_server *srv, uint32_t rank, char *buf, size_t size)
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
            server_name_of (srv, i, name, sizeof (name));
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
    return server_fail (srv, ETIMEDOUT, &e);
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
        server_drop_conn (srv, srv->conns);
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

/* Both IPv6 and IPv4; only the latter on a host that has no IPv6. */
static int bind_port (int fd, sa_family_t family, uint16_t port)
{
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons (port)};
    struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_port = htons (port)};

    return family == AF_INET6 ? bind (fd, (struct sockaddr *)&sin6, sizeof (sin6))
                              : bind (fd, (struct sockaddr *)&sin, sizeof (sin));
}

static int bind_in_range (int fd, sa_family_t family, uint16_t low, uint16_t high)
{
    for (uint32_t port = low; port <= high; port++) {
        if (bind_port (fd, family, port) == 0)
            return 0;
        if (errno != EADDRINUSE && errno != EACCES)
            return -1;
    }
    return -1;
}

static int listen_family (sa_family_t family, uint16_t low, uint16_t high)
{
    int off = 0;
    int fd = socket (family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0 &&
        (family != AF_INET6 ||
         setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof (off)) == 0) &&
        bind_in_range (fd, family, low, high) == 0 && listen (fd, SOMAXCONN) == 0)
        return fd;
    if (fd >= 0) {
        int saved = errno;
        close (fd);
        errno = saved;
    }
    return -1;
}

static int port_of (int fd)
{
    struct sockaddr_storage ss;
    socklen_t len = sizeof (ss);

    if (getsockname (fd, (struct sockaddr *)&ss, &len) < 0)
        return -1;
    return ntohs (ss.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&ss)->sin6_port
                                           : ((struct sockaddr_in *)&ss)->sin_port);
}

int wireup_server_listen (struct wireup_server *srv, uint16_t low, uint16_t high,
                          flux_error_t *errp)
{
    int port;
    int fd;

    high = high < low ? low : high;
    if (((fd = listen_family (AF_INET6, low, high)) < 0 &&
         (fd = listen_family (AF_INET, low, high)) < 0) ||
        (port = port_of (fd)) < 0 ||
        server_watch (srv, fd, EPOLLIN, &srv->listenfd, EPOLL_CTL_ADD) < 0) {
        errprintf (errp, "wire-up: cannot listen on a TCP port: %s", strerror (errno));
        if (fd >= 0)
            close (fd);
        return -1;
    }
    srv->listenfd = fd;
    return port;
}

int wireup_server_add (struct wireup_server *srv, int fd)
{
    return server_add_conn (srv, fd, true);
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

static bool has_quorum (const struct wireup_server *srv)
{
    return srv->config.quorum > 0 && srv->nhello >= srv->config.quorum && srv->peers[0].hello;
}

/* One turn: -1 when the wire-up failed, 1 when it is over without all. */
static int turn (struct wireup_server *srv, double deadline)
{
    struct epoll_event ev[SERVER_EVENTS];
    double left = deadline - monotime_now ();
    int n = epoll_wait (srv->epfd, ev, SERVER_EVENTS, left <= 0 ? 0 : (int)(left * 1000) + 1);

    if (n == 0 && left <= 0)
        return has_quorum (srv) ? 1 : fail_timeout (srv);
    for (int i = 0; i < n; i++) {
        void *ptr = ev[i].data.ptr;

        if (ptr == srv) {
            flux_error_t e = {"the wire-up was cancelled"};
            return server_fail (srv, ECANCELED, &e);
        }
        if (ptr == &srv->listenfd)
            server_accept (srv);
        else if (server_conn_readable (srv, ptr) < 0)
            return -1;
    }
    return 0;
}

int wireup_server_run (struct wireup_server *srv, int stop_fd, flux_error_t *errp)
{
    double deadline = monotime_now () + srv->config.timeout;
    uint32_t expected = srv->config.expected ? srv->config.expected : srv->config.size;
    int rc = 0;

    if (stop_fd >= 0 && server_watch (srv, stop_fd, EPOLLIN, srv, EPOLL_CTL_ADD) < 0)
        return errprintf (errp, "wire-up: %s", strerror (errno));
    while (rc == 0 && srv->nhello < expected)
        rc = turn (srv, deadline);
    rc = server_answer_all (srv);
    int saved = errno;
    if (stop_fd >= 0)
        (void)epoll_ctl (srv->epfd, EPOLL_CTL_DEL, stop_fd, NULL);
    errno = saved;
    return rc < 0 ? errprintf (errp, "%s", srv->why.text) : 0;
}

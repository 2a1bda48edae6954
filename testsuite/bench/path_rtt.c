/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What an RPC costs beside a bare program over the same path, in one run. Run it with
 *
 *   flux start --test-size=4 -Stbon.prefertcp=1 -Stbon.interface-hint=lo path_rtt [rounds]
 *   ... path_rtt only COUNT       pipelined RPCs to rank 3 and nothing else, to count what they
 *                                 take
 *   path_rtt bare COUNT           the same of the bare programs; prints CPU time, all of it
 *
 * Three rows, each with the processes and hops that the RPC has:
 *
 *   own broker, beside a socket   client -- unix socket -- echo (poll, read, write)
 *   own broker, beside ZeroMQ     client (DEALER) -- ipc, CURVE -- echo (ROUTER)
 *   rank 3                        client -- unix socket -- relay (ROUTER) -- TCP, CURVE -- echo
 *                                 (DEALER)
 *
 * The bare client writes as many bytes as an RPC has on the local socket, and reads them back; the
 * relay copies them into one ZeroMQ message and back, by zmq_poll(); the socket's echo does not
 * even see where one ends. Nobody decodes, routes or
 * checks anything. Rounds alternate; medians are printed. */

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>
#include <flux/core.h>

#include "lib/util/monotime.h"
#include "testsuite/bench/median.h"

#define SYNC_COUNT 2000
#define PIPE_COUNT 20000
#define WINDOW 256
#define ROUNDS_MAX 99
#define FRAME 120 // bytes of the RPC below on the local socket, about the same both ways
#define BUF_SIZE (64 * 1024)

static void die (const char *what)
{
    perror (what);
    exit (1);
}

static void write_all (int fd, const char *p, size_t len)
{
    while (len > 0) {
        ssize_t n = write (fd, p, len);
        if (n <= 0)
            _exit (0);
        p += n;
        len -= (size_t)n;
    }
}

/* Bare, own broker. */

static void echo_main (int fd)
{
    char buf[BUF_SIZE];
    struct pollfd pfd = {.fd = fd, .events = POLLIN};

    for (;;) {
        ssize_t n;
        poll (&pfd, 1, -1);
        if ((n = read (fd, buf, sizeof (buf))) <= 0)
            _exit (0);
        write_all (fd, buf, (size_t)n);
    }
}

/* Bare ZeroMQ, own broker. */

static void router_main (const char *uri, const char *secret_key)
{
    void *s = zmq_socket (zmq_ctx_new (), ZMQ_ROUTER);
    zmq_msg_t id, msg;
    int one = 1;

    zmq_setsockopt (s, ZMQ_CURVE_SERVER, &one, sizeof (one));
    zmq_setsockopt (s, ZMQ_CURVE_SECRETKEY, secret_key, 40);
    if (zmq_bind (s, uri) < 0)
        die (uri);
    for (;;) {
        zmq_msg_init (&id);
        zmq_msg_init (&msg);
        if (zmq_msg_recv (&id, s, 0) < 0 || zmq_msg_recv (&msg, s, 0) < 0 ||
            zmq_msg_send (&id, s, ZMQ_SNDMORE) < 0 || zmq_msg_send (&msg, s, 0) < 0)
            _exit (0);
    }
}

static void *start_router (pid_t *pid)
{
    char pub[41], sec[41], own_pub[41], own_sec[41], uri[64];
    void *s;

    zmq_curve_keypair (pub, sec);
    zmq_curve_keypair (own_pub, own_sec);
    snprintf (uri, sizeof (uri), "ipc://@path_rtt-%d", getpid ());
    if ((*pid = fork ()) == 0)
        router_main (uri, sec);
    s = zmq_socket (zmq_ctx_new (), ZMQ_DEALER);
    zmq_setsockopt (s, ZMQ_CURVE_PUBLICKEY, own_pub, 40);
    zmq_setsockopt (s, ZMQ_CURVE_SECRETKEY, own_sec, 40);
    zmq_setsockopt (s, ZMQ_CURVE_SERVERKEY, pub, 40);
    zmq_connect (s, uri);
    return s;
}

static double bare_zmq (void *s, int count, int window)
{
    char buf[FRAME] = "";
    double t = monotime_now ();

    for (int sent = 0, got = 0; got < count; got++) {
        while (sent < count && sent - got < window) {
            zmq_send (s, buf, sizeof (buf), 0);
            sent++;
        }
        zmq_recv (s, buf, sizeof (buf), 0);
    }
    return monotime_now () - t;
}

/* Bare, rank 3. */

static void server_main (const char *uri, const char *server_key)
{
    void *s = zmq_socket (zmq_ctx_new (), ZMQ_DEALER);
    char pub[41], sec[41];
    zmq_msg_t msg;

    zmq_curve_keypair (pub, sec);
    zmq_setsockopt (s, ZMQ_CURVE_PUBLICKEY, pub, 40);
    zmq_setsockopt (s, ZMQ_CURVE_SECRETKEY, sec, 40);
    zmq_setsockopt (s, ZMQ_CURVE_SERVERKEY, server_key, 40);
    zmq_connect (s, uri);
    zmq_send (s, "hello", 5, 0);
    for (;;) {
        zmq_msg_init (&msg);
        if (zmq_msg_recv (&msg, s, 0) < 0 || zmq_msg_send (&msg, s, 0) < 0)
            _exit (0);
    }
}

/* What has come by the local socket goes on as messages of one RPC each. */
static size_t relay_down (void *s, zmq_msg_t *peer, const char *buf, size_t len)
{
    size_t done = 0;

    for (; len - done >= FRAME; done += FRAME) {
        zmq_msg_t id;
        zmq_msg_init (&id);
        zmq_msg_copy (&id, peer);
        zmq_msg_send (&id, s, ZMQ_SNDMORE);
        zmq_send (s, buf + done, FRAME, 0);
    }
    return done;
}

static size_t relay_up (void *s, char *buf)
{
    zmq_msg_t id;
    size_t have = 0;

    while (have + FRAME <= BUF_SIZE) {
        zmq_msg_init (&id);
        if (zmq_msg_recv (&id, s, ZMQ_DONTWAIT) < 0)
            break;
        zmq_msg_close (&id);
        have += (size_t)zmq_recv (s, buf + have, FRAME, 0);
    }
    return have;
}

static void relay_main (int fd)
{
    void *s = zmq_socket (zmq_ctx_new (), ZMQ_ROUTER);
    char pub[41], sec[41], uri[256], hello[8], in[BUF_SIZE], out[BUF_SIZE];
    size_t size = sizeof (uri), have = 0, done;
    int one = 1;
    zmq_msg_t peer;
    pid_t server;

    zmq_curve_keypair (pub, sec);
    zmq_setsockopt (s, ZMQ_CURVE_SERVER, &one, sizeof (one));
    zmq_setsockopt (s, ZMQ_CURVE_SECRETKEY, sec, 40);
    if (zmq_bind (s, "tcp://127.0.0.1:*") < 0)
        die ("bind");
    zmq_getsockopt (s, ZMQ_LAST_ENDPOINT, uri, &size);
    if ((server = fork ()) == 0)
        server_main (uri, pub);
    zmq_msg_init (&peer);
    zmq_msg_recv (&peer, s, 0);
    zmq_recv (s, hello, sizeof (hello), 0);
    for (;;) {
        zmq_pollitem_t items[] = {{s, 0, ZMQ_POLLIN, 0}, {NULL, fd, ZMQ_POLLIN, 0}};
        zmq_poll (items, 2, -1);
        if (items[1].revents) {
            ssize_t n = read (fd, in + have, sizeof (in) - have);
            if (n <= 0) {
                kill (server, SIGTERM);
                waitpid (server, NULL, 0);
                _exit (0);
            }
            have += (size_t)n;
            done = relay_down (s, &peer, in, have);
            memmove (in, in + done, have -= done);
        }
        if (items[0].revents)
            write_all (fd, out, relay_up (s, out));
    }
}

static int start (void (*run) (int fd))
{
    int fd[2];
    pid_t pid;

    if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
        die ("socketpair");
    if ((pid = fork ()) < 0)
        die ("fork");
    if (pid == 0) {
        close (fd[0]);
        run (fd[1]);
        _exit (0);
    }
    close (fd[1]);
    return fd[0];
}

static double bare (int fd, int count, int window)
{
    static char buf[BUF_SIZE];
    double t = monotime_now ();
    size_t sent = 0, got = 0, all = (size_t)count * FRAME;

    while (got < all) {
        size_t n, room = (size_t)window * FRAME - (sent - got);
        ssize_t rc;
        if ((n = all - sent < room ? all - sent : room) > 0)
            write_all (fd, buf, n);
        sent += n;
        if ((rc = read (fd, buf, sizeof (buf))) <= 0)
            die ("bare");
        got += (size_t)rc;
    }
    return monotime_now () - t;
}

/* Flux. */

struct run {
    flux_t *h;
    uint32_t rank;
    int to_send, to_get;
};

static flux_future_t *ping (struct run *r)
{
    flux_future_t *f =
        flux_rpc_pack (r->h, "broker.ping", r->rank, 0, "{s:i s:s}", "seq", 1, "pad", "");

    if (!f)
        die ("flux_rpc");
    return f;
}

static double rpc_sync (struct run *r, int count)
{
    double t = monotime_now ();

    for (int i = 0; i < count; i++) {
        flux_future_t *f = ping (r);
        if (flux_future_get (f, NULL) < 0)
            die ("broker.ping");
        flux_future_destroy (f);
    }
    return monotime_now () - t;
}

static void on_pong (flux_future_t *f, void *arg)
{
    struct run *r = arg;

    if (flux_future_get (f, NULL) < 0)
        die ("broker.ping");
    flux_future_destroy (f);
    r->to_get--;
    if (r->to_send-- > 0)
        flux_future_then (ping (r), -1., on_pong, r);
}

static double rpc_pipelined (struct run *r, int count)
{
    double t = monotime_now ();

    r->to_send = count - WINDOW;
    r->to_get = count;
    for (int i = 0; i < WINDOW; i++)
        flux_future_then (ping (r), -1., on_pong, r);
    if (flux_reactor_run (flux_get_reactor (r->h), 0) < 0 || r->to_get != 0)
        die ("reactor");
    return monotime_now () - t;
}

struct peer {
    const char *name;
    int fd;
    void *sock; // or NULL
};

static double bare_any (const struct peer *p, int count, int window)
{
    return p->sock ? bare_zmq (p->sock, count, window) : bare (p->fd, count, window);
}

static void measure (struct run *r, const struct peer *p, int rounds)
{
    double v[4][ROUNDS_MAX], m[4];

    bare_any (p, 200, 1);
    rpc_sync (r, 200);
    for (int i = 0; i < rounds; i++) {
        v[0][i] = bare_any (p, SYNC_COUNT, 1) / SYNC_COUNT * 1e6;
        v[1][i] = rpc_sync (r, SYNC_COUNT) / SYNC_COUNT * 1e6;
        v[2][i] = PIPE_COUNT / bare_any (p, PIPE_COUNT, WINDOW);
        v[3][i] = PIPE_COUNT / rpc_pipelined (r, PIPE_COUNT);
    }
    for (int i = 0; i < 4; i++)
        m[i] = median (v[i], rounds);
    printf ("%s  sync %6.1f us, bare %6.1f us, ratio %.2f   pipelined %6.0f /s, bare %8.0f /s, "
            "ratio %.2f\n",
            p->name, m[1], m[0], m[1] / m[0], m[3], m[2], m[2] / m[3]);
}

static double cpu_time (int who)
{
    struct rusage ru;

    getrusage (who, &ru);
    return (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1e6 +
           (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec);
}

static void only_bare (int count)
{
    int fd = start (relay_main);

    bare (fd, count, WINDOW);
    close (fd);
    wait (NULL);
    printf ("CPU for each, us: bare client %.1f, relay and echo %.1f\n",
            cpu_time (RUSAGE_SELF) / count, cpu_time (RUSAGE_CHILDREN) / count);
}

int main (int argc, char **argv)
{
    int rounds = argc > 1 ? atoi (argv[1]) : 5;
    struct run r = {.rank = FLUX_NODEID_ANY};

    if (argc == 3 && strcmp (argv[1], "bare") == 0 && atoi (argv[2]) > WINDOW) {
        only_bare (atoi (argv[2]));
        return 0;
    }
    r.h = flux_open (NULL, 0);
    if (argc == 3 && strcmp (argv[1], "only") == 0 && r.h && atoi (argv[2]) > WINDOW) {
        r.rank = 3;
        rpc_pipelined (&r, atoi (argv[2]));
        flux_close (r.h);
        return 0;
    }
    if (!r.h || rounds < 1 || rounds > ROUNDS_MAX)
        die ("usage: flux start ... path_rtt [rounds]");
    pid_t router;
    struct peer peers[] = {
        {"own broker, beside ZeroMQ  ", -1, start_router (&router)},
        {"rank 3, beside ZeroMQ      ", start (relay_main), NULL},
        {"own broker, beside a socket", start (echo_main), NULL},
    };
    for (int i = 0; i < 3; i++) {
        r.rank = i == 1 ? 3 : FLUX_NODEID_ANY;
        measure (&r, &peers[i], rounds);
    }
    flux_close (r.h);
    kill (router, SIGTERM);
    return 0;
}

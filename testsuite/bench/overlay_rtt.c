/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Round trips over one link of the overlay, between two processes over TCP loopback with CURVE,
 * against a bare ZeroMQ DEALER and ROUTER over the same path in the same run. Rounds alternate, so
 * that both see the same machine; medians are printed. On a busy machine the CPU's time tells more.
 *
 *   overlay_rtt [rounds [bytes of payload [bare|overlay]]]
 *
 * With one of the two words only that runs, for `strace -fc` and the like. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <ev.h>
#include <zmq.h>
#include <flux/response.h>

#include "lib/overlay/overlay.h"
#include "lib/util/monotime.h"
#include "testsuite/bench/median.h"

#define SYNC_COUNT 3000
#define PIPE_COUNT 30000
#define WINDOW 256
#define ROUNDS_MAX 99

static void die (const char *what)
{
    fprintf (stderr, "overlay_rtt: %s\n", what);
    exit (1);
}

struct result {
    double sync_us; // one round trip
    double per_s;   // pipelined round trips
    double cpu_us;  // of both ends for each of all of them
};

static double cpu_of (const struct rusage *ru)
{
    return (double)(ru->ru_utime.tv_sec + ru->ru_stime.tv_sec) +
           1e-6 * (double)(ru->ru_utime.tv_usec + ru->ru_stime.tv_usec);
}

static double cpu_now (void)
{
    struct rusage ru;

    getrusage (RUSAGE_SELF, &ru);
    return cpu_of (&ru);
}

/* The end of a run's server: it goes when the client closes the pipe. server_stop() returns the
 * time it took of the CPU. */
struct server {
    pid_t pid;
    int fd;
    char uri[256];
    char key[OVERLAY_KEY_SIZE];
};

static double server_stop (struct server *s)
{
    struct rusage ru;

    close (s->fd);
    wait4 (s->pid, NULL, 0, &ru);
    return cpu_of (&ru);
}

/* Fork; the child runs `serve`, which writes its address to fd. */
static void server_start (struct server *s, void (*serve) (int fd))
{
    char line[400];
    int fds[2][2];
    ssize_t n;

    if (pipe (fds[0]) < 0 || pipe (fds[1]) < 0 || (s->pid = fork ()) < 0)
        die ("fork");
    if (s->pid == 0) {
        close (fds[0][0]);
        close (fds[1][1]);
        dup2 (fds[1][0], 0);
        serve (fds[0][1]);
        exit (0);
    }
    close (fds[0][1]);
    close (fds[1][0]);
    s->fd = fds[1][1];
    if ((n = read (fds[0][0], line, sizeof (line) - 1)) <= 0)
        die ("the server did not start");
    line[n] = '\0';
    close (fds[0][0]);
    if (sscanf (line, "%255s %40s", s->uri, s->key) != 2)
        die ("the server's address");
}

/* Bare ZeroMQ. */

static void bare_serve (int fd)
{
    void *ctx = zmq_ctx_new (), *s = zmq_socket (ctx, ZMQ_ROUTER);
    char pub[41], sec[41], uri[256];
    size_t size = sizeof (uri);
    int one = 1;

    zmq_curve_keypair (pub, sec);
    zmq_setsockopt (s, ZMQ_CURVE_SERVER, &one, sizeof (one));
    zmq_setsockopt (s, ZMQ_CURVE_SECRETKEY, sec, 40);
    if (zmq_bind (s, "tcp://127.0.0.1:*") < 0)
        die ("bind");
    zmq_getsockopt (s, ZMQ_LAST_ENDPOINT, uri, &size);
    dprintf (fd, "%s %s", uri, pub);
    for (;;) {
        zmq_pollitem_t items[] = {{s, 0, ZMQ_POLLIN, 0}, {NULL, 0, ZMQ_POLLIN, 0}};
        zmq_msg_t id, msg;
        zmq_poll (items, 2, -1);
        if (items[1].revents)
            _exit (0);
        zmq_msg_init (&id);
        zmq_msg_init (&msg);
        while (zmq_msg_recv (&id, s, ZMQ_DONTWAIT) >= 0) {
            zmq_msg_recv (&msg, s, 0);
            zmq_msg_send (&id, s, ZMQ_SNDMORE);
            zmq_msg_send (&msg, s, 0);
        }
    }
}

static void bare_exchange (void *s, const char *data, size_t size, int count, int window)
{
    char *buf = malloc (size + 1);
    int sent = 0, got = 0;

    while (got < count) {
        for (; sent < count && sent - got < window; sent++)
            zmq_send (s, data, size, 0);
        if (zmq_recv (s, buf, size, 0) < 0)
            die ("recv");
        got++;
    }
    free (buf);
}

static struct result bare_run (const char *data, size_t size)
{
    void *ctx = zmq_ctx_new (), *s = zmq_socket (ctx, ZMQ_DEALER);
    char pub[41], sec[41];
    struct result r;
    struct server srv;
    double t, cpu = cpu_now ();

    server_start (&srv, bare_serve);
    zmq_curve_keypair (pub, sec);
    zmq_setsockopt (s, ZMQ_CURVE_PUBLICKEY, pub, 40);
    zmq_setsockopt (s, ZMQ_CURVE_SECRETKEY, sec, 40);
    zmq_setsockopt (s, ZMQ_CURVE_SERVERKEY, srv.key, 40);
    zmq_connect (s, srv.uri);
    bare_exchange (s, data, size, 100, 1);
    t = monotime_now ();
    bare_exchange (s, data, size, SYNC_COUNT, 1);
    r.sync_us = (monotime_now () - t) / SYNC_COUNT * 1e6;
    t = monotime_now ();
    bare_exchange (s, data, size, PIPE_COUNT, WINDOW);
    r.per_s = PIPE_COUNT / (monotime_now () - t);
    zmq_close (s);
    zmq_ctx_term (ctx);
    cpu = cpu_now () - cpu + server_stop (&srv);
    r.cpu_us = cpu / (SYNC_COUNT + PIPE_COUNT) * 1e6;
    return r;
}

/* The overlay. */

struct client {
    struct ev_loop *loop;
    flux_msg_t *msg;
    int count, window, sent, got;
    bool up;
};

static void echo (struct overlay *ov, flux_msg_t *msg, uint32_t peer, bool from_parent, void *arg)
{
    flux_msg_t *response = flux_response_derive (msg, 0);
    const void *data;
    size_t size;

    if (response && flux_msg_get_payload (msg, &data, &size) == 0)
        flux_msg_set_payload (response, data, size);
    if (!response || overlay_respond (ov, response) < 0)
        die ("respond");
    flux_msg_decref (response);
}

static void fill (struct overlay *ov, struct client *c)
{
    for (; c->sent < c->count && c->sent - c->got < c->window; c->sent++) {
        if (overlay_send_parent (ov, c->msg) < 0)
            die ("send");
    }
}

static void got_response (struct overlay *ov, flux_msg_t *msg, uint32_t peer, bool from_parent,
                          void *arg)
{
    struct client *c = arg;

    c->got++;
    fill (ov, c);
    if (c->got == c->count)
        ev_break (c->loop, EVBREAK_ALL);
}

static void parent_up (struct overlay *ov, uint32_t rank, const char *uuid, void *arg)
{
    struct client *c = arg;

    ev_break (c->loop, EVBREAK_ALL);
}

static void parent_down (struct overlay *ov, bool final, int errnum, const char *reason, void *arg)
{
    die (reason);
}

static struct overlay *make (struct ev_loop *loop, uint32_t rank, const struct overlay_ops *ops,
                             void *arg)
{
    const struct overlay_conf conf = {
        .loop = loop,
        .rank = rank,
        .size = 2,
        .uuid = rank ? "uuid-1" : "uuid-0",
        .instance = "bench",
        .auth = OVERLAY_AUTH_TOKEN,
        .token = (const unsigned char *)"0123456789abcdef0123456789abcdef",
    };
    flux_error_t e;
    struct overlay *ov = overlay_create (&conf, ops, arg, &e);

    if (!ov)
        die (e.text);
    return ov;
}

static void client_gone (struct ev_loop *loop, ev_io *w, int revents)
{
    _exit (0);
}

static void overlay_serve (int fd)
{
    static const struct overlay_ops ops = {.recv = echo};
    struct ev_loop *loop = ev_loop_new (EVFLAG_AUTO);
    struct overlay *ov = make (loop, 0, &ops, NULL);
    flux_error_t e;
    ev_io w;

    if (overlay_bind (ov, "tcp://127.0.0.1:*", &e) < 0)
        die (e.text);
    dprintf (fd, "%s %s", overlay_endpoint (ov), overlay_pubkey (ov));
    ev_io_init (&w, client_gone, 0, EV_READ);
    ev_io_start (loop, &w);
    ev_run (loop, 0);
}

static double exchange (struct overlay *ov, struct client *c, int count, int window)
{
    double t = monotime_now ();

    c->count = count;
    c->window = window;
    c->sent = c->got = 0;
    fill (ov, c);
    ev_run (c->loop, 0);
    return monotime_now () - t;
}

static struct result overlay_run (const char *data, size_t size)
{
    static const struct overlay_ops ops = {
        .recv = got_response, .parent_up = parent_up, .parent_down = parent_down};
    struct client c = {.msg = flux_msg_create (FLUX_MSGTYPE_REQUEST)};
    struct overlay *ov;
    struct server srv;
    struct result r;
    flux_error_t e;
    double cpu = cpu_now ();

    server_start (&srv, overlay_serve);
    c.loop = ev_loop_new (EVFLAG_AUTO);
    ov = make (c.loop, 1, &ops, &c);
    flux_msg_route_enable (c.msg);
    flux_msg_set_topic (c.msg, "bench.echo");
    flux_msg_set_payload (c.msg, data, size);
    if (overlay_connect_parent (ov, 0, srv.uri, srv.key, &e) < 0)
        die (e.text);
    ev_run (c.loop, 0);
    exchange (ov, &c, 100, 1);
    r.sync_us = exchange (ov, &c, SYNC_COUNT, 1) / SYNC_COUNT * 1e6;
    r.per_s = PIPE_COUNT / exchange (ov, &c, PIPE_COUNT, WINDOW);
    overlay_destroy (ov);
    flux_msg_decref (c.msg);
    ev_loop_destroy (c.loop);
    cpu = cpu_now () - cpu + server_stop (&srv);
    r.cpu_us = cpu / (SYNC_COUNT + PIPE_COUNT) * 1e6;
    return r;
}

int main (int argc, char **argv)
{
    int rounds = argc > 1 ? atoi (argv[1]) : 5;
    size_t size = argc > 2 ? strtoul (argv[2], NULL, 10) : 100;
    double v[6][ROUNDS_MAX], m[6];
    char *data = calloc (1, size + 1);
    const char *only = argc > 3 ? argv[3] : "";

    if (rounds < 1 || rounds > ROUNDS_MAX || size < 1)
        die ("usage: overlay_rtt [rounds [bytes]]");
    for (int i = 0; i < rounds; i++) {
        struct result b = {0}, o = {0};
        if (strcmp (only, "overlay") != 0)
            b = bare_run (data, size);
        if (strcmp (only, "bare") != 0)
            o = overlay_run (data, size);
        v[0][i] = b.sync_us;
        v[1][i] = o.sync_us;
        v[2][i] = b.per_s;
        v[3][i] = o.per_s;
        v[4][i] = b.cpu_us;
        v[5][i] = o.cpu_us;
    }
    for (int i = 0; i < 6; i++)
        m[i] = median (v[i], rounds);
    printf ("payload %zu bytes, %d rounds, medians\n", size, rounds);
    printf ("sync round trip   bare %7.1f us   overlay %7.1f us   ratio %.2f\n", m[0], m[1],
            m[1] / m[0]);
    printf ("pipelined (%d)   bare %7.0f /s   overlay %7.0f /s   ratio %.2f\n", WINDOW, m[2], m[3],
            m[2] / m[3]);
    printf ("CPU for each      bare %7.1f us   overlay %7.1f us   ratio %.2f\n", m[4], m[5],
            m[5] / m[4]);
    free (data);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Messages between tasks against bare ZeroMQ (DEALER and ROUTER, TCP with CURVE) between the same
 * two processes. Rounds alternate, so that both see the same machine; medians are printed.
 *
 *   flux start -s4 flux run -N2 -n2 tasks [ROUNDS]      two nodes
 *   flux start flux run -n2 tasks                       one node
 *
 * With more than two tasks only the collective operations are measured. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>
#include <flux/tasks.h>

#include "lib/util/monotime.h"
#include "testsuite/bench/median.h"

#define WAIT 60.
#define PINGS 1000
#define LARGE (1u << 20)
#define LARGE_COUNT 64
#define SMALL_COUNT 10000
#define COLLECTIVES 200
#define ROUNDS_MAX 99
#define KEY_SIZE 41

static flux_tasks_t *t;
static flux_group_t *g;
static int rank;

static void die (const char *what)
{
    perror (what);
    exit (1);
}

/* ---- bare ZeroMQ ---- */

struct bare {
    void *ctx, *sock;
};

static void bare_open (struct bare *b)
{
    char text[256] = "", pub[KEY_SIZE], sec[KEY_SIZE], server_key[KEY_SIZE], uri[128] = "";
    size_t len = sizeof (uri);
    struct flux_group_message m;
    int one = 1;

    b->ctx = zmq_ctx_new ();
    zmq_curve_keypair (pub, sec);
    b->sock = zmq_socket (b->ctx, rank == 0 ? ZMQ_ROUTER : ZMQ_DEALER);
    zmq_setsockopt (b->sock, ZMQ_CURVE_SECRETKEY, sec, strlen (sec));
    if (rank == 0) {
        zmq_setsockopt (b->sock, ZMQ_CURVE_SERVER, &one, sizeof (one));
        if (zmq_bind (b->sock, "tcp://127.0.0.1:*") < 0)
            die ("bind");
        zmq_getsockopt (b->sock, ZMQ_LAST_ENDPOINT, uri, &len);
        snprintf (text, sizeof (text), "%s %s", uri, pub);
    }
    if (flux_group_bcast (g, 0, text, strlen (text), &m, WAIT) < 0)
        die ("bcast");
    if (rank == 1) {
        sscanf (m.data, "%127s %40s", uri, server_key);
        zmq_setsockopt (b->sock, ZMQ_CURVE_PUBLICKEY, pub, strlen (pub));
        zmq_setsockopt (b->sock, ZMQ_CURVE_SERVERKEY, server_key, strlen (server_key));
        if (zmq_connect (b->sock, uri) < 0)
            die ("connect");
    }
    flux_group_message_clear (&m);
}

/* Rank 1 asks with `len` bytes, rank 0 answers with `back` bytes. */
static void bare_serve (struct bare *b, int count, const char *data, size_t back)
{
    zmq_msg_t id, msg;

    for (int i = 0; i < count; i++) {
        zmq_msg_init (&id);
        zmq_msg_init (&msg);
        zmq_msg_recv (&id, b->sock, 0);
        zmq_msg_recv (&msg, b->sock, 0);
        zmq_msg_close (&msg);
        zmq_msg_send (&id, b->sock, ZMQ_SNDMORE);
        zmq_send (b->sock, data, back, 0);
    }
}

static void bare_ask (struct bare *b, int count, const char *data, size_t len, int window)
{
    zmq_msg_t msg;
    int sent = 0, done = 0;

    while (done < count) {
        while (sent < count && sent - done < window) {
            zmq_send (b->sock, data, len, 0);
            sent++;
        }
        zmq_msg_init (&msg);
        zmq_msg_recv (&msg, b->sock, 0);
        zmq_msg_close (&msg);
        done++;
    }
}

/* ---- the same over the group ---- */

static void recv_one (int from)
{
    struct flux_group_message m;

    if (flux_group_recv (g, from, -1, &m, WAIT) < 0)
        die ("recv");
    flux_group_message_clear (&m);
}

static void send_one (int to, const char *data, size_t len)
{
    if (flux_group_send (g, to, 0, data, len, WAIT) < 0)
        die ("send");
}

static void pings (const char *data)
{
    for (int i = 0; i < PINGS; i++) {
        if (rank == 1)
            send_one (0, data, 8);
        recv_one (1 - rank);
        if (rank == 0)
            send_one (1, data, 8);
    }
}

static void stream (const char *data, int count, size_t len)
{
    for (int i = 0; i < count; i++) {
        if (rank == 1)
            send_one (0, data, len);
        else
            recv_one (1);
    }
    if (rank == 1)
        recv_one (0);
    else
        send_one (1, data, 8);
}

static void barrier (void)
{
    if (flux_group_barrier (g, WAIT) < 0)
        die ("barrier");
}

/* ---- measurements ---- */

struct figures {
    double ping[ROUNDS_MAX], link_ping[ROUNDS_MAX], bare_ping[ROUNDS_MAX];    // us for a round trip
    double small[ROUNDS_MAX], link_small[ROUNDS_MAX], bare_small[ROUNDS_MAX]; // us for one of many
    double mib[ROUNDS_MAX], bare_mib[ROUNDS_MAX];                             // MiB/s
    double coll[ROUNDS_MAX], reduce[ROUNDS_MAX];                              // us
};

static double mib_per_s (double seconds)
{
    return (double)LARGE_COUNT * LARGE / (1 << 20) / seconds;
}

static void pair_round (struct figures *f, int i, struct bare *b, const char *data)
{
    double start;

    flux_tasks_set_direct (t, SIZE_MAX);
    barrier ();
    start = monotime_now ();
    pings (data);
    f->ping[i] = (monotime_now () - start) / PINGS * 1e6;
    start = monotime_now ();
    stream (data, SMALL_COUNT, 8);
    f->small[i] = (monotime_now () - start) / SMALL_COUNT * 1e6;
    flux_tasks_set_direct (t, 64 << 10);
    pings (data); // that many make a link
    barrier ();
    start = monotime_now ();
    pings (data);
    f->link_ping[i] = (monotime_now () - start) / PINGS * 1e6;
    start = monotime_now ();
    stream (data, SMALL_COUNT, 8);
    f->link_small[i] = (monotime_now () - start) / SMALL_COUNT * 1e6;
    barrier ();
    start = monotime_now ();
    if (rank == 0)
        bare_serve (b, PINGS, data, 8);
    else
        bare_ask (b, PINGS, data, 8, 1);
    f->bare_ping[i] = (monotime_now () - start) / PINGS * 1e6;
    start = monotime_now ();
    if (rank == 0)
        bare_serve (b, SMALL_COUNT, data, 8);
    else
        bare_ask (b, SMALL_COUNT, data, 8, 64);
    f->bare_small[i] = (monotime_now () - start) / SMALL_COUNT * 1e6;
    barrier ();
    start = monotime_now ();
    stream (data, LARGE_COUNT, LARGE);
    f->mib[i] = mib_per_s (monotime_now () - start);
    barrier ();
    start = monotime_now ();
    if (rank == 0)
        bare_serve (b, LARGE_COUNT, data, 8);
    else
        bare_ask (b, LARGE_COUNT, data, LARGE, 8);
    f->bare_mib[i] = mib_per_s (monotime_now () - start);
}

static void collective_round (struct figures *f, int i)
{
    double start;
    int64_t v = 1;

    barrier ();
    start = monotime_now ();
    for (int k = 0; k < COLLECTIVES; k++)
        barrier ();
    f->coll[i] = (monotime_now () - start) / COLLECTIVES * 1e6;
    start = monotime_now ();
    for (int k = 0; k < COLLECTIVES; k++) {
        if (flux_group_allreduce_int (g, FLUX_GROUP_SUM, &v, 1, WAIT) < 0)
            die ("allreduce");
    }
    f->reduce[i] = (monotime_now () - start) / COLLECTIVES * 1e6;
}

static void print (struct figures *f, int rounds, bool pair)
{
    if (pair) {
        double a = median (f->ping, rounds), b = median (f->bare_ping, rounds);
        printf ("round trip, 8 bytes    %8.1f us     ZeroMQ %8.1f us     %5.2fx\n", a, b, a / b);
        a = median (f->link_ping, rounds);
        printf ("      once it is many  %8.1f us     ZeroMQ %8.1f us     %5.2fx\n", a, b, a / b);
        a = median (f->small, rounds);
        b = median (f->bare_small, rounds);
        printf ("stream of 8 bytes      %8.1f us     ZeroMQ %8.1f us     %5.2fx\n", a, b, a / b);
        a = median (f->link_small, rounds);
        printf ("      over a link      %8.1f us     ZeroMQ %8.1f us     %5.2fx\n", a, b, a / b);
        a = median (f->mib, rounds);
        b = median (f->bare_mib, rounds);
        printf ("stream of 1 MiB        %8.0f MiB/s  ZeroMQ %8.0f MiB/s  %5.2fx\n", a, b, b / a);
    }
    printf ("barrier                %8.1f us\n", median (f->coll, rounds));
    printf ("allreduce of 1 value   %8.1f us\n", median (f->reduce, rounds));
}

int main (int argc, char **argv)
{
    int rounds = argc > 1 ? atoi (argv[1]) : 7;
    struct figures *f = calloc (1, sizeof (*f));
    char *data = calloc (1, LARGE);
    flux_error_t error;
    struct bare bare = {0};

    if (rounds < 1 || rounds > ROUNDS_MAX || !f || !data)
        return 2;
    if (!(t = flux_tasks_open (NULL, &error)) ||
        !(g = flux_group_join (t, "bench", FLUX_GROUP_JOB, flux_tasks_rank (t), WAIT, &error))) {
        fprintf (stderr, "%s\n", error.text);
        return 1;
    }
    rank = flux_group_rank (g);
    if (flux_group_wait (g, flux_tasks_size (t), WAIT) < 0)
        die ("wait");
    bool pair = flux_group_size (g) == 2;
    if (pair)
        bare_open (&bare);
    for (int i = 0; i < rounds; i++) {
        if (pair)
            pair_round (f, i, &bare, data);
        collective_round (f, i);
    }
    if (rank == 0)
        print (f, rounds, pair);
    if (pair) {
        barrier ();
        zmq_close (bare.sock);
        zmq_ctx_term (bare.ctx);
    }
    flux_tasks_close (t);
    free (data);
    free (f);
    return 0;
}

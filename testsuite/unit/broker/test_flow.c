/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What is streamed to a client of another broker: rank 0 streams, the client is at rank 1, and what
 * goes between the two routers is handed over here. */

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <flux/request.h>

#include "lib/codec/limits.h"
#include "lib/codec/msgio.h"
#include "shell/broker/router.h"
#include "shell/broker/router_overlay.h"
#include "testsuite/unit/cmocka.h"

#define PIECE (64u << 10)
#define TOTAL (64u << 20)

struct passing {
    int to;
    flux_msg_t *msg;
};

struct pair {
    struct passing passing[64];
    int count;
    struct ev_loop *loop;
    struct router *rt[2];
    const flux_msg_t *request; // of the stream, at rank 0
    struct msgio *client;
    int ended;
};

struct end {
    struct pair *pair;
    int rank;
};

static const char *const uuids[] = {"broker-0", "broker-1"};

static void put (struct end *from, flux_msg_t *msg)
{
    struct pair *p = from->pair;

    assert_true (p->count < 64);
    p->passing[p->count++] = (struct passing){!from->rank, msg};
}

/* A request gets the sender's uuid, a response loses the receiver's (lib/overlay/overlay.h). */
static int send_parent (void *arg, const flux_msg_t *msg)
{
    struct end *from = arg;
    flux_msg_t *copy = flux_msg_copy (msg, true);

    flux_msg_route_push (copy, uuids[from->rank]);
    put (from, copy);
    return 0;
}

static int send_child (void *arg, uint32_t rank, const flux_msg_t *msg)
{
    return send_parent (arg, msg);
}

static int respond (void *arg, const flux_msg_t *msg)
{
    struct end *from = arg;
    flux_msg_t *copy = flux_msg_copy (msg, true);

    assert_string_equal (flux_msg_route_last (copy), uuids[!from->rank]);
    flux_msg_route_delete_last (copy);
    put (from, copy);
    return 0;
}

static int broadcast (void *arg, const flux_msg_t *msg)
{
    return 0;
}

static int child_route (void *arg, uint32_t dst)
{
    return ((struct end *)arg)->rank == 0 && dst == 1 ? 1 : -1;
}

static int peer_rank (void *arg, const char *uuid)
{
    int peer = !((struct end *)arg)->rank;

    return strcmp (uuid, uuids[peer]) == 0 ? peer : -1;
}

static const struct router_overlay_ops ops = {send_parent, send_child,  respond,
                                              broadcast,   child_route, peer_rank};

static void open_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct pair *p = arg;

    p->request = flux_msg_incref (msg);
    router_flow_hold (rt, msg);
}

static void gone_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct pair *p = arg;

    p->ended += flux_msg_route_match_first (msg, p->request);
}

static const struct handler_row rows[] = {
    {"open", open_cb, FLUX_ROLE_OWNER},
    {"disconnect", gone_cb, FLUX_ROLE_ALL},
    {NULL, NULL, 0},
};

static void turn (struct pair *p)
{
    for (int i = 0; i < 8; i++) {
        int n = p->count;
        for (int k = 0; k < n; k++)
            router_input_peer (p->rt[p->passing[k].to], p->passing[k].msg, p->passing[k].to == 1);
        memmove (p->passing, p->passing + n, (p->count - n) * sizeof (p->passing[0]));
        p->count -= n;
        ev_run (p->loop, EVRUN_NOWAIT);
    }
}

static void begin (struct pair *p, struct end *ends)
{
    int fds[2];
    flux_msg_t *msg = flux_request_encode ("stream.open", NULL);

    p->loop = ev_loop_new (0);
    for (int i = 0; i < 2; i++) {
        ends[i] = (struct end){p, i};
        p->rt[i] = router_create (p->loop, i, 2, getuid ());
        router_set_overlay (p->rt[i], &ops, &ends[i]);
    }
    assert_int_equal (router_service_add (p->rt[0], "stream", rows, p), 0);
    assert_int_equal (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_int_equal (router_client_add (p->rt[1], fds[0], getuid (), FLUX_ROLE_OWNER), 0);
    p->client = msgio_create (fds[1]);
    flux_msg_set_matchtag (msg, 1);
    flux_msg_set_streaming (msg);
    assert_int_equal (msgio_send (p->client, msg), 0);
    assert_int_equal (msgio_flush (p->client), 0);
    flux_msg_decref (msg);
    turn (p);
    assert_non_null (p->request);
}

static void end (struct pair *p)
{
    router_destroy (p->rt[1]);
    router_destroy (p->rt[0]);
    flux_msg_decref (p->request);
    ev_loop_destroy (p->loop);
}

/* Stream while the client is not behind. */
static size_t stream_some (struct pair *p, size_t max)
{
    static const char piece[PIECE];
    size_t sent = 0;

    while (sent < max && router_backlog (p->rt[0], p->request) <= CLIENT_BACKLOG_MAX) {
        assert_int_equal (router_respond_raw (p->rt[0], p->request, piece, sizeof (piece)), 0);
        sent += sizeof (piece);
        turn (p);
    }
    return sent;
}

static size_t read_some (struct pair *p)
{
    size_t got = 0;
    flux_msg_t *msg;

    while (msgio_fill (p->client) == 0) {
        while ((msg = msgio_next (p->client))) {
            got += PIECE;
            flux_msg_decref (msg);
        }
    }
    turn (p);
    return got;
}

static void test_waits_for_reader (void **state)
{
    struct pair p = {0};
    struct end ends[2];
    size_t sent, got = 0;

    begin (&p, ends);
    sent = stream_some (&p, TOTAL);
    assert_in_range (sent, CLIENT_BACKLOG_MAX, 3 * CLIENT_BACKLOG_MAX);
    assert_int_equal (stream_some (&p, TOTAL), 0);
    while (got < TOTAL) {
        size_t n = read_some (&p);
        size_t m = sent < TOTAL ? stream_some (&p, TOTAL - sent) : 0;
        assert_true (n + m > 0);
        got += n;
        sent += m;
    }
    assert_int_equal (got, sent);
    assert_in_range (router_backlog (p.rt[0], p.request), 0, PIECE + 1024);
    router_flow_release (p.rt[0], p.request);
    assert_int_equal (router_backlog (p.rt[0], p.request), 0);
    msgio_destroy (p.client);
    end (&p);
}

/* Nobody waits for one that is gone. */
static void test_reader_goes (void **state)
{
    struct pair p = {0};
    struct end ends[2];

    begin (&p, ends);
    stream_some (&p, TOTAL);
    msgio_destroy (p.client);
    turn (&p);
    assert_int_equal (p.ended, 1);
    assert_in_range (router_backlog (p.rt[0], p.request), 0, PIECE + 1024);
    router_flow_release (p.rt[0], p.request);
    turn (&p);
    end (&p);
}

/* One that was held and is let go while a question is open. */
static void test_release_before_answer (void **state)
{
    struct pair p = {0};
    struct end ends[2];

    begin (&p, ends);
    stream_some (&p, TOTAL);
    router_flow_release (p.rt[0], p.request);
    assert_true (router_backlog (p.rt[0], p.request) > CLIENT_BACKLOG_MAX);
    while (read_some (&p) > 0)
        ;
    assert_int_equal (router_backlog (p.rt[0], p.request), 0);
    msgio_destroy (p.client);
    end (&p);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_waits_for_reader),
        cmocka_unit_test (test_reader_goes),
        cmocka_unit_test (test_release_before_answer),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Requests that continuations send one after the other leave together, and none stays behind: not
 * when the loop is stopped among them, a continuation waits, or the handle is closed. The socket
 * keeps the borders of writes, so that they can be counted. */

#include <stdio.h>
#include <sys/socket.h>

#include <flux/core.h>

#include "lib/codec/msgio.h"
#include "testsuite/unit/cmocka.h"

#define IN_ROW 8

struct row {
    flux_t *h;
    struct msgio *peer;
    flux_future_t *open[2 * IN_ROW];
    int count;
    int called;
    int stop_at;
    bool waits;
};

static void setup_row (struct row *r)
{
    char uri[32];
    int fd[2];

    *r = (struct row){.stop_at = -1};
    assert_int_equal (socketpair (AF_UNIX, SOCK_SEQPACKET, 0, fd), 0);
    snprintf (uri, sizeof (uri), "fd://%d", fd[0]);
    assert_non_null (r->h = flux_open (uri, 0));
    assert_non_null (r->peer = msgio_create (fd[1]));
}

/* Take requests from the socket, and answer them if that is wanted. Returns the count of messages,
 * and of writes that they came in. */
static int take (struct row *r, bool answer, int *writes)
{
    flux_msg_t *msg;
    int count = 0;

    *writes = 0;
    while (msgio_fill (r->peer) == 0) {
        ++*writes;
        while ((msg = msgio_next (r->peer))) {
            flux_msg_t *rsp = flux_response_derive (msg, 0);
            count++;
            if (answer)
                assert_int_equal (msgio_send (r->peer, rsp), 0);
            flux_msg_destroy (rsp);
            flux_msg_destroy (msg);
        }
    }
    assert_int_equal (msgio_flush (r->peer), 0);
    return count;
}

static void ignore (flux_future_t *f, void *arg)
{
}

static void teardown_row (struct row *r)
{
    for (int i = 0; i < r->count; i++)
        flux_future_destroy (r->open[i]);
    flux_close (r->h);
    msgio_destroy (r->peer);
}

static void then (struct row *r, const char *topic, flux_continuation_f cb)
{
    flux_future_t *f = flux_rpc (r->h, topic, NULL, FLUX_NODEID_ANY, 0);

    assert_non_null (f);
    assert_int_equal (flux_future_then (f, -1., cb, r), 0);
    r->open[r->count++] = f;
}

/* Each continuation sends one more request. */
static void on_answer (flux_future_t *f, void *arg)
{
    struct row *r = arg;
    int writes;

    assert_int_equal (flux_future_get (f, NULL), 0);
    then (r, "again", ignore);
    if (r->waits) {
        f = flux_rpc (r->h, "wait", NULL, FLUX_NODEID_ANY, 0);
        assert_false (flux_future_is_ready (f));
        assert_int_equal (flux_future_wait_for (f, .0001), -1); // what was sent must have left
        assert_int_equal (take (r, true, &writes), 2);
        assert_int_equal (flux_future_get (f, NULL), 0);
        flux_future_destroy (f);
    }
    if (r->called++ == r->stop_at)
        flux_reactor_stop (flux_get_reactor (r->h));
}

/* IN_ROW futures are fulfilled in one turn. */
static void run_row (struct row *r)
{
    int writes;

    for (int i = 0; i < IN_ROW; i++)
        then (r, "first", on_answer);
    assert_int_equal (take (r, true, &writes), IN_ROW);
    assert_int_equal (writes, IN_ROW); // sent by nobody's continuation: each at once
    while (r->called < IN_ROW) {
        assert_int_not_equal (flux_reactor_run (flux_get_reactor (r->h), FLUX_REACTOR_NOWAIT), -1);
        if (r->stop_at >= 0 && r->called > r->stop_at)
            break;
    }
}

/* A row whose continuations take long by chance, on a busy machine, is sent one by one. */
static void test_together (void **state)
{
    int writes = IN_ROW, least = IN_ROW;

    for (int i = 0; i < 100 && least == IN_ROW; i++) {
        struct row r;
        setup_row (&r);
        run_row (&r);
        assert_int_equal (take (&r, false, &writes), IN_ROW);
        if (writes < least)
            least = writes;
        teardown_row (&r);
    }
    assert_in_range (least, 2, IN_ROW - 1);
}

static void test_stop (void **state)
{
    for (int at = 0; at < IN_ROW; at++) {
        struct row r;
        int writes;
        setup_row (&r);
        r.stop_at = at;
        run_row (&r);
        assert_in_range (r.called, at + 1, IN_ROW);
        assert_int_equal (take (&r, false, &writes), r.called); // before the handle is closed
        teardown_row (&r);
    }
}

static void test_wait (void **state)
{
    struct row r;
    int writes;

    setup_row (&r);
    r.waits = true;
    run_row (&r);
    assert_int_equal (take (&r, false, &writes), 0);
    teardown_row (&r);
}

/* The last reference to the handle goes in a continuation. */
static void on_answer_close (flux_future_t *f, void *arg)
{
    struct row *r = arg;
    flux_future_t *g = flux_rpc (r->h, "again", NULL, FLUX_NODEID_ANY, 0);

    assert_non_null (g);
    flux_future_destroy (g);
    if (++r->called < IN_ROW / 2)
        return;
    flux_close (r->h);
    for (int i = 0; i < r->count; i++)
        flux_future_destroy (r->open[i]);
}

static void test_close (void **state)
{
    struct row r;
    int writes;

    setup_row (&r);
    flux_reactor_t *reactor = flux_reactor_create (0);
    assert_int_equal (flux_set_reactor (r.h, reactor), 0);
    for (int i = 0; i < IN_ROW / 2; i++)
        then (&r, "first", on_answer_close);
    assert_int_equal (take (&r, true, &writes), IN_ROW / 2);
    while (r.called < IN_ROW / 2)
        assert_int_not_equal (flux_reactor_run (reactor, FLUX_REACTOR_NOWAIT), -1);
    assert_int_equal (take (&r, false, &writes), IN_ROW / 2);
    flux_reactor_destroy (reactor);
    msgio_destroy (r.peer);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_together),
        cmocka_unit_test (test_stop),
        cmocka_unit_test (test_wait),
        cmocka_unit_test (test_close),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

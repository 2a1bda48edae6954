/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux_reconnect(): a broker that hangs up on its first client, and answers the second. */

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <flux/core.h>

#include "lib/codec/msgio.h"
#include "testsuite/unit/cmocka.h"

struct broker {
    int fd;
    int swallow; // requests of the first client that are read and not answered
    char uri[128];
    pthread_t thread;
};

static int greeted (int listen_fd)
{
    int fd = accept (listen_fd, NULL, NULL);

    if (fd < 0 || write (fd, "", 1) != 1)
        abort ();
    return fd;
}

static flux_msg_t *next (struct msgio *io)
{
    struct pollfd pfd = {.fd = msgio_fd (io), .events = POLLIN};
    flux_msg_t *msg;

    while (!(msg = msgio_next (io)) && errno == EAGAIN) {
        if (poll (&pfd, 1, -1) < 0 || msgio_fill (io) < 0)
            return NULL;
    }
    return msg;
}

static void answer (struct msgio *io, const flux_msg_t *msg)
{
    flux_msg_t *rep = flux_response_derive (msg, 0);

    if (msgio_send (io, rep) < 0 || msgio_flush (io) < 0)
        abort ();
    flux_msg_destroy (rep);
}

static void *run (void *arg)
{
    struct broker *b = arg;
    struct msgio *io = msgio_create (greeted (b->fd));
    flux_msg_t *msg;

    for (int i = 0; i < b->swallow; i++)
        flux_msg_destroy (next (io));
    msgio_destroy (io);
    io = msgio_create (greeted (b->fd));
    while ((msg = next (io))) {
        answer (io, msg);
        flux_msg_destroy (msg);
    }
    msgio_destroy (io);
    return NULL;
}

static int reconnect (flux_t *h, void *arg)
{
    ++*(int *)arg;
    return flux_reconnect (h);
}

static flux_t *start (struct broker *b, int swallow, int flags, int *count)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    snprintf (addr.sun_path, sizeof (addr.sun_path), "/tmp/flux-test-%d", (int)getpid ());
    snprintf (b->uri, sizeof (b->uri), "local://%s", addr.sun_path);
    b->swallow = swallow;
    b->fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal (bind (b->fd, (struct sockaddr *)&addr, sizeof (addr)), 0);
    assert_int_equal (listen (b->fd, 4), 0);
    assert_int_equal (pthread_create (&b->thread, NULL, run, b), 0);
    flux_t *h = flux_open (b->uri, flags);
    assert_non_null (h);
    *count = 0;
    flux_comms_error_set (h, reconnect, count);
    return h;
}

static void stop (struct broker *b, flux_t *h)
{
    flux_close (h);
    pthread_join (b->thread, NULL);
    close (b->fd);
    unlink (b->uri + strlen ("local://"));
}

/* What was asked is lost, and who waits for it is told; what is asked again is answered. */
static void test_wait (void **state)
{
    struct broker b;
    int count;
    flux_t *h = start (&b, 2, FLUX_O_RPCTRACK, &count);
    uint32_t avail = flux_matchtag_avail (h);
    flux_future_t *one = flux_rpc (h, "a.b", NULL, FLUX_NODEID_ANY, 0);
    flux_future_t *many = flux_rpc (h, "a.c", NULL, FLUX_NODEID_ANY, FLUX_RPC_STREAMING);

    assert_int_equal (flux_rpc_get (one, NULL), -1);
    assert_int_equal (errno, ECONNRESET);
    assert_non_null (strstr (flux_future_error_string (one), "broke"));
    assert_int_equal (flux_rpc_get (many, NULL), -1);
    assert_int_equal (errno, ECONNRESET);
    assert_int_equal (count, 1);
    flux_future_destroy (one);
    flux_future_destroy (many);
    assert_int_equal (flux_matchtag_avail (h), avail);
    one = flux_rpc (h, "a.b", NULL, FLUX_NODEID_ANY, 0);
    assert_int_equal (flux_rpc_get (one, NULL), 0);
    flux_future_destroy (one);
    stop (&b, h);
}

/* Without the flag an old request stays unanswered. */
static void test_untracked (void **state)
{
    struct broker b;
    int count;
    flux_t *h = start (&b, 1, 0, &count);
    flux_future_t *old = flux_rpc (h, "a.b", NULL, FLUX_NODEID_ANY, 0), *f;

    while (count == 0) // what is sent before the end is seen is lost, too
        assert_null (flux_recv (h, FLUX_MATCH_ANY, FLUX_O_NONBLOCK));
    f = flux_rpc (h, "a.b", NULL, FLUX_NODEID_ANY, 0);
    assert_int_equal (flux_rpc_get (f, NULL), 0);
    assert_false (flux_future_is_ready (old));
    flux_future_destroy (f);
    flux_future_destroy (old);
    stop (&b, h);
}

static void on_second (flux_future_t *f, void *arg)
{
    assert_int_equal (flux_rpc_get (f, NULL), 0);
    ++*(int *)arg;
    flux_future_destroy (f);
}

static void on_first (flux_future_t *f, void *arg)
{
    flux_t *h = flux_future_get_flux (f);

    assert_int_equal (flux_rpc_get (f, NULL), -1);
    assert_int_equal (errno, ECONNRESET);
    assert_int_equal (
        flux_future_then (flux_rpc (h, "a.b", NULL, FLUX_NODEID_ANY, 0), -1., on_second, arg), 0);
    flux_future_destroy (f);
}

/* The reactor goes on with the new connection. */
static void test_reactor (void **state)
{
    struct broker b;
    int count, done = 0;
    flux_t *h = start (&b, 1, FLUX_O_RPCTRACK, &count);
    flux_future_t *f = flux_rpc (h, "a.b", NULL, FLUX_NODEID_ANY, 0);

    assert_int_equal (flux_future_then (f, -1., on_first, &done), 0);
    assert_int_equal (flux_reactor_run (flux_get_reactor (h), 0), 0);
    assert_int_equal (done, 1);
    assert_int_equal (count, 1);
    stop (&b, h);
}

/* So does a loop of the program's own over flux_pollfd(). */
static void test_pollfd (void **state)
{
    struct broker b;
    int count;
    flux_t *h = start (&b, 0, 0, &count);
    struct pollfd pfd = {.fd = flux_pollfd (h), .events = POLLIN};
    flux_msg_t *msg = NULL;

    while (count == 0) {
        assert_int_equal (poll (&pfd, 1, -1), 1);
        assert_true (flux_pollevents (h) >= 0);
        assert_null (flux_recv (h, FLUX_MATCH_ANY, FLUX_O_NONBLOCK));
    }
    flux_future_t *f = flux_rpc (h, "a.b", NULL, FLUX_NODEID_ANY, 0);
    while (!(msg = flux_recv (h, FLUX_MATCH_RESPONSE, FLUX_O_NONBLOCK))) {
        assert_int_equal (poll (&pfd, 1, -1), 1);
        assert_true (flux_pollevents (h) >= 0);
    }
    flux_msg_destroy (msg);
    flux_future_destroy (f);
    stop (&b, h);
}

static void test_errors (void **state)
{
    flux_t *h = flux_open ("loop://", 0);

    assert_int_equal (flux_reconnect (NULL), -1);
    assert_int_equal (errno, EINVAL);
    assert_int_equal (flux_reconnect (h), -1);
    assert_int_equal (errno, ENOSYS);
    flux_close (h);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_wait),    cmocka_unit_test (test_untracked),
        cmocka_unit_test (test_reactor), cmocka_unit_test (test_pollfd),
        cmocka_unit_test (test_errors),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

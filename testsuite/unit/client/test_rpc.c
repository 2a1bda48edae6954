/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <string.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/util/monotime.h"
#include "testsuite/unit/client/server.h"
#include "testsuite/unit/cmocka.h"

#define assert_fails(expr, errnum)                                                                 \
    do {                                                                                           \
        errno = 0;                                                                                 \
        assert_int_equal ((expr), -1);                                                             \
        assert_int_equal (errno, errnum);                                                          \
    } while (0)

static void echo (struct msgio *io, const flux_msg_t *msg, void *arg)
{
    const char *s;

    flux_request_decode (msg, NULL, &s);
    server_respond (io, msg, 0, s);
}

static void refuse (struct msgio *io, const flux_msg_t *msg, void *arg)
{
    server_respond (io, msg, EPERM, "not for you");
}

/* {"n":N} responses {"i":0}.., then the end. */
static void count (struct msgio *io, const flux_msg_t *msg, void *arg)
{
    int n = 0;

    flux_msg_unpack (msg, "{s:i}", "n", &n);
    for (int i = 0; i < n; i++)
        server_respond_pack (io, msg, "{s:i}", "i", i);
    server_respond (io, msg, ENODATA, NULL);
}

/* An event and a foreign response come before the answer. */
static void noisy (struct msgio *io, const flux_msg_t *msg, void *arg)
{
    flux_msg_t *event = flux_event_encode ("noise", "{}");
    flux_msg_t *foreign = flux_response_encode ("foreign", NULL);

    flux_msg_set_matchtag (foreign, 9999);
    server_send (io, event);
    server_send (io, foreign);
    server_respond (io, msg, 0, "{}");
    flux_msg_destroy (event);
    flux_msg_destroy (foreign);
}

/* Keeps requests until the word, then answers the last first. */
static void stack (struct msgio *io, const flux_msg_t *msg, void *arg)
{
    struct flux_msglist **l = arg;
    const flux_msg_t *m;

    if (!*l)
        *l = flux_msglist_create ();
    flux_msglist_append (*l, msg);
    if (flux_msglist_count (*l) < 3)
        return;
    while ((m = flux_msglist_last (*l))) {
        echo (io, m, NULL);
        flux_msglist_delete (*l);
    }
    flux_msglist_destroy (*l);
    *l = NULL;
}

static void fields (struct msgio *io, const flux_msg_t *msg, void *arg)
{
    uint32_t nodeid = 0, tag = 0;

    flux_msg_get_nodeid (msg, &nodeid);
    flux_msg_get_matchtag (msg, &tag);
    server_respond_pack (io, msg, "{s:I s:b s:b s:i s:i}", "nodeid", (json_int_t)nodeid, "upstream",
                         flux_msg_has_flag (msg, FLUX_MSGFLAG_UPSTREAM), "streaming",
                         flux_msg_is_streaming (msg), "routes", flux_msg_route_count (msg), "tag",
                         tag);
}

static void attr_get (struct msgio *io, const flux_msg_t *msg, void *arg)
{
    static int asked;
    const char *name = NULL;

    flux_msg_unpack (msg, "{s:s}", "name", &name);
    if (strcmp (name, "rank") == 0)
        server_respond_pack (io, msg, "{s:s s:i}", "value", "3", "flags", 1);
    else if (strcmp (name, "size") == 0)
        server_respond_pack (io, msg, "{s:s s:i}", "value", "4x", "flags", 1);
    else if (strcmp (name, "asked") == 0) {
        char s[16];
        snprintf (s, sizeof (s), "%d", asked++);
        server_respond_pack (io, msg, "{s:s s:i}", "value", s, "flags", 0);
    } else
        server_respond (io, msg, ENOENT, NULL);
}

static void bye (struct msgio *io, const flux_msg_t *msg, void *arg)
{
    shutdown (msgio_fd (io), SHUT_RDWR);
}

static void silent (struct msgio *io, const flux_msg_t *msg, void *arg)
{
}

static const struct server_row rows[] = {
    {"echo", echo},         {"refuse", refuse}, {"count", count},   {"noisy", noisy},
    {"stack", stack},       {"fields", fields}, {"silent", silent}, {"bye", bye},
    {"attr.get", attr_get}, {NULL, NULL},
};

struct fixture {
    flux_t *h;
    struct server *server;
    struct flux_msglist *held;
};

static int setup (void **state)
{
    static struct fixture fx;

    fx = (struct fixture){0};
    fx.h = server_start (rows, &fx.held, &fx.server);
    *state = &fx;
    return fx.h ? 0 : -1;
}

static int teardown (void **state)
{
    struct fixture *fx = *state;

    flux_close (fx->h);
    server_stop (fx->server);
    flux_msglist_destroy (fx->held);
    return 0;
}

static flux_t *handle (void **state)
{
    return ((struct fixture *)*state)->h;
}

static void test_sync (void **state)
{
    flux_t *h = handle (state);
    const char *s;
    int n;

    for (int i = 0; i < 1000; i++) {
        flux_future_t *f = flux_rpc_pack (h, "echo", FLUX_NODEID_ANY, 0, "{s:i}", "n", i);
        assert_int_equal (flux_rpc_get_unpack (f, "{s:i}", "n", &n), 0);
        assert_int_equal (n, i);
        flux_future_destroy (f);
    }
    assert_int_equal (flux_matchtag_avail (h), UINT32_MAX - 1);
    flux_future_t *f = flux_rpc (h, "echo", NULL, FLUX_NODEID_ANY, 0);
    assert_int_equal (flux_rpc_get (f, &s), 0);
    assert_null (s);
    flux_future_destroy (f);
}

static void test_errors (void **state)
{
    flux_t *h = handle (state);
    flux_future_t *f = flux_rpc (h, "refuse", NULL, FLUX_NODEID_ANY, 0);

    assert_fails (flux_rpc_get (f, NULL), EPERM);
    assert_string_equal (flux_future_error_string (f), "not for you");
    flux_future_destroy (f);
    f = flux_rpc (h, "nothing", NULL, FLUX_NODEID_ANY, 0);
    assert_fails (flux_future_get (f, NULL), ENOSYS);
    flux_future_destroy (f);
    f = flux_rpc (h, "echo", "{\"a\":1}", FLUX_NODEID_ANY, 0);
    int n;
    assert_fails (flux_rpc_get_unpack (f, "{s:i}", "b", &n), EPROTO);
    flux_future_destroy (f);
    assert_null (flux_rpc (NULL, "x", NULL, 0, 0));
    assert_null (flux_rpc (h, NULL, NULL, 0, 0));
    assert_null (flux_rpc (h, "x", NULL, 0, 99));
    assert_null (flux_rpc (h, "x", NULL, 0, FLUX_RPC_NORESPONSE | FLUX_RPC_STREAMING));
    assert_int_equal (flux_matchtag_avail (h), UINT32_MAX - 1);
}

static void test_timeout (void **state)
{
    flux_t *h = handle (state);
    flux_future_t *f = flux_rpc (h, "silent", NULL, FLUX_NODEID_ANY, 0);
    double start = monotime_now ();

    assert_fails (flux_future_wait_for (f, 0.), ETIMEDOUT);
    assert_fails (flux_future_wait_for (f, 0.05), ETIMEDOUT);
    assert_true (monotime_now () - start >= 0.05);
    assert_false (flux_future_is_ready (f));
    flux_future_destroy (f); // its tag waits for a response that may come
    assert_int_equal (flux_matchtag_avail (h), UINT32_MAX - 2);
}

static void test_late_response (void **state)
{
    flux_t *h = handle (state);
    flux_future_t *f = flux_rpc (h, "echo", NULL, FLUX_NODEID_ANY, 0);

    flux_future_destroy (f);
    assert_int_equal (flux_matchtag_avail (h), UINT32_MAX - 2);
    f = flux_rpc_pack (h, "count", FLUX_NODEID_ANY, FLUX_RPC_STREAMING, "{s:i}", "n", 3);
    flux_future_destroy (f);
    f = flux_rpc (h, "echo", NULL, FLUX_NODEID_ANY, 0);
    assert_int_equal (flux_rpc_get (f, NULL), 0);
    flux_future_destroy (f);
    assert_int_equal (flux_matchtag_avail (h), UINT32_MAX - 1);
}

static void test_streaming (void **state)
{
    flux_t *h = handle (state);
    flux_future_t *f;
    int i, n = 0;

    f = flux_rpc_pack (h, "count", FLUX_NODEID_ANY, FLUX_RPC_STREAMING, "{s:i}", "n", 100);
    while (flux_rpc_get_unpack (f, "{s:i}", "i", &i) == 0) {
        assert_int_equal (i, n++);
        flux_future_reset (f);
    }
    assert_int_equal (errno, ENODATA);
    assert_int_equal (n, 100);
    flux_future_destroy (f);
    assert_int_equal (flux_matchtag_avail (h), UINT32_MAX - 1);
}

static void test_out_of_order (void **state)
{
    flux_t *h = handle (state);
    flux_future_t *f[3];
    int n;

    for (int i = 0; i < 3; i++)
        f[i] = flux_rpc_pack (h, "stack", FLUX_NODEID_ANY, 0, "{s:i}", "n", i);
    for (int i = 0; i < 3; i++) {
        assert_int_equal (flux_rpc_get_unpack (f[i], "{s:i}", "n", &n), 0);
        assert_int_equal (n, i);
        flux_future_destroy (f[i]);
    }
}

/* What comes in while somebody waits is kept in order. */
static void test_passed_over (void **state)
{
    flux_t *h = handle (state);
    const char *topic;

    for (int i = 0; i < 2; i++) {
        flux_future_t *f = flux_rpc (h, "noisy", NULL, FLUX_NODEID_ANY, 0);
        assert_int_equal (flux_rpc_get (f, NULL), 0);
        flux_future_destroy (f);
    }
    const char *want[] = {"noise", "foreign", "noise", "foreign"};
    for (int i = 0; i < 4; i++) {
        flux_msg_t *msg = flux_recv (h, FLUX_MATCH_ANY, FLUX_O_NONBLOCK);
        assert_non_null (msg);
        flux_msg_get_topic (msg, &topic);
        assert_string_equal (topic, want[i]);
        flux_msg_destroy (msg);
    }
    assert_null (flux_recv (h, FLUX_MATCH_ANY, FLUX_O_NONBLOCK));
    assert_int_equal (errno, EAGAIN);
}

static void test_fields (void **state)
{
    static const struct {
        uint32_t nodeid;
        int flags;
        json_int_t want_nodeid;
        bool upstream;
    } cases[] = {
        {FLUX_NODEID_ANY, 0, FLUX_NODEID_ANY, false},
        {7, FLUX_RPC_STREAMING, 7, false},
        {FLUX_NODEID_UPSTREAM, 0, 3, true},
    };
    flux_t *h = handle (state);

    for (int i = 0; i < 3; i++) {
        json_int_t nodeid;
        int upstream, streaming, routes, tag;
        flux_future_t *f = flux_rpc (h, "fields", NULL, cases[i].nodeid, cases[i].flags);
        assert_int_equal (flux_rpc_get_nodeid (f), cases[i].nodeid);
        assert_int_equal (flux_rpc_get_unpack (f, "{s:I s:b s:b s:i s:i}", "nodeid", &nodeid,
                                               "upstream", &upstream, "streaming", &streaming,
                                               "routes", &routes, "tag", &tag),
                          0);
        assert_true (nodeid == cases[i].want_nodeid);
        assert_int_equal (upstream, cases[i].upstream);
        assert_int_equal (streaming, cases[i].flags == FLUX_RPC_STREAMING);
        assert_int_equal (routes, 0);
        assert_true (tag > 0);
        flux_future_destroy (f);
    }
    flux_future_t *f = flux_rpc (h, "fields", NULL, 0, FLUX_RPC_NORESPONSE);
    assert_int_equal (flux_future_get (f, NULL), 0);
    assert_fails (flux_rpc_get (f, NULL), EPROTO);
    flux_future_destroy (f);
}

static void test_attr (void **state)
{
    flux_t *h = handle (state);
    uint32_t n;

    assert_int_equal (flux_get_rank (h, &n), 0);
    assert_int_equal (n, 3);
    assert_fails (flux_get_size (h, &n), EPROTO);
    assert_string_equal (flux_attr_get (h, "asked"), "0");
    assert_string_equal (flux_attr_get (h, "asked"), "1");
    assert_null (flux_attr_get (h, "none"));
    assert_int_equal (errno, ENOENT);
    assert_int_equal (flux_attr_set_cacheonly (h, "asked", "x"), 0);
    assert_string_equal (flux_attr_get (h, "asked"), "x");
    int found = 0;
    for (const char *s = flux_attr_cache_first (h); s; s = flux_attr_cache_next (h))
        found += strcmp (s, "asked") == 0 || strcmp (s, "rank") == 0;
    assert_int_equal (found, 2);
    assert_int_equal (flux_attr_set_cacheonly (h, "asked", NULL), 0);
    assert_string_equal (flux_attr_get (h, "asked"), "2");
}

struct seen {
    int count;
    int last;
    flux_t *h;
};

static void on_echo (flux_future_t *f, void *arg)
{
    struct seen *seen = arg;

    assert_int_equal (flux_rpc_get_unpack (f, "{s:i}", "n", &seen->last), 0);
    flux_future_destroy (f);
    if (++seen->count == 1000)
        flux_reactor_stop (flux_get_reactor (seen->h));
}

static void test_then (void **state)
{
    flux_t *h = handle (state);
    struct seen seen = {.h = h};

    for (int i = 0; i < 1000; i++) {
        flux_future_t *f = flux_rpc_pack (h, "echo", FLUX_NODEID_ANY, 0, "{s:i}", "n", i);
        assert_int_equal (flux_future_then (f, -1., on_echo, &seen), 0);
    }
    assert_true (flux_reactor_run (flux_get_reactor (h), 0) >= 0);
    assert_int_equal (seen.count, 1000);
    assert_int_equal (seen.last, 999);
}

static void on_stream (flux_future_t *f, void *arg)
{
    struct seen *seen = arg;
    int i;

    if (flux_rpc_get_unpack (f, "{s:i}", "i", &i) < 0) {
        assert_int_equal (errno, ENODATA);
        flux_future_destroy (f);
        return;
    }
    assert_int_equal (i, seen->count++);
    flux_future_reset (f);
}

/* The reactor ends by itself when no more responses are awaited. */
static void test_then_streaming (void **state)
{
    flux_t *h = handle (state);
    struct seen seen = {.h = h};
    flux_future_t *f;

    f = flux_rpc_pack (h, "count", FLUX_NODEID_ANY, FLUX_RPC_STREAMING, "{s:i}", "n", 200);
    assert_int_equal (flux_future_then (f, 10., on_stream, &seen), 0);
    assert_int_equal (flux_reactor_run (flux_get_reactor (h), 0), 0);
    assert_int_equal (seen.count, 200);
}

static void on_timeout (flux_future_t *f, void *arg)
{
    assert_int_equal (flux_future_get (f, NULL), -1);
    *(int *)arg = errno;
    flux_future_destroy (f);
}

static void test_then_timeout (void **state)
{
    flux_t *h = handle (state);
    flux_future_t *f = flux_rpc (h, "silent", NULL, FLUX_NODEID_ANY, 0);
    int errnum = 0;

    assert_int_equal (flux_future_then (f, 0.02, on_timeout, &errnum), 0);
    assert_int_equal (flux_reactor_run (flux_get_reactor (h), 0), 0);
    assert_int_equal (errnum, ETIMEDOUT);
}

static void on_inner (flux_future_t *f, void *arg)
{
    struct seen *seen = arg;
    flux_future_t *f2 = flux_rpc (seen->h, "noisy", NULL, FLUX_NODEID_ANY, 0);

    // waiting in a continuation
    assert_int_equal (flux_rpc_get (f2, NULL), 0);
    flux_future_destroy (f2);
    flux_future_destroy (f);
    seen->count++;
}

static void on_event (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    struct seen *seen = arg;

    seen->last++;
    flux_msg_handler_destroy (mh);
}

static void test_wait_in_continuation (void **state)
{
    flux_t *h = handle (state);
    struct seen seen = {.h = h};
    struct flux_match m = {.typemask = FLUX_MSGTYPE_EVENT, .topic_glob = "no*"};

    flux_msg_handler_start (flux_msg_handler_create (h, m, on_event, &seen));
    flux_future_t *f = flux_rpc (h, "echo", NULL, FLUX_NODEID_ANY, 0);
    assert_int_equal (flux_future_then (f, -1., on_inner, &seen), 0);
    assert_int_equal (flux_reactor_run (flux_get_reactor (h), 0), 0);
    assert_int_equal (seen.count, 1);
    assert_int_equal (seen.last, 1); // the event was not lost
}

static void test_composite (void **state)
{
    flux_t *h = handle (state);
    flux_future_t *all = flux_future_wait_all_create ();
    const char *name;
    int n, count = 0;

    assert_int_equal (
        flux_future_push (all, "a", flux_rpc_pack (h, "stack", 0, 0, "{s:i}", "n", 0)), 0);
    assert_int_equal (
        flux_future_push (all, "b", flux_rpc_pack (h, "stack", 0, 0, "{s:i}", "n", 1)), 0);
    flux_future_t *f = flux_rpc_pack (h, "stack", 0, 0, "{s:i}", "n", 2);
    assert_fails (flux_future_push (all, "b", f), EEXIST);
    assert_int_equal (flux_future_push (all, NULL, f), 0);
    assert_int_equal (flux_future_wait_for (all, 10.), 0);
    assert_int_equal (flux_future_get (all, NULL), 0);
    for (name = flux_future_first_child (all); name; name = flux_future_next_child (all)) {
        f = flux_future_get_child (all, name);
        assert_int_equal (flux_rpc_get_unpack (f, "{s:i}", "n", &n), 0);
        assert_int_equal (n, count++);
    }
    assert_int_equal (count, 3);
    assert_null (flux_future_get_child (all, "c"));
    flux_future_destroy (all);

    flux_future_t *any = flux_future_wait_any_create ();
    flux_future_push (any, "never", flux_rpc (h, "silent", NULL, 0, 0));
    flux_future_push (any, "soon", flux_rpc (h, "refuse", NULL, 0, 0));
    assert_fails (flux_future_get (any, NULL), EPERM);
    assert_true (flux_future_is_ready (flux_future_get_child (any, "soon")));
    flux_future_destroy (any);

    all = flux_future_wait_all_create ();
    flux_future_push (all, NULL, flux_rpc (h, "echo", NULL, 0, 0));
    flux_future_push (all, NULL, flux_rpc (h, "refuse", NULL, 0, 0));
    assert_fails (flux_future_get (all, NULL), EPERM);
    flux_future_destroy (all);
}

static void and_again (flux_future_t *prev, void *arg)
{
    flux_t *h = flux_future_get_flux (prev);
    int n;

    assert_int_equal (flux_rpc_get_unpack (prev, "{s:i}", "n", &n), 0);
    flux_future_t *f = flux_rpc_pack (h, "echo", FLUX_NODEID_ANY, 0, "{s:i}", "n", n + 1);
    assert_int_equal (flux_future_continue (prev, f), 0);
    flux_future_destroy (prev);
}

static void or_seven (flux_future_t *prev, void *arg)
{
    flux_t *h = flux_future_get_flux (prev);

    assert_int_equal (flux_future_get (prev, NULL), -1);
    flux_future_t *f = flux_rpc_pack (h, "echo", FLUX_NODEID_ANY, 0, "{s:i}", "n", 7);
    assert_int_equal (flux_future_continue (prev, f), 0);
    flux_future_destroy (prev);
}

static void and_fail (flux_future_t *prev, void *arg)
{
    flux_future_continue_error (prev, EBUSY, "busy");
    flux_future_destroy (prev);
}

static void and_nothing (flux_future_t *prev, void *arg)
{
    flux_future_destroy (prev);
}

static flux_future_t *first (flux_t *h)
{
    return flux_rpc_pack (h, "echo", FLUX_NODEID_ANY, 0, "{s:i}", "n", 1);
}

static void test_chain (void **state)
{
    flux_t *h = handle (state);
    int n;

    flux_future_t *f = flux_future_and_then (first (h), and_again, NULL);
    f = flux_future_and_then (f, and_again, NULL);
    assert_int_equal (flux_rpc_get_unpack (f, "{s:i}", "n", &n), 0);
    assert_int_equal (n, 3);
    flux_future_destroy (f);

    f = flux_future_or_then (flux_rpc (h, "refuse", NULL, 0, 0), or_seven, NULL);
    assert_int_equal (flux_rpc_get_unpack (f, "{s:i}", "n", &n), 0);
    assert_int_equal (n, 7);
    flux_future_destroy (f);

    // no callback for this outcome: the result goes on
    f = flux_future_or_then (first (h), or_seven, NULL);
    assert_int_equal (flux_rpc_get_unpack (f, "{s:i}", "n", &n), 0);
    assert_int_equal (n, 1);
    flux_future_destroy (f);

    f = flux_future_and_then (first (h), and_nothing, NULL);
    assert_int_equal (flux_rpc_get_unpack (f, "{s:i}", "n", &n), 0);
    assert_int_equal (n, 1);
    flux_future_destroy (f);

    f = flux_future_and_then (first (h), and_fail, NULL);
    assert_fails (flux_future_get (f, NULL), EBUSY);
    assert_string_equal (flux_future_error_string (f), "busy");
    flux_future_destroy (f);

    f = flux_future_and_then (first (h), and_again, NULL);
    flux_future_destroy (f); // before anything came
    struct seen seen = {.h = h, .count = 999};
    f = flux_future_and_then (first (h), and_again, NULL);
    assert_int_equal (flux_future_then (f, -1., on_echo, &seen), 0);
    flux_reactor_run (flux_get_reactor (h), 0);
    assert_int_equal (seen.last, 2);
}

static void and_third (flux_future_t *prev, void *arg)
{
    const char *s;

    assert_int_equal (flux_future_get (prev, (const void **)&s), 0);
    ++*(int *)arg;
    assert_int_equal (flux_future_continue (prev, strcmp (s, "3") == 0 ? prev : NULL), 0);
    flux_future_reset (prev);
}

/* A future that is fulfilled several times is its maker's, who alone knows the last time. */
static void test_chain_repeated (void **state)
{
    flux_future_t *prev = flux_future_create (NULL, NULL);
    int count = 0;
    flux_future_t *f = flux_future_and_then (prev, and_third, &count);
    const char *s;

    flux_future_fulfill (prev, "1", NULL);
    flux_future_fulfill (prev, "2", NULL);
    flux_future_fulfill (prev, "3", NULL);
    flux_future_set_reactor (f, flux_get_reactor (handle (state)));
    assert_int_equal (flux_future_get (f, (const void **)&s), 0);
    assert_string_equal (s, "3");
    assert_int_equal (count, 3);
    flux_future_destroy (f);
    flux_future_destroy (prev);
}

static void test_connection_lost (void **state)
{
    flux_t *h = handle (state);
    flux_future_t *f = flux_rpc (h, "bye", NULL, FLUX_NODEID_ANY, 0);

    assert_fails (flux_rpc_get (f, NULL), ECONNRESET);
    flux_future_destroy (f);
}

static int on_comms_error (flux_t *h, void *arg)
{
    ++*(int *)arg;
    return -1;
}

static void test_connection_lost_in_reactor (void **state)
{
    flux_t *h = handle (state);
    flux_future_t *f = flux_rpc (h, "bye", NULL, FLUX_NODEID_ANY, 0);
    int called = 0, unused = 0;

    flux_comms_error_set (h, on_comms_error, &called);
    flux_future_then (f, -1., on_timeout, &unused);
    assert_int_equal (flux_reactor_run (flux_get_reactor (h), 0), -1);
    assert_int_equal (errno, ECONNRESET);
    assert_true (called > 0);
    flux_future_destroy (f);
}

/* A message much larger than all buffers, in both directions. */
static void test_large (void **state)
{
    flux_t *h = handle (state);
    size_t len = 20 << 20;
    char *s = malloc (len + 1);
    const char *got;

    memset (s, 'x', len);
    s[len] = '\0';
    flux_future_t *f = flux_rpc (h, "echo", s, FLUX_NODEID_ANY, 0);
    assert_int_equal (flux_rpc_get (f, &got), 0);
    assert_int_equal (strlen (got), len);
    flux_future_destroy (f);
    free (s);
}

/* A send that does not wait leaves the rest to the reactor. */
static void test_large_nonblock (void **state)
{
    flux_t *h = handle (state);
    size_t len = 8 << 20;
    char *s = malloc (len + 1);
    int errnum = 0;

    memset (s, 'x', len);
    s[len] = '\0';
    flux_flags_set (h, FLUX_O_NONBLOCK);
    flux_future_t *f = flux_rpc (h, "refuse", s, FLUX_NODEID_ANY, 0);
    free (s);
    assert_int_equal (flux_future_then (f, 10., on_timeout, &errnum), 0);
    assert_int_equal (flux_reactor_run (flux_get_reactor (h), 0), 0);
    assert_int_equal (errnum, EPERM);
}

#define TEST(t) cmocka_unit_test_setup_teardown (t, setup, teardown)

int main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (test_sync),
        TEST (test_errors),
        TEST (test_timeout),
        TEST (test_late_response),
        TEST (test_streaming),
        TEST (test_out_of_order),
        TEST (test_passed_over),
        TEST (test_fields),
        TEST (test_attr),
        TEST (test_then),
        TEST (test_then_streaming),
        TEST (test_then_timeout),
        TEST (test_wait_in_continuation),
        TEST (test_composite),
        TEST (test_chain),
        TEST (test_chain_repeated),
        TEST (test_connection_lost),
        TEST (test_connection_lost_in_reactor),
        TEST (test_large),
        TEST (test_large_nonblock),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

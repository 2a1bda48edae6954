/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The router with a network that is a list, and local clients on socketpairs. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <flux/disconnect.h>
#include <flux/event.h>
#include <flux/request.h>
#include <flux/response.h>
#include <flux/rpc.h>

#include "lib/codec/msgio.h"
#include "shell/broker/listener.h"
#include "shell/broker/router.h"
#include "shell/broker/router_overlay.h"
#include "testsuite/unit/cmocka.h"

#define SENT_MAX 64

struct net {
    const flux_msg_t *up[SENT_MAX];
    int nup;
    const flux_msg_t *down[SENT_MAX];
    uint32_t down_rank[SENT_MAX];
    int ndown;
    const flux_msg_t *bcast[SENT_MAX];
    int nbcast;
    const flux_msg_t *responses[SENT_MAX];
    int nresponses;
};

static int send_parent (void *arg, const flux_msg_t *msg)
{
    struct net *net = arg;
    net->up[net->nup++] = flux_msg_incref (msg);
    return 0;
}

static int send_child (void *arg, uint32_t rank, const flux_msg_t *msg)
{
    struct net *net = arg;
    net->down_rank[net->ndown] = rank;
    net->down[net->ndown++] = flux_msg_incref (msg);
    return 0;
}

static int respond (void *arg, const flux_msg_t *msg)
{
    struct net *net = arg;
    net->responses[net->nresponses++] = flux_msg_incref (msg);
    return 0;
}

static int broadcast (void *arg, const flux_msg_t *msg)
{
    struct net *net = arg;
    net->bcast[net->nbcast++] = flux_msg_incref (msg);
    return 0;
}

/* Rank 1 of 8 in a binary tree: 3 and 4 are its children, 7 is below 3. */
static int child_route (void *arg, uint32_t dst)
{
    return dst == 3 || dst == 7 ? 3 : dst == 4 ? 4 : -1;
}

static const struct router_overlay_ops ops = {send_parent, send_child,  respond,
                                              broadcast,   child_route, NULL};

static void net_clear (struct net *net)
{
    for (int i = 0; i < net->nup; i++)
        flux_msg_decref (net->up[i]);
    for (int i = 0; i < net->ndown; i++)
        flux_msg_decref (net->down[i]);
    for (int i = 0; i < net->nbcast; i++)
        flux_msg_decref (net->bcast[i]);
    for (int i = 0; i < net->nresponses; i++)
        flux_msg_decref (net->responses[i]);
    memset (net, 0, sizeof (*net));
}

struct fixture {
    struct ev_loop *loop;
    struct router *rt;
    struct net net;
};

static void turn (struct fixture *f)
{
    for (int i = 0; i < 5; i++)
        ev_run (f->loop, EVRUN_NOWAIT);
}

static int setup_rank (void **state, uint32_t rank, uint32_t size)
{
    struct fixture *f = calloc (1, sizeof (*f));

    f->loop = ev_loop_new (0);
    f->rt = router_create (f->loop, rank, size, getuid ());
    assert_non_null (f->rt);
    if (size > 1)
        router_set_overlay (f->rt, &ops, &f->net);
    *state = f;
    return 0;
}

static int setup_leader (void **state)
{
    return setup_rank (state, 0, 1);
}

static int setup_inner (void **state)
{
    return setup_rank (state, 1, 8);
}

static int teardown (void **state)
{
    struct fixture *f = *state;

    router_destroy (f->rt);
    net_clear (&f->net);
    ev_loop_destroy (f->loop);
    free (f);
    return 0;
}

/* A service that answers and counts */

static void echo_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    const char *s;

    flux_request_decode (msg, NULL, &s);
    (*(int *)arg)++;
    router_respond (rt, msg, s);
}

static void bye_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    *(int *)arg += 1000;
}

static const struct handler_row echo_rows[] = {
    {"echo", echo_cb, FLUX_ROLE_OWNER},
    {"open", echo_cb, FLUX_ROLE_ALL},
    {"disconnect", bye_cb, FLUX_ROLE_ALL},
    {NULL, NULL, 0},
};

struct answer {
    int count;
    int errnum;
    char text[256];
};

static void answer_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct answer *a = arg;
    const char *s = NULL;

    a->count++;
    a->errnum = flux_response_decode (msg, NULL, &s) < 0 ? errno : 0;
    snprintf (a->text, sizeof (a->text), "%s", s ? s : "");
}

static void test_own_rpc (void **state)
{
    struct fixture *f = *state;
    struct answer a = {0};
    int calls = 0;

    assert_int_equal (router_service_add (f->rt, "test", echo_rows, &calls), 0);
    assert_int_equal (router_service_add (f->rt, "test", echo_rows, &calls), -1);
    assert_int_equal (errno, EEXIST);
    assert_true (router_rpc (f->rt, "test.echo", FLUX_NODEID_ANY, 0, "{\"a\":1}", answer_cb, &a));
    assert_int_equal (a.count, 0); // never in the caller's stack
    turn (f);
    assert_int_equal (a.count, 1);
    assert_int_equal (a.errnum, 0);
    assert_string_equal (a.text, "{\"a\":1}");
    router_rpc (f->rt, "test.nomethod", FLUX_NODEID_ANY, 0, NULL, answer_cb, &a);
    turn (f);
    assert_int_equal (a.errnum, ENOSYS);
    router_rpc (f->rt, "nobody.echo", FLUX_NODEID_ANY, 0, NULL, answer_cb, &a);
    turn (f);
    assert_int_equal (a.errnum, ENOSYS);
    router_rpc (f->rt, "test.echo", 5, 0, NULL, answer_cb, &a);
    turn (f);
    assert_int_equal (a.errnum, EHOSTUNREACH);
    uint32_t tag = router_rpc (f->rt, "test.echo", FLUX_NODEID_ANY, 0, NULL, answer_cb, &a);
    router_rpc_forget (f->rt, tag);
    turn (f);
    assert_int_equal (a.count, 4);
    router_service_remove (f->rt, "test");
    router_rpc (f->rt, "test.echo", FLUX_NODEID_ANY, 0, NULL, answer_cb, &a);
    turn (f);
    assert_int_equal (a.errnum, ENOSYS);
}

/* A client on the other end of a socketpair */

static struct msgio *add_client_of (struct fixture *f, uint32_t userid, uint32_t rolemask)
{
    int fds[2];

    assert_int_equal (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_int_equal (router_client_add (f->rt, fds[0], userid, rolemask), 0);
    return msgio_create (fds[1]);
}

static struct msgio *add_client (struct fixture *f, uint32_t rolemask)
{
    return add_client_of (f, 1234, rolemask);
}

static void client_request (struct msgio *io, const char *topic, uint32_t nodeid, uint32_t tag,
                            const char *payload)
{
    flux_msg_t *msg = flux_request_encode (topic, payload);

    flux_msg_set_nodeid (msg, nodeid);
    flux_msg_set_matchtag (msg, tag);
    assert_int_equal (msgio_send (io, msg), 0);
    assert_int_equal (msgio_flush (io), 0);
    flux_msg_decref (msg);
}

static flux_msg_t *client_recv (struct msgio *io)
{
    flux_msg_t *msg = msgio_next (io);

    if (!msg) {
        msgio_fill (io);
        msg = msgio_next (io);
    }
    return msg;
}

static int client_errnum (struct msgio *io)
{
    flux_msg_t *msg = client_recv (io);
    int errnum = -1;

    assert_non_null (msg);
    assert_int_equal (flux_msg_get_errnum (msg, &errnum), 0);
    flux_msg_decref (msg);
    return errnum;
}

static void test_client (void **state)
{
    struct fixture *f = *state;
    int calls = 0;
    struct msgio *io = add_client (f, FLUX_ROLE_OWNER);
    struct msgio *guest = add_client (f, FLUX_ROLE_USER);
    const char *s;
    uint32_t tag;

    router_service_add (f->rt, "test", echo_rows, &calls);
    client_request (io, "test.echo", FLUX_NODEID_ANY, 42, "{}");
    turn (f);
    flux_msg_t *msg = client_recv (io);
    assert_int_equal (flux_response_decode (msg, NULL, &s), 0);
    assert_string_equal (s, "{}");
    assert_int_equal (flux_msg_get_matchtag (msg, &tag), 0);
    assert_int_equal (tag, 42);
    assert_int_equal (flux_msg_route_count (msg), 0);
    flux_msg_decref (msg);

    client_request (guest, "test.echo", FLUX_NODEID_ANY, 1, NULL);
    client_request (guest, "test.open", FLUX_NODEID_ANY, 2, NULL);
    turn (f);
    assert_int_equal (client_errnum (guest), EPERM);
    assert_int_equal (client_errnum (guest), 0);
    assert_int_equal (calls, 2);

    msgio_destroy (io);
    turn (f);
    assert_int_equal (calls, 1002); // the service hears of the end of its client
    msgio_destroy (guest);
    turn (f);
    assert_int_equal (calls, 2002);
}

static void test_client_service (void **state)
{
    struct fixture *f = *state;
    struct msgio *provider = add_client (f, FLUX_ROLE_OWNER);
    struct msgio *user = add_client (f, FLUX_ROLE_OWNER);
    struct msgio *guest = add_client (f, FLUX_ROLE_USER);
    const char *topic, *s;

    client_request (provider, "service.add", FLUX_NODEID_ANY, 1, "{\"service\":\"mine\"}");
    client_request (guest, "service.add", FLUX_NODEID_ANY, 1, "{\"service\":\"theirs\"}");
    client_request (guest, "service.add", FLUX_NODEID_ANY, 1, "{\"service\":\"1234-ok\"}");
    turn (f);
    assert_int_equal (client_errnum (provider), 0);
    assert_int_equal (client_errnum (guest), EPERM);
    assert_int_equal (client_errnum (guest), 0);
    client_request (user, "mine.hello", FLUX_NODEID_ANY, 7, "{\"x\":1}");
    turn (f);
    flux_msg_t *request = client_recv (provider);
    assert_int_equal (flux_request_decode (request, &topic, &s), 0);
    assert_string_equal (topic, "mine.hello");
    flux_msg_t *response = flux_response_derive (request, 0);
    flux_msg_set_string (response, "{\"y\":2}");
    msgio_send (provider, response);
    msgio_flush (provider);
    turn (f);
    flux_msg_t *answer = client_recv (user);
    assert_int_equal (flux_response_decode (answer, NULL, &s), 0);
    assert_string_equal (s, "{\"y\":2}");
    flux_msg_decref (request);
    flux_msg_decref (response);
    flux_msg_decref (answer);
    msgio_destroy (provider);
    turn (f);
    client_request (user, "mine.hello", FLUX_NODEID_ANY, 8, NULL);
    turn (f);
    assert_int_equal (client_errnum (user), ENOSYS);
    msgio_destroy (user);
    msgio_destroy (guest);
    turn (f);
}

/* Who asked a service whose client dies is told at once; what was answered is not told again. */
static void test_client_service_dies (void **state)
{
    struct fixture *f = *state;
    struct msgio *provider = add_client (f, FLUX_ROLE_OWNER);
    struct msgio *user = add_client (f, FLUX_ROLE_OWNER);

    client_request (provider, "service.add", FLUX_NODEID_ANY, 1, "{\"service\":\"mine\"}");
    turn (f);
    client_request (user, "mine.answered", FLUX_NODEID_ANY, 2, NULL);
    client_request (user, "mine.forgotten", FLUX_NODEID_ANY, 3, NULL);
    turn (f);
    assert_int_equal (client_errnum (provider), 0);
    flux_msg_t *request = client_recv (provider);
    flux_msg_t *response = flux_response_derive (request, 0);
    msgio_send (provider, response);
    msgio_flush (provider);
    flux_msg_decref (request);
    flux_msg_decref (response);
    turn (f);
    assert_int_equal (client_errnum (user), 0);
    msgio_destroy (provider);
    turn (f);
    assert_int_equal (client_errnum (user), EHOSTUNREACH);
    assert_null (client_recv (user));
    msgio_destroy (user);
    turn (f);
}

static void client_send_msg (struct msgio *io, const flux_msg_t *msg)
{
    assert_int_equal (msgio_send (io, msg), 0);
    assert_int_equal (msgio_flush (io), 0);
}

struct held {
    const flux_msg_t *held;
    int seen, matched;
};

static void hold_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct held *h = arg;

    h->held = flux_msg_incref (msg);
}

static void match_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct held *h = arg;

    h->seen++;
    h->matched += flux_disconnect_match (msg, h->held);
}

/* A guest who knows all names and numbers answers for nobody, and ends nothing of the owner's. */
static void test_guest_lies (void **state)
{
    static const struct handler_row rows[] = {
        {"hold", hold_cb, FLUX_ROLE_OWNER},
        {"disconnect", match_cb, FLUX_ROLE_ALL},
        {NULL, NULL, 0},
    };
    struct fixture *f = *state;
    struct held h = {0};
    struct answer a = {0};
    struct msgio *owner = add_client (f, FLUX_ROLE_OWNER);
    struct msgio *guest = add_client_of (f, 999, FLUX_ROLE_USER);

    router_service_add (f->rt, "test", rows, &h);
    client_request (owner, "test.hold", FLUX_NODEID_ANY, 1, NULL);
    turn (f);
    flux_msg_t *msg = flux_response_derive (h.held, 0);
    client_send_msg (guest, msg); // the owner's answer
    flux_msg_decref (msg);
    turn (f);
    assert_null (client_recv (owner));
    flux_msg_decref (h.held);

    uint32_t tag = router_rpc (f->rt, "test.hold", FLUX_NODEID_ANY, 0, NULL, answer_cb, &a);
    turn (f);
    msg = flux_response_derive (h.held, 0); // the broker's, which has no route
    client_send_msg (guest, msg);
    flux_msg_decref (msg);
    turn (f);
    assert_int_equal (a.count, 0);
    router_rpc_forget (f->rt, tag);
    flux_msg_decref (h.held);

    client_request (owner, "test.hold", FLUX_NODEID_ANY, 2, NULL);
    turn (f);
    msg = flux_request_encode ("test.disconnect", NULL);
    flux_msg_route_enable (msg);
    flux_msg_route_push (msg, flux_msg_route_first (h.held));
    flux_msg_set_noresponse (msg);
    client_send_msg (guest, msg);
    turn (f);
    assert_int_equal (h.seen, 1);
    assert_int_equal (h.matched, 0);
    client_send_msg (owner, msg); // this one may
    turn (f);
    assert_int_equal (h.matched, 1);
    flux_msg_decref (msg);
    flux_msg_decref (h.held);
    msgio_destroy (owner);
    msgio_destroy (guest);
}

static void count_event (struct router *rt, const flux_msg_t *msg, void *arg)
{
    (*(int *)arg)++;
}

static void test_events (void **state)
{
    struct fixture *f = *state;
    struct msgio *io = add_client (f, FLUX_ROLE_OWNER);
    int seen = 0;
    uint32_t seq, last = 0;
    const char *topic;

    router_event_subscribe (f->rt, "ab", count_event, &seen);
    client_request (io, "event.subscribe", FLUX_NODEID_ANY, 1, "{\"topic\":\"ab\"}");
    turn (f);
    assert_int_equal (client_errnum (io), 0);
    router_publish (f->rt, "abc", NULL);
    router_publish (f->rt, "xyz", NULL);
    router_publish_pack (f->rt, "ab", "{s:i}", "n", 5);
    turn (f);
    assert_int_equal (seen, 2);
    for (int i = 0; i < 2; i++) {
        flux_msg_t *msg = client_recv (io);
        assert_int_equal (flux_event_decode (msg, &topic, NULL), 0);
        assert_string_equal (topic, i == 0 ? "abc" : "ab");
        assert_int_equal (flux_msg_get_seq (msg, &seq), 0);
        assert_true (seq > last);
        last = seq;
        flux_msg_decref (msg);
    }
    client_request (io, "event.unsubscribe", FLUX_NODEID_ANY, 2, "{\"topic\":\"ab\"}");
    client_request (io, "event.unsubscribe", FLUX_NODEID_ANY, 3, "{\"topic\":\"ab\"}");
    client_request (io, "event.publish", 0, 4,
                    "{\"topic\":\"ab\",\"flags\":0,\"payload\":\"bm90IGpzb24=\"}");
    client_request (io, "event.publish", 0, 5, "{\"topic\":\"ab\",\"flags\":0,\"payload\":\"?\"}");
    client_request (io, "event.publish", 0, 6, "{\"topic\":\"ab\",\"flags\":255}");
    turn (f);
    assert_int_equal (client_errnum (io), 0);
    assert_int_equal (client_errnum (io), ENOENT);
    assert_int_equal (client_errnum (io), 0);
    assert_int_equal (client_errnum (io), EPROTO);
    assert_int_equal (client_errnum (io), EPROTO);
    assert_int_equal (seen, 3);
    struct msgio *guest = add_client (f, FLUX_ROLE_USER);
    client_request (io, "event.subscribe", FLUX_NODEID_ANY, 7, "{\"topic\":\"ab\"}");
    turn (f);
    client_request (guest, "event.publish", 0, 8, "{\"topic\":\"ab\",\"flags\":0}");
    turn (f);
    assert_int_equal (client_errnum (guest), 0);
    assert_int_equal (client_errnum (io), 0);
    flux_msg_t *guests = client_recv (io); // for clients, who can look whose it is
    assert_int_equal (flux_event_decode (guests, &topic, NULL), 0);
    flux_msg_decref (guests);
    assert_int_equal (seen, 3); // services of the broker don't ask
    msgio_destroy (guest);
    client_request (io, "event.unsubscribe", FLUX_NODEID_ANY, 9, "{\"topic\":\"ab\"}");
    turn (f);
    assert_int_equal (client_errnum (io), 0);
    router_event_unsubscribe (f->rt, "ab", count_event, &seen);
    router_publish (f->rt, "ab", NULL);
    turn (f);
    assert_int_equal (seen, 3);
    assert_null (client_recv (io));
    msgio_destroy (io);
    turn (f);
}

/* Below here: an inner broker of a tree */

static flux_msg_t *peer_request (const char *topic, uint32_t nodeid, uint32_t tag, const char *peer)
{
    flux_msg_t *msg = flux_request_encode (topic, NULL);

    flux_msg_route_enable (msg);
    flux_msg_route_push (msg, "client-far-away");
    flux_msg_route_push (msg, peer);
    flux_msg_set_nodeid (msg, nodeid);
    flux_msg_set_matchtag (msg, tag);
    flux_msg_set_cred (msg, (struct flux_msg_cred){getuid (), FLUX_ROLE_OWNER});
    return msg;
}

static void test_ways (void **state)
{
    struct fixture *f = *state;
    int calls = 0;

    router_service_add (f->rt, "test", echo_rows, &calls);
    router_input_peer (f->rt, peer_request ("test.echo", FLUX_NODEID_ANY, 1, "child"), false);
    assert_int_equal (calls, 1);
    assert_int_equal (f->net.nresponses, 1);
    router_input_peer (f->rt, peer_request ("other.echo", FLUX_NODEID_ANY, 2, "child"), false);
    assert_int_equal (f->net.nup, 1);
    router_input_peer (f->rt, peer_request ("test.echo", 7, 3, "parent"), true);
    assert_int_equal (f->net.ndown, 1);
    assert_int_equal (f->net.down_rank[0], 3);
    router_input_peer (f->rt, peer_request ("test.echo", 0, 4, "child"), false);
    assert_int_equal (f->net.nup, 2);
    router_input_peer (f->rt, peer_request ("test.echo", 0, 5, "parent"), true); // not in a circle
    assert_int_equal (f->net.nup, 2);
    assert_int_equal (f->net.nresponses, 2);
    router_input_peer (f->rt, peer_request ("test.echo", 99, 6, "child"), false);
    assert_int_equal (f->net.nresponses, 3);
    assert_int_equal (calls, 1);
}

static void test_upstream (void **state)
{
    struct fixture *f = *state;
    int calls = 0;
    struct answer a = {0};

    router_service_add (f->rt, "test", echo_rows, &calls);
    router_rpc (f->rt, "test.echo", FLUX_NODEID_UPSTREAM, 0, NULL, answer_cb, &a);
    turn (f);
    assert_int_equal (calls, 0); // ours is passed over
    assert_int_equal (f->net.nup, 1);
    assert_true (flux_msg_has_flag (f->net.up[0], FLUX_MSGFLAG_UPSTREAM));
}

static flux_msg_t *answer_to (const flux_msg_t *request, int errnum)
{
    return flux_response_derive (request, errnum);
}

static void test_lost_parent (void **state)
{
    struct fixture *f = *state;
    struct answer a = {0}, b = {0}, c = {0};

    router_rpc (f->rt, "far.away", FLUX_NODEID_ANY, 0, NULL, answer_cb, &a);
    router_rpc (f->rt, "far.stream", FLUX_NODEID_ANY, FLUX_RPC_STREAMING, NULL, answer_cb, &b);
    router_rpc (f->rt, "far.down", 3, 0, NULL, answer_cb, &c);
    turn (f);
    assert_int_equal (f->net.nup, 2);
    router_input_peer (f->rt, answer_to (f->net.up[1], 0), true);
    turn (f);
    assert_int_equal (b.count, 1);
    router_parent_lost (f->rt);
    turn (f);
    assert_int_equal (a.count, 1);
    assert_int_equal (a.errnum, EHOSTUNREACH);
    assert_int_equal (b.count, 2);
    assert_int_equal (b.errnum, EHOSTUNREACH);
    assert_int_equal (c.count, 0);
    router_input_peer (f->rt, answer_to (f->net.up[0], 0), true); // too late: nobody is told twice
    turn (f);
    assert_int_equal (a.count, 1);
    router_child_lost (f->rt, 4);
    turn (f);
    assert_int_equal (c.count, 0);
    router_child_lost (f->rt, 3);
    turn (f);
    assert_int_equal (c.errnum, EHOSTUNREACH);
}

static void test_event_order (void **state)
{
    struct fixture *f = *state;
    int seen = 0;

    router_event_subscribe (f->rt, "", count_event, &seen);
    static const uint32_t seqs[] = {1, 2, 2, 1, 3};
    for (size_t i = 0; i < sizeof (seqs) / sizeof (seqs[0]); i++) {
        flux_msg_t *msg = flux_event_encode ("x", NULL);
        flux_msg_set_seq (msg, seqs[i]);
        flux_msg_set_cred (msg, (struct flux_msg_cred){getuid (), FLUX_ROLE_OWNER});
        router_input_peer (f->rt, msg, true);
    }
    assert_int_equal (seen, 3); // never twice, never backwards
    assert_int_equal (f->net.nbcast, 3);
    router_publish (f->rt, "y", NULL);
    turn (f);
    assert_int_equal (seen, 3); // ours goes up first
    assert_int_equal (f->net.nup, 1);
}

static void count_turn (struct router *rt, void *arg)
{
    (*(int *)arg)++;
}

static void test_turn_end (void **state)
{
    struct fixture *f = *state;
    int n = 0, m = 0;

    for (int i = 0; i < 100; i++)
        router_at_turn_end (f->rt, count_turn, &n);
    router_at_turn_end (f->rt, count_turn, &m);
    ev_run (f->loop, EVRUN_NOWAIT);
    assert_int_equal (n, 1);
    assert_int_equal (m, 1);
}

static void no_answer (struct router *rt, const flux_msg_t *msg, void *arg)
{
}

/* Every service answers a ping with what was sent, and by which way. */
static void test_ping (void **state)
{
    struct fixture *f = *state;
    static const struct handler_row rows[] = {{"other", no_answer, 0}, {NULL}};
    static const struct {
        const char *in, *members; // NULL: refused
        int count;
    } cases[] = {
        {"{}", "{}", 4},
        {" { } ", "{}", 4},
        {"{\"a\":\"}\"}", "{\"a\":\"}\"}", 5},
        {" {\"seq\" : 1, \"pad\":\"\\u0001\u0192\" }\n", "{\"seq\":1,\"pad\":\"\\u0001\u0192\"}",
         6},
        {"{\"rank\":7}", "{\"rank\":0}", 4},
        {"[]", NULL, 0},
        {"{\"a\":1", NULL, 0},
        {"{}}", NULL, 0},
        {"", NULL, 0},
    };
    const char *text, *name;
    json_t *want, *got, *val;
    int errnum;

    router_set_overlay (f->rt, &ops, &f->net);
    assert_int_equal (router_service_add (f->rt, "svc", rows, NULL), 0);
    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        flux_msg_t *msg = flux_request_encode ("svc.ping", cases[i].in);
        flux_msg_route_push (msg, "peer-\"1\\\t");
        flux_msg_set_cred (msg, (struct flux_msg_cred){42, FLUX_ROLE_OWNER});
        router_input_peer (f->rt, msg, false);
        assert_int_equal (f->net.nresponses, 1);
        flux_msg_get_errnum (f->net.responses[0], &errnum);
        assert_int_equal (errnum, cases[i].members ? 0 : EPROTO);
        if (cases[i].members) {
            flux_response_decode (f->net.responses[0], NULL, &text);
            assert_non_null (got = json_loads (text, 0, NULL));
            assert_int_equal (json_object_size (got), cases[i].count);
            want = json_loads (cases[i].members, 0, NULL);
            json_object_set_new (want, "route", json_string ("peer-?1?"));
            json_object_set_new (want, "userid", json_integer (42));
            json_object_set_new (want, "rolemask", json_integer (FLUX_ROLE_OWNER));
            json_object_foreach (want, name, val)
                assert_true (json_equal (val, json_object_get (got, name)));
            json_decref (got);
            json_decref (want);
        }
        net_clear (&f->net);
    }
}

/* No descriptor is left for those who connect: the broker sleeps, and lets them in when there is.
 */
static void test_no_descriptors (void **state)
{
    struct fixture *f = *state;
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct rlimit old, low;
    flux_error_t error;
    char greeting = 1;
    int turns = 0, fd;

    snprintf (addr.sun_path, sizeof (addr.sun_path), "/tmp/test-router-%d", (int)getpid ());
    struct listener *l = listener_create (f->rt, addr.sun_path, getuid (), &error);
    assert_non_null (l);
    turn (f); // the loop has opened what it needs
    assert_true ((fd = socket (AF_UNIX, SOCK_STREAM, 0)) >= 0);
    assert_int_equal (connect (fd, (struct sockaddr *)&addr, sizeof (addr)), 0);
    assert_int_equal (getrlimit (RLIMIT_NOFILE, &old), 0);
    low = old;
    low.rlim_cur = fd + 1;
    assert_int_equal (setrlimit (RLIMIT_NOFILE, &low), 0);
    ev_now_update (f->loop);
    for (ev_tstamp end = ev_now (f->loop) + .35; ev_now (f->loop) < end; turns++)
        ev_run (f->loop, EVRUN_ONCE);
    assert_true (turns < 20); // thousands, if it looked all the time
    assert_int_equal (setrlimit (RLIMIT_NOFILE, &old), 0);
    while (recv (fd, &greeting, 1, MSG_DONTWAIT) < 0)
        ev_run (f->loop, EVRUN_ONCE);
    assert_int_equal (greeting, 0);
    close (fd);
    turn (f);
    listener_destroy (l);
}

#define T(name, setup) cmocka_unit_test_setup_teardown (name, setup, teardown)

int main (void)
{
    const struct CMUnitTest tests[] = {
        T (test_ping, setup_leader),
        T (test_own_rpc, setup_leader),
        T (test_client, setup_leader),
        T (test_client_service, setup_leader),
        T (test_guest_lies, setup_leader),
        T (test_events, setup_leader),
        T (test_no_descriptors, setup_leader),
        T (test_turn_end, setup_leader),
        T (test_ways, setup_inner),
        T (test_upstream, setup_inner),
        T (test_lost_parent, setup_inner),
        T (test_event_order, setup_inner),
        T (test_client_service_dies, setup_leader),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

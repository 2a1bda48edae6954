/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The parts of the overlay by themselves. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/overlay/heal.h"
#include "lib/overlay/hello.h"
#include "lib/overlay/limits.h"
#include "lib/overlay/outq.h"
#include "lib/overlay/reach.h"
#include "lib/overlay/replay.h"
#include "lib/overlay/wire.h"
#include "lib/overlay/zloop.h"
#include "testsuite/unit/cmocka.h"

#define COUNT(a) (sizeof (a) / sizeof ((a)[0]))

/* heal */

static void test_heal_order (void **state)
{
    struct heal h;
    double pause, patience, now = 100;
    int order[12];

    heal_start (&h, 3, now, 60, 3, 30);
    for (size_t i = 0; i < COUNT (order); i++) {
        order[i] = heal_next (&h, now, &pause, &patience);
        assert_true (patience >= 3);
        if (i < 3)
            assert_true (pause == 0);
        else
            assert_true ((pause > 0) == (i % 3 == 0));
        now += pause;
    }
    for (size_t i = 0; i < COUNT (order); i++)
        assert_int_equal (order[i], i % 3);
}

static void test_heal_ends (void **state)
{
    struct heal h;
    double pause, patience, now = 5;
    int tries = 0;

    heal_start (&h, 1, now, 10, 3, 30);
    while (heal_next (&h, now, &pause, &patience) >= 0) {
        now += pause;
        assert_true (now + patience <= 15.001);
        tries++;
    }
    assert_in_range (tries, 5, 20);
    assert_true (now <= 15);
    heal_start (&h, 0, now, 10, 3, 30);
    assert_int_equal (heal_next (&h, now, &pause, &patience), -1);
}

static void test_heal_drop (void **state)
{
    struct heal h;
    double pause, patience;

    heal_start (&h, 2, 0, 60, 3, 30);
    assert_int_equal (heal_next (&h, 0, &pause, &patience), 0);
    heal_drop (&h);
    assert_int_equal (heal_next (&h, 0, &pause, &patience), 0); // what was 1
    heal_drop (&h);
    assert_int_equal (heal_next (&h, 0, &pause, &patience), -1);
}

/* reach */

static json_t *set (const char *text)
{
    json_t *o = json_loads (text, 0, NULL);

    assert_non_null (o);
    return o;
}

static void assert_set (json_t *o, const char *text)
{
    json_t *want = set (text);

    assert_true (json_equal (o, want));
    json_decref (want);
    json_decref (o);
}

static void test_reach (void **state)
{
    struct reach *r = reach_create (20, 4);
    json_t *a = set ("[[5,9],[11,11]]"), *b = set ("[[9,10]]"), *add, *del;
    int x, y;

    assert_int_equal (reach_add (r, &x, a), 0);
    assert_int_equal (reach_count (r), 6);
    assert_ptr_equal (reach_lookup (r, 9), &x);
    assert_null (reach_lookup (r, 10));
    assert_null (reach_lookup (r, 99));
    assert_set (reach_full (r), "[[4,9],[11,11]]");
    assert_false (reach_changes (r, &add, &del));
    /* 9 moves to y; x cannot take it away any more. */
    assert_int_equal (reach_add (r, &y, b), 0);
    assert_int_equal (reach_del (r, &x, b), 0);
    assert_ptr_equal (reach_lookup (r, 9), &y);
    assert_int_equal (reach_count (r), 7);
    assert_true (reach_changes (r, &add, &del));
    assert_set (add, "[[10,10]]");
    assert_set (del, "[]");
    reach_del_all (r, &x);
    assert_int_equal (reach_count (r), 2);
    assert_true (reach_changes (r, &add, &del));
    assert_set (add, "[]");
    assert_set (del, "[[5,8],[11,11]]");
    /* There and back is no change. */
    assert_int_equal (reach_add_rank (r, &x, 1), 0);
    reach_del_all (r, &x);
    assert_false (reach_changes (r, &add, &del));
    json_decref (a);
    json_decref (b);
    reach_destroy (r);
}

/* A broker that was started anew is news, though its rank was never away. */
static void test_reach_grow (void **state)
{
    struct reach *r = reach_create (2, 0);
    int child;

    assert_int_equal (reach_add_rank (r, &child, 1), 0);
    assert_true (reach_add_rank (r, &child, 3) < 0);
    assert_int_equal (reach_grow (r, 4), 0);
    assert_null (reach_lookup (r, 2));
    assert_int_equal (reach_start (r, 3), 0);
    assert_int_equal (reach_add_rank (r, &child, 3), 0);
    assert_ptr_equal (reach_lookup (r, 1), &child);
    assert_ptr_equal (reach_lookup (r, 3), &child);
    assert_int_equal (reach_count (r), 2);
    reach_destroy (r);
}

static void test_reach_starts (void **state)
{
    struct reach *r = reach_create (20, 4);
    json_t *a = set ("[[5,6],[9,9]]"), *starts = set ("[105,1,109]"), *add, *del;
    int x, y;

    assert_int_equal (reach_start (r, 5), 0);
    assert_int_equal (reach_add (r, &x, a), 0);
    assert_int_equal (reach_set_starts (r, &x, a, starts), 0);
    assert_set (reach_starts (r, a), "[105,1,109]"); // 1: not known
    assert_set (reach_full (r), "[[4,6],[9,9]]");
    assert_false (reach_changes (r, &add, &del));
    /* The same again, or from one that does not have the rank, is none. */
    assert_int_equal (reach_set_starts (r, &x, a, starts), 0);
    json_array_set_new (starts, 0, json_integer (205));
    assert_int_equal (reach_set_starts (r, &y, a, starts), 0);
    assert_false (reach_changes (r, &add, &del));
    assert_int_equal (reach_set_starts (r, &x, a, starts), 0);
    assert_true (reach_changes (r, &add, &del));
    assert_set (reach_starts (r, add), "[205]");
    assert_set (add, "[[5,5]]");
    assert_set (del, "[]");
    reach_del_all (r, &x);
    assert_int_equal (reach_start (r, 9), 0);
    /* Starts that are too few, no numbers, or no array change nothing. */
    json_decref (starts);
    starts = set ("[\"x\",-3]");
    assert_int_equal (reach_add (r, &x, a), 0);
    assert_int_equal (reach_set_starts (r, &x, a, starts), 0);
    assert_int_equal (reach_set_starts (r, &x, a, NULL), 0);
    assert_int_equal (reach_set_starts (r, &x, starts, starts), -1);
    assert_set (reach_starts (r, a), "[1,1,1]");
    assert_int_not_equal (reach_start_of ("a"), reach_start_of ("b"));
    assert_true ((json_int_t)reach_start_of ("a") > 1);
    json_decref (a);
    json_decref (starts);
    reach_destroy (r);
}

static void test_reach_bad_sets (void **state)
{
    const char *bad[] = {"{}",
                         "[1]",
                         "[[1]]",
                         "[[1,2,3]]",
                         "[[2,1]]",
                         "[[-1,2]]",
                         "[[1,20]]",
                         "[[3,5]]",
                         "[[1,2],[2,3]]",
                         "[[\"1\",2]]",
                         "[[6,7],[1,2]]",
                         "[[1,2.5]]",
                         "[[1,99999999999999]]"};
    struct reach *r = reach_create (20, 4);
    int x;

    for (size_t i = 0; i < COUNT (bad); i++) {
        json_t *o = set (bad[i]);
        errno = 0;
        assert_int_equal (reach_add (r, &x, o), -1);
        assert_int_equal (errno, EPROTO);
        assert_int_equal (reach_del (r, &x, o), -1);
        json_decref (o);
    }
    assert_int_equal (reach_add (r, &x, NULL), -1);
    assert_int_equal (reach_add_rank (r, &x, 4), -1);
    assert_int_equal (reach_add_rank (r, &x, 20), -1);
    assert_int_equal (reach_count (r), 0);
    reach_destroy (r);
}

/* wire, replay, outq */

static flux_msg_t *message (size_t payload, int routes)
{
    flux_msg_t *msg = flux_msg_create (FLUX_MSGTYPE_REQUEST);
    char *data = calloc (1, payload + 1);

    flux_msg_route_enable (msg);
    for (int i = 0; i < routes; i++)
        assert_int_equal (flux_msg_route_push (msg, i % 2 ? "even" : "odd-one-that-is-longer"), 0);
    assert_int_equal (flux_msg_set_topic (msg, "a.b"), 0);
    for (size_t i = 0; i < payload; i++)
        data[i] = (char)(i * 31);
    if (payload > 0)
        assert_int_equal (flux_msg_set_payload (msg, data, payload), 0);
    free (data);
    return msg;
}

static void test_wire_round_trip (void **state)
{
    const size_t sizes[] = {0, 1, 253, 254, 255, 256, WIRE_SHARE_MIN - 1, WIRE_SHARE_MIN, 100000};
    const void *p, *q;
    size_t n, m;

    for (size_t i = 0; i < COUNT (sizes); i++) {
        for (int routes = 0; routes < 40; routes += 13) {
            flux_msg_t *msg = message (sizes[i], routes), *got;
            struct wire w, copy;
            assert_int_equal (wire_encode (&w, msg), 0);
            assert_int_equal (w.count, sizes[i] >= WIRE_SHARE_MIN ? 2 : 1);
            assert_int_equal (wire_copy (&copy, &w), 0);
            wire_close (&w);
            assert_non_null (got = wire_decode (copy.part, copy.count));
            assert_int_equal (flux_msg_route_count (got), routes);
            assert_int_equal (flux_msg_has_payload (got), sizes[i] > 0);
            if (sizes[i] > 0) {
                assert_int_equal (flux_msg_get_payload (msg, &p, &n), 0);
                assert_int_equal (flux_msg_get_payload (got, &q, &m), 0);
                assert_int_equal (n, m);
                assert_memory_equal (p, q, n);
            }
            flux_msg_decref (msg);
            flux_msg_decref (got);
        }
    }
}

static flux_msg_t *decode (const void *data, size_t len, const void *data2, size_t len2)
{
    zmq_msg_t parts[2];

    zmq_msg_init_size (&parts[0], len);
    memcpy (zmq_msg_data (&parts[0]), data, len);
    if (!data2)
        return wire_decode (parts, 1);
    zmq_msg_init_size (&parts[1], len2);
    memcpy (zmq_msg_data (&parts[1]), data2, len2);
    return wire_decode (parts, 2);
}

static void assert_same (const flux_msg_t *a, const flux_msg_t *b)
{
    ssize_t len = flux_msg_encode_size (a);
    char *x = malloc ((size_t)len), *y = malloc ((size_t)len);

    assert_int_equal (flux_msg_encode_size (b), len);
    assert_int_equal (flux_msg_encode (a, x, (size_t)len), 0);
    assert_int_equal (flux_msg_encode (b, y, (size_t)len), 0);
    assert_memory_equal (x, y, (size_t)len);
    free (x);
    free (y);
}

/* What left together arrives in order, the last one perhaps with a shared payload; and bytes that
 * follow a good message take nothing from it. */
static void test_bundle (void **state)
{
    const size_t sizes[] = {0, 100, 300, 5000, WIRE_SHARE_MIN - 1, WIRE_SHARE_MIN};
    const flux_msg_t *sent[COUNT (sizes) * 2];
    struct bundle b = {0};
    struct wire w, one;
    struct wire_in in;
    flux_msg_t *got;
    zmq_msg_t part;
    size_t n = 0, len;

    for (size_t i = 0; i < COUNT (sizes); i++) {
        flux_msg_t *msg = message (sizes[i], (int)i);
        assert_int_equal (bundle_takes (msg), sizes[i] < WIRE_SHARE_MIN);
        if (!bundle_takes (msg)) {
            flux_msg_decref (msg);
            continue;
        }
        sent[n++] = msg;
        assert_int_equal (bundle_add (&b, msg), 0);
        sent[n++] = flux_msg_incref (msg);
        assert_int_equal (wire_encode (&one, msg), 0);
        assert_int_equal (bundle_add_wire (&b, &one), 0);
        wire_close (&one);
    }
    len = b.len;
    assert_int_equal (bundle_wire (&b, &w), 0);
    assert_int_equal (w.count, 1);
    assert_int_equal (w.size, len);
    assert_int_equal (b.len, 0);
    zmq_msg_init_size (&part, len - 1); // the last one is cut
    memcpy (zmq_msg_data (&part), zmq_msg_data (&w.part[0]), len - 1);

    wire_in_open (&in, w.part, w.count);
    for (size_t i = 0; i < n; i++) {
        assert_true (wire_more (&in));
        assert_non_null (got = wire_next (&in));
        assert_same (got, sent[i]);
        flux_msg_decref (got);
    }
    assert_false (wire_more (&in));
    wire_in_close (&in);

    wire_in_open (&in, &part, 1);
    for (size_t i = 0; i < n - 1; i++) {
        assert_non_null (got = wire_next (&in));
        assert_same (got, sent[i]);
        flux_msg_decref (got);
    }
    assert_true (wire_more (&in));
    assert_null (wire_next (&in));
    assert_int_equal (errno, EPROTO);
    assert_false (wire_more (&in));
    wire_in_close (&in);
    for (size_t i = 0; i < n; i++)
        flux_msg_decref (sent[i]);
    bundle_clear (&b);
}

/* Every shorter form of a good message is none; bytes changed at random do no harm. */
static void test_wire_damaged (void **state)
{
    flux_msg_t *msg = message (300, 3), *got;
    unsigned char *data, *bad;
    struct wire w;
    size_t len;
    unsigned seed = 42;

    assert_int_equal (wire_encode (&w, msg), 0);
    len = zmq_msg_size (&w.part[0]);
    data = zmq_msg_data (&w.part[0]);
    for (size_t i = 0; i < len; i++) {
        errno = 0;
        assert_null (decode (data, i, NULL, 0));
        assert_int_equal (errno, EPROTO);
        flux_msg_decref (decode (data, i, "x", 1));
    }
    bad = malloc (len);
    for (int i = 0; i < 20000; i++) {
        memcpy (bad, data, len);
        for (int j = 0; j < 1 + i % 4; j++)
            bad[rand_r (&seed) % len] = (unsigned char)rand_r (&seed);
        got = decode (bad, len, NULL, 0);
        flux_msg_decref (got);
        got = decode (bad, len, bad, len);
        flux_msg_decref (got);
    }
    memset (bad, 0, len);
    assert_null (decode (bad, len, NULL, 0)); // empty messages
    bad[3] = (unsigned char)(len - 4);
    bad[2] = (unsigned char)((len - 4) >> 8);
    assert_null (decode (bad, len, NULL, 0)); // only empty parts
    assert_null (decode ("\377\377\377\377\377", 5, NULL, 0));
    assert_null (decode ("\0\0\0\1\1", 5, NULL, 0));
    assert_null (decode ("\0\0\0", 3, NULL, 0));
    assert_null (decode ("", 0, NULL, 0));
    assert_null (decode ("", 0, "", 0));
    free (bad);
    wire_close (&w);
    flux_msg_decref (msg);
}

static void test_replay (void **state)
{
    struct replay *r = replay_create (8, 10000);
    flux_msg_t *msg = message (100, 0), *large = message (3000, 0);
    struct wire w, wl;

    wire_encode (&w, msg);
    wire_encode (&wl, large);
    assert_null (replay_get (r, 0));
    assert_null (replay_get (r, 1));
    for (uint32_t seq = 1; seq <= 20; seq++)
        replay_push (r, seq, &w);
    assert_int_equal (replay_last (r), 20);
    assert_int_equal (replay_count (r), 8);
    assert_null (replay_get (r, 12));
    assert_non_null (replay_get (r, 13));
    assert_non_null (replay_get (r, 20));
    assert_null (replay_get (r, 21));
    for (uint32_t seq = 21; seq <= 30; seq++)
        replay_push (r, seq, &wl);
    assert_int_equal (replay_count (r), 3); // by bytes
    assert_non_null (replay_get (r, 28));
    assert_null (replay_get (r, 27));
    replay_push (r, 40, &w); // a hole: what was before is of no use
    assert_int_equal (replay_count (r), 1);
    assert_null (replay_get (r, 30));
    /* Numbers wrap. */
    for (uint32_t seq = UINT32_MAX - 2; seq != 4; seq++)
        replay_push (r, seq, &w);
    assert_int_equal (replay_count (r), 7);
    assert_non_null (replay_get (r, UINT32_MAX));
    assert_non_null (replay_get (r, 3));
    assert_true (seq_after (2, UINT32_MAX - 1));
    assert_false (seq_after (5, 5));
    wire_close (&w);
    wire_close (&wl);
    flux_msg_decref (msg);
    flux_msg_decref (large);
    replay_destroy (r);
}

static void test_outq (void **state)
{
    flux_msg_t *msg = message (1000, 0);
    struct outq q = {0};
    struct wire w;
    int n = 0;

    for (;;) {
        wire_encode (&w, msg);
        if (outq_push (&q, &w, 20000) < 0)
            break;
        n++;
    }
    assert_int_equal (errno, ENOBUFS);
    wire_close (&w);
    assert_in_range (n, 15, 19);
    assert_int_equal (q.count, n);
    assert_in_range (q.bytes, 15000, 20000);
    while (outq_head (&q))
        outq_pop (&q);
    assert_int_equal (q.bytes, 0);
    outq_pop (&q);
    flux_msg_decref (msg);
}

/* hello by token: each thing that it is bound to */

static void test_hello_token (void **state)
{
    struct hello_auth auth = {.method = OVERLAY_AUTH_TOKEN, .token = "secret"}, other = auth;
    const struct hello good = {"inst", 3, "uuid", "key", 1, "pkey", "challenge"};
    const struct hello bad[] = {
        {"inst2", 3, "uuid", "key", 1, "pkey", "challenge"},
        {"inst", 4, "uuid", "key", 1, "pkey", "challenge"},
        {"inst", 3, "uuie", "key", 1, "pkey", "challenge"},
        {"inst", 3, "uuid", "kez", 1, "pkey", "challenge"},
        {"inst", 3, "uuid", "key", 0, "pkey", "challenge"},
        {"inst", 3, "uuid", "key", 1, "qkey", "challenge"},
        {"inst", 3, "uuid", "key", 1, "pkey", "challengf"},
    };
    flux_error_t e;
    char *cred = hello_prove (&auth, &good, &e);

    assert_non_null (cred);
    assert_int_equal (hello_verify (&auth, &good, cred, &e), 0);
    for (size_t i = 0; i < COUNT (bad); i++) {
        assert_int_equal (hello_verify (&auth, &bad[i], cred, &e), -1);
        assert_int_equal (errno, EPERM);
    }
    other.token[31] = 1;
    assert_int_equal (hello_verify (&other, &good, cred, &e), -1);
    assert_int_equal (hello_verify (&auth, &good, "", &e), -1);
    cred[5] ^= 1;
    assert_int_equal (hello_verify (&auth, &good, cred, &e), -1);
    free (cred);
}

static void test_interface_addr (void **state)
{
    char buf[64];
    flux_error_t e;

    assert_int_equal (overlay_interface_addr ("lo", buf, sizeof (buf), &e), 0);
    assert_string_equal (buf, "127.0.0.1");
    assert_int_equal (overlay_interface_addr ("127.0.0.0/8", buf, sizeof (buf), &e), 0);
    assert_string_equal (buf, "127.0.0.1");
    if (overlay_interface_addr (NULL, buf, sizeof (buf), &e) == 0)
        assert_true (strlen (buf) >= 7);
    assert_int_equal (overlay_interface_addr ("nosuch0", buf, sizeof (buf), &e), -1);
    assert_int_equal (overlay_interface_addr ("1.2.3/8", buf, sizeof (buf), &e), -1);
    assert_int_equal (overlay_interface_addr ("1.2.3.4/", buf, sizeof (buf), &e), -1);
    assert_int_equal (overlay_interface_addr ("1.2.3.4/33", buf, sizeof (buf), &e), -1);
    assert_int_equal (overlay_interface_addr ("240.0.0.0/8", buf, sizeof (buf), &e), -1);
}

/* zloop */

struct filled {
    struct zsock *zs;
    int sent, calls;
};

/* Send to "a" until there is no room. */
static void fill_a (struct zsock *zs, void *arg)
{
    struct filled *f = arg;
    zmq_msg_t part[2];

    f->calls++;
    for (int rc = 0; rc == 0; f->sent += rc == 0) {
        zmq_msg_init_size (&part[0], 1);
        memcpy (zmq_msg_data (&part[0]), "a", 1);
        zmq_msg_init_size (&part[1], 1);
        if ((rc = zsock_send (zs, part, 2)) < 0) {
            assert_int_equal (errno, EAGAIN);
            zmq_msg_close (&part[0]);
            zmq_msg_close (&part[1]);
        }
    }
}

/* That a peer has room again is news which a call for something else may take; it gets the rest all
 * the same. */
static void test_room_again (void **state)
{
    struct ev_loop *loop = ev_loop_new (EVFLAG_AUTO);
    struct zloop *zl = zloop_create (loop, 1, NULL, NULL, NULL);
    struct zsock *a = zsock_create (zl, ZMQ_DEALER, NULL, NULL);
    struct filled f = {.zs = zsock_create (zl, ZMQ_ROUTER, fill_a, &f)};
    zmq_msg_t part[2];
    int events, first;
    size_t size = sizeof (events);

    zsock_set_int (f.zs, ZMQ_ROUTER_MANDATORY, 1);
    zsock_set_int (f.zs, ZMQ_SNDHWM, 4);
    zsock_set_int (a, ZMQ_RCVHWM, 4);
    zsock_set_str (a, ZMQ_ROUTING_ID, "a");
    assert_int_equal (zmq_bind (zsock_zmq (f.zs), "inproc://room"), 0);
    assert_int_equal (zmq_connect (zsock_zmq (a), "inproc://room"), 0);
    assert_int_equal (zmq_send (zsock_zmq (a), "x", 1, 0), 1);
    assert_int_equal (zsock_recv (f.zs, part, 2), 2);
    zmq_msg_close (&part[0]);
    zmq_msg_close (&part[1]);
    assert_int_equal (zsock_watch (f.zs), 0);
    fill_a (f.zs, &f);
    while (f.calls < 3) // it is called again though there is nothing new
        ev_run (loop, EVRUN_ONCE);
    assert_int_equal (first = f.sent, 8);
    for (int i = 0; i < first; i++) {
        assert_int_equal (zsock_recv (a, part, 1), 1);
        zmq_msg_close (&part[0]);
    }
    zmq_getsockopt (zsock_zmq (f.zs), ZMQ_EVENTS, &events, &size); // takes the news
    while (f.sent == first)
        ev_run (loop, EVRUN_ONCE);
    zsock_destroy (a);
    zsock_destroy (f.zs);
    zloop_destroy (zl);
    ev_loop_destroy (loop);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_reach_grow),     cmocka_unit_test (test_heal_order),
        cmocka_unit_test (test_heal_ends),      cmocka_unit_test (test_heal_drop),
        cmocka_unit_test (test_reach),          cmocka_unit_test (test_reach_starts),
        cmocka_unit_test (test_reach_bad_sets), cmocka_unit_test (test_wire_round_trip),
        cmocka_unit_test (test_bundle),         cmocka_unit_test (test_wire_damaged),
        cmocka_unit_test (test_replay),         cmocka_unit_test (test_outq),
        cmocka_unit_test (test_hello_token),    cmocka_unit_test (test_interface_addr),
        cmocka_unit_test (test_room_again),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

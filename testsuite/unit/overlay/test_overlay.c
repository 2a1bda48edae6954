/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Overlays that talk: over TCP with CURVE, and over ipc. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/response.h>

#include "lib/codec/limits.h"
#include "lib/overlay/limits.h"
#include "testsuite/unit/cmocka.h"
#include "testsuite/unit/overlay/tree.h"

#define MANY 1000

/* Send MANY requests each way over one link. */
static void both_ways (struct tree *t)
{
    struct node *up = &t->node[0], *down = &t->node[1];

    for (int i = 0; i < MANY; i++) {
        flux_msg_t *a = make_request (0, i), *b = make_request (1, i);
        assert_int_equal (overlay_send_parent (down->ov, a), 0);
        assert_int_equal (overlay_send_child (up->ov, 1, b), 0);
        flux_msg_decref (a);
        flux_msg_decref (b);
    }
    assert_true (tree_wait_int (t, &up->received[FLUX_MSGTYPE_REQUEST], MANY, 20));
    assert_true (tree_wait_int (t, &down->received[FLUX_MSGTYPE_REQUEST], MANY, 20));
    assert_int_equal (up->order_errors, 0);
    assert_int_equal (down->order_errors, 0);
    assert_string_equal (flux_msg_route_last (up->last), down->uuid);
    assert_string_equal (flux_msg_route_last (down->last), up->uuid);
    assert_false (flux_msg_is_local (up->last));
}

static void test_tcp_both_ways (void **state)
{
    struct tree t;

    tree_init (&t, 2, "kary:2");
    tree_start (&t);
    assert_memory_equal (t.node[0].endpoint, "tcp://127.0.0.1:", 16);
    assert_int_equal (t.node[0].peer_up, 1);
    assert_int_equal (t.node[1].parent_up, 1);
    assert_int_equal (overlay_parent (t.node[1].ov), 0);
    assert_string_equal (overlay_peer_uuid (t.node[1].ov, 0), t.node[0].uuid);
    assert_string_equal (overlay_peer_uuid (t.node[0].ov, 1), t.node[1].uuid);
    both_ways (&t);
    tree_fini (&t);
}

static void test_ipc_both_ways (void **state)
{
    struct tree t;

    tree_init (&t, 2, "kary:2");
    t.ipc = true;
    tree_start (&t);
    assert_memory_equal (t.node[0].endpoint, "ipc:///", 7);
    both_ways (&t);
    tree_fini (&t);
}

static bool answer (struct node *n, flux_msg_t *msg, uint32_t peer, bool from_parent)
{
    flux_msg_t *response;
    int type, rank;
    uint32_t nodeid;

    flux_msg_get_type (msg, &type);
    if (type == FLUX_MSGTYPE_RESPONSE) {
        if (flux_msg_route_last (msg))
            assert_int_equal (overlay_respond (n->ov, msg), 0);
        return false;
    }
    assert_int_equal (flux_msg_get_nodeid (msg, &nodeid), 0);
    if (nodeid == n->rank) {
        assert_non_null (response = flux_response_derive (msg, 0));
        assert_int_equal (overlay_respond (n->ov, response), 0);
        flux_msg_decref (response);
    } else if ((rank = overlay_child_route (n->ov, nodeid)) >= 0)
        assert_int_equal (overlay_send_child (n->ov, (uint32_t)rank, msg), 0);
    else
        assert_int_equal (overlay_send_parent (n->ov, msg), 0);
    return false;
}

/* Every rank asks every other one; requests find the way, responses the way back. */
static void test_routes_all_to_all (void **state)
{
    struct tree t;

    tree_init (&t, 8, "kary:2");
    tree_start (&t);
    for (uint32_t r = 0; r < t.size; r++)
        t.node[r].recv = answer;
    for (uint32_t from = 0; from < t.size; from++) {
        for (uint32_t to = 0; to < t.size; to++) {
            struct node *n = &t.node[from];
            flux_msg_t *msg = make_request (to, 0);
            int route = overlay_child_route (n->ov, to);
            int before = n->received[FLUX_MSGTYPE_RESPONSE];
            if (from == to) {
                flux_msg_decref (msg);
                continue;
            }
            flux_msg_set_matchtag (msg, 77);
            if (route >= 0)
                assert_int_equal (overlay_send_child (n->ov, (uint32_t)route, msg), 0);
            else
                assert_int_equal (overlay_send_parent (n->ov, msg), 0);
            assert_true (tree_wait_int (&t, &n->received[FLUX_MSGTYPE_RESPONSE], before + 1, 10));
            assert_true (flux_msg_cmp_matchtag (n->last, 77));
            assert_int_equal (flux_msg_route_count (n->last), 0);
            flux_msg_decref (msg);
        }
    }
    tree_fini (&t);
}

static void test_large_payload (void **state)
{
    size_t size = 20 << 20, got;
    char *data = malloc (size);
    const void *p;
    struct tree t;
    flux_msg_t *msg;

    tree_init (&t, 2, NULL);
    tree_start (&t);
    for (size_t i = 0; i < size; i++)
        data[i] = (char)(i * 7 + i / 251);
    msg = make_request (0, 0);
    assert_int_equal (flux_msg_set_payload (msg, data, size), 0);
    assert_int_equal (overlay_send_parent (t.node[1].ov, msg), 0);
    assert_true (tree_wait_int (&t, &t.node[0].received[FLUX_MSGTYPE_REQUEST], 1, 30));
    assert_int_equal (flux_msg_get_payload (t.node[0].last, &p, &got), 0);
    assert_int_equal (got, size);
    assert_memory_equal (p, data, size);
    flux_msg_decref (msg);
    free (data);
    tree_fini (&t);
}

static bool all_have_events (struct tree *t, void *arg)
{
    for (uint32_t r = 1; r < t->size; r++) {
        if (t->node[r].last_seq < *(uint32_t *)arg)
            return false;
    }
    return true;
}

static void test_bcast (void **state)
{
    uint32_t last = 500;
    struct tree t;

    tree_init (&t, 13, "kary:3");
    tree_start (&t);
    for (uint32_t seq = 1; seq <= last; seq++) {
        flux_msg_t *msg = make_event (seq);
        if (seq % 10 == 0)
            flux_msg_set_payload (msg, t.token, sizeof (t.token));
        assert_int_equal (overlay_bcast (t.node[0].ov, msg), 3);
        flux_msg_decref (msg);
    }
    assert_true (tree_run (&t, all_have_events, &last, 20));
    for (uint32_t r = 1; r < t.size; r++) {
        assert_int_equal (t.node[r].received[FLUX_MSGTYPE_EVENT], last);
        assert_int_equal (t.node[r].seq_errors, 0);
    }
    tree_fini (&t);
}

static bool online_is (struct tree *t, void *arg)
{
    return overlay_online_count (t->node[0].ov) == *(int *)arg;
}

static const char *status_of (struct tree *t, uint32_t rank)
{
    return overlay_status_str (overlay_get_status (t->node[rank].ov));
}

static void test_child_loss (void **state)
{
    struct tree t;
    int want = 4;
    flux_msg_t *msg = make_request (2, 0);
    json_t *o, *child;

    tree_init (&t, 5, "kary:0");
    tree_start (&t);
    assert_string_equal (status_of (&t, 0), "full");
    node_destroy (&t.node[2]);
    assert_true (tree_run (&t, online_is, &want, 10));
    assert_int_equal (t.node[0].peer_down, 1);
    assert_int_equal (t.node[0].peer_lost, 1);
    assert_string_equal (t.node[0].down_uuid, t.node[2].uuid);
    assert_int_equal (overlay_send_child (t.node[0].ov, 2, msg), -1);
    assert_int_equal (errno, EHOSTUNREACH);
    assert_int_equal (overlay_child_route (t.node[0].ov, 2), -1);
    assert_string_equal (status_of (&t, 0), "degraded");
    o = overlay_health (t.node[0].ov);
    assert_string_equal (json_string_value (json_object_get (o, "status")), "degraded");
    child = json_array_get (json_object_get (o, "children"), 1);
    assert_int_equal (json_integer_value (json_object_get (child, "rank")), 2);
    assert_string_equal (json_string_value (json_object_get (child, "status")), "lost");
    assert_string_equal (json_string_value (json_object_get (child, "error")), "lost connection");
    json_decref (o);
    /* It comes back. */
    want = 5;
    node_create (&t, 2);
    node_connect (&t, 2, 0);
    assert_true (tree_run (&t, online_is, &want, 10));
    TREE_UNTIL (&t, overlay_get_status (t.node[0].ov) == OVERLAY_FULL);
    assert_string_equal (status_of (&t, 0), "full");
    assert_int_equal (t.node[0].peer_up, 5);
    assert_int_equal (t.node[0].peer_down, 1);
    flux_msg_decref (msg);
    tree_fini (&t);
}

/* A second broker says that it is rank 1 before the loss of the first was noticed. */
static void test_same_rank_anew (void **state)
{
    struct tree t;

    tree_init (&t, 3, "kary:0");
    tree_start (&t);
    node_create_in (&t, 10, 1);
    node_connect (&t, 10, 0);
    assert_true (tree_wait_int (&t, &t.node[0].peer_up, 3, 10));
    assert_int_equal (t.node[0].peer_down, 1);
    assert_string_equal (t.node[0].down_uuid, t.node[1].uuid);
    assert_string_equal (overlay_peer_uuid (t.node[0].ov, 1), t.node[10].uuid);
    /* The first one does not come back to do the same. */
    assert_true (tree_wait_int (&t, &t.node[1].parent_final, 1, 10));
    assert_int_equal (t.node[10].parent_down, 0);
    tree_fini (&t);
}

static void test_goodbye (void **state)
{
    struct tree t;

    tree_init (&t, 3, "kary:0");
    tree_start (&t);
    assert_int_equal (overlay_goodbye (t.node[1].ov), 0);
    assert_true (tree_wait_int (&t, &t.node[1].parent_final, 1, 10));
    assert_int_equal (t.node[1].errnum, 0);
    assert_int_equal (t.node[0].peer_down, 1);
    assert_int_equal (t.node[0].peer_lost, 0);
    TREE_UNTIL (&t, overlay_get_status (t.node[0].ov) == OVERLAY_PARTIAL);
    assert_string_equal (status_of (&t, 0), "partial");
    assert_int_equal (overlay_goodbye (t.node[0].ov), 0);
    assert_true (tree_wait_int (&t, &t.node[0].parent_final, 1, 10));
    tree_fini (&t);
}

static void test_disconnect_child (void **state)
{
    struct tree t;

    tree_init (&t, 3, "kary:0");
    tree_start (&t);
    assert_int_equal (overlay_disconnect_child (t.node[0].ov, 1, NULL), 0);
    assert_int_equal (t.node[0].peer_down, 0); // not from within the call
    assert_true (tree_wait_int (&t, &t.node[1].parent_final, 1, 10));
    assert_int_equal (t.node[0].peer_down, 1);
    assert_int_not_equal (t.node[1].errnum, 0);
    assert_int_equal (overlay_disconnect_child (t.node[0].ov, 1, NULL), -1);
    assert_int_equal (errno, ENOENT);
    tree_fini (&t);
}

static bool is_torpid (struct tree *t, void *arg)
{
    return overlay_child_torpid (t->node[0].ov, 1) == *(bool *)arg;
}

/* Heartbeats keep an idle link alive; without them the child is torpid, not lost. */
static void test_keepalive (void **state)
{
    bool want = true;
    struct tree t;

    tree_init (&t, 2, NULL);
    t.conf.torpid_min = .05;
    t.conf.torpid_max = .3;
    tree_start (&t);
    tree_run_for (&t, .8);
    assert_false (overlay_child_torpid (t.node[0].ov, 1));
    tree_fini (&t);

    tree_init (&t, 2, NULL);
    t.conf.torpid_min = .05;
    t.conf.torpid_max = .3;
    node_create (&t, 0);
    t.conf.torpid_min = -1;
    node_create (&t, 1);
    node_connect (&t, 1, 0);
    assert_true (tree_wait_int (&t, &t.node[1].parent_up, 1, 10));
    assert_true (tree_run (&t, is_torpid, &want, 5));
    assert_int_equal (t.node[0].peer_down, 0);
    overlay_set_torpid (t.node[1].ov, .05, 0);
    want = false;
    assert_true (tree_run (&t, is_torpid, &want, 5));
    tree_fini (&t);
}

/* A child that does not read costs a bounded amount of memory and then its link. */
static void test_slow_reader (void **state)
{
    int sent = 0, rc = 0;
    struct tree t;
    flux_msg_t *msg;
    char data[3000] = {0};

    tree_init (&t, 2, NULL);
    t.conf.queue_max = 1 << 20;
    tree_start (&t);
    msg = make_request (1, 0);
    assert_int_equal (flux_msg_set_payload (msg, data, sizeof (data)), 0);
    /* The loop does not run, hence nobody reads. */
    while (sent < 1000000 && (rc = overlay_send_child (t.node[0].ov, 1, msg)) == 0)
        sent++;
    assert_int_equal (rc, -1);
    assert_int_equal (errno, ENOBUFS);
    assert_in_range (sent, 500, 30000);
    assert_int_equal (overlay_send_child (t.node[0].ov, 1, msg), -1);
    assert_int_equal (errno, EHOSTUNREACH);
    assert_true (tree_wait_int (&t, &t.node[0].peer_down, 1, 10));
    assert_non_null (strstr (t.node[0].reason, "does not read"));
    flux_msg_decref (msg);
    tree_fini (&t);
}

/* What is queued past ZeroMQ's limit arrives, in order. */
static void test_queue_in_order (void **state)
{
    struct tree t;
    int count = 20000;

    tree_init (&t, 2, NULL);
    tree_start (&t);
    for (int i = 0; i < count; i++) {
        flux_msg_t *a = make_request (0, i), *b = make_request (1, i);
        assert_int_equal (overlay_send_parent (t.node[1].ov, a), 0);
        assert_int_equal (overlay_send_child (t.node[0].ov, 1, b), 0);
        flux_msg_decref (a);
        flux_msg_decref (b);
    }
    assert_true (tree_wait_int (&t, &t.node[0].received[FLUX_MSGTYPE_REQUEST], count, 30));
    assert_true (tree_wait_int (&t, &t.node[1].received[FLUX_MSGTYPE_REQUEST], count, 30));
    assert_int_equal (t.node[0].order_errors, 0);
    assert_int_equal (t.node[1].order_errors, 0);
    tree_fini (&t);
}

static long peer_stat (struct tree *t, int node, const char *name)
{
    json_t *o = overlay_stats (t->node[node].ov);
    json_t *peer = json_array_get (json_object_get (o, "peers"), 0);
    long n = (long)json_integer_value (json_object_get (peer, name));

    json_decref (o);
    return n;
}

/* What is sent to a peer in one turn leaves together, OVERLAY_BUNDLE bytes at a time, both ways. A
 * message alone does not wait for others. */
static void test_batches (void **state)
{
    struct tree t;
    long before[2], most;
    int count = 1000;

    tree_init (&t, 2, NULL);
    tree_start (&t);
    tree_run_for (&t, .01);
    before[0] = peer_stat (&t, 0, "tx-batches");
    before[1] = peer_stat (&t, 1, "tx-batches");
    for (int i = 0; i < count; i++) {
        flux_msg_t *a = make_request (0, i), *b = make_request (1, i);
        assert_int_equal (overlay_send_parent (t.node[1].ov, a), 0);
        assert_int_equal (overlay_send_child (t.node[0].ov, 1, b), 0);
        most = (flux_msg_encode_size (b) + 4) * count / OVERLAY_BUNDLE + 1;
        flux_msg_decref (a);
        flux_msg_decref (b);
    }
    assert_in_range (peer_stat (&t, 0, "tx-batches") - before[0], 1, most);
    assert_true (tree_wait_int (&t, &t.node[0].received[FLUX_MSGTYPE_REQUEST], count, 30));
    assert_true (tree_wait_int (&t, &t.node[1].received[FLUX_MSGTYPE_REQUEST], count, 30));
    assert_in_range (peer_stat (&t, 0, "tx-batches") - before[0], most - 1, most + 2);
    assert_in_range (peer_stat (&t, 1, "tx-batches") - before[1], most - 1, most + 2);
    assert_in_range (peer_stat (&t, 0, "rx"), count, count + 20);
    assert_in_range (peer_stat (&t, 0, "rx-batches"), most - 1, most + 20);
    for (int i = 0; i < 10; i++) {
        flux_msg_t *a = make_request (0, count + i);
        assert_int_equal (overlay_send_parent (t.node[1].ov, a), 0);
        assert_true (
            tree_wait_int (&t, &t.node[0].received[FLUX_MSGTYPE_REQUEST], count + i + 1, 30));
        flux_msg_decref (a);
    }
    assert_int_equal (t.node[0].order_errors, 0);
    tree_fini (&t);
}

static void test_size_1 (void **state)
{
    flux_msg_t *msg = make_request (0, 0);
    flux_error_t e;
    struct tree t;
    json_t *o;

    tree_init (&t, 1, NULL);
    node_create (&t, 0);
    assert_null (overlay_endpoint (t.node[0].ov));
    assert_null (overlay_pubkey (t.node[0].ov));
    assert_int_equal (overlay_bcast (t.node[0].ov, msg), 0);
    assert_int_equal (overlay_send_parent (t.node[0].ov, msg), -1);
    assert_int_equal (errno, EHOSTUNREACH);
    assert_int_equal (overlay_send_child (t.node[0].ov, 1, msg), -1);
    assert_int_equal (overlay_child_route (t.node[0].ov, 0), -1);
    assert_int_equal (overlay_online_count (t.node[0].ov), 1);
    assert_true (overlay_online (t.node[0].ov, 0));
    assert_int_equal (overlay_bind (t.node[0].ov, "tcp://127.0.0.1:*", &e), -1);
    assert_string_equal (status_of (&t, 0), "full");
    o = overlay_health (t.node[0].ov);
    assert_int_equal (json_array_size (json_object_get (o, "children")), 0);
    json_decref (o);
    o = overlay_stats (t.node[0].ov);
    assert_non_null (o);
    json_decref (o);
    assert_int_equal (overlay_goodbye (t.node[0].ov), 0);
    assert_true (tree_wait_int (&t, &t.node[0].parent_final, 1, 5));
    flux_msg_decref (msg);
    tree_fini (&t);
}

static void test_expected_failures (void **state)
{
    const char *bad_uri[] = {"udp://1.2.3.4:5",
                             "tcp://nowhere.invalid:*",
                             "ipc://relative/x",
                             "ipc:///nofolder",
                             "ipc:///usr/share/x",
                             "ipc:///tmp/x",
                             ""};
    const char *key = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
    flux_error_t e;
    struct tree t;

    tree_init (&t, 7, "kary:2");
    node_create (&t, 3); // a leaf, not bound
    for (size_t i = 0; i < sizeof (bad_uri) / sizeof (bad_uri[0]); i++)
        assert_int_equal (overlay_bind (t.node[3].ov, bad_uri[i], &e), -1);
    assert_int_equal (overlay_connect_parent (t.node[3].ov, 2, "tcp://127.0.0.1:1", key, &e), -1);
    assert_non_null (strstr (e.text, "no ancestor"));
    assert_int_equal (overlay_connect_parent (t.node[3].ov, 1, "udp://127.0.0.1:1", key, &e), -1);
    assert_int_equal (overlay_connect_parent (t.node[3].ov, 1, "tcp://127.0.0.1:1", "short", &e),
                      -1);
    assert_int_equal (overlay_connect_parent (t.node[3].ov, 1, "tcp://127.0.0.1:1", NULL, &e), -1);
    assert_int_equal (overlay_set_instance (t.node[3].ov, "", NULL), 0);
    assert_int_equal (overlay_connect_parent (t.node[3].ov, 1, "tcp://127.0.0.1:1", key, &e), -1);
    assert_non_null (strstr (e.text, "instance"));
    t.conf.uuid = "x";
    t.conf.loop = t.loop;
    t.conf.rank = t.conf.size = 7;
    assert_null (overlay_create (&t.conf, NULL, NULL, &e));
    t.conf.rank = 0;
    t.conf.topology = "nonsense";
    assert_null (overlay_create (&t.conf, NULL, NULL, &e));
    assert_non_null (strstr (e.text, "nonsense"));
    t.conf.topology = NULL;
    t.conf.uuid = NULL;
    assert_null (overlay_create (&t.conf, NULL, NULL, &e));
    overlay_destroy (NULL);
    tree_fini (&t);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_tcp_both_ways),
        cmocka_unit_test (test_ipc_both_ways),
        cmocka_unit_test (test_routes_all_to_all),
        cmocka_unit_test (test_large_payload),
        cmocka_unit_test (test_bcast),
        cmocka_unit_test (test_child_loss),
        cmocka_unit_test (test_same_rank_anew),
        cmocka_unit_test (test_goodbye),
        cmocka_unit_test (test_disconnect_child),
        cmocka_unit_test (test_keepalive),
        cmocka_unit_test (test_slow_reader),
        cmocka_unit_test (test_queue_in_order),
        cmocka_unit_test (test_batches),
        cmocka_unit_test (test_size_1),
        cmocka_unit_test (test_expected_failures),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

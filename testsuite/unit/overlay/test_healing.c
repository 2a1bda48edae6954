/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Who loses its parent finds another one, and nothing is lost that needn't be. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/overlay/private.h"
#include "testsuite/unit/cmocka.h"
#include "testsuite/unit/overlay/tree.h"

/* Break the TCP connection of a child under ZeroMQ. */
static void cut_link (struct tree *t, uint32_t parent, uint32_t rank)
{
    struct child *c = children_by_rank (t->node[parent].ov, rank);

    assert_non_null (c);
    assert_true (c->fd >= 0);
    assert_int_equal (shutdown (c->fd, SHUT_RDWR), 0);
}

static void publish (struct tree *t, uint32_t first, uint32_t last)
{
    for (uint32_t seq = first; seq <= last; seq++) {
        flux_msg_t *msg = make_event (seq);
        overlay_bcast (t->node[0].ov, msg);
        flux_msg_decref (msg);
    }
}

struct seen {
    uint32_t seq;
    const char *ranks; // "1" for each that must have seen it
};

static bool have_seen (struct tree *t, void *arg)
{
    struct seen *s = arg;

    for (uint32_t r = 1; r < t->size; r++) {
        if (s->ranks[r] == '1' && t->node[r].last_seq != s->seq)
            return false;
    }
    return true;
}

static bool online_is (struct tree *t, void *arg)
{
    return overlay_online_count (t->node[0].ov) == *(int *)arg;
}

/* Wait until each rank has the parent that is given for it, -1 for those which are gone. */
static bool have_parents (struct tree *t, void *arg)
{
    const int *parents = arg;

    for (uint32_t r = 1; r < t->size; r++) {
        if (parents[r] >= 0 && overlay_parent (t->node[r].ov) != parents[r])
            return false;
    }
    return true;
}

/* 0 - 1 - {3 - {7 8}, 4 - {9 10}}, 2 - {5, 6}: rank 1 dies under a stream of events. */
static void test_inner_broker_dies (void **state)
{
    struct seen seen = {600, "00111111111"};
    struct tree t;
    int want = 10;
    flux_msg_t *msg;

    tree_init (&t, 11, "kary:2");
    tree_start (&t);
    publish (&t, 1, 200);
    TREE_UNTIL (&t, t.node[1].last_seq > 0); // others are on their way
    node_destroy (&t.node[1]);
    publish (&t, 201, 400);
    assert_true (tree_wait_int (&t, &t.node[3].parent_up, 2, 10));
    assert_true (tree_wait_int (&t, &t.node[4].parent_up, 2, 10));
    publish (&t, 401, 600);
    assert_true (tree_run (&t, online_is, &want, 10));
    assert_true (tree_run (&t, have_seen, &seen, 10));
    for (uint32_t r = 2; r < t.size; r++) {
        assert_int_equal (t.node[r].seq_errors, 0);
        assert_int_equal (overlay_event_gap (t.node[r].ov), 0);
        assert_int_equal (t.node[r].parent_final, 0);
    }
    assert_int_equal (overlay_parent (t.node[3].ov), 0);
    assert_int_equal (overlay_parent (t.node[7].ov), 3);
    assert_int_equal (t.node[7].parent_down, 0); // only those who lost their own parent notice
    assert_int_equal (t.node[0].peer_lost, 1);
    assert_int_equal (t.node[0].peer_up, 4);
    /* The way to those below goes through the adopted. */
    assert_int_equal (overlay_child_route (t.node[0].ov, 8), 3);
    assert_int_equal (overlay_child_route (t.node[0].ov, 9), 4);
    assert_int_equal (overlay_child_route (t.node[0].ov, 1), -1);
    msg = make_request (8, 0);
    assert_int_equal (overlay_send_child (t.node[0].ov, 3, msg), 0);
    assert_true (tree_wait_int (&t, &t.node[3].received[FLUX_MSGTYPE_REQUEST], 1, 5));
    flux_msg_decref (msg);
    tree_fini (&t);
}

/* Its children were told their ancestors, so that two levels may go at once. */
static void test_two_levels_die (void **state)
{
    int parents[] = {-1, -1, 0, -1, 0, 2, 2, 0, 0, 4, 4};
    struct tree t;
    int want = 9;

    tree_init (&t, 11, "kary:2");
    tree_start (&t);
    for (int r = 7; r <= 8; r++)
        assert_int_equal (t.node[r].ov->parent.ancestor_count, 3);
    node_destroy (&t.node[1]);
    node_destroy (&t.node[3]);
    assert_true (tree_run (&t, online_is, &want, 15));
    assert_true (tree_run (&t, have_parents, parents, 10));
    tree_fini (&t);
}

static bool waits (struct tree *t, uint32_t parent)
{
    struct child *c = t->node[parent].ov->children.by_id;

    return c && c->state == CHILD_WAITING;
}

/* Who comes before its parent has a way to rank 0 is let in when there is one: whoever is in knows
 * all its ancestors, so that it can lose its parent at once. */
static void test_way_first (void **state)
{
    struct tree t;

    tree_init (&t, 4, "kary:1");
    for (uint32_t r = 0; r < t.size; r++)
        node_create (&t, r);
    node_connect (&t, 3, 2);
    TREE_UNTIL (&t, waits (&t, 2));
    node_connect (&t, 2, 1);
    TREE_UNTIL (&t, waits (&t, 1));
    assert_int_equal (t.node[3].parent_up, 0);
    node_connect (&t, 1, 0);
    assert_true (tree_wait_int (&t, &t.node[3].parent_up, 1, 10));
    assert_int_equal (t.node[3].ov->parent.ancestor_count, 3);
    node_destroy (&t.node[1]);
    node_destroy (&t.node[2]);
    assert_true (tree_wait_int (&t, &t.node[3].parent_up, 2, 10));
    assert_int_equal (overlay_parent (t.node[3].ov), 0);
    tree_fini (&t);
    /* One that never gets a way refuses who waits when it ends. */
    tree_init (&t, 3, "kary:1");
    for (uint32_t r = 0; r < t.size; r++)
        node_create (&t, r);
    node_connect (&t, 2, 1);
    TREE_UNTIL (&t, waits (&t, 1));
    overlay_refuse_children (t.node[1].ov);
    assert_true (tree_wait_int (&t, &t.node[2].parent_final, 1, 10));
    assert_int_equal (t.node[2].errnum, EBUSY);
    tree_fini (&t);
}

static bool six_are_told (struct tree *t, void *arg)
{
    return strlen (t->node[0].states) == strlen ("+1 +2 +3 +4 +5 +6 ");
}

static bool lost_is_told (struct tree *t, void *arg)
{
    return strchr (t->node[0].states, '!') != NULL;
}

/* Rank 0 hears who goes out of reach, and who is lost: not those who move. */
static void test_rank_states (void **state)
{
    struct tree t;

    tree_init (&t, 7, "kary:2");
    t.conf.lost_timeout = .5;
    tree_start (&t);
    assert_true (tree_run (&t, six_are_told, NULL, 10));
    for (const char *s = "123456"; *s; s++)
        assert_non_null (strchr (t.node[0].states, *s));
    assert_null (strchr (t.node[0].states, '-'));
    t.node[0].states[0] = '\0';
    node_destroy (&t.node[1]);
    assert_true (tree_run (&t, lost_is_told, NULL, 5));
    assert_non_null (strstr (t.node[0].states, "-1 "));
    assert_non_null (strstr (t.node[0].states, "!1 "));
    assert_non_null (strstr (t.node[0].states, "+3 "));
    assert_non_null (strstr (t.node[0].states, "+4 "));
    assert_null (strstr (t.node[0].states, "!3"));
    assert_null (strstr (t.node[0].states, "!4"));
    /* One that is not a child of rank 0 dies. */
    t.node[0].states[0] = '\0';
    node_destroy (&t.node[6]);
    assert_true (tree_run (&t, lost_is_told, NULL, 5));
    assert_string_equal (t.node[0].states, "-6 !6 ");
    /* And comes back. */
    node_create (&t, 6);
    node_connect (&t, 6, 2);
    assert_true (tree_wait_int (&t, &t.node[6].parent_up, 1, 5));
    TREE_UNTIL (&t, strcmp (t.node[0].states, "-6 !6 +6 ") == 0);
    tree_fini (&t);
}

static bool replaced_is_told (struct tree *t, void *arg)
{
    return strcmp (t->node[0].states, arg) == 0;
}

/* A broker that takes the place of one so fast that nobody missed it: rank 0 hears that the old one
 * was lost, with all its jobs. */
static void test_replaced_at_once (void **state)
{
    struct tree t;

    tree_init (&t, 7, "kary:2");
    t.conf.lost_timeout = 30;
    tree_start (&t);
    assert_true (tree_run (&t, six_are_told, NULL, 10));
    t.node[0].states[0] = '\0';
    node_destroy (&t.node[6]);
    node_create (&t, 6);
    node_connect (&t, 6, 2);
    assert_true (tree_run (&t, replaced_is_told, "-6 !6 +6 ", 10));
    t.node[0].states[0] = '\0';
    node_create_in (&t, 7, 6); // the old one still lives
    node_connect (&t, 7, 2);
    assert_true (tree_run (&t, replaced_is_told, "-6 !6 +6 ", 10));
    t.node[0].states[0] = '\0';
    node_create_in (&t, 8, 5);
    node_connect (&t, 8, 2);
    assert_true (tree_run (&t, replaced_is_told, "-5 !5 +5 ", 10));
    tree_fini (&t);
}

/* A rank that comes back takes part again; those it had stay where they are. */
static void test_dead_one_returns (void **state)
{
    struct tree t;
    int want = 6;

    tree_init (&t, 7, "kary:2");
    tree_start (&t);
    node_destroy (&t.node[1]);
    assert_true (tree_run (&t, online_is, &want, 10));
    want = 7;
    node_create (&t, 1);
    node_connect (&t, 1, 0);
    assert_true (tree_run (&t, online_is, &want, 10));
    assert_int_equal (overlay_parent (t.node[3].ov), 0);
    /* Nobody counts 3 and 4 as missing, neither where they were nor where they should be. */
    TREE_UNTIL (&t, overlay_get_status (t.node[1].ov) == OVERLAY_FULL &&
                        overlay_get_status (t.node[0].ov) == OVERLAY_FULL);
    /* One that starts anew goes to its regular parent. */
    node_create (&t, 4);
    node_connect (&t, 4, 1);
    assert_true (tree_wait_int (&t, &t.node[4].parent_up, 1, 10));
    TREE_UNTIL (&t, overlay_child_route (t.node[0].ov, 4) == 1 &&
                        overlay_child_route (t.node[0].ov, 3) == 3 &&
                        overlay_online_count (t.node[0].ov) == 7 &&
                        overlay_get_status (t.node[0].ov) == OVERLAY_FULL);
    tree_fini (&t);
}

/* The link breaks, both ends live: it is made again, with a new hello. */
static void test_link_breaks (void **state)
{
    struct seen seen = {90, "0111111"};
    struct tree t;
    int want = 7;

    tree_init (&t, 7, "kary:2");
    tree_start (&t);
    publish (&t, 1, 30);
    cut_link (&t, 0, 1);
    publish (&t, 31, 60);
    assert_true (tree_wait_int (&t, &t.node[1].parent_up, 2, 10));
    assert_true (tree_run (&t, online_is, &want, 10));
    publish (&t, 61, 90);
    assert_true (tree_run (&t, have_seen, &seen, 10));
    for (uint32_t r = 1; r < t.size; r++)
        assert_int_equal (t.node[r].seq_errors, 0);
    assert_int_equal (overlay_parent (t.node[1].ov), 0);
    assert_int_equal (t.node[0].peer_up, 3);
    assert_int_equal (t.node[0].peer_down, 1);
    assert_int_equal (t.node[1].parent_down, 1);
    assert_int_equal (t.node[3].parent_down, 0);
    tree_fini (&t);
}

/* What a child had sent is read after its end was seen: it is nobody's, and no harm comes to who
 * has the number of its connection now. */
static void test_late_message (void **state)
{
    flux_msg_t *msg = make_request (0, 0);
    struct child *c;
    struct tree t;

    tree_init (&t, 3, "kary:2");
    tree_start (&t);
    c = children_by_rank (t.node[0].ov, 1);
    assert_non_null (c);
    children_monitor (ZMQ_EVENT_DISCONNECTED, (uint32_t)c->fd, t.node[0].ov);
    assert_int_equal (c->state, CHILD_OUT);
    assert_int_equal (c->fd, -1);
    assert_int_equal (overlay_send_parent (t.node[1].ov, msg), 0);
    flux_msg_decref (msg);
    TREE_UNTIL (&t, HASH_COUNT (t.node[0].ov->children.by_id) == 1);
    assert_int_equal (t.node[0].received[FLUX_MSGTYPE_REQUEST], 0);
    assert_int_equal (t.node[1].parent_down, 0);
    assert_int_equal (t.node[2].parent_down, 0);
    tree_fini (&t);
}

/* What an orphan sends up waits for the new parent; what it had sent before is not sent again. */
static void test_requests_wait (void **state)
{
    struct tree t;
    flux_msg_t *msg = make_request (0, 0);

    tree_init (&t, 7, "kary:2");
    tree_start (&t);
    node_destroy (&t.node[1]);
    assert_true (tree_wait_int (&t, &t.node[3].parent_down, 1, 10));
    assert_int_equal (overlay_parent (t.node[3].ov), -1);
    assert_int_equal (overlay_send_parent (t.node[3].ov, msg), 0);
    assert_true (tree_wait_int (&t, &t.node[0].received[FLUX_MSGTYPE_REQUEST], 1, 10));
    assert_string_equal (flux_msg_route_last (t.node[0].last), t.node[3].uuid);
    flux_msg_decref (msg);
    tree_fini (&t);
}

/* Without rank 0 all end, in bounded time. */
static void test_root_dies (void **state)
{
    struct tree t;

    tree_init (&t, 7, "kary:2");
    tree_start (&t);
    node_destroy (&t.node[0]);
    for (uint32_t r = 1; r <= 2; r++) {
        assert_true (tree_wait_int (&t, &t.node[r].parent_final, 1, 4));
        assert_int_equal (t.node[r].parent_down, 2);
        assert_int_equal (t.node[r].errnum, EHOSTUNREACH);
        assert_string_equal (t.node[r].reason, "rank 0 is gone");
    }
    tree_fini (&t);
    /* The time for healing ends it as well. */
    tree_init (&t, 3, "kary:2");
    t.conf.heal_timeout = .15;
    tree_start (&t);
    node_destroy (&t.node[0]);
    assert_true (tree_wait_int (&t, &t.node[1].parent_final, 1, 4));
    assert_int_equal (t.node[1].errnum, ECONNREFUSED);
    tree_fini (&t);
}

static void test_healing_off (void **state)
{
    struct tree t;

    tree_init (&t, 3, "kary:2");
    t.conf.heal_timeout = -1;
    tree_start (&t);
    node_destroy (&t.node[0]);
    assert_true (tree_wait_int (&t, &t.node[1].parent_final, 1, 3));
    assert_int_equal (t.node[1].parent_down, 1);
    tree_fini (&t);
}

/* Rank 3 is moved from 1, which lives, to 0. */
static void test_reparent (void **state)
{
    flux_error_t e;
    struct tree t;

    tree_init (&t, 7, "kary:2");
    tree_start (&t);
    assert_int_equal (overlay_reparent (t.node[3].ov, 2, t.node[2].endpoint, t.node[2].key, &e),
                      -1);
    assert_int_equal (overlay_reparent (t.node[3].ov, 0, t.node[0].endpoint, t.node[0].key, &e), 0);
    assert_int_equal (t.node[3].parent_down, 0); // not from within the call
    assert_int_equal (overlay_parent (t.node[3].ov), 1);
    assert_true (tree_wait_int (&t, &t.node[3].parent_up, 2, 10));
    assert_int_equal (t.node[3].parent_down, 1);
    assert_int_equal (overlay_parent (t.node[3].ov), 0);
    assert_true (tree_wait_int (&t, &t.node[1].peer_down, 1, 10));
    TREE_UNTIL (&t, overlay_child_route (t.node[0].ov, 3) == 3 &&
                        overlay_online_count (t.node[0].ov) == 7 &&
                        overlay_get_status (t.node[1].ov) == OVERLAY_FULL &&
                        overlay_get_status (t.node[0].ov) == OVERLAY_FULL);
    tree_fini (&t);
}

static bool has_event (struct tree *t, void *arg)
{
    return (uint32_t)t->node[1].last_seq == *(uint32_t *)arg;
}

/* More events than are kept: the gap is told. */
static void test_event_gap (void **state)
{
    struct tree t;
    uint32_t gap, last = 10 + OVERLAY_REPLAY_EVENTS + 5;

    tree_init (&t, 3, "kary:2");
    tree_start (&t);
    publish (&t, 1, 10);
    assert_true (tree_run (&t, has_event, &(uint32_t){10}, 10));
    cut_link (&t, 0, 1);
    publish (&t, 11, last);
    assert_true (tree_wait_int (&t, &t.node[1].parent_up, 2, 10));
    assert_true (tree_run (&t, has_event, &last, 10));
    gap = overlay_event_gap (t.node[1].ov);
    assert_in_range (gap, 1, 5 + 10);
    assert_int_equal (t.node[1].last_seq, 10 + OVERLAY_REPLAY_EVENTS + 5);
    assert_int_equal (t.node[1].received[FLUX_MSGTYPE_EVENT] + (int)gap, t.node[1].last_seq);
    assert_int_equal (overlay_event_gap (t.node[1].ov), 0);
    tree_fini (&t);
}

/* Kill inner brokers in turn until only rank 0 and some leaves are left. */
static void test_all_inner_brokers_die (void **state)
{
    struct tree t;
    int want = 31, parents[31];

    tree_init (&t, 31, "kary:2");
    tree_start (&t);
    for (uint32_t r = 1; r < 15; r++) {
        node_destroy (&t.node[r]);
        want--;
        if (r % 3 == 0)
            assert_true (tree_run (&t, online_is, &want, 20));
    }
    assert_true (tree_run (&t, online_is, &want, 20));
    assert_int_equal (want, 17);
    for (int r = 0; r < 31; r++)
        parents[r] = r < 15 ? -1 : 0;
    assert_true (tree_run (&t, have_parents, parents, 10));
    for (uint32_t r = 15; r < 31; r++)
        assert_int_equal (t.node[r].parent_final, 0);
    tree_fini (&t);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_inner_broker_dies), cmocka_unit_test (test_two_levels_die),
        cmocka_unit_test (test_rank_states),       cmocka_unit_test (test_replaced_at_once),
        cmocka_unit_test (test_dead_one_returns),  cmocka_unit_test (test_link_breaks),
        cmocka_unit_test (test_requests_wait),     cmocka_unit_test (test_root_dies),
        cmocka_unit_test (test_healing_off),       cmocka_unit_test (test_reparent),
        cmocka_unit_test (test_event_gap),         cmocka_unit_test (test_all_inner_brokers_die),
        cmocka_unit_test (test_way_first),         cmocka_unit_test (test_late_message),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

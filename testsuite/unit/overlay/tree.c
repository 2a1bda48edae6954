/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Overlays of several ranks in one process. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "testsuite/unit/cmocka.h"
#include "testsuite/unit/overlay/tree.h"

static void recv_cb (struct overlay *ov, flux_msg_t *msg, uint32_t peer, bool from_parent,
                     void *arg)
{
    struct node *n = arg;
    int type, number;
    uint32_t seq;

    assert_int_equal (flux_msg_get_type (msg, &type), 0);
    n->received[type]++;
    if (n->recv && n->recv (n, msg, peer, from_parent))
        return;
    if (type == FLUX_MSGTYPE_REQUEST && flux_msg_unpack (msg, "{s:i}", "n", &number) == 0) {
        n->order_errors += number != n->next;
        n->next = number + 1;
    }
    if (type == FLUX_MSGTYPE_EVENT && flux_msg_get_seq (msg, &seq) == 0) {
        n->seq_errors += n->last_seq != 0 && seq != n->last_seq + 1;
        n->last_seq = seq;
        overlay_bcast (ov, msg);
    }
    flux_msg_decref (n->last);
    n->last = (flux_msg_t *)flux_msg_incref (msg);
}

static void peer_up_cb (struct overlay *ov, uint32_t rank, const char *uuid, void *arg)
{
    struct node *n = arg;

    n->peer_up++;
}

static void peer_down_cb (struct overlay *ov, uint32_t rank, const char *uuid, bool lost,
                          const char *reason, void *arg)
{
    struct node *n = arg;

    n->peer_down++;
    n->peer_lost += lost;
    snprintf (n->reason, sizeof (n->reason), "%s", reason);
    snprintf (n->down_uuid, sizeof (n->down_uuid), "%s", uuid);
}

static void parent_up_cb (struct overlay *ov, uint32_t rank, const char *uuid, void *arg)
{
    struct node *n = arg;

    n->parent_up++;
}

static void parent_down_cb (struct overlay *ov, bool final, int errnum, const char *reason,
                            void *arg)
{
    struct node *n = arg;

    n->parent_down++;
    n->parent_final += final;
    n->errnum = errnum;
    snprintf (n->reason, sizeof (n->reason), "%s", reason);
}

static void rank_state_cb (struct overlay *ov, uint32_t rank, enum overlay_rank_state state,
                           void *arg)
{
    struct node *n = arg;
    size_t len = strlen (n->states);

    snprintf (n->states + len, sizeof (n->states) - len, "%c%u ", "+-!"[state], rank);
}

static void log_cb (struct overlay *ov, int level, const char *text, void *arg)
{
    struct node *n = arg;

    if (n->tree->verbose)
        fprintf (stderr, "# rank %u <%d> %s\n", n->rank, level, text);
}

static const struct overlay_ops ops = {
    .recv = recv_cb,
    .peer_up = peer_up_cb,
    .peer_down = peer_down_cb,
    .parent_up = parent_up_cb,
    .parent_down = parent_down_cb,
    .rank_state = rank_state_cb,
    .log = log_cb,
};

void tree_init (struct tree *t, uint32_t size, const char *topology)
{
    memset (t, 0, sizeof (*t));
    t->loop = ev_loop_new (EVFLAG_AUTO);
    assert_non_null (t->loop);
    assert_in_range (size, 1, TREE_MAX);
    t->size = size;
    t->topology = topology;
    t->verbose = getenv ("OVERLAY_TEST_VERBOSE") != NULL;
    memset (t->token, 0x5a, sizeof (t->token));
    snprintf (t->dir, sizeof (t->dir), "/tmp/test_overlay_XXXXXX");
    assert_non_null (mkdtemp (t->dir));
    t->conf.auth = OVERLAY_AUTH_TOKEN;
    t->conf.token = t->token;
    t->conf.instance = "test-instance";
}

void tree_fini (struct tree *t)
{
    char path[128];

    for (uint32_t r = TREE_MAX; r > 0; r--)
        node_destroy (&t->node[r - 1]);
    for (uint32_t r = 0; r < TREE_MAX; r++) {
        snprintf (path, sizeof (path), "%s/tbon-%u", t->dir, r);
        unlink (path);
    }
    rmdir (t->dir);
    ev_loop_destroy (t->loop);
}

void node_create (struct tree *t, uint32_t r)
{
    node_create_in (t, r, r);
}

void node_create_in (struct tree *t, uint32_t slot, uint32_t r)
{
    struct node *n = &t->node[slot];
    struct overlay_conf conf = t->conf;
    flux_error_t e;
    char uri[128];
    static int starts; // a broker has a new uuid each time

    node_destroy (n);
    memset (n, 0, sizeof (*n));
    n->tree = t;
    n->rank = r;
    snprintf (n->uuid, sizeof (n->uuid), "00000000-0000-0000-%04u-%012d", r, ++starts);
    conf.loop = t->loop;
    conf.rank = r;
    conf.size = t->size;
    conf.topology = t->topology;
    conf.uuid = n->uuid;
    if (!(n->ov = overlay_create (&conf, &ops, n, &e)))
        fail_msg ("%s", e.text);
    if (!overlay_has_children (n->ov))
        return;
    if (t->ipc)
        snprintf (uri, sizeof (uri), "ipc://%s/tbon-%u", t->dir, r);
    else
        snprintf (uri, sizeof (uri), "tcp://127.0.0.1:*");
    if (overlay_bind (n->ov, uri, &e) < 0)
        fail_msg ("%s", e.text);
    snprintf (n->endpoint, sizeof (n->endpoint), "%s", overlay_endpoint (n->ov));
    snprintf (n->key, sizeof (n->key), "%s", overlay_pubkey (n->ov));
}

void node_connect (struct tree *t, uint32_t slot, uint32_t parent)
{
    flux_error_t e;

    if (overlay_connect_parent (t->node[slot].ov, parent, t->node[parent].endpoint,
                                t->node[parent].key, &e) < 0)
        fail_msg ("%s", e.text);
}

void node_destroy (struct node *n)
{
    overlay_destroy (n->ov);
    flux_msg_decref (n->last);
    n->last = NULL;
    n->ov = NULL;
}

static bool all_up (struct tree *t, void *arg)
{
    for (uint32_t r = 1; r < t->size; r++) {
        if (t->node[r].parent_up == 0)
            return false;
    }
    return overlay_online_count (t->node[0].ov) == (int)t->size &&
           overlay_get_status (t->node[0].ov) == OVERLAY_FULL;
}

void tree_start (struct tree *t)
{
    for (uint32_t r = 0; r < t->size; r++)
        node_create (t, r);
    for (uint32_t r = 1; r < t->size; r++)
        node_connect (t, r, (uint32_t)topology_parent (overlay_topology (t->node[r].ov), r));
    assert_true (tree_run (t, all_up, NULL, 20));
}

static void timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    ev_break (loop, EVBREAK_ONE);
}

bool tree_run (struct tree *t, bool (*cond) (struct tree *t, void *arg), void *arg, double timeout)
{
    double end;
    ev_timer w;

    ev_now_update (t->loop);
    end = ev_now (t->loop) + timeout;
    ev_timer_init (&w, timer_cb, timeout, 0.);
    ev_timer_start (t->loop, &w);
    while (!(cond && cond (t, arg)) && ev_now (t->loop) < end)
        ev_run (t->loop, EVRUN_ONCE);
    ev_timer_stop (t->loop, &w);
    return cond && cond (t, arg);
}

void tree_turn (struct tree *t)
{
    ev_timer w;

    ev_timer_init (&w, timer_cb, .025, 0.);
    ev_timer_start (t->loop, &w);
    ev_run (t->loop, EVRUN_ONCE);
    ev_timer_stop (t->loop, &w);
}

void tree_run_for (struct tree *t, double seconds)
{
    tree_run (t, NULL, NULL, seconds);
}

struct want_int {
    const int *val;
    int want;
};

static bool int_reached (struct tree *t, void *arg)
{
    struct want_int *w = arg;

    return *w->val >= w->want;
}

bool tree_wait_int (struct tree *t, const int *val, int want, double timeout)
{
    struct want_int w = {val, want};

    return tree_run (t, int_reached, &w, timeout) && *val == want;
}

flux_msg_t *make_request (uint32_t nodeid, int n)
{
    flux_msg_t *msg = flux_msg_create (FLUX_MSGTYPE_REQUEST);

    assert_non_null (msg);
    flux_msg_route_enable (msg);
    assert_int_equal (flux_msg_set_topic (msg, "test.echo"), 0);
    assert_int_equal (flux_msg_set_nodeid (msg, nodeid), 0);
    assert_int_equal (flux_msg_set_rolemask (msg, FLUX_ROLE_OWNER | FLUX_ROLE_LOCAL), 0);
    assert_int_equal (flux_msg_pack (msg, "{s:i}", "n", n), 0);
    return msg;
}

flux_msg_t *make_event (uint32_t seq)
{
    flux_msg_t *msg = flux_msg_create (FLUX_MSGTYPE_EVENT);

    assert_non_null (msg);
    assert_int_equal (flux_msg_set_topic (msg, "test.event"), 0);
    assert_int_equal (flux_msg_set_seq (msg, seq), 0);
    return msg;
}

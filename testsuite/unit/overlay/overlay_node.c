/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* One broker's overlay as a process, for tests that kill and cut (testsuite/t/2300-*).
 *
 *   overlay_node RANK SIZE TOPOLOGY ADDRESS DIR
 *
 * binds to ADDRESS, writes DIR/addr.RANK, connects to the parent that DIR/addr.PARENT names. Every
 * 5 ms (OVERLAY_NODE_PERIOD; 0: never) rank 0 publishes an event and each other rank asks rank 0
 * something, which is counted like a broker does it: each question ends in one answer, or in one
 * failure when the link is lost. What happens is a line on stdout; SIGTERM prints the totals and
 * ends it. */

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <ev.h>
#include <flux/response.h>

#include "lib/overlay/overlay.h"

#define PENDING_MAX 65536

/* A question of somebody below that went up, to be failed when the link is lost. */
struct relay {
    flux_msg_t *failure; // NULL: free
    uint32_t tag;
};

struct node {
    struct ev_loop *loop;
    struct overlay *ov;
    uint32_t rank;
    const char *dir;
    uint32_t seq;  // rank 0: last published; others: last heard
    uint32_t next; // question
    struct relay relay[PENDING_MAX];
    int relays;
    bool pending[PENDING_MAX];
    double asked[PENDING_MAX];
    int asked_count, answered, failed, refused, twice, gaps, events;
    double worst; // seconds for an answer
    bool quiet;   // ask nothing more
};

static void say (struct node *n, const char *fmt, ...)
{
    va_list ap;

    printf ("%.3f ", ev_time ());
    va_start (ap, fmt);
    vprintf (fmt, ap);
    va_end (ap);
    printf ("\n");
    fflush (stdout);
}

static void die (const char *what)
{
    fprintf (stderr, "overlay_node: %s\n", what);
    exit (1);
}

static void relay_add (struct node *n, const flux_msg_t *request)
{
    struct relay *r = n->relay;

    while (r < n->relay + PENDING_MAX && r->failure)
        r++;
    if (r == n->relay + PENDING_MAX || !(r->failure = flux_response_derive (request, EHOSTUNREACH)))
        die ("too many relayed questions");
    flux_msg_get_matchtag (request, &r->tag);
    n->relays++;
}

/* True when a response is waited for. */
static bool relay_del (struct node *n, const flux_msg_t *response)
{
    int left = n->relays;
    uint32_t tag;

    flux_msg_get_matchtag (response, &tag);
    for (struct relay *r = n->relay; left > 0 && r < n->relay + PENDING_MAX; r++) {
        if (!r->failure)
            continue;
        left--;
        if (r->tag == tag && flux_msg_route_match_first (r->failure, response)) {
            flux_msg_decref (r->failure);
            r->failure = NULL;
            n->relays--;
            return true;
        }
    }
    return false;
}

static void relay_fail_all (struct node *n)
{
    for (struct relay *r = n->relay; n->relays > 0 && r < n->relay + PENDING_MAX; r++) {
        if (r->failure) {
            overlay_respond (n->ov, r->failure);
            flux_msg_decref (r->failure);
            r->failure = NULL;
            n->relays--;
        }
    }
}

static void route_request (struct node *n, flux_msg_t *msg, bool from_parent)
{
    flux_msg_t *response;
    uint32_t nodeid;
    int errnum = 0;

    flux_msg_get_nodeid (msg, &nodeid);
    if (nodeid != n->rank) {
        if (!from_parent && overlay_send_parent (n->ov, msg) == 0) {
            relay_add (n, msg);
            return;
        }
        errnum = EHOSTUNREACH;
    }
    if (!(response = flux_response_derive (msg, errnum)))
        die ("response");
    overlay_respond (n->ov, response);
    flux_msg_decref (response);
}

static void take_response (struct node *n, flux_msg_t *msg)
{
    uint32_t tag;
    int errnum;

    if (flux_msg_route_count (msg) > 0) {
        if (relay_del (n, msg))
            overlay_respond (n->ov, msg);
        return;
    }
    flux_msg_get_matchtag (msg, &tag);
    flux_msg_get_errnum (msg, &errnum);
    tag %= PENDING_MAX;
    if (!n->pending[tag]) {
        n->twice++;
        return;
    }
    n->pending[tag] = false;
    if (errnum)
        n->failed++;
    else
        n->answered++;
    if (ev_now (n->loop) - n->asked[tag] > n->worst)
        n->worst = ev_now (n->loop) - n->asked[tag];
}

static void recv_cb (struct overlay *ov, flux_msg_t *msg, uint32_t peer, bool from_parent,
                     void *arg)
{
    struct node *n = arg;
    uint32_t seq;
    int type;

    flux_msg_get_type (msg, &type);
    if (type == FLUX_MSGTYPE_REQUEST)
        route_request (n, msg, from_parent);
    else if (type == FLUX_MSGTYPE_RESPONSE)
        take_response (n, msg);
    else if (type == FLUX_MSGTYPE_EVENT && flux_msg_get_seq (msg, &seq) == 0) {
        n->gaps += n->seq != 0 && seq != n->seq + 1;
        n->seq = seq;
        n->events++;
        overlay_bcast (ov, msg);
    }
}

static void peer_up (struct overlay *ov, uint32_t rank, const char *uuid, void *arg)
{
    say (arg, "up %u", rank);
}

static void peer_down (struct overlay *ov, uint32_t rank, const char *uuid, bool lost,
                       const char *reason, void *arg)
{
    say (arg, "down %u %s: %s", rank, lost ? "lost" : "left", reason);
}

static void parent_up (struct overlay *ov, uint32_t rank, const char *uuid, void *arg)
{
    say (arg, "parent %u", rank);
}

static void parent_down (struct overlay *ov, bool final, int errnum, const char *reason, void *arg)
{
    struct node *n = arg;

    for (int i = 0; i < PENDING_MAX; i++) {
        n->failed += n->pending[i];
        n->pending[i] = false;
    }
    relay_fail_all (n);
    say (n, "parent-%s: %s", final ? "gone" : "lost", reason);
    if (final)
        ev_break (n->loop, EVBREAK_ALL);
}

static void online (struct overlay *ov, void *arg)
{
    say (arg, "online %d", overlay_online_count (ov));
}

static void status (struct overlay *ov, uint32_t rank, int status, bool torpid, void *arg)
{
    say (arg, "status %u %s%s", rank, overlay_status_str (status), torpid ? " torpid" : "");
}

static void log_cb (struct overlay *ov, int level, const char *text, void *arg)
{
    say (arg, "log <%d> %s", level, text);
}

static void publish (struct node *n)
{
    flux_msg_t *msg = flux_msg_create (FLUX_MSGTYPE_EVENT);

    flux_msg_set_topic (msg, "test.event");
    flux_msg_set_seq (msg, ++n->seq);
    overlay_bcast (n->ov, msg);
    flux_msg_decref (msg);
}

static void ask (struct node *n)
{
    uint32_t tag = ++n->next % PENDING_MAX;
    flux_msg_t *msg = flux_msg_create (FLUX_MSGTYPE_REQUEST);

    flux_msg_route_enable (msg);
    flux_msg_set_topic (msg, "test.ask");
    flux_msg_set_nodeid (msg, 0);
    flux_msg_set_matchtag (msg, n->next);
    if (n->pending[tag])
        die ("too many questions without answer");
    if (overlay_send_parent (n->ov, msg) < 0)
        n->refused++;
    else {
        n->pending[tag] = true;
        n->asked[tag] = ev_now (n->loop);
        n->asked_count++;
    }
    flux_msg_decref (msg);
}

static int pending (struct node *n)
{
    int count = 0;

    for (int i = 0; i < PENDING_MAX; i++)
        count += n->pending[i];
    return count;
}

static void tick (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct node *n = w->data;

    if (n->rank == 0)
        publish (n);
    else if (!n->quiet)
        ask (n);
    else if (pending (n) == 0)
        say (n, "quiet");
}

static void totals (struct node *n)
{
    say (n,
         "totals asked=%d answered=%d failed=%d hung=%d twice=%d refused=%d events=%d last=%u "
         "gaps=%d worst=%.3f",
         n->asked_count, n->answered, n->failed, pending (n), n->twice, n->refused, n->events,
         n->seq, n->gaps, n->worst);
}

static void on_signal (struct ev_loop *loop, ev_signal *w, int revents)
{
    struct node *n = w->data;

    if (w->signum == SIGUSR1) {
        n->quiet = true;
        return;
    }
    totals (n);
    exit (0);
}

static void write_address (struct node *n)
{
    char path[2][512];
    FILE *f;

    snprintf (path[0], sizeof (path[0]), "%s/addr.%u", n->dir, n->rank);
    snprintf (path[1], sizeof (path[1]), "%s/addr.%u.new", n->dir, n->rank);
    if (!(f = fopen (path[1], "w")))
        die (path[1]);
    fprintf (f, "%s %s\n", overlay_endpoint (n->ov), overlay_pubkey (n->ov));
    fclose (f);
    rename (path[1], path[0]);
}

static void connect_parent (struct node *n)
{
    uint32_t parent = (uint32_t)topology_parent (overlay_topology (n->ov), n->rank);
    char path[512], uri[256], key[OVERLAY_KEY_SIZE];
    flux_error_t e;
    FILE *f = NULL;

    snprintf (path, sizeof (path), "%s/addr.%u", n->dir, parent);
    for (int i = 0; i < 500 && !(f = fopen (path, "r")); i++)
        usleep (20000);
    if (!f || fscanf (f, "%255s %40s", uri, key) != 2)
        die (path);
    fclose (f);
    if (overlay_connect_parent (n->ov, parent, uri, key, &e) < 0)
        die (e.text);
}

static const struct overlay_ops ops = {
    .recv = recv_cb,
    .peer_up = peer_up,
    .peer_down = peer_down,
    .parent_up = parent_up,
    .parent_down = parent_down,
    .online = online,
    .status = status,
    .log = log_cb,
};

static void create (struct node *n, char **argv)
{
    char uuid[64], uri[256];
    flux_error_t e;
    struct overlay_conf conf = {
        .loop = n->loop,
        .rank = n->rank,
        .size = (uint32_t)atoi (argv[2]),
        .topology = argv[3],
        .uuid = uuid,
        .instance = "netns-test",
        .auth = OVERLAY_AUTH_TOKEN,
        .token = (const unsigned char *)"0123456789abcdef0123456789abcdef",
        .torpid_min = .3,
        .torpid_max = 1,
        .tcp_user_timeout = 2,
        .connect_timeout = 5,
        .heal_timeout = 12,
    };

    snprintf (uuid, sizeof (uuid), "%u-%d-%lx", n->rank, (int)getpid (), (long)(ev_time () * 1e6));
    if (!(n->ov = overlay_create (&conf, &ops, n, &e)))
        die (e.text);
    if (!overlay_has_children (n->ov))
        return;
    snprintf (uri, sizeof (uri), "tcp://%s:*", argv[4]);
    if (overlay_bind (n->ov, uri, &e) < 0)
        die (e.text);
    write_address (n);
}

int main (int argc, char **argv)
{
    struct node *n = calloc (1, sizeof (*n));
    const char *env = getenv ("OVERLAY_NODE_PERIOD");
    double period = env ? atof (env) : .005;
    ev_signal term, usr1;
    ev_timer timer;

    if (argc != 6)
        die ("usage: overlay_node RANK SIZE TOPOLOGY ADDRESS DIR");
    n->loop = ev_loop_new (EVFLAG_AUTO);
    n->rank = (uint32_t)atoi (argv[1]);
    n->dir = argv[5];
    ev_signal_init (&term, on_signal, SIGTERM);
    ev_signal_init (&usr1, on_signal, SIGUSR1);
    term.data = usr1.data = n;
    ev_signal_start (n->loop, &term);
    ev_signal_start (n->loop, &usr1);
    create (n, argv);
    if (n->rank > 0)
        connect_parent (n);
    ev_timer_init (&timer, tick, period, period);
    timer.data = n;
    if (period > 0)
        ev_timer_start (n->loop, &timer);
    ev_run (n->loop, 0);
    totals (n);
    overlay_destroy (n->ov);
    ev_loop_destroy (n->loop);
    free (n);
    return 0;
}

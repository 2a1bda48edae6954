/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The sender's side of direct links: one DEALER for each receiver. A link is used once a hello has
 * come back over it, and given up when it breaks. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "lib/tasks/direct_private.h"
#include "lib/util/monotime.h"

#define LINK_PAUSE 30. // seconds until a link is tried again
#define LINK_TIMEOUT 20.

/* The monitor's reader goes last: ZeroMQ would wait for ever to tell a reader that is not there. */
static void close_socks (struct direct_link *k)
{
    if (k->sock) {
        zmq_socket_monitor (k->sock, NULL, 0);
        zmq_close (k->sock);
    }
    if (k->monitor)
        zmq_close (k->monitor);
    k->sock = k->monitor = NULL;
}

static void link_fail (struct direct_link *k)
{
    if (k->matchtag)
        tasks_forget (k->peer->group->tasks, k->matchtag);
    k->matchtag = 0;
    k->state = LINK_FAILED;
    k->since = monotime_now ();
    close_socks (k);
    send_link_lost (k->peer);
}

void direct_link_free (struct peer *p)
{
    struct direct_link *k = p->link;
    struct direct *d = p->group->tasks->direct;

    if (!k)
        return;
    if (k->matchtag)
        tasks_forget (p->group->tasks, k->matchtag);
    close_socks (k);
    DL_DELETE (d->links, k);
    free (k);
    p->link = NULL;
    if (p->stream)
        p->group->tasks->streams--;
    p->stream = false;
}

/* The end of the connection; one that never came up does not matter. */
static int start_monitor (struct direct *d, struct direct_link *k)
{
    char uri[64];

    snprintf (uri, sizeof (uri), "inproc://monitor-%u", d->last_monitor++);
    if (zmq_socket_monitor (k->sock, uri, ZMQ_EVENT_DISCONNECTED) < 0 ||
        !(k->monitor = zmq_socket (d->zmq, ZMQ_PAIR)) || zmq_connect (k->monitor, uri) < 0)
        return -1;
    direct_watch (d, k->monitor);
    return 0;
}

static int link_connect (struct direct *d, struct direct_link *k, const char *endpoint,
                         const char *key)
{
    struct letter hello = {.kind = LETTER_HELLO, .from = k->peer->group->rank, .to = k->peer->rank};

    strcpy (hello.name, k->peer->group->name);
    if (strncmp (endpoint, "tcp://", 6) != 0 || strlen (key) != KEY_SIZE - 1 ||
        !(k->sock = zmq_socket (d->zmq, ZMQ_DEALER)) || direct_set_options (d, k->sock) < 0 ||
        direct_set_str (k->sock, ZMQ_CURVE_SERVERKEY, key) < 0 || start_monitor (d, k) < 0 ||
        zmq_connect (k->sock, endpoint) < 0 || direct_send_letter (k->sock, &hello) < 0)
        return -1;
    direct_watch (d, k->sock);
    k->news = k->monitor_news = true;
    k->state = LINK_CONNECTING;
    return 0;
}

static void asked_cb (struct flux_tasks *t, const flux_msg_t *response, void *arg)
{
    struct direct_link *k = arg;
    const char *endpoint, *key;

    k->matchtag = 0;
    if (!response ||
        flux_msg_unpack (response, "{s:s s:s}", "endpoint", &endpoint, "key", &key) < 0 ||
        link_connect (t->direct, k, endpoint, key) < 0)
        link_fail (k);
}

static void link_ask (struct direct *d, struct direct_link *k)
{
    struct peer *p = k->peer;
    char topic[GROUP_ADDRESS_MAX + 8];

    snprintf (topic, sizeof (topic), "%s.link", p->address);
    k->state = LINK_ASKING;
    k->since = monotime_now ();
    k->matchtag = tasks_call_json (d->tasks, topic, p->node, 0,
                                   json_pack ("{s:s}", "key", d->public_key), asked_cb, k);
    if (k->matchtag == 0)
        link_fail (k);
}

bool direct_is_up (const struct peer *p)
{
    return p->link && p->link->state == LINK_READY;
}

bool direct_ready (struct peer *p)
{
    struct direct *d = direct_get (p->group->tasks);
    struct direct_link *k = p->link;

    if (!d)
        return false;
    if (!k) {
        if (!(k = calloc (1, sizeof (*k))))
            return false;
        k->peer = p;
        p->link = k;
        DL_APPEND (d->links, k);
        link_ask (d, k);
    } else if (k->state == LINK_FAILED && monotime_now () - k->since > LINK_PAUSE) {
        link_ask (d, k);
    } else if ((k->state == LINK_ASKING || k->state == LINK_CONNECTING) &&
               monotime_now () - k->since > LINK_TIMEOUT) {
        link_fail (k);
    }
    return k->state == LINK_READY;
}

static void free_data (void *data, void *hint)
{
    free (data);
}

void direct_release (void *shared)
{
    zmq_msg_close (shared);
    free (shared);
}

/* The data belongs to ZeroMQ from now on, and to us, and is freed when neither needs it. */
static int share_data (struct outgoing *o)
{
    zmq_msg_t *msg = malloc (sizeof (*msg));

    if (!msg || zmq_msg_init_data (msg, o->data, o->len, free_data, NULL) < 0) {
        free (msg);
        return -1;
    }
    o->shared = msg;
    return 0;
}

int direct_send (struct outgoing *o)
{
    struct direct_link *k = o->peer->link;
    unsigned char head[LETTER_HEAD_MAX];
    zmq_msg_t copy;

    if (!o->shared && share_data (o) < 0)
        return -1;
    receipt_fill (o->peer, &o->letter);
    o->letter.kind = o->ask ? LETTER_DATA_ASK : LETTER_DATA;
    zmq_msg_init (&copy);
    if (zmq_msg_copy (&copy, o->shared) < 0 ||
        direct_send_part (k->sock, head, letter_encode (&o->letter, head), ZMQ_SNDMORE) < 0 ||
        zmq_msg_send (&copy, k->sock, ZMQ_DONTWAIT) < 0) {
        zmq_msg_close (&copy);
        return -1;
    }
    o->direct = true;
    return 0;
}

int direct_send_head (struct peer *p, const struct letter *l)
{
    return direct_send_letter (p->link->sock, l);
}

static void link_message (struct direct_link *k, const struct letter *l)
{
    if (l->kind == LETTER_HELLO && k->state == LINK_CONNECTING)
        k->state = LINK_READY;
    if (l->kind == LETTER_TAKEN)
        receipt_take (k->peer, &l->receipt);
}

bool direct_link_progress (struct direct_link *k)
{
    zmq_msg_t parts[2];
    struct letter l;
    bool any = false;
    int n;

    k->news = false;
    while (k->sock && (n = direct_recv_parts (k->sock, parts, 2)) > 0) {
        if (n == 1 && direct_decode_part (&parts[0], &l) == 0)
            link_message (k, &l);
        direct_close_parts (parts, n);
        any = true;
    }
    bool lost = false;
    while (k->monitor && k->monitor_news && (n = direct_recv_parts (k->monitor, parts, 2)) > 0) {
        direct_close_parts (parts, n);
        lost = true;
    }
    k->monitor_news = false;
    if (lost && (k->state == LINK_READY || k->state == LINK_CONNECTING))
        link_fail (k);
    return any || lost;
}

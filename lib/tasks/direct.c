/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Direct links between tasks on different nodes, for large letters: ZeroMQ over TCP with CURVE.
 * Keys and endpoint are exchanged through the brokers ("<address>.link"), which prove the user, and
 * only keys that came that way are let in. A link is used once a hello has come back over it, and
 * given up when it breaks; then, and until then, letters take the way over the brokers. No call
 * waits for a link. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include <zmq.h>

#include "lib/tasks/direct_private.h"
#include "lib/util/monotime.h"

#define LINK_PAUSE 30. // seconds until a link is tried again
#define LINK_TIMEOUT 20.
#define HEARTBEAT_MS 2000
#define HEARTBEAT_TIMEOUT_MS 10000

enum link_state {
    LINK_ASKING,     // for endpoint and key
    LINK_CONNECTING, // until the hello comes back
    LINK_READY,
    LINK_FAILED,
};

struct direct_link {
    struct peer *peer;
    enum link_state state;
    double since;
    void *sock;
    void *monitor;
    uint32_t matchtag;
    struct direct_link *prev, *next;
};

/* ---- both sides ---- */

struct direct *direct_get (struct flux_tasks *t)
{
    struct direct *d = t->direct;

    if (d)
        return d;
    if (!(d = calloc (1, sizeof (*d))))
        return NULL;
    d->tasks = t;
    if (!(d->zmq = zmq_ctx_new ()) || zmq_curve_keypair (d->public_key, d->secret_key) < 0) {
        direct_destroy (d);
        return NULL;
    }
    zmq_ctx_set (d->zmq, ZMQ_MAX_SOCKETS, 65535);
    return t->direct = d;
}

int direct_set_int (void *sock, int option, int value)
{
    return zmq_setsockopt (sock, option, &value, sizeof (value));
}

int direct_set_str (void *sock, int option, const char *value)
{
    return zmq_setsockopt (sock, option, value, strlen (value));
}

void direct_watch (struct direct *d, void *sock)
{
    int fd;
    size_t len = sizeof (fd);

    if (zmq_getsockopt (sock, ZMQ_FD, &fd, &len) == 0)
        tasks_watch_fd (d->tasks, fd);
}

int direct_set_options (struct direct *d, void *sock)
{
    int64_t max = GROUP_MESSAGE_MAX + LETTER_HEAD_MAX;

    if (direct_set_int (sock, ZMQ_LINGER, 0) < 0 || direct_set_int (sock, ZMQ_SNDHWM, 0) < 0 ||
        direct_set_int (sock, ZMQ_RCVHWM, 0) < 0 || // windows limit what is on its way
        zmq_setsockopt (sock, ZMQ_MAXMSGSIZE, &max, sizeof (max)) < 0 ||
        direct_set_int (sock, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS) < 0 ||
        direct_set_int (sock, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS) < 0 ||
        direct_set_str (sock, ZMQ_CURVE_PUBLICKEY, d->public_key) < 0 ||
        direct_set_str (sock, ZMQ_CURVE_SECRETKEY, d->secret_key) < 0)
        return -1;
    return 0;
}

int direct_send_part (void *sock, const void *data, size_t len, int flags)
{
    return zmq_send (sock, data, len, ZMQ_DONTWAIT | flags) < 0 ? -1 : 0;
}

int direct_send_letter (void *sock, const struct letter *l)
{
    unsigned char head[LETTER_HEAD_MAX];

    return direct_send_part (sock, head, letter_encode (l, head), 0);
}

int direct_recv_parts (void *sock, zmq_msg_t *parts, int max)
{
    int n = 0, more = 1;

    while (more) {
        zmq_msg_t msg;
        zmq_msg_init (&msg);
        if (zmq_msg_recv (&msg, sock, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close (&msg);
            break;
        }
        more = zmq_msg_more (&msg);
        if (n < max) {
            zmq_msg_init (&parts[n]);
            zmq_msg_move (&parts[n++], &msg);
        }
        zmq_msg_close (&msg);
    }
    return n;
}

void direct_close_parts (zmq_msg_t *parts, int n)
{
    for (int i = 0; i < n; i++)
        zmq_msg_close (&parts[i]);
}

int direct_decode_part (zmq_msg_t *part, struct letter *l)
{
    const void *data;
    size_t len;

    return letter_decode (l, zmq_msg_data (part), zmq_msg_size (part), &data, &len);
}

/* ---- the sender's side ---- */

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

static void link_message (struct direct_link *k, const struct letter *l)
{
    struct outgoing *o, *tmp;

    if (l->kind == LETTER_HELLO && k->state == LINK_CONNECTING)
        k->state = LINK_READY;
    if (l->kind != LETTER_TAKEN)
        return;
    DL_FOREACH_SAFE (k->peer->out, o, tmp)
    {
        if (o->direct && o->letter.seq == l->seq) {
            send_taken (o);
            return;
        }
    }
}

static bool link_progress (struct direct_link *k)
{
    zmq_msg_t parts[2];
    struct letter l;
    bool any = false;
    int n;

    while (k->sock && (n = direct_recv_parts (k->sock, parts, 2)) > 0) {
        if (n == 1 && direct_decode_part (&parts[0], &l) == 0)
            link_message (k, &l);
        direct_close_parts (parts, n);
        any = true;
    }
    if (k->monitor && (n = direct_recv_parts (k->monitor, parts, 2)) > 0) {
        direct_close_parts (parts, n);
        if (k->state == LINK_READY || k->state == LINK_CONNECTING)
            link_fail (k);
        any = true;
    }
    return any;
}

/* ---- progress ---- */

bool direct_progress (struct flux_tasks *t)
{
    struct direct *d = t->direct;
    struct direct_link *k, *tmp;
    bool any = direct_zap_progress (d);

    any |= direct_server_progress (d);
    DL_FOREACH_SAFE (d->links, k, tmp)
    any |= link_progress (k);
    return any;
}

int direct_poll (struct flux_tasks *t, int fd, int timeout_ms)
{
    struct direct *d = t->direct;
    struct direct_link *k;
    int count = 0, n = 0;

    DL_COUNT (d->links, k, count);
    zmq_pollitem_t *items = calloc (3 + 2 * (size_t)count, sizeof (*items));
    if (!items)
        return -1;
    items[n++] = (zmq_pollitem_t){NULL, fd, ZMQ_POLLIN, 0};
    if (d->zap)
        items[n++] = (zmq_pollitem_t){d->zap, 0, ZMQ_POLLIN, 0};
    if (d->server)
        items[n++] = (zmq_pollitem_t){d->server, 0, ZMQ_POLLIN, 0};
    DL_FOREACH (d->links, k)
    {
        if (k->sock)
            items[n++] = (zmq_pollitem_t){k->sock, 0, ZMQ_POLLIN, 0};
        if (k->monitor)
            items[n++] = (zmq_pollitem_t){k->monitor, 0, ZMQ_POLLIN, 0};
    }
    int rc = zmq_poll (items, n, timeout_ms);
    free (items);
    return rc;
}

void direct_destroy (struct direct *d)
{
    struct allowed *a, *tmp;

    if (!d)
        return;
    HASH_ITER (hh, d->allowed, a, tmp)
    {
        HASH_DEL (d->allowed, a);
        free (a);
    }
    if (d->server)
        zmq_close (d->server);
    if (d->zap)
        zmq_close (d->zap);
    if (d->zmq)
        zmq_ctx_term (d->zmq);
    explicit_bzero (d->secret_key, sizeof (d->secret_key));
    free (d);
}

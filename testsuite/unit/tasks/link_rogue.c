/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A task, and in the same process somebody who knows where its direct links end and wants in:
 * without CURVE, with a key that nobody told the task, with the right key but another one for the
 * task, and at last as it should be. Prints what became of each. Run it as a job with one task. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>
#include <flux/core.h>
#include <flux/tasks.h>

#define WAIT 30.
#define KEY_SIZE 41

static void die (const char *what)
{
    perror (what);
    exit (1);
}

struct keys {
    char pub[KEY_SIZE], sec[KEY_SIZE];
};

static void make_keys (struct keys *k)
{
    if (zmq_curve_keypair (k->pub, k->sec) < 0)
        die ("zmq_curve_keypair");
}

/* The address of the one member. */
static char *find_address (flux_t *h, const char *name)
{
    flux_future_t *f = flux_rpc_pack (h, "group.get", 0, 0, "{s:s}", "name", name);
    const char *address;
    int rank, node;

    if (!f || flux_rpc_get_unpack (f, "{s:[[i,i,s]]}", "members", &rank, &node, &address) < 0)
        die ("group.get");
    char *copy = strdup (address);
    flux_future_destroy (f);
    return copy;
}

/* Tell the task our key, as a sender does: by the brokers. It answers while it receives. */
static void ask_link (flux_t *h, flux_group_t *g, const char *address, const char *key,
                      char endpoint[256], char server_key[KEY_SIZE])
{
    struct flux_group_message m;
    const char *s, *k;
    char topic[256];
    flux_future_t *f;

    snprintf (topic, sizeof (topic), "%s.link", address);
    if (!(f = flux_rpc_pack (h, topic, FLUX_NODEID_ANY, 0, "{s:s}", "key", key)))
        die (topic);
    while (flux_future_wait_for (f, .01) < 0) {
        if (flux_group_recv (g, FLUX_GROUP_ANY, FLUX_GROUP_ANY, &m, .01) == 0)
            die ("a message from nobody");
    }
    if (flux_rpc_get_unpack (f, "{s:s s:s}", "endpoint", &s, "key", &k) < 0)
        die (topic);
    snprintf (endpoint, 256, "%s", s);
    snprintf (server_key, KEY_SIZE, "%s", k);
    flux_future_destroy (f);
}

/* The event that tells how the handshake ended; the task's own part of it is done meanwhile. */
static int next_event (void *mon, flux_tasks_t *t)
{
    uint16_t event = 0;
    zmq_msg_t part;

    for (;;) {
        zmq_msg_init (&part);
        while (zmq_msg_recv (&part, mon, ZMQ_DONTWAIT) < 0)
            flux_tasks_progress (t, .01);
        if (zmq_msg_more (&part))
            memcpy (&event, zmq_msg_data (&part), sizeof (event));
        int more = zmq_msg_more (&part);
        zmq_msg_close (&part);
        if (!more)
            return event;
    }
}

static void try_link (flux_tasks_t *t, const char *what, const char *endpoint,
                      const struct keys *own, const char *server_key)
{
    void *ctx = zmq_ctx_new (), *s = zmq_socket (ctx, ZMQ_DEALER), *mon;
    int zero = 0, event;

    zmq_setsockopt (s, ZMQ_LINGER, &zero, sizeof (zero));
    if (own && (zmq_setsockopt (s, ZMQ_CURVE_PUBLICKEY, own->pub, 40) < 0 ||
                zmq_setsockopt (s, ZMQ_CURVE_SECRETKEY, own->sec, 40) < 0 ||
                zmq_setsockopt (s, ZMQ_CURVE_SERVERKEY, server_key, 40) < 0))
        die ("ZMQ_CURVE");
    zmq_socket_monitor (s, "inproc://monitor",
                        ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                            ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                            ZMQ_EVENT_DISCONNECTED);
    mon = zmq_socket (ctx, ZMQ_PAIR);
    if (zmq_connect (mon, "inproc://monitor") < 0 || zmq_connect (s, endpoint) < 0)
        die (endpoint);
    event = next_event (mon, t);
    printf ("%s: %s\n", what, event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED ? "let in" : "refused");
    zmq_setsockopt (mon, ZMQ_LINGER, &zero, sizeof (zero));
    zmq_socket_monitor (s, NULL, 0);
    zmq_close (s);
    zmq_close (mon);
    zmq_ctx_term (ctx);
}

int main (void)
{
    flux_error_t error;
    flux_tasks_t *t = flux_tasks_open (NULL, &error);
    flux_group_t *g = t ? flux_group_join (t, "links", FLUX_GROUP_INSTANCE, 0, WAIT, &error) : NULL;
    flux_t *h = flux_open (NULL, 0);
    char endpoint[256], server_key[KEY_SIZE];
    struct keys told, other;

    if (!g || !h)
        die ("flux_group_join");
    make_keys (&told);
    make_keys (&other);
    char *address = find_address (h, "/links");
    ask_link (h, g, address, told.pub, endpoint, server_key);
    try_link (t, "without CURVE", endpoint, NULL, NULL);
    try_link (t, "a key that it was not told", endpoint, &other, server_key);
    try_link (t, "another key for the task", endpoint, &told, other.pub);
    try_link (t, "both keys", endpoint, &told, server_key);
    free (address);
    flux_close (h);
    flux_tasks_close (t);
    return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The receiver's side of direct links: one ROUTER for all that send here. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/response.h>

#include "lib/tasks/direct_private.h"

#define KEYS_MAX 65536
#define ZAP_PARTS 7
#define ZAP_KEY 6

/* The ZAP handler (ZeroMQ RFC 27): only keys that came through the brokers. */
static void zap_answer (struct direct *d, zmq_msg_t *parts, int n)
{
    char key[KEY_SIZE] = "";
    struct allowed *a = NULL;

    if (n == ZAP_PARTS && zmq_msg_size (&parts[ZAP_KEY]) == 32 &&
        zmq_z85_encode (key, zmq_msg_data (&parts[ZAP_KEY]), 32))
        HASH_FIND_STR (d->allowed, key, a);
    if (n < 2)
        return;
    direct_send_part (d->zap, "1.0", 3, ZMQ_SNDMORE);
    direct_send_part (d->zap, zmq_msg_data (&parts[1]), zmq_msg_size (&parts[1]), ZMQ_SNDMORE);
    direct_send_part (d->zap, a ? "200" : "400", 3, ZMQ_SNDMORE);
    direct_send_part (d->zap, "", 0, ZMQ_SNDMORE);
    direct_send_part (d->zap, "", 0, ZMQ_SNDMORE);
    direct_send_part (d->zap, "", 0, 0);
}

bool direct_zap_progress (struct direct *d)
{
    zmq_msg_t parts[ZAP_PARTS];
    bool any = false;
    int n;

    while (d->zap && (n = direct_recv_parts (d->zap, parts, ZAP_PARTS)) > 0) {
        zap_answer (d, parts, n);
        direct_close_parts (parts, n);
        any = true;
    }
    d->zap_news = false;
    return any;
}

static void find_address (char *buf, size_t size)
{
    const char *hint = getenv ("FLUX_TASKS_INTERFACE");
    flux_error_t error;

    if (overlay_interface_addr (hint, buf, size, &error) < 0 &&
        overlay_interface_addr ("hostname", buf, size, &error) < 0)
        snprintf (buf, size, "127.0.0.1");
}

static int bind_server (struct direct *d)
{
    char address[64], uri[96];
    size_t len = sizeof (d->endpoint);

    if (d->server)
        return 0;
    find_address (address, sizeof (address));
    snprintf (uri, sizeof (uri), "tcp://%s:*", address);
    if (!(d->zap = zmq_socket (d->zmq, ZMQ_REP)) ||
        zmq_bind (d->zap, "inproc://zeromq.zap.01") < 0 ||
        !(d->server = zmq_socket (d->zmq, ZMQ_ROUTER)) || direct_set_options (d, d->server) < 0 ||
        direct_set_int (d->server, ZMQ_CURVE_SERVER, 1) < 0 ||
        direct_set_str (d->server, ZMQ_ZAP_DOMAIN, "flux") < 0 || zmq_bind (d->server, uri) < 0 ||
        zmq_getsockopt (d->server, ZMQ_LAST_ENDPOINT, d->endpoint, &len) < 0) {
        int saved_errno = errno;
        if (d->server)
            zmq_close (d->server);
        if (d->zap)
            zmq_close (d->zap);
        d->server = d->zap = NULL;
        errno = saved_errno;
        return -1;
    }
    direct_watch (d, d->zap);
    direct_watch (d, d->server);
    d->zap_news = d->server_news = true;
    return 0;
}

static int allow (struct direct *d, const char *key)
{
    struct allowed *a;

    HASH_FIND_STR (d->allowed, key, a);
    if (a)
        return 0;
    if (strlen (key) != KEY_SIZE - 1 || HASH_COUNT (d->allowed) >= KEYS_MAX) {
        errno = EINVAL;
        return -1;
    }
    if (!(a = calloc (1, sizeof (*a))))
        return -1;
    strcpy (a->key, key);
    HASH_ADD_STR (d->allowed, key, a);
    return 0;
}

void direct_request (struct flux_tasks *t, const flux_msg_t *msg)
{
    struct direct *d = direct_get (t);
    flux_msg_t *response;
    const char *key;
    int errnum = 0;

    if (flux_msg_unpack (msg, "{s:s}", "key", &key) < 0)
        errnum = EPROTO;
    else if (!d || allow (d, key) < 0 || bind_server (d) < 0)
        errnum = errno;
    if ((response = flux_response_derive (msg, errnum)) &&
        (errnum ||
         flux_msg_pack (response, "{s:s s:s}", "endpoint", d->endpoint, "key", d->public_key) == 0))
        tasks_send (t, response, -1.);
    flux_msg_decref (response);
}

static void *copy_part (zmq_msg_t *part)
{
    void *p = malloc (zmq_msg_size (part) + 1);

    if (p)
        memcpy (p, zmq_msg_data (part), zmq_msg_size (part));
    return p;
}

static bool is_data (const struct letter *l)
{
    return l->kind == LETTER_DATA || l->kind == LETTER_DATA_ASK;
}

static void server_message (struct direct *d, zmq_msg_t *parts, int n)
{
    struct letter l;

    if (n < 2 || direct_decode_part (&parts[1], &l) < 0)
        return;
    if (l.kind == LETTER_HELLO) {
        direct_send_part (d->server, zmq_msg_data (&parts[0]), zmq_msg_size (&parts[0]),
                          ZMQ_SNDMORE);
        direct_send_letter (d->server, &l);
    } else if (l.kind == LETTER_ASK || (is_data (&l) && n == 3)) {
        void *identity = copy_part (&parts[0]);
        if (identity)
            recv_letter (d->tasks, &l, n == 3 ? zmq_msg_data (&parts[2]) : "",
                         n == 3 ? zmq_msg_size (&parts[2]) : 0, NULL, identity,
                         zmq_msg_size (&parts[0]));
    }
}

bool direct_has_room (const struct direct *d)
{
    return d->tasks->queued <= TASKS_QUEUE_MAX;
}

bool direct_server_progress (struct direct *d)
{
    zmq_msg_t parts[3];
    bool any = false;
    int n;

    while (direct_has_room (d)) {
        if ((n = direct_recv_parts (d->server, parts, 3)) <= 0) {
            d->server_news = false;
            break;
        }
        server_message (d, parts, n);
        direct_close_parts (parts, n);
        any = true;
    }
    return any;
}

void direct_answer (struct flux_tasks *t, const void *identity, size_t identity_len,
                    const struct letter *l)
{
    if (t->direct && t->direct->server) {
        direct_send_part (t->direct->server, identity, identity_len, ZMQ_SNDMORE);
        direct_send_letter (t->direct->server, l);
    }
}

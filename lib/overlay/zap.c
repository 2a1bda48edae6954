/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The ZAP handler (ZeroMQ RFC 27). Any CURVE client may connect: who it is shows in the hello. The
 * handler is there to learn the key that CURVE has proven; it comes as "User-Id" with each message
 * of the connection. */

#include <string.h>

#include "lib/overlay/private.h"

enum {
    ZAP_VERSION,
    ZAP_REQUEST_ID,
    ZAP_DOMAIN,
    ZAP_ADDRESS,
    ZAP_ROUTING_ID,
    ZAP_MECHANISM,
    ZAP_KEY,
    ZAP_PARTS,
};

static bool part_is (zmq_msg_t *part, const char *s)
{
    return zmq_msg_size (part) == strlen (s) && memcmp (zmq_msg_data (part), s, strlen (s)) == 0;
}

static void put (zmq_msg_t *part, const char *s)
{
    size_t len = strlen (s);

    if (zmq_msg_init_size (part, len) < 0)
        zmq_msg_init (part);
    else
        memcpy (zmq_msg_data (part), s, len);
}

static void answer (struct zsock *zs, zmq_msg_t *id, const char *code, const char *text,
                    const char *user)
{
    zmq_msg_t parts[6];

    put (&parts[0], "1.0");
    zmq_msg_init (&parts[1]);
    zmq_msg_move (&parts[1], id);
    put (&parts[2], code);
    put (&parts[3], text);
    put (&parts[4], user);
    zmq_msg_init (&parts[5]); // no metadata
    zsock_send (zs, parts, 6);
    for (int i = 0; i < 6; i++)
        zmq_msg_close (&parts[i]);
}

static void ready (struct zsock *zs, void *arg)
{
    zmq_msg_t parts[ZAP_PARTS];
    int n;

    for (int i = 0; i < OVERLAY_TURN_MESSAGES; i++) {
        char user[OVERLAY_KEY_SIZE] = "";
        if ((n = zsock_recv (zs, parts, ZAP_PARTS)) < 0)
            return;
        if (n == ZAP_PARTS && part_is (&parts[ZAP_VERSION], "1.0") &&
            part_is (&parts[ZAP_MECHANISM], "CURVE") && zmq_msg_size (&parts[ZAP_KEY]) == 32 &&
            zmq_z85_encode (user, zmq_msg_data (&parts[ZAP_KEY]), 32))
            answer (zs, &parts[ZAP_REQUEST_ID], "200", "OK", user);
        else if (n > ZAP_REQUEST_ID)
            answer (zs, &parts[ZAP_REQUEST_ID], "400", "CURVE is needed here", "");
        for (int j = 0; j < n && j < ZAP_PARTS; j++)
            zmq_msg_close (&parts[j]);
    }
}

struct zsock *zap_create (struct zloop *zl)
{
    struct zsock *zs = zsock_create (zl, ZMQ_REP, ready, NULL);

    if (zs && (zmq_bind (zsock_zmq (zs), "inproc://zeromq.zap.01") < 0 || zsock_watch (zs) < 0)) {
        zsock_destroy (zs);
        zs = NULL;
    }
    return zs;
}

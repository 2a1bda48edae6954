/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Who has to hear that a local client is gone (RFC 6). */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flux/request.h>

#include "shell/broker/router_client_private.h"

#define CLIENT_SERVICES_MAX 65536 // different services that one client may have asked

/* A service that has seen a request of the client, and hears of its end. */
struct armed {
    char *key; // service, NUL, nodeid, upstream flag
    size_t keylen;
    uint32_t nodeid;
    bool upstream;
    UT_hash_handle hh;
};

int client_arm_disconnect (struct client *c, const char *topic, const flux_msg_t *msg)
{
    const char *dot = strrchr (topic, '.');
    size_t len = dot ? (size_t)(dot - topic) : strlen (topic);
    char key[1024 + 8];
    uint32_t nodeid = FLUX_NODEID_ANY;
    bool upstream = flux_msg_has_flag (msg, FLUX_MSGFLAG_UPSTREAM);
    struct armed *armed;

    if (len > 1023)
        return 0; // the codec let no such topic in
    flux_msg_get_nodeid (msg, &nodeid);
    memcpy (key, topic, len);
    key[len] = '\0';
    memcpy (key + len + 1, &nodeid, 4);
    key[len + 5] = upstream;
    HASH_FIND (hh, c->armed, key, len + 6, armed);
    if (armed)
        return 0;
    if (HASH_COUNT (c->armed) >= CLIENT_SERVICES_MAX) {
        errno = ENOSPC;
        return -1;
    }
    if (!(armed = calloc (1, sizeof (*armed))) || !(armed->key = malloc (len + 6))) {
        free (armed);
        return -1;
    }
    memcpy (armed->key, key, len + 6);
    armed->keylen = len + 6;
    armed->nodeid = nodeid;
    armed->upstream = upstream;
    HASH_ADD_KEYPTR (hh, c->armed, armed->key, armed->keylen, armed);
    return 0;
}

static void send_disconnect (struct client *c, const struct armed *armed)
{
    char topic[1024 + 16];

    snprintf (topic, sizeof (topic), "%s.disconnect", armed->key);
    flux_msg_t *msg = flux_request_encode (topic, NULL);
    if (!msg)
        return;
    flux_msg_route_enable (msg);
    if (flux_msg_route_push (msg, c->uuid) == 0 && flux_msg_set_noresponse (msg) == 0 &&
        flux_msg_set_nodeid (msg, armed->nodeid) == 0 &&
        (!armed->upstream || flux_msg_set_flag (msg, FLUX_MSGFLAG_UPSTREAM) == 0) &&
        flux_msg_set_cred (msg, c->cred) == 0)
        router_enqueue (c->rt, msg);
    else
        flux_msg_decref (msg);
}

void client_send_disconnects (struct client *c)
{
    for (struct armed *armed = c->armed; armed; armed = armed->hh.next)
        send_disconnect (c, armed);
}

void client_armed_free (struct client *c)
{
    struct armed *armed, *tmp;

    HASH_ITER (hh, c->armed, armed, tmp)
    {
        HASH_DEL (c->armed, armed);
        free (armed->key);
        free (armed);
    }
}

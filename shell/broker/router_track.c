/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Requests that went to another broker, or to a client with a service, and wait for an answer. When
 * the link they took is lost, each is answered with EHOSTUNREACH at once; what arrives for it later
 * is dropped, so that nobody waits for ever and nobody is answered twice. */

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <flux/disconnect.h>

#include "shell/broker/router_private.h"

#define SENDER_MAX 64

struct track_key {
    uint32_t matchtag;
    char sender[SENDER_MAX]; // first route: the client, or "" for this broker
};

struct tracked {
    struct track_key key;
    const flux_msg_t *request;
    uint32_t peer;
    UT_hash_handle hh;
};

struct track_table {
    struct tracked *entries;
};

struct track_table *track_table_create (void)
{
    return calloc (1, sizeof (struct track_table));
}

static void tracked_free (struct tracked *tr)
{
    flux_msg_decref (tr->request);
    free (tr);
}

void track_table_destroy (struct track_table *t)
{
    if (t) {
        struct tracked *tr, *tmp;
        HASH_ITER (hh, t->entries, tr, tmp)
        {
            HASH_DEL (t->entries, tr);
            tracked_free (tr);
        }
        free (t);
    }
}

/* Returns the length of the key, or 0. */
static size_t make_key (const flux_msg_t *msg, struct track_key *key)
{
    const char *first = flux_msg_route_first (msg);
    size_t len = first ? strnlen (first, SENDER_MAX - 1) : 0;

    if (flux_msg_get_matchtag (msg, &key->matchtag) < 0)
        return 0;
    if (len > 0)
        memcpy (key->sender, first, len);
    key->sender[len] = '\0';
    return offsetof (struct track_key, sender) + len + 1;
}

/* The tags of a sender are numbers in a row, and senders differ in their last characters too. This
 * is done for each request and response that passes. */
static unsigned hash_of (const struct track_key *key, size_t keylen)
{
    unsigned h;

    memcpy (&h, (const char *)key + keylen - sizeof (h), sizeof (h));
    return (h ^ key->matchtag * 2654435761u) * 2246822519u;
}

static struct tracked *lookup (struct track_table *t, const struct track_key *key, size_t keylen,
                               unsigned hash)
{
    struct tracked *tr;

    HASH_FIND_BYHASHVALUE (hh, t->entries, key, keylen, hash, tr);
    return tr;
}

/* After a client's disconnect nobody waits for its earlier requests to that service. */
static void drop_disconnected (struct track_table *t, const flux_msg_t *disconnect)
{
    struct tracked *tr, *tmp;
    const char *sender = flux_msg_route_first (disconnect);
    const char *topic, *other;

    if (!sender || flux_msg_get_topic (disconnect, &topic) < 0)
        return;
    size_t len = strrchr (topic, '.') - topic + 1;
    HASH_ITER (hh, t->entries, tr, tmp)
    {
        if (strncmp (tr->key.sender, sender, SENDER_MAX - 1) == 0 &&
            flux_disconnect_match (disconnect, tr->request) &&
            flux_msg_get_topic (tr->request, &other) == 0 && strncmp (topic, other, len) == 0) {
            HASH_DEL (t->entries, tr);
            tracked_free (tr);
        }
    }
}

static bool is_disconnect (const flux_msg_t *msg)
{
    const char *topic, *dot;

    return flux_msg_is_noresponse (msg) && flux_msg_get_topic (msg, &topic) == 0 &&
           (dot = strrchr (topic, '.')) && strcmp (dot, ".disconnect") == 0;
}

void track_request (struct router *rt, const flux_msg_t *request, uint32_t peer)
{
    struct track_key key;

    if (flux_msg_is_noresponse (request)) {
        if (is_disconnect (request))
            drop_disconnected (rt->tracks, request);
        return;
    }
    size_t keylen = make_key (request, &key);
    unsigned hash = keylen ? hash_of (&key, keylen) : 0;
    if (!keylen || lookup (rt->tracks, &key, keylen, hash))
        return;
    struct tracked *tr = malloc (sizeof (*tr));
    if (!tr)
        return;
    memcpy (&tr->key, &key, keylen);
    tr->request = flux_msg_incref (request);
    tr->peer = peer;
    HASH_ADD_BYHASHVALUE (hh, rt->tracks->entries, key, keylen, hash, tr);
}

bool track_expects (struct router *rt, const flux_msg_t *response, uint32_t peer)
{
    struct track_key key;
    size_t keylen = make_key (response, &key);
    struct tracked *tr = keylen ? lookup (rt->tracks, &key, keylen, hash_of (&key, keylen)) : NULL;

    return tr && tr->peer == peer;
}

bool track_response (struct router *rt, const flux_msg_t *response)
{
    struct track_key key;
    struct tracked *tr;
    size_t keylen = make_key (response, &key);
    int errnum = 0;

    if (!keylen || !(tr = lookup (rt->tracks, &key, keylen, hash_of (&key, keylen))))
        return false;
    flux_msg_get_errnum (response, &errnum);
    if (errnum != 0 || !flux_msg_is_streaming (tr->request)) {
        HASH_DEL (rt->tracks->entries, tr);
        tracked_free (tr);
    }
    return true;
}

void track_fail (struct router *rt, uint32_t peer, const char *text)
{
    struct tracked *tr, *tmp;

    HASH_ITER (hh, rt->tracks->entries, tr, tmp)
    {
        if (tr->peer != peer)
            continue;
        HASH_DEL (rt->tracks->entries, tr);
        router_respond_error (rt, tr->request, EHOSTUNREACH, text);
        tracked_free (tr);
    }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <flux/event.h>
#include <flux/msg_handler.h>
#include <flux/rpc.h>
#include <flux/sync.h>

#define PULSE "heartbeat.pulse"

struct sync {
    flux_t *h;
    double minimum;
    double last; // reactor time of the last fulfillment; 0: none
    uint32_t seq;
    bool seen;
};

static void sync_destroy (void *arg)
{
    struct sync *s = arg;
    int saved_errno = errno;

    flux_future_destroy (flux_event_unsubscribe_ex (s->h, PULSE, FLUX_RPC_NORESPONSE));
    free (s);
    errno = saved_errno;
}

/* The handler of `then` and that of `wait` both may see the same pulse. */
static void pulse_cb (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    flux_future_t *f = arg;
    struct sync *s = flux_future_aux_get (f, "flux::sync");
    double now = flux_reactor_now (flux_get_reactor (h));
    uint32_t seq = 0;

    flux_msg_get_seq (msg, &seq);
    if (s->seen && ((int32_t)(seq - s->seq) <= 0 || now - s->last < s->minimum))
        return;
    s->seen = true;
    s->seq = seq;
    s->last = now;
    flux_future_fulfill (f, NULL, NULL);
}

static void handler_destroy (void *arg)
{
    flux_msg_handler_destroy (arg);
}

static void init_cb (flux_future_t *f, void *arg)
{
    struct flux_match match = FLUX_MATCH_EVENT;
    flux_t *h = flux_future_get_flux (f);
    flux_msg_handler_t *mh;

    match.topic_glob = PULSE;
    if (!(mh = flux_msg_handler_create (h, match, pulse_cb, f)) ||
        flux_future_aux_set (f, NULL, mh, handler_destroy) < 0) {
        flux_msg_handler_destroy (mh);
        flux_future_fulfill_error (f, errno, NULL);
        return;
    }
    flux_msg_handler_start (mh);
}

flux_future_t *flux_sync_create (flux_t *h, double minimum)
{
    struct sync *s;
    flux_future_t *f, *sub;

    if (!h || minimum < 0.) {
        errno = EINVAL;
        return NULL;
    }
    if (!(s = calloc (1, sizeof (*s))))
        return NULL;
    s->h = h;
    s->minimum = minimum;
    if (!(f = flux_future_create (init_cb, NULL)) ||
        flux_future_aux_set (f, "flux::sync", s, sync_destroy) < 0) {
        flux_future_destroy (f);
        free (s);
        return NULL;
    }
    flux_future_set_flux (f, h);
    if (!(sub = flux_event_subscribe_ex (h, PULSE, FLUX_RPC_NORESPONSE))) {
        flux_future_destroy (f);
        return NULL;
    }
    flux_future_destroy (sub);
    return f;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The hello as the parent sees it:
 *
 *   child                                        parent
 *   overlay.challenge {version rank hostname} ->
 *                                             <- {challenge}
 *   overlay.hello {rank uuid hostname status     checks cred (hello.h)
 *                  cred ranks starts event}   ->
 *                                             <- {uuid rank hostname ancestors gap}, missed events
 *
 * or an error response with a sentence, after which nothing of this connection is read.
 *
 * The welcome waits until this broker has a way to rank 0 itself: whoever is let in knows all its
 * ancestors from then on, and can lose its parent at any time. */

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/overlay/private.h"
#include "lib/util/errprintf.h"
#include "lib/util/sha256.h"

static void send_reply (struct overlay *ov, struct child *c, flux_msg_t *msg)
{
    if (msg && children_send (ov, c, msg) < 0)
        ov_log (ov, 4, "cannot answer a hello: %s", strerror (errno));
    flux_msg_destroy (msg);
}

static flux_msg_t *make_reply (const char *topic, int errnum)
{
    flux_msg_t *msg = flux_msg_create (FLUX_MSGTYPE_RESPONSE);

    if (!msg)
        return NULL;
    flux_msg_route_enable (msg);
    if (flux_msg_set_topic (msg, topic) < 0 || flux_msg_set_errnum (msg, errnum) < 0) {
        flux_msg_destroy (msg);
        return NULL;
    }
    return msg;
}

static void refuse (struct overlay *ov, struct child *c, const char *topic, int errnum,
                    const char *fmt, ...)
{
    flux_msg_t *msg = make_reply (topic, errnum);
    flux_error_t error;
    va_list ap;

    va_start (ap, fmt);
    vsnprintf (error.text, sizeof (error.text), fmt, ap);
    va_end (ap);
    ov->refused++;
    ov_log (ov, 4, "refused a hello: %s", error.text);
    if (msg)
        flux_msg_set_string (msg, error.text);
    send_reply (ov, c, msg);
    children_out (ov, c);
}

static void on_challenge (struct overlay *ov, struct child *c, const flux_msg_t *msg)
{
    unsigned char nonce[32];
    json_int_t version, rank;
    flux_msg_t *reply;

    if (flux_msg_unpack (msg, "{s:I s:I}", "version", &version, "rank", &rank) < 0) {
        refuse (ov, c, TOPIC_CHALLENGE, EPROTO, "the greeting cannot be read");
        return;
    }
    if (version != OVERLAY_VERSION) {
        refuse (ov, c, TOPIC_CHALLENGE, EPROTO,
                "rank %lld speaks version %lld of the overlay protocol, rank %u version %d",
                (long long)rank, (long long)version, ov->rank, OVERLAY_VERSION);
        return;
    }
    if (random_bytes (nonce, sizeof (nonce)) < 0)
        return;
    hex_encode (nonce, sizeof (nonce), c->challenge);
    c->state = CHILD_CHALLENGED;
    if ((reply = make_reply (TOPIC_CHALLENGE, 0)) &&
        flux_msg_pack (reply, "{s:s}", "challenge", c->challenge) < 0) {
        flux_msg_destroy (reply);
        reply = NULL;
    }
    send_reply (ov, c, reply);
}

struct request {
    json_int_t rank;
    json_int_t event;
    int status;
    const char *uuid;
    const char *hostname;
    const char *cred;
    json_t *ranks;
    json_t *starts;
};

static bool good_uuid (const char *s)
{
    size_t len = strlen (s);

    if (len == 0 || len > OVERLAY_UUID_MAX)
        return false;
    for (; *s; s++) {
        if (!isalnum ((unsigned char)*s) && *s != '-')
            return false;
    }
    return true;
}

static int check_request (struct overlay *ov, const struct request *r, flux_error_t *errp)
{
    if (r->rank < 0 || r->rank >= (json_int_t)ov->size)
        return errprintf (errp, "rank %lld is not one of the %u of this instance",
                          (long long)r->rank, ov->size);
    if (!topology_is_below (ov->topo, (uint32_t)r->rank, ov->rank))
        return errprintf (errp, "rank %lld is not below rank %u in topology %s", (long long)r->rank,
                          ov->rank, topology_uri (ov->topo));
    if (!good_uuid (r->uuid) || strcmp (r->uuid, ov->uuid) == 0)
        return errprintf (errp, "rank %lld has no usable uuid", (long long)r->rank);
    if (strlen (r->hostname) > OVERLAY_HOSTNAME_MAX || strlen (r->cred) > OVERLAY_CRED_MAX)
        return errprintf (errp, "the hello of rank %lld is too long", (long long)r->rank);
    if (r->status < OVERLAY_FULL || r->status > OVERLAY_DEGRADED)
        return errprintf (errp, "the hello of rank %lld has no status", (long long)r->rank);
    return 0;
}

/* Events after `event` that are kept are sent at once. Returns how many of those it missed are not.
 */
static uint32_t kept_events (struct overlay *ov, uint32_t event, uint32_t *first)
{
    uint32_t last = replay_last (ov->children.replay);
    uint32_t missed, kept = (uint32_t)replay_count (ov->children.replay);

    *first = last + 1;
    if (event == 0 || last == 0 || !seq_after (last, event))
        return 0;
    missed = last - event;
    if (kept > missed)
        kept = missed;
    *first = last - kept + 1;
    return missed - kept;
}

static void send_events (struct overlay *ov, struct child *c, uint32_t seq)
{
    const struct wire *w;
    flux_msg_t *msg;
    struct wire copy;

    for (; (w = replay_get (ov->children.replay, seq)); seq++) {
        if (wire_copy (&copy, w) < 0 || !(msg = wire_decode (copy.part, copy.count)))
            return;
        children_send (ov, c, msg);
        flux_msg_destroy (msg);
    }
}

/* An older connection of the same broker, or of the same rank, is no more. */
static void replace_old (struct overlay *ov, uint32_t rank, const char *uuid)
{
    struct child *old = children_by_rank (ov, rank);
    flux_msg_t *msg;

    if (old && strcmp (old->uuid, uuid) != 0 &&
        (msg = ov_control (CONTROL_DISCONNECT, DISCONNECT_LEAVE))) {
        children_send (ov, old, msg); // if it lives, it must not come back and fight
        flux_msg_destroy (msg);
    }
    if (old)
        children_drop_lost (ov, old, "connected anew");
    if ((old = children_by_uuid (ov, uuid)))
        children_drop_lost (ov, old, "connected anew with another rank");
}

static void tell_elsewhere (struct overlay *ov, struct child *c, json_t *ranks)
{
    flux_msg_t *msg = NULL;

    if (json_array_size (ranks) == 0)
        json_decref (ranks);
    else if ((msg = ov_request (TOPIC_ELSEWHERE, json_pack ("{s:o}", "ranks", ranks))))
        children_send (ov, c, msg);
    flux_msg_destroy (msg);
}

struct below {
    const struct overlay *ov;
    uint32_t rank;
};

static bool is_below (uint32_t rank, void *arg)
{
    struct below *b = arg;

    return topology_is_below (b->ov->topo, rank, b->rank);
}

/* On the way to the nearest one that lives of those which it should be below; that one may be
 * adopted as well. */
static struct child *way_above (const struct overlay *ov, const struct child *c)
{
    int rank = topology_parent (ov->topo, c->rank);
    struct child *via = NULL;

    while (!via && rank >= 0 && (uint32_t)rank != ov->rank) {
        via = reach_lookup (ov->children.reach, (uint32_t)rank);
        rank = topology_parent (ov->topo, (uint32_t)rank);
    }
    return via == c ? NULL : via;
}

/* One that comes back hears which of its children live elsewhere; and when an adopted one comes,
 * those that it should be below hear it, if they live. */
static void settle_places (struct overlay *ov, struct child *c)
{
    struct below b = {ov, c->rank};
    struct child *above = way_above (ov, c);

    tell_elsewhere (ov, c, reach_others (ov->children.reach, c, is_below, &b));
    if (above)
        tell_elsewhere (ov, above, json_pack ("[[i,i]]", (int)c->rank, (int)c->rank));
    health_prune (ov);
}

static void let_in (struct overlay *ov, struct child *c, const struct request *r)
{
    uint32_t first, gap = kept_events (ov, (uint32_t)r->event, &first);
    flux_msg_t *reply = make_reply (TOPIC_HELLO, 0);

    replace_old (ov, (uint32_t)r->rank, r->uuid);
    if (!reply || reach_add_rank (ov->children.reach, c, (uint32_t)r->rank) < 0 ||
        reach_add (ov->children.reach, c, r->ranks) < 0 ||
        reach_set_starts (ov->children.reach, c, r->ranks, r->starts) < 0 ||
        flux_msg_pack (reply, "{s:s s:i s:s s:o s:I}", "uuid", ov->uuid, "rank", (int)ov->rank,
                       "hostname", ov->hostname, "ancestors", parent_ancestors (ov), "gap",
                       (json_int_t)gap) < 0) {
        reach_del_all (ov->children.reach, c);
        flux_msg_destroy (reply);
        refuse (ov, c, TOPIC_HELLO, EPROTO, "rank %lld sent a bad set of ranks",
                (long long)r->rank);
        return;
    }
    reach_set_start (ov->children.reach, (uint32_t)r->rank, reach_start_of (r->uuid));
    c->state = CHILD_IN;
    c->rank = (uint32_t)r->rank;
    snprintf (c->uuid, sizeof (c->uuid), "%s", r->uuid);
    ov->children.pending--;
    HASH_ADD (hh_uuid, ov->children.by_uuid, uuid, strlen (c->uuid), c);
    send_reply (ov, c, reply);
    send_events (ov, c, first);
    settle_places (ov, c);
    ov->children.reach_dirty = true;
    zloop_defer (ov->zl);
    ov_log (ov, 7, "let in rank %u (%s)", c->rank, r->hostname);
    record_set (ov, c->rank, r->status, NULL);
    if (ov->ops->peer_up)
        ov->ops->peer_up (ov, c->rank, c->uuid, ov->arg);
}

static int read_hello (const flux_msg_t *msg, struct request *r)
{
    return flux_msg_unpack (msg, "{s:I s:s s:s s:i s:s s:o s:o s:I}", "rank", &r->rank, "uuid",
                            &r->uuid, "hostname", &r->hostname, "status", &r->status, "cred",
                            &r->cred, "ranks", &r->ranks, "starts", &r->starts, "event", &r->event);
}

static bool has_way (const struct overlay *ov)
{
    return ov->rank == 0 || ov->parent.state == PARENT_UP;
}

/* Let in, or refuse, one whose hello is good. */
static void answer_hello (struct overlay *ov, struct child *c)
{
    const flux_msg_t *hello = c->hello;
    struct request r;

    c->hello = NULL;
    if (read_hello (hello, &r) < 0)
        refuse (ov, c, TOPIC_HELLO, EPROTO, "the hello cannot be read");
    else if (ov->children.refuse)
        refuse (ov, c, TOPIC_HELLO, EBUSY, "rank %u is shutting down", ov->rank);
    else if ((c = children_sync (ov, c)))
        let_in (ov, c, &r);
    flux_msg_decref (hello);
}

static struct child *first_waiting (struct overlay *ov)
{
    struct child *c;

    for (c = ov->children.by_id; c; c = c->hh.next) {
        if (c->state == CHILD_WAITING)
            return c;
    }
    return NULL;
}

void admit_waiting (struct overlay *ov)
{
    struct child *c;

    /* From the start each time: to let one in may show that others have closed. */
    while ((ov->children.refuse || has_way (ov)) && (c = first_waiting (ov)))
        answer_hello (ov, c);
}

static void verified (int rc, const char *cred, int errnum, const char *text, void *arg)
{
    struct child *c = arg;
    struct overlay *ov = c->ov;
    struct request r = {0};

    if (rc < 0) {
        read_hello (c->hello, &r);
        refuse (ov, c, TOPIC_HELLO, errnum, "hello of rank %lld: %s", (long long)r.rank, text);
    } else if (ov->children.refuse || has_way (ov))
        answer_hello (ov, c);
    else
        c->state = CHILD_WAITING;
}

static void verify (struct overlay *ov, struct child *c, const flux_msg_t *msg,
                    const struct request *r)
{
    const struct hello h = {
        .instance = ov->instance,
        .rank = (uint32_t)r->rank,
        .uuid = r->uuid,
        .key = c->key,
        .parent_rank = ov->rank,
        .parent_key = ov->children.curve ? ov->public_key : "-",
        .challenge = c->challenge,
    };

    c->state = CHILD_PROVING; // a challenge is good for one try
    c->ov = ov;
    c->hello = flux_msg_incref (msg);
    if (!c->key[0])
        verified (-1, NULL, EPERM, "CURVE gave no key for this connection", c);
    else if (prover_verify (ov->prover, &h, r->cred, OVERLAY_MUNGE_TIME, verified, c) < 0)
        verified (-1, NULL, errno, strerror (errno), c);
}

static void on_hello (struct overlay *ov, struct child *c, const flux_msg_t *msg)
{
    struct request r = {0};
    flux_error_t error;

    if (read_hello (msg, &r) < 0)
        refuse (ov, c, TOPIC_HELLO, EPROTO, "the hello cannot be read");
    else if (check_request (ov, &r, &error) < 0)
        refuse (ov, c, TOPIC_HELLO, EINVAL, "%s", error.text);
    else
        verify (ov, c, msg, &r);
}

/* Anything but the hello: the peer thinks that it is in. Let it know, once. */
static void tell_unknown (struct overlay *ov, struct child *c)
{
    send_reply (ov, c, ov_control (CONTROL_DISCONNECT, DISCONNECT_UNKNOWN));
    children_out (ov, c);
}

void admit_message (struct overlay *ov, struct child *c, const flux_msg_t *msg)
{
    const char *topic = NULL;
    int type = 0;

    flux_msg_get_type (msg, &type);
    if (type == FLUX_MSGTYPE_REQUEST)
        flux_msg_get_topic (msg, &topic);
    if (topic && strcmp (topic, TOPIC_CHALLENGE) == 0 && c->state == CHILD_NEW)
        on_challenge (ov, c, msg);
    else if (topic && strcmp (topic, TOPIC_HELLO) == 0 && c->state == CHILD_CHALLENGED)
        on_hello (ov, c, msg);
    else
        tell_unknown (ov, c);
}

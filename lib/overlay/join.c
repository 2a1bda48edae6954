/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The hello as the child sees it (admit.c draws it), and what the parent tells of its ancestors. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/overlay/private.h"

/* As ov_request, but with an answer. */
static int ask (struct overlay *ov, const char *topic, json_t *payload)
{
    flux_msg_t *msg = ov_request (topic, payload);
    int rc = -1;

    if (msg && flux_msg_clear_flag (msg, FLUX_MSGFLAG_NORESPONSE) == 0 &&
        flux_msg_set_matchtag (msg, 1) == 0)
        rc = parent_write (ov, msg);
    flux_msg_destroy (msg);
    return rc;
}

int join_start (struct overlay *ov)
{
    ov->parent.state = PARENT_CHALLENGE;
    return ask (ov, TOPIC_CHALLENGE,
                json_pack ("{s:i s:i s:s}", "version", OVERLAY_VERSION, "rank", (int)ov->rank,
                           "hostname", ov->hostname));
}

/* Those below with us, and the starts of those below. */
static json_t *our_ranks (struct overlay *ov, json_t **starts)
{
    json_t *ranks = NULL;

    if (ov->children.reach && (ranks = reach_full (ov->children.reach)))
        *starts = reach_starts (ov->children.reach, ranks);
    else if (!ov->children.reach && (ranks = json_pack ("[[i,i]]", (int)ov->rank, (int)ov->rank)))
        *starts = json_array ();
    return ranks;
}

/* The credential is there: say the hello. */
static void proven (int rc, const char *cred, int errnum, const char *text, void *arg)
{
    struct overlay *ov = arg;
    json_t *ranks, *starts = NULL;

    if (rc < 0) {
        parent_failed (ov, errnum, text, false);
        return;
    }
    ov->parent.state = PARENT_HELLO;
    ov->status_told = ov->status;
    ranks = our_ranks (ov, &starts);
    if (ask (ov, TOPIC_HELLO,
             json_pack ("{s:i s:s s:s s:i s:s s:o s:o s:I}", "rank", (int)ov->rank, "uuid",
                        ov->uuid, "hostname", ov->hostname, "status", ov->status, "cred", cred,
                        "ranks", ranks, "starts", starts, "event",
                        (json_int_t)ov->parent.last_event)) < 0)
        parent_failed (ov, errno, "cannot send the hello", false);
}

static void on_challenge (struct overlay *ov, const flux_msg_t *msg)
{
    const struct ancestor *a = &ov->parent.ancestors[ov->parent.current];
    struct hello h = {
        .instance = ov->instance,
        .rank = ov->rank,
        .uuid = ov->uuid,
        .key = ov_uri_is_ipc (a->uri) ? "-" : ov->public_key,
        .parent_rank = a->rank,
        .parent_key = a->key,
    };

    if (flux_msg_unpack (msg, "{s:s}", "challenge", &h.challenge) < 0) {
        parent_failed (ov, EPROTO, "its challenge cannot be read", false);
        return;
    }
    ov->parent.state = PARENT_PROVING;
    if (prover_prove (ov->prover, &h, OVERLAY_MUNGE_TIME, proven, ov) < 0)
        parent_failed (ov, errno, strerror (errno), false);
}

static int get_ancestor (const struct overlay *ov, json_t *o, struct ancestor *a)
{
    const char *uri, *key;
    json_int_t rank;

    if (json_unpack (o, "{s:I s:s s:s}", "rank", &rank, "uri", &uri, "key", &key) < 0 || rank < 0 ||
        rank >= (json_int_t)ov->size || strlen (uri) > OVERLAY_URI_MAX ||
        strlen (key) >= OVERLAY_KEY_SIZE)
        return -1;
    if (!topology_is_below (ov->topo, ov->rank, (uint32_t)rank))
        return -1;
    a->rank = (uint32_t)rank;
    a->uri = strdup (uri);
    a->key = strdup (key);
    if (a->uri && a->key)
        return 0;
    free (a->uri);
    free (a->key);
    return -1;
}

static void tell_children (struct overlay *ov)
{
    flux_msg_t *msg =
        ov_request (TOPIC_ANCESTORS, json_pack ("{s:o}", "ancestors", parent_ancestors (ov)));

    if (msg)
        children_bcast (ov, msg);
    flux_msg_destroy (msg);
}

/* Keep the parent, which is the first (unless we are about to move), and put its list behind it. */
void join_ancestors (struct overlay *ov, const json_t *list)
{
    struct parent *p = &ov->parent;
    size_t n = json_array_size (list);
    struct ancestor *all;

    if (n > OVERLAY_ANCESTORS_MAX || p->current != 0 || !(all = calloc (n + 1, sizeof (*all))))
        return;
    all[0] = p->ancestors[0];
    for (int i = 1; i < p->ancestor_count; i++) {
        free (p->ancestors[i].uri);
        free (p->ancestors[i].key);
    }
    free (p->ancestors);
    p->ancestors = all;
    p->ancestor_count = 1;
    for (size_t i = 0; i < n; i++) {
        if (get_ancestor (ov, json_array_get (list, i), &all[p->ancestor_count]) == 0)
            p->ancestor_count++;
    }
    tell_children (ov);
}

static void put_first (struct parent *p)
{
    struct ancestor a = p->ancestors[p->current];

    memmove (p->ancestors + 1, p->ancestors, (size_t)p->current * sizeof (a));
    p->ancestors[0] = a;
    p->current = 0;
}

static void on_welcome (struct overlay *ov, const flux_msg_t *msg)
{
    struct parent *p = &ov->parent;
    const char *uuid;
    json_t *list;
    json_int_t gap;

    if (flux_msg_unpack (msg, "{s:s s:o s:I}", "uuid", &uuid, "ancestors", &list, "gap", &gap) <
            0 ||
        !*uuid || strlen (uuid) > OVERLAY_UUID_MAX) {
        parent_failed (ov, EPROTO, "its welcome cannot be read", false);
        return;
    }
    ev_timer_stop (ov->loop, &p->timer);
    put_first (p);
    snprintf (p->uuid, sizeof (p->uuid), "%s", uuid);
    p->state = PARENT_UP;
    p->ever_up = true;
    parent_orphan (ov, false);
    if (gap > 0)
        p->event_gap += (uint32_t)gap;
    join_ancestors (ov, list);
    admit_waiting (ov);
    ov->children.reach_dirty = ov->children.reach != NULL; // what changed since the hello
    zloop_defer (ov->zl);
    ov_log (ov, 7, "rank %u is our parent", p->ancestors[0].rank);
    if (ov->ops->parent_up)
        ov->ops->parent_up (ov, p->ancestors[0].rank, p->uuid, ov->arg);
}

static void on_refusal (struct overlay *ov, const flux_msg_t *msg, int errnum)
{
    const char *text = NULL;

    if (flux_msg_get_string (msg, &text) < 0 || !text || !*text)
        text = "refused without a reason";
    parent_failed (ov, errnum, text, errnum != ETIMEDOUT); // its munge is slow, not we are wrong
}

void join_message (struct overlay *ov, const flux_msg_t *msg)
{
    enum parent_state state = ov->parent.state;
    const char *topic = "";
    int type = 0, errnum = 0;

    flux_msg_get_type (msg, &type);
    ov_trace (ov, "rx", ov->parent.ancestors[ov->parent.current].rank, msg);
    if (state == PARENT_PROVING || type != FLUX_MSGTYPE_RESPONSE ||
        flux_msg_get_topic (msg, &topic) < 0 ||
        strcmp (topic, state == PARENT_CHALLENGE ? TOPIC_CHALLENGE : TOPIC_HELLO) != 0 ||
        flux_msg_get_errnum (msg, &errnum) < 0)
        parent_failed (ov, EPROTO, "it did not answer our hello", false);
    else if (errnum != 0)
        on_refusal (ov, msg, errnum);
    else if (state == PARENT_CHALLENGE)
        on_challenge (ov, msg);
    else
        on_welcome (ov, msg);
}

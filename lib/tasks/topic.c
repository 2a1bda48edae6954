/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Publish and subscribe, by Flux events with the topic "group.pub.NAME:TOPIC": rank 0 puts them in
 * order, the tree carries them, each broker gives them to those who subscribed. They are private to
 * the user. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include <flux/event.h>

#include "lib/tasks/private.h"
#include "lib/util/base64.h"

#define TOPIC_PREFIX "group.pub."
#define TOPIC_DROPPED "group.dropped" // from the broker: what it had no room for
#define EVENT_TOPIC_MAX (sizeof (TOPIC_PREFIX) + GROUP_NAME_MAX + GROUP_TOPIC_MAX + 8)

static int make_topic (const struct flux_group *g, char *buf, size_t size, const char *topic)
{
    int n = snprintf (buf, size, TOPIC_PREFIX "%s:%s", g->name, topic);

    if (n < 0 || (size_t)n >= size || strlen (topic) > GROUP_TOPIC_MAX) {
        errno = EINVAL;
        return -1;
    }
    return 0;
}

static int ask_broker (struct flux_group *g, const char *method, const char *prefix, double timeout)
{
    char topic[EVENT_TOPIC_MAX];

    if (make_topic (g, topic, sizeof (topic), prefix) < 0)
        return -1;
    const flux_msg_t *msg =
        tasks_ask (g->tasks, method, FLUX_NODEID_ANY, json_pack ("{s:s}", "topic", topic),
                   tasks_deadline (timeout));
    flux_msg_decref (msg);
    return msg ? 0 : -1;
}

int flux_group_subscribe (flux_group_t *g, const char *prefix, double timeout)
{
    g->subscribed = true;
    return ask_broker (g, "event.subscribe", prefix, timeout);
}

int flux_group_unsubscribe (flux_group_t *g, const char *prefix, double timeout)
{
    return ask_broker (g, "event.unsubscribe", prefix, timeout);
}

/* The event's payload: who it is from, and the data. */
static json_t *make_request (struct flux_group *g, const char *topic, const void *data, size_t len)
{
    struct letter l = {.kind = LETTER_DATA, .from = g->rank, .epoch = g->epoch};
    unsigned char head[LETTER_HEAD_MAX];
    struct buf b = {0};
    json_t *o = NULL;

    strcpy (l.name, g->name);
    buf_append (&b, head, letter_encode (&l, head));
    buf_append (&b, data, len);
    char *text = b.err ? NULL : base64_encode_alloc (b.data, b.len);
    if (text)
        o = json_pack ("{s:s s:i s:s}", "topic", topic, "flags", FLUX_MSGFLAG_PRIVATE, "payload",
                       text);
    free (text);
    buf_clear (&b);
    return o;
}

/* One that is on its way to rank 0. */
struct publication {
    struct flux_group *group;
    size_t len;
    uint32_t matchtag;
    struct publication *prev, *next;
};

static void publication_end (struct publication *p)
{
    DL_DELETE (p->group->publications, p);
    p->group->npublications--;
    p->group->publishing -= p->len;
    free (p);
}

void topic_clear (struct flux_group *g)
{
    struct publication *p, *tmp;

    DL_FOREACH_SAFE (g->publications, p, tmp)
    {
        tasks_forget (g->tasks, p->matchtag);
        publication_end (p);
    }
}

static void published_cb (struct flux_tasks *t, const flux_msg_t *response, void *arg)
{
    struct publication *p = arg;
    int errnum = ECONNRESET;

    if (response)
        flux_msg_get_errnum (response, &errnum);
    if (errnum)
        p->group->publish_errnum = errnum;
    publication_end (p);
}

static int wait_room (struct flux_group *g, double deadline)
{
    while (g->npublications >= TASKS_PUBLISH_EVENTS || g->publishing >= TASKS_PUBLISH_BYTES) {
        if (tasks_step (g->tasks, deadline) < 0)
            return -1;
    }
    errno = g->publish_errnum;
    g->publish_errnum = 0;
    return errno ? -1 : group_check (g);
}

static int publish (struct flux_group *g, json_t *o, size_t len)
{
    struct publication *p = o ? calloc (1, sizeof (*p)) : NULL;

    if (!p) {
        json_decref (o);
        return -1;
    }
    p->group = g;
    p->len = len;
    DL_APPEND (g->publications, p);
    g->npublications++;
    g->publishing += len;
    p->matchtag = tasks_call_json (g->tasks, "event.publish", 0, 0, o, published_cb, p);
    if (p->matchtag == 0) {
        publication_end (p);
        return -1;
    }
    return 0;
}

int flux_group_publish (flux_group_t *g, const char *topic, const void *data, size_t len,
                        double timeout)
{
    char full[EVENT_TOPIC_MAX];

    if (len > TASKS_PUBLISH_MAX || (!data && len > 0)) {
        errno = data ? EMSGSIZE : EINVAL;
        return -1;
    }
    if (make_topic (g, full, sizeof (full), topic) < 0 ||
        wait_room (g, tasks_deadline (timeout)) < 0)
        return -1;
    return publish (g, make_request (g, full, data, len), len);
}

static void keep (struct flux_group *g, const struct letter *l, const char *topic, const void *data,
                  size_t len)
{
    struct incoming *in = calloc (1, sizeof (*in));

    if (in)
        in->m.topic = strdup (topic);
    if (in)
        in->m.data = calloc (1, len + 1);
    if (!in || !in->m.topic || !in->m.data || g->tasks->queued + len > TASKS_QUEUE_MAX) {
        g->overflow = true;
        g->dropped++;
        if (in)
            incoming_free (in);
        return;
    }
    if (len > 0)
        memcpy (in->m.data, data, len);
    in->m.from = l->from;
    in->m.len = len;
    g->tasks->queued += len;
    DL_APPEND (g->events, in);
}

/* Of which group they were is not known. */
static void dropped_event (struct flux_tasks *t, const flux_msg_t *msg)
{
    struct flux_group *g;
    json_int_t count;

    if (flux_event_unpack (msg, NULL, "{s:I}", "count", &count) < 0 || count <= 0)
        return;
    DL_FOREACH (t->groups, g)
    {
        if (g->subscribed) {
            g->overflow = true;
            g->dropped += count;
        }
    }
}

uint64_t flux_group_dropped (const flux_group_t *g)
{
    return g->dropped;
}

void topic_event (struct flux_tasks *t, const flux_msg_t *msg)
{
    const char *topic = "", *colon;
    const void *payload = NULL, *data;
    size_t size = 0, len;
    struct letter l;
    struct flux_group *g;
    uint32_t userid = FLUX_USERID_UNKNOWN;

    flux_msg_get_topic (msg, &topic);
    if (!strcmp (topic, TOPIC_DROPPED)) {
        dropped_event (t, msg);
        return;
    }
    flux_msg_get_userid (msg, &userid);
    if (strncmp (topic, TOPIC_PREFIX, strlen (TOPIC_PREFIX)) != 0 ||
        !(colon = strchr (topic, ':')) || userid != t->uid ||
        flux_msg_get_payload (msg, &payload, &size) < 0 ||
        letter_decode (&l, payload, size, &data, &len) < 0)
        return;
    topic += strlen (TOPIC_PREFIX);
    DL_FOREACH (t->groups, g)
    {
        if (strlen (g->name) == (size_t)(colon - topic) && !strcmp (g->name, l.name) &&
            !strncmp (g->name, topic, colon - topic))
            keep (g, &l, colon + 1, data, len);
    }
}

int flux_group_recv_topic (flux_group_t *g, struct flux_group_message *m, double timeout)
{
    double deadline = tasks_deadline (timeout);
    struct incoming *in;

    while (!(in = g->events)) {
        if (g->overflow) {
            g->overflow = false;
            errno = EOVERFLOW;
            return -1;
        }
        if (group_check (g) < 0 || tasks_step (g->tasks, deadline) < 0)
            return -1;
    }
    DL_DELETE (g->events, in);
    g->tasks->queued -= in->m.len;
    *m = in->m;
    memset (&in->m, 0, sizeof (in->m));
    incoming_free (in);
    return 0;
}

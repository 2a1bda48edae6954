/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Letters that came in: put in order, and kept until they are taken. Only then their senders are
 * told, and may send more. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>
#include <flux/response.h>

#include "lib/tasks/private.h"

static void respond (struct flux_tasks *t, const flux_msg_t *request, int errnum)
{
    flux_msg_t *msg;

    if (flux_msg_is_noresponse (request) || !(msg = flux_response_derive (request, errnum)))
        return;
    tasks_send (t, msg, -1.);
    flux_msg_decref (msg);
}

void incoming_free (struct incoming *in)
{
    flux_msg_decref (in->request);
    free (in->direct);
    flux_group_message_clear (&in->m);
    free (in);
}

void flux_group_message_clear (struct flux_group_message *m)
{
    if (m) {
        free (m->topic);
        free (m->data);
        m->topic = NULL;
        m->data = NULL;
        m->len = 0;
    }
}

void recv_forget_peer (struct peer *p)
{
    struct incoming *in, *tmp;

    DL_FOREACH_SAFE (p->held, in, tmp)
    {
        DL_DELETE (p->held, in);
        p->group->tasks->queued -= in->m.len;
        incoming_free (in);
    }
    p->nheld = 0;
}

static void say_taken (struct flux_group *g, struct incoming *in)
{
    if (in->request)
        respond (g->tasks, in->request, 0);
    if (in->direct) {
        struct letter l = {.kind = LETTER_TAKEN,
                           .from = g->rank,
                           .to = in->m.from,
                           .epoch = g->epoch,
                           .seq = in->seq};
        strcpy (l.name, g->name);
        direct_taken (g->tasks, in->direct, in->direct_len, &l);
    }
}

/* Those that were held because an earlier one was missing. */
static void release_held (struct peer *p)
{
    struct incoming *in, *tmp;
    bool found;

    do {
        found = false;
        DL_FOREACH_SAFE (p->held, in, tmp)
        {
            if (in->seq != p->in_seq)
                continue;
            DL_DELETE (p->held, in);
            p->nheld--;
            DL_APPEND (p->group->letters, in);
            p->in_seq++;
            found = true;
        }
    } while (found);
}

static bool is_held (const struct peer *p, uint32_t seq)
{
    const struct incoming *in;

    DL_FOREACH (p->held, in)
    {
        if (in->seq == seq)
            return true;
    }
    return false;
}

/* Returns an errno, or 0 when it was put somewhere, or was there before. */
static int accept_letter (struct flux_group *g, const struct letter *l, struct incoming *in)
{
    struct peer *p = group_peer (g, l->from);

    if (!p)
        return ENOMEM;
    if (p->in_epoch != l->epoch) { // its first one, or another member with its rank
        recv_forget_peer (p);
        p->in_epoch = l->epoch;
        p->in_seq = 0;
    }
    if ((int32_t)(l->seq - p->in_seq) < 0 || is_held (p, l->seq)) {
        say_taken (g, in);
        incoming_free (in);
        return 0;
    }
    if (g->tasks->queued + in->m.len > TASKS_QUEUE_MAX && g->tasks->queued > 0)
        return ENOBUFS;
    if (l->seq == p->in_seq) {
        DL_APPEND (g->letters, in);
        p->in_seq++;
    } else {
        if (p->nheld >= TASKS_HOLD_MAX)
            return ENOBUFS;
        DL_APPEND (p->held, in);
        p->nheld++;
    }
    g->tasks->queued += in->m.len;
    release_held (p);
    return 0;
}

static struct incoming *incoming_create (const struct letter *l, const void *data, size_t len)
{
    struct incoming *in = calloc (1, sizeof (*in));
    char *copy = in ? malloc (len + 1) : NULL;

    if (!copy) {
        free (in);
        return NULL;
    }
    if (len > 0)
        memcpy (copy, data, len);
    copy[len] = '\0';
    in->m.from = l->from;
    in->m.tag = l->tag;
    in->m.data = copy;
    in->m.len = len;
    in->seq = l->seq;
    return in;
}

void recv_letter (struct flux_tasks *t, const struct letter *l, const void *data, size_t len,
                  const flux_msg_t *request, void *identity, size_t identity_len)
{
    struct flux_group *g = group_by_name (t, l->name, l->to);
    struct incoming *in = g ? incoming_create (l, data, len) : NULL;
    int errnum = g ? ENOMEM : ENOSYS;

    if (in) {
        in->request = request ? flux_msg_incref (request) : NULL;
        in->direct = identity;
        in->direct_len = identity_len;
        identity = NULL;
        if ((errnum = accept_letter (g, l, in)) != 0)
            incoming_free (in);
    }
    if (errnum && request)
        respond (t, request, errnum);
    free (identity);
}

static bool has_method (const struct flux_tasks *t, const char *topic, const char *method)
{
    size_t n = strlen (t->address);

    return !strncmp (topic, t->address, n) && topic[n] == '.' && !strcmp (topic + n + 1, method);
}

void recv_request (struct flux_tasks *t, const flux_msg_t *msg)
{
    struct letter l;
    const char *topic = "";
    const void *payload = NULL, *data;
    size_t size = 0, len;

    flux_msg_get_topic (msg, &topic);
    if (flux_msg_authorize (msg, t->uid) < 0)
        respond (t, msg, EPERM);
    else if (has_method (t, topic, "link"))
        direct_request (t, msg);
    else if (!has_method (t, topic, "msg"))
        respond (t, msg, ENOSYS);
    else if (flux_msg_get_payload (msg, &payload, &size) < 0 ||
             letter_decode (&l, payload, size, &data, &len) < 0 || l.kind != LETTER_DATA)
        respond (t, msg, EPROTO);
    else
        recv_letter (t, &l, data, len, msg, NULL, 0);
}

static struct incoming *find_letter (struct flux_group *g, int from, int tag)
{
    struct incoming *in;

    DL_FOREACH (g->letters, in)
    {
        if ((from < 0 || in->m.from == from) && (tag < 0 || in->m.tag == tag))
            return in;
    }
    return NULL;
}

static void take (struct flux_group *g, struct incoming *in, struct flux_group_message *m)
{
    DL_DELETE (g->letters, in);
    g->tasks->queued -= in->m.len;
    say_taken (g, in);
    *m = in->m;
    memset (&in->m, 0, sizeof (in->m));
    incoming_free (in);
}

int flux_group_recv (flux_group_t *g, int from, int tag, struct flux_group_message *m,
                     double timeout)
{
    double deadline = tasks_deadline (timeout);
    struct incoming *in;

    while (!(in = find_letter (g, from, tag))) {
        if (group_check (g) < 0)
            return -1;
        if (from >= 0 && !flux_group_is_member (g, from)) {
            errno = flux_group_is_lost (g, from) ? EHOSTUNREACH : ENOENT;
            return -1;
        }
        if (tasks_step (g->tasks, deadline) < 0)
            return -1;
    }
    take (g, in, m);
    return 0;
}

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

#define EPOCHS_OLD 1024

void tasks_respond (struct flux_tasks *t, const flux_msg_t *request, int errnum, const void *data,
                    size_t len)
{
    flux_msg_t *msg;

    if (flux_msg_is_noresponse (request) || !(msg = flux_response_derive (request, errnum)))
        return;
    if (len == 0 || flux_msg_set_payload (msg, data, len) == 0)
        tasks_send (t, msg, -1.);
    flux_msg_decref (msg);
}

static void refuse (struct flux_tasks *t, const flux_msg_t *request, int errnum)
{
    tasks_respond (t, request, errnum, NULL, 0);
}

void incoming_free (struct incoming *in)
{
    flux_msg_decref (in->request);
    free (in->identity);
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
    receipt_forget (&p->asked);
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
            if (in->seq != p->in.received)
                continue;
            DL_DELETE (p->held, in);
            p->nheld--;
            DL_APPEND (p->group->letters, in);
            p->in.received++;
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

static bool is_full (const struct flux_tasks *t, size_t len)
{
    return t->queued + len > TASKS_QUEUE_MAX && t->queued > 0;
}

/* Of an earlier epoch: it was given up. */
static bool is_old (const struct peer *p, const struct letter *l)
{
    return p->in.received > 0 && l->epoch - p->in.epoch > UINT32_MAX - EPOCHS_OLD;
}

/* Its first one, or another member with its rank, or it gave the others up. */
static void check_epoch (struct peer *p, const struct letter *l)
{
    if (p->in.epoch == l->epoch)
        return;
    recv_forget_peer (p);
    p->in = (struct receipt){.epoch = l->epoch};
    p->told = 0;
}

/* Returns an errno, or 0 when it was put somewhere, or was there before. One that came over a link
 * is taken in any case: when all is full the link is not read. */
static int accept_letter (struct flux_group *g, struct peer *p, const struct letter *l,
                          struct incoming *in, bool direct)
{
    if ((int32_t)(l->seq - p->in.received) < 0 || is_held (p, l->seq)) {
        receipt_give (p, in->request, in->identity, in->identity_len);
        incoming_free (in);
        return 0;
    }
    if (is_full (g->tasks, in->m.len) && !direct)
        return ENOBUFS;
    if (l->seq == p->in.received) {
        DL_APPEND (g->letters, in);
        p->in.received++;
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
    in->epoch = l->epoch;
    in->seq = l->seq;
    return in;
}

static int take_data (struct flux_group *g, struct peer *p, const struct letter *l,
                      const void *data, size_t len, const flux_msg_t *request, void **identity,
                      size_t identity_len)
{
    struct incoming *in = incoming_create (l, data, len);
    bool direct = *identity != NULL;

    if (!in)
        return ENOMEM;
    if (request && !flux_msg_is_noresponse (request))
        in->request = flux_msg_incref (request);
    if (l->kind == LETTER_DATA_ASK) {
        in->identity = *identity;
        in->identity_len = identity_len;
        *identity = NULL;
    }
    int errnum = accept_letter (g, p, l, in, direct);
    if (errnum)
        incoming_free (in);
    return errnum;
}

void recv_letter (struct flux_tasks *t, const struct letter *l, const void *data, size_t len,
                  const flux_msg_t *request, void *identity, size_t identity_len)
{
    struct flux_group *g = group_by_name (t, l->name, l->to);
    struct peer *p = g ? group_peer (g, l->from) : NULL;
    int errnum = !g ? ENOSYS : !p ? ENOMEM : 0;

    if (p && l->kind == LETTER_TAKEN) {
        receipt_take (p, &l->receipt);
    } else if (p && is_old (p, l)) {
        errnum = ENOSYS;
    } else if (p) {
        check_epoch (p, l);
        receipt_take (p, &l->receipt);
        if (l->kind == LETTER_ASK) {
            receipt_asked (p, l->seq, request, identity, identity_len);
            identity = NULL;
        } else {
            errnum = take_data (g, p, l, data, len, request, &identity, identity_len);
        }
    }
    if (errnum && request)
        refuse (t, request, errnum);
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
        refuse (t, msg, EPERM);
    else if (has_method (t, topic, "link"))
        direct_request (t, msg);
    else if (!has_method (t, topic, "msg"))
        refuse (t, msg, ENOSYS);
    else if (flux_msg_get_payload (msg, &payload, &size) < 0 ||
             letter_decode (&l, payload, size, &data, &len) < 0 ||
             (l.kind != LETTER_DATA && l.kind != LETTER_ASK && l.kind != LETTER_TAKEN))
        refuse (t, msg, EPROTO);
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
    struct peer *p;

    DL_DELETE (g->letters, in);
    g->tasks->queued -= in->m.len;
    if ((p = group_find_peer (g, in->m.from)))
        receipt_taken (p, in);
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

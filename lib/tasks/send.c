/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Letters on their way out. Each is kept until its receiver has taken it, which is what the answer
 * to the request that carries it says; so there is a window per receiver, and a letter whose way
 * was cut is sent again. The receiver knows by its number whether it has it already. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "lib/tasks/private.h"
#include "lib/util/monotime.h"

static void post (struct outgoing *o);

/* Time 0: not any more. */
static void send_later (struct outgoing *o, double when)
{
    struct flux_tasks *t = o->peer->group->tasks;

    t->retries += (when > 0) - (o->again > 0);
    o->again = when;
}

void outgoing_free (struct outgoing *o)
{
    struct peer *p = o->peer;

    if (o->matchtag)
        tasks_forget (p->group->tasks, o->matchtag);
    send_later (o, 0);
    DL_DELETE (p->out, o);
    p->out_bytes -= o->len;
    p->out_count--;
    if (o->shared)
        direct_release (o->shared);
    else
        free (o->data);
    free (o);
}

/* What follows is counted anew: nobody shall wait for what was given up. */
void send_fail (struct peer *p, int errnum)
{
    struct outgoing *o, *tmp;

    if (p->out)
        p->errnum = errnum;
    p->failing = 0;
    p->epoch++;
    p->seq = 0;
    DL_FOREACH_SAFE (p->out, o, tmp)
    outgoing_free (o);
}

void send_taken (struct outgoing *o)
{
    o->peer->failing = 0;
    outgoing_free (o);
}

/* No way there, or no such service: the broker will soon tell that the member is gone, or else a
 * way is found again. */
static bool may_come_back (struct peer *p, int errnum)
{
    double now = monotime_now ();

    if (errnum == ENOBUFS) // its queue is full
        return true;
    if (errnum != EHOSTUNREACH && errnum != ENOSYS)
        return false;
    if (p->failing == 0)
        p->failing = now;
    return now - p->failing < GROUP_RETRY_TIME;
}

static void posted_cb (struct flux_tasks *t, const flux_msg_t *response, void *arg)
{
    struct outgoing *o = arg;
    int errnum = ECONNRESET;

    o->matchtag = 0;
    if (response)
        flux_msg_get_errnum (response, &errnum);
    if (errnum == 0)
        send_taken (o);
    else if (response && may_come_back (o->peer, errnum))
        send_later (o, monotime_now () + GROUP_RETRY_PAUSE);
    else
        send_fail (o->peer, errnum);
}

/* By way of the brokers. */
static void post (struct outgoing *o)
{
    struct peer *p = o->peer;
    struct buf b = {0};
    unsigned char head[LETTER_HEAD_MAX];
    char topic[GROUP_ADDRESS_MAX + 8];

    size_t n = letter_encode (&o->letter, head);
    buf_reserve (&b, n + o->len);
    buf_append (&b, head, n);
    buf_append (&b, o->data, o->len);
    snprintf (topic, sizeof (topic), "%s.msg", p->address);
    send_later (o, 0);
    o->direct = false;
    if (!b.err)
        o->matchtag = tasks_call (p->group->tasks, topic, p->node, 0, b.data, b.len, posted_cb, o);
    if (o->matchtag == 0)
        send_later (o, monotime_now () + GROUP_RETRY_PAUSE);
    buf_clear (&b);
}

void send_again (struct flux_tasks *t, double now)
{
    struct flux_group *g;
    struct peer *p, *tmp;
    struct outgoing *o;

    DL_FOREACH (t->retries ? t->groups : NULL, g)
    {
        HASH_ITER (hh, g->peers, p, tmp)
        {
            DL_FOREACH (p->out, o)
            {
                if (o->again > 0 && o->again <= now)
                    post (o);
            }
        }
    }
}

double send_next_time (const struct flux_tasks *t)
{
    const struct flux_group *g;
    const struct peer *p, *tmp;
    const struct outgoing *o;
    double next = 0;

    DL_FOREACH (t->retries ? t->groups : NULL, g)
    {
        HASH_ITER (hh, g->peers, p, tmp)
        {
            DL_FOREACH (p->out, o)
            {
                if (o->again > 0 && (next == 0 || o->again < next))
                    next = o->again;
            }
        }
    }
    return next;
}

void send_link_lost (struct peer *p)
{
    struct outgoing *o;

    DL_FOREACH (p->out, o)
    {
        if (o->direct)
            post (o);
    }
}

/* Ask the broker where this member is. */
int send_resolve (struct peer *p, double deadline)
{
    struct flux_group *g = p->group;
    const char *address;
    int node;

    if (p->address[0])
        return 0;
    const flux_msg_t *msg =
        tasks_ask (g->tasks, "group.lookup", FLUX_NODEID_ANY,
                   json_pack ("{s:s s:i}", "name", g->name, "rank", p->rank), deadline);
    if (!msg)
        return -1;
    int rc = -1;
    errno = EPROTO;
    if (flux_msg_unpack (msg, "{s:i s:s}", "node", &node, "address", &address) == 0 &&
        strlen (address) < sizeof (p->address)) {
        p->node = node;
        strcpy (p->address, address);
        rc = 0;
    }
    flux_msg_decref (msg);
    return rc;
}

static int check_member (struct flux_group *g, int rank)
{
    if (group_check (g) < 0)
        return -1;
    if (flux_group_is_member (g, rank))
        return 0;
    errno = flux_group_is_lost (g, rank) ? EHOSTUNREACH : ENOENT;
    return -1;
}

static int take_error (struct peer *p)
{
    int errnum = p->errnum;

    p->errnum = 0;
    errno = errnum;
    return errnum ? -1 : 0;
}

static bool has_room (const struct peer *p, size_t len)
{
    size_t max = p->link ? TASKS_DIRECT_BYTES : TASKS_WINDOW_BYTES;

    return p->out_count == 0 || (p->out_count < TASKS_WINDOW_LETTERS && p->out_bytes + len <= max);
}

static int wait_room (struct flux_group *g, struct peer *p, size_t len, double deadline)
{
    while (!has_room (p, len)) {
        if (tasks_step (g->tasks, deadline) < 0 || check_member (g, p->rank) < 0)
            return -1;
    }
    return take_error (p);
}

static struct outgoing *outgoing_create (struct peer *p, int tag, const void *data, size_t len)
{
    struct outgoing *o = calloc (1, sizeof (*o));

    if (!o || !(o->data = malloc (len + 1))) {
        free (o);
        return NULL;
    }
    if (len > 0)
        memcpy (o->data, data, len);
    o->len = len;
    o->peer = p;
    o->letter = (struct letter){.kind = LETTER_DATA,
                                .from = p->group->rank,
                                .to = p->rank,
                                .tag = tag,
                                .epoch = p->group->epoch + p->epoch,
                                .seq = p->seq++};
    strcpy (o->letter.name, p->group->name);
    DL_APPEND (p->out, o);
    p->out_bytes += len;
    p->out_count++;
    return o;
}

static bool wants_link (const struct peer *p, size_t len)
{
    struct flux_tasks *t = p->group->tasks;

    return (int)p->node != t->node && (len >= t->direct_min || p->link);
}

int flux_group_send (flux_group_t *g, int to, int tag, const void *data, size_t len, double timeout)
{
    double deadline = tasks_deadline (timeout);
    struct outgoing *o;
    struct peer *p;

    if (to < 0 || tag < 0 || (!data && len > 0)) {
        errno = EINVAL;
        return -1;
    }
    if (len > GROUP_MESSAGE_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    if (check_member (g, to) < 0 || !(p = group_peer (g, to)) || take_error (p) < 0 ||
        send_resolve (p, deadline) < 0 || wait_room (g, p, len, deadline) < 0 ||
        !(o = outgoing_create (p, tag, data, len)))
        return -1;
    if (!wants_link (p, len) || !direct_ready (p) || direct_send (o) < 0)
        post (o);
    return 0;
}

static struct peer *first_unfinished (struct flux_group *g)
{
    struct peer *p, *tmp;

    HASH_ITER (hh, g->peers, p, tmp)
    {
        if (p->out || p->errnum)
            return p;
    }
    return NULL;
}

int flux_group_flush (flux_group_t *g, double timeout)
{
    double deadline = tasks_deadline (timeout);
    struct peer *p;

    while ((p = first_unfinished (g))) {
        if (take_error (p) < 0)
            return -1;
        if (tasks_step (g->tasks, deadline) < 0)
            return -1;
    }
    return group_check (g);
}

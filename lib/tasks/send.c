/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Letters on their way out. Each is kept until its receiver has it, and counts for the window of
 * that receiver until it was taken there; both is known by receipts. A letter whose way was cut is
 * sent again. The receiver knows by its number whether it has it already. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "lib/tasks/private.h"
#include "lib/util/monotime.h"

void outgoing_free (struct outgoing *o)
{
    struct peer *p = o->peer;

    if (o->matchtag)
        tasks_forget (p->group->tasks, o->matchtag);
    DL_DELETE (p->out, o);
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

    if (receipt_waiting (p) > 0)
        p->errnum = errnum;
    p->failing = 0;
    p->epoch++;
    receipt_reset (p);
    DL_FOREACH_SAFE (p->out, o, tmp)
    outgoing_free (o);
}

/* No way there, or no such service: the broker will soon tell that the member is gone, or else a
 * way is found again. */
bool send_may_come_back (struct peer *p, int errnum)
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

/* The answer has a receipt, which may free o. */
static void posted_cb (struct flux_tasks *t, const flux_msg_t *response, void *arg)
{
    struct outgoing *o = arg;
    struct peer *p = o->peer;
    const void *data = NULL, *rest;
    size_t size = 0, len;
    struct letter l;
    int errnum = ECONNRESET;

    o->matchtag = 0;
    if (response)
        flux_msg_get_errnum (response, &errnum);
    if (errnum == 0 && flux_msg_get_payload (response, &data, &size) == 0 &&
        letter_decode (&l, data, size, &rest, &len) == 0)
        receipt_take (p, &l.receipt);
    else if (response && send_may_come_back (p, errnum))
        receipt_missing (p); // and what went the same way just before
    else
        send_fail (p, errnum ? errnum : EPROTO);
}

/* One whose receipt is asked for is a request with an answer, which comes when it was taken. */
void send_post (struct outgoing *o)
{
    struct peer *p = o->peer;
    struct buf b = {0};
    unsigned char head[LETTER_HEAD_MAX];
    char topic[GROUP_ADDRESS_MAX + 8];

    o->letter.kind = LETTER_DATA;
    receipt_fill (p, &o->letter);
    p->told = p->in.taken;
    size_t n = letter_encode (&o->letter, head);
    buf_reserve (&b, n + o->len);
    buf_append (&b, head, n);
    buf_append (&b, o->data, o->len);
    snprintf (topic, sizeof (topic), "%s.msg", p->address);
    o->again = false;
    o->direct = false;
    if (b.err)
        o->again = true;
    else if (!o->ask)
        o->again = tasks_post (p->group->tasks, topic, p->node, b.data, b.len) < 0;
    else if (!(o->matchtag =
                   tasks_call (p->group->tasks, topic, p->node, 0, b.data, b.len, posted_cb, o)))
        o->again = true;
    tasks_check_in (p->group->tasks, o->again ? GROUP_RETRY_PAUSE : TASKS_CHECK_PAUSE);
    buf_clear (&b);
}

void send_again (struct peer *p)
{
    struct outgoing *o;

    DL_FOREACH (p->out, o)
    {
        if (o->again && !o->matchtag) {
            o->ask = true;
            send_post (o);
        }
    }
}

void send_link_lost (struct peer *p)
{
    struct outgoing *o;

    receipt_link_lost (p);
    DL_FOREACH (p->out, o)
    {
        if (o->direct) {
            o->ask = true;
            send_post (o);
        }
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
    uint32_t count = receipt_waiting (p);

    return count == 0 || (count < TASKS_WINDOW_LETTERS && receipt_waiting_bytes (p) + len <= max);
}

static int wait_room (struct flux_group *g, struct peer *p, size_t len, double deadline)
{
    while (!has_room (p, len)) {
        if (!receipt_is_pending (p))
            receipt_ask (p);
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
    o->ask = receipt_is_due (p, len);
    o->letter = (struct letter){.kind = LETTER_DATA,
                                .from = p->group->rank,
                                .to = p->rank,
                                .tag = tag,
                                .epoch = p->group->epoch + p->epoch,
                                .seq = p->seq++};
    strcpy (o->letter.name, p->group->name);
    DL_APPEND (p->out, o);
    p->sent_bytes += len;
    if (o->ask) {
        p->asked_seq = p->seq;
        p->asked_bytes = p->sent_bytes;
    }
    p->stream_letters++;
    p->stream_bytes += len;
    return o;
}

/* A large one, or many. Who talks to all does not make a link to each because of the latter. */
static bool wants_link (struct peer *p, size_t len)
{
    struct flux_tasks *t = p->group->tasks;

    if ((int)p->node == t->node || t->direct_min == SIZE_MAX)
        return false;
    if (len >= t->direct_min || p->link)
        return true;
    if (t->streams >= TASKS_STREAM_LINKS ||
        (p->stream_letters < TASKS_STREAM_LETTERS && p->stream_bytes < TASKS_STREAM_BYTES))
        return false;
    p->stream = true;
    t->streams++;
    return true;
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
    p->since = monotime_now ();
    if (!wants_link (p, len) || !direct_ready (p) || direct_send (o) < 0)
        send_post (o);
    return 0;
}

static struct peer *first_unfinished (struct flux_group *g)
{
    struct peer *p, *tmp;

    HASH_ITER (hh, g->peers, p, tmp)
    {
        if (receipt_waiting (p) > 0 || p->errnum)
            return p;
    }
    return NULL;
}

static void ask_all (struct flux_group *g)
{
    struct peer *p, *tmp;

    HASH_ITER (hh, g->peers, p, tmp)
    receipt_ask (p);
}

int flux_group_flush (flux_group_t *g, double timeout)
{
    double deadline = tasks_deadline (timeout);
    struct peer *p;

    while ((p = first_unfinished (g))) {
        if (take_error (p) < 0)
            return -1;
        ask_all (g);
        if (tasks_step (g->tasks, deadline) < 0)
            return -1;
    }
    return group_check (g);
}

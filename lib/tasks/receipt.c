/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Receipts: how many letters have come, and how many were taken. They ride on letters in the other
 * direction. Where there are none, a sender asks now and then: every so many letters, when its
 * window is full, when it wants to see the last one taken, and when it has heard nothing for a
 * while and something may be lost. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "lib/tasks/private.h"
#include "lib/util/monotime.h"

void receipt_fill (const struct peer *p, struct letter *l)
{
    l->receipt = p->in;
}

static bool is_later (uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

/* Ours are only those of the present epoch, and the last to come need not be the last that was
 * sent. */
void receipt_take (struct peer *p, const struct receipt *r)
{
    struct outgoing *o, *tmp;

    if (r->epoch != p->group->epoch + p->epoch || is_later (r->received, p->seq) ||
        is_later (r->taken, p->seq))
        return;
    if (is_later (r->received, p->receipt.received))
        p->receipt.received = r->received;
    if (is_later (r->taken, p->receipt.taken)) {
        p->receipt.taken = r->taken;
        p->receipt.bytes = r->bytes;
    }
    p->failing = 0;
    if (receipt_waiting (p) == 0)
        p->want = false;
    DL_FOREACH_SAFE (p->out, o, tmp)
    {
        if (!is_later (p->receipt.received, o->letter.seq))
            break; // they are in order
        outgoing_free (o);
    }
}

uint32_t receipt_waiting (const struct peer *p)
{
    return p->seq - p->receipt.taken;
}

uint32_t receipt_waiting_bytes (const struct peer *p)
{
    return p->sent_bytes - p->receipt.bytes;
}

bool receipt_is_due (const struct peer *p, size_t bytes)
{
    uint32_t limit = direct_is_up (p) ? TASKS_ASK_DIRECT_BYTES : TASKS_ASK_BYTES;
    bool later = is_later (p->asked_seq, p->receipt.taken);
    uint32_t seq = later ? p->asked_seq : p->receipt.taken;
    uint32_t sent = later ? p->asked_bytes : p->receipt.bytes;

    return p->seq - seq + 1 >= TASKS_ASK_LETTERS || p->sent_bytes - sent + bytes >= limit;
}

/* ---- the sender asks ---- */

static struct letter make_letter (const struct peer *p, int kind, uint32_t epoch, uint32_t seq)
{
    struct letter l = {
        .kind = kind, .from = p->group->rank, .to = p->rank, .epoch = epoch, .seq = seq};

    strcpy (l.name, p->group->name);
    receipt_fill (p, &l);
    return l;
}

void receipt_missing (struct peer *p)
{
    struct outgoing *o;

    DL_FOREACH (p->out, o)
    {
        if (!o->direct && !o->matchtag)
            o->again = true;
    }
    p->not_before = monotime_now () + GROUP_RETRY_PAUSE;
    tasks_check_in (p->group->tasks, GROUP_RETRY_PAUSE);
}

static void answer_cb (struct flux_tasks *t, const flux_msg_t *response, void *arg)
{
    struct peer *p = arg;
    int errnum = ECONNRESET;
    const void *data = NULL, *rest;
    size_t size = 0, len;
    struct letter l;

    p->asking = 0;
    if (response)
        flux_msg_get_errnum (response, &errnum);
    if (errnum) {
        if (!response || !send_may_come_back (p, errnum))
            send_fail (p, errnum);
        else
            tasks_check_in (t, GROUP_RETRY_PAUSE);
        return;
    }
    if (flux_msg_get_payload (response, &data, &size) == 0 &&
        letter_decode (&l, data, size, &rest, &len) == 0)
        receipt_take (p, &l.receipt);
    if (p->out) // what came before by the same way is there, or lost
        receipt_missing (p);
}

static void ask_by_broker (struct peer *p)
{
    struct letter l = make_letter (p, LETTER_ASK, p->group->epoch + p->epoch, p->seq);
    unsigned char head[LETTER_HEAD_MAX];
    char topic[GROUP_ADDRESS_MAX + 8];
    size_t n = letter_encode (&l, head);

    snprintf (topic, sizeof (topic), "%s.msg", p->address);
    p->asking = tasks_call (p->group->tasks, topic, p->node, 0, head, n, answer_cb, p);
    p->since = monotime_now ();
}

static void ask (struct peer *p)
{
    struct letter l = make_letter (p, LETTER_ASK, p->group->epoch + p->epoch, p->seq);

    p->asked_seq = p->seq;
    p->asked_bytes = p->sent_bytes;
    if (direct_is_up (p) && direct_send_head (p, &l) == 0)
        return;
    if (p->asking)
        tasks_forget (p->group->tasks, p->asking);
    ask_by_broker (p);
}

void receipt_ask (struct peer *p)
{
    if (receipt_waiting (p) == 0 || (p->want && p->asked_seq == p->seq))
        return;
    p->want = true;
    if (monotime_now () < p->not_before)
        tasks_check_in (p->group->tasks, GROUP_RETRY_PAUSE);
    else
        ask (p);
}

bool receipt_is_pending (const struct peer *p)
{
    return is_later (p->asked_seq, p->receipt.taken);
}

void receipt_reset (struct peer *p)
{
    if (p->asking)
        tasks_forget (p->group->tasks, p->asking);
    p->asking = 0;
    p->want = false;
    p->seq = p->sent_bytes = p->asked_seq = p->asked_bytes = 0;
    memset (&p->receipt, 0, sizeof (p->receipt));
}

void receipt_link_lost (struct peer *p)
{
    p->asked_seq = p->receipt.taken;
    p->asked_bytes = p->receipt.bytes;
    if (receipt_waiting (p) > 0)
        tasks_check_in (p->group->tasks, GROUP_RETRY_PAUSE);
}

/* ---- the receiver gives ---- */

void receipt_forget (struct asked *a)
{
    flux_msg_decref (a->request);
    free (a->identity);
    memset (a, 0, sizeof (*a));
}

void receipt_give (struct peer *p, const flux_msg_t *request, const void *identity, size_t len)
{
    struct letter l = make_letter (p, LETTER_TAKEN, p->group->epoch, 0);
    unsigned char head[LETTER_HEAD_MAX];

    if (request) {
        tasks_respond (p->group->tasks, request, 0, head, letter_encode (&l, head));
        p->told = p->in.taken;
    }
    if (identity)
        direct_answer (p->group->tasks, identity, len, &l);
}

static void give_asked (struct peer *p)
{
    receipt_give (p, p->asked.request, p->asked.identity, p->asked.identity_len);
    receipt_forget (&p->asked);
}

/* At once when there is nothing to take before, or when something is missing that will not come by
 * itself. Over a link nothing is lost. */
void receipt_asked (struct peer *p, uint32_t seq, const flux_msg_t *request, void *identity,
                    size_t identity_len)
{
    if (p->asked.set && is_later (p->asked.seq, seq))
        seq = p->asked.seq;
    if (p->asked.set)
        give_asked (p);
    p->asked = (struct asked){true, seq, request ? flux_msg_incref (request) : NULL, identity,
                              identity_len};
    if (!is_later (seq, p->in.taken) || (request && is_later (seq, p->in.received)))
        give_asked (p);
}

void receipt_taken (struct peer *p, const struct incoming *in)
{
    if (in->epoch == p->in.epoch) {
        p->in.taken++;
        p->in.bytes += in->m.len;
    }
    if (in->request || in->identity)
        receipt_give (p, in->request, in->identity, in->identity_len);
    if (p->asked.set && !is_later (p->asked.seq, p->in.taken))
        give_asked (p);
}

/* By way of the brokers, where it stays ahead of the news that we have left; what a link has is
 * lost when it is closed. */
static void tell (struct peer *p)
{
    struct letter l = make_letter (p, LETTER_TAKEN, p->group->epoch, 0);
    unsigned char head[LETTER_HEAD_MAX];
    char topic[GROUP_ADDRESS_MAX + 8];
    size_t n = letter_encode (&l, head);

    snprintf (topic, sizeof (topic), "%s.msg", p->address);
    tasks_post (p->group->tasks, topic, p->node, head, n);
}

void receipt_tell_all (struct flux_group *g, double deadline)
{
    struct peer *p, *tmp;

    HASH_ITER (hh, g->peers, p, tmp)
    {
        if (p->told != p->in.taken && idset_test (g->members, p->rank) &&
            send_resolve (p, deadline) == 0)
            tell (p);
    }
}

/* ---- now and then ---- */

static bool may_be_lost (const struct peer *p)
{
    const struct outgoing *o;

    DL_FOREACH (p->out, o)
    {
        if (!o->direct)
            return true;
    }
    return false;
}

/* Who waits for the last one to be taken asks soon again where an answer was not the last word, or
 * has gone with a link. */
static void check_peer (struct peer *p, double now)
{
    bool soon = p->want && !direct_is_up (p);
    double when = soon ? p->not_before : p->since + TASKS_CHECK_PAUSE;

    send_again (p);
    if (p->asking || !p->address[0] || (!soon && !may_be_lost (p)))
        return;
    if (now >= when)
        ask_by_broker (p);
    else
        tasks_check_in (p->group->tasks, when - now);
}

void receipt_check (struct flux_tasks *t, double now)
{
    struct flux_group *g;
    struct peer *p, *tmp;

    if (t->check_at == 0 || now < t->check_at)
        return;
    t->check_at = 0;
    DL_FOREACH (t->groups, g)
    {
        HASH_ITER (hh, g->peers, p, tmp)
        check_peer (p, now);
    }
}

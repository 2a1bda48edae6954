/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Collective operations of the job's shells: everybody's data to everybody, by way of the leader.
 */

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "lib/shell/peers_private.h"

void collect_destroy (struct collect *c)
{
    for (int i = 0; c->requests && i < c->peers->info->nshells; i++)
        flux_msg_decref (c->requests[i]);
    free (c->requests);
    json_decref (c->data);
    free (c);
}

static struct collect *collect_get (struct peers *p, int seq)
{
    struct collect *c;

    LL_FOREACH (p->collects, c)
    if (c->seq == seq)
        return c;
    if (!(c = calloc (1, sizeof (*c))))
        return NULL;
    c->seq = seq;
    c->peers = p;
    c->data = json_object ();
    c->requests = peers_is_leader (p) ? calloc (p->info->nshells, sizeof (*c->requests)) : NULL;
    LL_APPEND (p->collects, c);
    return c;
}

/* The last few are kept, as the answer may be lost on its way. */
static void keep_done (struct peers *p, struct collect *c)
{
    struct collect *old, *tmp;

    c->done = true;
    LL_FOREACH_SAFE (p->collects, old, tmp)
    {
        if (old->done && old->seq <= c->seq - PEERS_COLLECTS_KEPT) {
            LL_DELETE (p->collects, old);
            collect_destroy (old);
        }
    }
}

/* The callback comes last, for it may start the next one. */
static void collect_end (struct peers *p, struct collect *c, json_t *data)
{
    peers_collect_f cb = c->cb;
    void *arg = c->arg;

    json_incref (data);
    if (peers_is_leader (p))
        keep_done (p, c);
    else {
        LL_DELETE (p->collects, c);
        collect_destroy (c);
    }
    cb (arg, data);
    json_decref (data);
}

static void collect_check (struct peers *p, struct collect *c)
{
    if (c->count < p->info->nshells)
        return;
    for (int i = 1; i < p->info->nshells; i++)
        link_respond (p->link, c->requests[i], json_pack ("{s:O}", "data", c->data));
    collect_end (p, c, c->data);
}

static void collect_cb (struct link *link, const flux_msg_t *response, void *arg)
{
    struct collect *c = arg;
    json_t *data = NULL;

    if (peers_may_come_back (c->peers, response)) {
        c->lost = true;
        ev_timer_start (c->peers->loop, &c->peers->again);
        return;
    }
    if (response && flux_msg_unpack (response, "{s:o}", "data", &data) < 0)
        data = NULL;
    collect_end (c->peers, c, data);
}

void collect_ask (struct collect *c)
{
    struct peers *p = c->peers;

    c->lost = false;
    if (link_rpc (p->link, p->collect_topic, p->info->leader_rank, 0,
                  json_pack ("{s:i s:i s:O}", "rank", p->info->shell_rank, "seq", c->seq, "data",
                             c->data),
                  collect_cb, c) < 0)
        collect_end (p, c, NULL);
}

void peers_collect (struct peers *p, json_t *data, peers_collect_f cb, void *arg)
{
    struct collect *c = collect_get (p, p->seq++);

    if (!c) {
        json_decref (data);
        cb (arg, NULL);
        return;
    }
    c->cb = cb;
    c->arg = arg;
    if (peers_is_leader (p)) {
        json_object_update (c->data, data);
        json_decref (data);
        c->count++;
        collect_check (p, c);
    } else {
        json_decref (c->data);
        c->data = data;
        collect_ask (c);
    }
}

void peers_collect_request (struct peers *p, const flux_msg_t *msg)
{
    int seq, rank = peers_request_rank (p, msg);
    json_t *data;

    if (rank < 0)
        return;
    /* "All have started" may still be under way when the tasks' first barrier is complete on some
     * nodes, but no shell is ever further ahead or behind. */
    if (flux_msg_unpack (msg, "{s:i s:o}", "seq", &seq, "data", &data) < 0 || seq < p->seq - 2 ||
        seq > p->seq + 2) {
        link_respond_error (p->link, msg, EPROTO, NULL);
        return;
    }
    struct collect *c = collect_get (p, seq);
    if (!c) {
        link_respond_error (p->link, msg, ENOMEM, NULL);
    } else if (c->done) {
        link_respond (p->link, msg, json_pack ("{s:O}", "data", c->data));
    } else if (c->requests[rank]) { // asked again
        flux_msg_decref (c->requests[rank]);
        c->requests[rank] = flux_msg_incref (msg);
    } else {
        c->requests[rank] = flux_msg_incref (msg);
        json_object_update (c->data, data);
        c->count++;
        collect_check (p, c);
    }
}

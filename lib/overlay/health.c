/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What is known of the subtree's health, and figures for operators. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/overlay/private.h"

const char *overlay_status_str (int status)
{
    static const char *const names[] = {"unknown",  "full", "partial",
                                        "degraded", "lost", "offline"};

    return status >= 0 && status <= OVERLAY_OFFLINE ? names[status] : names[OVERLAY_UNKNOWN];
}

struct record *record_get (struct overlay *ov, uint32_t rank)
{
    struct record *r;

    HASH_FIND (hh, ov->children.records, &rank, sizeof (rank), r);
    if (!r && (r = calloc (1, sizeof (*r)))) {
        r->rank = rank;
        r->status = OVERLAY_OFFLINE;
        r->since = ov_now (ov);
        HASH_ADD (hh, ov->children.records, rank, sizeof (r->rank), r);
    }
    return r;
}

static void report (struct overlay *ov, const struct record *r)
{
    if (ov->ops->status)
        ov->ops->status (ov, r->rank, r->status, r->torpid, ov->arg);
}

void record_set (struct overlay *ov, uint32_t rank, int status, const char *error)
{
    struct record *r = record_get (ov, rank);

    if (!r)
        return;
    snprintf (r->error, sizeof (r->error), "%s", error ? error : "");
    if (r->status == status)
        return;
    r->status = status;
    r->since = ov_now (ov);
    r->torpid = false;
    zloop_defer (ov->zl);
    report (ov, r);
}

void record_torpid (struct overlay *ov, uint32_t rank, bool torpid)
{
    struct record *r = record_get (ov, rank);

    if (r && r->torpid != torpid) {
        r->torpid = torpid;
        report (ov, r);
    }
}

static void forget (struct overlay *ov, struct record *r)
{
    HASH_DEL (ov->children.records, r);
    free (r);
    zloop_defer (ov->zl);
}

void record_forget (struct overlay *ov, uint32_t rank)
{
    struct record *r;

    HASH_FIND (hh, ov->children.records, &rank, sizeof (rank), r);
    if (r)
        forget (ov, r);
}

void health_elsewhere (struct overlay *ov, const json_t *ranks)
{
    struct record *r, *tmp;
    struct child *c;

    HASH_ITER (hh, ov->children.records, r, tmp)
    {
        if (!ranks_hold (ranks, r->rank))
            continue;
        if ((c = children_by_rank (ov, r->rank)))
            children_moved (ov, c); // we may be the last to notice
        else
            forget (ov, r);
    }
}

void health_prune (struct overlay *ov)
{
    struct record *r, *tmp;

    HASH_ITER (hh, ov->children.records, r, tmp)
    {
        if (!children_by_rank (ov, r->rank) && reach_lookup (ov->children.reach, r->rank))
            forget (ov, r);
    }
}

static int worst_status (const struct overlay *ov)
{
    int status = OVERLAY_FULL;
    struct record *r, *tmp;

    HASH_ITER (hh, ov->children.records, r, tmp)
    {
        if (r->status == OVERLAY_DEGRADED || r->status == OVERLAY_LOST)
            return OVERLAY_DEGRADED;
        if (r->status != OVERLAY_FULL)
            status = OVERLAY_PARTIAL;
    }
    return status;
}

void health_turn (struct overlay *ov)
{
    int status = worst_status (ov);
    flux_msg_t *msg;

    if (status != ov->status) {
        ov->status = status;
        ov->status_since = ov_now (ov);
    }
    if (ov->parent.state != PARENT_UP || ov->status_told == ov->status)
        return;
    if ((msg = ov_control (CONTROL_STATUS, ov->status)) && parent_send (ov, msg) == 0)
        ov->status_told = ov->status;
    flux_msg_destroy (msg);
}

/* ov->status lags to the end of the turn. */
int overlay_get_status (const struct overlay *ov)
{
    return worst_status (ov);
}

static struct record *lookup (const struct overlay *ov, uint32_t rank)
{
    struct record *r;

    HASH_FIND (hh, ov->children.records, &rank, sizeof (rank), r);
    return r;
}

bool overlay_child_torpid (const struct overlay *ov, uint32_t rank)
{
    const struct record *r = lookup (ov, rank);

    return r && r->torpid;
}

static int by_rank (struct record *a, struct record *b)
{
    return a->rank < b->rank ? -1 : a->rank > b->rank;
}

static json_t *record_json (const struct overlay *ov, const struct record *r)
{
    json_t *o = json_pack ("{s:i s:s s:f}", "rank", (int)r->rank, "status",
                           overlay_status_str (r->status), "duration", ov_now (ov) - r->since);

    if (o && r->error[0])
        json_object_set_new (o, "error", json_string (r->error));
    return o;
}

json_t *overlay_health (const struct overlay *ov)
{
    struct record *r, *tmp, *sorted = ov->children.records;
    json_t *children = json_array ();

    HASH_SORT (sorted, by_rank);
    HASH_ITER (hh, sorted, r, tmp)
    json_array_append_new (children, record_json (ov, r));
    return json_pack ("{s:i s:s s:f s:o}", "rank", (int)ov->rank, "status",
                      overlay_status_str (worst_status (ov)), "duration",
                      ov_now (ov) - ov->status_since, "children", children);
}

static json_t *traffic_json (uint32_t rank, const struct traffic *t, const struct outq *q)
{
    return json_pack ("{s:i s:I s:I s:I s:I s:I s:I s:I s:I}", "rank", (int)rank, "tx",
                      (json_int_t)t->tx, "rx", (json_int_t)t->rx, "tx-batches",
                      (json_int_t)t->tx_batches, "rx-batches", (json_int_t)t->rx_batches,
                      "tx-bytes", (json_int_t)t->tx_bytes, "rx-bytes", (json_int_t)t->rx_bytes,
                      "queued", (json_int_t)q->count, "queued-bytes", (json_int_t)q->bytes);
}

static json_t *peers_json (const struct overlay *ov)
{
    json_t *peers = json_array ();
    struct child *c, *tmp;

    if (overlay_parent (ov) >= 0)
        json_array_append_new (peers, traffic_json ((uint32_t)overlay_parent (ov),
                                                    &ov->parent.traffic, &ov->parent.q));
    HASH_ITER (hh_uuid, ov->children.by_uuid, c, tmp)
    json_array_append_new (peers, traffic_json (c->rank, &c->traffic, &c->q));
    return peers;
}

json_t *overlay_stats (const struct overlay *ov)
{
    return json_pack ("{s:i s:i s:i s:i s:I s:I s:I s:I s:o}", "child-count",
                      topology_child_count (ov->topo, ov->rank), "child-connected",
                      (int)HASH_CNT (hh_uuid, ov->children.by_uuid), "parent-count",
                      ov->rank > 0 ? 1 : 0, "parent-connected", overlay_parent (ov) >= 0 ? 1 : 0,
                      "malformed", (json_int_t)ov->malformed, "misrouted",
                      (json_int_t)ov->misrouted, "refused", (json_int_t)ov->refused,
                      "events-seen-twice", (json_int_t)ov->parent.events_seen_twice, "peers",
                      peers_json (ov));
}

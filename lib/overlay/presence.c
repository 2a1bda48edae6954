/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Who is there, for a broker that must act on it (rank 0): ranks come, go out of reach, and are
 * lost when they do not come back in time. A broker that looks for another parent is out of reach
 * for a moment, and must not lose its jobs for that; but one that was started anew has lost them,
 * however short a time it was away. */

#include <stdlib.h>
#include <string.h>

#include "lib/overlay/private.h"

enum presence_state {
    NEVER_SEEN,
    ONLINE,
    OFFLINE,
    LOST,
};

struct presence {
    enum presence_state state;
    double since;
    uint64_t start; // of the broker that was here last (reach.h)
};

static void report (struct overlay *ov, uint32_t rank, int state)
{
    ov->ops->rank_state (ov, rank, state, ov->arg);
}

/* Its predecessor is lost, if nobody has said so yet. */
static void came (struct overlay *ov, uint32_t rank, uint64_t start)
{
    struct presence *p = &ov->presence[rank];
    bool replaced = (p->state == ONLINE || p->state == OFFLINE) && p->start != start;

    if (replaced && p->state == ONLINE)
        report (ov, rank, OVERLAY_RANK_OFFLINE);
    if (replaced)
        report (ov, rank, OVERLAY_RANK_LOST);
    if (replaced || p->state != ONLINE)
        report (ov, rank, OVERLAY_RANK_ONLINE);
    p->state = ONLINE;
    p->start = start;
}

void presence_turn (struct overlay *ov)
{
    for (uint32_t i = 0; ov->presence && i < ov->size; i++) {
        struct presence *p = &ov->presence[i];
        bool online = reach_lookup (ov->children.reach, i) != NULL;
        if (online) {
            came (ov, i, reach_start (ov->children.reach, i));
        } else if (p->state == ONLINE) {
            p->state = OFFLINE;
            p->since = ov_now (ov);
            if (!ev_is_active (&ov->lost_timer))
                ev_timer_again (ov->loop, &ov->lost_timer);
            report (ov, i, OVERLAY_RANK_OFFLINE);
        }
    }
}

static void timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct overlay *ov = w->data;
    bool waiting = false;

    for (uint32_t i = 0; i < ov->size; i++) {
        struct presence *p = &ov->presence[i];
        if (p->state != OFFLINE)
            continue;
        if (ov_now (ov) - p->since < ov->lost_timeout) {
            waiting = true;
            continue;
        }
        p->state = LOST;
        report (ov, i, OVERLAY_RANK_LOST);
    }
    if (!waiting)
        ev_timer_stop (loop, w);
}

int presence_init (struct overlay *ov)
{
    ev_init (&ov->lost_timer, timer_cb);
    ov->lost_timer.data = ov;
    ov->lost_timer.repeat = ov->lost_timeout < 1 ? ov->lost_timeout / 4 : .25;
    if (!ov->ops->rank_state)
        return 0;
    return (ov->presence = calloc (ov->size, sizeof (*ov->presence))) ? 0 : -1;
}

int presence_grow (struct overlay *ov, uint32_t size)
{
    if (!ov->presence)
        return 0;
    struct presence *p = realloc (ov->presence, size * sizeof (*p));
    if (!p)
        return -1;
    memset (p + ov->size, 0, (size - ov->size) * sizeof (*p));
    ov->presence = p;
    return 0;
}

void presence_fini (struct overlay *ov)
{
    ev_timer_stop (ov->loop, &ov->lost_timer);
    free (ov->presence);
}

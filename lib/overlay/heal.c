/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Whom an orphan asks next to be its parent. */

#include "lib/overlay/heal.h"
#include "lib/overlay/limits.h"

void heal_start (struct heal *h, int count, double now, double timeout, double attempt,
                 double attempt_max)
{
    h->count = count;
    h->next = h->round = 0;
    h->deadline = now + timeout;
    h->attempt = attempt;
    h->attempt_max = attempt_max;
}

static double doubled (double first, int times, double max)
{
    for (; times > 0 && first < max; times--)
        first *= 2;
    return first < max ? first : max;
}

int heal_next (struct heal *h, double now, double *pause, double *patience)
{
    *pause = 0;
    if (h->count < 1)
        return -1;
    if (h->next >= h->count) {
        *pause = doubled (OVERLAY_HEAL_PAUSE, h->round++, OVERLAY_HEAL_PAUSE_MAX);
        h->next = 0;
    }
    if (now + *pause >= h->deadline)
        return -1;
    *patience = doubled (h->attempt, h->round / 4, h->attempt_max);
    if (*patience > h->deadline - now - *pause)
        *patience = h->deadline - now - *pause;
    return h->next++;
}

void heal_drop (struct heal *h)
{
    h->count--;
    h->next--;
}

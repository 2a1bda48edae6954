/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Whom an orphan asks next to be its parent. Pure: the caller brings the clock and does the asking.
 *
 * Candidates are the ancestors, nearest first, of which the first is the parent just lost: it may
 * live, and only the link broke. They are asked in turn; after each round there is a pause, which
 * doubles, and each try is given more time. */

#ifndef FLUX_OVERLAY_HEAL_H
#define FLUX_OVERLAY_HEAL_H

struct heal {
    int count; // of candidates
    int next;
    int round;
    double deadline;
    double attempt; // seconds for one try, at first
    double attempt_max;
};

/* The first round gives each try `attempt` seconds, later ones up to attempt_max. */
void heal_start (struct heal *h, int count, double now, double timeout, double attempt,
                 double attempt_max);

/* The candidate to ask, `*pause` seconds from now, and how long to wait for it. -1 when time is up
 * or there is nobody. */
int heal_next (struct heal *h, double now, double *pause, double *patience);

/* The candidate that heal_next() gave last is not to be asked again; those after it move up. */
void heal_drop (struct heal *h);

#endif /* !FLUX_OVERLAY_HEAL_H */

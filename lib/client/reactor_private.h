/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_CLIENT_REACTOR_PRIVATE_H
#define FLUX_CLIENT_REACTOR_PRIVATE_H

#include <stdbool.h>
#include <ev.h>
#include <flux/reactor.h>

/* Work that the reactor does in its next turn, once. Embedded in its owner. */
struct ready {
    struct ready *prev;
    struct ready *next;
    void (*cb) (struct ready *item); // may free its owner
    bool queued;
};

/* A reactor over a loop that is run, and destroyed, by somebody else. */
flux_reactor_t *reactor_over (struct ev_loop *loop);

struct ev_loop *reactor_loop (flux_reactor_t *r);

/* Somebody has stopped the loop, and it has not run again. */
bool reactor_stopping (const flux_reactor_t *r);

/* Queue or unqueue; both may be repeated. */
void reactor_ready_add (flux_reactor_t *r, struct ready *item);
void reactor_ready_remove (flux_reactor_t *r, struct ready *item);

/* True in a callback of reactor_ready_add() behind which others wait, when those before it were
 * done in a moment: what is put off to the end of the row then is not put off for long. */
bool reactor_in_row (const flux_reactor_t *r);

/* Queue for the end of the row. */
void reactor_row_end (flux_reactor_t *r, struct ready *item);
void reactor_row_end_remove (flux_reactor_t *r, struct ready *item);

#endif /* !FLUX_CLIENT_REACTOR_PRIVATE_H */

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What future.c (results) and future_wait.c (waiting for them) share. */

#ifndef FLUX_CLIENT_FUTURE_STRUCT_H
#define FLUX_CLIENT_FUTURE_STRUCT_H

#include <stdbool.h>
#include <flux/future.h>
#include <flux/watcher.h>

#include "lib/client/reactor_private.h"

struct aux_item;
struct rpc;

struct result {
    struct result *next;
    void *value;
    flux_free_f free_fn;
    int errnum; // not 0: an error
    char *errstr;
};

/* "now": waiting with a reactor and a clone of the handle made for it, so that nothing else runs
 * meanwhile. Plain RPCs wait without, see handle_wait(). */
struct now {
    flux_reactor_t *r;
    flux_t *h;
    flux_watcher_t *timer;
    bool running;
    bool init_called;
};

/* "then": a continuation in the reactor. */
struct then {
    struct ready ready;
    flux_future_t *f;
    flux_reactor_t *r;
    flux_watcher_t *timer;
    double timeout;
    flux_continuation_f cb;
    void *arg;
    bool init_called;
};

struct flux_future {
    int refcount;
    bool has_result;
    struct result result;
    struct result *queue; // results after this one
    struct result **queue_end;
    struct result *fatal;
    flux_reactor_t *r;
    flux_t *h;
    struct aux_item *aux;
    flux_future_init_f init;
    void *init_arg;
    struct now *now;
    struct then *then;
    flux_future_t *embed; // what it was fulfilled with
    struct rpc *rpc;
};

void now_destroy (struct now *now);
void then_destroy (struct then *then);

/* There is a result: wake who waits. */
void future_announce (flux_future_t *f);

/* Start the timer of a continuation anew. */
int future_arm_then (flux_future_t *f);

/* The result that counts, or NULL. */
const struct result *future_result (const flux_future_t *f);

#endif /* !FLUX_CLIENT_FUTURE_STRUCT_H */

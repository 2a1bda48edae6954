/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The event loop. Times are in seconds; flux_reactor_now() is seconds since the epoch as of the
 * begin of this turn of the loop. */

#ifndef FLUX_REACTOR_H
#define FLUX_REACTOR_H

#include <flux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    FLUX_REACTOR_NOWAIT = 1, // one turn without waiting
    FLUX_REACTOR_ONCE = 2,   // one turn, waiting for something to happen
};

/* flags is 0. Counted; destroy and decref are the same. */
FLUX_EXPORT flux_reactor_t *flux_reactor_create (int flags);
FLUX_EXPORT void flux_reactor_destroy (flux_reactor_t *r);
FLUX_EXPORT void flux_reactor_incref (flux_reactor_t *r);
FLUX_EXPORT void flux_reactor_decref (flux_reactor_t *r);

/* Run until stopped or until no referenced watcher is active. Returns the count of those still
 * active, or -1 after flux_reactor_stop_error(). */
FLUX_EXPORT int flux_reactor_run (flux_reactor_t *r, int flags);
FLUX_EXPORT void flux_reactor_stop (flux_reactor_t *r);
FLUX_EXPORT void flux_reactor_stop_error (flux_reactor_t *r);

FLUX_EXPORT double flux_reactor_now (flux_reactor_t *r);
FLUX_EXPORT void flux_reactor_now_update (flux_reactor_t *r);
FLUX_EXPORT double flux_reactor_time (void);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_REACTOR_H */

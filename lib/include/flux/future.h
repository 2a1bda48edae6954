/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A future is a result that may not be there yet: a value, or an error. It may be fulfilled several
 * times; the results queue up and flux_future_reset() goes on to the next one. */

#ifndef FLUX_FUTURE_H
#define FLUX_FUTURE_H

#include <stdbool.h>
#include <flux/handle.h>
#include <flux/reactor.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void (*flux_continuation_f) (flux_future_t *f, void *arg);
typedef void (*flux_future_init_f) (flux_future_t *f, void *arg);

/* Call cb from the reactor once there is a result. With a timeout (seconds, below 0 for none) the
 * future is fulfilled with ETIMEDOUT when it expires. */
FLUX_EXPORT int flux_future_then (flux_future_t *f, double timeout, flux_continuation_f cb,
                                  void *arg);

/* Wait, for `timeout` seconds at most (below 0: as long as it takes). ETIMEDOUT leaves the future
 * as it is; EDEADLOCK says that nothing is left that could fulfill it. */
FLUX_EXPORT int flux_future_wait_for (flux_future_t *f, double timeout);
FLUX_EXPORT bool flux_future_is_ready (flux_future_t *f);
FLUX_EXPORT void flux_future_reset (flux_future_t *f);
FLUX_EXPORT void flux_future_destroy (flux_future_t *f);
FLUX_EXPORT void flux_future_incref (flux_future_t *f);
FLUX_EXPORT void flux_future_decref (flux_future_t *f);

FLUX_EXPORT void *flux_future_aux_get (flux_future_t *f, const char *name);
FLUX_EXPORT int flux_future_aux_set (flux_future_t *f, const char *name, void *aux,
                                     flux_free_f destroy);

/* For those who make futures: cb is called when somebody first waits, once for then and once for
 * wait; it sets up watchers with flux_future_get_reactor() or _get_flux() that will fulfill it. */
FLUX_EXPORT flux_future_t *flux_future_create (flux_future_init_f cb, void *arg);

/* Waits, then gives the value, which belongs to the future, or fails with the future's errno. */
FLUX_EXPORT int flux_future_get (flux_future_t *f, const void **result);

/* Give a result. free_fn (result) is called when it is no longer needed, also when it is dropped.
 * A fatal error comes before all results and stays. */
FLUX_EXPORT void flux_future_fulfill (flux_future_t *f, void *result, flux_free_f free_fn);
FLUX_EXPORT void flux_future_fulfill_error (flux_future_t *f, int errnum, const char *errstr);
FLUX_EXPORT void flux_future_fatal_error (flux_future_t *f, int errnum, const char *errstr);

/* f gets the result of p, which must have one (EAGAIN); f keeps a reference to p. */
FLUX_EXPORT int flux_future_fulfill_with (flux_future_t *f, flux_future_t *p);

FLUX_EXPORT bool flux_future_has_error (flux_future_t *f);
/* NULL when there is no error. */
FLUX_EXPORT const char *flux_future_error_string (flux_future_t *f);

/* The sentence of a failed future, else that of an errno. */
#define future_strerror(f, errnum)                                                                 \
    (flux_future_has_error (f) ? flux_future_error_string (f) : flux_strerror (errnum))

FLUX_EXPORT void flux_future_set_flux (flux_future_t *f, flux_t *h);
FLUX_EXPORT flux_t *flux_future_get_flux (flux_future_t *f);
FLUX_EXPORT void flux_future_set_reactor (flux_future_t *f, flux_reactor_t *r);
FLUX_EXPORT flux_reactor_t *flux_future_get_reactor (flux_future_t *f);

/* Futures of futures: fulfilled when all, or the first, of their children are. An error of a child
 * becomes theirs. push gives the child away; name NULL counts from "0". */
FLUX_EXPORT flux_future_t *flux_future_wait_all_create (void);
FLUX_EXPORT flux_future_t *flux_future_wait_any_create (void);
FLUX_EXPORT int flux_future_push (flux_future_t *cf, const char *name, flux_future_t *child);
FLUX_EXPORT const char *flux_future_first_child (flux_future_t *cf);
FLUX_EXPORT const char *flux_future_next_child (flux_future_t *cf);
FLUX_EXPORT flux_future_t *flux_future_get_child (flux_future_t *cf, const char *name);

/* Chains: the returned future stands for what cb will do when `prev` has succeeded (and) or failed
 * (or). prev is given away; cb destroys it. In cb, flux_future_continue() names the future whose
 * result it will be and gives that away; continue_error() and fulfill_next() give the result
 * directly. If cb does none of these, prev's own result is taken. */
FLUX_EXPORT flux_future_t *flux_future_and_then (flux_future_t *prev, flux_continuation_f cb,
                                                 void *arg);
FLUX_EXPORT flux_future_t *flux_future_or_then (flux_future_t *prev, flux_continuation_f cb,
                                                void *arg);
FLUX_EXPORT int flux_future_continue (flux_future_t *prev, flux_future_t *f);
FLUX_EXPORT void flux_future_continue_error (flux_future_t *prev, int errnum, const char *errstr);
FLUX_EXPORT int flux_future_fulfill_next (flux_future_t *prev, void *result, flux_free_f free_fn);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_FUTURE_H */

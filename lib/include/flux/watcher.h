/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Watchers: what calls back from the reactor. Created stopped. A watcher may be stopped or
 * destroyed in its own callback. An unreferenced one does not keep flux_reactor_run() running. */

#ifndef FLUX_WATCHER_H
#define FLUX_WATCHER_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <flux/handle.h>
#include <flux/reactor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* revents are FLUX_POLL* for fd and handle watchers. */
typedef void (*flux_watcher_f) (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg);

/* -2 (last) to 2 (first), 0 is usual. */
FLUX_EXPORT void flux_watcher_set_priority (flux_watcher_t *w, int priority);
FLUX_EXPORT void flux_watcher_start (flux_watcher_t *w);
FLUX_EXPORT void flux_watcher_stop (flux_watcher_t *w);
FLUX_EXPORT void flux_watcher_ref (flux_watcher_t *w);
FLUX_EXPORT void flux_watcher_unref (flux_watcher_t *w);
FLUX_EXPORT void flux_watcher_destroy (flux_watcher_t *w);
FLUX_EXPORT bool flux_watcher_is_active (flux_watcher_t *w);
FLUX_EXPORT bool flux_watcher_is_referenced (flux_watcher_t *w);

/* When a timer or periodic watcher calls next, as flux_reactor_now(); -1 with EINVAL for others. */
FLUX_EXPORT double flux_watcher_next_wakeup (flux_watcher_t *w);

/* Messages on a handle (FLUX_POLLIN), room to send (FLUX_POLLOUT), a lost connection (always). */
FLUX_EXPORT flux_watcher_t *flux_handle_watcher_create (flux_reactor_t *r, flux_t *h, int events,
                                                        flux_watcher_f cb, void *arg);
FLUX_EXPORT flux_t *flux_handle_watcher_get_flux (flux_watcher_t *w);

FLUX_EXPORT flux_watcher_t *flux_fd_watcher_create (flux_reactor_t *r, int fd, int events,
                                                    flux_watcher_f cb, void *arg);
FLUX_EXPORT int flux_fd_watcher_get_fd (flux_watcher_t *w);

/* Call once after `after` seconds, then every `repeat` seconds if that is above 0. reset takes
 * effect at the next start; again restarts at `repeat`, or stops when it is 0. */
FLUX_EXPORT flux_watcher_t *flux_timer_watcher_create (flux_reactor_t *r, double after,
                                                       double repeat, flux_watcher_f cb, void *arg);
FLUX_EXPORT void flux_timer_watcher_reset (flux_watcher_t *w, double after, double repeat);
FLUX_EXPORT void flux_timer_watcher_again (flux_watcher_t *w);

/* By the clock on the wall: at offset, at offset + n * interval, or when reschedule_cb says; that
 * returns the next time, and one in the past stops the watcher. */
typedef double (*flux_reschedule_f) (flux_watcher_t *w, double now, void *arg);
FLUX_EXPORT flux_watcher_t *flux_periodic_watcher_create (flux_reactor_t *r, double offset,
                                                          double interval,
                                                          flux_reschedule_f reschedule_cb,
                                                          flux_watcher_f cb, void *arg);
FLUX_EXPORT void flux_periodic_watcher_reset (flux_watcher_t *w, double next_wakeup,
                                              double interval, flux_reschedule_f reschedule_cb);

/* Before the loop waits, after it waited, and instead of waiting. */
FLUX_EXPORT flux_watcher_t *flux_prepare_watcher_create (flux_reactor_t *r, flux_watcher_f cb,
                                                         void *arg);
FLUX_EXPORT flux_watcher_t *flux_check_watcher_create (flux_reactor_t *r, flux_watcher_f cb,
                                                       void *arg);
FLUX_EXPORT flux_watcher_t *flux_idle_watcher_create (flux_reactor_t *r, flux_watcher_f cb,
                                                      void *arg);

FLUX_EXPORT flux_watcher_t *flux_signal_watcher_create (flux_reactor_t *r, int signum,
                                                        flux_watcher_f cb, void *arg);
FLUX_EXPORT int flux_signal_watcher_get_signum (flux_watcher_t *w);

/* A path that changes, looked at every `interval` seconds (0: a default). */
FLUX_EXPORT flux_watcher_t *flux_stat_watcher_create (flux_reactor_t *r, const char *path,
                                                      double interval, flux_watcher_f cb,
                                                      void *arg);
FLUX_EXPORT int flux_stat_watcher_get_rstat (flux_watcher_t *w, struct stat *stat,
                                             struct stat *prev);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_WATCHER_H */

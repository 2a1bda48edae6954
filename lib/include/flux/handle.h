/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A handle is a connection to a broker (RFC 3). Not thread-safe: one thread per handle. */

#ifndef FLUX_HANDLE_H
#define FLUX_HANDLE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h> // programs written for Flux count on it
#include <flux/message.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    int request_tx;
    int request_rx;
    int response_tx;
    int response_rx;
    int event_tx;
    int event_rx;
    int control_tx;
    int control_rx;
} flux_msgcounters_t;

/* Called with errno when sending or receiving failed. 0 tries again, -1 lets the call fail. */
typedef int (*flux_comms_error_f) (flux_t *h, void *arg);

enum {
    FLUX_O_TRACE = 1,       // print every message to stderr
    FLUX_O_CLONE = 2,       // made by flux_clone()
    FLUX_O_NONBLOCK = 4,    // send and receive fail with EAGAIN rather than wait
    FLUX_O_MATCHDEBUG = 8,  // say on stderr when a matchtag leaks
    FLUX_O_TEST_NOSUB = 16, // (un)subscribe does nothing
    FLUX_O_RPCTRACK = 32,   // see flux_reconnect(); not for flux_flags_set()
    FLUX_O_NOREQUEUE = 64,  // no flux_requeue()
};

enum {
    FLUX_RQ_HEAD = 1,
    FLUX_RQ_TAIL = 2,
};

enum {
    FLUX_POLLIN = 1,
    FLUX_POLLOUT = 2,
    FLUX_POLLERR = 4,
};

/* Both are uint32_t; a broker takes them from the instance owner, for tests of access control. */
#define FLUX_OPT_TESTING_USERID "flux::testing_userid"
#define FLUX_OPT_TESTING_ROLEMASK "flux::testing_rolemask"

/* Connect. uri is local://PATH (a broker's socket), ssh://HOST/PATH, slurm:JOBID[.STEP], fd://N (a
 * connected socket), loop:// (what is sent comes back), or a path to an instance above this one:
 * "..", "../..", "/" the outermost, "." this one. NULL means $FLUX_URI. flags are FLUX_O_*. NULL
 * with errno; with flux_open_ex() also with a sentence in errp. */
FLUX_EXPORT flux_t *flux_open (const char *uri, int flags);
FLUX_EXPORT flux_t *flux_open_ex (const char *uri, int flags, flux_error_t *errp);

/* Handles are counted; flux_close() and flux_decref() drop one reference. NULL is fine. */
FLUX_EXPORT void flux_close (flux_t *h);
FLUX_EXPORT flux_t *flux_incref (flux_t *h);
FLUX_EXPORT void flux_decref (flux_t *h);

/* A second handle over the same connection with its own aux items, reactor and handlers. */
FLUX_EXPORT flux_t *flux_clone (flux_t *orig);

/* Connect anew, from the callback of flux_comms_error_set(); local:// only (ENOSYS). What was asked
 * before is not answered any more; with FLUX_O_RPCTRACK its futures get ECONNRESET. Subscriptions
 * and services are to be made again. */
FLUX_EXPORT int flux_reconnect (flux_t *h);

/* The reactor is created when first asked for. Setting it after that is EEXIST; it must outlive the
 * handle. */
FLUX_EXPORT flux_reactor_t *flux_get_reactor (flux_t *h);
FLUX_EXPORT int flux_set_reactor (flux_t *h, flux_reactor_t *r);

FLUX_EXPORT int flux_opt_set (flux_t *h, const char *option, const void *val, size_t len);
FLUX_EXPORT int flux_opt_get (flux_t *h, const char *option, void *val, size_t len);
FLUX_EXPORT void flux_comms_error_set (flux_t *h, flux_comms_error_f fun, void *arg);

FLUX_EXPORT void *flux_aux_get (flux_t *h, const char *name);
FLUX_EXPORT int flux_aux_set (flux_t *h, const char *name, void *aux, flux_free_f destroy);

FLUX_EXPORT void flux_flags_set (flux_t *h, int flags);
FLUX_EXPORT void flux_flags_unset (flux_t *h, int flags);
FLUX_EXPORT int flux_flags_get (flux_t *h);

/* A number not used by another open RPC of this handle; FLUX_MATCHTAG_NONE with errno. */
FLUX_EXPORT uint32_t flux_matchtag_alloc (flux_t *h);
FLUX_EXPORT void flux_matchtag_free (flux_t *h, uint32_t matchtag);
FLUX_EXPORT uint32_t flux_matchtag_avail (flux_t *h);

/* flags: FLUX_O_NONBLOCK. flux_send_new() takes the message over when it succeeds and sets *msg to
 * NULL; it must be the only reference. */
FLUX_EXPORT int flux_send (flux_t *h, const flux_msg_t *msg, int flags);
FLUX_EXPORT int flux_send_new (flux_t *h, flux_msg_t **msg, int flags);

/* The next message that matches; those passed over stay in order for later calls. The caller owns
 * the message. */
FLUX_EXPORT flux_msg_t *flux_recv (flux_t *h, struct flux_match match, int flags);
FLUX_EXPORT int flux_requeue (flux_t *h, const flux_msg_t *msg, int flags);

/* For a foreign event loop: when the fd becomes readable, flux_pollevents() may say something new;
 * go on until it says nothing before waiting again. */
FLUX_EXPORT int flux_pollevents (flux_t *h);
FLUX_EXPORT int flux_pollfd (flux_t *h);

FLUX_EXPORT void flux_get_msgcounters (flux_t *h, flux_msgcounters_t *mcs);
FLUX_EXPORT void flux_clr_msgcounters (flux_t *h);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_HANDLE_H */

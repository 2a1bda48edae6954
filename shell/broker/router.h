/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The router: takes every message of a broker to where it belongs (RFC 3, 5, 6): a service in this
 * process, a local client, the parent or a child in the overlay.
 *
 * Services are plain structs with a table of handlers. A message to a service on the same rank is
 * queued and handled later in the same turn of the event loop, never in the caller's stack. */

#ifndef FLUX_BROKER_ROUTER_H
#define FLUX_BROKER_ROUTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <ev.h>
#include <flux/message.h>
#include <flux/types.h>

struct router;

/* A handler owns nothing of the message; flux_msg_incref() what must outlive the call. Requests are
 * answered with router_respond*() now or later; the router has checked the role already. */
typedef void (*handler_f) (struct router *rt, const flux_msg_t *msg, void *arg);

struct handler_row {
    const char *topic; // after the service name: "lookup" in "kvs.lookup"
    handler_f handler;
    uint32_t role; // needed role (RFC 12): FLUX_ROLE_OWNER, or FLUX_ROLE_OWNER | FLUX_ROLE_USER
};

/* The table ends with a row whose topic is NULL. It and `name` must outlive the service.
 * `<name>.ping`, `.stats-get`, `.rusage` and `.debug` are answered by the router itself where the
 * table has no such row. A `disconnect` row also hears when a local client or a peer goes away.
 * EEXIST when the name is taken. */
int router_service_add (struct router *rt, const char *name, const struct handler_row *rows,
                        void *arg);
void router_service_remove (struct router *rt, const char *name);

/* A client of the owner may provide the service in this one's place, as long as it is connected. */
void router_service_yield (struct router *rt, const char *name);

uint32_t router_rank (const struct router *rt);
uint32_t router_size (const struct router *rt);
struct ev_loop *router_loop (const struct router *rt);

/* Is this the rank of this broker, or of one that is reached through a child of it now? */
bool router_rank_below (const struct router *rt, uint32_t rank);

/* Answer a request. Nothing is sent when the request has FLUX_MSGFLAG_NORESPONSE. `payload` is JSON
 * text or NULL; the pack form takes jansson's format. With a streaming request, respond any number
 * of times and end with an error (ENODATA is the regular end). */
int router_respond (struct router *rt, const flux_msg_t *request, const char *payload);
/* The payload is malloc'd and becomes the message's, on failure too: for large ones. */
int router_respond_take (struct router *rt, const flux_msg_t *request, char *payload);
int router_respond_raw (struct router *rt, const flux_msg_t *request, const void *data, size_t len);
int router_respond_pack (struct router *rt, const flux_msg_t *request, const char *fmt, ...);
int router_respond_error (struct router *rt, const flux_msg_t *request, int errnum,
                          const char *errtext);

/* Bytes of answers that the sender of this request has not read yet. Who streams more than the
 * client asked piece by piece waits while this is above CLIENT_BACKLOG_MAX (lib/codec/limits.h), as
 * it would be cut off in the end. What is on its way to a client of another broker is known only
 * between router_flow_hold() and router_flow_release(), once each for a request. */
size_t router_backlog (struct router *rt, const flux_msg_t *request);
void router_flow_hold (struct router *rt, const flux_msg_t *request);
void router_flow_release (struct router *rt, const flux_msg_t *request);

/* Call a service. nodeid is a rank, FLUX_NODEID_ANY or FLUX_NODEID_UPSTREAM. The callback gets each
 * response; with FLUX_RPC_STREAMING it stays until an error response came. Returns a matchtag > 0,
 * or 0 with errno. With FLUX_RPC_NORESPONSE cb is NULL and 1 is returned. `payload` as above.
 * When the peer that would answer goes away, the callback gets an EHOSTUNREACH response. */
typedef void (*response_f) (struct router *rt, const flux_msg_t *response, void *arg);
uint32_t router_rpc (struct router *rt, const char *topic, uint32_t nodeid, int flags,
                     const char *payload, response_f cb, void *arg);
uint32_t router_rpc_pack (struct router *rt, const char *topic, uint32_t nodeid, int flags,
                          response_f cb, void *arg, const char *fmt, ...);

/* The same with any bytes as payload (content.*). */
uint32_t router_rpc_raw (struct router *rt, const char *topic, uint32_t nodeid, int flags,
                         const void *data, size_t len, response_f cb, void *arg);

/* A request without a matchtag (RFC 27), whose responses go to the callback that was set for its
 * topic; a service that is not there answers ENOSYS. -1 with ENOSPC or ENOMEM. `topic` must outlive
 * the router. */
int router_on_untagged (struct router *rt, const char *topic, response_f cb, void *arg);
void router_on_untagged_forget (struct router *rt, void *arg); // all with this arg
int router_send_untagged (struct router *rt, const char *topic, const char *payload);

/* Forget an RPC: its callback will not be called (again). */
void router_rpc_forget (struct router *rt, uint32_t matchtag);

/* Publish an event through rank 0 (RFC 3). */
int router_publish (struct router *rt, const char *topic, const char *payload);
int router_publish_pack (struct router *rt, const char *topic, const char *fmt, ...);

/* The same for the owner's eyes only (RFC 3, private events). */
int router_publish_private (struct router *rt, const char *topic, const char *payload);

/* A line in the log of this broker (RFC 5424; log.h): severity is one of syslog's, appname a word.
 */
void router_log (struct router *rt, int severity, const char *appname, const char *fmt, ...)
    __attribute__ ((format (printf, 4, 5)));

/* Hear the events whose topic begins with prefix. */
typedef void (*event_f) (struct router *rt, const flux_msg_t *event, void *arg);
int router_event_subscribe (struct router *rt, const char *prefix, event_f cb, void *arg);
void router_event_unsubscribe (struct router *rt, const char *prefix, event_f cb, void *arg);

/* Events that are made only while somebody on this rank wants them: whether a subscription begins
 * with prefix, and a call when one is added (one watcher per broker; cb NULL ends it, then prefix
 * is NULL). Who subscribes to less, as to "", takes what comes. */
bool router_event_has_subscriber (struct router *rt, const char *prefix);
void router_event_watch (struct router *rt, const char *prefix, void (*cb) (void *arg), void *arg);

/* The services of this broker itself, in the order of their names: {"name":s, "idle":f seconds}. */
json_t *router_services (struct router *rt);

/* Do work once at the end of this turn of the loop, after all queued messages were handled (rule 8
 * of the design: batch per turn). Many calls with the same cb and arg in a turn are one call. */
typedef void (*turn_end_f) (struct router *rt, void *arg);
int router_at_turn_end (struct router *rt, turn_end_f cb, void *arg);
void router_turn_end_forget (struct router *rt, turn_end_f cb, void *arg);

/* Take over a connected socket as a local client that speaks RFC 3's local framing, without the
 * greeting (a job shell's socketpair). The fd is closed when the client is gone. */
int router_client_add (struct router *rt, int fd, uint32_t userid, uint32_t rolemask);

#endif /* !FLUX_BROKER_ROUTER_H */

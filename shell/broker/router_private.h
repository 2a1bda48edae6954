/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the router's own files share; nobody else includes it.
 *
 *   router.c         where a message goes
 *   router_service.c services: who has which name, who takes a request
 *   router_default.c methods that every service has
 *   router_respond.c answers
 *   router_turn.c    the queue of the turn, and what waits for its end
 *   router_rpc.c     calls that this broker makes itself, and their answers
 *   router_event.c   subscriptions, publishing, distribution
 *   router_flow.c    what clients of other brokers have not read yet
 *   router_track.c   requests that wait for an answer of another broker
 *   router_client*.c local clients: their sockets, services, subscriptions, disconnects */

#ifndef FLUX_BROKER_ROUTER_PRIVATE_H
#define FLUX_BROKER_ROUTER_PRIVATE_H

#include <stdarg.h>
#include <stdbool.h>
#include <uthash.h>
#include <flux/message.h>

#include "shell/broker/router.h"
#include "shell/broker/router_overlay.h"

struct client;
struct rpc_table;
struct event_table;
struct client_table;
struct track_table;
struct flow_table;

struct service {
    const char *name;
    char *client_name; // the same, owned, when a client provides the service
    const struct handler_row *rows;
    void *arg;
    struct client *client;
    bool yields;             // a client may provide it instead
    struct service *yielded; // the broker's own, while a client does
    ev_tstamp used;          // when it last got a request
    int debug;               // flags of RFC 5, for tests
    UT_hash_handle hh;
};

struct queued {
    flux_msg_t *msg;
    struct queued *next;
};

struct turn_end {
    turn_end_f cb;
    void *arg;
};

struct untagged {
    const char *topic;
    response_f cb;
    void *arg;
};

#define UNTAGGED_MAX 4

struct router {
    struct untagged untagged[UNTAGGED_MAX];
    size_t untagged_count;
    struct ev_loop *loop;
    uint32_t rank;
    uint32_t size;
    uint32_t owner;
    struct service *services;
    const struct router_overlay_ops *overlay;
    void *overlay_arg;
    struct queued *queue_head, *queue_tail;
    struct turn_end *turn_end;
    size_t turn_end_count, turn_end_size;
    ev_prepare prepare;
    ev_idle idle; // keeps the loop from sleeping while the queue has more than a turn's work
    struct rpc_table *rpcs;
    struct event_table *events;
    struct client_table *clients;
    struct track_table *tracks;
    struct flow_table *flows;
};

/* Route a message of a local client or a service of this broker. Takes over the reference. */
void router_input (struct router *rt, flux_msg_t *msg);

/* An object by a format of jansson as text, which the caller frees. NULL with EINVAL. */
char *router_vpack (const char *fmt, va_list ap);

/* Append a message for this rank's services or callers; takes over the reference. */
int router_enqueue (struct router *rt, flux_msg_t *msg);

/* Send on what a local client or a service of this broker sends. Takes over the reference. */
void router_send_request (struct router *rt, flux_msg_t *msg);
void router_send_response (struct router *rt, flux_msg_t *msg);

/* From router_create() and router_destroy(): the loop is told of the queue. */
void router_turn_start (struct router *rt);
void router_turn_stop (struct router *rt);

/* A request for this rank: true when a service took it. */
bool service_take_request (struct router *rt, const flux_msg_t *msg);

/* What a service has no handler for. */
void service_answer_default (struct router *rt, struct service *svc, const flux_msg_t *msg,
                             const char *method);

void service_table_clear (struct router *rt);
int service_add_client (struct router *rt, const char *name, struct client *client);
int service_remove_client (struct router *rt, const char *name, struct client *client);
void service_remove_all_of_client (struct router *rt, struct client *client);

struct rpc_table *rpc_table_create (void);
void rpc_table_destroy (struct rpc_table *t);
void rpc_table_answer (struct router *rt, const flux_msg_t *response);

struct event_table *event_table_create (struct router *rt);
void event_table_destroy (struct event_table *t);

/* A local client subscribed to what begins with prefix. */
void event_subscribed (struct router *rt, const char *prefix);

/* Take an event on its way: at rank 0 it gets its sequence number; it goes to the children, the
 * local clients and the subscribed services. Elsewhere an event without number goes up. */
void router_event_input (struct router *rt, flux_msg_t *msg);

/* peer is the rank of a child, TRACK_PARENT, or from TRACK_CLIENT on a local client that provides a
 * service. track_response() tells whether somebody waits for this response of another broker,
 * track_expects() whether it is this peer who was asked. */
#define TRACK_PARENT UINT32_MAX
#define TRACK_CLIENT 0x80000000
struct track_table *track_table_create (void);
void track_table_destroy (struct track_table *t);
void track_request (struct router *rt, const flux_msg_t *request, uint32_t peer);
bool track_response (struct router *rt, const flux_msg_t *response);
bool track_expects (struct router *rt, const flux_msg_t *response, uint32_t peer);
void track_fail (struct router *rt, uint32_t peer, const char *text);

struct flow_table *flow_table_create (void);
void flow_table_destroy (struct flow_table *t);
int flow_service_add (struct router *rt);

/* A response that was just sent: it counts if it goes to a client that is streamed to. */
void flow_count (struct router *rt, const flux_msg_t *response);

struct client_table *client_table_create (void);
void client_table_destroy (struct client_table *t);
struct client *client_lookup (struct router *rt, const char *uuid);
int client_send (struct client *c, const flux_msg_t *msg);
void client_broadcast_event (struct router *rt, const flux_msg_t *msg, const char *topic);
bool client_has_subscription (struct router *rt, const char *prefix);

#endif /* !FLUX_BROKER_ROUTER_PRIVATE_H */

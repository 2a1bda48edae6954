/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of a local client share; nobody else includes it. */

#ifndef FLUX_BROKER_ROUTER_CLIENT_PRIVATE_H
#define FLUX_BROKER_ROUTER_CLIENT_PRIVATE_H

#include "lib/codec/msgio.h"
#include "shell/broker/router_client.h"
#include "shell/broker/router_private.h"
#include "shell/broker/waiters.h"

struct client_sub;
struct armed;

struct client {
    char uuid[UUID_STRING_SIZE];
    struct router *rt;
    struct msgio *io;
    ev_io reader, writer;
    struct flux_msg_cred cred;
    struct client_sub *subs;
    struct armed *armed;
    const struct client_ops *ops; // or NULL
    void *ops_arg;
    uint64_t dropped;       // messages of tasks that it was too slow for, and does not know of
    struct waiters *drains; // requests to be answered when it has read enough, or NULL
    uint32_t track;         // its number in the table of unanswered requests
    bool lost;              // to be freed at the end of the turn
    bool unsent;            // is on the list of those to be flushed
    bool greeting_waits;    // is on the list of those who need not be greeted yet
    struct client *next_unsent, *next_lost;
    struct client *prev_waits, *next_waits;
    UT_hash_handle hh;
};

struct client_table {
    struct client *clients;
    struct client *unsent, *lost, *greeting_waits;
    ev_timer greeter;
    struct ev_loop *loop; // of the greeter, once it was started
    uint32_t last_track;
};

/* The end of a client: its services are gone, those that it asked hear of it. It is freed at the
 * end of the turn. */
void client_lose (struct client *c);

/* router_client_out.c: what goes to it. client_flush_all() is called at the end of the turn. */
void client_flush (struct client *c);
void client_flush_all (struct router *rt, void *arg);

/* The greeting is in the queue. One who sent something with it still to come waits for an answer:
 * both will go in one write, if it is not long. */
void client_greet (struct client *c, bool waits);
void client_greeted (struct client *c);

/* Answer the request when the client has read most of what is there for it, or is gone. */
int client_tell_drained (struct client *c, const flux_msg_t *msg);
void client_answer_drained (struct client *c);

/* router_client_own.c: requests that are the connection's own affair. True: it was one. */
bool client_handle_own (struct client *c, const char *topic, const flux_msg_t *msg);
bool client_is_subscribed (const struct client *c, const char *topic);
void client_subs_free (struct client *c);

/* router_client_disconnect.c: each service that sees a request of the client is remembered, and
 * told when the client is gone (RFC 6). */
int client_arm_disconnect (struct client *c, const char *topic, const flux_msg_t *msg);
void client_send_disconnects (struct client *c);
void client_armed_free (struct client *c);

#endif /* !FLUX_BROKER_ROUTER_CLIENT_PRIVATE_H */

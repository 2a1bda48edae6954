/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The job shells of one job on its nodes. Shell 0 is the leader; the others follow it with a
 * streaming RPC to its service, over which it tells them to start and what to do.
 *
 *     follower                          leader
 *     follow {rank} ------------------> waits for all
 *            <------------------------- {type:"go"}, {type:"stdin",...}, {type:"kill",...} ...
 *     bye {rank,status} --------------> waits for all
 *
 * What all shells do together (peers_collect) goes over the tree of brokers instead. With one shell
 * nothing of this is sent, and everything is over at once.
 *
 * The way between two shells may break, and be healed by the brokers. A follower that hears
 * EHOSTUNREACH asks again for what it had asked; with "have" it tells how many commands it got, so
 * that the leader repeats the rest. */

#ifndef FLUX_SHELL_PEERS_H
#define FLUX_SHELL_PEERS_H

#include <ev.h>
#include <jansson.h>
#include <stdbool.h>

#include "lib/shell/info.h"
#include "lib/shell/link.h"

struct peers;

struct peers_ops {
    void (*go) (void *arg);                         // all shells are ready
    void (*command) (void *arg, json_t *o);         // follower: the leader says to do this
    void (*finished) (void *arg);                   // leader: all others are through
    void (*failed) (void *arg, const char *reason); // the others cannot be reached
};

#define PEERS_START_TIMEOUT 1800. // seconds until all shells must be ready
#define PEERS_RETRY_MIN .01
#define PEERS_RETRY_MAX 1.      // seconds between attempts to reach the leader
#define PEERS_LOST_TIMEOUT 60.  // seconds to reach it again
#define PEERS_COMMANDS_KEPT 256 // to be repeated

/* service is the leader's; all pointers must outlive it. */
struct peers *peers_create (struct ev_loop *loop, struct link *link, const struct shell_info *info,
                            const char *service, const struct peers_ops *ops, void *arg);
void peers_destroy (struct peers *p);

/* This shell is ready. ops.go comes when all are, with one shell before this returns. */
void peers_ready (struct peers *p);

/* Leader: tell all others. Takes the reference of o. */
void peers_broadcast (struct peers *p, json_t *o);

/* Collective: every shell calls it the same number of times. data, which may be NULL, is taken over
 * and empty after; cb gets that of all who had some as encoded parts (lib/tasks/frame.h). */
typedef void (*peers_collect_f) (void *arg, const void *parts, size_t len, bool ok);
void peers_collect (struct peers *p, struct buf *data, peers_collect_f cb, void *arg);

/* Follower: this shell is through; link_pending() tells when the leader knows. */
void peers_bye (struct peers *p, int status);

/* Leader: has this one? */
bool peers_said_bye (const struct peers *p, int rank);

/* Leader: no other shell has still to say bye. Always true with one shell. */
bool peers_finished (const struct peers *p);

/* Requests to the leader's service; to be put into its table. arg of these is the peers. */
void peers_follow_request (struct peers *p, const flux_msg_t *msg);
void peers_bye_request (struct peers *p, const flux_msg_t *msg);

#endif /* !FLUX_SHELL_PEERS_H */

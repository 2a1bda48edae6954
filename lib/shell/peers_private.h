/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Between peers.c and collect.c. */

#ifndef FLUX_SHELL_PEERS_PRIVATE_H
#define FLUX_SHELL_PEERS_PRIVATE_H

#include "lib/shell/peers.h"
#include "lib/tasks/frame.h"

/* One collective operation, until it is complete. */
struct collect {
    peers_collect_f cb;
    void *arg;
    struct peers *peers;
    struct collect *next;
};

struct peers {
    struct ev_loop *loop;
    struct link *link;
    const struct shell_info *info;
    const struct peers_ops *ops;
    void *arg;
    char *follow_topic;
    char *bye_topic;
    ev_timer timer; // follower: next attempt; leader: time to start
    double retry;
    bool ready;
    double ready_at;
    bool going;
    uint32_t seq; // of the next collective operation
    struct collect *collects;
    ev_timer again; // follower: ask again for what was lost
    double lost_since;
    int ncommands;    // follower: received; leader: told
    json_t *commands; // leader: the last ones of them
    int bye_status;
    bool bye_lost;
    const flux_msg_t **followers; // leader; by shell rank
    bool *said_bye;
    int nfollowers;
    int nbyes;
};

static inline bool peers_is_leader (const struct peers *p)
{
    return p->info->shell_rank == 0;
}

/* The leader is out of reach: is it worth to ask again? */
bool peers_may_come_back (struct peers *p, const flux_msg_t *response);

/* The rank in a request, or -1 after the request was refused. */
int peers_request_rank (struct peers *p, const flux_msg_t *msg);

#endif /* !FLUX_SHELL_PEERS_PRIVATE_H */

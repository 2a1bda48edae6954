/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of the group service share.
 *
 *   group.c   the service
 *   join.c    tasks of this node that come, and in leave.c those that go
 *   view.c    who is in a group: rank 0 decides, other brokers with members have a copy
 *   root.c    rank 0: who comes and goes
 *   hold.c    where operations end, and in hold_root.c what rank 0 has to do with that
 *   reduce.c  collective operations, with reduce_op.c, reduce_batch.c, reduce_gone.c and
 * reduce_recover.c */

#ifndef FLUX_SERVICE_GROUP_PRIVATE_H
#define FLUX_SERVICE_GROUP_PRIVATE_H

#include <jansson.h>
#include <stdbool.h>
#include <ev.h>
#include <uthash.h>
#include <flux/idset.h>
#include <flux/message.h>

#include "lib/tasks/limits.h"
#include "shell/broker/router.h"
#include "shell/service/group/group.h"

struct member {
    uint32_t rank;
    uint32_t node; // rank of its broker
    char *address; // its service there
    UT_hash_handle hh;
};

/* A client of this broker that is in groups. */
struct joiner {
    char *sender;
    unsigned int count;
    UT_hash_handle hh;
};

/* A task of this node that is in a group, or on its way in. */
struct join {
    uint64_t id;
    struct joiner *joiner;
    struct group *group;
    const flux_msg_t *request; // streaming; its sender is the task
    char *address;
    int wanted; // rank, or -1
    int rank;   // -1 until it is in
    bool asked; // rank 0 knows
    struct join *prev, *next;
};

/* Where its operations end, see hold.h. */
struct group_hold {
    bool here;        // on this broker, which is not rank 0
    bool asking;      // rank 0 for them,
    uint32_t seq;     // from this one on
    uint32_t version; // of the members, for so many operations:
    unsigned int steady;
    uint32_t seen; // all before this one have ended, as this broker knows
    /* rank 0 */
    uint32_t rank;     // which broker; 0: rank 0
    uint32_t last;     // the last one that was not rank 0,
    uint32_t from, to; // and what it had
    bool recalling;
    struct deferred *deferred; // what waits until they are rank 0's again
    struct idset *lost;        // nodes, the same
    struct idset *ask;         // nodes that are to say how far they are; NULL: need not
};

struct group {
    struct group_service *gs;
    char *key; // uid/name
    const char *name;
    uint32_t uid;
    uint32_t version; // of the members, ascending over all groups; 0: not known here
    struct member *members;
    uint32_t shown;     // the version that the tasks here know
    struct idset *live; // their ranks
    struct idset *lost; // those that died
    struct join *joins;
    struct idset *gone; // of this node, rank 0 is to be told: died
    bool syncing;
    struct idset *below; // members here and further down, as of below_time
    double below_time;
    uint32_t below_version;
    struct group_hold hold;
    uint32_t next_seq; // where operations end
    /* rank 0 */
    struct idset *had; // ranks that were ever given
    uint32_t next_rank;
    uint32_t told; // the version that has been published
    json_t *added; // since then
    struct idset *left;
    UT_hash_handle hh;
};

struct group_service {
    struct router *rt;
    struct group *groups;
    struct reduce *reduce;
    uint32_t version; // rank 0: the last one given
    uint64_t last_join;
    struct joiner *joiners;
    uint32_t next_seq; // rank 0: for a new group, past all that groups of its name had
    ev_timer again;    // tell rank 0 what it could not be told
};

/* group.c: the one that a request of a task on this node names, or NULL with errno. */
struct group *group_named (struct group_service *gs, const flux_msg_t *msg);
/* The one that a request of another broker names, {"uid":i "name":s}; NULL. */
struct group *group_said (struct group_service *gs, const flux_msg_t *msg);

/* join.c */
void group_join_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void group_join_end (struct join *j, int errnum); // 0: without a word
void group_join_free (struct join *j);

/* leave.c */
void group_tell_gone (struct group *g, int rank); // soon
void group_leave_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void group_disconnect_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void group_again_cb (struct ev_loop *loop, ev_timer *w, int revents);

/* view.c */
struct group *group_lookup (struct group_service *gs, uint32_t uid, const char *name);
struct group *group_get (struct group_service *gs, uint32_t uid, const char *name);
void group_free (struct group *g);
/* Frees one that is of no use: no task here, and at rank 0 no member. */
void group_check (struct group *g);
int group_add_member (struct group *g, uint32_t rank, uint32_t node, const char *address);
void group_remove_member (struct group *g, uint32_t rank, bool died);
json_t *group_view (const struct group *g);
/* Take over a whole view that rank 0 sent, or changes to it. -1 with EPROTO. */
int group_set_view (struct group *g, json_t *o);
void group_event_cb (struct router *rt, const flux_msg_t *msg, void *arg);
/* Ask rank 0 who is in it. */
void group_sync (struct group *g);
/* Tell the tasks here what is new. */
void group_tell (struct group *g);
/* The members on this broker and those below; NULL when that is not known. */
const struct idset *group_below (struct group *g);

/* root.c */
void group_enter_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void group_exit_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void group_sync_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void group_lose_members (struct group *g, uint32_t node);

/* reduce.c */
struct reduce *reduce_create (struct group_service *gs);
void reduce_destroy (struct reduce *r);
json_t *reduce_stats (const struct reduce *r);
void reduce_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void reduce_result_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void reduce_disconnect (struct reduce *r, const flux_msg_t *disconnect);
void reduce_rank_lost (struct reduce *r, uint32_t rank);
/* The members, or where operations end, are others: what is complete now goes on. */
void reduce_check_group (struct group *g);
/* Is there an operation? */
bool reduce_has_group (const struct group *g);
/* Rank 0: members came or went; one that died fails the operation that it had no part in. */
void reduce_members_changed (struct reduce *r, struct group *g, const struct idset *died);

/* The user that a request is made for: who sent it, or whom another broker says. -1 after the
 * request was refused. */
int group_request_uid (struct group_service *gs, const flux_msg_t *msg, uint32_t said,
                       uint32_t *uid);

#endif /* !FLUX_SERVICE_GROUP_PRIVATE_H */

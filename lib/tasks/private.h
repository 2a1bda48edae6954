/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of libflux-tasks share.
 *
 *   tasks.c       the connection: calls and their answers, waiting
 *   group.c       joining, leaving, who is a member
 *   send.c        letters on their way out: windows, retries
 *   recv.c        letters that came in: order, queues
 *   direct.c      ZeroMQ links for large ones
 *   topic.c       publish and subscribe
 *   collective.c  barrier, broadcast, gather, allreduce */

#ifndef FLUX_TASKS_PRIVATE_H
#define FLUX_TASKS_PRIVATE_H

#include <jansson.h>
#include <stdbool.h>
#include <uthash.h>
#include <flux/handle.h>
#include <flux/idset.h>
#include <flux/tasks.h>

#include "lib/tasks/frame.h"
#include "lib/tasks/letter.h"
#include "lib/tasks/limits.h"

#define TASKS_WINDOW_BYTES (256u << 10)
#define TASKS_WINDOW_LETTERS 64
#define TASKS_DIRECT_BYTES (8u << 20)
#define TASKS_DIRECT_MIN (64u << 10)
#define TASKS_QUEUE_MAX (64u << 20)  // that came in and was not taken
#define TASKS_HOLD_MAX 256           // letters of one sender that wait for an earlier one
#define TASKS_PUBLISH_MAX (1u << 20) // one message
#define TASKS_PUBLISH_BYTES (1u << 20)
#define TASKS_PUBLISH_EVENTS 64
#define TASKS_VALUES_MAX 4096
#define TASKS_SCOPED_NAME_MAX 80

/* A response to a call, or NULL when the connection is lost. A streaming call's is called until an
 * error has come. */
typedef void (*call_f) (struct flux_tasks *t, const flux_msg_t *response, void *arg);

struct call {
    uint32_t matchtag;
    bool streaming;
    call_f cb;
    void *arg;
    UT_hash_handle hh;
};

/* A letter until its receiver has taken it. */
struct outgoing {
    struct peer *peer;
    struct letter letter;
    char *data;
    size_t len;
    void *shared; // what holds data when a link has it, too
    bool direct;
    uint32_t matchtag; // of the call that carries it; 0: none now
    double again;      // to be sent again at this time; 0: not so (send_later)
    struct outgoing *prev, *next;
};

/* A letter, or what was published, until it is taken. */
struct incoming {
    struct flux_group_message m;
    uint32_t seq;
    const flux_msg_t *request; // to be answered when it is taken
    void *direct;              // identity of a direct link, for the same
    size_t direct_len;
    struct incoming *prev, *next;
};

/* Another member, as far as we have to do with it. */
struct peer {
    struct flux_group *group;
    uint32_t rank;
    uint32_t node;
    char address[GROUP_ADDRESS_MAX + 1]; // "": not known
    int errnum;                          // what became of letters that were on their way
    uint32_t epoch, seq;                 // of the next letter
    struct outgoing *out;
    size_t out_bytes, out_count;
    double failing; // since when letters come back; 0: they don't
    uint32_t in_epoch;
    uint32_t in_seq; // the next to come
    struct incoming *held;
    int nheld;
    struct direct_link *link;
    UT_hash_handle hh;
};

struct collective {
    bool pending;
    bool done;
    int op;
    int root; // of a broadcast
    int errnum;
    uint32_t matchtag; // of the call under way
    struct group_frame frame;
    char *data; // what frame points into
    size_t len;
};

struct flux_group {
    struct flux_tasks *tasks;
    char name[GROUP_NAME_MAX + 1]; // with its scope
    int rank;
    bool joining;
    int errnum; // the membership has ended
    uint32_t version;
    uint32_t epoch;
    struct idset *members;
    struct idset *lost;
    struct peer *peers;
    struct incoming *letters;
    struct incoming *events;
    bool overflow;
    struct publication *publications;
    size_t npublications, publishing;
    int publish_errnum; // what became of an earlier one
    uint32_t seq;       // of the next collective operation
    struct collective coll;
    uint32_t join_tag;
    struct flux_group *prev, *next;
};

struct flux_tasks {
    flux_t *h;
    uint32_t uid;
    int node;
    char *job;
    int rank;
    int size;
    char address[64];
    uint32_t last_matchtag;
    struct call *calls;
    struct flux_group *groups;
    struct direct *direct; // NULL until needed
    size_t direct_min;
    size_t queued;  // bytes in all queues of groups
    size_t retries; // letters that are to be sent again
    int errnum;     // the connection is lost
    int epfd;
};

/* tasks.c: data is copied, NULL is none. Returns a matchtag, or 0. */
uint32_t tasks_call (struct flux_tasks *t, const char *topic, uint32_t nodeid, int flags,
                     const void *data, size_t len, call_f cb, void *arg);
uint32_t tasks_call_json (struct flux_tasks *t, const char *topic, uint32_t nodeid, int flags,
                          json_t *o, call_f cb, void *arg); // takes o
void tasks_forget (struct flux_tasks *t, uint32_t matchtag);
/* Call and wait; the answer, whose reference the caller has, or NULL with errno. */
const flux_msg_t *tasks_ask (struct flux_tasks *t, const char *topic, uint32_t nodeid, json_t *o,
                             double deadline);
int tasks_send (struct flux_tasks *t, const flux_msg_t *msg, double deadline);
double tasks_deadline (double timeout);
/* Handle what came in, or wait for some. -1 with ETIMEDOUT, or the errno of a lost connection. */
int tasks_step (struct flux_tasks *t, double deadline);
/* flux_tasks_pollfd() tells of this one, too, until it is closed. */
int tasks_watch_fd (struct flux_tasks *t, int fd);

/* group.c */
struct flux_group *group_by_name (struct flux_tasks *t, const char *name, uint32_t rank);
struct peer *group_peer (struct flux_group *g, uint32_t rank);
struct peer *group_find_peer (struct flux_group *g, uint32_t rank);
int group_check (const struct flux_group *g);

/* send.c */
void send_again (struct flux_tasks *t, double now);
double send_next_time (const struct flux_tasks *t); // when send_again() has work; 0: never
void outgoing_free (struct outgoing *o);
void send_taken (struct outgoing *o);
/* The link of this peer is lost: what was on its way takes the other way. */
void send_link_lost (struct peer *p);
void send_fail (struct peer *p, int errnum);
int send_resolve (struct peer *p, double deadline);

/* recv.c */
void recv_request (struct flux_tasks *t, const flux_msg_t *msg);
/* Takes over identity (malloc'd). */
void recv_letter (struct flux_tasks *t, const struct letter *l, const void *data, size_t len,
                  const flux_msg_t *request, void *identity, size_t identity_len);
void incoming_free (struct incoming *in);
void recv_forget_peer (struct peer *p);

/* topic.c */
void topic_event (struct flux_tasks *t, const flux_msg_t *msg);
void topic_clear (struct flux_group *g);

/* collective.c */
void collective_clear (struct flux_group *g);

/* direct.c */
void direct_destroy (struct direct *d);
/* Whether letters to this peer may go over a link now; begins to make one when not. */
bool direct_ready (struct peer *p);
int direct_send (struct outgoing *o);
void direct_release (void *shared);
void direct_taken (struct flux_tasks *t, const void *identity, size_t identity_len,
                   const struct letter *l);
void direct_request (struct flux_tasks *t, const flux_msg_t *msg); // "<address>.link"
void direct_link_free (struct peer *p);
bool direct_progress (struct flux_tasks *t); // true when something came in
int direct_poll (struct flux_tasks *t, int fd, int timeout_ms);

#endif /* !FLUX_TASKS_PRIVATE_H */

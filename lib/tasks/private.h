/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of libflux-tasks share.
 *
 *   tasks.c       the connection
 *   call.c        calls and their answers, waiting
 *   group.c       joining, leaving, who is a member
 *   send.c        letters on their way out: windows, retries
 *   recv.c        letters that came in: order, queues
 *   receipt.c     what the two tell each other of them
 *   direct.c      ZeroMQ links for large ones, with direct_link.c and direct_server.c
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
#define TASKS_ASK_LETTERS 16 // without a receipt: the next one asks for it
#define TASKS_ASK_BYTES (64u << 10)
#define TASKS_ASK_DIRECT_BYTES (1u << 20)
#define TASKS_CHECK_PAUSE 1.    // seconds without a receipt: ask whether something was lost
#define TASKS_STREAM_LETTERS 64 // so many to one member are a stream, too
#define TASKS_STREAM_BYTES (1u << 20)
#define TASKS_STREAM_LINKS 64 // links that are made for such streams
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

/* A letter until its receiver has it. */
struct outgoing {
    struct peer *peer;
    struct letter letter;
    char *data;
    size_t len;
    void *shared; // what holds data when a link has it, too
    bool direct;
    bool ask;          // its receipt is wanted
    uint32_t matchtag; // of the call that carries it; 0: none now
    bool again;        // to be sent again
    struct outgoing *prev, *next;
};

/* A receipt that the other side asked for. */
struct asked {
    bool set;
    uint32_t seq;              // when so many were taken
    const flux_msg_t *request; // to be answered, or:
    void *identity;            // of a direct link
    size_t identity_len;
};

/* A letter, or what was published, until it is taken. */
struct incoming {
    struct flux_group_message m;
    uint32_t epoch, seq;
    const flux_msg_t *request; // to be answered when it is taken
    void *identity;            // of a direct link, for the same
    size_t identity_len;
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
    uint32_t sent_bytes;
    struct receipt receipt;          // of what was sent
    uint32_t asked_seq, asked_bytes; // when a receipt was last asked for
    uint32_t asking;                 // the call whose answer has one; 0: none
    bool want;                       // somebody waits until all are taken
    double not_before;               // that is asked again
    struct outgoing *out;            // not received yet, as far as is known
    double failing;                  // since when letters come back; 0: they don't
    double since;                    // the last letter or sign of life, for those that may be lost
    uint64_t stream_letters, stream_bytes;
    bool stream;       // its link was made because of them
    struct receipt in; // of what came in; in.received is the next to come
    uint32_t told;     // in.taken as the brokers have carried it there
    struct asked asked;
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
    bool subscribed;  // at some time
    uint64_t dropped; // published messages
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
    size_t queued;   // bytes in all queues of groups
    double check_at; // when receipt_check() has work; 0: never
    int timerfd;     // for those who wait in a loop of their own
    double timer_at; // that it is set for; 0: not
    int streams;     // links that were made because of many letters
    int errnum;      // the connection is lost
    int epfd;
};

/* call.c: data is copied, NULL is none. Returns a matchtag, or 0. */
uint32_t tasks_call (struct flux_tasks *t, const char *topic, uint32_t nodeid, int flags,
                     const void *data, size_t len, call_f cb, void *arg);
uint32_t tasks_call_json (struct flux_tasks *t, const char *topic, uint32_t nodeid, int flags,
                          json_t *o, call_f cb, void *arg); // takes o
void tasks_forget (struct flux_tasks *t, uint32_t matchtag);
void tasks_forget_all (struct flux_tasks *t);
/* A request to which there is no answer. */
int tasks_post (struct flux_tasks *t, const char *topic, uint32_t nodeid, const void *data,
                size_t len);
/* Call and wait; the answer, whose reference the caller has, or NULL with errno. */
const flux_msg_t *tasks_ask (struct flux_tasks *t, const char *topic, uint32_t nodeid, json_t *o,
                             double deadline);
int tasks_send (struct flux_tasks *t, const flux_msg_t *msg, double deadline);
double tasks_deadline (double timeout);
/* Handle what came in, or wait for some. -1 with ETIMEDOUT, or the errno of a lost connection. */
int tasks_step (struct flux_tasks *t, double deadline);
/* flux_tasks_pollfd() tells of this one, too, until it is closed. */
int tasks_watch_fd (struct flux_tasks *t, int fd);
/* See to it that receipt_check() is called so many seconds from now, or earlier. */
void tasks_check_in (struct flux_tasks *t, double seconds);

/* group.c */
struct flux_group *group_by_name (struct flux_tasks *t, const char *name, uint32_t rank);
struct peer *group_peer (struct flux_group *g, uint32_t rank);
struct peer *group_find_peer (struct flux_group *g, uint32_t rank);
int group_check (const struct flux_group *g);

/* send.c */
void send_again (struct peer *p);
void outgoing_free (struct outgoing *o);
/* No way there just now, or no such service: true when it is worth to try again. */
bool send_may_come_back (struct peer *p, int errnum);
/* By way of the brokers, or put off. */
void send_post (struct outgoing *o);
/* The link of this peer is lost: what was on its way takes the other way. */
void send_link_lost (struct peer *p);
void send_fail (struct peer *p, int errnum);
int send_resolve (struct peer *p, double deadline);

/* receipt.c: what is sent out has the receipt for the other direction in it. */
void receipt_fill (const struct peer *p, struct letter *l);
void receipt_take (struct peer *p, const struct receipt *r);
/* Letters that the receiver has not taken yet. */
uint32_t receipt_waiting (const struct peer *p);
uint32_t receipt_waiting_bytes (const struct peer *p);
bool receipt_is_due (const struct peer *p, size_t bytes); // the next letter asks for one
bool receipt_is_pending (const struct peer *p);
void receipt_ask (struct peer *p); // when all are taken; unless that was asked
void receipt_reset (struct peer *p);
void receipt_missing (struct peer *p); // letters may be lost: they are sent again
void receipt_link_lost (struct peer *p);
void receipt_asked (struct peer *p, uint32_t seq, const flux_msg_t *request, void *identity,
                    size_t identity_len); // takes identity over
void receipt_give (struct peer *p, const flux_msg_t *request, const void *identity, size_t len);
void receipt_taken (struct peer *p, const struct incoming *in);
void receipt_forget (struct asked *a);
/* Tell all members what was taken of theirs, before we leave. */
void receipt_tell_all (struct flux_group *g, double deadline);
void receipt_check (struct flux_tasks *t, double now);

/* recv.c */
void tasks_respond (struct flux_tasks *t, const flux_msg_t *request, int errnum, const void *data,
                    size_t len);
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
bool direct_is_up (const struct peer *p);
int direct_send (struct outgoing *o);
int direct_send_head (struct peer *p, const struct letter *l);
void direct_release (void *shared);
void direct_answer (struct flux_tasks *t, const void *identity, size_t identity_len,
                    const struct letter *l);
void direct_request (struct flux_tasks *t, const flux_msg_t *msg); // "<address>.link"
void direct_link_free (struct peer *p);
bool direct_progress (struct flux_tasks *t); // true when something came in
int direct_poll (struct flux_tasks *t, int fd, int timeout_ms);

#endif /* !FLUX_TASKS_PRIVATE_H */

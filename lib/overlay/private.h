/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of the overlay share: the two sides (children.c, parent.c) and what both need. Not
 * for use outside lib/overlay. */

#ifndef FLUX_OVERLAY_PRIVATE_H
#define FLUX_OVERLAY_PRIVATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

#include "lib/overlay/heal.h"
#include "lib/overlay/hello.h"
#include "lib/overlay/limits.h"
#include "lib/overlay/outq.h"
#include "lib/overlay/overlay.h"
#include "lib/overlay/probe.h"
#include "lib/overlay/prover.h"
#include "lib/overlay/reach.h"
#include "lib/overlay/replay.h"
#include "lib/overlay/wire.h"
#include "lib/overlay/zloop.h"

/* Control messages (RFC 3 leaves the numbers open; these are flux-core's). */
enum {
    CONTROL_HEARTBEAT = 0,  // both ways, when a link was idle; down with one of the next
    CONTROL_STATUS = 1,     // up: the subtree's status; OVERLAY_OFFLINE is the goodbye
    CONTROL_DISCONNECT = 2, // down: leave; status is one of the next
};
enum {
    HEARTBEAT_WELL = 0,
    HEARTBEAT_ORPHAN = 1, // the way to rank 0 is lost, here or above, and being looked for
};
enum {
    DISCONNECT_LEAVE = 0,   // for good: told by an operator, or the answer to a goodbye
    DISCONNECT_UNKNOWN = 1, // "I don't know you (any more)": say hello again
};

#define TOPIC_CHALLENGE "overlay.challenge"
#define TOPIC_HELLO "overlay.hello"
#define TOPIC_ROUTES "overlay.routes"       // up: {"add":set "starts":[i] "del":set}
#define TOPIC_ANCESTORS "overlay.ancestors" // down: {"ancestors":[...]}
#define TOPIC_ELSEWHERE "overlay.elsewhere" // down: {"ranks":set}, below you, have another parent

/* What passed on a link, and when last. */
struct traffic {
    uint64_t tx, rx;                 // messages
    uint64_t tx_batches, rx_batches; // what they went to and came from ZeroMQ in
    uint64_t tx_bytes, rx_bytes;
    double tx_last, rx_last;
};

/* What is remembered of a child whether it is there or not. */
struct record {
    uint32_t rank;
    int status;
    bool torpid;
    double since;
    char error[160];
    UT_hash_handle hh;
};

enum child_state {
    CHILD_NEW,        // a connection that has said nothing valid yet
    CHILD_CHALLENGED, // has our challenge
    CHILD_PROVING,    // its hello is being checked
    CHILD_WAITING,    // its hello is good, and we have no way to rank 0 (yet)
    CHILD_IN,
    CHILD_OUT, // refused, or no longer wanted; what it sends is not read
};

#define ROUTING_ID_MAX 16

struct child {
    enum child_state state;
    unsigned char id[ROUTING_ID_MAX]; // ZeroMQ's name for the connection
    size_t id_len;
    int fd; // of the connection, to be compared only; -1 when unknown
    uint64_t inode;
    char key[OVERLAY_KEY_SIZE]; // proven by CURVE, or "-"
    char challenge[65];
    const flux_msg_t *hello; // CHILD_PROVING, CHILD_WAITING
    struct overlay *ov;      // the same
    uint32_t rank;
    char uuid[OVERLAY_UUID_MAX + 1];
    double born;
    double kick_at; // CHILD_OUT
    bool doomed;    // CHILD_IN: to be dropped when the turn ends
    bool moved;     // CHILD_IN: it has another parent now
    char doom_reason[96];
    struct bundle out; // leaves before the loop waits; then it is on `unsent`
    struct child *prev_unsent, *next_unsent;
    struct outq q;
    struct traffic traffic;
    UT_hash_handle hh; // by id
    UT_hash_handle hh_uuid;
};

struct children {
    struct zsock *zs;
    struct zsock *zap;
    char *endpoint;
    bool curve;
    bool refuse;
    struct child *by_id;
    struct child *by_uuid; // CHILD_IN only
    struct child *unsent;
    struct record *records;
    struct reach *reach;
    struct replay *replay;
    int doomed;
    int pending; // not IN
    int queued;  // have something in q
    bool reach_dirty;
    ev_timer kick;
};

enum parent_state {
    PARENT_NONE,
    PARENT_WAIT, // for the next try
    PARENT_CHALLENGE,
    PARENT_PROVING, // our hello is being made
    PARENT_PROBE,   // the connect failed: why?
    PARENT_HELLO,
    PARENT_UP,
    PARENT_LEAVING, // goodbye said
    PARENT_GONE,    // for good
};

struct ancestor {
    uint32_t rank;
    char *uri;
    char *key;
};

struct parent {
    enum parent_state state;
    struct zsock *zs;
    int current; // candidate being tried, or our parent
    char uuid[OVERLAY_UUID_MAX + 1];
    struct ancestor *ancestors; // nearest first; the first is or was the parent
    int ancestor_count;
    struct heal heal;
    struct probe probe;
    bool ever_up;
    int root_refused;    // times in a row that rank 0's host said that nobody listens there
    double orphan_since; // told by the parent, or our own; 0: there is a way to rank 0
    int move;            // overlay_reparent: the first ancestor is to be the parent
    double patience;
    ev_timer timer;
    struct bundle out; // leaves before the loop waits
    struct outq q;
    struct traffic traffic;
    uint32_t last_event;
    uint32_t event_gap;
    uint64_t events_seen_twice;
};

struct overlay {
    struct ev_loop *loop;
    const struct overlay_ops *ops;
    void *arg;
    uint32_t rank;
    uint32_t size;
    char *uuid;
    char *hostname;
    char *instance;
    struct hello_auth auth;
    struct prover *prover; // NULL with size 1
    struct topology *topo;
    double torpid_min, torpid_max, tcp_user_timeout, connect_timeout, heal_timeout;
    size_t queue_max;
    int child_rcvhwm;
    bool zmqdebug;
    char public_key[OVERLAY_KEY_SIZE];
    char secret_key[OVERLAY_KEY_SIZE];
    struct zloop *zl; // NULL with size 1
    ev_timer tick;
    int status;
    int status_told;
    double status_since;
    uint64_t malformed; // messages dropped
    uint64_t misrouted; // responses that were not ours
    uint64_t refused;   // hellos
    double lost_timeout;
    ev_timer lost_timer;
    struct presence *presence; // by rank; NULL when nobody asks
    struct children children;
    struct parent parent;
};

/* overlay.c */
void ov_log (struct overlay *ov, int level, const char *fmt, ...)
    __attribute__ ((format (printf, 3, 4)));
void ov_trace (struct overlay *ov, const char *dir, uint32_t peer, const flux_msg_t *msg);
/* Log an event of a socket's monitor, when that is wanted. True when it is one of `events`. */
bool ov_monitored (struct overlay *ov, const char *side, int events, uint16_t event,
                   uint32_t value);
double ov_now (const struct overlay *ov);
flux_msg_t *ov_control (int type, int status);
flux_msg_t *ov_request (const char *topic, json_t *payload); // takes payload
/* Options that both sides' sockets have. */
int ov_socket_options (struct overlay *ov, struct zsock *zs, const char *uri);
/* A message that was received from a peer which is in: set its route, hand it to the router. */
void ov_deliver (struct overlay *ov, flux_msg_t *msg, uint32_t peer, const char *uuid,
                 bool from_parent);
bool ov_uri_is_ipc (const char *uri);

/* children.c */
int children_init (struct overlay *ov);
void children_fini (struct overlay *ov);
int children_bind (struct overlay *ov, const char *uri, flux_error_t *errp);
void children_turn (struct overlay *ov);
void children_tick (struct overlay *ov, double now);
int children_send (struct overlay *ov, struct child *c, const flux_msg_t *msg);
int children_flush_one (struct overlay *ov, struct child *c);
void children_flush (struct overlay *ov);
struct child *children_by_rank (const struct overlay *ov, uint32_t rank);
struct child *children_by_uuid (const struct overlay *ov, const char *uuid);
void children_doom (struct overlay *ov, struct child *c, const char *fmt, ...)
    __attribute__ ((format (printf, 3, 4)));
void children_moved (struct overlay *ov, struct child *c);
int children_bcast (struct overlay *ov, const flux_msg_t *msg);
void children_ready (struct zsock *zs, void *arg);                 // there may be input
void children_monitor (uint16_t event, uint32_t value, void *arg); // a connection closed
void children_free (struct overlay *ov, struct child *c);          // the connection is no more
void children_down (struct overlay *ov, struct child *c, bool lost, const char *reason);
uint64_t children_fd_inode (int fd); // 0: it is closed

/* admit.c: the hello seen from the parent. */
void admit_message (struct overlay *ov, struct child *c, const flux_msg_t *msg);
void admit_waiting (struct overlay *ov); // there is a way to rank 0 now, or nobody is let in
void children_out (struct overlay *ov, struct child *c);
void children_drop_lost (struct overlay *ov, struct child *c, const char *reason);
struct child *children_sync (struct overlay *ov, struct child *c); // NULL: gone meanwhile

/* parent.c */
int parent_init (struct overlay *ov);
void parent_fini (struct overlay *ov);
int parent_send (struct overlay *ov, const flux_msg_t *msg);
void parent_flush (struct overlay *ov);
void parent_turn (struct overlay *ov);
void parent_tick (struct overlay *ov, double now);
json_t *parent_ancestors (const struct overlay *ov);
void parent_lost (struct overlay *ov, const char *reason);
void parent_final (struct overlay *ov, int errnum, const char *reason);
void parent_failed (struct overlay *ov, int errnum, const char *reason, bool refused);
void parent_next_try (struct overlay *ov, int errnum, const char *reason);
void parent_set_timer (struct overlay *ov, double after);
void parent_ready (struct zsock *zs, void *arg); // there may be input
void parent_send_routes (struct overlay *ov);
int parent_write (struct overlay *ov, const flux_msg_t *msg);
void parent_orphan (struct overlay *ov, bool orphan); // note it, and tell the children

/* join.c: the hello seen from the child. */
int join_start (struct overlay *ov);
void join_message (struct overlay *ov, const flux_msg_t *msg);
void join_ancestors (struct overlay *ov, const json_t *list);

/* presence.c */
int presence_init (struct overlay *ov);
int presence_grow (struct overlay *ov, uint32_t size); // before ov->size changes
void presence_fini (struct overlay *ov);
void presence_turn (struct overlay *ov);

/* zap.c */
struct zsock *zap_create (struct zloop *zl);

/* health.c */
struct record *record_get (struct overlay *ov, uint32_t rank); // made when new; NULL: no memory
void record_set (struct overlay *ov, uint32_t rank, int status, const char *error);
void record_forget (struct overlay *ov, uint32_t rank);
void record_torpid (struct overlay *ov, uint32_t rank, bool torpid);
void health_turn (struct overlay *ov);
/* A broker that is in at another place is no lost or missing child here. */
void health_elsewhere (struct overlay *ov, const json_t *ranks);
void health_prune (struct overlay *ov);

#endif /* !FLUX_OVERLAY_PRIVATE_H */

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The overlay: the broker's links to its parent and children in the tree (TBON). It carries RFC 3
 * messages over ZeroMQ with CURVE, lets nobody in without a proven hello, notices who is lost and
 * finds a new parent when the old one is gone. It knows no services; the router stands on it.
 *
 * One object per broker on the broker's libev loop; all calls from the loop's thread; every
 * callback comes from the loop, none from within a call of this API. An instance of size 1 makes no
 * ZeroMQ context at all.
 *
 * Life:  create; bind (when overlay_has_children()); the endpoint goes to bootstrap; connect_parent
 * (rank > 0); traffic; overlay_goodbye (); destroy.
 *
 * Routes (RFC 3). Both pushing and popping is done on the receiving side, where the message is
 * nobody else's yet, so that a const message can be sent on as it is:
 *   request received:   the peer's uuid is pushed. A forged stack is no use to a peer: its own
 *                       proven uuid comes on top.
 *   response received:  the last route must be our own uuid (EPROTO otherwise, counted and dropped)
 *                       and is popped; what is then last is the next hop: a peer (overlay_respond),
 *                       a local client, or nothing when it is for this broker.
 * A request that this broker itself starts therefore leaves with an enabled, empty stack.
 *
 * What a peer sends loses FLUX_ROLE_LOCAL (RFC 12). */

#ifndef FLUX_OVERLAY_OVERLAY_H
#define FLUX_OVERLAY_OVERLAY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ev.h>
#include <flux/message.h>
#include <flux/types.h>

#include "lib/overlay/topology.h"

#define OVERLAY_TOKEN_SIZE 32
#define OVERLAY_KEY_SIZE 41 // Z85 text of a CURVE key with its NUL

struct overlay;

/* Status of a subtree, named as flux-core shows it. */
enum overlay_status {
    OVERLAY_UNKNOWN = 0,
    OVERLAY_FULL = 1,     // online, and so is everybody below
    OVERLAY_PARTIAL = 2,  // online, somebody below is offline
    OVERLAY_DEGRADED = 3, // online, somebody below was lost
    OVERLAY_LOST = 4,     // went away without goodbye
    OVERLAY_OFFLINE = 5,  // not yet there, or left in order
};
const char *overlay_status_str (int status);

enum overlay_rank_state {
    OVERLAY_RANK_ONLINE,
    OVERLAY_RANK_OFFLINE,
    OVERLAY_RANK_LOST,
};

/* How a hello is proven. */
enum overlay_auth {
    OVERLAY_AUTH_MUNGE, // credential of the owner's uid
    OVERLAY_AUTH_TOKEN, // HMAC-SHA256 with the instance's token (one host, no munge)
};

struct overlay_ops {
    /* A message of a peer. peer is its rank, from_parent says which side it is on. The message is
     * the callee's only during the call, which may change it (routes); flux_msg_incref() what must
     * live longer. Control messages and the hello are not seen here; events of children are dropped
     * (RFC 3). */
    void (*recv) (struct overlay *ov, flux_msg_t *msg, uint32_t peer, bool from_parent, void *arg);

    /* A child was let in. It may be one which is not a direct child in the topology (adopted). */
    void (*peer_up) (struct overlay *ov, uint32_t rank, const char *uuid, void *arg);

    /* A child is gone, once for each peer_up. Whatever was asked of or through it will not be
     * answered: fail it with EHOSTUNREACH. `lost` is false after its goodbye. */
    void (*peer_down) (struct overlay *ov, uint32_t rank, const char *uuid, bool lost,
                       const char *reason, void *arg);

    /* The parent let us in. It is called again after healing, perhaps with another rank. */
    void (*parent_up) (struct overlay *ov, uint32_t rank, const char *uuid, void *arg);

    /* The link to the parent is gone. Requests that went up will not be answered: fail them with
     * EHOSTUNREACH. final is false while the overlay looks for another parent (parent_up or a final
     * parent_down follows within conf.heal_timeout); what is sent up meanwhile waits. final is true
     * when this broker will have no parent: refused, told to disconnect, said goodbye (errnum 0),
     * or nobody found. It also comes, without parent_up before it, when the first connect fails. */
    void (*parent_down) (struct overlay *ov, bool final, int errnum, const char *reason, void *arg);

    /* The subtree status of a child changed, or it became torpid (silent for long) or is so no
     * more. May be NULL. */
    void (*status) (struct overlay *ov, uint32_t rank, int status, bool torpid, void *arg);

    /* A rank below came or went, however far below. LOST follows OFFLINE after conf.lost_timeout,
     * also when it said goodbye; until then it may be on its way to another parent. At the end of a
     * turn. Costs 16 bytes per rank; for rank 0, others leave it NULL. */
    void (*rank_state) (struct overlay *ov, uint32_t rank, enum overlay_rank_state state,
                        void *arg);

    /* The set of ranks that are reached through this broker's children changed; see
     * overlay_online(). At most once per turn of the loop. May be NULL. */
    void (*online) (struct overlay *ov, void *arg);

    /* For operators (RFC-style severity: 3 error, 4 warning, 6 info, 7 debug). May be NULL. */
    void (*log) (struct overlay *ov, int level, const char *text, void *arg);

    /* Every message that is sent ("tx") or received ("rx"), control ones too. May be NULL. */
    void (*trace) (struct overlay *ov, const char *dir, uint32_t peer, const flux_msg_t *msg,
                   void *arg);
};

/* Strings are copied. What is 0 or NULL gets its default [in brackets]; times are in seconds, below
 * 0 turns the thing off. */
struct overlay_conf {
    struct ev_loop *loop;
    uint32_t rank;
    uint32_t size;
    const char *topology; // see topology.h [kary:32]
    const int *parents;   // for topology custom
    const char *uuid;     // 36 characters; unique for each start of a broker
    const char *hostname; // [gethostname]
    const char *instance; // what the hello is bound to: job id, or a random id; same on all ranks
    enum overlay_auth auth;
    const unsigned char *token; // OVERLAY_TOKEN_SIZE bytes, for OVERLAY_AUTH_TOKEN; copied, burnt
    const char *munge_socket;   // [munge's own]
    double torpid_min;          // tbon.torpid_min: idle this long, send a heartbeat [5]
    double torpid_max;          // tbon.torpid_max: child silent this long is torpid [30]
    double tcp_user_timeout;    // tbon.tcp_user_timeout: data unacknowledged, link is lost [20]
    double connect_timeout;     // tbon.connect_timeout: connect and hello, one attempt [30]
    double heal_timeout;        // look this long for a new parent [30; below 0: never]; less when
                                // nobody listens any more where rank 0 was
    double lost_timeout;        // out of reach this long: lost [5]
    size_t queue_max; // bytes waiting for a peer that doesn't read; past it it is lost [256 MiB]
    int child_rcvhwm; // tbon.child_rcvhwm: messages libzmq stores per child [1000]
    int io_threads;   // tbon.zmq_io_threads [1]
    bool zmqdebug;    // tbon.zmqdebug: log what happens to connections
};

/* ops is not copied and must outlive the overlay. */
struct overlay *overlay_create (const struct overlay_conf *conf, const struct overlay_ops *ops,
                                void *arg, flux_error_t *errp);

/* Closes all links at once (see overlay_goodbye for the polite way) and burns the keys. */
void overlay_destroy (struct overlay *ov);

/* The instance has more ranks from now on, at its end. A broker that had no other may have to bind
 * then. EINVAL with a sentence: the topology would place a rank that is there elsewhere. */
int overlay_grow (struct overlay *ov, uint32_t size, flux_error_t *errp);

/* Listen for children. uri: "tcp://ADDR:*" (CURVE) or "ipc:///path" (no CURVE; refused unless the
 * folder is the caller's and 0700). A broker without children in the topology need not bind. */
int overlay_bind (struct overlay *ov, const char *uri, flux_error_t *errp);

/* What a child needs to know of us: the endpoint after bind (real port; NULL before), and our Z85
 * public key (NULL with size 1). */
const char *overlay_endpoint (const struct overlay *ov);
const char *overlay_pubkey (const struct overlay *ov);

/* What the hello is bound to and proven with, where that is known only after bind (the wire-up
 * gives both): before overlay_connect_parent(), and before the first child can connect. token may
 * be NULL with OVERLAY_AUTH_MUNGE. ENOMEM. */
int overlay_set_instance (struct overlay *ov, const char *instance, const unsigned char *token);

/* An address of this host for tcp:// by flux-core's tbon.interface-hint: "default-route" (also
 * NULL), "hostname", the name of an interface, or a network as a.b.c.d/len. */
int overlay_interface_addr (const char *hint, char *buf, size_t size, flux_error_t *errp);

/* Connect to the parent. parent_pubkey is ignored with ipc. Returns at once; parent_up or
 * parent_down tell. Rank and parent must fit the topology: the parent is an ancestor. */
int overlay_connect_parent (struct overlay *ov, uint32_t parent_rank, const char *uri,
                            const char *parent_pubkey, flux_error_t *errp);

/* Leave the present parent, if any, and go to this one. parent_down (final false) comes first when
 * there was one. */
int overlay_reparent (struct overlay *ov, uint32_t parent_rank, const char *uri,
                      const char *parent_pubkey, flux_error_t *errp);

/* Leave in order: the parent is told and answers, then parent_down comes with errnum 0. At once,
 * from the next turn, when there is no parent. */
int overlay_goodbye (struct overlay *ov);

/* No new child is let in from now on (shutdown). */
void overlay_refuse_children (struct overlay *ov);

/* Send. The message is not changed and may be freed after. 0, or -1 with
 *   EHOSTUNREACH  no such peer
 *   EMSGSIZE      above CODEC_MESSAGE_MAX
 *   ENOBUFS       the peer does not read; the link was just given up (peer_down follows)
 * Order between two brokers is kept. */
int overlay_send_parent (struct overlay *ov, const flux_msg_t *msg);
int overlay_send_child (struct overlay *ov, uint32_t rank, const flux_msg_t *msg);

/* Send a response to the peer whose uuid is its last route. EHOSTUNREACH when that is no peer
 * (now): look among the local clients, or drop it, the asker has been told. */
int overlay_respond (struct overlay *ov, const flux_msg_t *response);

/* Send to all children that are in. Encoded once. Events with a sequence number are remembered (see
 * below). Returns the number of children. */
int overlay_bcast (struct overlay *ov, const flux_msg_t *msg);

/* The peer to hand a message for rank dst to. overlay_child_route: the child through which dst is
 * reached now, adopted and displaced ones included, or -1 with EHOSTUNREACH. A request for another
 * rank goes to its child route; without one, up; but EHOSTUNREACH at rank 0 and when it came from
 * the parent (else it could go in a circle). */
int overlay_child_route (const struct overlay *ov, uint32_t dst);

/* The parent's rank while the link is up, or -1. */
int overlay_parent (const struct overlay *ov);
bool overlay_has_children (const struct overlay *ov); // in the topology

/* Is this rank reached through a child of ours (or ourselves) now; how many are, with us. */
bool overlay_online (const struct overlay *ov, uint32_t rank);
int overlay_online_count (const struct overlay *ov);

/* uuid of the peer (parent or child) with this rank, or NULL; its rank, or -1. */
const char *overlay_peer_uuid (const struct overlay *ov, uint32_t rank);
int overlay_peer_rank (const struct overlay *ov, const char *uuid);

/* Events and healing: who changes its parent misses no event. Brokers keep the last events that
 * passed through overlay_bcast() (bounded; see limits.h); a child tells in its hello the sequence
 * number of the last event it got and is sent what follows, before anything else. When that is no
 * longer kept, or it got none, it starts with the next one; `overlay_event_gap` tells how many a
 * re-attached broker missed since it was last asked (0 is the normal case). */
uint32_t overlay_event_gap (struct overlay *ov);

/* Force a child out (flux overlay disconnect). ENOENT when it is not in. */
int overlay_disconnect_child (struct overlay *ov, uint32_t rank, const char *reason);

/* As flux-core's overlay.health: {"rank":i "status":s "duration":f "children":[{"rank" "status"
 * "duration" ["error"]}]}, and as its overlay.stats-get with bytes and messages per peer added. */
json_t *overlay_health (const struct overlay *ov);
json_t *overlay_stats (const struct overlay *ov);
int overlay_get_status (const struct overlay *ov);
/* Change the two while running; values as in the conf. */
void overlay_set_torpid (struct overlay *ov, double torpid_min, double torpid_max);
bool overlay_child_torpid (const struct overlay *ov, uint32_t rank);

const struct topology *overlay_topology (const struct overlay *ov);

#endif /* !FLUX_OVERLAY_OVERLAY_H */

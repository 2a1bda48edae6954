/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of the KVS service share.
 *
 *   kvs.c         life of the service
 *   kvs_service.c its table of requests, and those that are short
 *   ns.c          namespaces: versions, the commit at the end of a turn, who waits for it
 *   follow.c      ranks above 0: roots learnt from rank 0, and for how long they hold
 *   lookup.c      reading, with waiting for blobs where they are not here; lookup_service.c the
 *                 requests for it
 *   commit.c      changes that come as requests; fence.c those of several clients at once
 *   watch.c       who is told when a key changes, with watch_list.c and watch_give.c
 *   watch_service.c  the requests kvs-watch.*
 *   gc.c          garbage collection on demand
 *   local.c       the way in for services of rank 0 */

#ifndef FLUX_SERVICE_KVS_PRIVATE_H
#define FLUX_SERVICE_KVS_PRIVATE_H

#include <jansson.h>
#include <uthash.h>
#include <flux/message.h>
#include "shell/broker/router.h"
#include "shell/service/kvs/content.h"
#include "shell/service/kvs/kvs.h"
#include "shell/service/kvs/tree.h"
#include "shell/service/kvs/txn.h"

/* Flags of lookups and of commits, as flux-core's clients send them. */
enum {
    KVS_READDIR = 1,
    KVS_READLINK = 2,
    KVS_WATCH = 4,
    KVS_WAITCREATE = 8,
    KVS_TREEOBJ = 16,
    KVS_APPEND = 32,
    KVS_WATCH_FULL = 64,
    KVS_WATCH_UNIQ = 128,
    KVS_WATCH_APPEND = 256,
    KVS_STREAM = 512,
    KVS_SENTINEL = 1024,
};
enum {
    KVS_NO_MERGE = 1,
    KVS_TXN_COMPACT = 2,
    KVS_SYNC = 4,
};

enum {
    KVS_LEASE = 60,       // seconds a follower may trust its root without asking
    KVS_LEASE_SLACK = 15, // rank 0 goes on telling for so much longer
    KVS_CHECKPOINT_PERIOD = 2,
};

/* A request that waits for a version, or somebody in this process (msg is NULL). */
struct waiter {
    const flux_msg_t *msg;
    kvs_synced_f cb;
    void *arg;
    int seq;
    bool sync; // also for the checkpoint behind it
    struct waiter *next, *prev;
};

/* A request that waits for its namespace to become known on this rank. */
struct retry {
    const flux_msg_t *msg;
    handler_f handler;
    void (*cb) (void *arg, int errnum); // or this
    void *arg;
    struct retry *next;
};

struct wkey; // watchers of one key
struct watcher;

struct ns {
    struct kvs *kvs;
    char *name;
    uint32_t owner;
    int flags;
    struct tree tree;
    int seq;
    struct waiter *commits;  // rank 0: answered with this turn's commit
    struct waiter *versions; // wait-version
    struct wkey *wkeys;      // uthash by key
    struct watcher *full;    // those that look at every version
    struct wkey *fired;      // keys written since the last commit
    bool changed;            // rank 0: since the last commit

    /* rank 0: telling the followers */
    double told_until; // monotonic; somebody follows until then
    double next_tell;
    json_t *keys; // written since they were told
    bool all_keys;
    bool tell_due;
    ev_timer tell_timer;

    /* ranks above 0 */
    double lease; // monotonic end of trust in seq and root

    bool gone; // removed; freed when nobody is looking at it
    struct ns *next_gone;
    UT_hash_handle hh;
};

/* An unfinished question to rank 0 about a namespace. */
struct follow {
    struct kvs *kvs;
    char *name;
    double begun;
    uint32_t rpc;
    struct retry *retries;
    UT_hash_handle hh;
};

struct kvs {
    struct router *rt;
    struct content *content;
    struct forest forest;
    uint32_t rank;
    bool restored, dying;
    bool sync_commits;     // commits are answered when they are on the disk
    struct ns *namespaces; // uthash by name
    struct ns *primary;
    struct ns *gone;
    bool turn_end_set;
    struct follow *follows; // uthash by name
    struct lookup *lookups; // under way
    struct fence *fences;
    struct relay *relays;
    bool (*guest_runs) (uint64_t id, void *arg); // rank 0
    void *guest_arg;
    ev_timer timer; // rank 0: checkpoints; others: leases of who waits
    int last_checkpoint_seq;
    ev_timer gc_timer; // rank 0: kvs.gc-interval
    int last_gc_seq;

    /* watch.c */
    struct wsender *senders;
    struct watcher *watchers; // all of them
    struct watcher *orphans;  // their namespace does not exist
    struct watcher *dead;     // to be freed
    size_t nwatchers;
    int walking;

    struct {
        unsigned long commits, ops, faults, noops, events;
    } stats;
};

/* ---- ns.c */
struct ns *ns_find (struct kvs *kvs, const char *name);
struct ns *ns_create (struct kvs *kvs, const char *name, uint32_t owner, int flags,
                      const uint8_t *digest, int seq);
void ns_destroy (struct ns *ns, int errnum);
void ns_bury (struct kvs *kvs); // free what is gone

/* Rank 0: a key was written; the commit comes at the turn's end. */
void ns_wrote (struct ns *ns, const char *key);
void ns_wrote_end (struct ns *ns);
void ns_commit (struct ns *ns);

/* Rank 0: the blobref of what is there now, which is made a version if it is none yet. */
int ns_root (struct ns *ns, char ref[BLOBREF_MAX]);

/* A version is there: answer who waited for it, run watchers. */
void ns_new_version (struct ns *ns);
int ns_wait_version (struct ns *ns, const flux_msg_t *msg, int seq);
void ns_disconnect (struct ns *ns, const flux_msg_t *msg);
void ns_publish (struct kvs *kvs, const char *ns, const char *what, json_t *o);
void ns_tell_cb (struct ev_loop *loop, ev_timer *w, int revents);

/* 0, or -1 with EPERM. */
int ns_authorize (const struct ns *ns, const flux_msg_t *msg);

/* ---- follow.c. A namespace, fresh enough to read: NULL with EAGAIN (asked for; ns_retry()), or
 * ENOTSUP. On rank 0 simply ns_find(). */
struct ns *follow_get (struct kvs *kvs, const char *name);
int follow_retry (struct kvs *kvs, const char *name, const flux_msg_t *msg, handler_f handler);
int follow_retry_cb (struct kvs *kvs, const char *name, void (*cb) (void *, int), void *arg);
void follow_retry_cancel (struct kvs *kvs, void *arg);
void follow_advance (struct ns *ns, const char *rootref, int seq);
void follow_events (struct router *rt, const flux_msg_t *msg, void *arg);
void follow_request (struct router *rt, const flux_msg_t *msg, void *arg); // rank 0
void follow_renew (struct kvs *kvs);
void follow_clear (struct kvs *kvs);

/* ---- lookup.c */
struct lookup {
    struct kvs *kvs;
    char *key;
    int flags;
    char *ns;       // or NULL:
    struct tree at; // a snapshot
    struct flux_msg_cred cred;
    bool (*done) (struct lookup *lu, struct walk *w, struct node *n, int errnum);
    void *arg;
    int seq; // of the namespace when it was read
    struct walk walk;
    struct buf held; // digests
    unsigned waiting;
    int load_errnum;
    bool follow_wait;
    struct lookup *next, *prev;
};

/* Begin a lookup, which may end before this returns. done gets the node or an errnum; it may return
 * false with errno EAGAIN if reading the node found blobs lacking, and is then called again. After
 * it returned true the lookup is gone. */
struct lookup *lookup_create (struct kvs *kvs, const char *ns, const uint8_t *rootdigest,
                              const char *key, int flags, struct flux_msg_cred cred);
void lookup_run (struct lookup *lu);
void lookup_destroy (struct lookup *lu);

/* Append what the client gets for a node. -1 with errno; EAGAIN as in tree.h. */
int lookup_append (struct walk *w, struct node *n, int flags, struct buf *b);

void lookup_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void lookup_plus_cb (struct router *rt, const flux_msg_t *msg, void *arg);

/* ---- commit.c */
void commit_cb (struct router *rt, const flux_msg_t *msg, void *arg);
int commit_apply (struct ns *ns, json_t *ops, const struct large *large, const flux_msg_t *msg,
                  flux_error_t *errp);
int commit_check_flags (const struct ns *ns, int flags);
void commit_answer (struct kvs *kvs, struct waiter *w, const char *rootref, int seq);
void commit_waiter_fail (struct router *rt, struct waiter *w, int errnum);
void commit_clear (struct kvs *kvs);
int relay_to_root (struct kvs *kvs, const flux_msg_t *msg, const char *topic, const char *ns);

/* ---- fence.c */
void fence_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void fence_clear (struct kvs *kvs);

/* ---- watch.c */
struct watcher *watch_create (struct kvs *kvs, const char *ns, const char *key, int flags);
int watch_set_request (struct watcher *w, const flux_msg_t *msg);
void watch_set_local (struct watcher *w, kvs_local_watch_f cb, void *arg);
void watch_start (struct watcher *w);
int watch_start_at_turn_end (struct watcher *w);
void watch_end (struct watcher *w);
void watch_wrote (struct ns *ns, const char *key);
void watch_all_keys (struct ns *ns);
void watch_run (struct ns *ns);
void watch_ns_created (struct kvs *kvs);
void watch_ns_gone (struct ns *ns, int errnum);
void watch_clear (struct kvs *kvs);
bool watch_any (const struct ns *ns);
void watch_cancel (struct kvs *kvs, const flux_msg_t *msg, bool disconnect);
size_t watch_count (const struct ns *ns);

/* ---- gc.c */
void gc_cb (struct router *rt, const flux_msg_t *msg, void *arg);

/* ---- watch_service.c */
extern const struct handler_row watch_rows[];
void watch_cb (struct router *rt, const flux_msg_t *msg, void *arg);

/* ---- guest.c: the same requests, also to the name space of a job */
bool guest_ns (const char *ns);
void guest_lookup_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void guest_lookup_plus_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void guest_watch_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void guest_commit_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void guest_fence_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void guest_getroot_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void guest_wait_version_cb (struct router *rt, const flux_msg_t *msg, void *arg);

/* ---- kvs_service.c */
extern const struct handler_row kvs_rows[];
void getroot_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void wait_version_cb (struct router *rt, const flux_msg_t *msg, void *arg);
int kvs_ns_create (struct kvs *kvs, const char *name, uint32_t owner, int flags,
                   const uint8_t *digest);
int kvs_ns_remove (struct kvs *kvs, const char *name);

#endif /* !FLUX_SERVICE_KVS_PRIVATE_H */

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of the watchers share. */

#ifndef FLUX_SERVICE_KVS_WATCH_PRIVATE_H
#define FLUX_SERVICE_KVS_WATCH_PRIVATE_H

#include "shell/service/kvs/kvs_private.h"

enum { WATCH_TAIL = 32 };

struct watcher {
    struct kvs *kvs;
    struct ns *ns; // NULL: not known to exist
    char *nsname, *key;
    int flags;
    const flux_msg_t *msg; // who asked, or
    kvs_local_watch_f cb;  // a service here
    void *arg;
    struct wkey *wkey;
    struct wsender *sender;
    struct lookup *lu; // under way
    bool again, responded, sentinel_sent, dead, following, orphan, starting;
    size_t offset; // bytes given away
    char tail[WATCH_TAIL];
    uint8_t seen[DIGEST_MAX];      // what was given away, for full and uniq
    struct watcher *prev, *next;   // of the service
    struct watcher *kprev, *knext; // of the key, the namespace's full ones, or the orphans
    struct watcher *sprev, *snext; // of the sender
    struct watcher *dnext;         // of the dead
};

struct wkey {
    char *key;
    struct watcher *list;
    bool fired;
    struct wkey *next_fired;
    UT_hash_handle hh;
};

/* All watchers of one client. */
struct wsender {
    char *id;
    size_t count;
    struct watcher *list;
    UT_hash_handle hh;
};

/* watch_list.c */
int watch_attach (struct watcher *w, struct ns *ns);
void watch_detach (struct watcher *w);
void watch_destroy (struct watcher *w);
void watch_sweep_cb (struct router *rt, void *arg); // free the dead

/* watch_give.c. The last of them: true when done, false with errno when reading needs more blobs
 * (EAGAIN) or failed. watch_fail() ends the watcher. */
void watch_fail (struct watcher *w, int errnum, const char *text);
void watch_sentinel (struct watcher *w);
bool watch_give (struct watcher *w, struct walk *walk, struct node *n);

#endif /* !FLUX_SERVICE_KVS_WATCH_PRIVATE_H */

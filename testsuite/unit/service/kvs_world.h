/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The content and KVS services of three brokers in one process: a chain 0 - 1 - 2 whose links are
 * function calls. Requests go in as a broker's own calls. */

#ifndef FLUX_UNIT_KVS_WORLD_H
#define FLUX_UNIT_KVS_WORLD_H

#include <ev.h>
#include <flux/message.h>
#include <flux/rpc.h>
#include "shell/broker/router.h"
#include "shell/service/kvs/content.h"
#include "shell/service/kvs/kvs.h"

enum { SIZE = 3 };

struct broker {
    struct world *w;
    uint32_t rank;
    char uuid[16];
    struct router *rt;
    struct content *content;
    struct kvs *kvs;
};

struct world {
    struct flight *flights;
    struct ev_loop *loop;
    struct broker b[SIZE];
    char dir[32];
    size_t gc_min;
    unsigned setroots; // events seen by rank 0's subscriber
    int nlisted;
    int guest_answers, guest_errnum; // what a guest's requests were answered with
};

struct call {
    struct broker *b;
    uint32_t tag;
    int count; // answers
    int errnum;
    char *text; // of the last good answer
    size_t len;
    size_t total; // bytes of all values
};

/* A world with a folder of its own, as setup and teardown of a case. */
int kvs_world_setup (void **state);
int kvs_world_teardown (void **state);
#define KVS_CASE(f) cmocka_unit_test_setup_teardown (f, kvs_world_setup, kvs_world_teardown)

/* One whose w->dir is made, with a state folder (NULL: none). */
void kvs_world_start (struct world *w, const char *statedir);
void kvs_world_stop (struct world *w);

/* Let the brokers work: all that is on its way, until n answers came, until commits are known. */
void turn (struct world *w);
void run (struct world *w, struct call *c, int n);
void settle (struct world *w);

/* A request of a broker, and its first answer. */
void call (struct world *w, int rank, struct call *c, const char *topic, const char *payload);
void call_clear (struct call *c);
void answer (struct router *rt, const flux_msg_t *msg, void *arg);

/* One value (base64) in a commit; a lookup; a lookup that has to give b64, or ENOENT (NULL); the
 * beginning of a watch. */
void put (struct world *w, int rank, const char *ns, const char *key, const char *b64, int flags);
void get (struct world *w, int rank, const char *ns, const char *key, int flags, struct call *c);
void expect (struct world *w, int rank, const char *key, const char *b64);
void watch (struct world *w, int rank, const char *key, int flags, struct call *c);

#endif /* !FLUX_UNIT_KVS_WORLD_H */

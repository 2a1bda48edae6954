/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Overlays of several ranks in one process and one loop, each with its own ZeroMQ context, over
 * loopback. What their callbacks hear is kept for the tests. */

#ifndef FLUX_UNIT_TREE_H
#define FLUX_UNIT_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <ev.h>
#include <flux/message.h>

#include "lib/overlay/overlay.h"

#define TREE_MAX 32

struct tree;

struct node {
    struct tree *tree;
    struct overlay *ov;
    uint32_t rank;
    char uuid[64];
    char endpoint[256];
    char key[OVERLAY_KEY_SIZE];
    int received[16]; // by message type
    int peer_up, peer_down, peer_lost;
    int parent_up, parent_down, parent_final;
    char states[256]; // "+3 -3 !3 ": rank 3 online, offline, lost
    int errnum;       // of the last parent_down
    char reason[256]; // of the last peer_down or parent_down
    char down_uuid[64];
    uint32_t last_seq;
    int seq_errors;
    int next; // number of the next message in order
    int order_errors;
    flux_msg_t *last; // last message received
    bool (*recv) (struct node *n, flux_msg_t *msg, uint32_t peer, bool from_parent);
};

struct tree {
    struct ev_loop *loop;
    struct node node[TREE_MAX];
    uint32_t size;
    const char *topology;
    struct overlay_conf conf; // what the test wants set; the rest is filled in
    bool ipc;
    char dir[64];
    unsigned char token[OVERLAY_TOKEN_SIZE];
    bool verbose;
};

/* Timers are short unless the test sets them. */
void tree_init (struct tree *t, uint32_t size, const char *topology);
void tree_fini (struct tree *t);

/* Create and bind rank r; connect it to `parent`. */
void node_create (struct tree *t, uint32_t r);
void node_create_in (struct tree *t, uint32_t slot, uint32_t r); // as node[slot]
void node_connect (struct tree *t, uint32_t slot, uint32_t parent);
void node_destroy (struct node *n); // as if it were killed

/* All of it, each with its regular parent, and wait until all are up. */
void tree_start (struct tree *t);

/* Run the loop until cond holds; false after `timeout` seconds. */
bool tree_run (struct tree *t, bool (*cond) (struct tree *t, void *arg), void *arg, double timeout);
void tree_run_for (struct tree *t, double seconds); // to see that nothing happens

/* Run until an expression holds, which must be within 10 s. */
void tree_turn (struct tree *t); // at most 25 ms
#define TREE_UNTIL(t, cond)                                                                        \
    for (int turns_ = 0; !(cond); turns_++) {                                                      \
        assert_true (turns_ < 400);                                                                \
        tree_turn (t);                                                                             \
    }

/* The same with an int that must reach a value. */
bool tree_wait_int (struct tree *t, const int *val, int want, double timeout);

/* A request to `rank` with {"n":n}; an event. The caller owns it. */
flux_msg_t *make_request (uint32_t nodeid, int n);
flux_msg_t *make_event (uint32_t seq);

#endif /* !FLUX_UNIT_TREE_H */

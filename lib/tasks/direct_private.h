/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Between direct.c, which makes links, and direct_server.c, which others link to. */

#ifndef FLUX_TASKS_DIRECT_PRIVATE_H
#define FLUX_TASKS_DIRECT_PRIVATE_H

#include <zmq.h>

#include "lib/overlay/overlay.h"
#include "lib/tasks/private.h"

#define KEY_SIZE OVERLAY_KEY_SIZE

enum link_state {
    LINK_ASKING,     // for endpoint and key
    LINK_CONNECTING, // until the hello comes back
    LINK_READY,
    LINK_FAILED,
};

struct direct_link {
    struct peer *peer;
    enum link_state state;
    double since;
    void *sock;
    void *monitor;
    bool news, monitor_news; // they may have something
    uint32_t matchtag;
    struct direct_link *prev, *next;
};

/* Of a task that may connect. */
struct allowed {
    char key[KEY_SIZE];
    UT_hash_handle hh;
};

struct direct {
    struct flux_tasks *tasks;
    void *zmq;
    char public_key[KEY_SIZE], secret_key[KEY_SIZE]; // for both sides
    void *server, *zap;
    bool server_news, zap_news;
    char endpoint[128];
    struct allowed *allowed;
    struct direct_link *links;
    unsigned int last_monitor;
};

/* Made when it is first asked for. */
struct direct *direct_get (struct flux_tasks *t);

/* What all sockets have. */
int direct_set_int (void *sock, int option, int value);
int direct_set_str (void *sock, int option, const char *value);
int direct_set_options (struct direct *d, void *sock);
void direct_watch (struct direct *d, void *sock);

int direct_send_part (void *sock, const void *data, size_t len, int flags);
int direct_send_letter (void *sock, const struct letter *l);

/* Receive a message of at most max parts; returns how many, or 0. The caller closes them. */
int direct_recv_parts (void *sock, zmq_msg_t *parts, int max);
void direct_close_parts (zmq_msg_t *parts, int n);
int direct_decode_part (zmq_msg_t *part, struct letter *l);

/* direct_link.c: true when something came in. */
bool direct_link_progress (struct direct_link *k);

/* direct_server.c: true when something came in. */
bool direct_zap_progress (struct direct *d);
bool direct_server_progress (struct direct *d);
/* Nothing is read while more than enough waits to be taken. */
bool direct_has_room (const struct direct *d);

#endif /* !FLUX_TASKS_DIRECT_PRIVATE_H */

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What dispatch.c (messages to handlers) and msg_handler.c (handlers) share. */

#ifndef FLUX_CLIENT_DISPATCH_STRUCT_H
#define FLUX_CLIENT_DISPATCH_STRUCT_H

#include <stdbool.h>
#include <uthash.h>
#include <flux/msg_handler.h>
#include <flux/watcher.h>

#include "lib/client/dispatch.h"

/* Handlers for one exact request topic, the youngest first. */
struct topic {
    UT_hash_handle hh;
    flux_msg_handler_t *handlers;
    char name[];
};

struct dispatch {
    flux_t *h; // NULL once the handle is closed
    int refcount;
    int held;
    flux_watcher_t *w;
    struct topic *topics;
    flux_msg_handler_t *others;     // globs and events, the youngest first
    struct flux_msglist *unmatched; // of a clone
    int depth;                      // of calls to handlers
    flux_msg_handler_t *dead;       // to be freed when depth is 0
};

struct flux_msg_handler {
    flux_msg_handler_t *prev;
    flux_msg_handler_t *next;
    struct dispatch *d;
    struct topic *topic; // or in `others`
    struct flux_match match;
    uint32_t rolemask;
    flux_msg_handler_f cb;
    void *arg;
    bool running;
    bool destroyed;
};

/* The dispatch of a handle, created when first asked for. The caller has no reference yet. */
struct dispatch *dispatch_get (flux_t *h);
void dispatch_decref (struct dispatch *d);

/* Count those who want messages read. */
void dispatch_want (struct dispatch *d);
void dispatch_unwant (struct dispatch *d);

/* Free the handlers that were destroyed, unless a handler is being called. */
void dispatch_bury (struct dispatch *d);

#endif /* !FLUX_CLIENT_DISPATCH_STRUCT_H */

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What a handle is, for the files that make it up: handle.c, handle_io.c, handle_poll.c. */

#ifndef FLUX_CLIENT_HANDLE_STRUCT_H
#define FLUX_CLIENT_HANDLE_STRUCT_H

#include <stdbool.h>
#include <flux/connector.h>

#include "lib/client/reactor_private.h"

struct aux_item;
struct dispatch;
struct flux_msglist;
struct msgio;
struct tags;

struct flux_handle {
    flux_t *root; // itself, unless a clone
    int refcount;
    int flags;
    struct aux_item *aux;
    struct dispatch *dispatch;
    bool closing;

    // of the root only
    const struct flux_handle_ops *ops;
    void *impl;
    struct msgio *io;         // of our own stream connector
    struct ready later;       // requests that leave with others, at the end of the row of
    flux_reactor_t *later_in; // this reactor; NULL: there are none
    struct tags *tags;
    struct flux_msglist *queue; // put back, and to be received first
    struct flux_msglist *lost;  // responses that a broken connection took, see reconnect.c
    int pollfd;                 // -1 until asked for
    int queue_eventfd;
    flux_comms_error_f comms_error;
    void *comms_error_arg;
    bool in_comms_error;
    flux_msgcounters_t counters;
    double trace_start;
    flux_free_f on_closed;
    void *on_closed_arg;
};

/* Something failed with errnum: 0 to try again. */
int handle_comms_error (flux_t *h, int errnum);

/* The next message from the connector, for a root. */
flux_msg_t *handle_recv_new (flux_t *h, int flags);

/* Have the fd of flux_pollfd() tell what the connector's does. */
int handle_poll_connector (flux_t *h);

/* The queue got longer: tell who polls. */
void handle_ring (flux_t *h);

#endif /* !FLUX_CLIENT_HANDLE_STRUCT_H */

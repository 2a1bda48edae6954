/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A non-blocking connection of the wire-up server: bytes in until a frame is whole, bytes out. */

#ifndef FLUX_BOOTSTRAP_CONN_H
#define FLUX_BOOTSTRAP_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util/buf.h"

#define CONN_STRANGER UINT32_MAX

struct conn {
    struct conn *prev, *next;
    int fd;
    uint32_t rank; // CONN_STRANGER until it has shown a credential
    bool given;    // added by the embedding program: not from the network
    bool answered; // nothing that it says matters any more
    struct buf in;
    struct buf out;
};

/* Owns fd, which is made non-blocking and close-on-exec. On failure fd is closed. */
struct conn *conn_create (int fd, bool given);
void conn_destroy (struct conn *c);

/* Read what is there, one chunk. 0, or -1 with errno (ECONNRESET at EOF). */
int conn_read (struct conn *c);

/* Is a whole frame there? 1: its body is *body, *len, until conn_drop_frame(). 0: not yet.
 * -1: EPROTO, too large. */
int conn_frame (const struct conn *c, const char **body, size_t *len);
void conn_drop_frame (struct conn *c);

/* Write what can be written of c->out. 0, or -1 with errno. */
int conn_flush (struct conn *c);

#endif /* !FLUX_BOOTSTRAP_CONN_H */

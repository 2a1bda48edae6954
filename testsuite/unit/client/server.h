/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A small server in a thread, at the other end of a socketpair. It answers requests with what the
 * row for their topic says, so that handles can be tested without a broker. */

#ifndef FLUX_UNIT_CLIENT_SERVER_H
#define FLUX_UNIT_CLIENT_SERVER_H

#include <flux/core.h>

#include "lib/codec/msgio.h"

struct server;

/* Answer with server_send() on io; called in the thread. */
typedef void (*server_f) (struct msgio *io, const flux_msg_t *msg, void *arg);

struct server_row {
    const char *topic; // NULL in the last row, which takes the rest
    server_f cb;
};

/* Returns the client's end as a handle. */
flux_t *server_start (const struct server_row *rows, void *arg, struct server **sp);

/* Close the handle, then this. */
void server_stop (struct server *s);

void server_send (struct msgio *io, const flux_msg_t *msg);
void server_respond (struct msgio *io, const flux_msg_t *request, int errnum, const char *s);
void server_respond_pack (struct msgio *io, const flux_msg_t *request, const char *fmt, ...);

#endif /* !FLUX_UNIT_CLIENT_SERVER_H */

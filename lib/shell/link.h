/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A job shell's way to the instance. It is opened when it is first needed; a short job with nothing
 * to say never needs it. */

#ifndef FLUX_SHELL_LINK_H
#define FLUX_SHELL_LINK_H

#include <ev.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <flux/message.h>

#include "lib/util/buf.h"

struct link;

/* response is NULL when the connection was lost. With FLUX_MSGFLAG_STREAMING it is called for each
 * response until one is an error. */
typedef void (*link_response_f) (struct link *link, const flux_msg_t *response, void *arg);

struct link_method {
    const char *name; // after the service name; the table ends with NULL
    void (*handler) (struct link *link, const flux_msg_t *msg, void *arg);
};

/* sock is the socket for packets (spawnpkt.h), id that of the job. */
struct link *link_create (struct ev_loop *loop, int sock, uint64_t id);

void link_destroy (struct link *link);

/* What is served once the link is open: requests to `service`, which is registered with the broker
 * before anything else is sent. Only the owner of the job and of the instance get through. */
void link_set_service (struct link *link, const char *service, const struct link_method *methods,
                       void *arg);

/* -1 with errno. Opening an open link does nothing. */
int link_open (struct link *link);
bool link_is_open (const struct link *link);

/* Takes the reference of o, opens the link. flags: 0, FLUX_MSGFLAG_STREAMING or
 * FLUX_MSGFLAG_NORESPONSE (then cb is not called). -1 with errno. */
int link_rpc (struct link *link, const char *topic, uint32_t nodeid, int flags, json_t *o,
              link_response_f cb, void *arg);

/* The same with any bytes; b is taken over and empty after. */
int link_rpc_data (struct link *link, const char *topic, uint32_t nodeid, struct buf *b,
                   link_response_f cb, void *arg);

/* The same with JSON text, whose memory is taken over; text is empty after. */
int link_rpc_text (struct link *link, const char *topic, uint32_t nodeid, struct buf *text,
                   link_response_f cb, void *arg);

/* Forget all RPCs with this arg: their callbacks are not called. */
void link_forget (struct link *link, void *arg);

/* o may be NULL. */
void link_respond (struct link *link, const flux_msg_t *request, json_t *o);
void link_respond_error (struct link *link, const flux_msg_t *request, int errnum,
                         const char *text);

/* Write out what is queued, waiting for at most `timeout` seconds. */
void link_drain (struct link *link, double timeout);

/* RPCs whose answer has not come, streaming ones not counted. */
int link_pending (const struct link *link);

#endif /* !FLUX_SHELL_LINK_H */

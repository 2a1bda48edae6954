/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_BROKER_ROUTER_CLIENT_H
#define FLUX_BROKER_ROUTER_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <flux/message.h>

#include "lib/util/uuid.h"

struct router;
struct msgio;

/* Serve a client on an io that may have its greeting queued. Takes over io on success only. */
int client_add_io (struct router *rt, struct msgio *io, uint32_t userid, uint32_t rolemask);

/* A client that the broker itself looks after: a broker module. */
struct client_ops {
    /* A message came from it. True: taken over, to be given to client_inject() later. */
    bool (*received) (flux_msg_t *msg, void *arg);
    /* A message is about to be queued for it. */
    void (*sending) (const flux_msg_t *msg, void *arg);
    /* The connection ended; the uuid means nothing any more. */
    void (*gone) (void *arg);
};

/* As router_client_add(); the client is known by uuid from then on, ENOENT when it is gone. */
int client_add_ops (struct router *rt, int fd, uint32_t userid, uint32_t rolemask,
                    const struct client_ops *ops, void *arg, char uuid[UUID_STRING_SIZE]);
int client_push (struct router *rt, const char *uuid, const flux_msg_t *msg);
void client_inject (struct router *rt, const char *uuid, flux_msg_t *msg);
void client_close (struct router *rt, const char *uuid);

/* Its services. EEXIST when the name is taken. */
int client_provide (struct router *rt, const char *uuid, const char *service);
void client_unprovide_all (struct router *rt, const char *uuid);
json_t *client_services (struct router *rt, const char *uuid);

/* Bytes that it has not read. */
size_t client_pending (struct router *rt, const char *uuid);

#endif /* !FLUX_BROKER_ROUTER_CLIENT_H */

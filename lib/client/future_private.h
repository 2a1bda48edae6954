/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_CLIENT_FUTURE_PRIVATE_H
#define FLUX_CLIENT_FUTURE_PRIVATE_H

#include <flux/future.h>

struct rpc;

/* A future that waits for responses. It lets go of rpc with rpc_destroy(). */
void future_set_rpc (flux_future_t *f, struct rpc *rpc);

/* The rpc of f, or of the future that fulfilled it. */
struct rpc *future_rpc (const flux_future_t *f);

/* An aux item of f itself, where flux_future_aux_get() also looks at what fulfilled it. */
void *future_own_aux_get (const flux_future_t *f, const char *name);

/* In rpc.c */
void rpc_destroy (struct rpc *rpc);
void rpc_response (flux_future_t *f, const flux_msg_t *msg);

#endif /* !FLUX_CLIENT_FUTURE_PRIVATE_H */

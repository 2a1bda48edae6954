/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_BROKER_ROUTER_CLIENT_H
#define FLUX_BROKER_ROUTER_CLIENT_H

#include <stddef.h>
#include <stdint.h>

struct router;
struct msgio;

/* Serve a client on an io that may have its greeting queued. Takes over io on success only. */
int client_add_io (struct router *rt, struct msgio *io, uint32_t userid, uint32_t rolemask);

size_t router_client_count (const struct router *rt);

#endif /* !FLUX_BROKER_ROUTER_CLIENT_H */

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The part of a request that translators do not see: its resources numbered in pre-order. */

#ifndef FLUX_GRAPH_REQUEST_PRIV_H
#define FLUX_GRAPH_REQUEST_PRIV_H

#include "lib/graph/request.h"

struct request_full {
    struct request req;             // first
    uint32_t count;                 // resources added
    uint32_t n;                     // resources in list
    struct request_resource **list; // not NULL once sealed
};

static inline struct request_full *request_full (struct request *req)
{
    return (struct request_full *)req;
}

static inline const struct request_full *request_full_const (const struct request *req)
{
    return (const struct request_full *)req;
}

#endif /* !FLUX_GRAPH_REQUEST_PRIV_H */

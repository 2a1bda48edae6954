/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* R version 1 (RFC 20) as the scheduler's plain list of nodes, and back. */

#ifndef FLUX_SERVICE_SCHED_RSET_H
#define FLUX_SERVICE_SCHED_RSET_H

#include <jansson.h>
#include <stddef.h>
#include <flux/types.h>

#include "lib/util/buf.h"
#include "shell/service/sched/bits.h"

struct rnode {
    uint32_t rank;
    struct bits cores;
    struct bits gpus;
};

struct rset {
    struct rnode *nodes; // by ascending rank
    size_t count;
    char **hosts; // of each node; NULL where R names none
};

int rset_decode (struct rset *rs, const json_t *R, flux_error_t *errp);
void rset_clear (struct rset *rs);

/* Append R as text. nodes are in ascending order of rank; nodelist is an RFC 29 hostlist of as many
 * hosts, or NULL. Times in seconds since 1970, 0: none. */
void rset_encode (struct buf *b, const struct rnode *nodes, size_t count, const char *nodelist,
                  double starttime, double expiration);

/* "0-3,7" */
void bits_encode (struct buf *b, const struct bits *bits);

#endif /* !FLUX_SERVICE_SCHED_RSET_H */

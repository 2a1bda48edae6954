/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Constraints (RFC 31) from JSON to the matcher's expression. */

#ifndef FLUX_GRAPH_IO_CONSTRAINT_H
#define FLUX_GRAPH_IO_CONSTRAINT_H

#include <jansson.h>
#include <stdint.h>
#include <flux/types.h>

#include "lib/graph/request.h"

/* Where node vertices do not carry the names of their hosts, hosts are turned into ranks: calls
 * found (rank, arg) for each rank on that host. */
struct constraint_hosts {
    void (*ranks_of) (const char *host, void (*found) (uint32_t rank, void *arg), void *arg,
                      void *data);
    void *data;
};

/* hosts NULL: a host is the name of a vertex. The caller destroys the constraint. NULL with EINVAL
 * and a sentence. */
struct constraint *constraint_from_json (const json_t *o, const struct constraint_hosts *hosts,
                                         flux_error_t *errp);

#endif /* !FLUX_GRAPH_IO_CONSTRAINT_H */

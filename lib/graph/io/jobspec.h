/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* From jobspec (RFC 14, 25) to the matcher's request. */

#ifndef FLUX_GRAPH_IO_JOBSPEC_H
#define FLUX_GRAPH_IO_JOBSPEC_H

#include <jansson.h>
#include <flux/types.h>

#include "lib/graph/graph.h"
#include "lib/graph/request.h"

struct jobspec;

/* Add the resource trees of a jobspec's `resources` array. The request is not sealed. -1 with
 * EINVAL and a sentence. */
int request_add_resources (struct request *req, const json_t *resources, flux_error_t *errp);

/* A job that has several slots side by side gets all of them, for the matcher (without
 * MATCHER_FLEXIBLE) in one slot that has what they have: as many of it as of each, or one with
 * everything where their counts differ. A new array; NULL with EINVAL and a sentence that names the
 * labels where that cannot be said. */
json_t *jobspec_join_slots (const json_t *resources, flux_error_t *errp);

/* Tell the counts of a sealed request in the units that the graph has: of 2 TB where memory is in
 * GB, 2000; of 1 MB, 1. EINVAL with a sentence that names the type: another kind of unit, or more
 * than can be told. Before the request is matched. */
int request_fit_units (struct request *req, const struct graph *g, flux_error_t *errp);

/* A whole, sealed request: resources, duration, constraint, queue. The caller destroys it. */
struct request *request_from_jobspec (const struct jobspec *js, flux_error_t *errp);

/* The same straight from the text of a jobspec in JSON, whatever its version says, when it is
 * a plain one (jobspec_text.c); NULL without a reason when it is not: go through a JSON value. */
struct request *request_from_json_text (const char *text, size_t len);

#endif /* !FLUX_GRAPH_IO_JOBSPEC_H */

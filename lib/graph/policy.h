/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A policy says which of several fitting resources is best. It is an options string:
 *
 *     name                                  one of policy_names()
 *     policy=low node_centric=true ...      Fluxion's custom form
 *     pack level=rack                       name, then key=value options of that policy
 *
 * Common keys: policy=high|low|..., node_centric, node_exclusive, stop_on_1_matches (true|false).
 * Each policy is one file in policy/ with one ops table; the traverser has no special cases. */

#ifndef FLUX_GRAPH_POLICY_H
#define FLUX_GRAPH_POLICY_H

#include "lib/graph/graph.h"

struct policy; // immutable once made

/* NULL with EINVAL; errp names the option. O(length of options). */
struct policy *policy_create (const char *options, flux_error_t *errp);
void policy_destroy (struct policy *p);
const char *policy_text (const struct policy *p); // as given to create

/* Name and one-line description of the i-th policy; NULL past the end. */
const char *policy_name_at (size_t i, const char **description);

#endif /* !FLUX_GRAPH_POLICY_H */

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Devices that the graph did not choose are kept from a job while the plugin beneath places it, and
 * again while it books it (which of a node's devices without topology it gets is decided there):
 * they are marked as if others had them. Only where the caller holds the node write lock, which a
 * job that is to run now has, and a look into the future has not. */

#ifndef FLUX_SELECT_GRAPH_DEVICES_H
#define FLUX_SELECT_GRAPH_DEVICES_H

#include SELECT_GRAPH_API
#include "select_graph/site.h"

struct devices;

/* Mark all but these on the nodes that they are of, which follow each other; NULL: none. */
struct devices *devices_keep (const struct site *site, const struct site_devices *list, size_t n);
/* All as it was; frees it. */
void devices_give_back (struct devices *devices);

#endif // !FLUX_SELECT_GRAPH_DEVICES_H

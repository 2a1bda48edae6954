/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A node from hwloc: an XML file of lstopo (hwloc 1 and 2), or this very machine. Apart from load.h
 * because libhwloc is heavy. */

#ifndef FLUX_GRAPH_IO_LOAD_HWLOC_H
#define FLUX_GRAPH_IO_LOAD_HWLOC_H

#include <flux/types.h>
#include <stddef.h>

#include "lib/graph/graph.h"

enum { HWLOC_MAX_XML = 64 << 20 };

/* xml NULL: this machine. Into an empty graph: cluster, node (when hwloc knows the host's name),
 * group, numanode, socket, L1cache .. L3cache (type "cache"), core, pu, gpu, and storage with its
 * LinuxDeviceID as a property; ids are hwloc's logical ones, gpus have their number. `allow` is a
 * comma list of those names, NULL or "" for all; what is not in it is left out, what is below it
 * stays. The byte after the last of xml must be NUL. EINVAL: no such topology, or a device whose
 * size cannot be told; errp says so, and the graph is as it was. */
int load_hwloc (struct graph *g, const char *xml, size_t len, const char *allow,
                flux_error_t *errp);

#endif /* !FLUX_GRAPH_IO_LOAD_HWLOC_H */

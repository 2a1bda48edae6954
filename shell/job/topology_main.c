/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux-topology FILE [CPUS]: write the topology of this node as hwloc's XML, all of it or the part
 * that belongs to CPUS, a list of their numbers. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hwloc.h>

static int fail (const char *what)
{
    fprintf (stderr, "flux-topology: %s: %s\n", what, strerror (errno));
    return 1;
}

static int restrict_to (hwloc_topology_t topo, const char *cpus)
{
    hwloc_bitmap_t set = hwloc_bitmap_alloc ();
    int rc = set && hwloc_bitmap_list_sscanf (set, cpus) == 0 &&
                     hwloc_topology_restrict (topo, set, HWLOC_RESTRICT_FLAG_REMOVE_CPULESS) == 0
                 ? 0
                 : -1;

    hwloc_bitmap_free (set);
    return rc;
}

int main (int argc, char **argv)
{
    hwloc_topology_t topo;
    int rc = 0;

    if (argc < 2 || argc > 3) {
        fprintf (stderr, "usage: flux-topology FILE [CPUS]\n");
        return 2;
    }
    if (hwloc_topology_init (&topo) < 0 ||
        hwloc_topology_set_io_types_filter (topo, HWLOC_TYPE_FILTER_KEEP_IMPORTANT) < 0 ||
        hwloc_topology_load (topo) < 0)
        return fail ("the topology of this node");
    if (argc == 3 && restrict_to (topo, argv[2]) < 0)
        rc = fail (argv[2]);
    else if (hwloc_topology_export_xml (topo, argv[1], 0) < 0)
        rc = fail (argv[1]);
    hwloc_topology_destroy (topo);
    return rc;
}

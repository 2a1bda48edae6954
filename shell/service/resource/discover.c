/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What this node offers, see discover.h. */

#include <errno.h>
#include <glob.h>
#include <hwloc.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"
#include "shell/service/resource/discover.h"

struct cpus {
    int cores;   // that this process may use
    int pus;     // hardware threads that it may use
    int all_pus; // of the machine
};

/* Only cores and hardware threads: a topology without caches and devices loads in a third of the
 * time. */
static int load_topology (struct cpus *cpus)
{
    hwloc_topology_t topo;
    int rc = -1;

    if (hwloc_topology_init (&topo) < 0)
        return -1;
    hwloc_bitmap_t bound = hwloc_bitmap_alloc ();
    hwloc_topology_set_all_types_filter (topo, HWLOC_TYPE_FILTER_KEEP_NONE);
    hwloc_topology_set_type_filter (topo, HWLOC_OBJ_CORE, HWLOC_TYPE_FILTER_KEEP_ALL);
    if (bound && hwloc_topology_load (topo) == 0) {
        cpus->all_pus = hwloc_get_nbobjs_by_type (topo, HWLOC_OBJ_PU);
        if (hwloc_get_cpubind (topo, bound, HWLOC_CPUBIND_PROCESS) == 0 &&
            !hwloc_bitmap_iszero (bound))
            hwloc_topology_restrict (topo, bound, HWLOC_RESTRICT_FLAG_REMOVE_CPULESS);
        cpus->pus = hwloc_get_nbobjs_by_type (topo, HWLOC_OBJ_PU);
        cpus->cores = hwloc_get_nbobjs_by_type (topo, HWLOC_OBJ_CORE);
        if (cpus->cores <= 0)
            cpus->cores = cpus->pus;
        rc = cpus->cores > 0 ? 0 : -1;
    }
    hwloc_bitmap_free (bound);
    hwloc_topology_destroy (topo);
    return rc;
}

static long env_number (const char *name)
{
    const char *s = getenv (name);
    char *end;
    long n = s ? strtol (s, &end, 10) : 0;

    return s && end != s && n > 0 && n < 1000000 ? n : 0;
}

static uint32_t count_list (const char *s)
{
    uint32_t n = *s ? 1 : 0;

    for (; *s; s++)
        n += *s == ',';
    return n;
}

static uint32_t count_gpus (void)
{
    const char *visible = getenv ("CUDA_VISIBLE_DEVICES");
    glob_t g = {0};
    uint32_t n = 0;

    if (env_number ("SLURM_GPUS_ON_NODE") > 0)
        return env_number ("SLURM_GPUS_ON_NODE");
    if (visible)
        return strcmp (visible, "NoDevFiles") == 0 ? 0 : count_list (visible);
    if (glob ("/dev/nvidia[0-9]*", 0, NULL, &g) == 0)
        n = g.gl_pathc;
    globfree (&g);
    return n;
}

int discover_node (struct node_facts *facts, flux_error_t *errp)
{
    struct cpus cpus = {0};
    long allocated = env_number ("SLURM_CPUS_ON_NODE");

    if (load_topology (&cpus) < 0) {
        errno = ENODEV;
        return errprintf (errp, "hwloc finds no core on this node");
    }
    facts->cores = cpus.cores;
    if (allocated > 0 && cpus.pus == cpus.all_pus) { // Slurm counts, but does not bind
        long threads = cpus.pus / cpus.cores;
        facts->cores = allocated >= threads ? allocated / threads : 1;
    }
    facts->gpus = count_gpus ();
    if (facts->cores > DISCOVER_MAX)
        facts->cores = DISCOVER_MAX;
    if (facts->gpus > DISCOVER_MAX)
        facts->gpus = DISCOVER_MAX;
    return 0;
}

/* A GPU has at most one device of the vendor's library that counts as a coprocessor. */
static uint32_t xml_gpus (hwloc_topology_t topo)
{
    uint32_t n = 0;

    for (hwloc_obj_t o = NULL; (o = hwloc_get_next_osdev (topo, o));) {
        if (o->attr->osdev.type == HWLOC_OBJ_OSDEV_COPROC && o->subtype &&
            (strcmp (o->subtype, "CUDA") == 0 || strcmp (o->subtype, "OpenCL") == 0 ||
             strcmp (o->subtype, "LevelZero") == 0))
            n += !o->next_sibling || o->next_sibling->type != HWLOC_OBJ_OS_DEVICE ||
                 o->next_sibling->attr->osdev.type != HWLOC_OBJ_OSDEV_COPROC;
    }
    return n;
}

int discover_xml (const char *path, struct node_facts *facts, char *host, size_t size,
                  flux_error_t *errp)
{
    hwloc_topology_t topo;
    int rc = -1;

    if (hwloc_topology_init (&topo) < 0)
        return errprintf (errp, "out of memory");
    hwloc_topology_set_io_types_filter (topo, HWLOC_TYPE_FILTER_KEEP_IMPORTANT);
    if (hwloc_topology_set_xml (topo, path) < 0 || hwloc_topology_load (topo) < 0) {
        errno = EINVAL;
        errprintf (errp, "%s: not a file of hwloc", path);
    } else {
        const char *name = hwloc_obj_get_info_by_name (hwloc_get_root_obj (topo), "HostName");
        int cores = hwloc_get_nbobjs_by_type (topo, HWLOC_OBJ_CORE);
        *facts = (struct node_facts){.cores = cores > 0 ? cores : 1, .gpus = xml_gpus (topo)};
        snprintf (host, size, "%s", name ? name : "");
        rc = 0;
    }
    hwloc_topology_destroy (topo);
    return rc;
}

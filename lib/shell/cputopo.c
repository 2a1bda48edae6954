/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/idset.h>

#include "lib/shell/cputopo.h"
#include "lib/util/fdutil.h"

#define FILE_MAX 65536

struct core {
    unsigned int package; // first CPU of its package
    unsigned int first;   // its own first CPU
    cpu_set_t cpus;
};

static struct idset *read_list (const char *sysfs, int cpu, const char *name)
{
    char path[512], *text = NULL;

    snprintf (path, sizeof (path), "%s/cpu%d/topology/%s", sysfs, cpu, name);
    if (file_read_all (path, FILE_MAX, &text) < 0)
        return NULL;
    text[strcspn (text, "\n")] = '\0';
    struct idset *ids = idset_decode (text);
    free (text);
    return ids;
}

/* Newer kernels have names that say what they mean. */
static struct idset *read_either (const char *sysfs, int cpu, const char *name, const char *old)
{
    struct idset *ids = read_list (sysfs, cpu, name);
    return ids ? ids : read_list (sysfs, cpu, old);
}

static void read_core (const char *sysfs, int cpu, const cpu_set_t *allowed, struct core *core)
{
    struct idset *package = read_either (sysfs, cpu, "package_cpus_list", "core_siblings_list");
    struct idset *siblings = read_either (sysfs, cpu, "core_cpus_list", "thread_siblings_list");

    CPU_ZERO (&core->cpus);
    CPU_SET (cpu, &core->cpus);
    core->package = package && !idset_empty (package) ? idset_first (package) : 0;
    core->first = siblings && !idset_empty (siblings) ? idset_first (siblings) : (unsigned)cpu;
    for (unsigned int id = idset_first (siblings); id != IDSET_INVALID_ID;
         id = idset_next (siblings, id))
        if (id < CPU_SETSIZE && CPU_ISSET (id, allowed))
            CPU_SET (id, &core->cpus);
    idset_destroy (package);
    idset_destroy (siblings);
}

static int core_cmp (const void *a, const void *b)
{
    const struct core *x = a, *y = b;

    if (x->package != y->package)
        return x->package < y->package ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

static int read_cores (const char *sysfs, const cpu_set_t *allowed, struct core *cores)
{
    cpu_set_t seen;
    int n = 0;

    CPU_ZERO (&seen);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET (cpu, allowed) || CPU_ISSET (cpu, &seen))
            continue;
        read_core (sysfs, cpu, allowed, &cores[n]);
        CPU_OR (&seen, &seen, &cores[n].cpus);
        n++;
    }
    qsort (cores, n, sizeof (*cores), core_cmp);
    return n;
}

struct cputopo *cputopo_create (const char *sysfs, const cpu_set_t *allowed)
{
    int max = CPU_COUNT (allowed);
    struct core *cores = calloc (max > 0 ? max : 1, sizeof (*cores));
    struct cputopo *topo = calloc (1, sizeof (*topo));

    if (cores && topo && (topo->core = calloc (max > 0 ? max : 1, sizeof (cpu_set_t)))) {
        topo->ncores = read_cores (sysfs, allowed, cores);
        for (int i = 0; i < topo->ncores; i++)
            topo->core[i] = cores[i].cpus;
    } else {
        free (topo);
        topo = NULL;
    }
    free (cores);
    return topo;
}

void cputopo_destroy (struct cputopo *topo)
{
    if (topo) {
        free (topo->core);
        free (topo);
    }
}

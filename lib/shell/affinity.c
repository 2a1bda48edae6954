/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/idset.h>

#include "lib/shell/affinity.h"
#include "lib/util/errprintf.h"

#define MASK_BITS 32 // of each part of a mask

static int parse_mask (const char *s, cpu_set_t *cpus)
{
    const char *parts[CPU_SETSIZE / MASK_BITS];
    int n = 0;

    for (const char *p = s; p && n < CPU_SETSIZE / MASK_BITS; p = strchr (p, ',')) {
        if (*p == ',')
            p++;
        parts[n++] = p;
    }
    for (int i = 0; i < n; i++) { // the last part has the lowest bits
        char *end;
        unsigned long v = strtoul (parts[n - 1 - i], &end, 16);
        if (end == parts[n - 1 - i] || (*end != ',' && *end != '\0') || (n > 1 && v > 0xffffffff))
            return -1;
        for (int bit = 0; bit < 64 && i * MASK_BITS + bit < CPU_SETSIZE; bit++)
            if (v >> bit & 1)
                CPU_SET (i * MASK_BITS + bit, cpus);
    }
    return 0;
}

static int parse_list (const char *s, cpu_set_t *cpus)
{
    struct idset *ids = idset_decode (s);
    unsigned int id;

    if (!ids)
        return -1;
    for (id = idset_first (ids); id < CPU_SETSIZE; id = idset_next (ids, id))
        CPU_SET (id, cpus);
    idset_destroy (ids);
    return id == IDSET_INVALID_ID ? 0 : -1;
}

int affinity_parse_cpus (const char *s, size_t len, cpu_set_t *cpus)
{
    char *copy = strndup (s, len);

    CPU_ZERO (cpus);
    int rc = !copy || *copy == '\0'         ? -1
             : strncmp (copy, "0x", 2) == 0 ? parse_mask (copy, cpus)
                                            : parse_list (copy, cpus);
    free (copy);
    if (rc < 0)
        errno = EINVAL;
    return rc;
}

char *affinity_format_cpus (const cpu_set_t *cpus)
{
    struct idset *ids = idset_create (0, IDSET_FLAG_AUTOGROW);

    for (int i = 0; ids && i < CPU_SETSIZE; i++)
        if (CPU_ISSET (i, cpus))
            idset_set (ids, i);
    char *s = idset_count (ids) > 0 ? idset_encode (ids, IDSET_FLAG_RANGE) : NULL;
    idset_destroy (ids);
    return s;
}

/* The nth entry of a list with semicolons; the list begins anew after its end. */
static const char *nth_entry (const char *list, int n, size_t *len)
{
    int count = 1;

    for (const char *p = list; (p = strchr (p, ';')); p++)
        count++;
    for (n %= count; n > 0; n--)
        list = strchr (list, ';') + 1;
    *len = strcspn (list, ";");
    return list;
}

static bool valid_map (const char *list)
{
    cpu_set_t cpus;
    size_t len;

    do {
        len = strcspn (list, ";");
        if (affinity_parse_cpus (list, len, &cpus) < 0)
            return false;
        list += len;
    } while (*list++ == ';');
    return true;
}

static int parse_option (struct affinity *aff, const char *s, enum affinity_mode *mode,
                         const char **map)
{
    for (;;) {
        if (!strncmp (s, "verbose,", 8))
            aff->verbose = true, s += 8;
        else if (!strncmp (s, "dry-run,", 8))
            aff->verbose = aff->dry_run = true, s += 8;
        else
            break;
    }
    if (!strcmp (s, "verbose") || !strcmp (s, "dry-run")) {
        aff->verbose = true;
        aff->dry_run = aff->dry_run || *s == 'd';
        return 0;
    }
    if (!strcmp (s, "on"))
        *mode = AFFINITY_ON;
    else if (!strcmp (s, "off"))
        *mode = AFFINITY_OFF;
    else if (!strcmp (s, "per-task"))
        *mode = AFFINITY_PER_TASK;
    else if (!strncmp (s, "map:", 4) && valid_map (s + 4)) {
        *mode = AFFINITY_MAP;
        *map = s + 4;
    } else
        return -1;
    return 0;
}

static int read_option (struct affinity *aff, const char *name, enum affinity_mode *mode,
                        const char **map, flux_error_t *errp)
{
    json_t *o = shell_info_option (aff->info, name);

    if (!o || json_is_true (o) || json_is_integer (o))
        return 0;
    if (json_is_false (o)) {
        *mode = AFFINITY_OFF;
        return 0;
    }
    if (!json_is_string (o) || parse_option (aff, json_string_value (o), mode, map) < 0) {
        errno = EINVAL;
        return errprintf (errp, "invalid option %s", name);
    }
    return 0;
}

int affinity_init (struct affinity *aff, const struct shell_info *info, const struct cputopo *topo,
                   flux_error_t *errp)
{
    *aff = (struct affinity){.info = info, .topo = topo};
    if (read_option (aff, "cpu-affinity", &aff->cpu_mode, &aff->cpu_map, errp) < 0 ||
        read_option (aff, "gpu-affinity", &aff->gpu_mode, &aff->gpu_map, errp) < 0)
        return -1;
    return 0;
}

/* The share of a task: items [*first, *first + *count) of n, evenly divided; where there are more
 * tasks than items they share. */
static void share (int n, int ntasks, int localid, int *first, int *count)
{
    if (ntasks >= n) {
        *first = (long)localid * n / ntasks;
        *count = 1;
        return;
    }
    int base = n / ntasks, more = n % ntasks;
    *first = localid * base + (localid < more ? localid : more);
    *count = base + (localid < more);
}

/* The CPUs of the `count` cores from number `first` on of those that the job has. */
static void add_cores (const struct affinity *aff, const struct idset *ids, int first, int count,
                       cpu_set_t *cpus)
{
    int i = 0;

    for (unsigned int id = idset_first (ids); id != IDSET_INVALID_ID;
         id = idset_next (ids, id), i++)
        if (i >= first && i < first + count && id < (unsigned)aff->topo->ncores)
            CPU_OR (cpus, cpus, &aff->topo->core[id]);
}

bool affinity_job_cpus (const struct affinity *aff, cpu_set_t *cpus)
{
    struct idset *ids = aff->topo ? idset_decode (aff->info->cores) : NULL;

    CPU_ZERO (cpus);
    if (ids)
        add_cores (aff, ids, 0, aff->info->ncores, cpus);
    idset_destroy (ids);
    return CPU_COUNT (cpus) > 0;
}

/* May this process run on all cores already? */
static bool has_all (const struct cputopo *topo)
{
    cpu_set_t own, both;

    CPU_ZERO (&own);
    if (sched_getaffinity (0, sizeof (own), &own) < 0)
        return true;
    for (int i = 0; i < topo->ncores; i++) {
        CPU_AND (&both, &own, &topo->core[i]);
        if (!CPU_EQUAL (&both, &topo->core[i]))
            return false;
    }
    return true;
}

bool affinity_cpus (const struct affinity *aff, int localid, cpu_set_t *cpus)
{
    int n = aff->info->ncores, first = 0, count = n;
    size_t len;

    CPU_ZERO (cpus);
    if (aff->cpu_mode == AFFINITY_OFF || !aff->topo)
        return false;
    if (aff->cpu_mode == AFFINITY_MAP) {
        const char *entry = nth_entry (aff->cpu_map, localid, &len);
        return affinity_parse_cpus (entry, len, cpus) == 0 && CPU_COUNT (cpus) > 0;
    }
    if (n == 0 || (aff->cpu_mode == AFFINITY_ON && n >= aff->topo->ncores && has_all (aff->topo)))
        return false;
    if (aff->cpu_mode == AFFINITY_PER_TASK)
        share (n, aff->info->nlocal, localid, &first, &count);
    struct idset *ids = idset_decode (aff->info->cores);
    if (ids)
        add_cores (aff, ids, first, count, cpus);
    idset_destroy (ids);
    return CPU_COUNT (cpus) > 0;
}

/* "0,1,5" of a part of an idset. */
static void format_ids (const char *s, int first, int count, char *buf, size_t size)
{
    struct idset *ids = idset_decode (s);
    size_t used = 0;
    int i = 0;

    *buf = '\0';
    for (unsigned int id = idset_first (ids); id != IDSET_INVALID_ID && used < size;
         id = idset_next (ids, id), i++)
        if (i >= first && i < first + count)
            used += snprintf (buf + used, size - used, "%s%u", used > 0 ? "," : "", id);
    idset_destroy (ids);
}

int affinity_gpus (const struct affinity *aff, int localid, struct envlist *env)
{
    int n = aff->info->ngpus, first = 0, count = n;
    char ids[1024];
    size_t len;

    if (aff->gpu_mode == AFFINITY_OFF)
        return 0;
    if (!envlist_get (env, "CUDA_DEVICE_ORDER") &&
        envlist_set (env, "CUDA_DEVICE_ORDER", "PCI_BUS_ID") < 0)
        return -1;
    if (n == 0)
        return envlist_set (env, "CUDA_VISIBLE_DEVICES", "-1");
    if (aff->gpu_mode == AFFINITY_MAP) {
        const char *entry = nth_entry (aff->gpu_map, localid, &len);
        char *list = strndup (entry, len);
        format_ids (list ? list : "", 0, INT_MAX, ids, sizeof (ids));
        free (list);
    } else {
        if (aff->gpu_mode == AFFINITY_PER_TASK)
            share (n, aff->info->nlocal, localid, &first, &count);
        format_ids (aff->info->gpus, first, count, ids, sizeof (ids));
    }
    if (envlist_set (env, "ROCR_VISIBLE_DEVICES", ids) < 0)
        return -1;
    return envlist_set (env, "CUDA_VISIBLE_DEVICES", ids);
}

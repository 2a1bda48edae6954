/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* hwloc's tree of objects as vertices, see load_hwloc.h. */

#include <ctype.h>
#include <errno.h>
#include <hwloc.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/io/allow.h"
#include "lib/graph/io/load_hwloc.h"
#include "lib/util/errprintf.h"

struct reader {
    struct graph *g;
    hwloc_topology_t topo;
    const char *allow;
    bool live;
    int64_t rank;
    flux_error_t *errp;
};

/* What one object becomes. */
struct found {
    struct graph_vertex spec;
    const char *device_id; // NULL: none
    char base[GRAPH_MAX_NAME + 1];
    char name[GRAPH_MAX_NAME + 1];
};

static int bad (struct reader *r, const char *what, const char *name)
{
    errno = EINVAL;
    return errprintf (r->errp, "hwloc: %s%s%.100s", what, name ? ": " : "", name ? name : "");
}

static bool allowed (const struct reader *r, const char *name)
{
    return allow_has (r->allow, name);
}

/* "node12" is number 12 of basename "node". */
static int split_host (struct reader *r, struct found *f, const char *host)
{
    size_t n = strlen (host), start = n;

    if (n == 0 || n > GRAPH_MAX_NAME)
        return bad (r, "the host's name is empty or too long", NULL);
    while (start > 0 && isdigit ((unsigned char)host[start - 1]))
        start--;
    f->spec.id = start == n || n - start > 9 ? -1 : strtol (host + start, NULL, 10);
    memcpy (f->name, host, n + 1);
    memcpy (f->base, host, n + 1);
    if (f->spec.id >= 0 && start > 0)
        f->base[start] = '\0';
    f->spec.basename = f->base;
    f->spec.name = f->name;
    f->spec.rank = r->rank++;
    return 1;
}

static int read_machine (struct reader *r, struct found *f, hwloc_obj_t obj)
{
    const char *host = hwloc_obj_get_info_by_name (obj, "HostName");

    if (!host || !allowed (r, "node"))
        return 0;
    f->spec.type = "node";
    return split_host (r, f, host);
}

/* The number in the names of CUDA, ROCm and OpenCL devices ("opencl0d1" is the second one). */
static int64_t gpu_number (const char *name, int64_t dflt)
{
    if (!strncmp (name, "cuda", 4) || !strncmp (name, "rsmi", 4))
        return atoi (name + 4);
    if (!strncmp (name, "opencl", 6)) {
        const char *d = strchr (name + 6, 'd');
        return d ? atoi (d + 1) : dflt;
    }
    return dflt;
}

static int read_storage (struct reader *r, struct found *f, hwloc_obj_t obj)
{
    const char *size = hwloc_obj_get_info_by_name (obj, "Size"); // in units of 1000 bytes
    const char *id = hwloc_obj_get_info_by_name (obj, "LinuxDeviceID");
    long long n = size ? strtoll (size, NULL, 10) : 0;

    if (n <= 0 || n / 1000000 > GRAPH_MAX_SIZE)
        return r->live ? 0 : bad (r, "the size of a block device is not known", obj->name);
    f->spec.type = "storage";
    f->spec.size = n / 1000000;
    f->device_id = id ? id : "-1";
    return 1;
}

static int read_device (struct reader *r, struct found *f, hwloc_obj_t obj)
{
    hwloc_obj_osdev_type_t type = obj->attr->osdev.type;
    const char *name = obj->name ? obj->name : "";

    if (type == HWLOC_OBJ_OSDEV_COPROC ||
        (type == HWLOC_OBJ_OSDEV_GPU && !strncmp (name, "rsmi", 4))) {
        if (!allowed (r, "gpu"))
            return 0;
        f->spec.type = "gpu";
        f->spec.id = gpu_number (name, obj->logical_index);
        return f->spec.id < 0 ? bad (r, "a gpu has no number", name) : 1;
    }
    if (type == HWLOC_OBJ_OSDEV_BLOCK && allowed (r, "storage"))
        return read_storage (r, f, obj);
    return 0;
}

/* Objects that need nothing but a name. */
static const struct {
    hwloc_obj_type_t type;
    const char *name;
    const char *basename;
} plain[] = {
    {HWLOC_OBJ_GROUP, "group", NULL},
    {HWLOC_OBJ_NUMANODE, "numanode", NULL},
    {HWLOC_OBJ_PACKAGE, "socket", NULL},
    {HWLOC_OBJ_CORE, "core", NULL},
    {HWLOC_OBJ_PU, "pu", NULL},
    {HWLOC_OBJ_L1CACHE, "cache", "L1cache"},
    {HWLOC_OBJ_L2CACHE, "cache", "L2cache"},
    {HWLOC_OBJ_L3CACHE, "cache", "L3cache"},
};

static int read_plain (struct reader *r, struct found *f, hwloc_obj_t obj)
{
    for (size_t i = 0; i < sizeof (plain) / sizeof (plain[0]); i++) {
        const char *base = plain[i].basename;
        if (plain[i].type != obj->type)
            continue;
        if (!allowed (r, base ? base : plain[i].name))
            return 0;
        f->spec.type = plain[i].name;
        f->spec.basename = base;
        if (base)
            f->spec.size = obj->attr->cache.size / 1024;
        return 1;
    }
    return 0;
}

/* 1: it is a vertex; 0: left out. */
static int read_object (struct reader *r, struct found *f, hwloc_obj_t obj)
{
    *f = (struct found){.spec = GRAPH_VERTEX_INIT};
    f->spec.id = obj->logical_index;
    if (obj->type == HWLOC_OBJ_MACHINE)
        return read_machine (r, f, obj);
    if (obj->type == HWLOC_OBJ_OS_DEVICE)
        return obj->attr ? read_device (r, f, obj) : 0;
    return read_plain (r, f, obj);
}

static int add (struct reader *r, const struct found *f, uint32_t parent, uint32_t *vp)
{
    if (graph_add_vertex (r->g, &f->spec, vp, r->errp) < 0 ||
        (parent != GRAPH_NONE && graph_add_edge (r->g, parent, *vp, "containment", r->errp) < 0))
        return -1;
    if (f->device_id && graph_set_property (r->g, *vp, "LinuxDeviceID", f->device_id) < 0)
        return errprintf (r->errp, "hwloc: %s", strerror (errno));
    return 0;
}

static int walk (struct reader *r, hwloc_obj_t obj, uint32_t parent, int depth)
{
    struct found f;
    int rc =
        depth > 4 * GRAPH_MAX_DEPTH ? bad (r, "nested too deeply", NULL) : read_object (r, &f, obj);

    if (rc < 0 || (rc > 0 && add (r, &f, parent, &parent) < 0))
        return -1;
    for (hwloc_obj_t c = NULL; (c = hwloc_get_next_child (r->topo, obj, c));)
        if (walk (r, c, parent, depth + 1) < 0)
            return -1;
    return 0;
}

static int build (struct reader *r)
{
    struct found root = {.spec = GRAPH_VERTEX_INIT};
    uint32_t v;

    root.spec.type = "cluster";
    root.spec.id = 0;
    if (add (r, &root, GRAPH_NONE, &v) < 0 || walk (r, hwloc_get_root_obj (r->topo), v, 0) < 0)
        return -1;
    return graph_commit (r->g, r->errp);
}

static int open_topology (struct reader *r, const char *xml, size_t len)
{
    hwloc_topology_t t = r->topo;

    if (hwloc_topology_set_io_types_filter (t, HWLOC_TYPE_FILTER_KEEP_IMPORTANT) < 0 ||
        hwloc_topology_set_cache_types_filter (t, HWLOC_TYPE_FILTER_KEEP_STRUCTURE) < 0 ||
        hwloc_topology_set_icache_types_filter (t, HWLOC_TYPE_FILTER_KEEP_STRUCTURE) < 0)
        return bad (r, "it cannot be told what to keep", NULL);
    if (xml && (len == 0 || len > HWLOC_MAX_XML ||
                hwloc_topology_set_xmlbuffer (t, xml, len + (xml[len - 1] != '\0')) < 0))
        return bad (r, "this is no XML of lstopo", NULL);
    if (hwloc_topology_load (t) < 0)
        return bad (r, "the topology cannot be loaded", NULL);
    return 0;
}

int load_hwloc (struct graph *g, const char *xml, size_t len, const char *allow, flux_error_t *errp)
{
    struct reader r = {.g = g, .allow = allow, .live = !xml, .errp = errp};
    int rc = -1;

    if (hwloc_topology_init (&r.topo) < 0) {
        errno = ENOMEM;
        return errprintf (errp, "out of memory");
    }
    if (open_topology (&r, xml, len) == 0 && graph_begin (g, errp) == 0) {
        if ((rc = build (&r)) < 0)
            graph_abort (g);
    }
    int saved_errno = errno;
    hwloc_topology_destroy (r.topo);
    errno = saved_errno;
    return rc;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Who this broker is, as attributes. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <flux/hostlist.h>
#include <flux/idset.h>
#include <flux/taskmap.h>
#include <flux/version.h>

#include "config.h"
#include "lib/bootstrap/bootstrap.h"
#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"
#include "lib/util/uuid.h"
#include "shell/broker/attr.h"
#include "shell/broker/boot_attrs.h"

/* Started as a job of another instance: its environment says of which, and how deep it is. */
static int init_parent_attrs (struct attrs *attrs)
{
    const char *uri = getenv ("FLUX_URI"), *id = getenv ("FLUX_JOB_ID");
    const char *path = getenv ("FLUX_JOB_ID_PATH"), *ns = getenv ("FLUX_KVS_NAMESPACE");
    uint64_t level = 0;

    if (!uri || !id) {
        unsetenv ("FLUX_NODE_CPUS"); // of somebody else's instance
        return 0;
    }
    for (const char *p = path ? path : "/"; *p; p++)
        level += *p == '/';
    if (attr_set (attrs, "parent-uri", uri) < 0 || attr_set (attrs, "jobid", id) < 0 ||
        attr_set (attrs, "jobid-path", path ? path : id) < 0 ||
        (ns && attr_set (attrs, "parent-kvs-namespace", ns) < 0))
        return -1;
    return attr_set_uint (attrs, "instance-level", level);
}

/* Brokers that lose their parent in the tree find another one: by default the instance needs rank 0
 * only. */
static int set_critical_ranks (struct attrs *attrs, uint32_t size, flux_error_t *errp)
{
    const char *given = attr_get (attrs, "broker.critical-ranks");
    struct idset *ids = given ? idset_decode (given) : NULL;
    bool valid = !given || (ids && !idset_empty (ids) && idset_last (ids) < size);

    idset_destroy (ids);
    if (!valid) {
        errno = EINVAL;
        return errprintf (errp, "invalid value for broker.critical-ranks='%s'", given);
    }
    if (!given && attr_set (attrs, "broker.critical-ranks", "0") < 0)
        return errprintf (errp, "out of memory");
    return 0;
}

int boot_attrs_init (struct attrs *attrs, const struct bootstrap_info *info, flux_error_t *errp)
{
    char uuid[UUID_STRING_SIZE];

    for (const struct bootstrap_attr *a = info->attrs; a && a->name; a++) {
        if (attr_set (attrs, a->name, a->value) < 0)
            goto nomem;
    }
    if (init_parent_attrs (attrs) < 0)
        goto nomem;
    if (uuid_make (uuid) < 0)
        return errprintf (errp, "no random numbers: %s", strerror (errno));
    if (attr_set_uint (attrs, "rank", info->rank) < 0 ||
        attr_set_uint (attrs, "size", info->size) < 0 ||
        attr_set_uint (attrs, "security.owner", getuid ()) < 0 ||
        attr_set_uint (attrs, "broker.pid", getpid ()) < 0 ||
        attr_set (attrs, "broker.uuid", uuid) < 0 ||
        attr_set (attrs, "version", FLUX_CORE_VERSION_STRING) < 0 || // which its clients compare
        attr_set (attrs, "broker.version", PACKAGE_VERSION) < 0 ||
        (!attr_get (attrs, "hostname") && attr_set (attrs, "hostname", info->hostname) < 0) ||
        (info->jobid && attr_set (attrs, "jobid", info->jobid) < 0) ||
        (!attr_get (attrs, "instance-level") && attr_set (attrs, "instance-level", "0") < 0))
        goto nomem;
    static const char *const methods[] = {[BOOTSTRAP_SINGLE] = "single",
                                          [BOOTSTRAP_WIREUP] = "wire-up",
                                          [BOOTSTRAP_PMI1] = "simple",
                                          [BOOTSTRAP_REJOIN] = "rejoin"};
    if (attr_set (attrs, "broker.boot-method", methods[info->method]) < 0)
        goto nomem;
    if (set_critical_ranks (attrs, info->size, errp) < 0)
        return -1;
    char now[32];
    snprintf (now, sizeof (now), "%.6f", walltime_now ());
    if (attr_set (attrs, "broker.starttime", now) < 0)
        goto nomem;
    return 0;
nomem:
    return errprintf (errp, "out of memory");
}

/* In its short form: PMI and test instances bring the names one by one. */
static int set_hostlist (struct attrs *attrs, const char *names)
{
    struct hostlist *hl = hostlist_decode (names);
    char *text = hl ? hostlist_encode (hl) : NULL;
    int rc = attr_set (attrs, "hostlist", text ? text : names);

    free (text);
    hostlist_destroy (hl);
    return rc;
}

/* Which brokers share a host (RFC 34): tasks are brokers, nodes are hosts as they first appear. */
static struct taskmap *make_mapping (struct hostlist *hl, struct hostlist *seen)
{
    struct taskmap *map = taskmap_create ();
    const char *host = hostlist_first (hl), *next;
    int rc = 0;

    for (int run = 1; map && rc == 0 && host; host = next, run++) {
        int node = hostlist_find (seen, host);
        if (node < 0) {
            node = hostlist_count (seen);
            rc = hostlist_append (seen, host) < 0 ? -1 : 0;
        }
        next = hostlist_next (hl); // host is gone with it
        if (rc == 0 && (!next || hostlist_find (seen, next) != node)) {
            rc = taskmap_append (map, node, 1, run);
            run = 0;
        }
    }
    if (rc == 0)
        return map;
    taskmap_destroy (map);
    return NULL;
}

static int set_mapping (struct attrs *attrs)
{
    const char *given = getenv ("FLUX_BOOTSTRAP_MAPPING"); // flux start --test-pmi-clique
    struct hostlist *hl = hostlist_decode (attr_get (attrs, "hostlist"));
    struct hostlist *seen = hostlist_create ();
    struct taskmap *map = hl && seen && !given ? make_mapping (hl, seen) : NULL;
    char *text = given ? strdup (given) : map ? taskmap_encode (map, 0) : NULL;
    int rc = text ? attr_set (attrs, "broker.mapping", text) : -1;

    free (text);
    taskmap_destroy (map);
    hostlist_destroy (seen);
    hostlist_destroy (hl);
    return rc;
}

int boot_attrs_grow (struct attrs *attrs, uint32_t size, const char *hostlist)
{
    if (attr_set_uint (attrs, "size", size) < 0 || attr_set (attrs, "hostlist", hostlist) < 0)
        return -1;
    return set_mapping (attrs);
}

int boot_attrs_late (struct attrs *attrs, const struct bootstrap_info *info)
{
    if (!attr_get (attrs, "hostlist") &&
        set_hostlist (attrs, info->hostlist ? info->hostlist : info->hostname) < 0)
        return -1;
    return set_mapping (attrs);
}

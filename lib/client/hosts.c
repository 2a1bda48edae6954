/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <flux/attr.h>
#include <flux/flog.h>
#include <flux/hostlist.h>
#include <flux/hosts.h>
#include <flux/idset.h>

#include "lib/util/errprintf.h"

static void destroy_hosts (void *arg)
{
    hostlist_destroy (arg);
}

/* Hosts by rank; the handle owns them. */
static struct hostlist *hosts_get (flux_t *h)
{
    struct hostlist *hl = flux_aux_get (h, "flux::hosts");
    const char *s;

    if (hl || !(s = flux_attr_get (h, "hostlist")) || !(hl = hostlist_decode (s)))
        return hl;
    if (flux_aux_set (h, "flux::hosts", hl, destroy_hosts) < 0) {
        hostlist_destroy (hl);
        return NULL;
    }
    return hl;
}

const char *flux_get_hostbyrank (flux_t *h, uint32_t rank)
{
    struct hostlist *hl;
    const char *host = NULL;

    if (rank == FLUX_NODEID_ANY)
        return "any";
    if (rank == FLUX_NODEID_UPSTREAM)
        return "upstream";
    if (rank <= INT32_MAX && (hl = hosts_get (h)))
        host = hostlist_nth (hl, rank);
    return host ? host : "(null)";
}

int flux_get_rankbyhost (flux_t *h, const char *host)
{
    struct hostlist *hl = hosts_get (h);

    return hl ? hostlist_find (hl, host) : -1;
}

static char *hosts_of (struct hostlist *all, const struct idset *ranks, flux_error_t *errp)
{
    struct hostlist *hl = hostlist_create ();
    char *s = NULL;

    for (unsigned int i = idset_first (ranks); hl && i != IDSET_INVALID_ID;
         i = idset_next (ranks, i)) {
        const char *host = i <= INT32_MAX ? hostlist_nth (all, i) : NULL;
        if (!host) {
            errprintf (errp, "rank %u is not in host map", i);
            goto done;
        }
        if (hostlist_append (hl, host) < 0)
            break;
    }
    if (!hl || !(s = hostlist_encode (hl)))
        errprintf (errp, "%s", flux_strerror (errno));
done:
    hostlist_destroy (hl);
    return s;
}

static char *ranks_of (struct hostlist *all, struct hostlist *hosts, flux_error_t *errp)
{
    struct idset *ids = idset_create (0, IDSET_FLAG_AUTOGROW);
    char *s = NULL;

    for (const char *host = hostlist_first (hosts); ids && host; host = hostlist_next (hosts)) {
        int rank = hostlist_find (all, host);
        if (rank < 0) {
            errprintf (errp, "host %s not found in host map", host);
            goto done;
        }
        if (idset_set (ids, rank) < 0)
            break;
    }
    if (!ids || !(s = idset_encode (ids, IDSET_FLAG_RANGE)))
        errprintf (errp, "%s", flux_strerror (errno));
done:
    idset_destroy (ids);
    return s;
}

char *flux_hostmap_lookup (flux_t *h, const char *targets, flux_error_t *errp)
{
    struct hostlist *all = hosts_get (h), *hosts = NULL;
    struct idset *ranks = NULL;
    char *s = NULL;

    if (!all)
        errprintf (errp, "%s", flux_strerror (errno));
    else if ((ranks = idset_decode (targets)))
        s = hosts_of (all, ranks, errp);
    else if ((hosts = hostlist_decode (targets)))
        s = ranks_of (all, hosts, errp);
    else
        errprintf (errp, "target must be a valid idset or hostlist");
    idset_destroy (ranks);
    hostlist_destroy (hosts);
    return s;
}

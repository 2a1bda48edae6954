/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the verbs of flux overlay ask brokers, and how they name them. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <flux/hostlist.h>
#include <flux/idset.h>

#include "lib/util/monotime.h"
#include "shell/cmd/client.h"
#include "shell/cmd/overlay.h"

void overlay_open (struct overlay_view *v)
{
    const char *hosts;

    v->h = cmd_open (v->c);
    hosts = flux_attr_get (v->h, "hostlist");
    v->hosts = hosts ? hostlist_decode (hosts) : NULL;
}

void overlay_close (struct overlay_view *v)
{
    hostlist_destroy (v->hosts);
    flux_close (v->h);
}

json_t *overlay_health (struct overlay_view *v, uint32_t rank, flux_error_t *errp)
{
    double start = monotime_now ();
    flux_future_t *f = flux_rpc (v->h, "overlay.health", NULL, rank, 0);
    const char *text;
    json_t *o = NULL;

    if (f && flux_future_wait_for (f, v->timeout) == 0 && flux_rpc_get (f, &text) == 0)
        o = json_loads (text, 0, NULL);
    else
        snprintf (errp->text, sizeof (errp->text), "%s",
                  errno == ETIMEDOUT ? "no answer in time" : cmd_why (f));
    flux_future_destroy (f);
    v->rpc_time = monotime_now () - start;
    return o;
}

bool overlay_is_up (const char *status)
{
    return strcmp (status, "offline") != 0 && strcmp (status, "lost") != 0;
}

json_t *overlay_topology_rpc (struct cmd *c, flux_t *h)
{
    return cmd_rpc (c, h, "overlay.topology", 0, cmd_pack (c, "{s:i}", "rank", 0), NULL);
}

int overlay_parent_of (const json_t *node, int rank)
{
    int here = json_integer_value (json_object_get (node, "rank")), found;
    json_t *child;
    size_t i;

    json_array_foreach (json_object_get (node, "children"), i, child)
    {
        if (json_integer_value (json_object_get (child, "rank")) == rank)
            return here;
        if ((found = overlay_parent_of (child, rank)) >= 0)
            return found;
    }
    return -1;
}

char *overlay_hosts_of (struct overlay_view *v, const struct idset *ranks)
{
    struct hostlist *hl = hostlist_create ();
    char *s;

    for (unsigned r = idset_first (ranks); r != IDSET_INVALID_ID; r = idset_next (ranks, r)) {
        if (v->hosts && (int)r < hostlist_count (v->hosts))
            hostlist_append (hl, hostlist_nth (v->hosts, (int)r));
    }
    s = hostlist_encode (hl);
    hostlist_destroy (hl);
    return s;
}

struct idset *overlay_ranks_of (struct overlay_view *v, const char *hosts, const char **bad)
{
    struct hostlist *hl = hostlist_decode (hosts);
    struct idset *ids = idset_create (0, IDSET_FLAG_AUTOGROW);

    *bad = hl ? NULL : hosts;
    for (int i = 0; hl && ids && i < hostlist_count (hl); i++) {
        char *host = strdup (hostlist_nth (hl, i));
        bool found = false;
        for (int r = 0; host && r < hostlist_count (v->hosts); r++) {
            if (strcmp (hostlist_nth (v->hosts, r), host) == 0) {
                idset_set (ids, (unsigned)r);
                found = true;
            }
        }
        free (host);
        if (!found)
            *bad = hosts;
    }
    hostlist_destroy (hl);
    return ids;
}

int overlay_view_rank (struct overlay_view *v, const char *target)
{
    const char *bad;
    char *end;
    long rank = strtol (target, &end, 10);

    if (*end == '\0' && end != target) {
        if (rank < 0 || (v->hosts && rank >= hostlist_count (v->hosts)))
            cmd_die (v->c, "there is no rank %ld", rank);
        return (int)rank;
    }
    struct idset *ids = v->hosts ? overlay_ranks_of (v, target, &bad) : NULL;
    if (!ids || bad || idset_count (ids) != 1)
        cmd_die (v->c, "%s: not a rank, nor a host with one rank", target);
    rank = idset_first (ids);
    idset_destroy (ids);
    return (int)rank;
}

int overlay_target_rank (struct cmd *c, flux_t *h, const char *target)
{
    const char *hosts = flux_attr_get (h, "hostlist");
    struct overlay_view v = {.c = c, .h = h, .hosts = hosts ? hostlist_decode (hosts) : NULL};
    int rank = overlay_view_rank (&v, target);

    hostlist_destroy (v.hosts);
    return rank;
}

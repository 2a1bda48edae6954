/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Drained ranks: who is, since when and why. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <flux/hostlist.h>

#include <flux/request.h>

#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"
#include "shell/service/resource/private.h"

json_t *drain_to_json (const struct resource *r)
{
    json_t *o = json_object ();
    bool *done = calloc (r->size, sizeof (*done));

    for (uint32_t i = 0; done && i < r->size; i++) {
        struct rank_state *rs = &r->ranks[i];
        if (!rs->drained || done[i])
            continue;
        struct idset *ids = idset_create (r->size, 0);
        for (uint32_t j = i; ids && j < r->size; j++) {
            struct rank_state *other = &r->ranks[j];
            if (other->drained && other->drain_time == rs->drain_time) {
                idset_set (ids, j);
                done[j] = true;
            }
        }
        char *key = ids ? idset_encode (ids, IDSET_FLAG_RANGE) : NULL;
        if (key)
            json_object_set_new (o, key,
                                 json_pack ("{s:f s:s}", "timestamp", rs->drain_time, "reason",
                                            rs->drain_reason ? rs->drain_reason : ""));
        free (key);
        idset_destroy (ids);
    }
    free (done);
    return o;
}

/* R that was given has the names of a site; else the brokers have told theirs. */
static bool add_host (const struct resource *r, const struct rv1 *rs, struct idset *ids,
                      const char *host)
{
    struct idset *ranks = rs ? rv1_hosts_to_ranks (rs, host, NULL) : NULL;
    bool found = false;

    if (ranks && idset_count (ranks) > 0 && idset_last (ranks) < r->size)
        found = idset_add (ids, ranks) == 0;
    idset_destroy (ranks);
    for (uint32_t i = 0; !rs && i < r->size; i++)
        if (r->ranks[i].host && strcmp (r->ranks[i].host, host) == 0) {
            idset_set (ids, i);
            found = true;
        }
    return found;
}

static int add_hosts (const struct resource *r, const json_t *R, struct idset *ids,
                      const char *targets, flux_error_t *errp)
{
    struct hostlist *hl = hostlist_decode (targets);
    struct rv1 *rs = R ? rv1_from_json (R, NULL) : NULL;
    int rc = 0;

    if (!hl || !ids)
        rc = errprintf (errp, "'%s' is neither an idset nor a hostlist", targets);
    for (const char *host = hl ? hostlist_first (hl) : NULL; host && rc == 0;
         host = hostlist_next (hl))
        if (!add_host (r, rs, ids, host))
            rc = errprintf (errp, "%s: unknown host", host);
    rv1_destroy (rs);
    hostlist_destroy (hl);
    return rc;
}

struct idset *resource_targets_of (const struct resource *r, const json_t *R, const char *targets,
                                   flux_error_t *errp)
{
    struct idset *ids = idset_decode (targets);
    int rc = 0;

    if (ids && !idset_empty (ids) && idset_last (ids) >= r->size)
        rc = errprintf (errp, "idset is out of range");
    else if (!ids)
        rc = add_hosts (r, R, ids = idset_create (r->size, 0), targets, errp);
    if (rc < 0) {
        idset_destroy (ids);
        ids = NULL;
        errno = EINVAL;
    }
    return ids;
}

struct idset *resource_targets (const struct resource *r, const char *targets, flux_error_t *errp)
{
    return resource_targets_of (r, r->R_given ? r->R : NULL, targets, errp);
}

static void set_drained (struct resource *r, uint32_t rank, bool drained, const char *reason,
                         double now)
{
    struct rank_state *rs = &r->ranks[rank];

    rs->drained = drained;
    rs->drain_time = now;
    free (rs->drain_reason);
    rs->drain_reason = reason ? strdup (reason) : NULL;
    resource_tell_state (r, rank);
}

/* A reason that is there stays, unless it may be overwritten (1), and then the time, too (2). */
static void drain_rank (struct resource *r, uint32_t rank, const char *reason, double now,
                        int overwrite)
{
    struct rank_state *rs = &r->ranks[rank];

    if (rs->drained && rs->drain_reason && overwrite == 0)
        return;
    set_drained (r, rank, true, reason, rs->drained && overwrite < 2 ? rs->drain_time : now);
}

static bool host_is_shared (const struct resource *r, uint32_t rank)
{
    for (uint32_t i = 0; i < r->size; i++)
        if (i != rank && r->ranks[i].host && strcmp (r->ranks[i].host, r->ranks[rank].host) == 0)
            return true;
    return false;
}

/* The same rank of the same host; or the host under another rank, if it has one only. */
static json_t *drained_before (const struct resource *r, uint32_t rank)
{
    json_t *ranks = json_object_get (r->drained_before, r->ranks[rank].host), *how;
    char key[16];

    snprintf (key, sizeof (key), "%u", (unsigned)rank);
    if ((how = json_object_get (ranks, key)) || json_object_size (ranks) != 1 ||
        host_is_shared (r, rank))
        return how;
    return json_object_iter_value (json_object_iter (ranks));
}

void drain_again (struct resource *r, uint32_t rank)
{
    const char *reason = NULL;
    json_t *how = drained_before (r, rank);
    double t;

    if (how && json_unpack (how, "{s:F s?s}", "timestamp", &t, "reason", &reason) == 0) {
        set_drained (r, rank, true, reason, t);
        json_object_clear (how); // once
    }
}

static char *hosts_of (const struct resource *r, const struct idset *ids)
{
    struct hostlist *hl = hostlist_create ();

    for (unsigned int i = idset_first (ids); hl && i != IDSET_INVALID_ID; i = idset_next (ids, i))
        hostlist_append (hl, r->ranks[i].host ? r->ranks[i].host : "unknown");
    char *text = hl ? hostlist_encode (hl) : NULL;
    hostlist_destroy (hl);
    return text;
}

static void log_change (struct resource *r, const struct idset *ids, const char *event,
                        const char *reason, int overwrite)
{
    char *text = idset_encode (ids, IDSET_FLAG_RANGE), *hosts = hosts_of (r, ids);

    if (text && hosts) {
        resource_log (r, event, "{s:s s:s s:s* s:i}", "idset", text, "nodelist", hosts, "reason",
                      reason, "overwrite", overwrite);
        router_log (r->rt, LOG_INFO, "resource", "%s idset=%s nodelist=%s overwrite=%d reason=%s",
                    event, text, hosts, overwrite, reason ? reason : "");
    }
    free (text);
    free (hosts);
}

/* What RFC 44 has for a mode: 0, 1 or 2; -1 for none of them. "force" is what undrain once had. */
static int overwrite_of (const char *mode)
{
    if (!mode || strcmp (mode, "update") == 0)
        return 0;
    if (strcmp (mode, "overwrite") == 0 || strcmp (mode, "force") == 0)
        return 1;
    return strcmp (mode, "force-overwrite") == 0 ? 2 : -1;
}

static void change_drain (struct resource *r, const flux_msg_t *msg, bool drain)
{
    const char *targets, *reason = NULL, *mode = NULL;
    flux_error_t error = {""};
    struct idset *ids = NULL;

    if (flux_request_unpack (msg, NULL, "{s:s s?s s?s}", "targets", &targets, "reason", &reason,
                             "mode", &mode) < 0 ||
        !(ids = resource_targets (r, targets, &error)))
        goto error;
    if (idset_empty (ids)) {
        errno = EINVAL;
        errprintf (&error, "idset is empty");
        goto error;
    }
    int overwrite = overwrite_of (mode);
    if (overwrite < 0) {
        errno = EINVAL;
        errprintf (&error, "invalid mode %s", mode);
        goto error;
    }
    for (unsigned int i = idset_first (ids); i != IDSET_INVALID_ID; i = idset_next (ids, i)) {
        if (drain && r->ranks[i].drained && r->ranks[i].drain_reason && !mode) {
            errno = EEXIST;
            errprintf (&error, "rank %u is already drained", i);
            goto error;
        }
        if (!drain && !r->ranks[i].drained && !mode) {
            errno = EINVAL;
            errprintf (&error, "rank %u not drained", i);
            goto error;
        }
    }
    double now = walltime_now ();
    for (unsigned int i = idset_first (ids); i != IDSET_INVALID_ID; i = idset_next (ids, i)) {
        if (drain)
            drain_rank (r, i, reason, now, overwrite);
        else if (r->ranks[i].drained)
            set_drained (r, i, false, NULL, now);
    }
    log_change (r, ids, drain ? "drain" : "undrain", reason, overwrite);
    idset_destroy (ids);
    router_respond (r->rt, msg, NULL);
    resource_tell_changed (r);
    return;
error:
    router_respond_error (r->rt, msg, errno, *error.text ? error.text : NULL);
    idset_destroy (ids);
}

void resource_drain_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    change_drain (arg, msg, true);
}

void resource_undrain_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    change_drain (arg, msg, false);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Drained ranks: who is, since when and why. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
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

struct idset *resource_targets (const struct resource *r, const char *targets, flux_error_t *errp)
{
    struct idset *ids = idset_decode (targets);

    if (ids) {
        if (!idset_empty (ids) && idset_last (ids) >= r->size) {
            errprintf (errp, "idset is out of range");
            goto error;
        }
        return ids;
    }
    struct hostlist *hl = hostlist_decode (targets);
    ids = idset_create (r->size, 0);
    if (!hl || !ids) {
        errprintf (errp, "'%s' is neither an idset nor a hostlist", targets);
        hostlist_destroy (hl);
        goto error;
    }
    for (const char *host = hostlist_first (hl); host; host = hostlist_next (hl)) {
        bool found = false;
        for (uint32_t i = 0; i < r->size; i++) {
            if (r->ranks[i].host && strcmp (r->ranks[i].host, host) == 0) {
                idset_set (ids, i);
                found = true;
            }
        }
        if (!found) {
            errprintf (errp, "%s: unknown host", host);
            hostlist_destroy (hl);
            goto error;
        }
    }
    hostlist_destroy (hl);
    return ids;
error:
    idset_destroy (ids);
    errno = EINVAL;
    return NULL;
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

static void change_drain (struct resource *r, const flux_msg_t *msg, bool drain)
{
    const char *targets, *reason = NULL, *mode = NULL;
    flux_error_t error = {""};
    struct idset *ids = NULL;

    if (flux_request_unpack (msg, NULL, "{s:s s?s s?s}", "targets", &targets, "reason", &reason,
                             "mode", &mode) < 0 ||
        !(ids = resource_targets (r, targets, &error)))
        goto error;
    for (unsigned int i = idset_first (ids); i != IDSET_INVALID_ID; i = idset_next (ids, i)) {
        if (drain && r->ranks[i].drained && !mode) {
            errno = EEXIST;
            errprintf (&error, "rank %u is already drained", i);
            goto error;
        }
        if (!drain && !r->ranks[i].drained) {
            errno = EINVAL;
            errprintf (&error, "rank %u not drained", i);
            goto error;
        }
    }
    double now = walltime_now ();
    for (unsigned int i = idset_first (ids); i != IDSET_INVALID_ID; i = idset_next (ids, i))
        set_drained (r, i, drain, drain ? reason : NULL, now);
    char *text = idset_encode (ids, IDSET_FLAG_RANGE);
    resource_log (r, drain ? "drain" : "undrain", "{s:s s:s*}", "idset", text ? text : "", "reason",
                  reason);
    free (text);
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

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The resource service, see resource.h. */

#include <errno.h>
#include <flux/hostlist.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flux/request.h>
#include <flux/response.h>
#include <flux/rpc.h>

#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"
#include "shell/broker/attr.h"
#include "shell/broker/waiters.h"
#include "shell/service/kvs/kvs.h"
#include "shell/service/resource/discover.h"
#include "shell/service/resource/private.h"
#include "shell/service/sched/sched.h"

static struct rank_state *find_rank (struct resource *r, uint32_t rank)
{
    return r->ranks && rank < r->size ? &r->ranks[rank] : NULL;
}

void resource_tell_changed (struct resource *r)
{
    acquire_changed (r);
    if (r->ops)
        r->ops->changed (r->arg);
}

void resource_tell_state (struct resource *r, uint32_t rank)
{
    struct rank_state *rs = &r->ranks[rank];
    char text[16];

    snprintf (text, sizeof (text), "%u", (unsigned)rank);
    sched_set_up (r->sched, text, rs->online && !rs->drained);
}

/* ---- R ---- */

static struct idset *count_up (uint32_t n)
{
    struct idset *ids = idset_create (0, IDSET_FLAG_AUTOGROW);

    if (ids && n > 0)
        idset_range_set (ids, 0, n - 1);
    return ids;
}

/* What the ranks have told. */
static json_t *make_R (struct resource *r)
{
    struct rv1 *rs = rv1_create ();
    json_t *R = NULL;

    for (uint32_t rank = 0; rs && rank < r->size; rank++) {
        const struct rank_state *state = &r->ranks[rank];
        if (!state->known)
            continue;
        struct idset *cores = count_up (state->cores), *gpus = count_up (state->gpus);
        int rc = rv1_add_node (rs, rank, state->host, cores, gpus);
        idset_destroy (cores);
        idset_destroy (gpus);
        if (rc < 0)
            goto out;
    }
    R = rs ? rv1_to_json (rs) : NULL;
out:
    rv1_destroy (rs);
    return R;
}

/* The scheduler does not see what is excluded. */
static int give_to_sched (struct resource *r, const json_t *R, flux_error_t *errp)
{
    if (!r->exclude)
        return sched_set_resources (r->sched, R, errp);
    struct rv1 *rs = rv1_from_json (R, errp);
    json_t *left = rs && rv1_remove_ranks (rs, r->exclude) == 0 ? rv1_to_json (rs) : NULL;
    int rc = left ? sched_set_resources (r->sched, left, errp) : -1;
    json_decref (left);
    rv1_destroy (rs);
    return rc;
}

int resource_define (struct resource *r, json_t *R, flux_error_t *errp)
{
    char *text = json_dumps (R, JSON_COMPACT);
    int rc = text ? give_to_sched (r, R, errp) : errprintf (errp, "out of memory");

    if (rc == 0) {
        kvs_local_put (r->kvs, NULL, "resource.R", text, strlen (text));
        json_incref (R);
        json_decref (r->R);
        r->R = R;
    }
    free (text);
    return rc;
}

int resource_set_R (struct resource *r, json_t *R, flux_error_t *errp)
{
    if (resource_define (r, R, errp) < 0)
        return -1;
    for (uint32_t rank = 0; rank < r->size; rank++)
        resource_tell_state (r, rank);
    r->R_given = true;
    resource_tell_changed (r);
    return 0;
}

int resource_change (struct resource *r, json_t *R, const char *method, flux_error_t *errp)
{
    if (resource_set_R (r, R, errp) < 0)
        return -1;
    resource_log (r, "resource-define", "{s:s}", "method", method);
    return 0;
}

const json_t *resource_get_R (const struct resource *r)
{
    return r->R;
}

bool resource_is_online (const struct resource *r, uint32_t rank)
{
    return rank < r->size && r->ranks[rank].online;
}

struct idset *resource_find (const struct resource *r, const char *targets, flux_error_t *errp)
{
    return resource_targets (r, targets, errp);
}

int resource_grow (struct resource *r, uint32_t size)
{
    if (r->ranks) {
        struct rank_state *ranks = realloc (r->ranks, size * sizeof (*ranks));
        if (!ranks)
            return -1;
        memset (ranks + r->size, 0, (size - r->size) * sizeof (*ranks));
        r->ranks = ranks;
    }
    r->size = size;
    return 0;
}

int resource_set_expiration (struct resource *r, double expiration)
{
    json_t *execution = json_object_get (r->R, "execution");

    if (sched_set_end (r->sched, expiration) < 0 ||
        (execution && json_object_set_new (execution, "expiration", json_real (expiration)) < 0))
        return -1;
    char *text = r->R ? json_dumps (r->R, JSON_COMPACT) : NULL;
    if (text)
        kvs_local_put (r->kvs, NULL, "resource.R", text, strlen (text));
    free (text);
    resource_tell_changed (r);
    return 0;
}

static void log_definition (struct resource *r)
{
    for (uint32_t i = 0; i < r->size; i++)
        if (!r->ranks[i].known)
            return;
    r->defined = true;
    resource_log (r, "resource-define", "{s:s}", "method",
                  r->R_given ? "configuration" : "dynamic-discovery");
}

/* All who announced themselves in a turn make one new R. */
static void announced (struct router *rt, void *arg)
{
    struct resource *r = arg;
    json_t *R = r->R_given ? NULL : make_R (r);
    flux_error_t error = {"out of memory"};

    if (!r->R_given && (!R || resource_define (r, R, &error) < 0))
        fprintf (stderr, "flux-broker: resources: %s\n", error.text);
    json_decref (R);
    if (r->R && !r->defined)
        log_definition (r);
    resource_tell_changed (r);
}

/* ---- ranks ---- */

static void log_rank (struct resource *r, const char *event, uint32_t rank)
{
    char text[16];

    snprintf (text, sizeof (text), "%u", (unsigned)rank);
    resource_log (r, event, "{s:s}", "idset", text);
}

static int announce (struct resource *r, uint32_t rank, const char *host, uint32_t cores,
                     uint32_t gpus)
{
    struct rank_state *rs = find_rank (r, rank);

    if (!rs || cores == 0 || cores > DISCOVER_MAX || gpus > DISCOVER_MAX) {
        errno = EINVAL;
        return -1;
    }
    char *copy = strdup (host);
    if (!copy)
        return -1;
    free (rs->host);
    rs->host = copy;
    rs->cores = cores;
    rs->gpus = gpus;
    if (!rs->online && !(r->recovery && rs->known))
        r->ready++;
    rs->known = true;
    rs->online = !r->recovery;
    drain_again (r, rank);
    resource_tell_state (r, rank);
    log_rank (r, rs->online ? "online" : "offline", rank);
    resource_check_waitups (r);
    return router_at_turn_end (r->rt, announced, r);
}

static void announce_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct resource *r = arg;
    int rank, cores, gpus;
    const char *host;

    if (flux_request_unpack (msg, NULL, "{s:i s:s s:i s:i}", "rank", &rank, "host", &host, "cores",
                             &cores, "gpus", &gpus) < 0 ||
        announce (r, rank, host, cores, gpus) < 0)
        router_respond_error (rt, msg, errno, "the announcement is not acceptable");
    else
        router_respond (rt, msg, NULL);
}

static void announced_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    const char *text = NULL;

    if (flux_response_decode (msg, NULL, NULL) < 0) {
        flux_response_decode_error (msg, &text);
        fprintf (stderr, "flux-broker: rank %u cannot announce its resources: %s\n",
                 (unsigned)router_rank (rt), text ? text : strerror (errno));
    }
}

int resource_announce (struct resource *r, const struct attrs *attrs, flux_error_t *errp)
{
    struct node_facts facts;
    const char *host = attr_get (attrs, "hostname");

    if (discover_node (&facts, errp) < 0)
        return -1;
    if (router_rank (r->rt) == 0) {
        if (announce (r, 0, host, facts.cores, facts.gpus) < 0)
            return errprintf (errp, "resources: %s", strerror (errno));
        return 0;
    }
    if (!router_rpc_pack (r->rt, "resource.announce", 0, 0, announced_cb, r, "{s:i s:s s:i s:i}",
                          "rank", router_rank (r->rt), "host", host, "cores", facts.cores, "gpus",
                          facts.gpus))
        return errprintf (errp, "resources: %s", strerror (errno));
    return 0;
}

static const struct handler_row group_rows[] = {
    {"get", group_get_cb, FLUX_ROLE_OWNER | FLUX_ROLE_USER},
    {NULL, NULL, 0},
};

static const struct handler_row leader_rows[] = {
    {"announce", announce_cb, FLUX_ROLE_OWNER},
    {"status", resource_status_cb, FLUX_ROLE_USER},
    {"monitor-waitup", resource_waitup_cb, FLUX_ROLE_OWNER},
    {"sched-status", sched_status_cb, FLUX_ROLE_USER},
    {"drain", resource_drain_cb, FLUX_ROLE_OWNER},
    {"undrain", resource_undrain_cb, FLUX_ROLE_OWNER},
    {"reload", resource_reload_cb, FLUX_ROLE_OWNER},
    {"acquire", acquire_cb, FLUX_ROLE_OWNER},
    {"acquire-cancel", acquire_cancel_cb, FLUX_ROLE_OWNER},
    {"journal", resource_journal_cb, FLUX_ROLE_OWNER},
    {"journal-cancel", resource_journal_cancel_cb, FLUX_ROLE_OWNER},
    {"disconnect", resource_disconnect_cb, FLUX_ROLE_ALL},
    {NULL, NULL, 0},
};

static const struct handler_row sched_rows[] = {
    {"resource-status", sched_status_cb, FLUX_ROLE_USER},
    {NULL, NULL, 0},
};

void resource_rank_online (struct resource *r, uint32_t rank, bool online)
{
    struct rank_state *rs = find_rank (r, rank);

    if (!rs || !rs->known || rs->online == online)
        return;
    rs->online = online;
    r->ready += online ? 1 : -1;
    resource_tell_state (r, rank);
    log_rank (r, online ? "online" : "offline", rank);
    resource_check_waitups (r);
    resource_tell_changed (r);
}

uint32_t resource_ready_count (const struct resource *r)
{
    return r->ready;
}

const char *resource_hostname (const struct resource *r, uint32_t rank)
{
    return r->ranks && rank < r->size && r->ranks[rank].host ? r->ranks[rank].host : "unknown";
}

void resource_set_ops (struct resource *r, const struct resource_ops *ops, void *arg)
{
    r->ops = ops;
    r->arg = arg;
}

static int init_leader (struct resource *r)
{
    r->ranks = calloc (r->size, sizeof (r->ranks[0]));
    r->followers = waiters_create ();
    r->waitups = waiters_create ();
    r->drained_before = reslog_drained (r);
    if (!r->ranks || !r->followers || !r->waitups || !(r->acquired = acquired_create ()))
        return -1;
    if (router_service_add (r->rt, "resource", leader_rows, r) < 0 ||
        router_service_add (r->rt, "groups", group_rows, r) < 0 ||
        router_service_add (r->rt, "sched", sched_rows, r) < 0)
        return -1;
    router_service_yield (r->rt, "sched");
    return 0;
}

static void log_restart (struct resource *r, const struct attrs *attrs)
{
    const char *hosts = attr_get (attrs, "hostlist");
    char ranks[32];

    snprintf (ranks, sizeof (ranks), r->size > 1 ? "0-%u" : "0", (unsigned)(r->size - 1));
    resource_log (r, "restart", "{s:s s:s s:s}", "ranks", ranks, "online", "", "nodelist",
                  hosts ? hosts : "");
}

struct resource *resource_create (struct router *rt, struct attrs *attrs, const json_t *conf,
                                  struct kvs *kvs, struct sched *sched, struct uplink *uplink,
                                  flux_error_t *errp)
{
    struct resource *r = calloc (1, sizeof (*r));

    if (!r)
        return NULL;
    r->rt = rt;
    r->kvs = kvs;
    r->sched = sched;
    r->uplink = uplink;
    r->size = router_size (rt);
    r->recovery = attr_get (attrs, "broker.recovery-mode") != NULL;
    if (router_rank (rt) == 0 && init_leader (r) < 0) {
        errprintf (errp, "resources: %s", strerror (errno));
        goto error;
    }
    if (r->ranks)
        log_restart (r, attrs);
    if (r->ranks && resource_take_given (r, attrs, conf, errp) < 0)
        goto error;
    return r;
error:
    resource_destroy (r);
    return NULL;
}

void resource_destroy (struct resource *r)
{
    if (r) {
        int saved_errno = errno;
        if (r->ranks) {
            router_service_remove (r->rt, "resource");
            router_service_remove (r->rt, "groups");
            router_service_remove (r->rt, "sched");
        }
        for (uint32_t i = 0; r->ranks && i < r->size; i++) {
            free (r->ranks[i].host);
            free (r->ranks[i].drain_reason);
        }
        free (r->ranks);
        waiters_destroy (r->followers);
        waiters_destroy (r->waitups);
        acquired_destroy (r->acquired);
        json_decref (r->drained_before);
        json_decref (r->R);
        idset_destroy (r->exclude);
        free (r);
        errno = saved_errno;
    }
}

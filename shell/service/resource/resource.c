/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The resource service, see resource.h. */

#include <errno.h>
#include <flux/hostlist.h>
#include <flux/idset.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flux/request.h>
#include <flux/response.h>
#include <flux/rpc.h>

#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"
#include "lib/util/monotime.h"
#include "shell/broker/attr.h"
#include "shell/broker/router.h"
#include "shell/service/kvs/kvs.h"
#include "shell/service/resource/discover.h"
#include "shell/service/resource/parent.h"
#include "shell/service/resource/resource.h"
#include "shell/service/sched/rset.h"
#include "shell/service/sched/sched.h"

#define R_FILE_MAX (256u << 20)

struct rank_state {
    char *host;
    uint32_t cores, gpus;
    bool known; // has announced itself
    bool online;
    bool drained;
    double drain_time;
    char *drain_reason;
};

struct resource {
    struct router *rt;
    struct kvs *kvs;
    struct sched *sched;
    struct rank_state *ranks; // rank 0 only
    uint32_t size;
    uint32_t ready;
    json_t *R;
    bool R_given; // by the enclosing instance: ranks say only that they are there
    const struct resource_ops *ops;
    void *arg;
};

static struct rank_state *get_rank (struct resource *r, uint32_t rank)
{
    return r->ranks && rank < r->size ? &r->ranks[rank] : NULL;
}

static void log_event (struct resource *r, const char *name, const char *fmt, ...)
{
    struct buf b = {0};
    va_list ap;

    va_start (ap, fmt);
    json_t *context = json_vpack_ex (NULL, 0, fmt, ap);
    va_end (ap);
    char *text = context ? json_dumps (context, JSON_COMPACT) : NULL;
    buf_printf (&b, "{\"timestamp\":%.6f,\"name\":\"%s\",\"context\":%s}\n", walltime_now (), name,
                text ? text : "{}");
    if (!b.err)
        kvs_local_append (r->kvs, NULL, "resource.eventlog", b.data, b.len);
    buf_clear (&b);
    free (text);
    json_decref (context);
}

static void fill_bits (struct bits *bits, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        bits_set (bits, i);
}

static char *encode_R (struct resource *r, size_t *lenp)
{
    struct rnode *nodes = calloc (r->size, sizeof (*nodes));
    struct hostlist *hl = hostlist_create ();
    struct buf b = {0};
    size_t n = 0;

    for (uint32_t rank = 0; nodes && hl && rank < r->size; rank++) {
        struct rank_state *rs = &r->ranks[rank];
        if (!rs->known)
            continue;
        nodes[n].rank = rank;
        fill_bits (&nodes[n].cores, rs->cores);
        fill_bits (&nodes[n].gpus, rs->gpus);
        n++;
        hostlist_append (hl, rs->host);
    }
    char *hosts = hl ? hostlist_encode (hl) : NULL;
    rset_encode (&b, nodes, n, hosts, 0., 0.);
    free (hosts);
    free (nodes);
    hostlist_destroy (hl);
    char *text = buf_steal (&b, lenp);
    buf_clear (&b);
    return text;
}

/* All who announced themselves in a turn make one new R. */
static void update_R (struct router *rt, void *arg)
{
    struct resource *r = arg;
    size_t len = 0;
    char *text = r->R_given ? json_dumps (r->R, JSON_COMPACT) : encode_R (r, &len);
    json_t *R = text ? json_loads (text, 0, NULL) : NULL;
    flux_error_t error;

    if (!R || sched_set_resources (r->sched, R, &error) < 0) {
        fprintf (stderr, "flux-broker: resources: %s\n", R ? error.text : "out of memory");
    } else {
        kvs_local_put (r->kvs, NULL, "resource.R", text, strlen (text));
        json_decref (r->R);
        r->R = json_incref (R);
    }
    json_decref (R);
    free (text);
    if (r->ops)
        r->ops->changed (r->arg);
}

static void set_sched_state (struct resource *r, uint32_t rank)
{
    struct rank_state *rs = &r->ranks[rank];
    char text[16];

    snprintf (text, sizeof (text), "%u", (unsigned)rank);
    sched_set_up (r->sched, text, rs->online && !rs->drained);
}

static int announce (struct resource *r, uint32_t rank, const char *host, uint32_t cores,
                     uint32_t gpus)
{
    struct rank_state *rs = get_rank (r, rank);

    if (!rs || cores == 0 || cores > BITS_MAX || gpus > BITS_MAX) {
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
    if (!rs->online)
        r->ready++;
    rs->known = rs->online = true;
    set_sched_state (r, rank);
    log_event (r, "online", "{s:i}", "idset", rank);
    return router_at_turn_end (r->rt, update_R, r);
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

static int announce_self (struct resource *r, struct attrs *attrs, flux_error_t *errp)
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

/* ---- what clients ask ---- */

static void sched_status_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct resource *r = arg;

    router_respond_pack (rt, msg, "o", sched_status (r->sched));
}

static char *encode_ranks (struct resource *r, bool (*pick) (const struct rank_state *rs))
{
    struct idset *ids = idset_create (r->size, 0);

    for (uint32_t i = 0; ids && i < r->size; i++) {
        if (pick (&r->ranks[i]))
            idset_set (ids, i);
    }
    char *s = ids ? idset_encode (ids, IDSET_FLAG_RANGE) : NULL;
    idset_destroy (ids);
    return s;
}

static bool is_online (const struct rank_state *rs)
{
    return rs->online;
}

static bool is_offline (const struct rank_state *rs)
{
    return !rs->online;
}

/* {"0-1":{"timestamp":f,"reason":s}}: ranks that were drained alike share an entry. */
static json_t *encode_drained (struct resource *r)
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

static void status_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct resource *r = arg;
    char *online = encode_ranks (r, is_online);
    char *offline = encode_ranks (r, is_offline);

    router_respond_pack (rt, msg, "{s:O? s:s s:s s:s s:s s:o}", "R", r->R, "online",
                         online ? online : "", "offline", offline ? offline : "", "exclude", "",
                         "torpid", "", "drain", encode_drained (r));
    free (online);
    free (offline);
}

/* The groups that flux-core's commands ask for; no others are kept. */
static void group_get_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    const char *name;

    if (flux_request_unpack (msg, NULL, "{s:s}", "name", &name) < 0) {
        router_respond_error (rt, msg, EPROTO, NULL);
        return;
    }
    char *members = strcmp (name, "broker.online") == 0 ? encode_ranks (arg, is_online) : NULL;
    router_respond_pack (rt, msg, "{s:s}", "members", members ? members : "");
    free (members);
}

static const struct handler_row group_rows[] = {
    {"get", group_get_cb, FLUX_ROLE_OWNER | FLUX_ROLE_USER},
    {NULL, NULL, 0},
};

/* Ranks by idset, or nodes by hostlist. */
static struct idset *decode_targets (struct resource *r, const char *targets, flux_error_t *errp)
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
    set_sched_state (r, rank);
}

static void change_drain (struct resource *r, const flux_msg_t *msg, bool drain)
{
    const char *targets, *reason = NULL, *mode = NULL;
    flux_error_t error = {""};
    struct idset *ids = NULL;

    if (flux_request_unpack (msg, NULL, "{s:s s?s s?s}", "targets", &targets, "reason", &reason,
                             "mode", &mode) < 0 ||
        !(ids = decode_targets (r, targets, &error)))
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
    log_event (r, drain ? "drain" : "undrain", "{s:s s:s*}", "idset", text ? text : "", "reason",
               reason);
    free (text);
    idset_destroy (ids);
    router_respond (r->rt, msg, NULL);
    if (r->ops)
        r->ops->changed (r->arg);
    return;
error:
    router_respond_error (r->rt, msg, errno, *error.text ? error.text : NULL);
    idset_destroy (ids);
}

static void drain_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    change_drain (arg, msg, true);
}

static void undrain_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    change_drain (arg, msg, false);
}

static const struct handler_row leader_rows[] = {
    {"announce", announce_cb, FLUX_ROLE_OWNER},        {"status", status_cb, FLUX_ROLE_USER},
    {"sched-status", sched_status_cb, FLUX_ROLE_USER}, {"drain", drain_cb, FLUX_ROLE_OWNER},
    {"undrain", undrain_cb, FLUX_ROLE_OWNER},          {NULL, NULL, 0},
};

static void resource_status_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    sched_status_cb (rt, msg, arg);
}

static const struct handler_row sched_rows[] = {
    {"resource-status", resource_status_cb, FLUX_ROLE_USER},
    {NULL, NULL, 0},
};

void resource_rank_online (struct resource *r, uint32_t rank, bool online)
{
    struct rank_state *rs = get_rank (r, rank);

    if (!rs || !rs->known || rs->online == online)
        return;
    rs->online = online;
    r->ready += online ? 1 : -1;
    set_sched_state (r, rank);
    log_event (r, online ? "online" : "offline", "{s:i}", "idset", rank);
    if (r->ops)
        r->ops->changed (r->arg);
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

/* A rank that has not come yet cannot be used, whatever R says. */
static int take_parents_R (struct resource *r, struct attrs *attrs, flux_error_t *errp)
{
    const char *uri = attr_get (attrs, "parent-uri");
    char all[32];

    if (!uri)
        return 0;
    if (!(r->R =
              parent_get_R (uri, attr_get (attrs, "jobid"), attr_get (attrs, "local-uri"), errp)))
        return -1;
    r->R_given = true;
    snprintf (all, sizeof (all), "0-%u", (unsigned)r->size - 1);
    sched_set_up (r->sched, r->size > 1 ? all : "0", 0);
    return 0;
}

/* resource.path: R from a file, for tests and measurements with nodes that are not there. All of
 * them count as up. */
static int read_R (struct resource *r, const char *path, flux_error_t *errp)
{
    char *text = NULL;
    json_error_t error;
    ssize_t len = file_read_all (path, R_FILE_MAX, &text);

    if (len < 0)
        return errprintf (errp, "resource.path=%s: %s", path, strerror (errno));
    r->R = json_loadb (text, len, 0, &error);
    free (text);
    if (!r->R) {
        errno = EINVAL;
        return errprintf (errp, "resource.path=%s: line %d: %s", path, error.line, error.text);
    }
    r->R_given = true;
    return sched_set_resources (r->sched, r->R, errp);
}

static int take_given_R (struct resource *r, struct attrs *attrs, flux_error_t *errp)
{
    const char *path = attr_get (attrs, "resource.path");

    return path ? read_R (r, path, errp) : take_parents_R (r, attrs, errp);
}

static int init_leader (struct resource *r)
{
    r->ranks = calloc (r->size, sizeof (r->ranks[0]));
    if (!r->ranks)
        return -1;
    if (router_service_add (r->rt, "resource", leader_rows, r) < 0 ||
        router_service_add (r->rt, "groups", group_rows, r) < 0 ||
        router_service_add (r->rt, "sched", sched_rows, r) < 0)
        return -1;
    return 0;
}

struct resource *resource_create (struct router *rt, struct attrs *attrs, struct kvs *kvs,
                                  struct sched *sched, flux_error_t *errp)
{
    struct resource *r = calloc (1, sizeof (*r));

    if (!r)
        return NULL;
    r->rt = rt;
    r->kvs = kvs;
    r->sched = sched;
    r->size = router_size (rt);
    if (router_rank (rt) == 0 && init_leader (r) < 0) {
        errprintf (errp, "resources: %s", strerror (errno));
        goto error;
    }
    if ((r->ranks && take_given_R (r, attrs, errp) < 0) || announce_self (r, attrs, errp) < 0)
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
        json_decref (r->R);
        free (r);
        errno = saved_errno;
    }
}

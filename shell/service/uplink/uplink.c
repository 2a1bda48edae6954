/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <flux/core.h>
#include <flux/idset.h>
#include <flux/taskmap.h>

#include "lib/client/reactor_private.h"
#include "lib/job/rv1.h"
#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "shell/service/uplink/uplink.h"

#define TIMEOUT 30.     // seconds for an answer without which there is no instance
#define LAST_TIMEOUT 3. // for one that ends it

struct uplink {
    flux_t *h;
    flux_jobid_t id;
    flux_reactor_t *reactor;
    flux_future_t *events;
    uint32_t *above_of; // by rank: the one above on which its broker is
    uint32_t nranks;
    double expiration; // heard last; < 0: nothing yet
    uplink_expiration_f cb;
    void *arg;
};

struct uplink *uplink_create (struct ev_loop *loop, const char *uri, const char *jobid,
                              flux_error_t *errp)
{
    struct uplink *up = calloc (1, sizeof (*up));

    if (!up) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    up->expiration = -1;
    if (flux_job_id_parse (jobid, &up->id) < 0) {
        errno = EINVAL;
        errprintf (errp, "FLUX_JOB_ID=%s is not a job id", jobid);
    } else if (!(up->h = flux_open (uri, 0)) || !(up->reactor = reactor_over (loop)) ||
               flux_set_reactor (up->h, up->reactor) < 0) {
        errprintf (errp, "the enclosing instance at %s: %s", uri, strerror (errno));
    } else {
        return up;
    }
    uplink_destroy (up);
    return NULL;
}

void uplink_destroy (struct uplink *up)
{
    if (up) {
        int saved_errno = errno;
        flux_future_destroy (up->events);
        flux_close (up->h);
        flux_reactor_decref (up->reactor);
        free (up->above_of);
        free (up);
        errno = saved_errno;
    }
}

/* ---- resources ---- */

/* The parent's ranks mean nothing here: broker i of the job is on the i-th of them, and what came
 * later is where it was put. */
static int remember (struct uplink *up, const struct rv1 *rs)
{
    for (size_t i = 0; i < rs->nnodes; i++)
        if (uplink_set_rank (up, i, rs->node[i].rank) < 0)
            return -1;
    return 0;
}

int uplink_set_rank (struct uplink *up, uint32_t rank, uint32_t above)
{
    if (rank >= up->nranks) {
        uint32_t *above_of = realloc (up->above_of, (rank + 1) * sizeof (*above_of));
        if (!above_of)
            return -1;
        up->above_of = above_of;
        while (up->nranks <= rank)
            up->above_of[up->nranks++] = UPLINK_NO_RANK;
    }
    up->above_of[rank] = above;
    return 0;
}

uint32_t uplink_rank_above (const struct uplink *up, uint32_t rank)
{
    return rank < up->nranks ? up->above_of[rank] : UPLINK_NO_RANK;
}

uint32_t uplink_rank_here (const struct uplink *up, uint32_t above)
{
    for (uint32_t i = 0; i < up->nranks; i++)
        if (up->above_of[i] == above)
            return i;
    return UPLINK_NO_RANK;
}

typedef uint32_t (*map_f) (const struct uplink *up, uint32_t rank);

static void map_graph (const struct uplink *up, json_t *scheduling, map_f map)
{
    json_t *nodes = json_object_get (json_object_get (scheduling, "graph"), "nodes"), *o;
    size_t i;

    json_array_foreach (nodes, i, o)
    {
        json_t *metadata = json_object_get (o, "metadata");
        const json_t *rank = json_object_get (metadata, "rank");
        uint32_t to =
            json_integer_value (rank) >= 0 ? map (up, json_integer_value (rank)) : UPLINK_NO_RANK;
        if (rank && to != UPLINK_NO_RANK)
            json_object_set_new (metadata, "rank", json_integer (to));
        json_object_del (metadata, "exclusive"); // it was said of the job
        json_object_del (metadata, "ephemeral");
    }
}

static int map_properties (const struct uplink *up, const struct rv1 *rs, struct rv1 *new,
                           map_f map)
{
    json_t *properties = rs->props ? rv1_properties_to_json (rs) : NULL, *value;
    const char *name;
    int rc = 0;

    json_object_foreach (properties, name, value)
    {
        const struct idset *ranks = rv1_property (rs, name);
        struct idset *to = idset_create (0, IDSET_FLAG_AUTOGROW);
        for (unsigned int r = idset_first (ranks); to && r != IDSET_INVALID_ID;
             r = idset_next (ranks, r))
            idset_set (to, map (up, r));
        if (!to || rv1_set_property (new, name, to, NULL) < 0)
            rc = -1;
        idset_destroy (to);
    }
    json_decref (properties);
    return rc;
}

/* Takes rs. NULL: no memory, or a rank without a place on the other side. */
static struct rv1 *map_all (const struct uplink *up, struct rv1 *rs, map_f map)
{
    struct rv1 *new = rs ? rv1_create () : NULL;

    for (size_t i = 0; new &&i < rs->nnodes; i++) {
        const struct rv1_node *node = &rs->node[i];
        uint32_t rank = map (up, node->rank);
        if (rank == UPLINK_NO_RANK ||
            rv1_add_node (new, rank, node->host, rv1_node_cores (node), rv1_node_gpus (node)) < 0)
            goto error;
    }
    if (!new || map_properties (up, rs, new, map) < 0)
        goto error;
    new->starttime = rs->starttime;
    new->expiration = rs->expiration;
    map_graph (up, rs->scheduling, map);
    new->scheduling = rs->scheduling;
    rs->scheduling = NULL;
    rv1_destroy (rs);
    return new;
error:
    rv1_destroy (new);
    rv1_destroy (rs);
    errno = EINVAL;
    return NULL;
}

static json_t *map_json (const struct uplink *up, struct rv1 *rs, map_f map, flux_error_t *errp)
{
    struct rv1 *new = map_all (up, rs, map);
    json_t *o = new ? rv1_to_json (new) : NULL;

    if (!o)
        errprintf (errp, "R cannot be translated");
    rv1_destroy (new);
    return o;
}

json_t *uplink_R_here (const struct uplink *up, const json_t *R, flux_error_t *errp)
{
    struct rv1 *rs = rv1_from_json (R, errp);

    return rs ? map_json (up, rs, uplink_rank_here, errp) : NULL;
}

json_t *uplink_R_above (const struct uplink *up, const struct rv1 *rs, flux_error_t *errp)
{
    return map_json (up, rv1_copy (rs), uplink_rank_above, errp);
}

static json_t *first_R (struct uplink *up, const json_t *R, flux_error_t *errp)
{
    struct rv1 *rs = rv1_from_json (R, errp);
    int rc = rs ? remember (up, rs) : -1;

    rv1_destroy (rs);
    return rc == 0 ? uplink_R_here (up, R, errp) : NULL;
}

flux_future_t *uplink_rpc (struct uplink *up, const char *topic, json_t *payload)
{
    json_t *o = payload ? payload : json_object ();
    flux_future_t *f = NULL;

    if (o && json_object_set_new (o, "id", json_integer ((json_int_t)up->id)) == 0)
        f = flux_rpc_pack (up->h, topic, FLUX_NODEID_ANY, 0, "O", o);
    json_decref (o);
    return f;
}

flux_t *uplink_handle (struct uplink *up)
{
    return up->h;
}

json_t *uplink_get_R (struct uplink *up, flux_error_t *errp)
{
    json_t *R = NULL, *result = NULL;
    flux_future_t *f =
        flux_rpc_pack (up->h, "job-info.lookup", FLUX_NODEID_ANY, 0, "{s:I s:[s] s:i}", "id",
                       (json_int_t)up->id, "keys", "R", "flags", 3);

    if (!f || flux_future_wait_for (f, TIMEOUT) < 0 ||
        flux_rpc_get_unpack (f, "{s:o}", "R", &R) < 0)
        errprintf (errp, "the enclosing instance does not tell the job's resources: %s",
                   f ? flux_future_error_string (f) : strerror (errno));
    else
        result = first_R (up, R, errp);
    flux_future_destroy (f);
    return result;
}

/* ---- notes ---- */

static flux_future_t *send_memo (struct uplink *up, json_t *memo, bool is_volatile, int flags)
{
    return flux_rpc_pack (up->h, "job-manager.memo", FLUX_NODEID_ANY, flags, "{s:I s:b s:o}", "id",
                          (json_int_t)up->id, "volatile", is_volatile, "memo", memo);
}

/* That a note does not arrive is no reason not to go on. */
void uplink_memo (struct uplink *up, json_t *memo, bool is_volatile)
{
    if (memo)
        flux_future_destroy (send_memo (up, memo, is_volatile, FLUX_RPC_NORESPONSE));
}

void uplink_memo_wait (struct uplink *up, json_t *memo)
{
    flux_future_t *f = memo ? send_memo (up, memo, false, 0) : NULL;

    if (f)
        (void)flux_future_wait_for (f, LAST_TIMEOUT);
    flux_future_destroy (f);
}

void uplink_tell_uri (struct uplink *up, const char *local_uri)
{
    const char *path = strncmp (local_uri, "local://", 8) == 0 ? local_uri + 8 : local_uri;
    char host[256] = "";
    struct buf uri = {0};

    gethostname (host, sizeof (host) - 1);
    buf_printf (&uri, "ssh://%s%s", host, path);
    if (!uri.err)
        uplink_memo (up, json_pack ("{s:s}", "uri", uri.data), true);
    buf_clear (&uri);
}

/* A broker for each shell of the job, in their order, as far as R of the job was asked for; else
 * the map of brokers to nodes tells. */
static int shell_of (const struct uplink *up, const struct taskmap *map, unsigned rank)
{
    return uplink_rank_above (up, rank) != UPLINK_NO_RANK ? (int)rank
                                                          : taskmap_nodeid (map, (int)rank);
}

static char *critical_shells (const struct uplink *up, const char *ranks, const char *mapping)
{
    struct idset *ids = idset_decode (ranks), *shells = idset_create (0, IDSET_FLAG_AUTOGROW);
    struct taskmap *map = taskmap_decode (mapping, NULL);
    char *text = NULL;

    if (ids && shells && map) {
        for (unsigned id = idset_first (ids); id != IDSET_INVALID_ID; id = idset_next (ids, id)) {
            int shell = shell_of (up, map, id);
            if (shell >= 0)
                idset_set (shells, shell);
        }
        text = idset_encode (shells, IDSET_FLAG_RANGE);
    }
    taskmap_destroy (map);
    idset_destroy (shells);
    idset_destroy (ids);
    return text;
}

void uplink_tell_critical (struct uplink *up, const char *ranks, const char *mapping)
{
    char *shells = ranks && mapping ? critical_shells (up, ranks, mapping) : NULL;

    if (shells)
        flux_future_destroy (flux_rpc_pack (up->h, "job-exec.critical-ranks", FLUX_NODEID_ANY,
                                            FLUX_RPC_NORESPONSE, "{s:I s:s}", "id",
                                            (json_int_t)up->id, "ranks", shells));
    free (shells);
}

/* ---- changes ---- */

static void read_event (struct uplink *up, const char *text)
{
    json_t *o = json_loads (text, 0, NULL), *expiration;
    const char *name = json_string_value (json_object_get (o, "name"));

    expiration = json_object_get (json_object_get (o, "context"), "expiration");
    if (name && strcmp (name, "resource-update") == 0 && json_is_number (expiration))
        up->expiration = json_number_value (expiration);
    json_decref (o);
}

static void event_cb (flux_future_t *f, void *arg)
{
    struct uplink *up = arg;
    double before = up->expiration;
    const char *text;

    if (flux_job_event_watch_get (f, &text) < 0) { // the job's end, or the instance's
        flux_future_destroy (f);
        up->events = NULL;
        return;
    }
    if (text)
        read_event (up, text);
    if (up->expiration != before)
        up->cb (up->expiration, up->arg);
    flux_future_reset (f);
}

int uplink_follow (struct uplink *up, uplink_expiration_f cb, void *arg, flux_error_t *errp)
{
    up->cb = cb;
    up->arg = arg;
    up->events = flux_job_event_watch (up->h, up->id, "eventlog", 0);
    if (!up->events || flux_future_then (up->events, -1., event_cb, up) < 0)
        return errprintf (errp, "the enclosing instance: %s", strerror (errno));
    return 0;
}

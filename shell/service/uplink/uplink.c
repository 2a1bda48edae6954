/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <flux/core.h>

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
        free (up);
        errno = saved_errno;
    }
}

/* ---- resources ---- */

/* A vertex of the graph is on the rank that has the place of its old one in R. */
static void renumber_graph (json_t *scheduling, const struct rv1 *rs)
{
    json_t *nodes = json_object_get (json_object_get (scheduling, "graph"), "nodes"), *o;
    size_t i;

    json_array_foreach (nodes, i, o)
    {
        json_t *metadata = json_object_get (o, "metadata");
        const json_t *rank = json_object_get (metadata, "rank");
        const struct rv1_node *node =
            json_integer_value (rank) >= 0 ? rv1_find (rs, json_integer_value (rank)) : NULL;
        if (rank && node)
            json_object_set_new (metadata, "rank", json_integer (node - rs->node));
        json_object_del (metadata, "exclusive"); // it was said of the job
        json_object_del (metadata, "ephemeral");
    }
}

/* The parent's ranks mean nothing here: broker i of the job is on the i-th of them. */
static json_t *renumber (const json_t *R, flux_error_t *errp)
{
    struct rv1 *rs = rv1_from_json (R, errp);
    json_t *new = NULL;

    if (!rs)
        return NULL;
    renumber_graph (rs->scheduling, rs);
    if (rv1_renumber (rs) < 0 || !(new = rv1_to_json (rs)))
        errprintf (errp, "out of memory");
    rv1_destroy (rs);
    return new;
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
        result = renumber (R, errp);
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

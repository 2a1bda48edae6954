/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What a child instance asks of its parent, see parent.h. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <flux/core.h>

#include "lib/job/rv1.h"
#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "shell/service/resource/parent.h"

#define TIMEOUT 30. // seconds

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

static json_t *lookup_R (flux_t *h, flux_jobid_t id, flux_error_t *errp)
{
    json_t *R = NULL, *result = NULL;
    flux_future_t *f = flux_rpc_pack (h, "job-info.lookup", FLUX_NODEID_ANY, 0, "{s:I s:[s] s:i}",
                                      "id", (json_int_t)id, "keys", "R", "flags", 3);

    if (!f || flux_future_wait_for (f, TIMEOUT) < 0 ||
        flux_rpc_get_unpack (f, "{s:o}", "R", &R) < 0)
        errprintf (errp, "the enclosing instance does not tell the job's resources: %s",
                   f ? flux_future_error_string (f) : strerror (errno));
    else
        result = renumber (R, errp);
    flux_future_destroy (f);
    return result;
}

/* That nobody can find the way here is no reason not to go on. */
static void tell_uri (flux_t *h, flux_jobid_t id, const char *own_uri)
{
    char host[256] = "";
    struct buf uri = {0};

    gethostname (host, sizeof (host) - 1);
    buf_printf (&uri, "ssh://%s%s", host,
                strncmp (own_uri, "local://", 8) == 0 ? own_uri + 8 : own_uri);
    flux_future_t *f =
        flux_rpc_pack (h, "job-manager.memo", FLUX_NODEID_ANY, 0, "{s:I s:b s:{s:s}}", "id",
                       (json_int_t)id, "volatile", 1, "memo", "uri", uri.err ? own_uri : uri.data);
    if (f)
        (void)flux_future_wait_for (f, TIMEOUT);
    flux_future_destroy (f);
    buf_clear (&uri);
}

json_t *parent_get_R (const char *uri, const char *jobid, const char *own_uri, flux_error_t *errp)
{
    flux_jobid_t id;
    flux_t *h;
    json_t *R = NULL;

    if (flux_job_id_parse (jobid, &id) < 0) {
        errno = EINVAL;
        errprintf (errp, "FLUX_JOB_ID=%s is not a job id", jobid);
        return NULL;
    }
    if (!(h = flux_open (uri, 0))) {
        errprintf (errp, "the enclosing instance at %s: %s", uri, strerror (errno));
        return NULL;
    }
    if ((R = lookup_R (h, id, errp)))
        tell_uri (h, id, own_uri);
    flux_close (h);
    return R;
}

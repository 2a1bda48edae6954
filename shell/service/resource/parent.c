/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What a child instance asks of its parent, see parent.h. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <flux/core.h>

#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "shell/service/resource/parent.h"
#include "shell/service/sched/rset.h"

#define TIMEOUT 30. // seconds

/* The parent's ranks mean nothing here: broker i of the job is on the i-th of them. */
static json_t *renumber (const json_t *R, flux_error_t *errp)
{
    struct rset rs;
    struct buf b = {0};
    double start = 0, expiration = 0;
    json_t *new = NULL;

    if (rset_decode (&rs, R, errp) < 0)
        return NULL;
    for (size_t i = 0; i < rs.count; i++)
        rs.nodes[i].rank = i;
    json_unpack ((json_t *)R, "{s:{s?F s?F}}", "execution", "starttime", &start, "expiration",
                 &expiration);
    rset_encode (&b, rs.nodes, rs.count, NULL, start, expiration);
    if (!b.err && (new = json_loadb (b.data, b.len, 0, NULL))) {
        json_t *execution = json_object_get (new, "execution");
        json_t *nodelist = json_object_get (json_object_get (R, "execution"), "nodelist");
        if (nodelist)
            json_object_set (execution, "nodelist", nodelist);
    }
    buf_clear (&b);
    rset_clear (&rs);
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

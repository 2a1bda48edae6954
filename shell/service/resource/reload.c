/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* resource.reload {"path":s,"xml":b,"force":b}: the instance's resources change to those of a file
 * (R) or of a folder of hwloc files, one per rank. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <flux/request.h>

#include "lib/util/errprintf.h"
#include "shell/service/resource/discover.h"
#include "shell/service/resource/private.h"

#define RANKS_MAX (1u << 20)

static int add_rank (struct rv1 *rs, uint32_t rank, const struct node_facts *facts,
                     const char *host)
{
    struct idset *cores = idset_create (0, IDSET_FLAG_AUTOGROW);
    struct idset *gpus = idset_create (0, IDSET_FLAG_AUTOGROW);
    int rc = -1;

    if (cores && gpus && idset_range_set (cores, 0, facts->cores - 1) == 0 &&
        (facts->gpus == 0 || idset_range_set (gpus, 0, facts->gpus - 1) == 0))
        rc = rv1_add_node (rs, rank, host, cores, gpus);
    idset_destroy (cores);
    idset_destroy (gpus);
    return rc;
}

/* 0.xml, 1.xml ... */
static json_t *read_folder (const char *folder, flux_error_t *errp)
{
    struct rv1 *rs = rv1_create ();
    json_t *R = NULL;
    char path[4096], host[256];
    uint32_t rank = 0;

    for (; rs && rank < RANKS_MAX; rank++) {
        struct node_facts facts;
        int n = snprintf (path, sizeof (path), "%s/%u.xml", folder, (unsigned)rank);
        if (n < 0 || (size_t)n >= sizeof (path) || access (path, F_OK) < 0)
            break;
        if (discover_xml (path, &facts, host, sizeof (host), errp) < 0 ||
            add_rank (rs, rank, &facts, host) < 0)
            goto out;
    }
    if (rank == 0)
        errprintf (errp, "%s: there is no 0.xml", folder);
    else
        R = rv1_to_json (rs);
out:
    rv1_destroy (rs);
    if (!R)
        errno = EINVAL;
    return R;
}

static int check_ranks (const struct resource *r, const json_t *R, flux_error_t *errp)
{
    struct rv1 *rs = rv1_from_json (R, errp);

    if (!rs)
        return -1;
    uint32_t last = rs->nnodes > 0 ? rs->node[rs->nnodes - 1].rank : 0;
    rv1_destroy (rs);
    if (last < r->size)
        return 0;
    errno = EINVAL;
    return errprintf (errp, "R has rank %u, and the instance has %u", (unsigned)last,
                      (unsigned)r->size);
}

void resource_reload_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct resource *r = arg;
    const char *path;
    int xml = 0, force = 0;
    flux_error_t error = {""};
    json_t *R = NULL;

    if (flux_request_unpack (msg, NULL, "{s:s s?b s?b}", "path", &path, "xml", &xml, "force",
                             &force) < 0) {
        router_respond_error (rt, msg, EPROTO, NULL);
        return;
    }
    R = xml ? read_folder (path, &error) : resource_read_json ("reload", path, &error);
    if (!R || (!force && check_ranks (r, R, &error) < 0) || resource_set_R (r, R, &error) < 0)
        router_respond_error (rt, msg, errno, *error.text ? error.text : NULL);
    else
        router_respond (rt, msg, NULL);
    json_decref (R);
}

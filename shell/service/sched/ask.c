/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* From a job to a request of the matcher: its facts make the tree, its constraint (RFC 31) the
 * expression; what the facts cannot say is read from the jobspec's resources. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/io/constraint.h"
#include "lib/graph/io/jobspec.h"
#include "shell/service/job_manager/job.h"
#include "shell/service/sched/ask.h"

static struct request_resource *add (struct request *req, struct request_resource *parent,
                                     const char *type, uint32_t count, flux_error_t *errp)
{
    struct request_resource *r = request_add (req, parent, type, errp);

    if (r)
        r->count = (struct request_count){.min = count, .max = count, .op = '+', .operand = 1};
    return r;
}

/* [node ->] slot -> core [, gpu] */
static int add_tree (struct request *req, const struct job_facts *f, flux_error_t *errp)
{
    struct request_resource *node = NULL, *slot;
    uint32_t cores = f->cores > 0 ? f->cores : 1;

    if (f->nnodes > 0) {
        if (!(node = add (req, NULL, "node", f->nnodes, errp)))
            return -1;
        node->exclusive = f->exclusive || f->cores == 0 ? REQUEST_TRUE : REQUEST_UNSET;
    }
    if (!(slot = add (req, node, "slot", f->nslots > 0 ? f->nslots : 1, errp)) ||
        request_set_label (slot, "task") < 0 || !add (req, slot, "core", cores, errp) ||
        (f->gpus > 0 && !add (req, slot, "gpu", f->gpus, errp)))
        return -1;
    return 0;
}

static int add_resources (struct request *req, const json_t *resources, bool either,
                          flux_error_t *errp)
{
    json_t *joined = either ? NULL : jobspec_join_slots (resources, errp);
    int rc = either || joined ? request_add_resources (req, either ? resources : joined, errp) : -1;

    json_decref (joined);
    return rc;
}

struct request *ask_create (const struct job *job, const struct constraint_hosts *hosts,
                            bool either, flux_error_t *errp)
{
    struct request *req = request_create ();
    const json_t *resources = job->live ? job->live->request : NULL;

    if (!req)
        goto error;
    if (resources ? add_resources (req, resources, either, errp) < 0
                  : add_tree (req, &job->facts, errp) < 0)
        goto error;
    req->duration = job->facts.duration;
    if (job->live && job->live->constraint &&
        !(req->constraint = constraint_from_json (job->live->constraint, hosts, errp)))
        goto error;
    if (request_seal (req, errp) < 0)
        goto error;
    return req;
error:
    request_destroy (req);
    errno = EINVAL;
    return NULL;
}

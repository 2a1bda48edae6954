/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* From what was asked for to a jobspec. */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/jobspec.h"
#include "lib/job/jobspec_build.h"
#include "lib/job/limits.h"
#include "lib/job/shape.h"
#include "lib/util/errprintf.h"

static int invalid (flux_error_t *errp, const char *what)
{
    errno = EINVAL;
    return errprintf (errp, "%s", what);
}

/* What the three ways of asking come down to. */
struct layout {
    int nnodes;
    int nslots; // per node, if there are nodes
    int slot_cores;
    int slot_gpus;
    int total; // tasks, when not one in each slot
    bool exclusive;
    const char *per_resource; // NULL: none
    int per_resource_count;
};

static int check_numbers (const struct jobspec_request *req, flux_error_t *errp)
{
    const int n[] = {req->nnodes, req->ntasks,         req->cores_per_task, req->gpus_per_task,
                     req->ncores, req->tasks_per_node, req->tasks_per_core, req->gpus_per_node};
    for (size_t i = 0; i < sizeof (n) / sizeof (n[0]); i++) {
        if (n[i] < 0 || n[i] > (int)JOBSPEC_MAX_COUNT)
            return invalid (errp, "a number of tasks or resources is negative or huge");
    }
    if (!(req->duration >= 0) || isinf (req->duration))
        return invalid (errp, "the duration is negative, or no number");
    if (req->argc < 1 || !req->argv)
        return invalid (errp, "there is no command to run");
    return 0;
}

static int layout_by_resource (struct layout *l, const struct jobspec_request *req,
                               flux_error_t *errp)
{
    if (req->ntasks || req->cores_per_task || req->gpus_per_task)
        return invalid (errp, "per-resource options do not go with per-task options");
    if (req->tasks_per_node && req->tasks_per_core)
        return invalid (errp, "tasks per node and tasks per core exclude each other");
    if (req->gpus_per_node && !req->nnodes)
        return invalid (errp, "gpus per node need a number of nodes");
    if (!req->nnodes && !req->ncores)
        return invalid (errp, "tasks per node or core need a number of nodes or cores");
    if (req->exclusive && !req->nnodes)
        return invalid (errp, "exclusive needs a number of nodes");
    if (req->nnodes && req->ncores && req->ncores % req->nnodes != 0)
        return invalid (errp, "the cores cannot be divided evenly over the nodes");
    l->nslots = req->nnodes ? 1 : req->ncores;
    l->slot_cores = req->nnodes && req->ncores ? req->ncores / req->nnodes : 1;
    l->slot_gpus = req->gpus_per_node;
    l->exclusive = req->exclusive || !req->ncores;
    l->per_resource = req->tasks_per_node ? "node" : req->tasks_per_core ? "core" : NULL;
    l->per_resource_count = req->tasks_per_node + req->tasks_per_core;
    return 0;
}

static int layout_by_task (struct layout *l, const struct jobspec_request *req, flux_error_t *errp)
{
    int ntasks = req->ntasks;

    if (ntasks == 0) { // nodes alone: all of each
        ntasks = req->nnodes ? req->nnodes : 1;
        l->exclusive = req->nnodes > 0;
    }
    if (req->exclusive && !req->nnodes)
        return invalid (errp, "exclusive needs a number of nodes");
    if (req->nnodes > ntasks)
        return invalid (errp, "there are more nodes than tasks");
    l->exclusive |= req->exclusive;
    l->slot_cores = req->cores_per_task ? req->cores_per_task : 1;
    l->slot_gpus = req->gpus_per_task;
    l->nslots = req->nnodes ? (ntasks + req->nnodes - 1) / req->nnodes : ntasks;
    if (req->nnodes && ntasks % req->nnodes != 0)
        l->total = ntasks; // some slots stay empty
    return 0;
}

static json_t *build_resources (const struct layout *l)
{
    json_t *slot = json_pack ("{s:s s:i s:[{s:s s:i}] s:s}", "type", "slot", "count", l->nslots,
                              "with", "type", "core", "count", l->slot_cores, "label", "task");
    if (slot && l->slot_gpus)
        json_array_append_new (json_object_get (slot, "with"),
                               json_pack ("{s:s s:i}", "type", "gpu", "count", l->slot_gpus));
    if (!slot || !l->nnodes)
        return json_pack ("[o]", slot);
    json_t *node = json_pack ("{s:s s:i s:[o]}", "type", "node", "count", l->nnodes, "with", slot);
    if (node && l->exclusive)
        json_object_set_new (node, "exclusive", json_true ());
    return json_pack ("[o]", node);
}

static json_t *build_environment (char *const *env)
{
    json_t *o = json_object ();

    for (; env && *env; env++) {
        const char *eq = strchr (*env, '=');
        json_t *val = eq ? json_string (eq + 1) : NULL;
        char *name = eq ? strndup (*env, eq - *env) : NULL;
        // A variable that is not UTF-8 cannot be in JSON; it stays behind
        if (val && name && *name)
            (void)json_object_set (o, name, val);
        json_decref (val);
        free (name);
    }
    return o;
}

static int set_string (json_t *jobspec, const char *key, const char *val)
{
    return val ? jobspec_setattr_new (jobspec, key, json_string (val)) : 0;
}

/* Attributes, once resources, tasks and version are there. */
static int add_attributes (json_t *o, const struct jobspec_request *req, const struct layout *l)
{
    if (jobspec_setattr_new (
            o, "duration", req->duration > 0 ? json_real (req->duration) : json_integer (0)) < 0 ||
        jobspec_setattr_new (o, "environment", build_environment (req->environ)) < 0 ||
        set_string (o, "cwd", req->cwd) < 0 || set_string (o, "job.name", req->name) < 0 ||
        set_string (o, "queue", req->queue) < 0 || set_string (o, "bank", req->bank) < 0)
        return -1;
    if (l->per_resource && jobspec_setopt_new (o, "per-resource",
                                               json_pack ("{s:s s:i}", "type", l->per_resource,
                                                          "count", l->per_resource_count)) < 0)
        return -1;
    return 0;
}

static json_t *assemble (const struct jobspec_request *req, const struct layout *l,
                         json_t *resources, int version)
{
    const char *label = shape_slot_label (resources);
    json_t *command = json_array ();

    for (int i = 0; i < req->argc; i++) {
        if (json_array_append_new (command, json_string (req->argv[i])) < 0) {
            json_decref (command);
            json_decref (resources);
            errno = EINVAL;
            return NULL;
        }
    }
    json_t *o = json_pack ("{s:o s:[{s:o s:s s:{s:i}}] s:{s:{}} s:i}", "resources", resources,
                           "tasks", "command", command, "slot", label ? label : "task", "count",
                           l->total ? "total" : "per_slot", l->total ? l->total : 1, "attributes",
                           "system", "version", version);
    if (o && add_attributes (o, req, l) < 0) {
        json_decref (o);
        return NULL;
    }
    if (!o)
        errno = ENOMEM;
    return o;
}

static json_t *from_layout (const struct jobspec_request *req, const struct layout *l,
                            flux_error_t *errp)
{
    json_t *resources = build_resources (l);
    json_t *o = resources ? assemble (req, l, resources, 1) : NULL;

    if (!o)
        errprintf (errp, errno == EINVAL ? "an argument is not UTF-8" : "out of memory");
    return o;
}

/* Version 1 if it can be. */
static json_t *from_shape (const struct jobspec_request *req, flux_error_t *errp)
{
    struct layout l = {0};
    json_t *resources =
        req->shape ? shape_parse (req->shape, errp) : json_deep_copy (req->resources);

    if (!resources)
        return NULL;
    if (!shape_slot_label (resources)) {
        json_decref (resources);
        invalid (errp, req->shape ? "shape: it has no slot" : "the resources have no slot");
        return NULL;
    }
    json_t *o = assemble (req, &l, resources, JOBSPEC_VERSION_CANONICAL);
    struct jobspec *js = o ? jobspec_from_json (o, errp) : NULL;
    if (!js) {
        json_decref (o);
        return NULL;
    }
    if (jobspec_is_v1_graph (js))
        json_object_set_new (o, "version", json_integer (1));
    jobspec_destroy (js);
    return o;
}

json_t *jobspec_build (const struct jobspec_request *req, flux_error_t *errp)
{
    struct layout l = {.nnodes = req->nnodes};
    int rc;

    if (check_numbers (req, errp) < 0)
        return NULL;
    bool by_resource =
        req->ncores || req->tasks_per_node || req->tasks_per_core || req->gpus_per_node;
    if (req->shape || req->resources) {
        if ((req->shape && req->resources) || by_resource || req->nnodes || req->ntasks ||
            req->cores_per_task || req->gpus_per_task || req->exclusive) {
            invalid (errp, "a shape does not go with other numbers of tasks or resources");
            return NULL;
        }
        return from_shape (req, errp);
    }
    if (by_resource)
        rc = layout_by_resource (&l, req, errp);
    else
        rc = layout_by_task (&l, req, errp);
    return rc < 0 ? NULL : from_layout (req, &l, errp);
}

json_t *jobspec_build_nest (const struct jobspec_request *req, char *const *broker_opts,
                            flux_error_t *errp)
{
    struct jobspec_request nest = *req;
    int nopts = 0;

    while (broker_opts && broker_opts[nopts])
        nopts++;
    const char **argv = calloc (2 + nopts + req->argc + 1, sizeof (*argv));
    if (!argv) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    argv[0] = req->flux ? req->flux : "flux";
    argv[1] = "broker";
    for (int i = 0; i < nopts; i++)
        argv[2 + i] = broker_opts[i];
    for (int i = 0; i < req->argc; i++)
        argv[2 + nopts + i] = req->argv[i];
    nest.argc = 2 + nopts + req->argc;
    nest.argv = (char *const *)argv;
    json_t *o = jobspec_build (&nest, errp);
    free (argv);
    if (o && (jobspec_setopt_new (o, "per-resource.type", json_string ("node")) < 0 ||
              jobspec_setopt_new (o, "mpi", json_string ("none")) < 0 ||
              jobspec_setopt_new (o, "exit-timeout", json_string ("none")) < 0)) {
        errprintf (errp, "out of memory");
        json_decref (o);
        return NULL;
    }
    return o;
}

json_t *jobspec_build_batch (const struct jobspec_request *req, char *const *broker_opts,
                             const char *name, const char *script, size_t len, flux_error_t *errp)
{
    struct jobspec_request batch = *req;

    if (len < 2 || memcmp (script, "#!", 2) != 0) {
        errno = EINVAL;
        errprintf (errp, "%s does not begin with '#!'", name ? name : "the script");
        return NULL;
    }
    const char **argv = calloc (req->argc + 2, sizeof (*argv));
    if (!argv) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    argv[0] = "{{tmpdir}}/script"; // where the shell unpacks it
    for (int i = 0; i < req->argc; i++)
        argv[1 + i] = req->argv[i];
    batch.argc = req->argc + 1;
    batch.argv = (char *const *)argv;
    batch.name = req->name ? req->name : name;
    json_t *o = jobspec_build_nest (&batch, broker_opts, errp);
    free (argv);
    if (o && jobspec_add_file (o, "script", script, len, 0700) < 0) {
        errprintf (errp, "cannot put the script into the jobspec");
        json_decref (o);
        return NULL;
    }
    return o;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Making a jobspec from what a command line says. The result is plain JSON, on which the setters
 * work; jobspec_from_json() checks it. */

#ifndef FLUX_JOB_JOBSPEC_BUILD_H
#define FLUX_JOB_JOBSPEC_BUILD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <flux/types.h>

/* Zero and NULL mean "not given". Either tasks (ntasks, cores_per_task, gpus_per_task; for a batch
 * job: slots), or resources (ncores, tasks_per_node, tasks_per_core, gpus_per_node), or a shape, or
 * resources. */
struct jobspec_request {
    int argc;
    char *const *argv; // the command
    int nnodes;
    bool exclusive; // whole nodes; needs nnodes
    int ntasks;
    int cores_per_task;
    int gpus_per_task;
    int ncores;
    int tasks_per_node;
    int tasks_per_core;
    int gpus_per_node;
    const char *shape;       // RFC 46
    const json_t *resources; // the same as an array of vertices (RFC 14), in its place
    double duration;         // seconds; 0: not limited
    const char *cwd;
    char *const *environ; // "NAME=value", ends with NULL
    const char *name;
    const char *queue;
    const char *bank;
    const char *flux; // what the `flux` command is called where the job runs; NULL: flux
};

/* NULL with EINVAL and a sentence, or ENOMEM. */
json_t *jobspec_build (const struct jobspec_request *req, flux_error_t *errp);

/* The same for an instance: the command is run by `flux broker` with broker_opts (NULL-terminated,
 * may be NULL) on each node; tasks mean slots. */
json_t *jobspec_build_nest (const struct jobspec_request *req, char *const *broker_opts,
                            flux_error_t *errp);

/* The same for a batch script, which rides in the jobspec; req's command are its arguments. It must
 * begin with "#!". Without a name the job's name is `name`. */
json_t *jobspec_build_batch (const struct jobspec_request *req, char *const *broker_opts,
                             const char *name, const char *script, size_t len, flux_error_t *errp);

/* Set an attribute by dotted key: "system.x" and "user.x" as they are (with or without
 * "attributes." before), any other name is put under system. Takes the reference to val. */
int jobspec_setattr_new (json_t *jobspec, const char *key, json_t *val);

/* Set a shell option, e.g. "output.stdout.path". Takes the reference to val. */
int jobspec_setopt_new (json_t *jobspec, const char *key, json_t *val);

/* "key=value" as given with --setattr and --setopt: a value that is JSON is taken as that, any
 * other as a string; none is 1. */
int jobspec_setattr_arg (json_t *jobspec, const char *arg, flux_error_t *errp);
int jobspec_setopt_arg (json_t *jobspec, const char *arg, flux_error_t *errp);

/* value NULL: the variable is to be unset. */
int jobspec_setenv (json_t *jobspec, const char *name, const char *value);
int jobspec_unsetenv (json_t *jobspec, const char *name); // take it out of the jobspec

/* Send a stream ("stdin", "stdout", "stderr") from or to a file. */
int jobspec_set_io (json_t *jobspec, const char *stream, const char *path);

/* Put a regular file into system.files (RFC 37). Text goes in as UTF-8, all else as base64. */
int jobspec_add_file (json_t *jobspec, const char *path, const void *data, size_t len, int mode);

/* Add a dependency given as URI (RFC 26), and a constraint given as query (RFC 35), joined with
 * "and" to what is there. */
int jobspec_add_dependency (json_t *jobspec, const char *uri, flux_error_t *errp);
int jobspec_add_requires (json_t *jobspec, const char *query, flux_error_t *errp);

#endif /* !FLUX_JOB_JOBSPEC_BUILD_H */

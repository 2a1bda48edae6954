/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Making a jobspec of version 1 (RFC 25) in a program, to be given to flux_job_submit(). Unless it
 * is said otherwise, calls return 0, or -1 with errno. */

#ifndef FLUX_JOBSPEC1_H
#define FLUX_JOBSPEC1_H

#include <stddef.h>

#include <flux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct flux_jobspec1 flux_jobspec1_t;
typedef flux_error_t flux_jobspec1_error_t;

/* Attributes by dotted path under "attributes", e.g. "system.duration"; fmt and what follows are
 * those of jansson's json_pack() and json_unpack(). Deleting what is not there is no error. */
FLUX_EXPORT int flux_jobspec1_attr_del (flux_jobspec1_t *jobspec, const char *path);
FLUX_EXPORT int flux_jobspec1_attr_pack (flux_jobspec1_t *jobspec, const char *path,
                                         const char *fmt, ...);
FLUX_EXPORT int flux_jobspec1_attr_unpack (flux_jobspec1_t *jobspec, const char *path,
                                           const char *fmt, ...);

/* Are the attributes, is the whole, well-formed? */
FLUX_EXPORT int flux_jobspec1_attr_check (flux_jobspec1_t *jobspec, flux_jobspec1_error_t *error);
FLUX_EXPORT int flux_jobspec1_check (flux_jobspec1_t *jobspec, flux_jobspec1_error_t *error);

/* The job's environment. With overwrite 0 a variable that is there stays as it is. */
FLUX_EXPORT int flux_jobspec1_unsetenv (flux_jobspec1_t *jobspec, const char *name);
FLUX_EXPORT int flux_jobspec1_setenv (flux_jobspec1_t *jobspec, const char *name, const char *value,
                                      int overwrite);

/* Standard streams from or to a file instead of the KVS. */
FLUX_EXPORT int flux_jobspec1_set_stdin (flux_jobspec1_t *jobspec, const char *path);
FLUX_EXPORT int flux_jobspec1_set_stdout (flux_jobspec1_t *jobspec, const char *path);
FLUX_EXPORT int flux_jobspec1_set_stderr (flux_jobspec1_t *jobspec, const char *path);

FLUX_EXPORT int flux_jobspec1_set_cwd (flux_jobspec1_t *jobspec, const char *cwd);

/* flags is 0. The caller frees the text. */
FLUX_EXPORT char *flux_jobspec1_encode (flux_jobspec1_t *jobspec, size_t flags);

/* Any JSON object is taken; see flux_jobspec1_check(). NULL with EINVAL. */
FLUX_EXPORT flux_jobspec1_t *flux_jobspec1_decode (const char *s, flux_jobspec1_error_t *error);

/* env ends with NULL, or is NULL for an empty environment; nnodes 0 leaves the nodes to the
 * scheduler; duration in seconds, 0: not limited. NULL with EINVAL or ENOMEM. */
FLUX_EXPORT flux_jobspec1_t *flux_jobspec1_from_command (int argc, char **argv, char **env,
                                                         int ntasks, int cores_per_task,
                                                         int gpus_per_task, int nnodes,
                                                         double duration);

FLUX_EXPORT void flux_jobspec1_destroy (flux_jobspec1_t *jobspec);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_JOBSPEC1_H */

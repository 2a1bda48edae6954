/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What is kept of a submission: in the KVS the jobspec without its environment (as RFC 41 shows it
 * to guests) and the whole as J; in memory the environment, if the job before had the same one. */

#ifndef FLUX_SERVICE_JOB_MANAGER_JOBSTORE_H
#define FLUX_SERVICE_JOB_MANAGER_JOBSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <flux/types.h>

struct job;
struct jobspec;
struct jobstore;
struct kvs;
struct strpool;

/* The jobspec as it came. */
struct jobsource {
    const char *text;
    size_t len;
    const char *env; // part of it; NULL: the environment was decoded with the rest
    size_t env_len;
    bool changed; // something was added by the queue
    bool same;    // but for the environment it is the one of the job before
};

struct jobstore *jobstore_create (struct kvs *kvs, struct strpool *strings);
void jobstore_destroy (struct jobstore *st);

/* Decode what came, whose text must stay while src is used; src->len is its length. The jobspec
 * lives until jobstore_decode_end(). */
struct jobspec *jobstore_decode (struct jobstore *st, const char *text, struct jobsource *src,
                                 flux_error_t *errp);
void jobstore_decode_end (struct jobstore *st, const struct jobsource *src);

/* Keep the environment for the job's start, or not: it can be had from J again. */
int jobstore_environment (struct jobstore *st, struct job *job, const struct jobspec *js,
                          const struct jobsource *src);

/* js must not be used for its environment any more. */
int jobstore_jobspec (struct jobstore *st, struct job *job, struct jobspec *js,
                      const struct jobsource *src);

/* J, malloc'd, is taken over. */
int jobstore_J (struct jobstore *st, struct job *job, char **J);

/* The environment as JSON text; *copyp is what the caller frees afterwards, or NULL. NULL with
 * errno. */
const char *jobstore_get_environment (struct jobstore *st, const struct job *job, char **copyp);

#endif /* !FLUX_SERVICE_JOB_MANAGER_JOBSTORE_H */

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the kinds of dependencies share: depend.c keeps the jobs that wait for one other job or a
 * time, singleton.c those that wait for all of their name, symbol.c the symbolic names. */

#ifndef FLUX_SERVICE_JOB_MANAGER_DEPEND_H
#define FLUX_SERVICE_JOB_MANAGER_DEPEND_H

#include <jansson.h>
#include <stdint.h>
#include <flux/types.h>

struct depends;
struct job;
struct job_manager;
struct singletons;
struct symbols;

/* depend.c */
int depends_describe (struct job *job, const char *description);
int depends_wait_for (struct depends *d, struct job *job, uint64_t target);
/* One less; with the last one gone the job goes on. */
void depends_resolve (struct depends *d, uint64_t id, const char *description);

/* singleton.c: one job of a name and user at a time */
struct singletons *singletons_create (struct job_manager *jm, struct depends *d);
void singletons_destroy (struct singletons *s);
int singletons_add (struct singletons *s, struct job *job, flux_error_t *errp);
void singletons_begin (struct singletons *s, const struct job *job);
void singletons_end (struct singletons *s, const struct job *job);
void singletons_forget (struct singletons *s, const struct job *job);

/* symbol.c: in, out and inout of names (RFC 26, "OpenMP-style") */
struct symbols *symbols_create (struct job_manager *jm, struct depends *d);
void symbols_destroy (struct symbols *s);
int symbols_add (struct symbols *s, struct job *job, const json_t *dependency, flux_error_t *errp);
/* After a restart, of a job that waits for nothing any more: only what it puts out. */
void symbols_add_again (struct symbols *s, struct job *job, const json_t *dependency);
/* The job ended, or is not to be. */
void symbols_forget (struct symbols *s, uint64_t id);

#endif /* !FLUX_SERVICE_JOB_MANAGER_DEPEND_H */

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Running jobs grow and shrink, as far as [job-manager.resize] of the configuration allows it
 * (flux-config-job-manager(5)). */

#ifndef FLUX_SERVICE_JOB_MANAGER_RESIZE_H
#define FLUX_SERVICE_JOB_MANAGER_RESIZE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <flux/message.h>
#include <flux/types.h>

struct job;
struct job_facts;
struct job_manager;
struct router;

typedef enum {
    RESIZE_IDLE, // while no job waits for resources
    RESIZE_NEVER,
    RESIZE_ALWAYS,
} resize_grow_t;

struct resize_conf {
    resize_grow_t grow;
    bool shrink;
    bool upward; // what is not there is asked for above
};

int resize_conf_parse (struct resize_conf *c, const json_t *table, flux_error_t *errp);

void grow_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void shrink_cb (struct router *rt, const flux_msg_t *msg, void *arg);

/* Try to grow; -1 with errno: ENODEV and EBUSY for want of resources. */
int resize_grow (struct job_manager *jm, struct job *job, const struct job_facts *more,
                 flux_error_t *errp);
/* Answer with what the job has. */
void resize_answer (struct job_manager *jm, const struct job *job, const flux_msg_t *msg);

/* resize_above.c: have the instance above give what is lacking for `more`, then try again and
 * answer msg; `why` is why the job could not grow. */
void resize_ask_above (struct job_manager *jm, const flux_msg_t *msg, struct job *job,
                       const struct job_facts *more, const char *why);
void resize_ask_end (struct job_manager *jm);

/* A job has no process any more on a rank, but goes on. */
void resize_shell_ended (struct job_manager *jm, struct job *job, uint32_t rank);

#endif /* !FLUX_SERVICE_JOB_MANAGER_RESIZE_H */

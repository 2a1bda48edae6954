/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_SERVICE_JOB_MANAGER_JOBTAP_PRIVATE_H
#define FLUX_SERVICE_JOB_MANAGER_JOBTAP_PRIVATE_H

#include <flux/jobtap.h>

#include "shell/service/job_manager/jobtap.h"
#include "shell/service/job_manager/private.h"

#define TAP_KEY "slurm-flux::jobtap" // of the plugin's aux item that leads back to its tap

struct tap_service;

/* A loaded plugin. */
struct tap {
    struct jobtap *jt;
    flux_plugin_t *p;
    char *name; // of the file
    int order;  // of the jobs it hears of first: 1 by state, -1 by state backwards, 0 by id
    struct tap_service *service;
    struct tap *prev, *next;
};

struct jobtap {
    struct job_manager *jm;
    struct tap *list;
    struct job *current; // of the callback that runs
    flux_t *h;           // for the plugins, once one has asked
    flux_reactor_t *reactor;
    bool no_priority_default; // .priority-default was removed
};

/* What plugins have on a job. */
struct tap_aux {
    flux_plugin_t *p;
    char *name;
    void *val;
    flux_free_f free_fn;
    struct tap_aux *next;
};

struct tap_subscription {
    flux_plugin_t *p;
    struct tap_subscription *next;
};

struct job_taps {
    json_t *jobspec; // decoded once
    json_t *end_event;
    struct tap_aux *aux;
    struct tap_subscription *subscriptions;
    int64_t priority; // that job.state.priority told, PRIORITY_UNAVAIL, or -1
    char *had;        // dependencies that were removed, a line each
};

/* jobtap_job.c */
struct job_taps *job_taps (struct job *job); // made when it is not there; NULL: ENOMEM
void job_taps_drop_plugin (struct job_taps *taps, flux_plugin_t *p);
bool job_taps_subscribed (struct job *job, flux_plugin_t *p);
/* The job of a plugin's request. NULL: EINVAL, ENOENT. */
struct job *tap_job (flux_plugin_t *p, flux_jobid_t id, struct jobtap **jtp);
flux_plugin_arg_t *tap_args (struct jobtap *jt, struct job *job);

/* jobtap_call.c: call those that have a handler for the topic, up to one that fails if `stop`. */
int tap_call (struct jobtap *jt, struct job *job, const char *topic, flux_plugin_arg_t *args,
              bool stop);
int tap_call_one (struct tap *tap, struct job *job, const char *topic, flux_plugin_arg_t *args);

/* jobtap_service.c */
void tap_service_remove (struct tap *tap);

/* jobtap.c */
void tap_introduce (struct tap *tap);

#endif /* !FLUX_SERVICE_JOB_MANAGER_JOBTAP_PRIVATE_H */

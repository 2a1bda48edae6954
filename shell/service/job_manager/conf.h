/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The tables [job-manager], [queues] and [policy] of the configuration. */

#ifndef FLUX_SERVICE_JOB_MANAGER_CONF_H
#define FLUX_SERVICE_JOB_MANAGER_CONF_H

#include <jansson.h>
#include <stdbool.h>
#include <flux/types.h>

#include "shell/service/job_exec/killplan.h"
#include "shell/service/job_manager/housekeeping.h"
#include "shell/service/job_manager/logignore.h"
#include "shell/service/job_manager/perilog.h"
#include "shell/service/job_manager/resize.h"

struct conf_service;
struct job_manager;

struct jm_conf {
    double inactive_age_limit; // seconds, below 0: none
    int inactive_num_limit;    // below 0: none
    bool stop_queues_on_restart;
    struct killplan killplan; // [exec]
    struct perilog_conf prolog, epilog;
    struct logignore *log_ignore; // of both
    struct housekeeping_conf housekeeping;
    struct resize_conf resize;
};

void jm_conf_clear (struct jm_conf *c);
int jm_conf_parse (struct jm_conf *c, const json_t *config, flux_error_t *errp);

/* Take the present configuration and follow its changes. conf may be NULL: there is none. */
int jm_conf_start (struct job_manager *jm, struct conf_service *conf, flux_error_t *errp);
void jm_conf_stop (struct job_manager *jm);

#endif /* !FLUX_SERVICE_JOB_MANAGER_CONF_H */

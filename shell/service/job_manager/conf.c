/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>

#include "lib/util/fsd.h"
#include "lib/util/errprintf.h"
#include "shell/broker/conf_service.h"
#include "shell/service/job_exec/exec.h"
#include "shell/service/job_manager/conf.h"
#include "shell/service/job_manager/private.h"

static int parse_age (struct jm_conf *c, const json_t *o, flux_error_t *errp)
{
    errno = EINVAL;
    if (!o)
        return 0;
    if (!json_is_string (o) ||
        fsd_parse_duration (json_string_value (o), &c->inactive_age_limit) < 0)
        return errprintf (errp, "job-manager.inactive-age-limit: invalid FSD value");
    return 0;
}

static int parse_number (struct jm_conf *c, const json_t *o, flux_error_t *errp)
{
    errno = EINVAL;
    if (!o)
        return 0;
    if (!json_is_integer (o) || json_integer_value (o) < 0 || json_integer_value (o) > INT32_MAX)
        return errprintf (errp, "job-manager.inactive-num-limit: must be a number >= 0");
    c->inactive_num_limit = (int)json_integer_value (o);
    return 0;
}

int jm_conf_parse (struct jm_conf *c, const json_t *config, flux_error_t *errp)
{
    const json_t *table = json_object_get (config, "job-manager");
    const json_t *stop = json_object_get (table, "stop-queues-on-restart");

    *c = (struct jm_conf){.inactive_age_limit = -1., .inactive_num_limit = -1};
    errno = EINVAL;
    if (table && !json_is_object (table))
        return errprintf (errp, "job-manager: must be a table");
    if (parse_age (c, json_object_get (table, "inactive-age-limit"), errp) < 0 ||
        parse_number (c, json_object_get (table, "inactive-num-limit"), errp) < 0)
        return -1;
    if (stop && !json_is_boolean (stop))
        return errprintf (errp, "job-manager.stop-queues-on-restart: must be true or false");
    c->stop_queues_on_restart = json_is_true (stop);
    if (killplan_parse (&c->killplan, json_object_get (config, "exec"), errp) < 0)
        return -1;
    if (resize_conf_parse (&c->resize, json_object_get (table, "resize"), errp) < 0)
        return -1;
    if (perilog_conf_parse (&c->prolog, json_object_get (table, "prolog"), true, errp) < 0 ||
        perilog_conf_parse (&c->epilog, json_object_get (table, "epilog"), false, errp) < 0 ||
        housekeeping_conf_parse (&c->housekeeping, json_object_get (table, "housekeeping"), errp) <
            0 ||
        logignore_parse (&c->log_ignore, json_object_get (table, "perilog"), errp) < 0) {
        jm_conf_clear (c);
        return -1;
    }
    return 0;
}

void jm_conf_clear (struct jm_conf *c)
{
    perilog_conf_clear (&c->prolog);
    perilog_conf_clear (&c->epilog);
    logignore_destroy (c->log_ignore);
    c->log_ignore = NULL;
    housekeeping_conf_clear (&c->housekeeping);
}

static int check_cb (const json_t *config, void *arg, flux_error_t *errp)
{
    struct jm_conf c;

    struct job_manager *jm = arg;

    if (jobqueues_check (config, errp) < 0 || jm_conf_parse (&c, config, errp) < 0)
        return -1;
    jm_conf_clear (&c);
    return jobtap_check_config (jm->jobtap, config, errp);
}

static int take (struct job_manager *jm, const json_t *config, flux_error_t *errp)
{
    struct jm_conf c;

    json_decref (jm->config);
    jm->config = json_incref ((json_t *)config);
    if (jobqueues_configure (jm->queues, config, errp) < 0 || jm_conf_parse (&c, config, errp) < 0)
        return -1;
    jm_conf_clear (&jm->conf);
    jm->conf = c;
    if (jobtap_configure (jm->jobtap, config, errp) < 0)
        return -1;
    job_exec_set_killplan (jm->exec, &c.killplan);
    purge_follow_limits (jm);
    job_manager_reschedule (jm);
    return 0;
}

static void apply_cb (const json_t *config, void *arg)
{
    flux_error_t error;

    if (take (arg, config, &error) < 0) // for want of memory
        fprintf (stderr, "flux-broker: the job manager keeps its configuration: %s\n", error.text);
}

int jm_conf_start (struct job_manager *jm, struct conf_service *conf, flux_error_t *errp)
{
    if (!conf) {
        jm->conf = (struct jm_conf){.inactive_age_limit = -1.,
                                    .inactive_num_limit = -1,
                                    .resize = {.shrink = true, .upward = true}};
        jm->config = json_object ();
        return 0;
    }
    jm->conf_service = conf;
    if (take (jm, conf_service_get (conf), errp) < 0)
        return -1;
    if (conf_service_watch (conf, check_cb, apply_cb, jm) < 0)
        return errprintf (errp, "out of memory");
    return 0;
}

void jm_conf_stop (struct job_manager *jm)
{
    if (jm->conf_service)
        conf_service_unwatch (jm->conf_service, jm);
}

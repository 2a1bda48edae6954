/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* All services of a broker, made in the order of their needs and ended in the opposite one. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"
#include "shell/broker/attr.h"
#include "shell/broker/conf_service.h"
#include "shell/broker/router.h"
#include "shell/service/group/group.h"
#include "shell/service/job_exec/exec.h"
#include "shell/service/job_exec/local.h"
#include "shell/service/job_info/info.h"
#include "shell/service/job_list/list.h"
#include "shell/service/job_manager/manager.h"
#include "shell/service/kvs/content.h"
#include "shell/service/kvs/kvs.h"
#include "shell/service/kvsconf.h"
#include "shell/service/module/modules.h"
#include "shell/service/resource/resource.h"
#include "shell/service/rexec/rexec.h"
#include "shell/service/sched/config.h"
#include "shell/service/sched/sched.h"
#include "shell/service/services.h"
#include "shell/service/startlog.h"
#include "shell/service/step/step.h"
#include "shell/service/uplink/elastic.h"
#include "shell/service/uplink/outcomes.h"
#include "shell/service/uplink/slurm_end.h"
#include "shell/service/uplink/uplink.h"

struct services {
    struct router *rt;
    struct attrs *attrs;
    struct conf_service *conf;
    struct content *content;
    struct kvs *kvs;
    struct exec_local *exec_local;
    struct rexec *rexec;
    struct group_service *groups;
    struct modules *modules;
    struct resource *resource;
    struct uplink *uplink; // rank 0 of an instance that is a job
    /* rank 0 */
    struct sched *sched;
    struct sched_config sched_config, sched_next; // what it has; what it may get
    struct elastic *elastic;
    struct outcomes *outcomes;   // of one that is a job
    struct slurm_end *slurm_end; // of an instance in a job of Slurm
    struct job_exec *exec;
    struct job_manager *job_manager;
    struct job_list *job_list;
    struct job_info *job_info;
    struct steps *steps;
    services_ready_f ready;
    void *ready_arg;
    services_idle_f idle;
    void *idle_arg;
    ev_timer idle_timer;
};

static void resource_changed_cb (void *arg)
{
    struct services *s = arg;

    if (s->job_manager)
        job_manager_reschedule (s->job_manager);
    if (s->elastic)
        elastic_ranks_changed (s->elastic);
    if (s->ready)
        s->ready (s->ready_arg);
}

static const struct resource_ops resource_ops = {
    .changed = resource_changed_cb,
};

static int check_config_cb (const json_t *conf, void *arg, flux_error_t *errp)
{
    struct services *s = arg;

    sched_config_clear (&s->sched_next);
    return sched_config_parse (&s->sched_next, conf, s->attrs, errp);
}

static void apply_config_cb (const json_t *conf, void *arg)
{
    struct services *s = arg;
    struct sched_config old = s->sched_config;
    flux_error_t error;

    if (sched_configure (s->sched, &s->sched_next, &error) < 0) { // for want of memory
        fprintf (stderr, "flux-broker: the scheduler keeps its configuration: %s\n", error.text);
        return;
    }
    s->sched_config = s->sched_next;
    s->sched_next = (struct sched_config){0};
    job_manager_set_policies (s->job_manager, &s->sched_config.queues);
    if (s->job_list)
        job_list_set_access (s->job_list, conf);
    sched_config_clear (&old);
}

static int create_sched (struct services *s, flux_error_t *errp)
{
    const json_t *conf = s->conf ? conf_service_get (s->conf) : NULL;

    if (sched_config_parse (&s->sched_config, conf, s->attrs, errp) < 0 ||
        !(s->sched = sched_create (&s->sched_config, errp)))
        return -1;
    if (s->conf && conf_service_watch (s->conf, check_config_cb, apply_config_cb, s) < 0)
        return errprintf (errp, "out of memory");
    return 0;
}

static bool is_set (const struct attrs *attrs, const char *name)
{
    const char *value = attr_get (attrs, name);

    return value && *value && strcmp (value, "0") != 0;
}

/* Jobs of an earlier instance, and what the next one is to find. */
static int begin_jobs (struct services *s, struct attrs *attrs, flux_error_t *errp)
{
    bool durable = content_is_durable (s->content);

    if (kvs_restored (s->kvs) && job_manager_restart (s->job_manager, errp) < 0)
        return -1;
    if (durable || is_set (attrs, "content.dump"))
        job_manager_keep (s->job_manager);
    if (startlog_start (s->kvs) < 0)
        return errprintf (errp, "startlog: %s", strerror (errno));
    if (durable && job_manager_save (s->job_manager) < 0)
        return errprintf (errp, "job manager: %s", strerror (errno));
    return 0;
}

static int create_leader (struct services *s, struct attrs *attrs, uint32_t owner,
                          flux_error_t *errp)
{
    if (kvsconf_start (s->kvs, s->conf, errp) < 0 || create_sched (s, errp) < 0)
        return -1;
    if (!(s->exec = job_exec_create (s->rt, s->kvs, s->exec_local)))
        return errprintf (errp, "out of memory");
    if (!(s->job_manager =
              job_manager_create (s->rt, s->kvs, s->sched, s->exec, s->conf, owner, errp)))
        return -1;
    job_manager_set_policies (s->job_manager, &s->sched_config.queues);
    if (!(s->job_list = job_list_create (s->rt, s->job_manager)) ||
        !(s->job_info = job_info_create (s->rt, s->kvs, s->job_manager)) ||
        !(s->steps = steps_create (s->rt, s->kvs, s->job_manager, s->exec)))
        return errprintf (errp, "out of memory");
    job_list_set_access (s->job_list, s->conf ? conf_service_get (s->conf) : NULL);
    return begin_jobs (s, attrs, errp);
}

/* To the instance of which this one is a job. */
static int open_uplink (struct services *s, flux_error_t *errp)
{
    const char *uri = attr_get (s->attrs, "parent-uri");

    if (!uri)
        return 0;
    s->uplink = uplink_create (router_loop (s->rt), uri, attr_get (s->attrs, "jobid"), errp);
    return s->uplink ? 0 : -1;
}

static void expiration_cb (double expiration, void *arg)
{
    struct services *s = arg;

    if (resource_set_expiration (s->resource, expiration) < 0)
        fprintf (stderr, "flux-broker: the new time limit: %s\n", strerror (errno));
    else
        job_manager_set_end (s->job_manager, expiration);
}

/* Only rank 0 needs to know when the job of Slurm ends. */
static int follow_slurm (struct services *s, flux_error_t *errp)
{
    if (router_rank (s->rt) != 0)
        return 0;
    return slurm_end_create (&s->slurm_end, router_loop (s->rt), s->attrs, expiration_cb, s, errp);
}

struct services *services_create (struct router *rt, struct attrs *attrs, flux_error_t *errp)
{
    struct services *s = calloc (1, sizeof (*s));
    struct content_config content_config = {
        .hash = attr_get (attrs, "content.hash"),
        .rundir = attr_get (attrs, "rundir"),
        .statedir = attr_get (attrs, "statedir"),
    };

    if (!s) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    s->rt = rt;
    s->attrs = attrs;
    if (!(s->content = content_create (rt, &content_config, errp)) ||
        !(s->kvs = kvs_create (rt, s->content, errp)))
        goto error;
    if (attr_set (attrs, "content.hash", content_hash_name (s->content)) < 0 ||
        (router_rank (rt) == 0 &&
         attr_set (attrs, "content.backing-path", content_backing_path (s->content)) < 0)) {
        errprintf (errp, "out of memory");
        goto error;
    }
    return s;
error:
    services_destroy (s);
    return NULL;
}

int services_reload (struct services *s, flux_error_t *errp)
{
    return kvs_reload (s->kvs, errp);
}

int services_start (struct services *s, struct attrs *attrs, struct conf_service *conf,
                    uint32_t owner, flux_error_t *errp)
{
    struct router *rt = s->rt;

    s->conf = conf;
    if (!(s->exec_local = exec_local_create (rt, attrs, owner)) ||
        !(s->rexec = rexec_create (rt, attrs)) || !(s->groups = group_service_create (rt)) ||
        !(s->modules = modules_create (rt, attrs, conf)))
        return errprintf (errp, "out of memory");
    if (router_rank (rt) == 0 && create_leader (s, attrs, owner, errp) < 0)
        return -1;
    if (router_rank (rt) == 0 && open_uplink (s, errp) < 0)
        return -1;
    if (!(s->resource = resource_create (rt, attrs, conf ? conf_service_get (conf) : NULL, s->kvs,
                                         s->sched, s->uplink, errp)))
        return -1;
    resource_set_ops (s->resource, &resource_ops, s);
    if (router_rank (rt) == 0 &&
        !(s->elastic = elastic_create (rt, s->uplink, s->resource, s->sched, attrs)))
        return errprintf (errp, "out of memory");
    if (follow_slurm (s, errp) < 0)
        return -1;
    if (s->uplink) {
        job_manager_set_above (s->job_manager);
        if (!(s->outcomes = outcomes_create (rt, s->uplink, s->job_manager)))
            return errprintf (errp, "out of memory");
        uplink_tell_critical (s->uplink, attr_get (attrs, "broker.critical-ranks"),
                              attr_get (attrs, "broker.mapping"));
        uplink_tell_uri (s->uplink, attr_get (attrs, "local-uri"));
        return uplink_follow (s->uplink, expiration_cb, s, errp);
    }
    return 0;
}

void services_run (struct services *s)
{
    if (s->job_manager)
        job_manager_release (s->job_manager);
    if (s->uplink)
        uplink_memo (s->uplink, json_pack ("{s:s}", "state", "run"), true);
}

void services_destroy (struct services *s)
{
    if (s) {
        int saved_errno = errno;
        ev_timer_stop (router_loop (s->rt), &s->idle_timer);
        if (s->conf)
            conf_service_unwatch (s->conf, s);
        kvsconf_stop (s->kvs, s->conf);
        modules_destroy (s->modules);
        outcomes_destroy (s->outcomes);
        slurm_end_destroy (s->slurm_end);
        elastic_destroy (s->elastic);
        resource_destroy (s->resource);
        uplink_destroy (s->uplink);
        steps_destroy (s->steps);
        job_info_destroy (s->job_info);
        job_list_destroy (s->job_list);
        job_manager_destroy (s->job_manager);
        job_exec_destroy (s->exec);
        sched_destroy (s->sched);
        sched_config_clear (&s->sched_config);
        sched_config_clear (&s->sched_next);
        group_service_destroy (s->groups);
        rexec_destroy (s->rexec);
        exec_local_destroy (s->exec_local);
        kvs_destroy (s->kvs);
        content_destroy (s->content);
        free (s);
        errno = saved_errno;
    }
}

int services_announce (struct services *s, const struct attrs *attrs, flux_error_t *errp)
{
    return resource_announce (s->resource, attrs, errp);
}

void services_rank_online (struct services *s, uint32_t rank, bool online)
{
    if (!s->job_manager)
        return;
    if (online)
        job_exec_rank_back (s->exec, rank);
    resource_rank_online (s->resource, rank, online);
}

void services_rank_lost (struct services *s, uint32_t rank)
{
    if (s->groups)
        group_service_rank_lost (s->groups, rank);
    if (s->job_manager)
        job_manager_rank_lost (s->job_manager, rank, resource_hostname (s->resource, rank));
}

int services_grow (struct services *s, uint32_t size)
{
    return resource_grow (s->resource, size);
}

uint32_t services_ready_count (const struct services *s)
{
    return resource_ready_count (s->resource);
}

void services_on_ready (struct services *s, services_ready_f cb, void *arg)
{
    s->ready = cb;
    s->ready_arg = arg;
}

static void end_cleanup (struct services *s)
{
    services_idle_f idle = s->idle;

    if (s->outcomes)
        outcomes_finish (s->outcomes);
    ev_timer_stop (router_loop (s->rt), &s->idle_timer);
    s->idle = NULL;
    if (idle)
        idle (s->idle_arg);
}

static void jobs_gone_cb (void *arg)
{
    end_cleanup (arg);
}

static void idle_timeout_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    end_cleanup (w->data);
}

void services_cleanup (struct services *s, double timeout, services_idle_f cb, void *arg)
{
    s->idle = cb;
    s->idle_arg = arg;
    if (timeout >= 0) {
        ev_timer_init (&s->idle_timer, idle_timeout_cb, timeout, 0.);
        s->idle_timer.data = s;
        ev_timer_start (router_loop (s->rt), &s->idle_timer);
    }
    if (is_set (s->attrs, "content.dump"))
        job_manager_keep (s->job_manager);
    job_manager_shutdown (s->job_manager, jobs_gone_cb, s);
}

void services_unload (struct services *s, services_idle_f cb, void *arg)
{
    modules_unload_all (s->modules, cb, arg);
}

int services_finalize (struct services *s, flux_error_t *errp)
{
    if (router_rank (s->rt) != 0)
        return 0;
    if (s->job_manager && (content_is_durable (s->content) || is_set (s->attrs, "content.dump")) &&
        job_manager_save (s->job_manager) < 0)
        return errprintf (errp, "job manager: %s", strerror (errno));
    if (startlog_finish (s->kvs) < 0)
        return errprintf (errp, "startlog: %s", strerror (errno));
    return kvs_checkpoint (s->kvs, errp);
}

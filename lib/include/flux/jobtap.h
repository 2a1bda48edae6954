/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* For plugins of the job manager ("jobtap"): shared objects that it loads by `flux jobtap load` or
 * the configuration, and calls back in the life of each job. A plugin exports flux_plugin_init(),
 * which adds handlers (<flux/plugin.h>) for topics; see flux-jobtap(1) for the topics and what
 * their arguments hold. These functions are the broker's: a plugin is not linked with a library for
 * them.
 *
 * id may be FLUX_JOBTAP_CURRENT_JOB: the job of the callback. Events that are posted for a job
 * while a callback for it runs are written when that returns. Functions that return int give 0, or
 * -1 with errno: ENOENT no such job, EINVAL no current job or not in this state. */

#ifndef FLUX_JOBTAP_H
#define FLUX_JOBTAP_H

#include <flux/core.h>
#include <flux/job.h>
#include <flux/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FLUX_JOBTAP_CURRENT_JOB FLUX_JOBID_ANY

/* A handle to the broker, in the broker's own event loop: wait for nothing with it, use
 * flux_future_then(). It belongs to the job manager. */
FLUX_EXPORT flux_t *flux_jobtap_get_flux (flux_plugin_t *p);

/* Serve job-manager.<plugin name>.<method>; mh of the callback is NULL. The first is for all users,
 * the other for those with a role of rolemask. */
FLUX_EXPORT int flux_jobtap_service_register (flux_plugin_t *p, const char *method,
                                              flux_msg_handler_f cb, void *arg);
FLUX_EXPORT int flux_jobtap_service_register_ex (flux_plugin_t *p, const char *method,
                                                 uint32_t rolemask, flux_msg_handler_f cb,
                                                 void *arg);

/* In which order the plugin hears of the jobs that are there when it is loaded: "state" or
 * "-state", then by id. In flux_plugin_init() only. */
FLUX_EXPORT int flux_jobtap_set_load_sort_order (flux_plugin_t *p, const char *mode);

/* Ask job.priority.get for all waiting jobs again; give one job a priority. */
FLUX_EXPORT int flux_jobtap_reprioritize_all (flux_plugin_t *p);
FLUX_EXPORT int flux_jobtap_reprioritize_job (flux_plugin_t *p, flux_jobid_t id,
                                              unsigned int priority);

/* In job.state.priority and job.priority.get: there is none yet. */
FLUX_EXPORT int flux_jobtap_priority_unavail (flux_plugin_t *p, flux_plugin_arg_t *args);

/* Say why, and return -1: what the callback returns then. */
FLUX_EXPORT int flux_jobtap_error (flux_plugin_t *p, flux_plugin_arg_t *args, const char *fmt, ...)
    __attribute__ ((format (printf, 3, 4)));
FLUX_EXPORT int flux_jobtap_reject_job (flux_plugin_t *p, flux_plugin_arg_t *args, const char *fmt,
                                        ...) __attribute__ ((format (printf, 3, 4)));

/* A job stays in DEPEND until all of its dependencies were removed. EEXIST: it had this one. */
FLUX_EXPORT int flux_jobtap_dependency_add (flux_plugin_t *p, flux_jobid_t id,
                                            const char *description);
FLUX_EXPORT int flux_jobtap_dependency_remove (flux_plugin_t *p, flux_jobid_t id,
                                               const char *description);

/* Hang something on a job, seen by this plugin only; freed when the job ends or the plugin goes. */
FLUX_EXPORT int flux_jobtap_job_aux_set (flux_plugin_t *p, flux_jobid_t id, const char *name,
                                         void *val, flux_free_f free_fn);
FLUX_EXPORT void *flux_jobtap_job_aux_get (flux_plugin_t *p, flux_jobid_t id, const char *name);
FLUX_EXPORT int flux_jobtap_job_aux_delete_value (flux_plugin_t *p, flux_jobid_t id, void *val);

/* "waitable" or "debug" */
FLUX_EXPORT int flux_jobtap_job_set_flag (flux_plugin_t *p, flux_jobid_t id, const char *flag);

FLUX_EXPORT int flux_jobtap_raise_exception (flux_plugin_t *p, flux_jobid_t id, const char *type,
                                             int severity, const char *fmt, ...)
    __attribute__ ((format (printf, 5, 6)));

/* Formats are jansson's; fmt may be NULL: no context. */
FLUX_EXPORT int flux_jobtap_event_post_pack (flux_plugin_t *p, flux_jobid_t id, const char *name,
                                             const char *fmt, ...);
FLUX_EXPORT int flux_jobtap_jobspec_update_pack (flux_plugin_t *p, const char *fmt, ...);
FLUX_EXPORT int flux_jobtap_jobspec_update_id_pack (flux_plugin_t *p, flux_jobid_t id,
                                                    const char *fmt, ...);

/* The arguments as a callback would get them; to be destroyed. */
FLUX_EXPORT flux_plugin_arg_t *flux_jobtap_job_lookup (flux_plugin_t *p, flux_jobid_t id);
FLUX_EXPORT int flux_jobtap_get_job_result (flux_plugin_t *p, flux_jobid_t id,
                                            flux_job_result_t *resultp);
/* 1: yes, 0: no */
FLUX_EXPORT int flux_jobtap_job_event_posted (flux_plugin_t *p, flux_jobid_t id, const char *name);

/* Have job.event.* called for a job. */
FLUX_EXPORT int flux_jobtap_job_subscribe (flux_plugin_t *p, flux_jobid_t id);
FLUX_EXPORT void flux_jobtap_job_unsubscribe (flux_plugin_t *p, flux_jobid_t id);

/* While a prolog action is on, the job is not started; while an epilog action is, its resources are
 * not freed. start is for the current job. */
FLUX_EXPORT int flux_jobtap_prolog_start (flux_plugin_t *p, const char *description);
FLUX_EXPORT int flux_jobtap_prolog_finish (flux_plugin_t *p, flux_jobid_t id,
                                           const char *description, int status);
FLUX_EXPORT int flux_jobtap_epilog_start (flux_plugin_t *p, const char *description);
FLUX_EXPORT int flux_jobtap_epilog_finish (flux_plugin_t *p, flux_jobid_t id,
                                           const char *description, int status);

/* Call the handlers of all plugins for a topic of their own, one that does not begin with "job.".
 */
FLUX_EXPORT int flux_jobtap_call (flux_plugin_t *p, flux_jobid_t id, const char *topic,
                                  flux_plugin_arg_t *args);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_JOBTAP_H */

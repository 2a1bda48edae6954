/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Calls to the job services of an instance. What is about a job itself, without an instance, is in
 * <flux/job.h>. */

#ifndef FLUX_JOB_CLIENT_H
#define FLUX_JOB_CLIENT_H

#include <stdbool.h>
#include <flux/future.h>
#include <flux/job.h>

#ifdef __cplusplus
extern "C" {
#endif

/* jobspec is RFC 14 JSON; urgency 0 to 31, at most 16 for who is not the instance owner; flags of
 * enum job_submit_flags. The error string of the future says what is wrong with a jobspec. */
FLUX_EXPORT flux_future_t *flux_job_submit (flux_t *h, const char *jobspec, int urgency, int flags);
FLUX_EXPORT int flux_job_submit_get_id (flux_future_t *f, flux_jobid_t *id);

/* Wait for a job submitted with FLUX_JOB_WAITABLE to become inactive, or for the next of all such
 * (FLUX_JOBID_ANY). ECHILD when there is none. */
FLUX_EXPORT flux_future_t *flux_job_wait (flux_t *h, flux_jobid_t id);
FLUX_EXPORT int flux_job_wait_get_status (flux_future_t *f, bool *success, const char **errstr);
FLUX_EXPORT int flux_job_wait_get_id (flux_future_t *f, flux_jobid_t *id);

/* attrs_json_str is a JSON array of attribute names (RFC 43). */
FLUX_EXPORT flux_future_t *flux_job_list (flux_t *h, int max_entries, const char *attrs_json_str,
                                          uint32_t userid, int states);
FLUX_EXPORT flux_future_t *flux_job_list_inactive (flux_t *h, int max_entries, double since,
                                                   const char *attrs_json_str);
FLUX_EXPORT flux_future_t *flux_job_list_id (flux_t *h, flux_jobid_t id,
                                             const char *attrs_json_str);

/* An exception (RFC 21) of severity 0 ends the job. note and reason may be NULL. */
FLUX_EXPORT flux_future_t *flux_job_raise (flux_t *h, flux_jobid_t id, const char *type,
                                           int severity, const char *note);
FLUX_EXPORT flux_future_t *flux_job_cancel (flux_t *h, flux_jobid_t id, const char *reason);
FLUX_EXPORT flux_future_t *flux_job_kill (flux_t *h, flux_jobid_t id, int signum);
FLUX_EXPORT flux_future_t *flux_job_set_urgency (flux_t *h, flux_jobid_t id, int urgency);

/* Each response is one event of the eventlog at path ("eventlog", "guest.exec.eventlog", ...),
 * which flux_future_reset() goes on from. ENODATA ends it. */
FLUX_EXPORT flux_future_t *flux_job_event_watch (flux_t *h, flux_jobid_t id, const char *path,
                                                 int flags);
FLUX_EXPORT int flux_job_event_watch_get (flux_future_t *f, const char **event);
FLUX_EXPORT int flux_job_event_watch_cancel (flux_future_t *f);

/* Wait for the end of a job. The result is an object of
 *   id, result (flux_job_result_t), t_submit, t_run, t_cleanup, waitstatus (if it ran),
 *   exception_occurred, exception_severity, exception_type, exception_note (if one did) */
FLUX_EXPORT flux_future_t *flux_job_result (flux_t *h, flux_jobid_t id, int flags);
FLUX_EXPORT int flux_job_result_get (flux_future_t *f, const char **json_str);
FLUX_EXPORT int flux_job_result_get_unpack (flux_future_t *f, const char *fmt, ...);

/* Seconds left to this job ($FLUX_JOB_ID), or to this instance; INFINITY without a limit. */
FLUX_EXPORT int flux_job_timeleft (flux_t *h, flux_error_t *errp, double *timeleft);

/* What a signed text (RFC 15, mechanism "none") carries; the caller frees it. verify demands that
 * the signer is this user. */
FLUX_EXPORT char *flux_unwrap_string (const char *in, bool verify, uint32_t *userid,
                                      flux_error_t *errp);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_JOB_CLIENT_H */

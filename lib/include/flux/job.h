/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Jobs: ids (RFC 19), states and results (RFC 21), and the names of things under a job in the KVS
 * (RFC 16). */

#ifndef FLUX_JOB_H
#define FLUX_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <flux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t flux_jobid_t;

#define FLUX_JOBID_ANY 0xFFFFFFFFFFFFFFFF

enum job_submit_flags {
    FLUX_JOB_PRE_SIGNED = 1, // the jobspec is signed already
    FLUX_JOB_DEBUG = 2,
    FLUX_JOB_WAITABLE = 4,   // flux_job_wait() will be called for it
    FLUX_JOB_NOVALIDATE = 8, // owner only: take the jobspec as it is
};

enum job_event_watch_flags {
    FLUX_JOB_EVENT_WATCH_WAITCREATE = 1,       // wait for the eventlog to exist
    FLUX_JOB_EVENT_WATCH_INITIAL_SENTINEL = 2, // a NULL event after what was there at first
};

enum job_lookup_flags {
    FLUX_JOB_LOOKUP_JSON_DECODE = 1, // jobspec and R as objects, not as strings
    FLUX_JOB_LOOKUP_CURRENT = 2,     // with the updates of the eventlog applied
};

enum job_urgency {
    FLUX_JOB_URGENCY_MIN = 0,
    FLUX_JOB_URGENCY_HOLD = FLUX_JOB_URGENCY_MIN,
    FLUX_JOB_URGENCY_DEFAULT = 16,
    FLUX_JOB_URGENCY_MAX = 31,
    FLUX_JOB_URGENCY_EXPEDITE = FLUX_JOB_URGENCY_MAX,
};

enum job_queue_priority {
    FLUX_JOB_PRIORITY_MIN = 0,
    FLUX_JOB_PRIORITY_MAX = 4294967295,
};

typedef enum {
    FLUX_JOB_STATE_NEW = 1,
    FLUX_JOB_STATE_DEPEND = 2,
    FLUX_JOB_STATE_PRIORITY = 4,
    FLUX_JOB_STATE_SCHED = 8,
    FLUX_JOB_STATE_RUN = 16,
    FLUX_JOB_STATE_CLEANUP = 32,
    FLUX_JOB_STATE_INACTIVE = 64,
} flux_job_state_t;

#define FLUX_JOB_NR_STATES 7

/* The virtual states are unions of states. */
enum {
    FLUX_JOB_STATE_PENDING = 14, // DEPEND, PRIORITY, SCHED
    FLUX_JOB_STATE_RUNNING = 48, // RUN, CLEANUP
    FLUX_JOB_STATE_ACTIVE = 62,  // both
};

typedef enum {
    FLUX_JOB_RESULT_COMPLETED = 1,
    FLUX_JOB_RESULT_FAILED = 2,
    FLUX_JOB_RESULT_CANCELED = 4,
    FLUX_JOB_RESULT_TIMEOUT = 8,
} flux_job_result_t;

/* An id in any encoding of RFC 19, or "job." and its dothex form. White space around it is ignored.
 * EINVAL when it is none. */
FLUX_EXPORT int flux_job_id_parse (const char *s, flux_jobid_t *id);

/* type: "dec" (or NULL), "hex", "dothex", "kvs", "words", "emoji", "f58", or "f58plain", which
 * begins with an ASCII f. So does "f58" unless the locale is UTF-8, or with FLUX_F58_FORCE_ASCII in
 * the environment. EPROTO: no such type; EOVERFLOW: buf is too small; EINVAL. */
FLUX_EXPORT int flux_job_id_encode (flux_jobid_t id, const char *type, char *buf, size_t bufsz);

/* fmt: "L" RUN, "l" run, "S" R, "s" r. Never NULL: "(unknown)" or "?" for no state. */
FLUX_EXPORT const char *flux_job_statetostr (flux_job_state_t state, const char *fmt);
FLUX_EXPORT int flux_job_strtostate (const char *s, flux_job_state_t *state);

/* The same for results; the short names are CD, F, CA and TO. */
FLUX_EXPORT const char *flux_job_resulttostr (flux_job_result_t result, const char *fmt);
FLUX_EXPORT int flux_job_strtoresult (const char *s, flux_job_result_t *result);

/* The KVS key of `key` (NULL: the directory) under a job, and under the part of it that belongs to
 * its guest. With FLUX_KVS_NAMESPACE in the environment the latter is the root, and nothing is put
 * before it. Returns the length, or -1 with EOVERFLOW or EINVAL. */
FLUX_EXPORT int flux_job_kvs_key (char *buf, int bufsz, flux_jobid_t id, const char *key);
FLUX_EXPORT int flux_job_kvs_guest_key (char *buf, int bufsz, flux_jobid_t id, const char *key);

/* Name of the KVS namespace of a running job's guest. */
FLUX_EXPORT int flux_job_kvs_namespace (char *buf, int bufsz, flux_jobid_t id);

/* Exit code of a wait status: 128 + signal when the job was killed. For one that is not zero, what
 * happened is put into errp. */
FLUX_EXPORT int flux_job_waitstatus_to_exitcode (int waitstatus, flux_error_t *errp);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_JOB_H */

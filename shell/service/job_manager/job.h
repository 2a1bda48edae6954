/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What rank 0 keeps in memory of one job. Everything else is in the KVS (RFC 16). An inactive job
 * keeps only what lists show; strings that are the same for many jobs (names, queues, folders) are
 * kept once. */

#ifndef FLUX_SERVICE_JOB_MANAGER_JOB_H
#define FLUX_SERVICE_JOB_MANAGER_JOB_H

#include <ev.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

struct job_taps;
struct jobqueue;
struct queue;
struct rv1;
struct strpool;

/* RFC 21 */
enum job_state {
    JOB_NEW = 1,
    JOB_DEPEND = 2,
    JOB_PRIORITY = 4,
    JOB_SCHED = 8,
    JOB_RUN = 16,
    JOB_CLEANUP = 32,
    JOB_INACTIVE = 64,
};
#define JOB_PENDING (JOB_DEPEND | JOB_PRIORITY | JOB_SCHED)
#define JOB_UNQUEUED (JOB_DEPEND | JOB_PRIORITY)
#define JOB_RUNNING (JOB_RUN | JOB_CLEANUP)
#define JOB_ACTIVE (JOB_PENDING | JOB_RUNNING)

#define JOB_STATES 7
#define JOB_RESULTS 4

enum job_result {
    RESULT_COMPLETED = 1,
    RESULT_FAILED = 2,
    RESULT_CANCELED = 4,
    RESULT_TIMEOUT = 8,
};

/* Submit flags as in the submit event. */
enum {
    JOBFLAG_DEBUG = 2,
    JOBFLAG_WAITABLE = 4,
    JOBFLAG_NOVALIDATE = 8,
};

#define URGENCY_HOLD 0
#define URGENCY_DEFAULT 16
#define URGENCY_EXPEDITE 31
#define PRIORITY_MIN 0
#define PRIORITY_MAX 4294967295

/* What of a jobspec lists and the scheduler need. */
struct job_facts {
    const char *name; // in the strpool
    const char *cwd;
    const char *queue;
    const char *project;
    const char *bank;
    uint32_t ntasks;
    uint32_t nnodes; // asked for; 0 when only slots were
    uint32_t nslots; // per node when nnodes > 0, else in all
    uint32_t cores;  // per slot
    uint32_t gpus;   // per slot
    bool exclusive;  // whole nodes
    double duration; // seconds; 0 is no limit
};

/* An event that waits until the callbacks of plugins for its job are through. */
struct held_event {
    char *name;
    char *context; // or NULL
    int severity;
    struct held_event *next;
};

struct dependency {
    char *description;
    struct dependency *next;
};

/* Only for jobs which are not inactive. */
struct job_live {
    const char *env; // environment as JSON text, in the strpool; NULL: see jobstore.h
    struct dependency *depends;
    json_t *constraint;       // RFC 31, or NULL
    json_t *cut_off;          // after a restart: actions that had begun, [kind, description]
    json_t *request;          // jobspec.resources, for what the facts do not say, or NULL
    const char *graph_policy; // system.graph.policy, in the strpool, or NULL
    bool has_resources;
    bool sought;             // its debug.alloc-request was posted
    bool started;            // handed to exec, which has not ended it yet
    struct jobqueue *jq;     // the queue it was submitted to
    struct queue *in;        // the order it waits in, or NULL
    int64_t queued_at;       // the priority under which it is queued
    int hold;                // events wait while this is above 0
    struct held_event *held; // the oldest first
    struct job_taps *taps;   // what plugins have on it, or NULL
    void (*taps_free) (struct job_taps *taps);
    struct rv1 *leaving;     // to be given back when the shells there have ended, or NULL
    int nprologs, nepilogs;  // actions under way
    double t_estimate;       // when it may start; 0: not known
    bool lacks_resources;    // it was tried and does not fit now
    struct job_manager *jm;  // for the callback of the timer
    ev_timer limit;          // the time limit, while it runs
    double sim_duration;     // simulated execution: seconds, below 0: real
    struct job *prev, *next; // on the queue, by priority and id
};

struct job {
    uint64_t id;
    UT_hash_handle hh;
    struct job_facts facts;
    uint32_t userid;
    uint16_t flags;
    uint8_t urgency;
    uint8_t state;             // enum job_state
    uint8_t states_seen;       // mask
    uint8_t result;            // enum job_result, when inactive
    int8_t exception_severity; // -1: none
    bool waited;               // a wait request got its result
    bool updated;              // the eventlog has jobspec-update events
    uint32_t wait_status;      // of the finish event
    bool finished;             // a finish event came
    uint32_t ncores;           // allocated, else asked for
    uint32_t nnodes;
    int64_t priority; // -1: none yet
    double t_submit, t_depend, t_priority, t_sched, t_run, t_cleanup, t_inactive;
    double expiration;
    char *ranks;                  // idset of the allocation
    char *nodelist;               // hostlist of the allocation
    const char *resource_summary; // of the allocation for people, in the strpool
    char *exception_type;
    char *exception_note;
    json_t *annotations;
    struct job_live *live;             // NULL when inactive
    struct job *list_prev, *list_next; // on the list of running or inactive jobs, newest first
};

struct job *job_create (uint64_t id);
void job_free (struct job *job);

void held_event_free (struct held_event *e);

/* Drop what only a live job needs. */
void job_retire (struct job *job);

/* "job.xxxx.xxxx.xxxx.xxxx" with an optional ".path" behind; buf of JOB_KEY_SIZE. */
#define JOB_KEY_SIZE 128
const char *job_key (uint64_t id, const char *path, char *buf, size_t size);

int job_result_of (const struct job *job);

/* Enter a state at a time. */
void job_set_state (struct job *job, int state, double now);

/* The first fatal exception is the one that is shown; a milder one only until then. */
void job_set_exception (struct job *job, const char *type, int severity, const char *note);

/* Keep what the user notes of a job; null takes a note away. */
void job_set_memo (struct job *job, json_t *memo);

/* Dependencies of a live job by description. */
int job_add_dependency (struct job *job, const char *description);
bool job_remove_dependency (struct job *job, const char *description);
bool job_has_dependency (const struct job *job, const char *description);

#endif /* !FLUX_SERVICE_JOB_MANAGER_JOB_H */

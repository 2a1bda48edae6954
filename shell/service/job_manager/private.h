/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of the job manager share. */

#ifndef FLUX_SERVICE_JOB_MANAGER_PRIVATE_H
#define FLUX_SERVICE_JOB_MANAGER_PRIVATE_H

#include "shell/broker/router.h"
#include "shell/broker/waiters.h"
#include "shell/service/job_manager/conf.h"
#include "shell/service/job_manager/extsched.h"
#include "shell/service/job_manager/job.h"
#include "shell/service/job_manager/jobqueue.h"
#include "shell/service/job_manager/jobstore.h"
#include "shell/service/job_manager/jobtap.h"
#include "shell/service/job_manager/manager.h"
#include "shell/service/job_manager/pending.h"
#include "shell/service/job_manager/queue.h"
#include "shell/service/job_manager/strpool.h"
#include "shell/service/sched/pass.h"

struct idset;
struct fluid_generator;
struct sched_alloc;
struct jobspec;

struct event_listener {
    job_event_f cb;
    void *arg;
};

#define LISTENERS_MAX 8

// Jobs that ended last, whose directories stay in memory: what is written out while the processor's
// caches still have it costs about 3 us less of a job.
#define COOLING_MAX 32

struct job_manager {
    const struct qpolicies *policies; // borrowed
    struct router *rt;
    struct kvs *kvs;
    struct sched *sched;
    struct job_exec *exec;
    uint32_t owner;
    struct fluid_generator *fluid;
    struct strpool *strings;
    struct jobstore *store;
    struct job *jobs; // by id
    struct jobqueues *queues;
    struct job *unqueued; // in DEPEND or PRIORITY: have no place in the queue yet; oldest first
    struct job *running;  // newest first
    struct job *inactive; // newest first
    struct job_walk *walks;
    struct event_listener listeners[LISTENERS_MAX];
    int nlisteners;
    uint64_t cooling[COOLING_MAX]; // a ring
    size_t ncooling;
    size_t state_count[JOB_STATES];
    size_t result_count[JOB_RESULTS];
    uint64_t max_id;
    struct job_waits *waits;
    struct waiters *drains; // job-manager.drain
    struct waiters *idles;  // job-manager.idle
    struct journal *journal;
    struct depends *depends;
    struct jobtap *jobtap;
    struct perilogs *perilogs;
    struct housekeeping *housekeeping;
    struct extsched *extsched;
    json_t *config;                    // the whole of it, an object
    struct conf_service *conf_service; // borrowed, or NULL
    struct jm_conf conf;
    ev_timer purge_timer;
    size_t purged_count;
    bool shutting_down;
    bool above;            // this instance is a job
    struct asking *asking; // for jobs that grow (resize_above.c)
    json_t *queue_states;  // what queues were told and is kept (restart.c), or NULL
    bool held;             // nothing starts yet
    bool kept;             // the state outlives the instance: pending jobs stay pending at its end
    void (*shutdown_cb) (void *arg);
    void *shutdown_arg;
};

/* event.c: write the event and go where it leads. context is a JSON object as text, or NULL. What
 * the event says of the job has been set in `job` by the caller. */
void event_post (struct job_manager *jm, struct job *job, const char *name, const char *context);
void event_post_pack (struct job_manager *jm, struct job *job, const char *name, const char *fmt,
                      ...);

/* The one that comes before all that are held. */
void event_post_first (struct job_manager *jm, struct job *job, const char *name,
                       const char *context);

/* Between these the job's events wait, to be written in their order. */
void event_hold (struct job *job);
void event_unhold (struct job_manager *jm, struct job *job);

/* transition.c: the state after the event. */
int event_next_state (int state, const char *name, int severity);

/* action.c: do what the job's present state is for. */
void job_action (struct job_manager *jm, struct job *job);

/* Priority from urgency; posts the priority event when it changed. */
void job_prioritize (struct job_manager *jm, struct job *job);
void job_set_priority (struct job_manager *jm, struct job *job, int64_t priority);

/* Prolog and epilog actions (RFC 21). EINVAL: the job is not where it can have one. */
int action_prolog_start (struct job_manager *jm, struct job *job, const char *description);
int action_prolog_finish (struct job_manager *jm, struct job *job, const char *description,
                          int status);
int action_epilog_start (struct job_manager *jm, struct job *job, const char *description);
int action_epilog_finish (struct job_manager *jm, struct job *job, const char *description,
                          int status);

/* Free the job's resources, if it has any and nothing runs on them, and end it. */
void job_cleanup (struct job_manager *jm, struct job *job);

/* Take the ranks away from the scheduler, for a reason. */
void job_manager_drain (struct job_manager *jm, const struct idset *ranks, const char *reason);

/* cutoff.c, after a restart: does an epilog have to be run again, when the nodes are there; what
 * was cut off has ended; do what waits for the nodes. */
bool cutoff_waits (const struct job *job);
void cutoff_end (struct job_manager *jm, struct job *job);
void cutoff_resume (struct job_manager *jm);

/* exec's callbacks */
extern const struct job_exec_ops job_exec_callbacks;

/* schedule.c */
/* It has resources and nothing is in the way. */
void job_start (struct job_manager *jm, struct job *job);
void schedule_pass (struct router *rt, void *arg);
/* It waits no more: it has these. */
void job_give_resources (struct job_manager *jm, struct job *job, struct sched_alloc *alloc);

/* limit.c: a job with an expiration gets a timeout exception when it comes. */
void limit_start (struct job_manager *jm, struct job *job);
void limit_stop (struct job_manager *jm, struct job *job);

/* submit.c */
int submit_service_add (struct job_manager *jm);

/* update.c */
/* What a plugin wants: nothing is checked but the form. */
int update_apply (struct job_manager *jm, struct job *job, json_t *updates, flux_error_t *errp);

/* The jobspec as it would be with these; a new reference or NULL. */
json_t *job_manager_jobspec_with (struct job_manager *jm, const struct job *job,
                                  const json_t *updates);
void job_taps_changed (struct job *job);
void update_cb (struct router *rt, const flux_msg_t *msg, void *arg);

/* The value of a key in the job's folder, NUL-terminated; the caller frees it. NULL with errno. */
char *job_get_key (struct job_manager *jm, uint64_t id, const char *name, size_t *lenp);

/* The jobspec of a job with the updates of its eventlog; without its environment. */
struct jobspec *job_current_jobspec (struct job_manager *jm, const struct job *job);

/* Take from J, as it was submitted, what only a live job needs: its environment, how it is to be
 * simulated, and before its dependencies are satisfied those. */
int job_revive (struct job_manager *jm, struct job *job, const char *J, flux_error_t *errp);

/* Take from the jobspec what lists and the scheduler need. */
int job_set_facts (struct job_manager *jm, struct job *job, const struct jobspec *js);

/* requests.c: the job of a request, when its sender may deal with it (and it is active); else the
 * request was answered. */
struct job *request_target (struct job_manager *jm, const flux_msg_t *msg, uint64_t id);
struct job *request_active_target (struct job_manager *jm, const flux_msg_t *msg, uint64_t id);
uint32_t request_sender (const flux_msg_t *msg);
bool exception_type_is_valid (const char *type);
int requests_service_add (struct job_manager *jm);

/* bulk.c */
void raiseall_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void killall_cb (struct router *rt, const flux_msg_t *msg, void *arg);

/* wait.c: job-manager.wait. The job is there (again), it has ended, it is purged. */
struct job_waits *job_waits_create (void);
void job_waits_destroy (struct job_waits *waits);
void wait_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void job_waits_disconnect (struct job_waits *waits, const flux_msg_t *msg);
void job_waits_begin (struct job_manager *jm, const struct job *job);
void job_wait_answer (struct job_manager *jm, struct job *job);
void job_waits_forget (struct job_manager *jm, const struct job *job);
/* Jobs that have ended and were not waited for, the oldest end first. */
void job_waits_each_zombie (struct job_manager *jm, job_walk_f cb, void *arg);

/* list.c */
void list_cb (struct router *rt, const flux_msg_t *msg, void *arg);

/* idle.c: who waits for the end of jobs is told when there are none any more. */
void drain_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void idle_cb (struct router *rt, const flux_msg_t *msg, void *arg);
size_t count_states (struct job_manager *jm, int mask);
void check_idle (struct job_manager *jm);

/* queues.c */
void queue_list_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void queue_status_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void queue_enable_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void queue_start_cb (struct router *rt, const flux_msg_t *msg, void *arg);

/* What queues had been told (queue_states) when the instance ended; stop: stop them all. */
void queues_restore (struct job_manager *jm, json_t *states, bool stop);

/* history.c */
void history_cb (struct router *rt, const flux_msg_t *msg, void *arg);

/* purge.c: forget inactive jobs. purge_oldest() keeps the newest `keep` unless they ended more than
 * age_limit seconds ago (below 0: no limit), touches at most `batch`, and returns how many; without
 * `really` it only counts. */
void job_drop_strings (struct job_manager *jm, struct job *job);
int purge_oldest (struct job_manager *jm, size_t keep, double age_limit, int batch, bool really);
/* The limits of the configuration: one more job is inactive, or they changed. */
void purge_follow_limits (struct job_manager *jm);
void purge_stop (struct job_manager *jm);
void purge_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void purge_id_cb (struct router *rt, const flux_msg_t *msg, void *arg);

/* depend.c */
struct depends *depends_create (struct job_manager *jm);
void depends_destroy (struct depends *d);

/* Register what jobspec.attributes.system.dependencies asks for. EINVAL with a sentence. */
int depends_add (struct depends *d, struct job *job, const json_t *dependencies,
                 flux_error_t *errp);
/* After a restart, of a job that waits for nothing any more: what others may wait for. */
void depends_add_again (struct depends *d, struct job *job, const json_t *dependencies);
/* Tell of them in the eventlog. */
void depends_announce (struct depends *d, struct job *job);

/* The same after a restart, when some were announced before: tell of those that are new, and of
 * those that are satisfied by now. */
void depends_announce_again (struct depends *d, struct job *job,
                             const struct dependency *announced);

/* A job reached a state that others may wait for (RUN, INACTIVE). */
void depends_notify (struct depends *d, struct job *job);
void depends_forget (struct depends *d, struct job *job);

/* walk.c */
/* An inactive job goes: no walk stands on it any more. */
void walks_forget (struct job_manager *jm, const struct job *job);

/* As job_manager_walk(), over a copy: the callback may change the lists. */
int walk_collected (struct job_manager *jm, int states, job_walk_f cb, void *arg);

/* manager.c */
int state_index (int state);
void list_prepend (struct job **list, struct job *job);
void list_append (struct job **list, struct job *job);
void list_remove (struct job **list, struct job *job);

#endif /* !FLUX_SERVICE_JOB_MANAGER_PRIVATE_H */

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The scheduler outside of the broker, see extsched.h: what it says, and what it is told. Its
 * answers for jobs are taken in extsched_alloc.c. */

#include <errno.h>
#include <flux/idset.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <flux/request.h>
#include <flux/response.h>
#include <flux/rpc.h>

#include "lib/job/jobspec.h"
#include "lib/job/rv1.h"
#include "shell/service/job_manager/extsched_private.h"
#include "shell/service/job_manager/housekeeping.h"
#include "shell/service/sched/sched.h"

struct asked *extsched_find (struct extsched *e, uint64_t id)
{
    struct asked *a;

    HASH_FIND (hh, e->asked, &id, sizeof (id), a);
    return a;
}

void extsched_answered (struct extsched *e, struct asked *a)
{
    HASH_DEL (e->asked, a);
    free (a);
}

bool extsched_is_active (const struct extsched *e)
{
    return e->ready;
}

unsigned int extsched_pending (const struct extsched *e)
{
    return HASH_COUNT (e->asked);
}

/* Jobs that wait are asked for again when there is a next one, or matched here. */
void extsched_stop (struct extsched *e, const char *why)
{
    struct asked *a, *tmp;

    if (e->ready)
        router_log (e->jm->rt, LOG_INFO, "job-manager", "the external scheduler is gone: %s", why);
    e->ready = false;
    waiters_clear (e->peer);
    HASH_ITER (hh, e->asked, a, tmp) extsched_answered (e, a);
    json_array_clear (e->priorities);
    job_manager_reschedule (e->jm);
}

/* ---- hello and ready ---- */

static void hello_running (struct job_manager *jm, const struct job *job, const flux_msg_t *msg)
{
    if (job->live && job->live->has_resources)
        router_respond_pack (jm->rt, msg, "{s:I s:I s:I s:f}", "id", (json_int_t)job->id,
                             "priority", (json_int_t)job->priority, "userid",
                             (json_int_t)job->userid, "t_submit", job->t_submit);
}

struct hello {
    struct job_manager *jm;
    const flux_msg_t *msg;
    bool partial_ok;
};

/* Jobs that are over, but what they left is still being tidied. */
static void hello_room (uint64_t id, const char *freed, void *arg)
{
    struct hello *hello = arg;
    const struct job *job = job_manager_lookup (hello->jm, id);

    if (!job || (*freed && !hello->partial_ok))
        return;
    json_t *o =
        json_pack ("{s:I s:I s:I s:f}", "id", (json_int_t)id, "priority", (json_int_t)job->priority,
                   "userid", (json_int_t)job->userid, "t_submit", job->t_submit);
    if (o && *freed)
        json_object_set_new (o, "free", json_string (freed));
    router_respond_pack (hello->jm->rt, hello->msg, "o", o);
}

void sched_hello_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    struct extsched *e = jm->extsched;
    struct hello hello = {jm, msg, false};
    struct job *job;
    int partial = 0;

    if (!flux_msg_is_streaming (msg) ||
        (flux_msg_has_payload (msg) &&
         flux_request_unpack (msg, NULL, "{s?b}", "partial-ok", &partial) < 0)) {
        router_respond_error (rt, msg, EPROTO, "sched-hello requires streaming RPC flag");
        return;
    }
    if (waiters_count (e->peer) > 0) {
        router_respond_error (rt, msg, EEXIST, "another scheduler is there");
        return;
    }
    if (waiters_add (e->peer, msg) < 0) {
        router_respond_error (rt, msg, errno, NULL);
        return;
    }
    hello.partial_ok = partial;
    for (job = jm->running; job; job = job->list_next)
        hello_running (jm, job, msg);
    housekeeping_each (jm->housekeeping, hello_room, &hello);
    router_respond_error (rt, msg, ENODATA, NULL);
}

void sched_ready_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    struct extsched *e = jm->extsched;
    const char *mode;
    int limit = 0;

    if (flux_request_unpack (msg, NULL, "{s:s s?i}", "mode", &mode, "limit", &limit) < 0) {
        router_respond_error (rt, msg, EPROTO, NULL);
        return;
    }
    bool limited = strcmp (mode, "limited") == 0;
    if (waiters_count (e->peer) == 0 || e->ready || (!limited && strcmp (mode, "unlimited") != 0) ||
        (limited && limit < 1)) {
        router_respond_error (rt, msg, waiters_count (e->peer) == 0 ? EPROTO : EINVAL,
                              "it comes once after sched-hello, with mode unlimited or limited");
        return;
    }
    e->ready = true;
    e->limit = limited ? limit : 0;
    router_log (rt, LOG_INFO, "job-manager", "an external scheduler is ready");
    sched_begin_pass (jm->sched); // no reservations of ours
    router_respond_pack (rt, msg, "{s:i}", "count", (int)pending_count (jm->queues));
    job_manager_reschedule (jm);
}

void extsched_disconnect (struct extsched *e, const flux_msg_t *msg)
{
    size_t n = waiters_count (e->peer);

    waiters_disconnect (e->peer, msg);
    if (n > 0 && waiters_count (e->peer) == 0)
        extsched_stop (e, "it disconnected");
}

/* ---- requests ---- */

bool extsched_may_ask (const struct extsched *e, const struct job *job)
{
    return (e->limit == 0 || HASH_COUNT (e->asked) < e->limit) &&
           !extsched_find ((struct extsched *)e, job->id);
}

static int send (struct extsched *e, const char *topic, json_t *o, bool respond)
{
    char *text = o ? json_dumps (o, JSON_COMPACT) : NULL;
    int rc = -1;

    if (text && respond)
        rc = router_send_untagged (e->jm->rt, topic, text);
    else if (text)
        rc = router_rpc (e->jm->rt, topic, FLUX_NODEID_ANY, FLUX_RPC_NORESPONSE, text, NULL, NULL)
                 ? 0
                 : -1;
    free (text);
    json_decref (o);
    return rc;
}

/* The environment is of no use to a scheduler. */
static json_t *slim_jobspec (struct job_manager *jm, const struct job *job)
{
    struct jobspec *js = job_current_jobspec (jm, job);
    json_t *o = js ? json_incref (js->json) : NULL;

    jobspec_destroy (js);
    json_object_del (json_object_get (json_object_get (o, "attributes"), "system"), "environment");
    return o;
}

int extsched_ask (struct extsched *e, struct job *job)
{
    struct asked *a = calloc (1, sizeof (*a));
    json_t *jobspec = a ? slim_jobspec (e->jm, job) : NULL;

    if (!jobspec || send (e, "sched.alloc",
                          json_pack ("{s:I s:I s:I s:O}", "id", (json_int_t)job->id, "priority",
                                     (json_int_t)job->priority, "userid", (json_int_t)job->userid,
                                     "jobspec", jobspec),
                          true) < 0) {
        json_decref (jobspec);
        free (a);
        return -1;
    }
    json_decref (jobspec);
    a->id = job->id;
    HASH_ADD (hh, e->asked, id, sizeof (a->id), a);
    return 0;
}

void extsched_cancel (struct extsched *e, uint64_t id)
{
    struct asked *a = extsched_find (e, id);

    if (a && !a->canceled) {
        a->canceled = true;
        send (e, "sched.cancel", json_pack ("{s:I}", "id", (json_int_t)id), false);
    }
}

void extsched_begin_pass (struct extsched *e)
{
    struct asked *a, *tmp;

    HASH_ITER (hh, e->asked, a, tmp)
    {
        const struct job *job = job_manager_lookup (e->jm, a->id);
        if (!job || job->state != JOB_SCHED || job->priority <= PRIORITY_MIN ||
            !jobqueue_is_started (job->live->jq))
            extsched_cancel (e, a->id);
    }
}

/* All that changed in a turn are one request. */
static void send_priorities (struct router *rt, void *arg)
{
    struct extsched *e = arg;

    if (json_array_size (e->priorities) > 0)
        send (e, "sched.prioritize", json_pack ("{s:O}", "jobs", e->priorities), false);
    json_array_clear (e->priorities);
}

void extsched_prioritized (struct extsched *e, const struct job *job)
{
    if (!e->ready || !extsched_find (e, job->id))
        return;
    json_array_append_new (e->priorities,
                           json_pack ("[I, I]", (json_int_t)job->id, (json_int_t)job->priority));
    router_at_turn_end (e->jm->rt, send_priorities, e);
}

/* ENOSYS: a scheduler need not know it. */
static void expiration_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    int errnum = 0;
    const char *text = NULL;

    if (flux_msg_get_errnum (msg, &errnum) < 0 || errnum == 0 || errnum == ENOSYS)
        return;
    flux_response_decode_error (msg, &text);
    router_log (rt, LOG_ERR, "job-manager", "sched.expiration: %s",
                text ? text : strerror (errnum));
}

void extsched_expiration (struct extsched *e, uint64_t id, double expiration)
{
    if (e->ready)
        router_rpc_pack (e->jm->rt, "sched.expiration", FLUX_NODEID_ANY, 0, expiration_cb, e,
                         "{s:I s:f}", "id", (json_int_t)id, "expiration", expiration);
}

void extsched_free (struct extsched *e, uint64_t id, const struct idset *ranks, bool final)
{
    size_t len;
    char *text = e->ready ? job_get_key (e->jm, id, "R", &len) : NULL;
    struct rv1 *rs = text ? rv1_decode (text, len, NULL) : NULL;

    if (rs && ranks) {
        struct rv1 *part = rv1_copy_ranks (rs, ranks);
        rv1_destroy (rs);
        rs = part;
    }
    if (rs) {
        json_decref (rs->scheduling);
        rs->scheduling = NULL;
        json_t *o = json_pack ("{s:I s:o}", "id", (json_int_t)id, "R", rv1_to_json (rs));
        if (o && final)
            json_object_set_new (o, "final", json_true ());
        send (e, "sched.free", o, true);
    }
    rv1_destroy (rs);
    free (text);
}

static void free_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    extsched_stop (arg, "sched.free failed"); // only a failure is answered
}

struct extsched *extsched_create (struct job_manager *jm)
{
    struct extsched *e = calloc (1, sizeof (*e));

    if (!e)
        return NULL;
    e->jm = jm;
    if (!(e->peer = waiters_create ()) || !(e->priorities = json_array ()) ||
        router_on_untagged (jm->rt, "sched.alloc", extsched_alloc_cb, e) < 0 ||
        router_on_untagged (jm->rt, "sched.free", free_cb, e) < 0) {
        extsched_destroy (e);
        return NULL;
    }
    return e;
}

void extsched_destroy (struct extsched *e)
{
    struct asked *a, *tmp;

    if (e) {
        int saved_errno = errno;
        HASH_ITER (hh, e->asked, a, tmp) extsched_answered (e, a);
        router_turn_end_forget (e->jm->rt, send_priorities, e);
        router_on_untagged_forget (e->jm->rt, e);
        waiters_destroy (e->peer);
        json_decref (e->priorities);
        free (e);
        errno = saved_errno;
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Requests to job-manager about single jobs and about all. Payloads as flux-core's clients send. */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <flux/request.h>

#include "shell/service/job_exec/exec.h"
#include "shell/service/job_manager/slice.h"
#include "shell/service/job_manager/journal.h"
#include "shell/service/job_manager/private.h"

/* The job of a request, when the sender may deal with it; else the request was answered. */
static struct job *get_target (struct job_manager *jm, const flux_msg_t *msg, uint64_t id)
{
    struct job *job = job_manager_lookup (jm, id);

    if (!job) {
        router_respond_error (jm->rt, msg, ENOENT, "unknown job id");
        return NULL;
    }
    if (flux_msg_authorize (msg, job->userid) < 0) {
        router_respond_error (jm->rt, msg, errno, "the job belongs to another user");
        return NULL;
    }
    return job;
}

static struct job *get_active_target (struct job_manager *jm, const flux_msg_t *msg, uint64_t id)
{
    struct job *job = get_target (jm, msg, id);

    if (job && job->state == JOB_INACTIVE) {
        router_respond_error (jm->rt, msg, ENOENT, "job is inactive");
        return NULL;
    }
    return job;
}

static uint32_t sender (const flux_msg_t *msg)
{
    uint32_t userid = FLUX_USERID_UNKNOWN;

    flux_msg_get_userid (msg, &userid);
    return userid;
}

static bool type_is_valid (const char *type)
{
    return *type && strlen (type) < 64 && !strpbrk (type, " \t\n\r\f\v");
}

static void raise_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    json_int_t id;
    int severity;
    const char *type, *note = NULL;
    struct job *job;

    if (flux_request_unpack (msg, NULL, "{s:I s:i s:s s?s}", "id", &id, "severity", &severity,
                             "type", &type, "note", &note) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else if (severity < 0 || severity > 7)
        router_respond_error (rt, msg, EINVAL, "invalid exception severity");
    else if (!type_is_valid (type))
        router_respond_error (rt, msg, EINVAL, "invalid exception type");
    else if ((job = get_active_target (jm, msg, id))) {
        job_manager_raise (jm, job, type, severity, sender (msg), note);
        router_respond (rt, msg, NULL);
    }
}

struct bulk {
    struct job_manager *jm;
    const flux_msg_t *msg;
    bool dry_run;
    int userid;
    int severity;
    const char *type;
    const char *note;
    int signum;
    int count;
    int errors;
};

static bool bulk_matches (struct bulk *b, const struct job *job)
{
    return (b->userid == -1 || (uint32_t)b->userid == job->userid) &&
           flux_msg_authorize (b->msg, job->userid) == 0;
}

static int bulk_raise (struct job *job, void *arg)
{
    struct bulk *b = arg;

    if (!bulk_matches (b, job))
        return 0;
    b->count++;
    if (!b->dry_run)
        job_manager_raise (b->jm, job, b->type, b->severity, sender (b->msg), b->note);
    return 0;
}

static void bulk_answer (struct bulk *b)
{
    router_respond_pack (b->jm->rt, b->msg, "{s:i s:i}", "count", b->count, "errors", b->errors);
}

static void raiseall_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    struct bulk b = {.jm = jm, .msg = msg};
    int dry_run, states;

    if (flux_request_unpack (msg, NULL, "{s:b s:i s:i s:i s:s s?s}", "dry_run", &dry_run, "userid",
                             &b.userid, "states", &states, "severity", &b.severity, "type", &b.type,
                             "note", &b.note) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if (b.severity < 0 || b.severity > 7 || !type_is_valid (b.type)) {
        router_respond_error (rt, msg, EINVAL, "invalid exception type or severity");
    } else {
        b.dry_run = dry_run;
        walk_collected (jm, states & JOB_ACTIVE, bulk_raise, &b);
        bulk_answer (&b);
    }
}

static void kill_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    json_int_t id;
    int signum;
    struct job *job;

    if (flux_request_unpack (msg, NULL, "{s:I s:i}", "id", &id, "signum", &signum) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else if (signum <= 0 || signum >= NSIG)
        router_respond_error (rt, msg, EINVAL, "invalid signal number");
    else if (!(job = get_active_target (jm, msg, id)))
        return;
    else if (!(job->state & JOB_RUNNING) || job_exec_kill (jm->exec, job->id, signum) < 0)
        router_respond_error (rt, msg, EINVAL, "job is not running");
    else
        router_respond (rt, msg, NULL);
}

static int bulk_kill (struct job *job, void *arg)
{
    struct bulk *b = arg;

    if (!bulk_matches (b, job))
        return 0;
    b->count++;
    if (!b->dry_run && job_exec_kill (b->jm->exec, job->id, b->signum) < 0)
        b->errors++;
    return 0;
}

static void killall_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    struct bulk b = {.jm = jm, .msg = msg};
    int dry_run;

    if (flux_request_unpack (msg, NULL, "{s:b s:i s:i}", "dry_run", &dry_run, "userid", &b.userid,
                             "signum", &b.signum) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if (b.signum <= 0 || b.signum >= NSIG) {
        router_respond_error (rt, msg, EINVAL, "invalid signal number");
    } else {
        b.dry_run = dry_run;
        walk_collected (jm, JOB_RUN, bulk_kill, &b);
        bulk_answer (&b);
    }
}

static void urgency_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    json_int_t id;
    int urgency;
    struct job *job;

    if (flux_request_unpack (msg, NULL, "{s:I s:i}", "id", &id, "urgency", &urgency) < 0) {
        router_respond_error (rt, msg, errno, NULL);
        return;
    }
    if (urgency < URGENCY_HOLD || urgency > URGENCY_EXPEDITE) {
        router_respond_error (rt, msg, EINVAL, "urgency value is out of range");
        return;
    }
    if (!(job = get_active_target (jm, msg, id)))
        return;
    if (flux_msg_authorize (msg, FLUX_USERID_UNKNOWN) < 0 && urgency > URGENCY_DEFAULT) {
        router_respond_error (rt, msg, EPERM, "only the instance owner may raise urgency above 16");
        return;
    }
    if (!(job->state & JOB_PENDING)) {
        router_respond_error (rt, msg, EINVAL,
                              "urgency cannot be changed once resources are allocated");
        return;
    }
    int old = job->urgency;
    job->urgency = urgency;
    event_post_pack (jm, job, "urgency", "{s:I s:i}", "userid", (json_int_t)sender (msg), "urgency",
                     urgency);
    if (job->state == JOB_SCHED)
        job_prioritize (jm, job);
    router_respond_pack (rt, msg, "{s:i}", "old_urgency", old);
}

/* job-manager.wait: of one waitable job, or of the next one that ends (id FLUX_JOBID_ANY). */

static void describe_end (const struct job *job, char *text, size_t size)
{
    int status = job->wait_status;

    *text = '\0';
    if (job->exception_severity == 0)
        snprintf (text, size, "Fatal exception type=%s %s", job->exception_type,
                  job->exception_note ? job->exception_note : "");
    else if (WIFSIGNALED (status))
        snprintf (text, size, "task(s) %s", strsignal (WTERMSIG (status)));
    else if (WEXITSTATUS (status) != 0)
        snprintf (text, size, "task(s) exited with exit code %d", WEXITSTATUS (status));
}

static void wait_respond (struct job_manager *jm, const flux_msg_t *msg, struct job *job)
{
    char text[256];

    job->waited = true;
    describe_end (job, text, sizeof (text));
    router_respond_pack (jm->rt, msg, "{s:I s:b s:s}", "id", (json_int_t)job->id, "success",
                         job->result == RESULT_COMPLETED, "errstr", text);
}

static int find_unwaited (struct job *job, void *arg)
{
    struct job **found = arg;

    if ((job->flags & JOBFLAG_WAITABLE) && !job->waited)
        *found = job; // the oldest is last
    return 0;
}

static bool any_waitable (struct job_manager *jm)
{
    struct job *job = NULL;

    job_manager_walk (jm, JOB_ACTIVE | JOB_NEW, find_unwaited, &job);
    return job != NULL;
}

static void wait_any (struct job_manager *jm, const flux_msg_t *msg)
{
    struct job *job = NULL;

    job_manager_walk (jm, JOB_INACTIVE, find_unwaited, &job);
    if (job)
        wait_respond (jm, msg, job);
    else if (!any_waitable (jm))
        router_respond_error (jm->rt, msg, ECHILD, "there are no more waitable jobs");
    else if (waiters_add (jm->waits, msg) < 0)
        router_respond_error (jm->rt, msg, errno, NULL);
}

#define JOBID_ANY ((json_int_t)0xFFFFFFFFFFFFFFFF)

static void wait_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    json_int_t id;
    struct job *job;

    if (flux_request_unpack (msg, NULL, "{s:I}", "id", &id) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if (id == JOBID_ANY) {
        wait_any (jm, msg);
    } else if (!(job = job_manager_lookup (jm, id))) {
        router_respond_error (rt, msg, ECHILD,
                              "invalid job id, or job may be inactive and not waitable");
    } else if (!(job->flags & JOBFLAG_WAITABLE) || job->waited) {
        router_respond_error (
            rt, msg, ECHILD,
            "job was not submitted with the waitable flag, or was waited for already");
    } else if (job->state == JOB_INACTIVE) {
        wait_respond (jm, msg, job);
    } else if (waiters_add (jm->waits, msg) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    }
}

struct wait_search {
    struct job *job;
    const flux_msg_t *exact, *any;
};

static void match_waiter (const flux_msg_t *msg, void *arg)
{
    struct wait_search *s = arg;
    json_int_t id = 0;

    flux_request_unpack (msg, NULL, "{s:I}", "id", &id);
    if (!s->exact && (uint64_t)id == s->job->id)
        s->exact = msg;
    else if (!s->any && id == JOBID_ANY)
        s->any = msg;
}

void job_wait_answer (struct job_manager *jm, struct job *job)
{
    struct wait_search s = {.job = job};

    if (!(job->flags & JOBFLAG_WAITABLE) || waiters_count (jm->waits) == 0)
        return;
    waiters_each (jm->waits, match_waiter, &s);
    const flux_msg_t *msg = s.exact ? s.exact : s.any;
    if (msg) {
        wait_respond (jm, msg, job);
        waiters_remove (jm->waits, msg);
    }
}

/* drain waits until no job is active, idle until none runs */

static size_t count_states (struct job_manager *jm, int mask)
{
    size_t n = 0;

    for (int i = 0; i < JOB_STATES; i++)
        n += (mask & (1 << i)) ? jm->state_count[i] : 0;
    return n;
}

static void drain_each (const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;

    router_respond (jm->rt, msg, NULL);
}

static void idle_each (const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;

    router_respond_pack (jm->rt, msg, "{s:i}", "pending",
                         (int)count_states (jm, JOB_NEW | JOB_PENDING));
}

static bool may_start_more (struct job_manager *jm)
{
    struct job *first = queue_first (jm->queue);

    return !jm->sched_stopped && first && first->priority > PRIORITY_MIN;
}

void check_idle (struct job_manager *jm)
{
    if (waiters_count (jm->drains) > 0 && count_states (jm, JOB_NEW | JOB_ACTIVE) == 0) {
        waiters_each (jm->drains, drain_each, jm);
        waiters_clear (jm->drains);
    }
    if (waiters_count (jm->idles) > 0 && count_states (jm, JOB_RUNNING) == 0 &&
        !may_start_more (jm)) {
        waiters_each (jm->idles, idle_each, jm);
        waiters_clear (jm->idles);
    }
    if (jm->shutdown_cb && count_states (jm, JOB_NEW | JOB_ACTIVE) == 0) {
        void (*cb) (void *arg) = jm->shutdown_cb;
        jm->shutdown_cb = NULL;
        cb (jm->shutdown_arg);
    }
}

static void drain_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;

    if (waiters_add (jm->drains, msg) < 0)
        router_respond_error (rt, msg, errno, NULL);
    check_idle (jm);
}

static void idle_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;

    if (waiters_add (jm->idles, msg) < 0)
        router_respond_error (rt, msg, errno, NULL);
    check_idle (jm);
}

static void disconnect_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;

    waiters_disconnect (jm->waits, msg);
    waiters_disconnect (jm->drains, msg);
    waiters_disconnect (jm->idles, msg);
    journal_disconnect (jm->journal, msg);
}

/* queues: so far the one without a name */

static void queue_list_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    router_respond (rt, msg, "{\"queues\":[]}");
}

static bool name_is_known (struct router *rt, const flux_msg_t *msg, const char *name)
{
    char text[256];

    if (!name)
        return true;
    snprintf (text, sizeof (text), "'%s' is not a valid queue", name);
    router_respond_error (rt, msg, EINVAL, text);
    return false;
}

static void set_reason (char **reason, const char *text)
{
    free (*reason);
    *reason = text ? strdup (text) : NULL;
}

static void queue_status_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    const char *name = NULL;

    if (flux_request_unpack (msg, NULL, "{s?s}", "name", &name) < 0) {
        router_respond_error (rt, msg, errno, NULL);
        return;
    }
    if (!name_is_known (rt, msg, name))
        return;
    json_t *o =
        json_pack ("{s:b s:b}", "enable", !jm->submit_disabled, "start", !jm->sched_stopped);
    if (jm->submit_disabled && jm->submit_disabled_reason)
        json_object_set_new (o, "disable_reason", json_string (jm->submit_disabled_reason));
    if (jm->sched_stopped && jm->sched_stopped_reason)
        json_object_set_new (o, "stop_reason", json_string (jm->sched_stopped_reason));
    router_respond_pack (rt, msg, "o", o);
}

static void queue_enable_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    const char *name = NULL, *reason = NULL;
    int enable, all;

    if (flux_request_unpack (msg, NULL, "{s?s s:b s?s s:b}", "name", &name, "enable", &enable,
                             "reason", &reason, "all", &all) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if (!enable && !reason) {
        router_respond_error (rt, msg, EINVAL, "reason is required for disable");
    } else if (name_is_known (rt, msg, name)) {
        jm->submit_disabled = !enable;
        set_reason (&jm->submit_disabled_reason, enable ? NULL : reason);
        router_respond (rt, msg, NULL);
    }
}

static void queue_start_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    const char *name = NULL, *reason = NULL;
    int start, all;

    if (flux_request_unpack (msg, NULL, "{s?s s:b s?s s:b}", "name", &name, "start", &start,
                             "reason", &reason, "all", &all) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if (name_is_known (rt, msg, name)) {
        jm->sched_stopped = !start;
        set_reason (&jm->sched_stopped_reason, start ? NULL : reason);
        router_respond (rt, msg, NULL);
        job_manager_reschedule (jm);
        check_idle (jm);
    }
}

static void getinfo_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;

    router_respond_pack (rt, msg, "{s:I}", "max_jobid", (json_int_t)jm->max_id);
}

static void getattr_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    json_int_t id;
    json_t *attrs;
    struct job *job;

    if (flux_request_unpack (msg, NULL, "{s:I s:o}", "id", &id, "attrs", &attrs) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else if ((job = get_target (jm, msg, id)))
        router_respond_pack (rt, msg, "{s:i s:I}", "urgency", job->urgency, "userid",
                             (json_int_t)job->userid);
}

static void memo_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    json_int_t id;
    int is_volatile = 0;
    json_t *memo, *user, *value;
    const char *key;
    struct job *job;

    if (flux_request_unpack (msg, NULL, "{s:I s?b s:o}", "id", &id, "volatile", &is_volatile,
                             "memo", &memo) < 0 ||
        !json_is_object (memo)) {
        router_respond_error (rt, msg, EPROTO, NULL);
        return;
    }
    if (!(job = get_target (jm, msg, id)))
        return;
    if (job->state == JOB_INACTIVE && is_volatile) {
        router_respond_error (rt, msg, EINVAL, "volatile memo cannot be set on an inactive job");
        return;
    }
    if (!job->annotations)
        job->annotations = json_object ();
    if (!(user = json_object_get (job->annotations, "user"))) {
        user = json_object ();
        json_object_set_new (job->annotations, "user", user);
    }
    json_object_foreach (memo, key, value)
    {
        if (json_is_null (value))
            json_object_del (user, key);
        else
            json_object_set (user, key, value);
    }
    if (!is_volatile)
        event_post_pack (jm, job, "memo", "O", memo);
    router_respond (rt, msg, NULL);
}

static void purge_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    double age_limit;
    int num_limit, batch, force, count = 0;

    if (flux_request_unpack (msg, NULL, "{s:f s:i s:i s:b}", "age_limit", &age_limit, "num_limit",
                             &num_limit, "batch", &batch, "force", &force) < 0) {
        router_respond_error (rt, msg, errno, NULL);
        return;
    }
    size_t keep = num_limit >= 0 ? (size_t)num_limit : SIZE_MAX;
    count = purge_oldest (jm, keep, age_limit, batch > 0 ? batch : INT32_MAX, force);
    router_respond_pack (rt, msg, "{s:i}", "count", count);
}

static void purge_id_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    json_int_t id;
    int force;
    struct job *job;

    if (flux_request_unpack (msg, NULL, "{s:I s:i}", "id", &id, "force", &force) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if ((job = get_target (jm, msg, id))) {
        if (job->state != JOB_INACTIVE) {
            router_respond_error (rt, msg, EINVAL, "cannot purge active job");
        } else {
            if (force)
                purge_job (jm, job);
            router_respond_pack (rt, msg, "{s:i}", "count", 1);
        }
    }
}

static void stats_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;

    // nothing runs after a job here, but resource status wants to know
    router_respond_pack (rt, msg, "{s:i s:i s:I s:i s:i s:{s:{}}}", "active_jobs",
                         (int)count_states (jm, JOB_NEW | JOB_ACTIVE), "inactive_jobs",
                         (int)count_states (jm, JOB_INACTIVE), "max_jobid", (json_int_t)jm->max_id,
                         "queued", (int)queue_count (jm->queue), "purged", (int)jm->purged_count,
                         "housekeeping", "running");
}

/* job-manager.history.get: ids of a user's jobs, the newest first (flux job last). */
struct history {
    uint32_t userid;
    json_int_t *ids;
    size_t count, size;
};

static int history_add (struct job *job, void *arg)
{
    struct history *h = arg;

    if (job->userid != h->userid)
        return 0;
    if (h->count == h->size) {
        size_t size = h->size ? h->size * 2 : 64;
        json_int_t *ids = realloc (h->ids, size * sizeof (*ids));
        if (!ids)
            return -1;
        h->ids = ids;
        h->size = size;
    }
    h->ids[h->count++] = job->id;
    return 0;
}

static int newest_first (const void *a, const void *b)
{
    json_int_t x = *(const json_int_t *)a, y = *(const json_int_t *)b;
    return x > y ? -1 : x < y;
}

static void history_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    int userid = -1;
    struct history h = {.userid = sender (msg)};
    json_t *ids = json_array ();
    const char *slice = "[:]";
    struct slice part = {0};

    if (flux_request_unpack (msg, NULL, "{s?i s?s}", "userid", &userid, "slice", &slice) == 0 &&
        userid != -1)
        h.userid = userid;
    if (flux_msg_authorize (msg, h.userid) < 0) {
        router_respond_error (rt, msg, EPERM, NULL);
        json_decref (ids);
        return;
    }
    job_manager_walk (jm, JOB_NEW | JOB_ACTIVE | JOB_INACTIVE, history_add, &h);
    if (h.count > 0)
        qsort (h.ids, h.count, sizeof (h.ids[0]), newest_first);
    if (slice_parse (&part, slice, h.count) < 0) {
        router_respond_error (rt, msg, EINVAL, "slice is not [start:stop[:step]]");
        json_decref (ids);
        free (h.ids);
        return;
    }
    for (size_t i = 0; i < part.count; i++)
        json_array_append_new (ids, json_integer (h.ids[part.start + (long)i * part.step]));
    router_respond_pack (rt, msg, "{s:o}", "jobs", ids);
    free (h.ids);
}

static const struct handler_row rows[] = {
    {"raise", raise_cb, FLUX_ROLE_USER},
    {"raiseall", raiseall_cb, FLUX_ROLE_USER},
    {"kill", kill_cb, FLUX_ROLE_USER},
    {"killall", killall_cb, FLUX_ROLE_USER},
    {"urgency", urgency_cb, FLUX_ROLE_USER},
    {"wait", wait_cb, FLUX_ROLE_USER},
    {"drain", drain_cb, FLUX_ROLE_OWNER},
    {"idle", idle_cb, FLUX_ROLE_OWNER},
    {"memo", memo_cb, FLUX_ROLE_USER},
    {"update", update_cb, FLUX_ROLE_USER},
    {"history.get", history_cb, FLUX_ROLE_USER},
    {"getinfo", getinfo_cb, FLUX_ROLE_OWNER},
    {"getattr", getattr_cb, FLUX_ROLE_USER},
    {"queue-list", queue_list_cb, FLUX_ROLE_USER},
    {"queue-status", queue_status_cb, FLUX_ROLE_USER},
    {"queue-enable", queue_enable_cb, FLUX_ROLE_OWNER},
    {"queue-start", queue_start_cb, FLUX_ROLE_OWNER},
    {"purge", purge_cb, FLUX_ROLE_OWNER},
    {"purge-id", purge_id_cb, FLUX_ROLE_OWNER},
    {"events-journal", journal_cb, FLUX_ROLE_OWNER},
    {"events-journal-cancel", journal_cancel_cb, FLUX_ROLE_OWNER},
    {"stats-get", stats_cb, FLUX_ROLE_OWNER},
    {"disconnect", disconnect_cb, FLUX_ROLE_ALL},
    {NULL, NULL, 0},
};

int requests_service_add (struct job_manager *jm)
{
    return router_service_add (jm->rt, "job-manager", rows, jm);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Job shells as rank 0 sees them: what they say from start to end, and what of it makes the job. */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flux/idset.h>
#include <flux/response.h>
#include <flux/rpc.h>

#include "lib/job/fluid.h"
#include "lib/util/buf.h"
#include "lib/util/monotime.h"
#include "lib/util/stamp.h"
#include "lib/util/waitcode.h"
#include "shell/service/job_exec/append.h"
#include "shell/service/job_exec/private.h"
#include "shell/service/job_manager/job.h"
#include "shell/service/kvs/kvs.h"

struct running_job *exec_lookup (const struct job_exec *e, uint64_t id)
{
    struct running_job *job;

    HASH_FIND (hh, e->jobs, &id, sizeof (id), job);
    return job;
}

void exec_job_free (struct running_job *job)
{
    struct job_exec *e = job->e;

    for (uint32_t i = 0; i < job->nshells; i++) {
        if (job->shells[i].matchtag)
            router_rpc_forget (e->rt, job->shells[i].matchtag);
        free (job->shells[i].request);
    }
    ev_timer_stop (router_loop (e->rt), &job->timer);
    HASH_DEL (e->jobs, job);
    idset_destroy (job->critical);
    free (job->shells);
    free (job);
}

void exec_append (struct job_exec *e, uint64_t id, const char *path, const char *data, size_t len)
{
    char key[JOB_KEY_SIZE];

    if (kvs_local_append (e->kvs, NULL, job_key (id, path, key, sizeof (key)), data, len) < 0)
        fprintf (stderr, "flux-broker: job %" PRIu64 ": %s: %m\n", id, path);
}

/* The exec eventlog (RFC 50) */
void exec_log_event (struct running_job *job, const char *name, const char *context)
{
    char stamp[STAMP_SIZE];
    struct buf b = {0};

    stamp_format (stamp, walltime_now ());
    buf_printf (&b,
                context ? "{\"timestamp\":%s,\"name\":\"%s\",\"context\":%s}\n"
                        : "{\"timestamp\":%s,\"name\":\"%s\"}\n",
                stamp, name, context);
    if (!b.err)
        exec_append (job->e, job->id, "guest.exec.eventlog", b.data, b.len);
    buf_clear (&b);
}

void exec_finish (struct running_job *job)
{
    struct job_exec *e = job->e;
    uint64_t id = job->id;
    bool started = job->nstarted == job->nshells || job->simulated;
    int status = job->status;
    char context[32];

    snprintf (context, sizeof (context), "{\"status\":%d}", status);
    exec_log_event (job, "complete", context);
    exec_log_event (job, "done", NULL);
    exec_job_free (job);
    e->ops->finish (id, started, status, e->arg);
}

static void exception (struct running_job *job, const char *type, int severity, const char *note)
{
    job->e->ops->exception (job->id, type, severity, note, job->e->arg);
}

static void shell_started (struct shell *sh)
{
    struct running_job *job = sh->job;

    sh->detached = 0;
    free (sh->request);
    sh->request = NULL;
    if (sh->started)
        return;
    sh->started = true;
    if (++job->nstarted == job->nshells)
        job->e->ops->start (job->id, job->e->arg);
}

/* Which of two wait statuses says more: by exit code, where a signal counts as 128 and more. */
void exec_take_status (struct running_job *job, int status)
{
    if (waitcode (status) > waitcode (job->status))
        job->status = status;
}

static void shell_ended (struct shell *sh)
{
    struct running_job *job = sh->job;

    if (sh->ended)
        return;
    sh->ended = true;
    sh->matchtag = 0;
    if (++job->nended == job->nshells)
        exec_finish (job);
    else
        job->e->ops->left (job->id, sh->rank, job->e->arg);
}

static void take_append (const char *path, const char *text, size_t len, void *arg)
{
    struct running_job *job = arg;

    if (strncmp (path, "guest.", 6) == 0)
        exec_append (job->e, job->id, path, text, len);
}

/* The leading shell waits until all others have said that they are through: a dead one cannot. */
static void say_bye_for (struct shell *sh)
{
    struct running_job *job = sh->job;
    struct shell *leader = &job->shells[0];
    char id[FLUID_STRING_SIZE], topic[128];

    if (sh == leader || leader->ended)
        return;
    fluid_encode (job->id, FLUID_F58_PLAIN, id, sizeof (id));
    snprintf (topic, sizeof (topic), "%" PRIu32 "-shell-%s.bye", job->userid, id);
    router_rpc_pack (job->e->rt, topic, leader->rank, FLUX_RPC_NORESPONSE, NULL, NULL, "{s:i s:i}",
                     "rank", (int)(sh - job->shells), "status", job->status);
}

static void put_active_ranks (struct buf *b, const struct running_job *job)
{
    struct idset *ids = idset_create (0, IDSET_FLAG_AUTOGROW);

    for (uint32_t i = 1; ids && i < job->nshells; i++) {
        if (!job->shells[i].ended)
            idset_set (ids, job->shells[i].rank);
    }
    char *s = idset_count (ids) > 0 ? idset_encode (ids, IDSET_FLAG_RANGE) : NULL;
    if (s)
        buf_printf (b, ",\"active_ranks\":\"%s\"", s);
    free (s);
    idset_destroy (ids);
}

/* RFC 50: what the leading shell did for the job is over. */
static void log_leader_exit (struct shell *sh, int wait_status)
{
    struct running_job *job = sh->job;
    struct buf b = {0};

    if (sh != &job->shells[0])
        return;
    buf_printf (&b, "{\"rank\":%" PRIu32 ",\"wait_status\":%d", sh->rank, wait_status);
    if (job->nended + 1 < job->nshells)
        put_active_ranks (&b, job);
    buf_putc (&b, '}');
    buf_putc (&b, '\0');
    if (!b.err)
        exec_log_event (job, "shell-exit", b.data);
    buf_clear (&b);
}

/* The shell has said its result, or died without one. */
static void shell_exited (struct shell *sh, int wait_status, const char *result)
{
    struct running_job *job = sh->job;
    int status;
    char note[128];

    if (result && shell_result_decode (result, &status, take_append, job)) {
        exec_take_status (job, status);
        wait_status = status;
    } else {
        exec_take_status (job, wait_status ? wait_status : 1 << 8);
        if (!job->cancelled) {
            snprintf (note, sizeof (note), "the job shell on rank %u ended without a result",
                      (unsigned)sh->rank);
            exception (job, "exec", 0, note);
        }
        say_bye_for (sh);
    }
    log_leader_exit (sh, wait_status);
    shell_ended (sh);
}

static void shell_failed (struct shell *sh, int errnum, const char *text)
{
    char note[256];

    snprintf (note, sizeof (note), "rank %u: %s", (unsigned)sh->rank,
              text ? text : strerror (errnum));
    exec_take_status (sh->job, 1 << 8);
    exception (sh->job, errnum == EHOSTUNREACH ? "node-failure" : "exec", 0, note);
    shell_ended (sh);
}

void exec_lose_shell (struct shell *sh)
{
    if (sh->matchtag)
        router_rpc_forget (sh->job->e->rt, sh->matchtag);
    sh->matchtag = 0;
    if (!sh->forgiven)
        exec_take_status (sh->job, SIGKILL);
    say_bye_for (sh);
    shell_ended (sh);
}

struct shell *exec_find_shell (struct running_job *job, uint32_t rank)
{
    for (uint32_t i = 0; i < job->nshells; i++) {
        if (job->shells[i].rank == rank)
            return &job->shells[i];
    }
    return NULL;
}

bool job_exec_on_rank (const struct job_exec *e, uint64_t id, uint32_t rank)
{
    struct running_job *job = exec_lookup (e, id);
    struct shell *sh = job && !job->simulated ? exec_find_shell (job, rank) : NULL;

    return sh && !sh->ended;
}

void exec_local_event (uint64_t id, enum shell_event event, int status, const char *text, void *arg)
{
    struct job_exec *e = arg;
    struct running_job *job = exec_lookup (e, id);
    struct shell *sh = job ? exec_find_shell (job, router_rank (e->rt)) : NULL;

    if (!sh)
        return;
    if (event == SHELL_STARTED)
        shell_started (sh);
    else if (event == SHELL_EXITED)
        shell_exited (sh, status, text);
    else
        shell_failed (sh, status, text);
}

/* Was the answer lost on the way, and may it be had once more? */
static bool detach (struct shell *sh, int errnum)
{
    struct job_exec *e = sh->job->e;
    double now = ev_now (router_loop (e->rt));

    if (errnum != EHOSTUNREACH || (sh->detached > 0 && now - sh->detached > ATTACH_TIMEOUT))
        return false;
    if (sh->detached == 0)
        sh->detached = now;
    if (!ev_is_active (&e->attach))
        ev_timer_again (router_loop (e->rt), &e->attach);
    return true;
}

static void start_again (struct shell *sh);

static void remote_failed (struct shell *sh, const flux_msg_t *msg, int errnum)
{
    const char *text = NULL;

    sh->matchtag = 0;
    if (flux_response_decode_error (msg, &text) < 0)
        text = NULL;
    if (errnum == ENOENT && sh->detached > 0 && sh->request)
        start_again (sh); // the request was lost as well
    else if (!sh->ended && !detach (sh, errnum))
        shell_failed (sh, errnum, text);
}

void exec_remote_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct shell *sh = arg;
    struct shell_report r;
    int rc = shell_report_decode (&r, msg);

    if (strcmp (r.type, "exited") == 0) {
        sh->matchtag = 0;
        shell_started (sh); // should that answer have been lost
        shell_exited (sh, r.status, r.result.data);
    } else if (rc == 0 && strcmp (r.type, "started") == 0)
        shell_started (sh);
    else if (flux_response_decode (msg, NULL, NULL) < 0)
        remote_failed (sh, msg, errno);
    shell_report_clear (&r);
}

static void start_again (struct shell *sh)
{
    struct router *rt = sh->job->e->rt;

    sh->matchtag = router_rpc (rt, "shell-exec.start", sh->rank, FLUX_RPC_STREAMING, sh->request,
                               exec_remote_cb, sh);
    free (sh->request); // once is enough
    sh->request = NULL;
    if (!sh->matchtag)
        shell_failed (sh, errno, NULL);
}

void exec_attach_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct job_exec *e = w->data;
    struct running_job *job, *tmp;
    bool any = false;

    HASH_ITER (hh, e->jobs, job, tmp)
    {
        for (uint32_t i = 0; !job->simulated && i < job->nshells; i++) {
            struct shell *sh = &job->shells[i];
            if (sh->detached == 0 || sh->ended)
                continue;
            any = true;
            if (!sh->matchtag)
                sh->matchtag =
                    router_rpc_pack (e->rt, "shell-exec.attach", sh->rank, FLUX_RPC_STREAMING,
                                     exec_remote_cb, sh, "{s:I}", "id", (json_int_t)job->id);
        }
    }
    if (!any)
        ev_timer_stop (loop, w);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Runs jobs, see exec.h. */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <uthash.h>

#include <flux/idset.h>
#include <flux/request.h>
#include <flux/response.h>
#include <flux/rpc.h>

#include "lib/job/fluid.h"
#include "lib/shell/joblog.h"
#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"
#include "lib/util/stamp.h"
#include "shell/broker/router.h"
#include "shell/service/job_exec/append.h"
#include "shell/service/job_exec/exec.h"
#include "shell/service/job_exec/local.h"
#include "shell/service/job_manager/job.h"
#include "shell/service/kvs/kvs.h"

#define KILL_TIMEOUT 5. // seconds from SIGTERM to SIGKILL, unless configured

/* When the link to a shell's rank is lost, its broker may be finding another way to us: ask for the
 * shell again and again, until the rank is lost, or it takes too long. */
#define ATTACH_PERIOD .25
#define ATTACH_TIMEOUT 60.

struct shell {
    struct running_job *job;
    uint32_t rank;
    uint32_t matchtag; // of the RPC to another rank
    bool started, ended;
    double detached; // since when the link is lost, or 0
    char *request;   // to be sent again should it be lost; until started
};

struct running_job {
    uint64_t id;
    uint32_t userid;
    struct job_exec *e;
    struct shell *shells;
    uint32_t nshells, nstarted, nended;
    int status; // the highest wait status
    bool cancelled;
    bool simulated;
    uint64_t text_seq; // see joblog_gate()
    ev_timer timer;    // simulated end, or the kill time-out
    UT_hash_handle hh;
};

struct job_exec {
    struct router *rt;
    struct kvs *kvs;
    struct exec_local *local;
    const struct job_exec_ops *ops;
    void *arg;
    struct running_job *jobs;
    double kill_timeout;
    struct idset *lost; // ranks
    ev_timer attach;
};

static struct running_job *lookup (const struct job_exec *e, uint64_t id)
{
    struct running_job *job;

    HASH_FIND (hh, e->jobs, &id, sizeof (id), job);
    return job;
}

static void running_job_free (struct running_job *job)
{
    struct job_exec *e = job->e;

    for (uint32_t i = 0; i < job->nshells; i++) {
        if (job->shells[i].matchtag)
            router_rpc_forget (e->rt, job->shells[i].matchtag);
        free (job->shells[i].request);
    }
    ev_timer_stop (router_loop (e->rt), &job->timer);
    HASH_DEL (e->jobs, job);
    free (job->shells);
    free (job);
}

static void append (struct job_exec *e, uint64_t id, const char *path, const char *data, size_t len)
{
    char key[JOB_KEY_SIZE];

    if (kvs_local_append (e->kvs, NULL, job_key (id, path, key, sizeof (key)), data, len) < 0)
        fprintf (stderr, "flux-broker: job %" PRIu64 ": %s: %m\n", id, path);
}

/* The exec eventlog (RFC 50) */
static void log_event (struct running_job *job, const char *name, const char *context)
{
    char entry[256], stamp[STAMP_SIZE];

    stamp_format (stamp, walltime_now ());
    int n = snprintf (entry, sizeof (entry),
                      context ? "{\"timestamp\":%s,\"name\":\"%s\",\"context\":%s}\n"
                              : "{\"timestamp\":%s,\"name\":\"%s\"}\n",
                      stamp, name, context);

    append (job->e, job->id, "guest.exec.eventlog", entry, n);
}

static void finish (struct running_job *job)
{
    struct job_exec *e = job->e;
    uint64_t id = job->id;
    bool started = job->nstarted == job->nshells || job->simulated;
    int status = job->status;
    char context[32];

    snprintf (context, sizeof (context), "{\"status\":%d}", status);
    log_event (job, "complete", context);
    log_event (job, "done", NULL);
    running_job_free (job);
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
static int code_of (int status)
{
    return WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
}

static void take_status (struct running_job *job, int status)
{
    if (code_of (status) > code_of (job->status))
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
        finish (job);
    else
        job->e->ops->left (job->id, sh->rank, job->e->arg);
}

static void take_appends (struct running_job *job, json_t *appends)
{
    size_t i;
    json_t *entry;

    json_array_foreach (appends, i, entry)
    {
        const char *path = NULL, *text = NULL;
        if (json_unpack (entry, "[s s]", &path, &text) == 0 && strncmp (path, "guest.", 6) == 0)
            append (job->e, job->id, path, text, strlen (text));
    }
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

/* The shell has said its result, or died without one. */
static void shell_exited (struct shell *sh, int wait_status, const char *result)
{
    struct running_job *job = sh->job;
    json_t *o = result ? json_loads (result, 0, NULL) : NULL;
    int status;
    char note[128];

    if (o && json_unpack (o, "{s:i}", "status", &status) == 0) {
        take_status (job, status);
        take_appends (job, json_object_get (o, "append"));
    } else {
        take_status (job, wait_status ? wait_status : 1 << 8);
        if (!job->cancelled) {
            snprintf (note, sizeof (note), "the job shell on rank %u ended without a result",
                      (unsigned)sh->rank);
            exception (job, "exec", 0, note);
        }
        say_bye_for (sh);
    }
    json_decref (o);
    shell_ended (sh);
}

static void shell_failed (struct shell *sh, int errnum, const char *text)
{
    char note[256];

    snprintf (note, sizeof (note), "rank %u: %s", (unsigned)sh->rank,
              text ? text : strerror (errnum));
    take_status (sh->job, 1 << 8);
    exception (sh->job, errnum == EHOSTUNREACH ? "node-failure" : "exec", 0, note);
    shell_ended (sh);
}

static struct shell *find_shell (struct running_job *job, uint32_t rank)
{
    for (uint32_t i = 0; i < job->nshells; i++) {
        if (job->shells[i].rank == rank)
            return &job->shells[i];
    }
    return NULL;
}

bool job_exec_on_rank (const struct job_exec *e, uint64_t id, uint32_t rank)
{
    struct running_job *job = lookup (e, id);
    struct shell *sh = job && !job->simulated ? find_shell (job, rank) : NULL;

    return sh && !sh->ended;
}

static void local_event (uint64_t id, enum shell_event event, int status, const char *text,
                         void *arg)
{
    struct job_exec *e = arg;
    struct running_job *job = lookup (e, id);
    struct shell *sh = job ? find_shell (job, router_rank (e->rt)) : NULL;

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
static void remote_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct shell *sh = arg;
    const char *type, *result = NULL, *text = NULL;
    int status = 0;

    if (flux_response_decode (msg, NULL, NULL) < 0) {
        int errnum = errno;
        sh->matchtag = 0;
        if (flux_response_decode_error (msg, &text) < 0)
            text = NULL;
        if (errnum == ENOENT && sh->detached > 0 && sh->request)
            start_again (sh); // the request was lost as well
        else if (!sh->ended && !detach (sh, errnum))
            shell_failed (sh, errnum, text);
        return;
    }
    if (flux_msg_unpack (msg, "{s:s s?i s?s}", "type", &type, "status", &status, "result",
                         &result) < 0)
        return;
    if (strcmp (type, "started") == 0) {
        shell_started (sh);
    } else if (strcmp (type, "exited") == 0) {
        router_rpc_forget (rt, sh->matchtag); // all is said; ENODATA need not find us
        shell_started (sh);                   // should that answer have been lost
        shell_exited (sh, status, result);
    }
}

static void start_again (struct shell *sh)
{
    struct router *rt = sh->job->e->rt;

    sh->matchtag = router_rpc (rt, "shell-exec.start", sh->rank, FLUX_RPC_STREAMING, sh->request,
                               remote_cb, sh);
    free (sh->request); // once is enough
    sh->request = NULL;
    if (!sh->matchtag)
        shell_failed (sh, errno, NULL);
}

static void attach_cb (struct ev_loop *loop, ev_timer *w, int revents)
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
                                     remote_cb, sh, "{s:I}", "id", (json_int_t)job->id);
        }
    }
    if (!any)
        ev_timer_stop (loop, w);
}

static void encode_request (struct buf *b, const struct exec_request *req, uint32_t shell_rank)
{
    buf_printf (b,
                "{\"id\":%" PRIu64 ",\"userid\":%" PRIu32 ",\"shell_rank\":%" PRIu32
                ",\"nshells\":%" PRIu32 ",\"ranks\":[",
                req->id, req->userid, shell_rank, req->nranks);
    for (uint32_t i = 0; i < req->nranks; i++)
        buf_printf (b, "%s%" PRIu32, i > 0 ? "," : "", req->ranks[i]);
    buf_printf (b, "],\"R\":%s,\"environment\":%s,\"jobspec\":%s}", req->R, req->env, req->jobspec);
}

static int start_shell (struct job_exec *e, struct shell *sh, const struct exec_request *req,
                        uint32_t shell_rank)
{
    struct buf b = {0};
    int rc = -1;

    encode_request (&b, req, shell_rank);
    if (!b.err && sh->rank == router_rank (e->rt)) {
        rc = exec_local_start (e->local, req->id, b.data, b.len, local_event, e);
    } else if (!b.err) {
        sh->matchtag = router_rpc (e->rt, "shell-exec.start", sh->rank, FLUX_RPC_STREAMING, b.data,
                                   remote_cb, sh);
        rc = sh->matchtag ? 0 : -1;
        sh->request = rc == 0 ? buf_steal (&b, NULL) : NULL;
    }
    buf_clear (&b);
    return rc;
}

static void sim_end_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    finish (w->data);
}

static void simulate (struct running_job *job, double duration)
{
    job->simulated = true;
    ev_timer_init (&job->timer, sim_end_cb, duration, 0.);
    job->timer.data = job;
    job->e->ops->start (job->id, job->e->arg);
    ev_timer_start (router_loop (job->e->rt), &job->timer);
}

struct sim_start {
    struct job_exec *e;
    uint64_t id;
    double duration;
};

static void sim_now (struct router *rt, void *arg)
{
    struct sim_start *s = arg;
    struct running_job *job = lookup (s->e, s->id);

    if (job)
        simulate (job, s->duration);
    free (s);
}

static struct running_job *add_job (struct job_exec *e, const struct exec_request *req)
{
    struct running_job *job = calloc (1, sizeof (*job));

    if (!job || !(job->shells = calloc (req->nranks, sizeof (job->shells[0])))) {
        free (job);
        return NULL;
    }
    job->id = req->id;
    job->userid = req->userid;
    job->e = e;
    job->nshells = req->nranks;
    for (uint32_t i = 0; i < req->nranks; i++) {
        job->shells[i].job = job;
        job->shells[i].rank = req->ranks[i];
    }
    HASH_ADD (hh, e->jobs, id, sizeof (job->id), job);
    log_event (job, "init", NULL);
    log_event (job, "starting", NULL);
    return job;
}

static int start_simulated (struct job_exec *e, const struct exec_request *req, flux_error_t *errp)
{
    struct sim_start *s = calloc (1, sizeof (*s));

    if (!s)
        return errprintf (errp, "out of memory");
    *s = (struct sim_start){e, req->id, req->sim_duration};
    if (router_at_turn_end (e->rt, sim_now, s) < 0) {
        free (s);
        return errprintf (errp, "out of memory");
    }
    return 0;
}

int job_exec_start (struct job_exec *e, const struct exec_request *req, flux_error_t *errp)
{
    struct running_job *job = add_job (e, req);
    uint32_t i;

    if (!job)
        return errprintf (errp, "out of memory");
    if (req->sim_duration >= 0) {
        if (start_simulated (e, req, errp) == 0)
            return 0;
        running_job_free (job);
        return -1;
    }
    for (i = 0; i < req->nranks; i++) {
        if (start_shell (e, &job->shells[i], req, i) < 0)
            break;
    }
    if (i == req->nranks)
        return 0;
    errprintf (errp, "rank %u: the job shell could not be started: %s", (unsigned)req->ranks[i],
               strerror (errno));
    job_exec_kill (e, req->id, SIGKILL);
    running_job_free (job);
    return -1;
}

static void kill_shell (struct job_exec *e, struct shell *sh, int signum)
{
    if (sh->ended)
        return;
    if (sh->rank == router_rank (e->rt))
        exec_local_kill (e->local, sh->job->id, signum);
    else
        router_rpc_pack (e->rt, "shell-exec.kill", sh->rank, FLUX_RPC_NORESPONSE, NULL, NULL,
                         "{s:I s:i}", "id", (json_int_t)sh->job->id, "signum", signum);
}

int job_exec_kill (struct job_exec *e, uint64_t id, int signum)
{
    struct running_job *job = lookup (e, id);

    if (!job) {
        errno = ENOENT;
        return -1;
    }
    if (job->simulated) {
        if (signum == SIGTERM || signum == SIGKILL || signum == SIGINT || signum == SIGHUP) {
            take_status (job, signum);
            ev_timer_stop (router_loop (e->rt), &job->timer);
            ev_timer_set (&job->timer, 0., 0.);
            ev_timer_start (router_loop (e->rt), &job->timer);
        }
        return 0;
    }
    for (uint32_t i = 0; i < job->nshells; i++)
        kill_shell (e, &job->shells[i], signum);
    return 0;
}

static void kill_timeout_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct running_job *job = w->data;

    job_exec_kill (job->e, job->id, SIGKILL);
}

void job_exec_cancel (struct job_exec *e, uint64_t id)
{
    struct running_job *job = lookup (e, id);

    if (!job || job->cancelled)
        return;
    job->cancelled = true;
    job_exec_kill (e, id, SIGTERM);
    if (!job->simulated) {
        ev_timer_init (&job->timer, kill_timeout_cb, e->kill_timeout, e->kill_timeout);
        job->timer.data = job;
        ev_timer_start (router_loop (e->rt), &job->timer);
    }
}

void job_exec_rank_lost (struct job_exec *e, uint32_t rank)
{
    struct running_job *job, *tmp;
    struct shell *sh;

    idset_set (e->lost, rank);
    HASH_ITER (hh, e->jobs, job, tmp)
    {
        if (!job->simulated && (sh = find_shell (job, rank)) && !sh->ended) {
            if (sh->matchtag)
                router_rpc_forget (e->rt, sh->matchtag);
            take_status (job, SIGKILL);
            say_bye_for (sh);
            shell_ended (sh);
        }
    }
}

/* Its link was cut for long, and it may have gone on with jobs that were given up here. */
void job_exec_rank_back (struct job_exec *e, uint32_t rank)
{
    if (idset_test (e->lost, rank)) {
        idset_clear (e->lost, rank);
        router_rpc (e->rt, "shell-exec.abandon", rank, FLUX_RPC_NORESPONSE, NULL, NULL, NULL);
    }
}

/* job-exec.append {"id","seq","path","data"}: a leading job shell adds to one of its job's
 * eventlogs; it may come twice (lib/shell/joblog.h). */
static void append_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_exec *e = arg;
    struct append_request req;
    struct running_job *job;
    enum joblog_gate gate;

    if (append_decode (&req, msg) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if (!(job = lookup (e, req.id))) {
        router_respond_error (rt, msg, ENOENT, "the job is not running");
    } else if (strncmp (req.path, "guest.", 6) != 0) {
        router_respond_error (rt, msg, EINVAL, "not a path of a job's guest data");
    } else if ((gate = joblog_gate (&job->text_seq, req.seq)) == JOBLOG_EARLY) {
        router_respond_error (rt, msg, EAGAIN, NULL);
    } else {
        if (gate == JOBLOG_TAKE)
            append (e, req.id, req.path, req.data.data, req.data.len);
        router_respond (rt, msg, NULL);
    }
    append_clear (&req);
}

static void stats_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_exec *e = arg;

    router_respond_pack (rt, msg, "{s:i}", "running", (int)HASH_COUNT (e->jobs));
}

static const struct handler_row rows[] = {
    {"append", append_cb, FLUX_ROLE_OWNER},
    {"stats-get", stats_cb, FLUX_ROLE_OWNER},
    {NULL, NULL, 0},
};

struct job_exec *job_exec_create (struct router *rt, struct kvs *kvs, struct exec_local *local)
{
    struct job_exec *e = calloc (1, sizeof (*e));

    if (!e)
        return NULL;
    e->rt = rt;
    e->kill_timeout = KILL_TIMEOUT;
    e->kvs = kvs;
    e->local = local;
    ev_init (&e->attach, attach_cb);
    e->attach.data = e;
    e->attach.repeat = ATTACH_PERIOD;
    if (!(e->lost = idset_create (0, IDSET_FLAG_AUTOGROW)) ||
        router_service_add (rt, "job-exec", rows, e) < 0) {
        idset_destroy (e->lost);
        free (e);
        return NULL;
    }
    return e;
}

void job_exec_destroy (struct job_exec *e)
{
    if (e) {
        int saved_errno = errno;
        struct running_job *job, *tmp;
        router_service_remove (e->rt, "job-exec");
        ev_timer_stop (router_loop (e->rt), &e->attach);
        HASH_ITER (hh, e->jobs, job, tmp)
        running_job_free (job);
        idset_destroy (e->lost);
        free (e);
        errno = saved_errno;
    }
}

void job_exec_set_kill_timeout (struct job_exec *e, double seconds)
{
    e->kill_timeout = seconds >= 0 ? seconds : KILL_TIMEOUT;
}

void job_exec_set_ops (struct job_exec *e, const struct job_exec_ops *ops, void *arg)
{
    e->ops = ops;
    e->arg = arg;
}

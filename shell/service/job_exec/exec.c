/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Starts jobs, see exec.h. */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flux/request.h>
#include <flux/rpc.h>

#include "lib/shell/joblog.h"
#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"
#include "shell/service/job_exec/append.h"
#include "shell/service/job_exec/critical.h"
#include "shell/service/job_exec/private.h"
#include "shell/service/job_exec/stats.h"
#include "shell/service/kvs/kvs.h"

static void encode_request (struct buf *b, const struct exec_request *req, uint32_t shell_rank)
{
    buf_printf (b,
                "{\"id\":%" PRIu64 ",\"userid\":%" PRIu32 ",\"shell_rank\":%" PRIu32
                ",\"nshells\":%" PRIu32 ",\"ranks\":[",
                req->id, req->userid, shell_rank, req->nranks);
    for (uint32_t i = 0; i < req->nranks; i++)
        buf_printf (b, "%s%" PRIu32, i > 0 ? "," : "", req->ranks[i]);
    buf_puts (b, "],\"R\":");
    buf_puts (b, req->R);
    buf_puts (b, ",\"environment\":");
    buf_puts (b, req->env); // most of it
    buf_puts (b, ",\"jobspec\":");
    buf_puts (b, req->jobspec);
    buf_putc (b, '}');
}

static int start_shell (struct job_exec *e, struct shell *sh, const struct exec_request *req,
                        uint32_t shell_rank)
{
    struct buf b = {0};
    int rc = -1;

    encode_request (&b, req, shell_rank);
    if (!b.err && sh->rank == router_rank (e->rt)) {
        rc = exec_local_start (e->local, req->id, b.data, b.len, exec_local_event, e);
    } else if (!b.err) {
        sh->matchtag = router_rpc (e->rt, "shell-exec.start", sh->rank, FLUX_RPC_STREAMING, b.data,
                                   exec_remote_cb, sh);
        rc = sh->matchtag ? 0 : -1;
        sh->request = rc == 0 ? buf_steal (&b, NULL) : NULL;
    }
    buf_clear (&b);
    return rc;
}

static void sim_end_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    exec_finish (w->data);
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
    struct running_job *job = exec_lookup (s->e, s->id);

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
    exec_log_event (job, "init", NULL);
    exec_log_event (job, "starting", NULL);
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
        exec_job_free (job);
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
    exec_job_free (job);
    return -1;
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
    } else if (!(job = exec_lookup (e, req.id))) {
        router_respond_error (rt, msg, ENOENT, "the job is not running");
    } else if (strncmp (req.path, "guest.", 6) != 0) {
        router_respond_error (rt, msg, EINVAL, "not a path of a job's guest data");
    } else if ((gate = joblog_gate (&job->text_seq, req.seq)) == JOBLOG_EARLY) {
        router_respond_error (rt, msg, EAGAIN, NULL);
    } else {
        if (gate == JOBLOG_TAKE)
            exec_append (e, req.id, req.path, req.data.data, req.data.len);
        router_respond (rt, msg, NULL);
    }
    append_clear (&req);
}

static const struct handler_row rows[] = {
    {"append", append_cb, FLUX_ROLE_OWNER},
    {"critical-ranks", critical_ranks_cb, FLUX_ROLE_USER},
    {"stats-get", exec_stats_cb, FLUX_ROLE_OWNER},
    {NULL, NULL, 0},
};

static bool job_runs (uint64_t id, void *arg)
{
    return exec_lookup (arg, id) != NULL;
}

struct job_exec *job_exec_create (struct router *rt, struct kvs *kvs, struct exec_local *local)
{
    struct job_exec *e = calloc (1, sizeof (*e));

    if (!e)
        return NULL;
    e->rt = rt;
    killplan_init (&e->killplan);
    e->kvs = kvs;
    e->local = local;
    ev_init (&e->attach, exec_attach_cb);
    e->attach.data = e;
    e->attach.repeat = ATTACH_PERIOD;
    if (!(e->lost = idset_create (0, IDSET_FLAG_AUTOGROW)) ||
        router_service_add (rt, "job-exec", rows, e) < 0) {
        idset_destroy (e->lost);
        free (e);
        return NULL;
    }
    kvs_on_guest (kvs, job_runs, e);
    return e;
}

void job_exec_destroy (struct job_exec *e)
{
    if (e) {
        int saved_errno = errno;
        struct running_job *job, *tmp;
        router_service_remove (e->rt, "job-exec");
        kvs_on_guest (e->kvs, NULL, NULL);
        ev_timer_stop (router_loop (e->rt), &e->attach);
        HASH_ITER (hh, e->jobs, job, tmp)
        exec_job_free (job);
        idset_destroy (e->lost);
        free (e);
        errno = saved_errno;
    }
}

void job_exec_set_killplan (struct job_exec *e, const struct killplan *kp)
{
    e->killplan = *kp;
}

void job_exec_set_ops (struct job_exec *e, const struct job_exec_ops *ops, void *arg)
{
    e->ops = ops;
    e->arg = arg;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Signals to jobs, and bringing them to their end. */

#include <errno.h>
#include <signal.h>

#include <flux/rpc.h>

#include "shell/service/job_exec/private.h"

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
    struct running_job *job = exec_lookup (e, id);

    if (!job) {
        errno = ENOENT;
        return -1;
    }
    if (job->simulated) {
        if (signum == SIGTERM || signum == SIGKILL || signum == SIGINT || signum == SIGHUP ||
            signum == SIGALRM) {
            exec_take_status (job, signum);
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

/* Nothing helps: the shells that are left count as dead, and their nodes are told of. */
static void give_up (struct running_job *job)
{
    struct job_exec *e = job->e;
    struct idset *ranks = idset_create (0, IDSET_FLAG_AUTOGROW);
    uint64_t id = job->id;
    uint32_t nshells = job->nshells;

    for (uint32_t i = 0; ranks && i < nshells; i++)
        if (!job->shells[i].ended)
            idset_set (ranks, job->shells[i].rank);
    if (ranks)
        e->ops->unkillable (id, ranks, e->arg);
    idset_destroy (ranks);
    for (uint32_t i = 0; i < nshells && (job = exec_lookup (e, id)); i++)
        if (!job->shells[i].ended)
            exec_lose_shell (&job->shells[i]);
}

static void kill_step_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct running_job *job = w->data;
    double pause;
    int signum = killplan_step (&job->e->killplan, &job->killing, &pause);

    job_exec_kill (job->e, job->id, signum);
    if (pause < 0)
        give_up (job);
    else {
        ev_timer_set (w, pause, 0.);
        ev_timer_start (loop, w);
    }
}

void job_exec_cancel (struct job_exec *e, uint64_t id, bool out_of_time)
{
    struct running_job *job = exec_lookup (e, id);

    if (!job || job->cancelled)
        return;
    job->cancelled = true;
    job_exec_kill (e, id, out_of_time ? SIGALRM : e->killplan.term_signal);
    if (!job->simulated) {
        ev_timer_init (&job->timer, kill_step_cb, e->killplan.timeout, 0.);
        job->timer.data = job;
        ev_timer_start (router_loop (e->rt), &job->timer);
    }
}

void job_exec_forgive (struct job_exec *e, uint64_t id, uint32_t rank)
{
    struct running_job *job = exec_lookup (e, id);
    struct shell *sh = job && !job->simulated ? exec_find_shell (job, rank) : NULL;

    if (sh)
        sh->forgiven = true;
}

void job_exec_rank_lost (struct job_exec *e, uint32_t rank)
{
    struct running_job *job, *tmp;
    struct shell *sh;

    idset_set (e->lost, rank);
    HASH_ITER (hh, e->jobs, job, tmp)
    {
        if (!job->simulated && (sh = exec_find_shell (job, rank)) && !sh->ended) {
            exec_lose_shell (sh);
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

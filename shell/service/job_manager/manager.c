/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The job manager: the table of jobs and what others see of it. */

#include <errno.h>
#include <flux/idset.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "lib/job/fluid.h"
#include "lib/util/errprintf.h"
#include "shell/service/resource/ranks.h"
#include "shell/broker/attr.h"
#include "shell/service/job_exec/exec.h"
#include "shell/service/job_manager/journal.h"
#include "shell/service/job_manager/private.h"

int state_index (int state)
{
    return __builtin_ctz (state);
}

void list_prepend (struct job **list, struct job *job)
{
    DL_PREPEND2 (*list, job, list_prev, list_next);
}

void list_append (struct job **list, struct job *job)
{
    DL_APPEND2 (*list, job, list_prev, list_next);
}

/* Nothing happens for a job that is on no list. */
void list_remove (struct job **list, struct job *job)
{
    if (job->list_prev)
        DL_DELETE2 (*list, job, list_prev, list_next);
    job->list_prev = job->list_next = NULL;
}

struct job *job_manager_lookup (struct job_manager *jm, uint64_t id)
{
    struct job *job;

    HASH_FIND (hh, jm->jobs, &id, sizeof (id), job);
    return job;
}

size_t job_manager_count (const struct job_manager *jm, int state)
{
    return jm->state_count[state_index (state)];
}

size_t job_manager_count_result (const struct job_manager *jm, int result)
{
    return jm->result_count[state_index (result)];
}

void job_manager_each_queue (struct job_manager *jm, queue_each_f cb, void *arg)
{
    struct jobqueue *q;

    LL_FOREACH (jm->queues->list, q)
    {
        if (!q->removed && cb (q, arg) != 0)
            break;
    }
}

int job_manager_on_event (struct job_manager *jm, job_event_f cb, void *arg)
{
    if (jm->nlisteners == LISTENERS_MAX) {
        errno = ENOSPC;
        return -1;
    }
    jm->listeners[jm->nlisteners++] = (struct event_listener){cb, arg};
    return 0;
}

static int raise_shutdown (struct job *job, void *arg)
{
    struct job_manager *jm = arg;

    job_manager_raise (jm, job, "cancel", 0, jm->owner, "the instance is shutting down");
    return 0;
}

void job_manager_shutdown (struct job_manager *jm, void (*cb) (void *arg), void *arg)
{
    jm->shutting_down = true;
    jm->shutdown_cb = cb;
    jm->shutdown_arg = arg;
    walk_collected (jm, jm->kept ? JOB_RUNNING : JOB_ACTIVE, raise_shutdown, jm);
    check_idle (jm);
}

void job_manager_keep (struct job_manager *jm)
{
    jm->kept = true;
}

struct rank_lost {
    struct job_manager *jm;
    uint32_t rank;
    const char *hostname;
};

static int raise_if_on_rank (struct job *job, void *arg)
{
    struct rank_lost *lost = arg;
    char note[256];
    int severity = 0;

    if (!job->ranks || !rank_in_idset (job->ranks, lost->rank))
        return 0;
    if (!job_exec_is_critical (lost->jm->exec, job->id, lost->rank)) {
        job_exec_forgive (lost->jm->exec, job->id, lost->rank);
        severity = 2;
    }
    snprintf (note, sizeof (note), "node %s (rank %u) was lost", lost->hostname,
              (unsigned)lost->rank);
    job_manager_raise (lost->jm, job, "node-failure", severity, lost->jm->owner, note);
    return 0;
}

void job_manager_rank_lost (struct job_manager *jm, uint32_t rank, const char *hostname)
{
    struct rank_lost lost = {jm, rank, hostname};

    walk_collected (jm, JOB_RUNNING, raise_if_on_rank, &lost);
    job_exec_rank_lost (jm->exec, rank);
}

void job_manager_set_policies (struct job_manager *jm, const struct qpolicies *policies)
{
    jm->policies = policies;
    job_manager_reschedule (jm);
}

struct job_manager *job_manager_create (struct router *rt, struct kvs *kvs, struct sched *sched,
                                        struct job_exec *exec, struct conf_service *conf,
                                        uint32_t owner, flux_error_t *errp)
{
    struct job_manager *jm = calloc (1, sizeof (*jm));

    if (!jm)
        goto nomem;
    jm->rt = rt;
    jm->kvs = kvs;
    jm->sched = sched;
    jm->exec = exec;
    jm->owner = owner;
    if (!(jm->fluid = calloc (1, sizeof (*jm->fluid))) || fluid_init (jm->fluid, 0, 0) < 0 ||
        !(jm->strings = strpool_create ()) || !(jm->store = jobstore_create (kvs, jm->strings)) ||
        !(jm->queues = jobqueues_create ()) || !(jm->waits = job_waits_create ()) ||
        !(jm->drains = waiters_create ()) || !(jm->idles = waiters_create ()) ||
        !(jm->depends = depends_create (jm)) || !(jm->jobtap = jobtap_create (jm)) ||
        !(jm->perilogs = perilogs_create (jm)) || !(jm->housekeeping = housekeeping_create (jm)) ||
        !(jm->extsched = extsched_create (jm)) || !(jm->journal = journal_create (jm)) ||
        submit_service_add (jm) < 0 || requests_service_add (jm) < 0)
        goto nomem;
    job_exec_set_ops (exec, &job_exec_callbacks, jm);
    if (jm_conf_start (jm, conf, errp) < 0)
        goto error;
    return jm;
nomem:
    errprintf (errp, "job manager: %s", strerror (errno));
error:
    job_manager_destroy (jm);
    return NULL;
}

void job_manager_set_above (struct job_manager *jm)
{
    jm->above = true;
}

void job_manager_destroy (struct job_manager *jm)
{
    if (jm) {
        int saved_errno = errno;
        struct job *job, *tmp;
        jm_conf_stop (jm);
        purge_stop (jm);
        resize_ask_end (jm);
        router_service_remove (jm->rt, "job-manager");
        router_service_remove (jm->rt, "job-ingest");
        perilogs_destroy (jm->perilogs);
        housekeeping_destroy (jm->housekeeping);
        extsched_destroy (jm->extsched);
        jm_conf_clear (&jm->conf);
        jobtap_destroy (jm->jobtap);
        jm->jobtap = NULL;
        HASH_ITER (hh, jm->jobs, job, tmp)
        {
            HASH_DEL (jm->jobs, job);
            limit_stop (jm, job);
            job_free (job);
        }
        journal_destroy (jm->journal);
        depends_destroy (jm->depends);
        json_decref (jm->config);
        job_waits_destroy (jm->waits);
        waiters_destroy (jm->drains);
        waiters_destroy (jm->idles);
        jobqueues_destroy (jm->queues);
        json_decref (jm->queue_states);
        jobstore_destroy (jm->store);
        strpool_destroy (jm->strings);
        free (jm->fluid);
        free (jm);
        errno = saved_errno;
    }
}

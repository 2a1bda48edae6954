/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* job-manager.wait: of one waitable job, or of the next one that ends (id FLUX_JOBID_ANY). Each job
 * can be waited for once. No request looks at other jobs than those that it is about. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/disconnect.h>
#include <flux/job.h>
#include <utlist.h>

#include <flux/request.h>

#include "shell/service/job_manager/private.h"

/* A job that somebody waits for, or one that has ended and was not waited for. */
struct waited {
    uint64_t id;
    const flux_msg_t *msg; // or NULL
    UT_hash_handle hh;
};

/* Who waits for any of them. */
struct wait_any {
    const flux_msg_t *msg;
    struct wait_any *prev, *next;
};

struct job_waits {
    struct waited *awaited; // by job
    struct waited *zombies; // by job; the one that ended first is the first
    struct wait_any *any;   // the oldest first
    size_t nany;
    size_t nwaitable; // jobs that have not ended
};

static struct waited *lookup (struct waited *table, uint64_t id)
{
    struct waited *w;

    HASH_FIND (hh, table, &id, sizeof (id), w);
    return w;
}

static int add (struct waited **table, uint64_t id, const flux_msg_t *msg)
{
    struct waited *w = calloc (1, sizeof (*w));

    if (!w)
        return -1;
    w->id = id;
    w->msg = flux_msg_incref (msg);
    HASH_ADD (hh, *table, id, sizeof (w->id), w);
    return 0;
}

static void drop (struct waited **table, struct waited *w)
{
    if (w) {
        HASH_DEL (*table, w);
        flux_msg_decref (w->msg);
        free (w);
    }
}

static void drop_any (struct job_waits *waits, struct wait_any *w)
{
    DL_DELETE (waits->any, w);
    waits->nany--;
    flux_msg_decref (w->msg);
    free (w);
}

struct job_waits *job_waits_create (void)
{
    return calloc (1, sizeof (struct job_waits));
}

void job_waits_destroy (struct job_waits *waits)
{
    if (waits) {
        while (waits->awaited)
            drop (&waits->awaited, waits->awaited);
        while (waits->zombies)
            drop (&waits->zombies, waits->zombies);
        while (waits->any)
            drop_any (waits, waits->any);
        free (waits);
    }
}

/* ---- answers ---- */

static void describe_end (const struct job *job, char *text, size_t size)
{
    flux_error_t error;

    *text = '\0';
    if (job->exception_severity == 0)
        snprintf (text, size, "Fatal exception type=%s %s", job->exception_type,
                  job->exception_note ? job->exception_note : "");
    else if (flux_job_waitstatus_to_exitcode (job->wait_status, &error) != 0)
        snprintf (text, size, "%s", error.text);
}

static void wait_respond (struct job_manager *jm, const flux_msg_t *msg, struct job *job)
{
    char text[256];

    job->waited = true;
    describe_end (job, text, sizeof (text));
    router_respond_pack (jm->rt, msg, "{s:I s:b s:s}", "id", (json_int_t)job->id, "success",
                         job->result == RESULT_COMPLETED, "errstr", text);
    drop (&jm->waits->zombies, lookup (jm->waits->zombies, job->id));
}

static void refuse (struct job_manager *jm, const flux_msg_t *msg, const char *text)
{
    router_respond_error (jm->rt, msg, ECHILD, text);
}

/* There are not more who wait than jobs to be waited for: the last one who waits for any is told
 * that none is left for it. */
static void refuse_surplus (struct job_manager *jm)
{
    struct job_waits *waits = jm->waits;

    if (waits->any && waits->nany + HASH_COUNT (waits->awaited) > waits->nwaitable) {
        refuse (jm, waits->any->prev->msg, "there are no more waitable jobs");
        drop_any (waits, waits->any->prev);
    }
}

static void wait_any (struct job_manager *jm, const flux_msg_t *msg)
{
    struct job_waits *waits = jm->waits;
    struct job *job = waits->zombies ? job_manager_lookup (jm, waits->zombies->id) : NULL;
    struct wait_any *w;

    if (job) {
        wait_respond (jm, msg, job);
    } else if (!(w = calloc (1, sizeof (*w)))) {
        router_respond_error (jm->rt, msg, ENOMEM, NULL);
    } else {
        w->msg = flux_msg_incref (msg);
        DL_APPEND (waits->any, w);
        waits->nany++;
        refuse_surplus (jm);
    }
}

static void wait_for (struct job_manager *jm, const flux_msg_t *msg, struct job *job)
{
    if (!(job->flags & JOBFLAG_WAITABLE) || job->waited)
        refuse (jm, msg, "job was not submitted with the waitable flag, or was waited for already");
    else if (job->state == JOB_INACTIVE)
        wait_respond (jm, msg, job);
    else if (lookup (jm->waits->awaited, job->id))
        refuse (jm, msg, "job id already has a waiter");
    else if (add (&jm->waits->awaited, job->id, msg) < 0)
        router_respond_error (jm->rt, msg, ENOMEM, NULL);
    else
        refuse_surplus (jm);
}

#define JOBID_ANY ((json_int_t)0xFFFFFFFFFFFFFFFF)

void wait_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    json_int_t id;
    struct job *job;

    if (flux_request_unpack (msg, NULL, "{s:I}", "id", &id) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else if (id == JOBID_ANY)
        wait_any (jm, msg);
    else if (!(job = job_manager_lookup (jm, id)))
        refuse (jm, msg, "invalid job id, or job may be inactive and not waitable");
    else
        wait_for (jm, msg, job);
}

void job_waits_disconnect (struct job_waits *waits, const flux_msg_t *msg)
{
    struct waited *w, *tmp;
    struct wait_any *a, *atmp;

    HASH_ITER (hh, waits->awaited, w, tmp)
    {
        if (flux_disconnect_match (msg, w->msg))
            drop (&waits->awaited, w);
    }
    DL_FOREACH_SAFE (waits->any, a, atmp)
    {
        if (flux_disconnect_match (msg, a->msg))
            drop_any (waits, a);
    }
}

/* ---- the life of a job ---- */

void job_waits_begin (struct job_manager *jm, const struct job *job)
{
    if (!(job->flags & JOBFLAG_WAITABLE))
        return;
    if (job->state != JOB_INACTIVE)
        jm->waits->nwaitable++;
    else
        (void)add (&jm->waits->zombies, job->id, NULL);
}

void job_wait_answer (struct job_manager *jm, struct job *job)
{
    struct job_waits *waits = jm->waits;
    struct waited *w;

    if (!(job->flags & JOBFLAG_WAITABLE))
        return;
    waits->nwaitable--;
    if ((w = lookup (waits->awaited, job->id))) {
        wait_respond (jm, w->msg, job);
        drop (&waits->awaited, w);
    } else if (waits->any) {
        wait_respond (jm, waits->any->msg, job);
        drop_any (waits, waits->any);
    } else {
        (void)add (&waits->zombies, job->id, NULL);
    }
}

void job_waits_forget (struct job_manager *jm, const struct job *job)
{
    if ((job->flags & JOBFLAG_WAITABLE))
        drop (&jm->waits->zombies, lookup (jm->waits->zombies, job->id));
}

void job_waits_each_zombie (struct job_manager *jm, job_walk_f cb, void *arg)
{
    for (struct waited *w = jm->waits->zombies; w; w = w->hh.next) {
        struct job *job = job_manager_lookup (jm, w->id);
        if (job && cb (job, arg) != 0)
            break;
    }
}

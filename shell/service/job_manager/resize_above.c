/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A job of this instance, which is a job itself, wants to grow by what is not here: the instance
 * above is asked for it, which may ask the one above it. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include <flux/response.h>

#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"
#include "shell/service/job_manager/private.h"
#include "shell/service/job_manager/resize.h"
#include "shell/service/sched/sched.h"

struct asking {
    struct job_manager *jm;
    const flux_msg_t *msg;
    uint64_t id;
    struct job_facts more;
    flux_error_t why;
    uint32_t matchtag;
    struct asking *prev, *next;
};

static void asking_free (struct asking *a)
{
    DL_DELETE (a->jm->asking, a);
    flux_msg_decref (a->msg);
    free (a);
}

/* There is more in this instance now: the job's turn. */
static void try_again (struct asking *a)
{
    struct job *job = job_manager_lookup (a->jm, a->id);
    flux_error_t error = {""};

    if (!job || job->state != JOB_RUN || !job->live->has_resources)
        router_respond_error (a->jm->rt, a->msg, EINVAL, "the job is not running");
    else if (resize_grow (a->jm, job, &a->more, &error) < 0)
        router_respond_error (a->jm->rt, a->msg, errno, *error.text ? error.text : NULL);
    else
        resize_answer (a->jm, job, a->msg);
}

static void grown_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct asking *a = arg;
    const char *text = NULL;
    flux_error_t error;

    if (flux_response_decode (msg, NULL, NULL) < 0) {
        int errnum = errno;
        if (flux_response_decode_error (msg, &text) < 0)
            text = strerror (errnum);
        errprintf (&error, "%s; above: %s", a->why.text, text);
        router_respond_error (rt, a->msg, errnum, error.text);
    } else
        try_again (a);
    asking_free (a);
}

void resize_ask_above (struct job_manager *jm, const flux_msg_t *msg, struct job *job,
                       const struct job_facts *more, const char *why)
{
    struct asking *a = calloc (1, sizeof (*a));
    int lacks = (int)sched_grow_lacks (jm->sched, job, more, walltime_now ());

    if (!a) {
        router_respond_error (jm->rt, msg, ENOMEM, NULL);
        return;
    }
    *a = (struct asking){
        .jm = jm, .msg = flux_msg_incref (msg), .id = job->id, .more = *more, .matchtag = 0};
    errprintf (&a->why, "%s", why);
    DL_APPEND (jm->asking, a);
    a->matchtag = router_rpc_pack (
        jm->rt, "elastic.grow", 0, 0, grown_cb, a, "{s:i s:i s:i s:i}", "nodes",
        more->nnodes > 0 ? lacks : 0, "slots", more->nnodes > 0 ? 0 : lacks, "cores",
        more->nnodes > 0 ? 0 : (int)more->cores, "gpus", more->nnodes > 0 ? 0 : (int)more->gpus);
    if (!a->matchtag) {
        router_respond_error (jm->rt, msg, errno, NULL);
        asking_free (a);
    }
}

void resize_ask_end (struct job_manager *jm)
{
    struct asking *a, *tmp;

    DL_FOREACH_SAFE (jm->asking, a, tmp)
    {
        router_rpc_forget (jm->rt, a->matchtag);
        asking_free (a);
    }
}

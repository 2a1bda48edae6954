/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Elasticity: a running job, which is an instance of its own, asks for more, or gives back what it
 * does not need.
 *
 *   job-manager.grow    {"id":I, "nodes":i, "slots":i, "cores":i, "gpus":i}  (per slot)  -> {"R":o}
 *   job-manager.shrink  {"id":I, "R":o, "check"?:b}                                      -> {"R":o}
 *
 * R of the answer is what the job has then. A node that is given back as a whole is free once the
 * job's shell there has ended, other things are at once. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <flux/request.h>

#include "lib/job/rv1.h"
#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"
#include "shell/service/job_exec/exec.h"
#include "shell/service/job_manager/private.h"
#include "shell/service/job_manager/resize.h"
#include "shell/service/kvs/kvs.h"
#include "shell/service/sched/sched.h"

static const char *const grow_names[] = {
    [RESIZE_IDLE] = "idle", [RESIZE_NEVER] = "never", [RESIZE_ALWAYS] = "always"};

int resize_conf_parse (struct resize_conf *c, const json_t *table, flux_error_t *errp)
{
    const char *grow = grow_names[RESIZE_IDLE];
    int shrink = 1, upward = 1;
    json_error_t error;

    *c = (struct resize_conf){.shrink = true, .upward = true};
    errno = EINVAL;
    if (table && json_unpack_ex ((json_t *)table, &error, 0, "{s?s s?b s?b !}", "grow", &grow,
                                 "shrink", &shrink, "upward", &upward) < 0)
        return errprintf (errp, "job-manager.resize: %s", error.text);
    c->shrink = shrink;
    c->upward = upward;
    for (size_t i = 0; i < sizeof (grow_names) / sizeof (grow_names[0]); i++) {
        if (strcmp (grow, grow_names[i]) == 0) {
            c->grow = i;
            return 0;
        }
    }
    return errprintf (errp, "job-manager.resize.grow: must be never, idle or always");
}

static struct rv1 *get_R (struct job_manager *jm, const struct job *job, flux_error_t *errp)
{
    size_t len;
    char *text = job_get_key (jm, job->id, "R", &len);
    struct rv1 *rs = text ? rv1_decode (text, len, errp) : NULL;

    if (!text)
        errprintf (errp, "its resources cannot be read");
    free (text);
    return rs;
}

/* Takes the strings of *alloc. */
static void take_alloc (struct job_manager *jm, struct job *job, struct sched_alloc *alloc)
{
    char key[JOB_KEY_SIZE];

    job->ncores = alloc->ncores;
    job->nnodes = alloc->nnodes;
    free (job->ranks);
    free (job->nodelist);
    job->ranks = alloc->ranks;
    job->nodelist = alloc->nodelist;
    alloc->ranks = alloc->nodelist = NULL;
    strpool_put (jm->strings, job->resource_summary);
    job->resource_summary = strpool_get (jm->strings, alloc->summary);
    kvs_local_put (jm->kvs, NULL, job_key (job->id, "R", key, sizeof (key)), alloc->R,
                   strlen (alloc->R));
    event_post_pack (jm, job, "resource-update", "{s:f s:s s:s s:s}", "expiration", job->expiration,
                     "ranks", job->ranks, "nodelist", job->nodelist, "resource_summary",
                     alloc->summary);
    sched_alloc_clear (alloc);
}

void resize_answer (struct job_manager *jm, const struct job *job, const flux_msg_t *msg)
{
    size_t len;
    char *text = job_get_key (jm, job->id, "R", &len);
    json_t *R = text ? json_loadb (text, len, 0, NULL) : NULL;

    if (R)
        router_respond_pack (jm->rt, msg, "{s:o}", "R", R);
    else
        router_respond_error (jm->rt, msg, ENOMEM, NULL);
    free (text);
}

static struct job *running_target (struct job_manager *jm, const flux_msg_t *msg, json_int_t id)
{
    struct job *job = request_active_target (jm, msg, id);

    if (!job || (job->state == JOB_RUN && job->live->has_resources))
        return job;
    router_respond_error (jm->rt, msg, EINVAL, "the job is not running");
    return NULL;
}

/* ---- more ---- */

static int count_waiting (struct job *job, void *arg)
{
    *(int *)arg += job->priority > PRIORITY_MIN;
    return 0;
}

static int check_policy (struct job_manager *jm, flux_error_t *errp)
{
    int waiting = 0;

    errno = EPERM;
    if (jm->conf.resize.grow == RESIZE_NEVER)
        return errprintf (errp, "jobs may not grow here (job-manager.resize.grow)");
    if (jm->conf.resize.grow == RESIZE_ALWAYS)
        return 0;
    job_manager_walk (jm, JOB_SCHED, count_waiting, &waiting);
    errno = EAGAIN;
    if (waiting > 0)
        return errprintf (errp, "%d job%s wait%s for resources, and go before jobs that grow",
                          waiting, waiting == 1 ? "" : "s", waiting == 1 ? "s" : "");
    return 0;
}

/* What is there and `per_slot` of each new slot; of whole nodes it is the least that they have. The
 * numbers are the asker's. */
static uint32_t sum_with (size_t now, const struct job_facts *more, uint32_t per_slot)
{
    uint64_t slots = (uint64_t)more->nslots * (more->nnodes > 0 ? more->nnodes : 1), sum;

    if (__builtin_mul_overflow (slots, (uint64_t)per_slot, &sum) ||
        __builtin_add_overflow (sum, (uint64_t)now, &sum) || sum > UINT32_MAX)
        return UINT32_MAX;
    return (uint32_t)sum;
}

static int check_limits (struct job_manager *jm, const struct job *job,
                         const struct job_facts *more, flux_error_t *errp)
{
    struct rv1 *rs = get_R (jm, job, errp);

    if (!rs)
        return -1;
    uint32_t sizes[SIZE_KINDS] = {
        rs->nnodes + more->nnodes,
        sum_with (rv1_ncores (rs), more, more->cores),
        sum_with (rv1_ngpus (rs), more, more->gpus),
    };
    rv1_destroy (rs);
    return jobqueue_check_sizes (job->live->jq, sizes, errp);
}

int resize_grow (struct job_manager *jm, struct job *job, const struct job_facts *more,
                 flux_error_t *errp)
{
    struct sched_alloc alloc = {0};

    if (check_policy (jm, errp) < 0 || check_limits (jm, job, more, errp) < 0 ||
        sched_grow (jm->sched, job, more, walltime_now (), &alloc, errp) < 0)
        return -1;
    take_alloc (jm, job, &alloc);
    job_manager_reschedule (jm);
    return 0;
}

void grow_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    json_int_t id;
    int nodes = 0, slots = 0, cores = 0, gpus = 0;
    struct job *job;
    flux_error_t error = {""};

    if (flux_request_unpack (msg, NULL, "{s:I s?i s?i s?i s?i}", "id", &id, "nodes", &nodes,
                             "slots", &slots, "cores", &cores, "gpus", &gpus) < 0) {
        router_respond_error (rt, msg, EPROTO, NULL);
        return;
    }
    if (nodes < 0 || slots < 0 || cores < 0 || gpus < 0 || nodes + slots == 0) {
        router_respond_error (rt, msg, EINVAL, "nothing is asked for");
        return;
    }
    struct job_facts more = {.nnodes = nodes,
                             .nslots = slots > 0 ? slots : 1,
                             .cores = cores > 0 ? cores : 1,
                             .gpus = gpus,
                             .exclusive = nodes > 0};
    if (!(job = running_target (jm, msg, id)))
        return;
    if (resize_grow (jm, job, &more, &error) < 0) {
        if (jm->above && jm->conf.resize.upward && (errno == ENODEV || errno == EBUSY))
            resize_ask_above (jm, msg, job, &more, error.text);
        else
            router_respond_error (rt, msg, errno, *error.text ? error.text : NULL);
    } else
        resize_answer (jm, job, msg);
}

/* ---- less ---- */

static int release (struct job_manager *jm, struct job *job, const struct rv1 *less,
                    flux_error_t *errp)
{
    struct rv1 *now = get_R (jm, job, errp), *left = now ? rv1_diff (now, less) : NULL;
    struct sched_alloc alloc = {0};
    int rc = -1;

    if (!left)
        errprintf (errp, "out of memory");
    else if ((rc = sched_shrink (jm->sched, job, less, left, &alloc, errp)) == 0) {
        take_alloc (jm, job, &alloc);
        job_manager_reschedule (jm);
    }
    rv1_destroy (left);
    rv1_destroy (now);
    return rc;
}

/* The part of `less` on nodes which the job leaves, and where it has a shell. */
static struct rv1 *find_held (struct job_manager *jm, const struct job *job, const struct rv1 *less,
                              const struct rv1 *left)
{
    struct idset *ranks = idset_create (0, IDSET_FLAG_AUTOGROW);
    struct rv1 *held = NULL;

    for (size_t i = 0; ranks && i < less->nnodes; i++) {
        uint32_t rank = less->node[i].rank;
        if (!rv1_find (left, rank) && job_exec_on_rank (jm->exec, job->id, rank))
            idset_set (ranks, rank);
    }
    if (ranks)
        held = rv1_copy_ranks (less, ranks);
    idset_destroy (ranks);
    return held;
}

static int keep_for_later (struct job *job, const struct rv1 *held)
{
    if (job->live->leaving)
        return rv1_add (job->live->leaving, held);
    return (job->live->leaving = rv1_copy (held)) ? 0 : -1;
}

static int check_less (const struct job *job, const struct rv1 *now, const struct rv1 *less,
                       const struct rv1 *left, flux_error_t *errp)
{
    errno = EINVAL;
    if (rv1_ncores (left) + rv1_ncores (less) != rv1_ncores (now) ||
        rv1_ngpus (left) + rv1_ngpus (less) != rv1_ngpus (now))
        return errprintf (errp, "the job does not have what it is to give back");
    if (left->nnodes == 0)
        return errprintf (errp, "the job would have nothing left");
    return 0;
}

static int shrink (struct job_manager *jm, struct job *job, const struct rv1 *less, bool check,
                   flux_error_t *errp)
{
    struct rv1 *now = get_R (jm, job, errp), *left = now ? rv1_diff (now, less) : NULL;
    struct rv1 *held = left ? find_held (jm, job, less, left) : NULL;
    struct rv1 *free = held ? rv1_diff (less, held) : NULL;
    int rc = -1;

    if (now && !free)
        errprintf (errp, "out of memory");
    else if (now && check_less (job, now, less, left, errp) == 0)
        rc = check ? 0 : keep_for_later (job, held);
    if (rc == 0 && !check && free->nnodes > 0)
        rc = release (jm, job, free, errp);
    rv1_destroy (free);
    rv1_destroy (held);
    rv1_destroy (left);
    rv1_destroy (now);
    return rc;
}

void resize_shell_ended (struct job_manager *jm, struct job *job, uint32_t rank)
{
    struct rv1 *leaving = job->live ? job->live->leaving : NULL;
    struct idset *ids;
    flux_error_t error;

    if (!leaving || job->state != JOB_RUN || !rv1_find (leaving, rank) ||
        !(ids = idset_create (0, IDSET_FLAG_AUTOGROW)))
        return;
    idset_set (ids, rank);
    struct rv1 *less = rv1_copy_ranks (leaving, ids);
    if (less && rv1_remove_ranks (leaving, ids) == 0)
        (void)release (jm, job, less, &error); // else they are free when the job ends
    rv1_destroy (less);
    idset_destroy (ids);
}

void shrink_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    json_int_t id;
    json_t *R;
    int check = 0;
    struct job *job;
    struct rv1 *less = NULL;
    flux_error_t error = {""};

    if (flux_request_unpack (msg, NULL, "{s:I s:o s?b}", "id", &id, "R", &R, "check", &check) < 0)
        router_respond_error (rt, msg, EPROTO, NULL);
    else if (!jm->conf.resize.shrink)
        router_respond_error (rt, msg, EPERM,
                              "jobs may not shrink here (job-manager.resize.shrink)");
    else if ((job = running_target (jm, msg, id))) {
        if (!(less = rv1_from_json (R, &error)) || shrink (jm, job, less, check, &error) < 0)
            router_respond_error (rt, msg, errno, *error.text ? error.text : NULL);
        else
            resize_answer (jm, job, msg);
    }
    rv1_destroy (less);
}

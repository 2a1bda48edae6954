/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Responses to sched.alloc (RFC 27). */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <flux/response.h>

#include "shell/service/job_manager/extsched_private.h"
#include "shell/service/sched/sched.h"

enum { ALLOC_SUCCESS, ALLOC_ANNOTATE, ALLOC_DENY, ALLOC_CANCEL };

/* Dictionaries are merged, null removes a key. */
static void merge (json_t *to, const json_t *from)
{
    const char *key;
    json_t *value, *old;

    json_object_foreach ((json_t *)from, key, value)
    {
        if (json_is_null (value))
            json_object_del (to, key);
        else if (json_is_object (value) && json_is_object (old = json_object_get (to, key)))
            merge (old, value);
        else
            json_object_set_new (to, key, json_deep_copy (value));
    }
}

static void annotate (struct job *job, const json_t *annotations)
{
    if (json_is_object (annotations) && (job->annotations || (job->annotations = json_object ())))
        merge (job->annotations, annotations);
}

/* What was said while it waited does not outlive a failure. */
static void drop_annotations (struct job *job)
{
    json_object_del (job->annotations, "sched");
}

static const char *summary_of (const struct job *job)
{
    json_t *sched = json_object_get (job->annotations, "sched");

    return json_string_value (json_object_get (sched, "resource_summary"));
}

static void give (struct job_manager *jm, struct job *job)
{
    struct sched_alloc alloc = {0};
    flux_error_t error = {"R is not in the KVS"};
    size_t len;
    char *R = job_get_key (jm, job->id, "R", &len);

    if (R && sched_take (jm->sched, job->id, R, len, &alloc, &error) == 0) {
        const char *summary = summary_of (job);
        if (summary && !strpbrk (summary, "\"\\\n")) {
            free (alloc.summary);
            alloc.summary = strdup (summary);
        }
        job_give_resources (jm, job, &alloc);
    } else {
        drop_annotations (job);
        extsched_free (jm->extsched, job->id, NULL, true);
        job_manager_raise (jm, job, "alloc", 0, jm->owner, error.text);
    }
    sched_alloc_clear (&alloc);
    free (R);
}

static void success (struct extsched *e, struct job *job, uint64_t id, const json_t *annotations)
{
    if (!job || job->state != JOB_SCHED) { // it ended meanwhile
        extsched_free (e, id, NULL, true);
        return;
    }
    annotate (job, annotations);
    give (e->jm, job);
}

void extsched_alloc_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct extsched *e = arg;
    const char *text = NULL, *note = NULL;
    json_t *annotations = NULL;
    json_int_t id;
    int type;

    if (!e->ready)
        return; // of one that was there before
    if (flux_response_decode (msg, NULL, &text) < 0) {
        extsched_stop (e, "sched.alloc failed");
        return;
    }
    json_t *o = text ? json_loads (text, 0, NULL) : NULL;
    if (!o ||
        json_unpack (o, "{s:I s:i s?s s?o}", "id", &id, "type", &type, "note", &note, "annotations",
                     &annotations) < 0 ||
        type < ALLOC_SUCCESS || type > ALLOC_CANCEL) {
        extsched_stop (e, "an answer that is malformed");
        goto out;
    }
    struct asked *a = extsched_find (e, id);
    if (!a) {
        extsched_stop (e, "an answer that nobody asked for");
        goto out;
    }
    struct job *job = job_manager_lookup (e->jm, id);
    bool waits = job && job->state == JOB_SCHED;
    if (type == ALLOC_ANNOTATE) {
        if (waits)
            annotate (job, annotations);
        goto out;
    }
    extsched_answered (e, a);
    if (type == ALLOC_SUCCESS) {
        success (e, job, id, annotations);
    } else if (waits) {
        drop_annotations (job);
        if (type == ALLOC_DENY)
            job_manager_raise (e->jm, job, "alloc", 0, e->jm->owner,
                               note ? note : "the scheduler denies it");
    }
    job_manager_reschedule (e->jm);
out:
    json_decref (o);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* One job in memory, see job.h. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <utlist.h>

#include "lib/job/rv1.h"
#include "shell/service/job_manager/job.h"

struct job *job_create (uint64_t id)
{
    struct job *job = calloc (1, sizeof (*job));

    if (!job || !(job->live = calloc (1, sizeof (*job->live)))) {
        free (job);
        return NULL;
    }
    job->id = id;
    job->state = JOB_NEW;
    job->states_seen = JOB_NEW;
    job->urgency = URGENCY_DEFAULT;
    job->priority = -1;
    job->exception_severity = -1;
    job->live->sim_duration = -1.;
    return job;
}

static void drop_dependency (struct job *job, struct dependency *dep)
{
    LL_DELETE (job->live->depends, dep);
    free (dep->description);
    free (dep);
}

int job_add_dependency (struct job *job, const char *description)
{
    struct dependency *dep = calloc (1, sizeof (*dep));

    if (!dep || !(dep->description = strdup (description))) {
        free (dep);
        return -1;
    }
    LL_APPEND (job->live->depends, dep);
    return 0;
}

static struct dependency *find_dependency (const struct job *job, const char *description)
{
    struct dependency *dep;

    LL_FOREACH (job->live->depends, dep)
    {
        if (strcmp (dep->description, description) == 0)
            return dep;
    }
    return NULL;
}

bool job_has_dependency (const struct job *job, const char *description)
{
    return find_dependency (job, description) != NULL;
}

bool job_remove_dependency (struct job *job, const char *description)
{
    struct dependency *dep = find_dependency (job, description);

    if (dep)
        drop_dependency (job, dep);
    return dep != NULL;
}

void held_event_free (struct held_event *e)
{
    free (e->name);
    free (e->context);
    free (e);
}

void job_retire (struct job *job)
{
    struct job_live *live = job->live;

    if (!live)
        return;
    while (live->depends)
        drop_dependency (job, live->depends);
    while (live->held) {
        struct held_event *e = live->held;
        live->held = e->next;
        held_event_free (e);
    }
    if (live->taps)
        live->taps_free (live->taps);
    json_decref (live->constraint);
    json_decref (live->cut_off);
    json_decref (live->request);
    rv1_destroy (live->leaving);
    free (live);
    job->live = NULL;
}

void job_free (struct job *job)
{
    if (job) {
        job_retire (job);
        free (job->ranks);
        free (job->nodelist);
        free (job->exception_type);
        free (job->exception_note);
        json_decref (job->annotations);
        free (job);
    }
}

static void copy_path (char *dst, size_t size, const char *path)
{
    size_t len = strlen (path);

    if (len + 2 > size)
        len = size - 2;
    dst[0] = '.';
    memcpy (dst + 1, path, len);
    dst[len + 1] = '\0';
}

/* Each job makes some twenty of them. */
const char *job_key (uint64_t id, const char *path, char *buf, size_t size)
{
    static const char hex[] = "0123456789abcdef";
    size_t n = 0;

    memcpy (buf, "job", 3);
    n = 3;
    for (int shift = 60; shift >= 0; shift -= 4) {
        if (shift % 16 == 12)
            buf[n++] = '.';
        buf[n++] = hex[(id >> shift) & 15];
    }
    buf[n] = '\0';
    if (path)
        copy_path (buf + n, size - n, path);
    return buf;
}

int job_result_of (const struct job *job)
{
    if (job->exception_severity == 0) {
        if (strcmp (job->exception_type, "cancel") == 0)
            return RESULT_CANCELED;
        if (strcmp (job->exception_type, "timeout") == 0)
            return RESULT_TIMEOUT;
        return RESULT_FAILED;
    }
    return job->finished && job->wait_status == 0 ? RESULT_COMPLETED : RESULT_FAILED;
}

void job_set_state (struct job *job, int state, double now)
{
    double *stamp = state == JOB_DEPEND     ? &job->t_depend
                    : state == JOB_PRIORITY ? &job->t_priority
                    : state == JOB_SCHED    ? &job->t_sched
                    : state == JOB_RUN      ? &job->t_run
                    : state == JOB_CLEANUP  ? &job->t_cleanup
                                            : &job->t_inactive;

    job->state = state;
    job->states_seen |= state;
    *stamp = now;
}

void job_set_exception (struct job *job, const char *type, int severity, const char *note)
{
    if (job->exception_severity == 0)
        return;
    job->exception_severity = severity;
    free (job->exception_type);
    free (job->exception_note);
    job->exception_type = strdup (type);
    job->exception_note = strdup (note ? note : "");
}

void job_set_memo (struct job *job, json_t *memo)
{
    json_t *user, *value;
    const char *key;

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
}

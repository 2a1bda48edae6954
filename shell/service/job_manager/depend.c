/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Dependencies (RFC 26): after, afterany, afterok, afternotok, afterexcept on a job, begin-time,
 * and singleton. A job has them as descriptions, each announced by a dependency-add event and taken
 * away by dependency-remove; with the last one gone it goes on. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "lib/job/fluid.h"
#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"
#include "shell/service/job_manager/depend.h"
#include "shell/service/job_manager/private.h"

enum after { AFTER_START, AFTER_ANY, AFTER_OK, AFTER_NOTOK, AFTER_EXCEPT };

static const struct {
    const char *scheme;
    enum after after;
    const char *description;
} schemes[] = {
    {"after", AFTER_START, "after-start"},        {"afterstart", AFTER_START, "after-start"},
    {"afterany", AFTER_ANY, "after-finish"},      {"afterok", AFTER_OK, "after-success"},
    {"afternotok", AFTER_NOTOK, "after-failure"}, {"afterexcept", AFTER_EXCEPT, "after-except"},
};

/* A job waits for another. */
struct waiting {
    uint64_t id;
    enum after after;
    char *description;
    struct waiting *next;
};

struct awaited {
    uint64_t id;
    struct waiting *waiting;
    UT_hash_handle hh;
};

struct timed {
    struct depends *d;
    uint64_t id;
    char *description;
    ev_periodic watcher;
    struct timed *prev, *next;
};

struct depends {
    struct job_manager *jm;
    struct awaited *table;
    struct timed *timed;
    struct singletons *singletons;
    struct symbols *symbols;
};

static void waiting_free (struct waiting *w)
{
    free (w->description);
    free (w);
}

static void timed_free (struct timed *t)
{
    ev_periodic_stop (router_loop (t->d->jm->rt), &t->watcher);
    DL_DELETE (t->d->timed, t);
    free (t->description);
    free (t);
}

struct depends *depends_create (struct job_manager *jm)
{
    struct depends *d = calloc (1, sizeof (*d));

    if (!d)
        return NULL;
    d->jm = jm;
    if (!(d->singletons = singletons_create (jm, d)) || !(d->symbols = symbols_create (jm, d))) {
        depends_destroy (d);
        return NULL;
    }
    return d;
}

static void awaited_free (struct depends *d, struct awaited *a)
{
    struct waiting *w;

    HASH_DEL (d->table, a);
    while ((w = a->waiting)) {
        a->waiting = w->next;
        waiting_free (w);
    }
    free (a);
}

void depends_destroy (struct depends *d)
{
    if (d) {
        struct awaited *a, *tmp;
        HASH_ITER (hh, d->table, a, tmp)
        awaited_free (d, a);
        while (d->timed)
            timed_free (d->timed);
        singletons_destroy (d->singletons);
        symbols_destroy (d->symbols);
        free (d);
    }
}

/* Two dependencies on the same thing are one. */
int depends_describe (struct job *job, const char *description)
{
    return job_has_dependency (job, description) ? 0 : job_add_dependency (job, description);
}

static int add_waiting (struct depends *d, struct job *job, uint64_t target, enum after after,
                        const char *description)
{
    struct awaited *a;
    struct waiting *w = calloc (1, sizeof (*w));

    if (!w || !(w->description = strdup (description)))
        goto error;
    w->id = job->id;
    w->after = after;
    HASH_FIND (hh, d->table, &target, sizeof (target), a);
    if (!a) {
        if (!(a = calloc (1, sizeof (*a))))
            goto error;
        a->id = target;
        HASH_ADD (hh, d->table, id, sizeof (a->id), a);
    }
    if (depends_describe (job, description) < 0)
        goto error;
    w->next = a->waiting;
    a->waiting = w;
    return 0;
error:
    if (w)
        waiting_free (w);
    errno = ENOMEM;
    return -1;
}

/* Is it so already (1), never (-1), or to be waited for (0)? What was canceled before it ran has
 * not failed: a chain of jobs that are for failures ends there. */
static int verdict (enum after after, const struct job *target)
{
    bool started = (target->states_seen & JOB_RUN);
    bool ended = target->state == JOB_INACTIVE;
    bool ok = target->result == RESULT_COMPLETED;

    switch (after) {
    case AFTER_START:
        return started ? 1 : ended ? -1 : 0;
    case AFTER_ANY:
        return ended ? 1 : 0;
    case AFTER_OK:
        return !ended ? 0 : ok ? 1 : -1;
    case AFTER_NOTOK:
        return !ended ? 0 : started && !ok ? 1 : -1;
    case AFTER_EXCEPT:
        return !ended ? 0 : started && target->exception_severity == 0 ? 1 : -1;
    }
    return -1;
}

static int wait_for (struct depends *d, struct job *job, uint64_t target, enum after after,
                     const char *what)
{
    char id[FLUID_STRING_SIZE];
    char description[128];

    fluid_encode (target, FLUID_F58, id, sizeof (id));
    snprintf (description, sizeof (description), "%s=%s", what, id);
    return add_waiting (d, job, target, after, description);
}

static int add_after (struct depends *d, struct job *job, size_t scheme, const char *value,
                      flux_error_t *errp)
{
    uint64_t target;
    struct job *other;

    if (fluid_parse (value, &target) < 0) {
        errno = EINVAL;
        return errprintf (errp, "%s value \"%s\" is not a valid jobid", schemes[scheme].scheme,
                          value);
    }
    if (!(other = job_manager_lookup (d->jm, target))) {
        errno = EINVAL;
        return errprintf (errp, "%s: job %s not found", schemes[scheme].scheme, value);
    }
    if (other->userid != job->userid && job->userid != d->jm->owner) {
        errno = EPERM;
        return errprintf (errp, "%s: job %s is of another user", schemes[scheme].scheme, value);
    }
    switch (verdict (schemes[scheme].after, other)) {
    case 1:
        return 0;
    case -1:
        errno = EINVAL;
        return errprintf (errp, "%s: job %s has ended, this can never be satisfied",
                          schemes[scheme].scheme, value);
    }
    if (wait_for (d, job, target, schemes[scheme].after, schemes[scheme].description) < 0)
        return errprintf (errp, "out of memory");
    return 0;
}

int depends_wait_for (struct depends *d, struct job *job, uint64_t target)
{
    return wait_for (d, job, target, AFTER_ANY, "after-finish");
}

void depends_resolve (struct depends *d, uint64_t id, const char *description)
{
    struct job *job = job_manager_lookup (d->jm, id);

    if (!job || !job->live || job->state != JOB_DEPEND || !job_remove_dependency (job, description))
        return;
    event_post_pack (d->jm, job, "dependency-remove", "{s:s}", "description", description);
    if (!job->live->depends)
        event_post (d->jm, job, "depend", NULL);
}

static void time_cb (struct ev_loop *loop, ev_periodic *w, int revents)
{
    struct timed *t = w->data;
    struct depends *d = t->d;
    uint64_t id = t->id;
    char *description = t->description;

    t->description = NULL;
    timed_free (t);
    depends_resolve (d, id, description);
    free (description);
}

static int add_begin_time (struct depends *d, struct job *job, const char *value,
                           flux_error_t *errp)
{
    char description[128];
    char *end;
    double when = strtod (value, &end);
    struct timed *t;

    if (end == value || *end || !(when >= 0)) {
        errno = EINVAL;
        return errprintf (errp, "begin-time value \"%s\" is not a time in seconds since 1970",
                          value);
    }
    if (when <= walltime_now ())
        return 0;
    snprintf (description, sizeof (description), "begin-time=%.3f", when);
    if (!(t = calloc (1, sizeof (*t))) || !(t->description = strdup (description)) ||
        depends_describe (job, description) < 0) {
        if (t)
            free (t->description);
        free (t);
        return errprintf (errp, "out of memory");
    }
    t->d = d;
    t->id = job->id;
    ev_periodic_init (&t->watcher, time_cb, when, 0., NULL);
    t->watcher.data = t;
    ev_periodic_start (router_loop (d->jm->rt), &t->watcher);
    DL_APPEND (d->timed, t);
    return 0;
}

static int add_one (struct depends *d, struct job *job, const json_t *entry, flux_error_t *errp)
{
    const char *scheme = json_string_value (json_object_get (entry, "scheme"));
    const char *value = json_string_value (json_object_get (entry, "value"));

    for (size_t i = 0; i < sizeof (schemes) / sizeof (schemes[0]); i++) {
        if (strcmp (scheme, schemes[i].scheme) == 0)
            return add_after (d, job, i, value, errp);
    }
    if (strcmp (scheme, "begin-time") == 0)
        return add_begin_time (d, job, value, errp);
    if (strcmp (scheme, "singleton") == 0)
        return singletons_add (d->singletons, job, errp);
    if (strcmp (scheme, "string") == 0 || strcmp (scheme, "fluid") == 0)
        return symbols_add (d->symbols, job, entry, errp);
    return jobtap_dependency (d->jm->jobtap, job, entry, errp);
}

void depends_add_again (struct depends *d, struct job *job, const json_t *dependencies)
{
    size_t i;
    json_t *entry;

    json_array_foreach (dependencies, i, entry) symbols_add_again (d->symbols, job, entry);
}

int depends_add (struct depends *d, struct job *job, const json_t *dependencies, flux_error_t *errp)
{
    size_t i;
    json_t *entry;

    json_array_foreach (dependencies, i, entry)
    {
        if (!json_is_string (json_object_get (entry, "scheme")) ||
            !json_is_string (json_object_get (entry, "value"))) {
            errno = EINVAL;
            return errprintf (errp, "dependency %zu has no scheme or no value", i);
        }
        if (add_one (d, job, entry, errp) < 0)
            return -1;
    }
    return 0;
}

void depends_announce (struct depends *d, struct job *job)
{
    struct dependency *dep;

    singletons_begin (d->singletons, job);
    LL_FOREACH (job->live->depends, dep)
    event_post_pack (d->jm, job, "dependency-add", "{s:s}", "description", dep->description);
}

static bool has_description (const struct dependency *dep, const char *description)
{
    while (dep && strcmp (dep->description, description) != 0)
        dep = dep->next;
    return dep != NULL;
}

void depends_announce_again (struct depends *d, struct job *job, const struct dependency *announced)
{
    const struct dependency *dep;

    singletons_begin (d->singletons, job);
    LL_FOREACH (announced, dep)
    {
        if (!job_has_dependency (job, dep->description))
            event_post_pack (d->jm, job, "dependency-remove", "{s:s}", "description",
                             dep->description);
    }
    LL_FOREACH (job->live->depends, dep)
    {
        if (!has_description (announced, dep->description))
            event_post_pack (d->jm, job, "dependency-add", "{s:s}", "description",
                             dep->description);
    }
}

static void settle (struct depends *d, struct waiting *w, int how)
{
    char note[256];
    struct job *job;

    if (how > 0) {
        depends_resolve (d, w->id, w->description);
    } else if ((job = job_manager_lookup (d->jm, w->id)) && job->state == JOB_DEPEND) {
        snprintf (note, sizeof (note), "dependency %s can never be satisfied", w->description);
        job_manager_raise (d->jm, job, "dependency", 0, d->jm->owner, note);
    }
}

void depends_notify (struct depends *d, struct job *job)
{
    struct awaited *a;
    struct waiting *w, *next, *kept = NULL, *todo;

    if (job->state == JOB_INACTIVE) {
        singletons_end (d->singletons, job);
        symbols_forget (d->symbols, job->id);
    }
    HASH_FIND (hh, d->table, &job->id, sizeof (job->id), a);
    if (!a)
        return;
    todo = a->waiting;
    a->waiting = NULL;
    for (w = todo; w; w = next) {
        next = w->next;
        int how = verdict (w->after, job);
        if (how == 0) {
            w->next = kept;
            kept = w;
        } else {
            settle (d, w, how);
            waiting_free (w);
        }
    }
    LL_CONCAT (a->waiting, kept);
    if (job->state == JOB_INACTIVE)
        awaited_free (d, a);
}

/* A job that was refused after all. */
void depends_forget (struct depends *d, struct job *job)
{
    struct awaited *a, *tmp;
    struct waiting *w, *wtmp;
    struct timed *t, *ttmp;

    singletons_forget (d->singletons, job);
    symbols_forget (d->symbols, job->id);
    if (!job->live->depends)
        return; // on nothing
    HASH_ITER (hh, d->table, a, tmp)
    {
        LL_FOREACH_SAFE (a->waiting, w, wtmp)
        {
            if (w->id == job->id) {
                LL_DELETE (a->waiting, w);
                waiting_free (w);
            }
        }
    }
    DL_FOREACH_SAFE (d->timed, t, ttmp)
    {
        if (t->id == job->id)
            timed_free (t);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Singletons: a job begins when no other job of its name and user is active. Nothing is counted
 * until the first one of a name comes. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"
#include "shell/service/job_manager/depend.h"
#include "shell/service/job_manager/private.h"

#define DESCRIPTION "singleton"

struct waiting {
    uint64_t id;
    UT_hash_handle hh;
};

struct key {
    const char *name; // in the strpool, so the pointer will do
    uint64_t userid;
};

struct group {
    struct key key;
    size_t active;           // those that do not wait for the others
    struct waiting *waiting; // by id, the oldest first
    UT_hash_handle hh;
};

struct singletons {
    struct job_manager *jm;
    struct depends *d;
    struct group *groups;
};

struct singletons *singletons_create (struct job_manager *jm, struct depends *d)
{
    struct singletons *s = calloc (1, sizeof (*s));

    if (s) {
        s->jm = jm;
        s->d = d;
    }
    return s;
}

static void drop_waiting (struct group *g, struct waiting *w)
{
    HASH_DEL (g->waiting, w);
    free (w);
}

static void group_free (struct singletons *s, struct group *g)
{
    while (g->waiting)
        drop_waiting (g, g->waiting);
    HASH_DEL (s->groups, g);
    strpool_put (s->jm->strings, g->key.name);
    free (g);
}

void singletons_destroy (struct singletons *s)
{
    if (s) {
        struct group *g, *tmp;
        HASH_ITER (hh, s->groups, g, tmp)
        group_free (s, g);
        free (s);
    }
}

static struct group *find_group (struct singletons *s, const struct job *job)
{
    struct key key = {job->facts.name, job->userid};
    struct group *g;

    HASH_FIND (hh, s->groups, &key, sizeof (key), g);
    return g;
}

struct count {
    const struct group *g;
    uint64_t but; // not this one
    size_t active;
};

/* After a restart those that wait are here already. */
static int count_active (struct job *job, void *arg)
{
    struct count *c = arg;

    c->active += job->facts.name == c->g->key.name && job->userid == c->g->key.userid &&
                 job->id != c->but && !job_has_dependency (job, DESCRIPTION);
    return 0;
}

static struct group *get_group (struct singletons *s, const struct job *job)
{
    struct group *g = find_group (s, job);

    if (g || !(g = calloc (1, sizeof (*g))))
        return g;
    g->key = (struct key){strpool_get (s->jm->strings, job->facts.name), job->userid};
    struct count c = {.g = g, .but = job->id};
    job_manager_walk (s->jm, JOB_ACTIVE, count_active, &c);
    g->active = c.active;
    HASH_ADD (hh, s->groups, key, sizeof (g->key), g);
    return g;
}

static struct waiting *find_waiting (struct group *g, uint64_t id)
{
    struct waiting *w;

    HASH_FIND (hh, g->waiting, &id, sizeof (id), w);
    return w;
}

int singletons_add (struct singletons *s, struct job *job, flux_error_t *errp)
{
    struct group *g = get_group (s, job);
    struct waiting *w = NULL;

    if (g && (g->active == 0 || find_waiting (g, job->id)))
        return 0;
    if (!g || !(w = calloc (1, sizeof (*w))) || depends_describe (job, DESCRIPTION) < 0) {
        free (w);
        errno = ENOMEM;
        return errprintf (errp, "out of memory");
    }
    w->id = job->id;
    HASH_ADD (hh, g->waiting, id, sizeof (w->id), w);
    return 0;
}

void singletons_begin (struct singletons *s, const struct job *job)
{
    struct group *g = s->groups ? find_group (s, job) : NULL;

    if (g && !find_waiting (g, job->id))
        g->active++;
}

/* The next one counts as active from now on, whatever else it may wait for. */
static void release_next (struct singletons *s, struct group *g)
{
    struct waiting *w = g->waiting;

    if (g->active > 0)
        return;
    if (!w) {
        group_free (s, g);
        return;
    }
    uint64_t id = w->id;
    g->active++;
    drop_waiting (g, w);
    depends_resolve (s->d, id, DESCRIPTION);
}

void singletons_end (struct singletons *s, const struct job *job)
{
    struct group *g = s->groups ? find_group (s, job) : NULL;
    struct waiting *w = g ? find_waiting (g, job->id) : NULL;

    if (!g)
        return;
    if (w)
        drop_waiting (g, w);
    else
        g->active--;
    release_next (s, g);
}

void singletons_forget (struct singletons *s, const struct job *job)
{
    struct group *g = s->groups ? find_group (s, job) : NULL;
    struct waiting *w = g ? find_waiting (g, job->id) : NULL;

    if (w)
        drop_waiting (g, w);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/monotime.h"
#include "shell/cmd/client.h"
#include "shell/cmd/rstates.h"
#include "shell/cmd/top_model.h"

#define TOP_JOBS_MAX 500

static struct top_level *here (struct top *t)
{
    return &t->levels[t->depth];
}

const struct top_level *top_here (const struct top *t)
{
    return &t->levels[t->depth];
}

static void copy_attr (flux_t *h, const char *name, char *buf, size_t size)
{
    const char *s = flux_attr_get (h, name);

    snprintf (buf, size, "%s", s ? s : "?");
}

static void level_init (struct top_level *l, flux_t *h, const char *title)
{
    const char *owner, *start;

    *l = (struct top_level){.h = h, .title = strdup (title)};
    owner = flux_attr_get (h, "security.owner");
    struct passwd *pw = owner ? getpwuid ((uid_t)strtoul (owner, NULL, 10)) : NULL;
    snprintf (l->owner, sizeof (l->owner), "%s", pw ? pw->pw_name : owner ? owner : "?");
    copy_attr (h, "size", l->size, sizeof (l->size));
    copy_attr (h, "instance-level", l->depth, sizeof (l->depth));
    copy_attr (h, "broker.version", l->version, sizeof (l->version));
    start = flux_attr_get (h, "broker.starttime");
    l->starttime = start ? strtod (start, NULL) : 0;
}

static void level_clear (struct top_level *l)
{
    flux_close (l->h);
    free (l->title);
    *l = (struct top_level){0};
}

/* Names of the queues; one without a name is none. */
static void read_queues (struct top *t)
{
    json_t *answer = cmd_rpc_try (here (t)->h, "job-manager.queue-list", 0, NULL, NULL);
    json_t *name;
    size_t i;

    json_decref (t->queues);
    t->queues = json_array ();
    t->queue = -1;
    json_array_foreach (json_object_get (answer, "queues"), i, name)
    {
        if (!json_is_string (name))
            continue;
        json_array_append (t->queues, name);
        if (t->wanted && strcmp (t->wanted, json_string_value (name)) == 0)
            t->queue = (int)json_array_size (t->queues) - 1;
    }
    json_decref (answer);
}

const char *top_queue (const struct top *t)
{
    if (t->queue >= 0)
        return json_string_value (json_array_get (t->queues, t->queue));
    return t->depth == 0 ? t->wanted : NULL; // one that there is not has no jobs
}

static void read_resources (struct top *t)
{
    struct top_level *l = here (t);
    struct rstates states;
    json_t *status = cmd_rpc_try (l->h, "resource.sched-status", 0, NULL, NULL);

    json_decref (t->counts);
    t->counts = NULL;
    t->timeleft = -1;
    if (status && rstates_create (&states, status) == 0) {
        t->counts = rstates_counts (&states, NULL);
        if (states.all->expiration > 0)
            t->timeleft = states.all->expiration - t->ji.now;
        rstates_clear (&states);
    }
    json_decref (status);
}

int top_refresh (struct top *t)
{
    struct top_level *l = here (t);
    json_t *queues = top_queue (t) ? json_pack ("[s]", top_queue (t)) : NULL;
    struct joblist_query q = {.states = FLUX_JOB_STATE_RUNNING | FLUX_JOB_STATE_PENDING,
                              .userid = FLUX_USERID_UNKNOWN,
                              .max_entries = TOP_JOBS_MAX,
                              .queues = queues};
    json_t *attrs = json_pack ("[sssssssssss]", "userid", "state", "result", "ntasks", "nnodes",
                               "t_run", "t_cleanup", "name", "queue", "annotations", "expiration");
    flux_error_t error = {0};
    json_t *jobs = joblist_query (l->h, &q, attrs, &error);

    if (jobs) {
        json_decref (t->jobs);
        t->jobs = jobs;
        t->ji.now = walltime_now ();
        joblist_stats (l->h, queues, &t->stats, NULL);
        read_resources (t);
        t->uptime = l->starttime > 0 ? t->ji.now - l->starttime : -1;
    } else {
        snprintf (t->message, sizeof (t->message), "%s", error.text);
    }
    json_decref (queues);
    return jobs ? 0 : -1;
}

int top_refresh_or_back (struct top *t)
{
    while (top_refresh (t) < 0)
        if (!top_back (t))
            return -1;
    return 0;
}

static flux_jobid_t id_at (const struct top *t, int i)
{
    return json_integer_value (json_object_get (json_array_get (t->jobs, i), "id"));
}

int top_selected (const struct top *t)
{
    int count = (int)json_array_size (t->jobs);

    for (int i = 0; t->selected != FLUX_JOBID_ANY && i < count; i++)
        if (id_at (t, i) == t->selected)
            return i;
    return -1;
}

void top_move (struct top *t, int by)
{
    int count = (int)json_array_size (t->jobs), to = top_selected (t) + by;

    if (count > 0)
        t->selected = id_at (t, to < 0 ? 0 : to >= count ? count - 1 : to);
}

/* All queues are one of them. */
void top_rotate_queue (struct top *t, int by)
{
    int count = (int)json_array_size (t->queues) + 1;

    t->queue = (t->queue + 1 + by + count) % count - 1;
    if (t->queue < 0) {
        free (t->wanted);
        t->wanted = NULL;
    }
}

void top_enter (struct top *t)
{
    const json_t *job = json_array_get (t->jobs, top_selected (t));
    const char *uri = job ? jobinfo_uri (job) : NULL;
    flux_error_t error = {0};
    char *title;
    flux_t *h;

    if (!uri || t->depth + 1 >= TOP_DEPTH_MAX)
        return;
    if (!(h = cmd_open_uri (uri, &error))) {
        snprintf (t->message, sizeof (t->message), "cannot open %s: %s", uri, error.text);
        return;
    }
    if (asprintf (&title, "%s/%s", here (t)->title, FID (t->selected)) < 0) {
        flux_close (h);
        return;
    }
    t->depth++;
    level_init (here (t), h, title);
    free (title);
    t->selected = FLUX_JOBID_ANY;
    read_queues (t);
}

bool top_back (struct top *t)
{
    if (t->depth == 0)
        return false;
    level_clear (here (t));
    t->depth--;
    t->selected = FLUX_JOBID_ANY;
    read_queues (t);
    return true;
}

void top_init (struct top *t, flux_t *h, const char *title, const char *queue)
{
    *t = (struct top){.selected = FLUX_JOBID_ANY, .wanted = queue ? strdup (queue) : NULL};
    jobinfo_init (&t->ji, false);
    level_init (here (t), h, title);
    read_queues (t);
}

void top_clear (struct top *t)
{
    for (; t->depth >= 0; t->depth--)
        level_clear (here (t));
    json_decref (t->queues);
    json_decref (t->counts);
    json_decref (t->jobs);
    free (t->wanted);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The table of queues, see jobqueue.h. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "lib/job/jobspec.h"
#include "lib/job/rv1.h"
#include "lib/util/errprintf.h"
#include "lib/util/json_keys.h"
#include "lib/util/json_strings.h"
#include "shell/service/job_manager/jobqueue.h"
#include "shell/service/job_manager/queue.h"

static void jobqueue_free (struct jobqueue *q)
{
    if (q) {
        int saved_errno = errno;
        struct user_count *u, *tmp;
        HASH_ITER (hh, q->users, u, tmp)
        {
            HASH_DEL (q->users, u);
            free (u);
        }
        queue_policy_clear (&q->policy);
        json_decref (q->constraint);
        queue_destroy (q->pending);
        free (q->disable_reason);
        free (q->stop_reason);
        free (q->name);
        free (q);
        errno = saved_errno;
    }
}

static struct jobqueue *jobqueue_new (const char *name)
{
    struct jobqueue *q = calloc (1, sizeof (*q));

    if (!q || !(q->pending = queue_create ()) || (name && !(q->name = strdup (name)))) {
        jobqueue_free (q);
        return NULL;
    }
    queue_policy_init (&q->policy);
    q->enabled = q->started = true;
    return q;
}

static void list_free (struct jobqueue *list)
{
    struct jobqueue *q;

    while ((q = list)) {
        list = q->next;
        jobqueue_free (q);
    }
}

struct jobqueues *jobqueues_create (void)
{
    struct jobqueues *qs = calloc (1, sizeof (*qs));

    if (!qs || !(qs->list = jobqueue_new (NULL))) {
        free (qs);
        return NULL;
    }
    return qs;
}

void jobqueues_destroy (struct jobqueues *qs)
{
    if (qs) {
        list_free (qs->list);
        free (qs->default_name);
        free (qs);
    }
}

static struct jobqueue *lookup (struct jobqueue *list, const char *name)
{
    struct jobqueue *q;

    LL_FOREACH (list, q)
    {
        if (name && q->name ? strcmp (q->name, name) == 0 : !name && !q->name)
            return q;
    }
    return NULL;
}

bool jobqueues_are_named (const struct jobqueues *qs)
{
    struct jobqueue *q;

    LL_FOREACH (qs->list, q)
    {
        if (q->name && !q->removed)
            return true;
    }
    return false;
}

struct jobqueue *jobqueues_find (struct jobqueues *qs, const char *name, flux_error_t *errp)
{
    struct jobqueue *q = lookup (qs->list, name);

    if (q && !q->removed)
        return q;
    errno = EINVAL;
    if (name)
        errprintf (errp, "'%s' is not a valid queue", name);
    else
        errprintf (errp, "a named queue is required");
    return NULL;
}

struct jobqueue *jobqueues_lookup (struct jobqueues *qs, const char *name)
{
    return lookup (qs->list, name);
}

struct jobqueue *jobqueue_root (struct jobqueue *q)
{
    return q->parent ? q->parent : q;
}

bool jobqueue_is_started (const struct jobqueue *q)
{
    return q->started && (!q->parent || q->parent->started);
}

/* ---- from the configuration ---- */

static bool are_properties (const json_t *names)
{
    size_t i;
    json_t *name;

    if (!json_is_strings (names))
        return false;
    json_array_foreach (names, i, name)
    {
        if (!rv1_property_valid (json_string_value (name)))
            return false;
    }
    return true;
}

/* requires: properties; hosts: a hostlist, or "all". */
static int parse_members (struct jobqueue *q, const json_t *entry, flux_error_t *errp)
{
    json_t *requires = json_object_get (entry, "requires");
    json_t *hosts = json_object_get (entry, "hosts");
    static const char *const keys[] = {"requires", "hosts", "parent", "policy", NULL};
    char where[128];

    snprintf (where, sizeof (where), "queues.%s", q->name);
    if (json_check_keys (entry, keys, where, errp) < 0)
        return -1;
    if (requires && hosts)
        return errprintf (errp, "queues.%s: has both requires and hosts", q->name);
    if (hosts && !json_is_string (hosts))
        return errprintf (errp, "queues.%s.hosts: must be a hostlist", q->name);
    if (hosts && strcmp (json_string_value (hosts), "all") != 0)
        q->constraint = json_pack ("{s:[O]}", "hostlist", hosts);
    if (!requires)
        return 0;
    if (!are_properties (requires))
        return errprintf (errp, "queues.%s.requires: must be an array of properties", q->name);
    if (json_array_size (requires) > 0)
        q->constraint = json_pack ("{s:O}", "properties", requires);
    return 0;
}

static int parse_parent (struct jobqueue *list, struct jobqueue *q, const json_t *queues,
                         flux_error_t *errp)
{
    json_t *entry = json_object_get (queues, q->name);
    json_t *o = json_object_get (entry, "parent");
    const char *parent = json_string_value (o);

    if (!o)
        return 0;
    if (!parent)
        return errprintf (errp, "queue '%s': 'parent' must be a string", q->name);
    if (strcmp (parent, q->name) == 0)
        return errprintf (errp, "queue '%s': parent queue is itself", q->name);
    if (!(q->parent = lookup (list, parent)))
        return errprintf (errp, "queue '%s': parent queue '%s' is not configured", q->name, parent);
    if (json_object_get (json_object_get (queues, parent), "parent"))
        return errprintf (errp, "queue '%s': parent queue '%s' is itself a virtual queue", q->name,
                          parent);
    if (q->constraint || json_object_get (entry, "requires") || json_object_get (entry, "hosts"))
        return errprintf (errp, "queue '%s': a virtual queue has the resources of its parent",
                          q->name);
    if (json_object_get (json_object_get (entry, "policy"), "scheduler"))
        return errprintf (errp, "queue '%s': a virtual queue has the scheduler of its parent",
                          q->name);
    q->constraint = json_incref (q->parent->constraint);
    return 0;
}

static int parse_policies (struct jobqueue *q, const json_t *config, flux_error_t *errp)
{
    const json_t *queues = json_object_get (config, "queues");
    const char *names[2] = {q->parent ? q->parent->name : NULL, q->name};
    char where[128];

    if (queue_policy_parse (&q->policy, json_object_get (config, "policy"), "policy", errp) < 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        if (!names[i])
            continue;
        snprintf (where, sizeof (where), "queues.%s.policy", names[i]);
        if (queue_policy_parse (&q->policy,
                                json_object_get (json_object_get (queues, names[i]), "policy"),
                                where, errp) < 0)
            return -1;
    }
    return 0;
}

static int parse_list (struct jobqueue **list, const json_t *config, flux_error_t *errp)
{
    json_t *queues = json_object_get (config, "queues"), *entry;
    const char *name;
    struct jobqueue *q;

    errno = EINVAL;
    if (queues && !json_is_object (queues))
        return errprintf (errp, "queues: must be a table");
    json_object_foreach (queues, name, entry)
    {
        if (!json_is_object (entry))
            return errprintf (errp, "queue %s: configuration must be a table", name);
        if (!(q = jobqueue_new (name)))
            return errprintf (errp, "out of memory");
        LL_APPEND (*list, q);
        if (parse_members (q, entry, errp) < 0)
            return -1;
    }
    if (!*list && !(*list = jobqueue_new (NULL)))
        return errprintf (errp, "out of memory");
    LL_FOREACH (*list, q)
    {
        if ((q->name && parse_parent (*list, q, queues, errp) < 0) ||
            parse_policies (q, config, errp) < 0)
            return -1;
    }
    return 0;
}

/* All of the new table, and the name of the default queue. */
static int parse (struct jobqueue **list, const char **default_name, const json_t *config,
                  flux_error_t *errp)
{
    const json_t *o = json_object_get (config, "policy");

    *list = NULL;
    for (const char *const *key = (const char *[]){"jobspec", "defaults", "system", "queue", NULL};
         *key; key++)
        o = json_object_get (o, *key);
    *default_name = json_string_value (o);
    errno = EINVAL;
    if (o && !*default_name)
        return errprintf (errp, "policy.jobspec.defaults.system.queue: must be a string");
    if (parse_list (list, config, errp) < 0)
        return -1;
    if (*default_name && !lookup (*list, *default_name))
        return errprintf (errp, "policy.jobspec.defaults.system.queue: '%s' is not configured",
                          *default_name);
    return 0;
}

int jobqueues_check (const json_t *config, flux_error_t *errp)
{
    struct jobqueue *list;
    const char *default_name;
    int rc = parse (&list, &default_name, config, errp);

    list_free (list);
    return rc;
}

/* Old gets what the configuration said of new; jobs stay where they are. */
static void take_over (struct jobqueue *old, struct jobqueue *new)
{
    struct queue_policy policy = old->policy;
    json_t *constraint = old->constraint;

    old->policy = new->policy;
    old->constraint = new->constraint;
    old->removed = false;
    new->policy = policy;
    new->constraint = constraint;
}

static void merge (struct jobqueues *qs, struct jobqueue *list)
{
    struct jobqueue *q, *next;

    LL_FOREACH (qs->list, q)
    q->removed = true;
    LL_FOREACH (list, q)
    {
        q->merged = lookup (qs->list, q->name);
        if (q->merged)
            take_over (q->merged, q);
        else
            q->merged = q;
    }
    LL_FOREACH (list, q)
    q->merged->parent = q->parent ? q->parent->merged : NULL;
    for (q = list; q; q = next) {
        next = q->next;
        q->next = NULL;
        if (q->merged == q)
            LL_APPEND (qs->list, q);
        else
            jobqueue_free (q);
    }
}

int jobqueues_configure (struct jobqueues *qs, const json_t *config, flux_error_t *errp)
{
    struct jobqueue *list;
    const char *default_name;

    if (parse (&list, &default_name, config, errp) < 0) {
        list_free (list);
        return -1;
    }
    merge (qs, list);
    free (qs->default_name);
    qs->default_name = default_name ? strdup (default_name) : NULL;
    return 0;
}

/* ---- state ---- */

static void set_reason (char **reason, const char *text)
{
    char *copy = text ? strdup (text) : NULL;

    free (*reason);
    *reason = copy;
}

void jobqueue_enable (struct jobqueue *q, bool enable, const char *reason)
{
    q->enabled = enable;
    set_reason (&q->disable_reason, enable ? NULL : reason);
}

void jobqueue_start (struct jobqueue *q, bool start, const char *reason)
{
    q->started = start;
    set_reason (&q->stop_reason, start ? NULL : reason);
}

json_t *jobqueue_status (const struct jobqueue *q)
{
    bool blocked = q->started && q->parent && !q->parent->started;
    json_t *o = json_pack ("{s:b s:b s:s* s:s* s:s*}", "enable", q->enabled, "start",
                           q->started && !blocked, "parent", q->parent ? q->parent->name : NULL,
                           "disable_reason", q->enabled ? NULL : q->disable_reason, "stop_reason",
                           q->started ? NULL : q->stop_reason);

    if (blocked) {
        json_object_set_new (o, "blocked", json_string ("parent"));
        json_object_set_new (o, "stop_reason",
                             json_sprintf ("parent queue '%s' is stopped", q->parent->name));
    }
    return o;
}

/* ---- what a job gets from its queue ---- */

static int add_constraint (struct jobspec *js, const json_t *more)
{
    json_t *wish = js->constraints, *both;
    json_t *a = json_object_get (wish, "properties"), *b = json_object_get (more, "properties");

    if (!wish || json_object_size (wish) == 0)
        both = json_deep_copy (more);
    else if (a && b && json_object_size (wish) == 1) {
        both = json_deep_copy (wish);
        json_array_extend (json_object_get (both, "properties"), b);
    } else
        both = json_pack ("{s:[OO]}", "and", wish, more);
    if (!both || json_object_set_new (js->system, "constraints", both) < 0) {
        errno = ENOMEM;
        return -1;
    }
    js->constraints = both;
    return 0;
}

static int set_name (struct jobspec *js, const char *name)
{
    json_t *o = json_string (name);

    if (!o || json_object_set_new (js->system, "queue", o) < 0)
        return -1;
    js->queue = json_string_value (o);
    return 0;
}

int jobqueue_set_defaults (struct jobqueues *qs, struct jobspec *js, struct jobqueue **qp,
                           flux_error_t *errp)
{
    struct jobqueue *q;

    if (!js->queue && qs->default_name && set_name (js, qs->default_name) < 0)
        return errprintf (errp, "out of memory");
    if (!(q = jobqueues_find (qs, js->queue, errp)))
        return -1;
    *qp = q;
    if (js->duration <= 0 && q->policy.default_duration > 0) {
        js->duration = q->policy.default_duration;
        json_object_set_new (js->system, "duration", json_real (js->duration));
    }
    if (q->constraint && add_constraint (js, q->constraint) < 0)
        return errprintf (errp, "out of memory");
    return 0;
}

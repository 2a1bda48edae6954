/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Queue policies, see qpolicy.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"
#include "shell/broker/attr.h"
#include "shell/service/sched/qpolicy.h"

#define TABLE "sched-fluxion-qmanager"

/* What the keys say, before it is a policy. The defaults are Fluxion's. */
struct settings {
    const char *name;
    uint32_t queue_depth, max_queue_depth;
    uint32_t reservation_depth, max_reservation_depth;
};

static const struct settings defaults = {
    .name = "fcfs",
    .queue_depth = 32,
    .max_queue_depth = 1000000,
    .reservation_depth = 64,
    .max_reservation_depth = 100000,
};

static const char *const policy_names[] = {"fcfs", "easy", "conservative", "hybrid"};

static const char *find_name (const char *s)
{
    for (size_t i = 0; i < sizeof (policy_names) / sizeof (policy_names[0]); i++) {
        if (strcmp (policy_names[i], s) == 0)
            return policy_names[i];
    }
    return NULL;
}

static int bad_name (const char *key, const char *value, flux_error_t *errp)
{
    errno = EINVAL;
    return errprintf (errp, "%s=%s: is none of fcfs, easy, conservative and hybrid", key, value);
}

static uint32_t smaller (uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static struct qpolicy make (const struct settings *s)
{
    struct qpolicy p = {.name = s->name,
                        .backfill = strcmp (s->name, "fcfs") != 0,
                        .queue_depth = smaller (s->queue_depth, s->max_queue_depth)};

    if (strcmp (s->name, "easy") == 0)
        p.reservation_depth = 1;
    else if (strcmp (s->name, "conservative") == 0)
        p.reservation_depth = smaller (p.queue_depth, s->max_reservation_depth);
    else if (strcmp (s->name, "hybrid") == 0)
        p.reservation_depth = smaller (s->reservation_depth, s->max_reservation_depth);
    return p;
}

static int take_number (const json_t *o, const char *where, const char *key, uint32_t *value,
                        flux_error_t *errp)
{
    const char *s = json_string_value (o);
    char *end;
    json_int_t n = json_integer_value (o);

    if (s) {
        n = strtoll (s, &end, 10);
        if (end == s || *end)
            n = 0;
    }
    if (n < 1 || n > UINT32_MAX) {
        errno = EINVAL;
        return errprintf (errp, "%s.%s: must be a positive integer", where, key);
    }
    *value = n;
    return 0;
}

struct number_key {
    const char *key;
    size_t offset;
};

/* One of queue-params and policy-params. */
static int take_params (const json_t *o, const char *where, const char *table,
                        const struct number_key *keys, struct settings *s, flux_error_t *errp)
{
    char path[256];
    const char *key;
    json_t *value;

    snprintf (path, sizeof (path), "%s.%s", where, table);
    if (!json_is_object (o)) {
        errno = EINVAL;
        return errprintf (errp, "%s: must be a table", path);
    }
    json_object_foreach ((json_t *)o, key, value)
    {
        const struct number_key *k = keys;
        while (k->key && strcmp (k->key, key) != 0)
            k++;
        if (!k->key) {
            errno = EINVAL;
            return errprintf (errp, "%s.%s: unknown key", path, key);
        }
        if (take_number (value, path, key, (uint32_t *)((char *)s + k->offset), errp) < 0)
            return -1;
    }
    return 0;
}

static int take_key (const char *where, const char *key, const json_t *value, struct settings *s,
                     flux_error_t *errp)
{
    static const struct number_key queue_keys[] = {
        {"queue-depth", offsetof (struct settings, queue_depth)},
        {"max-queue-depth", offsetof (struct settings, max_queue_depth)},
        {0},
    };
    static const struct number_key policy_keys[] = {
        {"reservation-depth", offsetof (struct settings, reservation_depth)},
        {"max-reservation-depth", offsetof (struct settings, max_reservation_depth)},
        {0},
    };
    char path[256];

    if (strcmp (key, "queue-params") == 0)
        return take_params (value, where, key, queue_keys, s, errp);
    if (strcmp (key, "policy-params") == 0)
        return take_params (value, where, key, policy_keys, s, errp);
    snprintf (path, sizeof (path), "%s.%s", where, key);
    if (strcmp (key, "queue-policy") != 0) {
        errno = EINVAL;
        return errprintf (errp, "%s: unknown key", path);
    }
    const char *name = json_is_string (value) ? json_string_value (value) : "";
    if (!find_name (name))
        return bad_name (path, name, errp);
    s->name = find_name (name);
    return 0;
}

static int take_table (const json_t *table, const char *where, struct settings *s,
                       flux_error_t *errp)
{
    const char *key;
    json_t *value;

    if (table && !json_is_object (table)) {
        errno = EINVAL;
        return errprintf (errp, "%s: must be a table", where);
    }
    json_object_foreach ((json_t *)table, key, value)
    {
        if (strcmp (key, "queues") != 0 && take_key (where, key, value, s, errp) < 0)
            return -1;
    }
    return 0;
}

static int take_attrs (const struct attrs *attrs, struct settings *s, flux_error_t *errp)
{
    const char *name = attr_get (attrs, "sched.queue-policy");

    if (name && !find_name (name))
        return bad_name ("sched.queue-policy", name, errp);
    if (name)
        s->name = find_name (name);
    if (attr_get_uint32 (attrs, "sched.queue-depth", &s->queue_depth, errp) < 0 ||
        attr_get_uint32 (attrs, "sched.reservation-depth", &s->reservation_depth, errp) < 0)
        return -1;
    if (s->queue_depth == 0)
        s->queue_depth = 1;
    return 0;
}

static int take_queues (struct qpolicies *qp, const json_t *queues, const json_t *known,
                        const struct settings *dflt, flux_error_t *errp)
{
    const char *name;
    json_t *table;

    if (queues && !json_is_object (queues)) {
        errno = EINVAL;
        return errprintf (errp, TABLE ".queues: must be a table");
    }
    if (!(qp->entries = calloc (json_object_size (queues) + 1, sizeof (qp->entries[0]))))
        return errprintf (errp, "out of memory");
    json_object_foreach ((json_t *)queues, name, table)
    {
        struct settings s = *dflt;
        char where[200];
        snprintf (where, sizeof (where), TABLE ".queues.%s", name);
        if (!json_object_get (known, name)) {
            errno = EINVAL;
            return errprintf (errp, "%s: there is no queue of this name", where);
        }
        if (take_table (table, where, &s, errp) < 0)
            return -1;
        if (!(qp->entries[qp->count].queue = strdup (name)))
            return errprintf (errp, "out of memory");
        qp->entries[qp->count++].policy = make (&s);
    }
    return 0;
}

int qpolicies_parse (struct qpolicies *qp, const json_t *conf, const struct attrs *attrs,
                     flux_error_t *errp)
{
    struct settings s = defaults;
    const json_t *table = json_object_get (conf, TABLE), *known = json_object_get (conf, "queues");

    *qp = (struct qpolicies){0};
    if (take_table (table, TABLE, &s, errp) < 0 || (attrs && take_attrs (attrs, &s, errp) < 0) ||
        take_queues (qp, json_object_get (table, "queues"), known, &s, errp) < 0) {
        qpolicies_clear (qp);
        return -1;
    }
    qp->dflt = make (&s);
    return 0;
}

void qpolicies_clear (struct qpolicies *qp)
{
    int saved_errno = errno;

    for (size_t i = 0; i < qp->count; i++)
        free (qp->entries[i].queue);
    free (qp->entries);
    *qp = (struct qpolicies){0};
    errno = saved_errno;
}

const struct qpolicy *qpolicies_find (const struct qpolicies *qp, const char *queue)
{
    for (size_t i = 0; queue && i < qp->count; i++) {
        if (strcmp (qp->entries[i].queue, queue) == 0)
            return &qp->entries[i].policy;
    }
    return &qp->dflt;
}

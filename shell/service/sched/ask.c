/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* From a job to a request of the matcher: its facts make the tree, its constraint (RFC 31) the
 * expression. Hosts become ranks, since several ranks may be on one host. */

#include <errno.h>
#include <flux/hostlist.h>
#include <flux/idset.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"
#include "shell/service/job_manager/job.h"
#include "shell/service/sched/ask.h"

struct translate {
    ask_host_f hosts_of;
    void *hosts;
    flux_error_t *errp;
};

static struct constraint *translate (struct translate *t, const json_t *o);

static int add_children (struct translate *t, struct constraint *c, const json_t *values)
{
    size_t i;
    json_t *v;

    json_array_foreach (values, i, v)
    {
        struct constraint *arg = translate (t, v);
        if (!arg)
            return -1;
        if (constraint_add (c, arg) < 0) {
            constraint_destroy (arg);
            return errprintf (t->errp, "the constraint is nested too deeply");
        }
    }
    return 0;
}

static int add_names (struct translate *t, struct constraint *c, const json_t *values)
{
    size_t i;
    json_t *v;

    json_array_foreach (values, i, v)
    {
        if (!json_is_string (v) || constraint_add_name (c, json_string_value (v)) < 0)
            return errprintf (t->errp, "a property in the constraint is no name");
    }
    return 0;
}

static int add_ranks (struct translate *t, struct constraint *c, const json_t *values)
{
    size_t i;
    json_t *v;

    json_array_foreach (values, i, v)
    {
        struct idset *ids = json_is_string (v) ? idset_decode (json_string_value (v)) : NULL;
        if (!ids)
            return errprintf (t->errp, "ranks in the constraint are no idset");
        for (unsigned int r = idset_first (ids); r != IDSET_INVALID_ID; r = idset_next (ids, r))
            constraint_add_ranks (c, r, r);
        idset_destroy (ids);
    }
    return 0;
}

static void found_rank (uint32_t rank, void *arg)
{
    constraint_add_ranks (arg, rank, rank);
}

static int add_hosts (struct translate *t, struct constraint *c, const json_t *values)
{
    size_t i;
    json_t *v;

    json_array_foreach (values, i, v)
    {
        struct hostlist *hl = json_is_string (v) ? hostlist_decode (json_string_value (v)) : NULL;
        if (!hl)
            return errprintf (t->errp, "hosts in the constraint are no hostlist");
        for (const char *host = hostlist_first (hl); host; host = hostlist_next (hl))
            t->hosts_of (host, found_rank, c, t->hosts);
        hostlist_destroy (hl);
    }
    return 0;
}

static const struct {
    const char *name;
    constraint_op_t op;
    int (*add) (struct translate *t, struct constraint *c, const json_t *values);
} operators[] = {
    {"and", CONSTRAINT_AND, add_children},  {"or", CONSTRAINT_OR, add_children},
    {"not", CONSTRAINT_NOT, add_children},  {"properties", CONSTRAINT_PROPERTIES, add_names},
    {"ranks", CONSTRAINT_RANKS, add_ranks}, {"hostlist", CONSTRAINT_RANKS, add_hosts},
};

static struct constraint *translate_one (struct translate *t, const char *name,
                                         const json_t *values)
{
    for (size_t i = 0; i < sizeof (operators) / sizeof (operators[0]); i++) {
        if (strcmp (operators[i].name, name) != 0)
            continue;
        struct constraint *c = constraint_create (operators[i].op);
        if (!c || !json_is_array (values) || operators[i].add (t, c, values) < 0) {
            constraint_destroy (c);
            return NULL;
        }
        return c;
    }
    errprintf (t->errp, "unknown constraint operator: %s", name);
    return NULL;
}

/* An object of several operators is the `and` of them. */
static struct constraint *translate (struct translate *t, const json_t *o)
{
    struct constraint *all = constraint_create (CONSTRAINT_AND);
    const char *name;
    json_t *values;

    if (!all || !json_is_object (o)) {
        errprintf (t->errp, "a constraint must be an object");
        goto error;
    }
    json_object_foreach ((json_t *)o, name, values)
    {
        struct constraint *c = translate_one (t, name, values);
        if (!c)
            goto error;
        if (constraint_add (all, c) < 0) {
            constraint_destroy (c);
            errprintf (t->errp, "the constraint is nested too deeply");
            goto error;
        }
    }
    return all;
error:
    constraint_destroy (all);
    return NULL;
}

static struct request_resource *add (struct request *req, struct request_resource *parent,
                                     const char *type, uint32_t count, flux_error_t *errp)
{
    struct request_resource *r = request_add (req, parent, type, errp);

    if (r)
        r->count = (struct request_count){.min = count, .max = count, .op = '+', .operand = 1};
    return r;
}

/* [node ->] slot -> core [, gpu] */
static int add_tree (struct request *req, const struct job_facts *f, flux_error_t *errp)
{
    struct request_resource *node = NULL, *slot;
    uint32_t cores = f->cores > 0 ? f->cores : 1;

    if (f->nnodes > 0) {
        if (!(node = add (req, NULL, "node", f->nnodes, errp)))
            return -1;
        node->exclusive = f->exclusive || f->cores == 0 ? REQUEST_TRUE : REQUEST_UNSET;
    }
    if (!(slot = add (req, node, "slot", f->nslots > 0 ? f->nslots : 1, errp)) ||
        request_set_label (slot, "task") < 0 || !add (req, slot, "core", cores, errp) ||
        (f->gpus > 0 && !add (req, slot, "gpu", f->gpus, errp)))
        return -1;
    return 0;
}

struct request *ask_create (const struct job *job, ask_host_f hosts_of, void *hosts,
                            flux_error_t *errp)
{
    struct request *req = request_create ();
    struct translate t = {hosts_of, hosts, errp};

    if (!req || add_tree (req, &job->facts, errp) < 0)
        goto error;
    req->duration = job->facts.duration;
    if (job->live && job->live->constraint &&
        !(req->constraint = translate (&t, job->live->constraint)))
        goto error;
    if (request_seal (req, errp) < 0)
        goto error;
    return req;
error:
    request_destroy (req);
    errno = EINVAL;
    return NULL;
}

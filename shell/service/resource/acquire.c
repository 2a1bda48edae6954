/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* resource.acquire (RFC 28), for those who follow what there is to schedule: the resources and
 * which ranks are up, then what changes. The instance's own scheduler needs no message, so that any
 * number may follow here. What the RFC has no key for, ranks that come in addition, is told by the
 * whole of "resources" again. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/broker/waiters.h"
#include "shell/service/resource/private.h"

/* What the followers know. */
struct acquired {
    struct waiters *newcomers; // who know nothing yet
    struct waiters *followers;
    struct idset *ranks; // of R
    struct idset *up;
    char *lite;         // R_lite as text: cores and GPUs may come and go on a rank
    json_t *properties; // {"name":idset}
    double expiration;
};

static json_t *get_resources (const struct resource *r)
{
    struct rv1 *rs = r->R ? rv1_from_json (r->R, NULL) : rv1_create ();
    json_t *o = NULL;

    if (rs && (!r->exclude || rv1_remove_ranks (rs, r->exclude) == 0))
        o = rv1_to_json (rs);
    rv1_destroy (rs);
    return o;
}

static struct idset *get_up (const struct resource *r, const struct idset *ranks)
{
    struct idset *up = idset_create (0, IDSET_FLAG_AUTOGROW);

    for (unsigned int i = idset_first (ranks); up && i != IDSET_INVALID_ID;
         i = idset_next (ranks, i))
        if (i >= r->size || (r->ranks[i].online && !r->ranks[i].drained))
            idset_set (up,
                       i); // a rank without a broker, which R from a file may have, counts as up
    return up;
}

static void forget (struct acquired *a)
{
    idset_destroy (a->ranks);
    idset_destroy (a->up);
    free (a->lite);
    json_decref (a->properties);
    a->ranks = a->up = NULL;
    a->lite = NULL;
    a->properties = NULL;
}

static int look (const struct resource *r, const json_t *resources, struct acquired *now)
{
    struct rv1 *rs = rv1_from_json (resources, NULL);
    json_t *execution = json_object_get (resources, "execution");

    if (rs && (now->ranks = rv1_ranks (rs)) && (now->up = get_up (r, now->ranks)) &&
        (now->properties = rv1_properties_to_json (rs)))
        now->lite = json_dumps (json_object_get (execution, "R_lite"), JSON_COMPACT);
    now->expiration = rs ? rs->expiration : 0.;
    rv1_destroy (rs);
    if (now->lite)
        return 0;
    forget (now);
    return -1;
}

/* The ids of `a` which `b` has not, under a key, if there are any. */
static void put_diff (json_t *o, const char *key, const struct idset *a, const struct idset *b)
{
    struct idset *diff = idset_difference (a, b);
    char *text = diff && !idset_empty (diff) ? idset_encode (diff, IDSET_FLAG_RANGE) : NULL;

    if (text)
        json_object_set_new (o, key, json_string (text));
    free (text);
    idset_destroy (diff);
}

/* What ranks that were and are there have in a, and not in b. */
static void put_properties (json_t *o, const char *key, const json_t *a, const json_t *b,
                            const struct idset *both)
{
    json_t *changed = json_object (), *value;
    const char *name;

    json_object_foreach ((json_t *)a, name, value)
    {
        const char *had = json_string_value (json_object_get (b, name));
        struct idset *ids = idset_decode (json_string_value (value));
        struct idset *old = idset_decode (had ? had : ""), *mine = idset_intersect (ids, both);
        if (mine && old)
            put_diff (changed, name, mine, old);
        idset_destroy (ids);
        idset_destroy (old);
        idset_destroy (mine);
    }
    if (json_object_size (changed) > 0)
        json_object_set (o, key, changed);
    json_decref (changed);
}

static json_t *describe_change (const struct acquired *before, const struct acquired *now,
                                json_t *resources)
{
    json_t *o = json_object ();

    put_diff (o, "up", now->up, before->up);
    put_diff (o, "down", before->up, now->up);
    put_diff (o, "shrink", before->ranks, now->ranks);
    if (json_object_get (o, "shrink")) { // all that left count as down, those too that were
        struct idset *down = idset_difference (before->ranks, now->up);
        struct idset *still = idset_difference (now->ranks, before->up);
        if (down && still)
            put_diff (o, "down", down, still);
        idset_destroy (down);
        idset_destroy (still);
    }
    struct idset *both = idset_intersect (before->ranks, now->ranks);
    put_properties (o, "property-add", now->properties, before->properties, both);
    put_properties (o, "property-remove", before->properties, now->properties, both);
    idset_destroy (both);
    if (before->expiration != now->expiration)
        json_object_set_new (o, "expiration", json_real (now->expiration));
    if (strcmp (before->lite, now->lite) != 0)
        json_object_set (o, "resources", resources);
    return o;
}

struct delivery {
    struct router *rt;
    json_t *o;
    struct acquired *a;
};

static void deliver (const flux_msg_t *msg, void *arg)
{
    struct delivery *d = arg;

    router_respond_pack (d->rt, msg, "O", d->o);
}

static void welcome (const flux_msg_t *msg, void *arg)
{
    struct delivery *d = arg;

    if (waiters_add (d->a->followers, msg) < 0)
        router_respond_error (d->rt, msg, errno, NULL);
    else
        router_respond_pack (d->rt, msg, "O", d->o);
}

/* Resources that are not given are known when all ranks have told theirs: a scheduler need not
 * understand that they become more. */
static void welcome_newcomers (struct resource *r, json_t *resources)
{
    struct acquired *a = r->acquired;

    if (waiters_count (a->newcomers) == 0 || !(r->R_given || r->defined))
        return;
    char *up = idset_encode (a->up, IDSET_FLAG_RANGE);
    struct delivery d = {r->rt, json_pack ("{s:O s:s}", "resources", resources, "up", up ? up : ""),
                         a};
    waiters_each (a->newcomers, welcome, &d);
    waiters_clear (a->newcomers);
    json_decref (d.o);
    free (up);
}

static void update (struct router *rt, void *arg)
{
    struct resource *r = arg;
    struct acquired *a = r->acquired, now = {0};
    json_t *resources = get_resources (r);

    if (resources && look (r, resources, &now) == 0) {
        if (waiters_count (a->followers) > 0) {
            struct delivery d = {rt, describe_change (a, &now, resources), a};
            if (json_object_size (d.o) > 0)
                waiters_each (a->followers, deliver, &d);
            json_decref (d.o);
        }
        now.followers = a->followers;
        now.newcomers = a->newcomers;
        forget (a);
        *a = now;
        welcome_newcomers (r, resources);
    }
    json_decref (resources);
}

void acquire_changed (struct resource *r)
{
    if (r->acquired &&
        waiters_count (r->acquired->followers) + waiters_count (r->acquired->newcomers) > 0)
        router_at_turn_end (r->rt, update, r);
}

void acquire_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct resource *r = arg;

    if (!flux_msg_is_streaming (msg)) {
        router_respond_error (rt, msg, EPROTO, "acquire requires streaming RPC flag");
        return;
    }
    if (waiters_add (r->acquired->newcomers, msg) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else
        update (rt, r);
}

void acquire_cancel_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct resource *r = arg;
    const flux_msg_t *held = waiters_cancel (r->acquired->followers, msg);

    if (!held)
        held = waiters_cancel (r->acquired->newcomers, msg);
    if (held)
        router_respond_error (rt, held, ECANCELED, NULL);
    flux_msg_decref (held);
}

void acquire_disconnect (struct resource *r, const flux_msg_t *msg)
{
    waiters_disconnect (r->acquired->followers, msg);
    waiters_disconnect (r->acquired->newcomers, msg);
}

struct acquired *acquired_create (void)
{
    struct acquired *a = calloc (1, sizeof (*a));

    if (a && (!(a->followers = waiters_create ()) || !(a->newcomers = waiters_create ()))) {
        acquired_destroy (a);
        return NULL;
    }
    return a;
}

void acquired_destroy (struct acquired *a)
{
    if (a) {
        forget (a);
        waiters_destroy (a->followers);
        waiters_destroy (a->newcomers);
        free (a);
    }
}

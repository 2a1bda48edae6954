/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What clients ask of the resources. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <flux/request.h>

#include "shell/service/resource/private.h"
#include "shell/service/sched/sched.h"

void sched_status_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct resource *r = arg;

    router_respond_pack (rt, msg, "o", sched_status (r->sched));
}

static char *encode_ranks (struct resource *r, bool (*pick) (const struct rank_state *rs))
{
    struct idset *ids = idset_create (r->size, 0);

    for (uint32_t i = 0; ids && i < r->size; i++) {
        if (pick (&r->ranks[i]))
            idset_set (ids, i);
    }
    char *s = ids ? idset_encode (ids, IDSET_FLAG_RANGE) : NULL;
    idset_destroy (ids);
    return s;
}

static bool is_online (const struct rank_state *rs)
{
    return rs->online;
}

static bool is_offline (const struct rank_state *rs)
{
    return !rs->online;
}

void resource_status_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct resource *r = arg;
    char *online = encode_ranks (r, is_online);
    char *offline = encode_ranks (r, is_offline);
    json_t *R = r->R ? json_copy (r->R) : NULL; // without its graph, which may be large
    char *exclude = r->exclude ? idset_encode (r->exclude, IDSET_FLAG_RANGE) : NULL;

    json_object_del (R, "scheduling");
    router_respond_pack (rt, msg, "{s:o? s:s s:s s:s s:s s:o}", "R", R, "online",
                         online ? online : "", "offline", offline ? offline : "", "exclude",
                         exclude ? exclude : "", "torpid", "", "drain", drain_to_json (r));
    free (online);
    free (offline);
    free (exclude);
}

static int online_count (const struct resource *r)
{
    int count = 0;

    for (uint32_t i = 0; i < r->size; i++)
        count += r->ranks[i].online;
    return count;
}

static int wanted_count (const flux_msg_t *msg, int *wanted)
{
    return flux_request_unpack (msg, NULL, "{s:i}", "up", wanted);
}

/* resource.monitor-waitup {"up":i} -> {} once so many ranks are online */
void resource_waitup_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct resource *r = arg;
    int wanted;

    if (wanted_count (msg, &wanted) < 0 || waiters_add (r->waitups, msg) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else
        resource_check_waitups (r);
}

struct waitup_check {
    struct resource *r;
    int online;
    struct waiters *left;
};

static void check_waitup (const flux_msg_t *msg, void *arg)
{
    struct waitup_check *check = arg;
    int wanted;

    if (wanted_count (msg, &wanted) == 0 && wanted == check->online)
        router_respond (check->r->rt, msg, NULL);
    else if (waiters_add (check->left, msg) < 0)
        router_respond_error (check->r->rt, msg, errno, NULL);
}

void resource_check_waitups (struct resource *r)
{
    struct waitup_check check = {r, 0, NULL};

    if (waiters_count (r->waitups) == 0 || !(check.left = waiters_create ()))
        return;
    check.online = online_count (r);
    waiters_each (r->waitups, check_waitup, &check);
    waiters_destroy (r->waitups);
    r->waitups = check.left;
}

/* The groups that flux-core's commands ask for; no others are kept. */
void group_get_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    const char *name;

    if (flux_request_unpack (msg, NULL, "{s:s}", "name", &name) < 0) {
        router_respond_error (rt, msg, EPROTO, NULL);
        return;
    }
    char *members = strcmp (name, "broker.online") == 0 ? encode_ranks (arg, is_online) : NULL;
    router_respond_pack (rt, msg, "{s:s}", "members", members ? members : "");
    free (members);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux uptime: how long the instance has been running. */

#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <flux/idset.h>

#include "lib/util/fsd.h"
#include "lib/util/monotime.h"
#include "shell/cmd/client.h"
#include "shell/cmd/verbs.h"

static const char *attr (struct cmd *c, flux_t *h, const char *name)
{
    const char *s = flux_attr_get (h, name);

    if (!s)
        cmd_die (c, "%s: %s", name, strerror (errno));
    return s;
}

static int count_ids (const char *s)
{
    struct idset *ids = s && *s ? idset_decode (s) : NULL;
    int n = ids ? (int)idset_count (ids) : 0;

    idset_destroy (ids);
    return n;
}

/* Drained nodes and nodes that are not there. */
static void count_nodes (flux_t *h, int size, int *drained, int *offline)
{
    json_t *o = cmd_rpc_try (h, "resource.status", 0, NULL, NULL), *value;
    const char *key;

    *drained = *offline = 0;
    json_object_foreach (json_object_get (o, "drain"), key, value) *drained += count_ids (key);
    if (o)
        *offline = size - count_ids (json_string_value (json_object_get (o, "online")));
    json_decref (o);
}

/* True for each only if it holds for all queues. */
static void queue_state (flux_t *h, bool *disabled, bool *stopped)
{
    json_t *list = cmd_rpc_try (h, "job-manager.queue-list", 0, NULL, NULL);
    json_t *queues = json_object_get (list, "queues");
    size_t n = json_array_size (queues);

    *disabled = *stopped = true;
    for (size_t i = 0; i < (n ? n : 1); i++) {
        json_t *in = json_object (), *out;
        if (n)
            json_object_set (in, "name", json_array_get (queues, i));
        if (!(out = cmd_rpc_try (h, "job-manager.queue-status", 0, in, NULL)) ||
            json_is_true (json_object_get (out, "enable")))
            *disabled = false;
        if (!out || json_is_true (json_object_get (out, "start")))
            *stopped = false;
        json_decref (out);
    }
    json_decref (list);
}

static int run (struct cmd *c)
{
    flux_t *h = cmd_open (c);
    double now = walltime_now (), duration = 0;
    const char *state = "run";
    int size = atoi (attr (c, h, "size")), drained = 0, offline = 0;
    bool disabled = false, stopped = false;
    struct passwd *pw = getpwuid ((uid_t)strtoul (attr (c, h, "security.owner"), NULL, 10));
    char clock[16], since[32];
    time_t t = (time_t)now;
    struct tm tm;

    json_t *o = cmd_rpc_try (h, "state-machine.get", FLUX_NODEID_ANY, NULL, NULL);
    json_unpack (o, "{s?s s?F}", "state", &state, "duration", &duration);
    if (!o && flux_attr_get (h, "broker.state"))
        state = flux_attr_get (h, "broker.state");
    if (strcmp (state, "run") == 0) {
        duration = now - strtod (attr (c, h, "broker.starttime"), NULL);
        count_nodes (h, size, &drained, &offline);
        queue_state (h, &disabled, &stopped);
    }
    fsd_format_duration_ex (since, sizeof (since), duration, 2);
    strftime (clock, sizeof (clock), "%T", localtime_r (&t, &tm));
    printf (" %s %s %s,  owner %s,  depth %s,  size %d", clock, state, since,
            pw ? pw->pw_name : attr (c, h, "security.owner"), attr (c, h, "instance-level"), size);
    if (drained > 0)
        printf (",  %d drained", drained);
    if (offline > 0)
        printf (",  %d offline", offline);
    printf ("\n");
    if (disabled || stopped)
        printf ("  %s%s%s\n", disabled ? "submit disabled" : "", disabled && stopped ? ",  " : "",
                stopped ? "scheduler stopped" : "");
    json_decref (o);
    flux_close (h);
    return 0;
}

const struct cmd_verb cmd_verb_uptime = {
    .name = "uptime",
    .summary = "Show how long the instance has been running",
    .run = run,
};

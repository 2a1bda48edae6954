/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux resource eventlog: what has happened to the resources (RFC 44). */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/cmd/client.h"
#include "shell/cmd/evfmt.h"
#include "shell/cmd/resource.h"

static bool context_matches (struct cmd *c, const json_t *context)
{
    const char *s;
    int iter = 0;

    while ((s = cmd_next (c, "match-context", &iter))) {
        const char *equal = strchr (s, '=');
        char key[128];
        if (!equal || equal == s)
            cmd_die (c, "--match-context=%s: not KEY=VAL", s);
        snprintf (key, sizeof (key), "%.*s", (int)(equal - s), s);
        json_t *want = json_loads (equal + 1, JSON_DECODE_ANY, NULL);
        json_t *have = json_object_get (context, key);
        bool same =
            want ? json_equal (want, have)
                 : json_is_string (have) && strcmp (json_string_value (have), equal + 1) == 0;
        json_decref (want);
        if (!same)
            return false;
    }
    return true;
}

/* The journal sends arrays of events; an empty one says that what comes now is new. False: enough.
 */
static bool print_events (struct cmd *c, struct evfmt *e, json_t *events)
{
    const char *last = cmd_str (c, "wait", NULL);
    json_t *o;
    size_t i;

    if (json_array_size (events) == 0)
        return cmd_has (c, "follow") || last;
    json_array_foreach (events, i, o)
    {
        const char *name = json_string_value (json_object_get (o, "name"));
        if (evfmt_print (e, stdout, o) < 0)
            cmd_warn (c, "an event is malformed");
        if (last && name && strcmp (name, last) == 0 &&
            context_matches (c, json_object_get (o, "context")))
            return false;
    }
    return true;
}

static int run_eventlog (struct cmd *c)
{
    struct evfmt e;
    double timeout = cmd_fsd (c, "timeout", -1.);
    json_t *events;
    bool more = true;

    evfmt_init (&e, c);
    flux_t *h = cmd_open (c);
    flux_future_t *f = flux_rpc (h, "resource.journal", NULL, 0, FLUX_RPC_STREAMING);
    while (f && more) {
        if (flux_future_wait_for (f, timeout) < 0 ||
            flux_rpc_get_unpack (f, "{s:o}", "events", &events) < 0) {
            if (errno == ENODATA)
                break;
            if (errno == ETIMEDOUT)
                return cmd_fail (c, "timed out");
            return cmd_fail (c, "%s", cmd_why (f));
        }
        more = print_events (c, &e, events);
        flux_future_reset (f);
    }
    flux_future_destroy (f);
    flux_close (h);
    return 0;
}

static const struct cmd_opt eventlog_opts[] = {
    EVFMT_OPTS,
    {.key = 'F', .name = "follow", .help = "Go on with new events"},
    {.key = 't', .name = "timeout", .arg = "TIME", .help = "Give up after this long"},
    {.key = 'w', .name = "wait", .arg = "EVENT", .help = "Go on until this event"},
    {.key = 'm',
     .name = "match-context",
     .arg = "KEY=VAL",
     .help = "With --wait, until one that has this in its context",
     .flags = CMD_OPT_REPEAT},
    {0},
};

const struct cmd_verb cmd_verb_resource_eventlog = {
    .name = "eventlog",
    .summary = "Show the events of resources",
    .opts = {eventlog_opts},
    .run = run_eventlog,
};

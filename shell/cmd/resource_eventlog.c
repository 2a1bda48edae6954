/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux resource eventlog: what has happened to the resources (RFC 44). */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <flux/hostlist.h>
#include <flux/idset.h>

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

/* --match-context is understood before anything is printed. */
static void check_context (struct cmd *c)
{
    const char *s;
    int iter = 0;

    while ((s = cmd_next (c, "match-context", &iter)))
        if (!strchr (s, '=') || *s == '=')
            cmd_die (c, "--match-context=%s: not KEY=VAL", s);
}

/* The ranks of --include, NULL: all. Hosts are those of the instance. */
static struct idset *included (struct cmd *c, flux_t *h)
{
    const char *s = cmd_str (c, "include", NULL);
    struct idset *ids = s ? idset_decode (s) : NULL;
    struct hostlist *want = s && !ids ? hostlist_decode (s) : NULL, *hosts;

    if (!s || ids)
        return ids;
    if (!want)
        cmd_die (c, "--include=%s: neither ranks nor hosts", s);
    hosts = hostlist_decode (flux_attr_get (h, "hostlist"));
    ids = idset_create (0, IDSET_FLAG_AUTOGROW);
    for (const char *host = hostlist_first (want); host; host = hostlist_next (want)) {
        int rank = hosts ? hostlist_find (hosts, host) : -1;
        if (rank < 0)
            cmd_die (c, "--include: host '%s' not found", host);
        idset_set (ids, rank);
    }
    hostlist_destroy (hosts);
    hostlist_destroy (want);
    return ids;
}

/* Is the event about one of the ranks? One that names none is about all. */
static bool concerns (const struct idset *ranks, const json_t *context)
{
    json_t *o = json_object_get (context, "idset");
    const char *s = json_string_value (o ? o : json_object_get (context, "ranks"));
    struct idset *ids = s ? idset_decode (s) : NULL;
    bool yes = !ranks || !ids || idset_has_intersection (ids, ranks);

    idset_destroy (ids);
    return yes;
}

/* The journal sends arrays of events; an empty one says that what comes now is new. False: enough.
 */
static bool print_events (struct cmd *c, struct evfmt *e, const struct idset *ranks, json_t *events)
{
    const char *last = cmd_str (c, "wait", NULL);
    json_t *o;
    size_t i;

    if (json_array_size (events) == 0)
        return cmd_has (c, "follow") || last;
    json_array_foreach (events, i, o)
    {
        const char *name = json_string_value (json_object_get (o, "name"));
        if (concerns (ranks, json_object_get (o, "context")) && evfmt_print (e, stdout, o) < 0)
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
    check_context (c);
    flux_t *h = cmd_open (c);
    struct idset *ranks = included (c, h);
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
        more = print_events (c, &e, ranks, events);
        flux_future_reset (f);
    }
    idset_destroy (ranks);
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
    {.key = 'i',
     .name = "include",
     .arg = "TARGETS",
     .help = "Only events about these ranks or hosts"},
    {0},
};

const struct cmd_verb cmd_verb_resource_eventlog = {
    .name = "eventlog",
    .summary = "Show the events of resources",
    .opts = {eventlog_opts},
    .run = run_eventlog,
};

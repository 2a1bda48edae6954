/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux update: change attributes of an active job. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/fsd.h"
#include "lib/util/monotime.h"
#include "shell/cmd/client.h"
#include "shell/cmd/treedict.h"
#include "shell/cmd/verbs.h"

#define DURATION_KEY "attributes.system.duration"

/* What the duration is now, with all updates. */
static double current_duration (struct cmd *c, flux_t *h, flux_jobid_t id)
{
    json_t *in = cmd_pack (c, "{s:I s:[s] s:i}", "id", id, "keys", "jobspec", "flags",
                           FLUX_JOB_LOOKUP_CURRENT);
    json_t *out = cmd_rpc (c, h, "job-info.lookup", FLUX_NODEID_ANY, in, c->argv[0]);
    const char *text = json_string_value (json_object_get (out, "jobspec"));
    json_t *spec = text ? json_loads (text, 0, NULL) : NULL;
    double d = json_number_value (treedict_get (spec, DURATION_KEY));

    json_decref (spec);
    json_decref (out);
    return d;
}

/* "2h", or "+30m" and "-30m" from what it is. No limit is 0. */
static json_t *parse_duration (struct cmd *c, flux_t *h, flux_jobid_t id, const char *value)
{
    bool relative = *value == '+' || *value == '-';
    double d, now;

    if (fsd_parse_duration (value + relative, &d) < 0)
        cmd_die (c, "duration=%s: not a duration", value);
    if (relative) {
        now = current_duration (c, h, id);
        if (now == 0)
            cmd_die (c, "duration for %s is unlimited, can't update by %s", c->argv[0], value);
        d = *value == '+' ? now + d : now - d;
        if (d <= 0)
            cmd_die (c, "the duration of %s (%.6gs) cannot be reduced by %s", c->argv[0], now,
                     value + 1);
    }
    return json_real (__builtin_isinf (d) ? 0 : d);
}

static void add_update (struct cmd *c, flux_t **h, flux_jobid_t id, json_t *updates,
                        const char *arg)
{
    const char *equal = strchr (arg, '=');
    char key[256];
    json_t *value;

    if (!equal || equal == arg || equal - arg > 200)
        cmd_die (c, "%s: not KEY=VALUE", arg);
    size_t len = equal - arg;
    if (strncmp (arg, "name=", 5) == 0)
        snprintf (key, sizeof (key), "attributes.system.job.name");
    else if (strncmp (arg, "attributes.", 11) == 0 || strncmp (arg, "resources.", 10) == 0 ||
             strncmp (arg, "tasks.", 6) == 0)
        snprintf (key, sizeof (key), "%.*s", (int)len, arg);
    else
        snprintf (key, sizeof (key), "attributes.system.%.*s", (int)len, arg);
    if (strcmp (key, DURATION_KEY) == 0) {
        if (!*h && strchr ("+-", equal[1]))
            *h = cmd_open (c);
        value = parse_duration (c, *h, id, equal + 1);
    } else
        value = treedict_parse (equal + 1);
    json_object_set_new (updates, key, value);
}

static bool contains (json_t *context, json_t *updates)
{
    const char *key;
    json_t *value;

    json_object_foreach (updates, key, value)
    {
        json_t *have = json_object_get (context, key);
        bool number = json_is_number (value) && json_is_number (have);
        if (number ? json_number_value (value) != json_number_value (have)
                   : !json_equal (value, have))
            return false;
    }
    return true;
}

static int wait_for_update (struct cmd *c, flux_t *h, flux_jobid_t id, json_t *updates, double t0)
{
    flux_future_t *f = flux_job_event_watch (h, id, "eventlog", 0);
    const char *text, *name;
    bool seen = false;

    while (f && !seen) {
        if (flux_job_event_watch_get (f, &text) < 0)
            return cmd_fail (c, "%s: %s", c->argv[0],
                             errno == ENODATA ? "the job has ended" : cmd_why (f));
        json_t *o = json_loads (text, 0, NULL);
        name = json_string_value (json_object_get (o, "name"));
        seen = name && strcmp (name, "jobspec-update") == 0 &&
               json_number_value (json_object_get (o, "timestamp")) > t0 &&
               contains (json_object_get (o, "context"), updates);
        json_decref (o);
        flux_future_reset (f);
    }
    flux_future_destroy (f);
    return 0;
}

static int run (struct cmd *c)
{
    json_t *updates = json_object (), *value;
    double t0 = walltime_now ();
    const char *key;
    flux_t *h = NULL;
    int rc = 0;

    if (c->argc < 2)
        return cmd_fail_usage (c, "a job id and KEY=VALUE are needed");
    flux_jobid_t id = cmd_jobid (c, c->argv[0]);
    for (int i = 1; i < c->argc; i++)
        add_update (c, &h, id, updates, c->argv[i]);
    if (cmd_has (c, "dry-run")) {
        json_dumpf (updates, stdout, 0);
        printf ("\n");
        return 0;
    }
    if (!h)
        h = cmd_open (c);
    json_t *in = cmd_pack (c, "{s:I s:O}", "id", id, "updates", updates);
    json_decref (cmd_rpc (c, h, "job-manager.update", FLUX_NODEID_ANY, in, c->argv[0]));
    if (cmd_has (c, "wait"))
        rc = wait_for_update (c, h, id, updates, t0);
    json_object_foreach (updates, key, value)
    {
        char *s = json_dumps (value, JSON_ENCODE_ANY);
        if (cmd_has (c, "verbose") && rc == 0)
            cmd_warn (c, "updated %s to %s", key, s);
        free (s);
    }
    json_decref (updates);
    flux_close (h);
    return rc;
}

static const struct cmd_opt opts[] = {
    {.key = 'n', .name = "dry-run", .help = "Print the update, change nothing"},
    {.key = 'v', .name = "verbose", .help = "Say what was changed"},
    {.name = "wait", .help = "Wait until the update is in the job's eventlog"},
    {0},
};

const struct cmd_verb cmd_verb_update = {
    .name = "update",
    .args = "JOBID KEY=VALUE...",
    .summary = "Change attributes of an active job",
    .text = "KEY is duration (a duration, or +FSD, -FSD), queue, or what a plugin lets change.",
    .opts = {opts},
    .run = run,
    .flags = CMD_VERB_USAGE_2,
};

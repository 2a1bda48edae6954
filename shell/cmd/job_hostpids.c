/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux job hostpids: where the tasks of a job are, as processes. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <flux/idset.h>

#include "lib/util/monotime.h"
#include "shell/cmd/client.h"
#include "shell/cmd/job.h"
#include "shell/cmd/proctable.h"

struct where {
    char *service;
    int leader;
    bool started;
};

static void read_event (struct where *w, const char *text)
{
    json_t *o = json_loads (text, 0, NULL), *context = json_object_get (o, "context");
    const char *name = json_string_value (json_object_get (o, "name")), *service;

    if (name && strcmp (name, "shell.init") == 0 &&
        json_unpack (context, "{s:s s:i}", "service", &service, "leader-rank", &w->leader) == 0) {
        free (w->service);
        w->service = strdup (service);
    }
    w->started |= name && strcmp (name, "shell.start") == 0;
    json_decref (o);
}

/* Waits until all tasks have been started. deadline < 0: as long as that takes. */
static void wait_for_start (struct cmd *c, flux_t *h, flux_jobid_t id, double deadline,
                            struct where *w)
{
    flux_future_t *f = flux_job_event_watch (h, id, "guest.exec.eventlog", 0);
    const char *text;

    while (!w->started || !w->service) {
        double left = deadline < 0 ? -1. : deadline - monotime_now ();
        if (deadline >= 0 && left < 0)
            left = 0;
        if (!f || flux_future_wait_for (f, left) < 0 || flux_job_event_watch_get (f, &text) < 0) {
            if (errno == ETIMEDOUT)
                cmd_die (c, "%s: its tasks were not started in time", c->argv[0]);
            if (errno == ENODATA || errno == ENOENT)
                cmd_die (c, "%s: there is no such job, or it ended before it had tasks",
                         c->argv[0]);
            cmd_die (c, "%s: %s", c->argv[0], f ? cmd_why (f) : strerror (errno));
        }
        read_event (w, text);
        flux_future_reset (f);
    }
    flux_future_destroy (f);
}

static void print (const json_t *tasks, const struct idset *ranks, const char *delimiter)
{
    bool first = true;
    json_t *task;
    size_t i;

    json_array_foreach (tasks, i, task)
    {
        json_int_t rank = json_integer_value (json_object_get (task, "rank"));
        if (ranks && !idset_test (ranks, rank))
            continue;
        printf ("%s%s:%lld", first ? "" : delimiter,
                json_string_value (json_object_get (task, "host")),
                (long long)json_integer_value (json_object_get (task, "pid")));
        first = false;
    }
    printf ("\n");
}

static int run (struct cmd *c)
{
    const char *text = cmd_str (c, "ranks", "all");
    double timeout = cmd_fsd (c, "timeout", -1.);
    double deadline = timeout < 0 ? -1. : monotime_now () + timeout;
    struct idset *ranks = NULL;
    struct where w = {0};
    flux_error_t error;

    if (c->argc != 1)
        return cmd_fail (c, "one job id is needed");
    if (strcmp (text, "all") != 0 && !(ranks = idset_decode (text)))
        return cmd_fail (c, "--ranks=%s: not an idset", text);
    flux_jobid_t id = cmd_jobid (c, c->argv[0]);
    flux_t *h = cmd_open (c);
    wait_for_start (c, h, id, deadline, &w);
    json_t *tasks = proctable_get (h, w.service, w.leader, timeout, &error);
    if (!tasks)
        return cmd_fail (c, "%s: %s", c->argv[0], error.text);
    const char *delimiter = cmd_str (c, "delimiter", ",");
    print (tasks, ranks, strcmp (delimiter, "\\n") == 0 ? "\n" : delimiter);
    json_decref (tasks);
    idset_destroy (ranks);
    free (w.service);
    flux_close (h);
    return 0;
}

static const struct cmd_opt opts[] = {
    {.key = 'd',
     .name = "delimiter",
     .arg = "STRING",
     .help = "Put STRING between them (,); \\n is a new line"},
    {.key = 'r', .name = "ranks", .arg = "IDSET", .help = "Only these tasks"},
    {.key = 't', .name = "timeout", .arg = "FSD", .help = "Give up after this time"},
    {0},
};

const struct cmd_verb cmd_verb_job_hostpids = {
    .name = "hostpids",
    .args = "ID",
    .summary = "List HOST:PID of the tasks of a running job",
    .opts = {opts},
    .run = run,
};

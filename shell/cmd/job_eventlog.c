/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux job eventlog, wait-event, info. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/cmd/client.h"
#include "shell/cmd/evfmt.h"
#include "shell/cmd/job.h"

struct path_name {
    const char *name, *path;
    const char *last; // event that ends the log, or NULL
};

static const struct path_name paths[] = {
    {"eventlog", "eventlog", "clean"},
    {"exec", "guest.exec.eventlog", "done"},
    {"output", "guest.output", NULL},
    {"input", "guest.input", NULL},
    {0},
};

static const char *path_of (const char *name, const char **last)
{
    for (const struct path_name *p = paths; p->name; p++)
        if (strcmp (p->name, name) == 0 || strcmp (p->path, name) == 0) {
            *last = p->last;
            return p->path;
        }
    *last = NULL;
    return name;
}

_Noreturn static void die_not_found (struct cmd *c, const char *path)
{
    if (strcmp (path, "eventlog") == 0)
        cmd_die (c, "job %s not found", c->argv[0]);
    cmd_die (c, "eventlog path %s not found", path);
}

/* The caller frees the value. */
static char *lookup (struct cmd *c, flux_t *h, flux_jobid_t id, const char *key, int flags)
{
    flux_future_t *f = flux_rpc_pack (h, "job-info.lookup", FLUX_NODEID_ANY, 0, "{s:I s:[s] s:i}",
                                      "id", id, "keys", key, "flags", flags);
    const char *value;
    char *s = NULL;

    if (f && flux_rpc_get_unpack (f, "{s:s}", key, &value) == 0)
        s = strdup (value);
    else if (errno != ENOENT)
        cmd_die (c, "%s: %s", c->argv[0], cmd_why (f));
    flux_future_destroy (f);
    return s;
}

struct waiter {
    struct cmd *c;
    struct evfmt fmt;
    const char *path, *name;
    char *key;
    const char *value;
    int count;
    bool verbose, quiet, found;
};

static bool context_matches (const struct waiter *w, const json_t *context)
{
    json_t *o = json_object_get (context, w->key);
    char *s = o ? json_dumps (o, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    bool match = s && (strcmp (s, w->value) == 0 ||
                       (json_is_string (o) && strcmp (json_string_value (o), w->value) == 0));

    free (s);
    return match;
}

static bool event_matches (struct waiter *w, const json_t *entry)
{
    const char *name = json_string_value (json_object_get (entry, "name"));

    if (!w->name || !name || strcmp (name, w->name) != 0)
        return false;
    if (w->key && !context_matches (w, json_object_get (entry, "context")))
        return false;
    return --w->count == 0;
}

static void wait_failed (struct waiter *w, flux_future_t *f)
{
    if (errno == ENOENT)
        die_not_found (w->c, w->path);
    if (errno == ETIMEDOUT)
        cmd_die (w->c, "wait-event timeout on event '%s'", w->name ? w->name : "");
    if (errno != ENODATA)
        cmd_die (w->c, "%s: %s", w->c->argv[0], cmd_why (f));
    if (!w->found && w->name)
        cmd_die (w->c, "event '%s' never received", w->name);
}

/* One event. False when it was the last. */
static bool wait_event (struct waiter *w, const char *text)
{
    json_t *entry = json_loads (text, 0, NULL);

    if (!entry)
        cmd_die (w->c, "%s: an event is malformed", w->c->argv[0]);
    if (w->fmt.t0 == 0)
        w->fmt.t0 = json_number_value (json_object_get (entry, "timestamp"));
    w->found = event_matches (w, entry);
    if (w->verbose || (w->found && !w->quiet))
        evfmt_print (&w->fmt, stdout, entry);
    json_decref (entry);
    return !w->found;
}

static int wait_run (struct waiter *w, flux_jobid_t id, int flags, double timeout)
{
    flux_t *h = cmd_open (w->c);
    flux_future_t *f = flux_job_event_watch (h, id, w->path, flags);
    const char *text;

    if (!f)
        cmd_die (w->c, "%s: %s", w->c->argv[0], strerror (errno));
    for (;;) {
        if (flux_future_wait_for (f, timeout) < 0 || flux_job_event_watch_get (f, &text) < 0) {
            wait_failed (w, f);
            break;
        }
        if (!wait_event (w, text))
            break;
        flux_future_reset (f);
    }
    flux_future_destroy (f);
    flux_close (h);
    free (w->key);
    return 0;
}

static int run_wait_event (struct cmd *c)
{
    struct waiter w = {.c = c, .verbose = cmd_has (c, "verbose"), .quiet = cmd_has (c, "quiet")};
    const char *match = cmd_str (c, "match-context", NULL), *last;
    char *equal;

    if (c->argc != 2)
        return cmd_fail (c, "a job id and the name of an event are needed");
    flux_jobid_t id = cmd_jobid (c, c->argv[0]);
    evfmt_init (&w.fmt, c);
    w.name = c->argv[1];
    w.path = path_of (cmd_str (c, "path", "eventlog"), &last);
    w.count = cmd_int (c, "count", 1, 1, 1 << 30);
    if (match) {
        if (!(w.key = strdup (match)) || !(equal = strchr (w.key, '=')))
            return cmd_fail (c, "--match-context=%s: not KEY=VAL", match);
        *equal = '\0';
        w.value = equal + 1;
    }
    return wait_run (&w, id, cmd_has (c, "waitcreate") ? FLUX_JOB_EVENT_WATCH_WAITCREATE : 0,
                     cmd_fsd (c, "timeout", -1.));
}

static int run_eventlog (struct cmd *c)
{
    struct waiter w = {.c = c, .verbose = true, .count = 1};
    const char *last;

    if (c->argc != 1)
        return cmd_fail (c, "one job id is needed");
    flux_jobid_t id = cmd_jobid (c, c->argv[0]);
    evfmt_init (&w.fmt, c);
    w.path = path_of (cmd_str (c, "path", "eventlog"), &last);
    if (cmd_has (c, "follow")) {
        w.name = last;
        return wait_run (&w, id, FLUX_JOB_EVENT_WATCH_WAITCREATE, -1.);
    }
    flux_t *h = cmd_open (c);
    char *text = lookup (c, h, id, w.path, 0);
    if (!text)
        die_not_found (c, w.path);
    for (char *line = text, *next; line && *line; line = next) {
        next = strchr (line, '\n');
        if (next)
            *next++ = '\0';
        json_t *entry = json_loads (line, 0, NULL);
        if (!entry || evfmt_print (&w.fmt, stdout, entry) < 0)
            cmd_warn (c, "%s: an event is malformed", c->argv[0]);
        json_decref (entry);
    }
    free (text);
    flux_close (h);
    return 0;
}

static int run_info (struct cmd *c)
{
    const char *key;
    flux_error_t error;
    int flags = 0;

    if (c->argc != 2)
        return cmd_fail (c, "a job id and a key are needed: J, R, eventlog, jobspec, "
                            "guest.exec.eventlog, guest.input, guest.output");
    flux_jobid_t id = cmd_jobid (c, c->argv[0]);
    key = c->argv[1];
    bool original = cmd_has (c, "original") && strcmp (key, "jobspec") == 0;
    if (!cmd_has (c, "base") && (strcmp (key, "R") == 0 || strcmp (key, "jobspec") == 0))
        flags = FLUX_JOB_LOOKUP_CURRENT;
    flux_t *h = cmd_open (c);
    char *s = lookup (c, h, id, original ? "J" : key, original ? 0 : flags);
    if (!s)
        return cmd_fail (c, "%s: there is no such job, or it has no %s", c->argv[0], key);
    if (original) {
        char *spec = flux_unwrap_string (s, false, NULL, &error);
        if (!spec)
            return cmd_fail (c, "%s: cannot unwrap J: %s", c->argv[0], error.text);
        free (s);
        s = spec;
    }
    printf ("%s\n", s);
    free (s);
    flux_close (h);
    return 0;
}

static const struct cmd_opt eventlog_opts[] = {
    EVFMT_OPTS,
    {.key = 'F', .name = "follow", .help = "Go on with new events until the log ends"},
    {.key = 'p',
     .name = "path",
     .arg = "PATH",
     .help = "Another log of the job: exec, output, input, or a path"},
    {0},
};

static const struct cmd_opt wait_event_opts[] = {
    EVFMT_OPTS,
    {.key = 't', .name = "timeout", .arg = "DURATION", .help = "Give up after this long"},
    {.key = 'm',
     .name = "match-context",
     .arg = "KEY=VAL",
     .help = "Wait for an event that has this in its context"},
    {.key = 'c', .name = "count", .arg = "COUNT", .help = "Wait for the COUNT-th such event (1)"},
    {.key = 'q', .name = "quiet", .help = "Do not print the event"},
    {.key = 'v', .name = "verbose", .help = "Print all events up to it"},
    {.key = 'p',
     .name = "path",
     .arg = "PATH",
     .help = "Another log of the job: exec, output, input, or a path"},
    {.key = 'W', .name = "waitcreate", .help = "When there is no such log yet, wait for it"},
    {0},
};

static const struct cmd_opt info_opts[] = {
    {.key = 'o', .name = "original", .help = "Of jobspec: as it was submitted"},
    {.key = 'b', .name = "base", .help = "Of jobspec and R: without later updates"},
    {0},
};

const struct cmd_verb cmd_verb_job_eventlog = {
    .name = "eventlog",
    .args = "ID",
    .summary = "Show the eventlog of a job",
    .opts = {eventlog_opts},
    .run = run_eventlog,
};

const struct cmd_verb cmd_verb_job_wait_event = {
    .name = "wait-event",
    .args = "ID EVENT",
    .summary = "Wait for an event of a job",
    .opts = {wait_event_opts},
    .run = run_wait_event,
};

const struct cmd_verb cmd_verb_job_info = {
    .name = "info",
    .args = "ID KEY",
    .summary = "Show what is stored of a job: J, R, eventlog, jobspec, guest.output",
    .opts = {info_opts},
    .run = run_info,
};

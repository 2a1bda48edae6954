/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux job attach: follow a job to its end. */

#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <flux/idset.h>

#include "shell/cmd/attach_private.h"
#include "shell/cmd/mpir.h"
#include "shell/cmd/proctable.h"

#define PROCTABLE_TIMEOUT 30.

static void show_event (struct attach *a, const char *log, double t, const char *name,
                        json_t *context)
{
    char *s = context ? json_dumps (context, JSON_COMPACT) : NULL;

    fprintf (stderr, "%.3fs: %s.%s%s%s\n", t - jobstream_t0 (a->js), log, name, s ? " " : "",
             s ? s : "");
    free (s);
}

static void on_exception (struct attach *a, double t, json_t *context)
{
    const char *type = "", *note = "";
    int severity = 0;

    json_unpack (context, "{s?s s?i s?s}", "type", &type, "severity", &severity, "note", &note);
    attach_status_clear (a);
    fprintf (stderr, "%.3fs: job.exception %s type=%s severity=%d %s\n", t - jobstream_t0 (a->js),
             a->idtext, type, severity, note);
    if (severity > 0)
        return;
    a->fatal = true;
    a->status = "canceling due to exception";
    if (a->in)
        attach_input_stop (a->in);
}

static void on_finish (struct attach *a, json_t *context)
{
    flux_error_t error = {0};
    int status = 0;

    json_unpack (context, "{s:i}", "status", &status);
    a->exit_code = flux_job_waitstatus_to_exitcode (status, &error);
    if (a->exit_code != 0 && *error.text)
        fprintf (stderr, "flux-job: %s\n", error.text);
    if (a->in)
        attach_input_stop (a->in);
}

static void on_job_event (struct attach *a, double t, const char *name, json_t *context)
{
    attach_status_event (a, name);
    if (strcmp (name, "exception") == 0)
        on_exception (a, t, context);
    else if (strcmp (name, "finish") == 0)
        on_finish (a, context);
    else if (strcmp (name, "start") == 0 || strcmp (name, "clean") == 0) {
        a->running = true;
        attach_status_clear (a);
        if (a->tick)
            flux_watcher_stop (a->tick);
    }
    if (a->opts->show_events && strcmp (name, "exception") != 0)
        show_event (a, "job", t, name, context);
}

static void setup_input (struct attach *a)
{
    const char *ranks = a->opts->stdin_ranks ? a->opts->stdin_ranks : "all";

    if (a->opts->read_only || a->exit_code >= 0)
        return;
    if (!(a->in = attach_input_create (a->h, a->service, a->leader, ranks)))
        cmd_warn (a->c, "standard input is not sent to the job: %s", strerror (errno));
    else if (strcmp (ranks, "all") == 0)
        attach_input_start (a->in);
}

static void pty_failed (void *arg)
{
    setup_input (arg);
}

/* Left, not ended: the job goes on without us. */
static void pty_ended (void *arg, const char *text)
{
    struct attach *a = arg;

    if (strstr (text, "detach")) {
        fprintf (stderr, "flux-job: detached from %s\n", a->idtext);
        a->exit_code = 0;
        a->done = true;
        flux_reactor_stop (flux_get_reactor (a->h));
    }
}

static const struct attach_pty_ops pty_ops = {.failed = pty_failed, .ended = pty_ended};

static void on_shell_init (struct attach *a, json_t *context)
{
    const char *service = NULL, *pty = NULL;
    int capture = 0;

    if (json_unpack (context, "{s:i s:s s?s s?i}", "leader-rank", &a->leader, "service", &service,
                     "pty", &pty, "capture", &capture) < 0)
        return;
    free (a->service);
    if (!(a->service = strdup (service)))
        cmd_die (a->c, "out of memory");
    if (!pty || a->exit_code >= 0) {
        setup_input (a);
        return;
    }
    if (a->opts->read_only)
        cmd_die (a->c, "%s: cannot connect to a pty read-only", a->idtext);
    a->pty_capture = capture;
    a->pty = attach_pty_create (a->h, service, pty, a->leader, &pty_ops, a);
    if (!a->pty)
        setup_input (a);
}

static void on_answer (flux_future_t *f, void *arg)
{
    struct attach *a = arg;

    if (flux_future_get (f, NULL) < 0)
        cmd_warn (a->c, "%s: %s", a->idtext, cmd_why (f));
    flux_future_destroy (f);
}

void attach_answer_later (struct attach *a, flux_future_t *f)
{
    if (!f || flux_future_then (f, -1., on_answer, a) < 0)
        flux_future_destroy (f);
}

/* Tasks of a job that was started under a debugger wait before their first instruction. */
static void give_to_debugger (struct attach *a)
{
    flux_error_t error;
    json_t *tasks;

    if (!a->service ||
        !(tasks = proctable_get (a->h, a->service, a->leader, PROCTABLE_TIMEOUT, &error))) {
        cmd_warn (a->c, "%s: no table of processes for the debugger: %s", a->idtext,
                  a->service ? error.text : "the job shell did not say where it is");
        return;
    }
    mpir_spawned (tasks, a->idtext);
    json_decref (tasks);
    attach_answer_later (a, flux_job_kill (a->h, a->id, SIGCONT));
}

/* Close standard input of the tasks that get none. Sum of {nodeid, nnodes, ppn, repeat} is ntasks.
 */
static void on_shell_start (struct attach *a, json_t *context)
{
    json_t *map = json_object_get (context, "taskmap"), *blocks = map, *b;
    const char *ranks = a->opts->stdin_ranks;
    struct idset *open, *rest;
    size_t i;
    int ntasks = 0;

    if (mpir_wanted () && a->exit_code < 0)
        give_to_debugger (a);
    if (!a->in || !ranks || strcmp (ranks, "all") == 0)
        return;
    if (json_is_object (map))
        blocks = json_object_get (map, "map");
    json_array_foreach (blocks, i, b)
    {
        int nodeid, nnodes, ppn, repeat;
        if (json_unpack (b, "[iiii]", &nodeid, &nnodes, &ppn, &repeat) == 0)
            ntasks += nnodes * ppn * repeat;
    }
    open = idset_decode (ranks);
    rest = idset_create (0, IDSET_FLAG_AUTOGROW);
    if (open && rest && ntasks > 0 && idset_range_set (rest, 0, ntasks - 1) == 0 &&
        idset_subtract (rest, open) == 0 && !idset_empty (rest)) {
        char *s = idset_encode (rest, IDSET_FLAG_RANGE);
        if (s)
            attach_input_send (a->in, s, NULL, 0, true);
        free (s);
    }
    idset_destroy (open);
    idset_destroy (rest);
    attach_input_start (a->in);
}

static void on_exec_event (struct attach *a, double t, const char *name, json_t *context)
{
    if (strcmp (name, "shell.init") == 0)
        on_shell_init (a, context);
    else if (strcmp (name, "shell.start") == 0)
        on_shell_start (a, context);
    else if (strcmp (name, "log") == 0) {
        const char *rank = "", *component = "", *stream = "", *data = "";
        json_unpack (context, "{s?s s?s s?s s?s}", "rank", &rank, "component", &component, "stream",
                     &stream, "data", &data);
        if (!a->opts->quiet)
            fprintf (stderr, "%.3fs: %s[%s]: %s: ", t - jobstream_t0 (a->js), component, rank,
                     stream);
        fputs (data, stderr);
        return;
    }
    if (a->opts->show_exec)
        show_event (a, "exec", t, name, context);
}

static void event (struct jobstream *js, const char *log, double t, const char *name,
                   json_t *context, void *arg)
{
    struct attach *a = arg;

    if (strcmp (log, "job") == 0)
        on_job_event (a, t, name, context);
    else if (strcmp (log, "exec") == 0)
        on_exec_event (a, t, name, context);
    else
        attach_output_event (a, t, name, context);
}

static void failed (struct jobstream *js, const char *log, int errnum, const char *text, void *arg)
{
    struct attach *a = arg;

    attach_status_clear (a);
    if (strcmp (log, "job") == 0 && errnum == ENOENT)
        cmd_die (a->c, "%s: no such job", a->idtext);
    if (strcmp (log, "job") == 0 && errnum == EPERM)
        cmd_die (a->c, "%s: that is not your job", a->idtext);
    cmd_die (a->c, "%s: %s", a->idtext, text);
}

static void sentinel (struct jobstream *js, void *arg)
{
    attach_tail_flush (arg);
}

static void done (struct jobstream *js, void *arg)
{
    struct attach *a = arg;

    a->done = true;
    flux_reactor_stop (flux_get_reactor (a->h));
}

static const struct jobstream_ops ops = {
    .event = event, .data = attach_on_data, .failed = failed, .sentinel = sentinel, .done = done};

static void attach_clear (struct attach *a)
{
    jobstream_destroy (a->js);
    attach_pty_destroy (a->pty);
    attach_input_destroy (a->in);
    free (a->service);
    flux_watcher_destroy (a->tick);
    for (int i = 0; i < ATTACH_NSIGNALS; i++)
        flux_watcher_destroy (a->signals[i]);
    json_decref (a->tail);
}

/* Flush after each turn rather than after each line: output may come by the megabyte. */
static void on_prepare (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    fflush (stdout);
}

int attach_run (struct cmd *c, flux_t *h, flux_jobid_t id, const char *idtext,
                const struct attach_opts *opts)
{
    struct attach a = {.c = c, .h = h, .id = id, .idtext = idtext, .opts = opts, .exit_code = -1};
    int flags = JOBSTREAM_EXEC | JOBSTREAM_OUTPUT;
    flux_watcher_t *prep = flux_prepare_watcher_create (flux_get_reactor (h), on_prepare, NULL);

    if (opts->tail >= 0) {
        flags |= JOBSTREAM_SENTINEL;
        a.tail = json_array ();
    }
    a.js = jobstream_create (h, id, flags, opts->wait_event, &ops, &a);
    if (!a.js || !prep)
        cmd_die (c, "%s: %s", idtext, strerror (errno));
    flux_watcher_start (prep);
    if (!opts->read_only)
        attach_watch_signals (&a);
    attach_watch_status (&a);
    if (flux_reactor_run (flux_get_reactor (h), 0) < 0 || !a.done)
        cmd_warn (c, "%s: lost connection to the instance: %s", idtext, strerror (errno));
    if (a.tail)
        attach_tail_flush (&a);
    attach_status_clear (&a);
    flux_watcher_destroy (prep);
    attach_clear (&a);
    fflush (stdout);
    if (a.exit_code < 0 || (a.fatal && a.exit_code == 0))
        return 1;
    return a.exit_code;
}

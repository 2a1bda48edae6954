/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <flux/idset.h>

#include "lib/util/monotime.h"
#include "shell/cmd/attach.h"
#include "shell/cmd/attach_input.h"
#include "shell/cmd/attach_pty.h"
#include "shell/cmd/client.h"
#include "shell/cmd/jobstream.h"
#include "shell/cmd/mpir.h"
#include "shell/cmd/proctable.h"

/* ctrl-C twice within this time cancels, ctrl-C ctrl-Z detaches. */
#define INTERRUPT_SECONDS 2.0
#define PROCTABLE_TIMEOUT 30.

#define NSIGNALS 7

struct attach {
    struct cmd *c;
    flux_t *h;
    flux_jobid_t id;
    const char *idtext;
    const struct attach_opts *opts;
    struct jobstream *js;
    struct attach_input *in;
    struct attach_pty *pty;
    bool pty_capture; // what the pty shows is in the output too
    char *service;
    int leader;
    flux_watcher_t *signals[NSIGNALS];
    flux_watcher_t *tick;
    double t_interrupt;
    const char *status; // why it does not run yet
    bool status_shown;
    bool running;
    bool fatal;
    bool done;
    int exit_code;
    json_t *tail; // output events kept back
};

static const int forwarded[] = {SIGTERM, SIGHUP, SIGALRM, SIGUSR1, SIGUSR2};

static void status_clear (struct attach *a)
{
    if (a->status_shown)
        fprintf (stderr, "\r\033[K");
    a->status_shown = false;
}

static void status_show (struct attach *a)
{
    struct winsize ws;
    int t = (int)(walltime_now () - jobstream_t0 (a->js));
    int width = ioctl (STDERR_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0 ? ws.ws_col : 80;

    if (jobstream_t0 (a->js) == 0 || !a->status || a->running)
        return;
    width -= 20 + strlen (a->idtext);
    fprintf (stderr, "\rflux-job: %s %-*s %02d:%02d:%02d\r", a->idtext, width > 0 ? width : 0,
             a->status, t / 3600, t / 60 % 60, t % 60);
    a->status_shown = true;
}

static void on_tick (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    status_show (arg);
}

static const char *status_of_event (const char *name)
{
    static const char *const table[][2] = {
        {"submit", "submitted"},
        {"validate", "resolving dependencies"},
        {"depend", "waiting for priority assignment"},
        {"priority", "waiting for resources"},
        {"alloc", "starting"},
        {"prolog-start", "waiting for prolog"},
        {"prolog-finish", "starting"},
    };

    for (size_t i = 0; i < sizeof (table) / sizeof (table[0]); i++)
        if (strcmp (table[i][0], name) == 0)
            return table[i][1];
    return NULL;
}

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
    status_clear (a);
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
    const char *status = status_of_event (name);

    if (status)
        a->status = status;
    if (strcmp (name, "exception") == 0)
        on_exception (a, t, context);
    else if (strcmp (name, "finish") == 0)
        on_finish (a, context);
    else if (strcmp (name, "start") == 0 || strcmp (name, "clean") == 0) {
        a->running = true;
        status_clear (a);
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

static void answer_later (struct attach *a, flux_future_t *f)
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
    answer_later (a, flux_job_kill (a->h, a->id, SIGCONT));
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

static bool on_data (struct jobstream *js, const struct iodata *io, void *arg)
{
    struct attach *a = arg;
    FILE *f = strcmp (io->stream, "stdout") == 0 ? stdout : stderr;
    bool seen = a->pty && a->pty_capture && strcmp (io->rank, "0") == 0;

    if (a->tail) // it is not known yet whether this is of the last lines
        return false;
    if (io->len > 0 && !seen) {
        if (a->opts->label_io)
            fprintf (f, "%s: ", io->rank);
        fwrite (io->data, io->len, 1, f);
    }
    return true;
}

static void on_data_event (struct attach *a, json_t *context)
{
    struct iodata io;

    if (iodata_decode (&io, context) < 0)
        return;
    on_data (a->js, &io, a);
    iodata_clear (&io);
}

void attach_print_log (FILE *f, double t, json_t *context, bool verbose)
{
    static const char *const levels[] = {"FATAL", "FATAL", "FATAL", "ERROR",
                                         " WARN", NULL,    "DEBUG", "TRACE"};
    const char *message = "", *component = NULL, *file = NULL;
    int rank = -1, level = 5, line = -1;

    json_unpack (context, "{s?i s?i s?s s?s s?s s?i}", "rank", &rank, "level", &level, "message",
                 &message, "component", &component, "file", &file, "line", &line);
    fprintf (f, "%.3fs: flux-shell", t);
    if (rank >= 0)
        fprintf (f, "[%d]", rank);
    if (level >= 0 && level < 8 && levels[level])
        fprintf (f, ": %s", levels[level]);
    if (component)
        fprintf (f, ": %s", component);
    if (verbose && file)
        fprintf (f, ": %s:%d", file, line);
    fprintf (f, ": %s\n", message);
}

static void print_output (struct attach *a, double t, const char *name, json_t *context)
{
    const char *stream = "", *rank = "", *path = NULL;

    if (strcmp (name, "data") == 0)
        on_data_event (a, context);
    else if (strcmp (name, "log") == 0) {
        if (!a->opts->quiet)
            attach_print_log (stderr, t - jobstream_t0 (a->js), context, a->opts->verbose);
    } else if (strcmp (name, "redirect") == 0 && !a->opts->quiet && !a->opts->no_redirects) {
        json_unpack (context, "{s?s s?s s?s}", "stream", &stream, "rank", &rank, "path", &path);
        fprintf (stderr, "%s: %s redirected%s%s\n", rank, stream, path ? " to " : "",
                 path ? path : "");
    }
}

/* With --tail, keep the last lines until the output so far was told. */
static void on_output_event (struct attach *a, double t, const char *name, json_t *context)
{
    if (!a->tail || (strcmp (name, "data") != 0 && strcmp (name, "log") != 0)) {
        print_output (a, t, name, context);
        return;
    }
    if (!json_object_get (context, "data") && strcmp (name, "data") == 0)
        return;
    json_array_append_new (a->tail, json_pack ("[f s O]", t, name, context));
    if (json_array_size (a->tail) > (size_t)a->opts->tail)
        json_array_remove (a->tail, 0);
}

static void tail_flush (struct attach *a)
{
    json_t *tail = a->tail, *o;
    size_t i;

    a->tail = NULL;
    json_array_foreach (tail, i, o)
        print_output (a, json_number_value (json_array_get (o, 0)),
                      json_string_value (json_array_get (o, 1)), json_array_get (o, 2));
    json_decref (tail);
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
        on_output_event (a, t, name, context);
}

static void failed (struct jobstream *js, const char *log, int errnum, const char *text, void *arg)
{
    struct attach *a = arg;

    status_clear (a);
    if (strcmp (log, "job") == 0 && errnum == ENOENT)
        cmd_die (a->c, "%s: no such job", a->idtext);
    if (strcmp (log, "job") == 0 && errnum == EPERM)
        cmd_die (a->c, "%s: that is not your job", a->idtext);
    cmd_die (a->c, "%s: %s", a->idtext, text);
}

static void sentinel (struct jobstream *js, void *arg)
{
    tail_flush (arg);
}

static void done (struct jobstream *js, void *arg)
{
    struct attach *a = arg;

    a->done = true;
    flux_reactor_stop (flux_get_reactor (a->h));
}

static const struct jobstream_ops ops = {
    .event = event, .data = on_data, .failed = failed, .sentinel = sentinel, .done = done};

static void on_interrupt (struct attach *a)
{
    double now = monotime_now ();

    status_clear (a);
    if (a->t_interrupt > 0 && now - a->t_interrupt <= INTERRUPT_SECONDS) {
        answer_later (a, flux_job_cancel (a->h, a->id, "interrupted by ctrl-C"));
        return;
    }
    a->t_interrupt = now;
    flux_watcher_start (a->signals[1]);
    fprintf (stderr, "flux-job: one more ctrl-C within 2s to cancel or ctrl-Z to detach\n");
}

static void on_suspend (struct attach *a)
{
    if (monotime_now () - a->t_interrupt > INTERRUPT_SECONDS) {
        flux_watcher_stop (a->signals[1]);
        fprintf (stderr, "flux-job: one more ctrl-Z to suspend\n");
        return;
    }
    fprintf (stderr, "flux-job: detaching...\n");
    a->done = true;
    flux_reactor_stop (flux_get_reactor (a->h));
}

static void on_signal (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    struct attach *a = arg;
    int signum = flux_signal_watcher_get_signum (w);

    if (signum == SIGINT)
        on_interrupt (a);
    else if (signum == SIGTSTP)
        on_suspend (a);
    else
        answer_later (a, flux_job_kill (a->h, a->id, signum));
}

static void watch_signals (struct attach *a)
{
    flux_reactor_t *r = flux_get_reactor (a->h);

    a->signals[0] = flux_signal_watcher_create (r, SIGINT, on_signal, a);
    a->signals[1] = flux_signal_watcher_create (r, SIGTSTP, on_signal, a);
    for (int i = 2; i < NSIGNALS; i++)
        a->signals[i] = flux_signal_watcher_create (r, forwarded[i - 2], on_signal, a);
    for (int i = 0; i < NSIGNALS; i++) {
        if (!a->signals[i])
            cmd_die (a->c, "cannot watch signals: %s", strerror (errno));
        if (i != 1)
            flux_watcher_start (a->signals[i]);
    }
}

static void watch_status (struct attach *a)
{
    bool tty = isatty (STDIN_FILENO) && isatty (STDOUT_FILENO) && isatty (STDERR_FILENO);

    if (getenv ("FLUX_ATTACH_NONINTERACTIVE"))
        return;
    if (!a->opts->show_status && (!tty || a->opts->show_events))
        return;
    a->tick = flux_timer_watcher_create (flux_get_reactor (a->h), a->opts->show_status ? 0. : 2.,
                                         1., on_tick, a);
    if (a->tick)
        flux_watcher_start (a->tick);
}

static void attach_clear (struct attach *a)
{
    jobstream_destroy (a->js);
    attach_pty_destroy (a->pty);
    attach_input_destroy (a->in);
    free (a->service);
    flux_watcher_destroy (a->tick);
    for (int i = 0; i < NSIGNALS; i++)
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
        watch_signals (&a);
    watch_status (&a);
    if (flux_reactor_run (flux_get_reactor (h), 0) < 0 || !a.done)
        cmd_warn (c, "%s: lost connection to the instance: %s", idtext, strerror (errno));
    if (a.tail)
        tail_flush (&a);
    status_clear (&a);
    flux_watcher_destroy (prep);
    attach_clear (&a);
    fflush (stdout);
    if (a.exit_code < 0 || (a.fatal && a.exit_code == 0))
        return 1;
    return a.exit_code;
}

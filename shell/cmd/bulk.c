/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/util/monotime.h"
#include "lib/util/waitcode.h"
#include "shell/cmd/attach.h"
#include "shell/cmd/bulk.h"
#include "shell/cmd/client.h"
#include "shell/cmd/jobstream.h"
#include "shell/cmd/progress.h"

/* Requests under way at a time: enough to keep the instance busy, few enough for its queues. */
#define BULK_WINDOW 512

const struct cmd_opt bulk_opts[] = {
    {.help = "Many jobs"},
    {.name = "cc", .arg = "IDSET", .help = "One job for each id, which is {cc} and FLUX_JOB_CC"},
    {.name = "bcc", .arg = "IDSET", .help = "The same without FLUX_JOB_CC"},
    {.name = "wait-event", .arg = "NAME", .help = "Wait for this event of all jobs"},
    {.name = "wait", .help = "Wait for all jobs to end"},
    {.name = "watch", .help = "Show the output of all jobs (implies --wait)"},
    {.name = "log", .arg = "FILE", .help = "Print job ids and messages to FILE"},
    {.name = "log-stderr", .arg = "FILE", .help = "Print messages to FILE"},
    {.name = "progress", .help = "Show a progress bar"},
    {.name = "jps", .help = "With --progress, show jobs per second"},
    {0},
};

struct logfile {
    char *name;
    FILE *f;
    struct logfile *next;
};

struct bulk {
    struct cmd *c;
    flux_t *h;
    const char *wait_event; // NULL: only submit
    bool watch, quiet, label_io, show_progress;
    int verbose;
    struct progress progress;
    int submitting, following; // under way
    int submitted, total;
    int exit_code;
    double t0;
    struct logfile *logs;
};

enum status { PENDING, RUNNING, ENDED };

struct job {
    struct bulk *b;
    flux_jobid_t id;
    char *label;
    FILE *out, *err;
    struct jobstream *js;
    enum status status;
    bool started, failed, shell_init;
};

static void job_destroy (struct job *j)
{
    jobstream_destroy (j->js);
    free (j->label);
    free (j);
}

static FILE *open_log (struct bulk *b, const char *name)
{
    struct logfile *l;

    for (l = b->logs; l; l = l->next)
        if (strcmp (l->name, name) == 0)
            return l->f;
    if (!(l = calloc (1, sizeof (*l))) || !(l->name = strdup (name)))
        cmd_die (b->c, "out of memory");
    if (!(l->f = fopen (name, "we")))
        cmd_die (b->c, "%s: %s", name, strerror (errno));
    setvbuf (l->f, NULL, _IOLBF, 0);
    l->next = b->logs;
    b->logs = l;
    return l->f;
}

static void raise_exit_code (struct bulk *b, int code)
{
    if (code > b->exit_code)
        b->exit_code = code;
}

static void before_print (struct bulk *b)
{
    if (b->show_progress)
        progress_hide (&b->progress);
}

static void after_change (struct bulk *b)
{
    if (b->show_progress)
        progress_draw (&b->progress, false);
    if (b->submitting == 0 && b->following == 0)
        flux_reactor_stop (flux_get_reactor (b->h));
}

/* A job goes from one column of the progress bar to another. */
static void set_status (struct job *j, enum status status, bool failed)
{
    struct progress *p = &j->b->progress;

    if (j->status >= status)
        return;
    if (j->status == PENDING)
        p->pending--;
    else
        p->running--;
    if (status == RUNNING)
        p->running++;
    else if (failed)
        p->failed++;
    else
        p->complete++;
    j->status = status;
    j->failed = failed;
}

static void say (struct job *j, double t, const char *fmt, ...)
    __attribute__ ((format (printf, 3, 4)));
static void say (struct job *j, double t, const char *fmt, ...)
{
    va_list ap;

    before_print (j->b);
    fflush (stdout);
    fprintf (j->err, "%s: %4.3fs: ", FID (j->id), t - j->b->t0);
    va_start (ap, fmt);
    vfprintf (j->err, fmt, ap);
    va_end (ap);
    fputc ('\n', j->err);
}

static void say_event (struct job *j, const char *prefix, double t, const char *name,
                       json_t *context)
{
    char *s = context ? json_dumps (context, JSON_COMPACT) : NULL;

    say (j, t, "%s%s %s", prefix, name, s ? s : "");
    free (s);
}

static void on_exception (struct job *j, double t, json_t *context)
{
    const char *type = "", *note = "";
    int severity = 0;

    json_unpack (context, "{s?s s?i s?s}", "type", &type, "severity", &severity, "note", &note);
    if (severity > 0)
        return;
    if (!j->started) {
        raise_exit_code (j->b, 1);
        set_status (j, ENDED, true);
    }
    if (!j->shell_init)
        say (j, t, "exception: type=%s note=%s", type, note);
}

static void on_finish (struct job *j, double t, json_t *context)
{
    int status = 0;

    json_unpack (context, "{s:i}", "status", &status);
    raise_exit_code (j->b, waitcode (status));
    set_status (j, ENDED, status != 0);
    if (j->b->verbose > 0)
        say (j, t, "%s: status=%d", status ? "failed" : "complete", status);
}

static void on_job_event (struct job *j, double t, const char *name, json_t *context)
{
    if (strcmp (name, "exception") == 0)
        on_exception (j, t, context);
    else if (strcmp (name, "alloc") == 0)
        set_status (j, RUNNING, false);
    else if (strcmp (name, "start") == 0)
        j->started = true;
    else if (strcmp (name, "finish") == 0)
        on_finish (j, t, context);
}

static void on_output (struct job *j, double t, const char *name, json_t *context)
{
    struct iodata io;

    if (strcmp (name, "log") == 0) {
        before_print (j->b);
        attach_print_log (j->err, t - jobstream_t0 (j->js), context, false);
        return;
    }
    if (strcmp (name, "data") != 0 || iodata_decode (&io, context) < 0)
        return;
    if (io.len > 0) {
        FILE *f = strcmp (io.stream, "stdout") == 0 ? j->out : j->err;
        before_print (j->b);
        char label[256];
        snprintf (label, sizeof (label), "%s: %s: ", FID (j->id), io.rank);
        iodata_print (f, &io, j->b->label_io ? label : NULL);
    }
    iodata_clear (&io);
}

static void event (struct jobstream *js, const char *log, double t, const char *name,
                   json_t *context, void *arg)
{
    struct job *j = arg;

    if (j->b->t0 == 0 || t < j->b->t0)
        j->b->t0 = t;
    if (strcmp (log, "output") == 0) {
        on_output (j, t, name, context);
        return;
    }
    if (strcmp (log, "exec") == 0 && strcmp (name, "shell.init") == 0)
        j->shell_init = true;
    if (j->b->verbose > 1)
        say_event (j, strcmp (log, "exec") == 0 ? "exec." : "", t, name, context);
    if (strcmp (log, "job") == 0)
        on_job_event (j, t, name, context);
    if (j->b->show_progress)
        progress_draw (&j->b->progress, false);
}

static void failed (struct jobstream *js, const char *log, int errnum, const char *text, void *arg)
{
    struct job *j = arg;

    before_print (j->b);
    fprintf (j->err, "%s: %s: %s\n", j->b->c->name, FID (j->id), text);
    raise_exit_code (j->b, 1);
}

static void done (struct jobstream *js, void *arg)
{
    struct job *j = arg;
    struct bulk *b = j->b;

    b->following--;
    b->progress.ended++;
    job_destroy (j);
    after_change (b);
}

static const struct jobstream_ops ops = {.event = event, .failed = failed, .done = done};

static void follow (struct job *j)
{
    struct bulk *b = j->b;

    int flags = b->watch ? JOBSTREAM_EXEC | JOBSTREAM_OUTPUT : 0;

    if (b->wait_event && strncmp (b->wait_event, "exec.", 5) == 0)
        flags |= JOBSTREAM_EXEC;
    b->progress.pending++;
    j->js = jobstream_create (b->h, j->id, flags, b->wait_event, &ops, j);
    if (!j->js)
        cmd_die (b->c, "%s: %s", FID (j->id), strerror (errno));
    b->following++;
}

static void on_submitted (flux_future_t *f, void *arg)
{
    struct job *j = arg;
    struct bulk *b = j->b;

    b->submitting--;
    if (flux_job_submit_get_id (f, &j->id) < 0) {
        before_print (b);
        fflush (stdout);
        fprintf (j->err, "%s: %s%s\n", b->c->name, j->label ? j->label : "", cmd_why (f));
        raise_exit_code (b, 1);
        b->progress.failed++;
        b->progress.ended++;
        job_destroy (j);
    } else {
        b->submitted++;
        if (!b->quiet) {
            before_print (b);
            fprintf (j->out, "%s\n", FID (j->id));
        }
        if (b->wait_event)
            follow (j);
        else {
            b->progress.ended++;
            job_destroy (j);
        }
    }
    flux_future_destroy (f);
    after_change (b);
}

/* Progress bars go to terminals, and only if there is a terminal. */
static bool want_progress (struct cmd *c)
{
    if (!cmd_has (c, "progress"))
        return false;
    if (isatty (STDOUT_FILENO))
        return true;
    cmd_warn (c, "stdout is not a tty. Ignoring --progress option");
    return false;
}

struct bulk *bulk_create (struct cmd *c, int total)
{
    struct bulk *b = calloc (1, sizeof (*b));
    bool wait = cmd_has (c, "wait") || cmd_has (c, "watch");

    if (!b)
        cmd_die (c, "out of memory");
    b->c = c;
    b->wait_event = cmd_str (c, "wait-event", wait ? "clean" : NULL);
    b->watch = cmd_has (c, "watch");
    b->quiet = cmd_has (c, "quiet");
    b->label_io = cmd_has (c, "label-io");
    b->verbose = cmd_count (c, "verbose");
    b->total = total;
    b->h = cmd_open (c);
    b->show_progress = want_progress (c);
    b->progress = (struct progress){.total = total,
                                    .jps = cmd_has (c, "jps"),
                                    .submitting = !b->wait_event,
                                    .t0 = monotime_now ()};
    return b;
}

struct bulk *bulk_create_watch (struct cmd *c)
{
    struct bulk *b = calloc (1, sizeof (*b));

    if (!b)
        cmd_die (c, "out of memory");
    b->c = c;
    b->wait_event = "clean";
    b->watch = true;
    b->quiet = true;
    b->label_io = cmd_has (c, "label-io");
    b->verbose = cmd_count (c, "verbose");
    b->h = cmd_open (c);
    b->show_progress = want_progress (c);
    b->progress = (struct progress){.jps = cmd_has (c, "jps"), .t0 = monotime_now ()};
    return b;
}

void bulk_set_total (struct bulk *b, int total)
{
    b->total = b->submitted = b->progress.total = total;
}

flux_t *bulk_handle (struct bulk *b)
{
    return b->h;
}

static void turn (struct bulk *b, int flags)
{
    if (flux_reactor_run (flux_get_reactor (b->h), flags) < 0)
        cmd_die (b->c, "lost connection to the instance: %s (%d of %d jobs were submitted)",
                 strerror (errno), b->submitted, b->total);
}

static struct job *new_job (struct bulk *b, const char *label, const char *log,
                            const char *log_stderr)
{
    struct job *j = calloc (1, sizeof (*j));

    if (!j || (label && *label && !(j->label = strdup (label))))
        cmd_die (b->c, "out of memory");
    j->b = b;
    j->out = log ? open_log (b, log) : stdout;
    j->err = log_stderr ? open_log (b, log_stderr) : log ? j->out : stderr;
    return j;
}

void bulk_submit (struct bulk *b, const struct submit_spec *spec, const char *label,
                  const char *log, const char *log_stderr)
{
    struct job *j = new_job (b, label, log, log_stderr);
    char *dump = spec->text ? NULL : json_dumps (spec->jobspec, JSON_COMPACT);
    const char *text = spec->text ? spec->text : dump;
    flux_future_t *f;

    while (b->submitting >= BULK_WINDOW)
        turn (b, FLUX_REACTOR_ONCE);
    if (!text || !(f = flux_job_submit (b->h, text, spec->urgency, spec->flags)) ||
        flux_future_then (f, -1., on_submitted, j) < 0)
        cmd_die (b->c, "%s%s (%d of %d jobs were submitted)", label ? label : "", strerror (errno),
                 b->submitted, b->total);
    free (dump);
    b->submitting++;
}

void bulk_follow (struct bulk *b, flux_jobid_t id)
{
    struct job *j = new_job (b, NULL, NULL, NULL);

    j->id = id;
    follow (j);
}

int bulk_finish (struct bulk *b)
{
    int exit_code;

    while (b->submitting > 0 || b->following > 0)
        turn (b, 0);
    if (b->show_progress)
        progress_end (&b->progress);
    for (struct logfile *l = b->logs, *next; l; l = next) {
        next = l->next;
        fclose (l->f);
        free (l->name);
        free (l);
    }
    exit_code = b->exit_code;
    if (exit_code != 0 && b->submitted < b->total && b->total > 1)
        cmd_warn (b->c, "%d of %d jobs were submitted", b->submitted, b->total);
    flux_close (b->h);
    free (b);
    return exit_code;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux job wait, status, attach. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <flux/idset.h>

#include "lib/util/waitcode.h"
#include "shell/cmd/attach.h"
#include "shell/cmd/client.h"
#include "shell/cmd/job.h"

/* 1 for a job that failed, 2 when there is nothing to wait for: so scripts end their loops. */
static int wait_one (struct cmd *c, flux_t *h, flux_jobid_t id)
{
    flux_future_t *f = flux_job_wait (h, id);
    const char *errstr = "";
    bool success = false;
    flux_jobid_t got = id;
    int rc = 2;

    if (f && flux_job_wait_get_status (f, &success, &errstr) == 0) {
        if (id == FLUX_JOBID_ANY && flux_job_wait_get_id (f, &got) == 0)
            printf ("%s\n", FID (got));
        if (!success)
            cmd_warn (c, "%s", errstr);
        rc = success ? 0 : 1;
    } else if (errno != ECHILD)
        rc = cmd_fail (c, "%s", cmd_why (f));
    else if (id == FLUX_JOBID_ANY)
        cmd_warn (c, "there are no more waitable jobs");
    else
        cmd_warn (c, "%s: invalid job id, or the job is not waitable, or it was waited for",
                  FID (id));
    flux_future_destroy (f);
    return rc;
}

static int wait_all (struct cmd *c, flux_t *h)
{
    int rc = 0;

    for (;;) {
        flux_future_t *f = flux_job_wait (h, FLUX_JOBID_ANY);
        const char *errstr = "";
        bool success = false;
        flux_jobid_t id = 0;

        if (!f || flux_job_wait_get_status (f, &success, &errstr) < 0) {
            if (errno != ECHILD) // ECHILD: no waitable jobs are left
                rc = cmd_fail (c, "%s", cmd_why (f));
            flux_future_destroy (f);
            return rc;
        }
        flux_job_wait_get_id (f, &id);
        if (!success) {
            fprintf (stderr, "%s: %s\n", FID (id), errstr);
            rc = 1;
        } else if (cmd_has (c, "verbose"))
            fprintf (stderr, "%s: job completed successfully\n", FID (id));
        flux_future_destroy (f);
    }
}

static int run_wait (struct cmd *c)
{
    flux_jobid_t id = FLUX_JOBID_ANY;

    if (c->argc > 1 || (c->argc == 1 && cmd_has (c, "all")))
        return cmd_fail (c, "give one job id, or none, or --all");
    if (c->argc == 1)
        id = cmd_jobid (c, c->argv[0]);
    flux_t *h = cmd_open (c);
    int rc = cmd_has (c, "all") ? wait_all (c, h) : wait_one (c, h, id);
    flux_close (h);
    return rc;
}

static int exit_code_of (int status)
{
    if (status < 0)
        return 0;
    return waitcode (status);
}

static void say_status (struct cmd *c, const char *id, int status, bool exception, const char *type)
{
    int code = exit_code_of (status);

    if (status >= 0 && WIFSIGNALED (status))
        cmd_warn (c, "%s: job shell died by signal %d", id, WTERMSIG (status));
    else if (cmd_count (c, "verbose") > 1 || code != 0 || exception) {
        if (exception)
            cmd_warn (c, "%s: exception type=%s", id, type ? type : "");
        else
            cmd_warn (c, "%s: exited with exit code %d", id, code);
    }
}

static int status_one (struct cmd *c, const char *id, flux_future_t *f, int exception_code)
{
    int status = -1, exception = 0, severity = 0;
    const char *type = NULL, *text;

    if (flux_job_result_get_unpack (f, "{s?b s?s s?i s?i}", "exception_occurred", &exception,
                                    "exception_type", &type, "exception_severity", &severity,
                                    "waitstatus", &status) < 0) {
        if (errno == ENOENT)
            cmd_die (c, "%s: no such job", id);
        cmd_die (c, "%s: %s", id, cmd_why (f));
    }
    if (cmd_has (c, "json") && flux_job_result_get (f, &text) == 0)
        printf ("%s\n", text);
    exception = exception && severity == 0;
    if (cmd_has (c, "verbose"))
        say_status (c, id, status, exception, type);
    int code = exit_code_of (status);
    return exception && exception_code > code ? exception_code : code;
}

static int run_status (struct cmd *c)
{
    flux_future_t **f = calloc (c->argc + 1, sizeof (*f));
    int exception_code = cmd_int (c, "exception-exit-code", 1, 0, 255);
    int rc = 0;

    if (c->argc == 0 || !f)
        return cmd_fail (c, "a job id is needed");
    for (int i = 0; i < c->argc; i++)
        cmd_jobid (c, c->argv[i]);
    flux_t *h = cmd_open (c);
    for (int i = 0; i < c->argc; i++)
        if (!(f[i] = flux_job_result (h, cmd_jobid (c, c->argv[i]), 0)))
            return cmd_fail (c, "%s: %s", c->argv[i], strerror (errno));
    for (int i = 0; i < c->argc; i++) {
        int code = status_one (c, c->argv[i], f[i], exception_code);
        rc = code > rc ? code : rc;
        flux_future_destroy (f[i]);
    }
    flux_close (h);
    free (f);
    return rc;
}

static int run_attach (struct cmd *c)
{
    struct attach_opts o = {
        .show_events = cmd_has (c, "show-events"),
        .show_exec = cmd_has (c, "show-exec"),
        .show_status = cmd_has (c, "show-status"),
        .label_io = cmd_has (c, "label-io"),
        .quiet = cmd_has (c, "quiet"),
        .read_only = cmd_has (c, "read-only"),
        .unbuffered = cmd_has (c, "unbuffered"),
        .verbose = cmd_has (c, "verbose"),
        .tail = cmd_has (c, "tail") ? cmd_int (c, "tail", 10, 0, 1 << 30) : -1,
        .wait_event = cmd_str (c, "wait-event", NULL),
        .stdin_ranks = cmd_str (c, "stdin-ranks", NULL),
    };

    if (c->argc != 1)
        return cmd_fail (c, "one job id is needed");
    if (o.stdin_ranks && o.read_only)
        return cmd_fail (c, "--stdin-ranks does not go with --read-only");
    if (o.stdin_ranks && strcmp (o.stdin_ranks, "all") != 0) {
        struct idset *ids = idset_decode (o.stdin_ranks);
        if (!ids)
            return cmd_fail (c, "--stdin-ranks=%s: not an idset", o.stdin_ranks);
        idset_destroy (ids);
    }
    flux_jobid_t id = cmd_jobid (c, c->argv[0]);
    flux_t *h = cmd_open (c);
    int rc = attach_run (c, h, id, c->argv[0], &o);
    flux_close (h);
    return rc;
}

static const struct cmd_opt wait_opts[] = {
    {.key = 'a', .name = "all", .help = "Wait for all waitable jobs"},
    {.key = 'v', .name = "verbose", .help = "With --all, also name the jobs that succeeded"},
    {0},
};

static const struct cmd_opt status_opts[] = {
    {.key = 'v',
     .name = "verbose",
     .help = "Say how each job ended that failed, given twice of each job",
     .flags = CMD_OPT_REPEAT},
    {.key = 'e',
     .name = "exception-exit-code",
     .arg = "N",
     .help = "Exit code for jobs with a fatal exception (1)"},
    {.key = 'j', .name = "json", .help = "Print the result of each job as an object in JSON"},
    {0},
};

static const struct cmd_opt attach_opts[] = {
    {.key = 'E', .name = "show-events", .help = "Show the job's events on standard error"},
    {.key = 'X', .name = "show-exec", .help = "Show the events of its execution too"},
    {.name = "show-status", .help = "Show a line of status while the job waits"},
    {.key = 'w', .name = "wait-event", .arg = "NAME", .help = "Detach after this event of the job"},
    {.key = 'l', .name = "label-io", .help = "Begin lines of output with the task's rank"},
    {.key = 'v', .name = "verbose", .help = "Say more", .flags = CMD_OPT_REPEAT},
    {.key = 'q', .name = "quiet", .help = "No warnings on standard error"},
    {.key = 'r', .name = "read-only", .help = "Do not send standard input and signals"},
    {.key = 'u', .name = "unbuffered", .help = "Send standard input as it comes"},
    {.key = 'i',
     .name = "stdin-ranks",
     .arg = "RANKS",
     .help = "Send standard input to these tasks only (all)"},
    {.name = "tail",
     .arg = "NUM",
     .help = "Of the output so far, show only the last NUM lines (10)",
     .flags = CMD_OPT_OPTARG},
    {0},
};

const struct cmd_verb cmd_verb_job_wait = {
    .name = "wait",
    .args = "[ID]",
    .summary = "Wait for a job that was submitted with --flags=waitable",
    .opts = {wait_opts},
    .run = run_wait,
};

const struct cmd_verb cmd_verb_job_status = {
    .name = "status",
    .args = "ID...",
    .summary = "Wait for jobs and exit with the highest exit code",
    .opts = {status_opts},
    .run = run_status,
};

const struct cmd_verb cmd_verb_job_attach = {
    .name = "attach",
    .args = "ID",
    .summary = "Connect this terminal to a job",
    .opts = {attach_opts},
    .run = run_attach,
};

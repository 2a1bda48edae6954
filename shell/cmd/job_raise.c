/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux job cancel, cancelall, raise, raiseall, kill, killall. */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/cmd/client.h"
#include "shell/cmd/job_raise.h"
#include "shell/cmd/joblist.h"

int job_split_note (struct cmd *c, char **note)
{
    flux_jobid_t id;
    int count = 0;

    *note = NULL;
    while (count < c->argc && flux_job_id_parse (c->argv[count], &id) == 0)
        count++;
    if (count == 0)
        cmd_die (c, c->argc > 0 ? "%s: not a job id" : "a job id is needed%s",
                 c->argc > 0 ? c->argv[0] : "");
    if (count < c->argc)
        *note = cmd_join (c->argv + count, c->argc - count);
    return count;
}

int job_for_each (struct cmd *c, int count, job_request_f request, const void *arg)
{
    flux_future_t **f = calloc (count + 1, sizeof (*f));
    flux_jobid_t *ids = calloc (count + 1, sizeof (*ids));
    int rc = 0;

    if (!f || !ids)
        cmd_die (c, "out of memory");
    for (int i = 0; i < count; i++)
        ids[i] = cmd_jobid (c, c->argv[i]);
    flux_t *h = cmd_open (c);
    for (int i = 0; i < count; i++)
        f[i] = request (h, ids[i], arg);
    for (int i = 0; i < count; i++) {
        if (!f[i] || flux_future_get (f[i], NULL) < 0)
            rc = cmd_fail (c, "%s: %s", c->argv[i], cmd_why (f[i]));
        flux_future_destroy (f[i]);
    }
    flux_close (h);
    free (f);
    free (ids);
    return rc;
}

int job_parse_states (struct cmd *c, const char *text, bool ended)
{
    struct joblist_query q = {0};
    flux_error_t error;

    if (joblist_parse_filter (&q, text, &error) < 0)
        cmd_die (c, "%s", error.text);
    if (q.results || (!ended && (q.states & FLUX_JOB_STATE_INACTIVE)))
        cmd_die (c, "%s: not a state of %sjobs", text, ended ? "" : "active ");
    if (!q.states)
        cmd_die (c, "--states: no state is given%s", "");
    return q.states;
}

int job_raiseall (struct cmd *c, flux_t *h, bool dry_run, uint32_t userid, int states, int severity,
                  const char *type, const char *note, int *errors)
{
    int count = 0;
    json_t *in = cmd_pack (c, "{s:b s:I s:i s:i s:s s:s}", "dry_run", dry_run, "userid",
                           (json_int_t)(int32_t)userid, "states", states, "severity", severity,
                           "type", type, "note", note ? note : "");
    json_t *out = cmd_rpc (c, h, "job-manager.raiseall", FLUX_NODEID_ANY, in, NULL);

    json_unpack (out, "{s:i s:i}", "count", &count, "errors", errors);
    json_decref (out);
    return count;
}

struct raise_arg {
    const char *type, *note;
    int severity;
};

static flux_future_t *request_raise (flux_t *h, flux_jobid_t id, const void *arg)
{
    const struct raise_arg *r = arg;

    return flux_job_raise (h, id, r->type, r->severity, r->note);
}

static int run_raise (struct cmd *c)
{
    char *words;
    int count = job_split_note (c, &words);
    struct raise_arg r = {.type = cmd_str (c, "type", "cancel"),
                          .note = cmd_str (c, "message", words),
                          .severity = cmd_int (c, "severity", 0, 0, 7)};

    if (words && cmd_has (c, "message"))
        return cmd_fail (c, "give the note with --message or after the ids, not both");
    int rc = job_for_each (c, count, request_raise, &r);
    free (words);
    return rc;
}

static flux_future_t *request_cancel (flux_t *h, flux_jobid_t id, const void *arg)
{
    return flux_job_cancel (h, id, arg);
}

static int run_cancel (struct cmd *c)
{
    char *words;
    int count = job_split_note (c, &words);

    if (words && cmd_has (c, "message"))
        return cmd_fail (c, "give the note with --message or after the ids, not both");
    int rc = job_for_each (c, count, request_cancel, cmd_str (c, "message", words));
    free (words);
    return rc;
}

/* What the *all verbs do: to which jobs of which user. */
static int all (struct cmd *c, int severity, const char *type, const char *note, const char *done)
{
    flux_t *h;
    int errors = 0, states = FLUX_JOB_STATE_ACTIVE;
    uint32_t userid = getuid ();
    bool force = cmd_has (c, "force");

    if (cmd_str (c, "states", NULL))
        states = job_parse_states (c, cmd_str (c, "states", NULL), false);
    if (cmd_str (c, "user", NULL))
        userid = cmd_userid (c, cmd_str (c, "user", NULL));
    h = cmd_open (c);
    int count = job_raiseall (c, h, !force, userid, states, severity, type, note, &errors);
    flux_close (h);
    if (count == 0) {
        if (!cmd_has (c, "quiet"))
            cmd_warn (c, "Command matched 0 jobs");
    } else if (force)
        cmd_warn (c, "%s %d jobs (%d errors)", done, count, errors);
    else
        cmd_warn (c, "Command matched %d jobs (-f to confirm)", count);
    return 0;
}

static int run_cancelall (struct cmd *c)
{
    char *note = c->argc > 0 ? cmd_join (c->argv, c->argc) : NULL;
    int rc = all (c, 0, "cancel", note, "Canceled");

    free (note);
    return rc;
}

static int run_raiseall (struct cmd *c)
{
    if (c->argc == 0)
        return cmd_fail (c, "the exception's type is needed");
    char *note = c->argc > 1 ? cmd_join (c->argv + 1, c->argc - 1) : NULL;
    int rc = all (c, cmd_int (c, "severity", 7, 0, 7), c->argv[0], note, "Raised exception on");

    free (note);
    return rc;
}

static int get_signal (struct cmd *c)
{
    const char *s = cmd_str (c, "signal", "TERM");
    int signum = cmd_signum (s);

    if (signum < 0)
        cmd_die (c, "--signal=%s: not a signal", s);
    return signum;
}

static flux_future_t *request_kill (flux_t *h, flux_jobid_t id, const void *arg)
{
    return flux_job_kill (h, id, *(const int *)arg);
}

static int run_kill (struct cmd *c)
{
    int signum = get_signal (c);

    if (c->argc == 0)
        return cmd_fail (c, "a job id is needed");
    return job_for_each (c, c->argc, request_kill, &signum);
}

static int run_killall (struct cmd *c)
{
    int count = 0, errors = 0, signum = get_signal (c);
    bool force = cmd_has (c, "force");
    const char *user = cmd_str (c, "user", NULL);
    uint32_t userid = user ? cmd_userid (c, user) : getuid ();
    flux_t *h = cmd_open (c);
    json_t *in = cmd_pack (c, "{s:b s:I s:i}", "dry_run", !force, "userid",
                           (json_int_t)(int32_t)userid, "signum", signum);
    json_t *out = cmd_rpc (c, h, "job-manager.killall", FLUX_NODEID_ANY, in, NULL);

    json_unpack (out, "{s:i s:i}", "count", &count, "errors", &errors);
    json_decref (out);
    flux_close (h);
    if (count == 0)
        cmd_warn (c, "Command matched 0 jobs");
    else if (force)
        cmd_warn (c, "%s %d jobs (%d errors)", strsignal (signum), count, errors);
    else
        cmd_warn (c, "Command matched %d jobs (-f to confirm)", count);
    return 0;
}

static const struct cmd_opt cancel_opts[] = {
    {.key = 'm', .name = "message", .arg = "NOTE", .help = "Why, for the job's eventlog"},
    {0},
};

static const struct cmd_opt raise_opts[] = {
    {.key = 's', .name = "severity", .arg = "N", .help = "0 (fatal, the default) to 7"},
    {.key = 't', .name = "type", .arg = "TYPE", .help = "Type of the exception (cancel)"},
    {.key = 'm', .name = "message", .arg = "NOTE", .help = "Why, for the job's eventlog"},
    {0},
};

static const struct cmd_opt all_opts[] = {
    {.key = 'u', .name = "user", .arg = "USER", .help = "Jobs of this user, or of `all'"},
    {.key = 'S', .name = "states", .arg = "STATES", .help = "Jobs in these states (active)"},
    {.key = 'f', .name = "force", .help = "Do it, rather than say how many jobs match"},
    {.key = 'q', .name = "quiet", .help = "Say nothing when no job matches"},
    {0},
};

static const struct cmd_opt raiseall_opts[] = {
    {.key = 's', .name = "severity", .arg = "N", .help = "0 (fatal) to 7 (the default)"},
    {0},
};

static const struct cmd_opt kill_opts[] = {
    {.key = 's', .name = "signal", .arg = "SIG", .help = "Signal by name or number (SIGTERM)"},
    {0},
};

static const struct cmd_opt killall_opts[] = {
    {.key = 'u', .name = "user", .arg = "USER", .help = "Jobs of this user, or of `all'"},
    {.key = 'f', .name = "force", .help = "Do it, rather than say how many jobs match"},
    {0},
};

const struct cmd_verb cmd_verb_job_cancel = {
    .name = "cancel",
    .args = "ID... [NOTE...]",
    .summary = "Cancel jobs",
    .opts = {cancel_opts},
    .run = run_cancel,
};

const struct cmd_verb cmd_verb_job_cancelall = {
    .name = "cancelall",
    .args = "[NOTE...]",
    .summary = "Cancel many jobs",
    .opts = {all_opts},
    .run = run_cancelall,
};

const struct cmd_verb cmd_verb_job_raise = {
    .name = "raise",
    .args = "ID... [NOTE...]",
    .summary = "Raise an exception on jobs",
    .opts = {raise_opts},
    .run = run_raise,
};

const struct cmd_verb cmd_verb_job_raiseall = {
    .name = "raiseall",
    .args = "TYPE [NOTE...]",
    .summary = "Raise an exception on many jobs",
    .opts = {raiseall_opts, all_opts},
    .run = run_raiseall,
};

const struct cmd_verb cmd_verb_job_kill = {
    .name = "kill",
    .args = "ID...",
    .summary = "Send a signal to running jobs",
    .opts = {kill_opts},
    .run = run_kill,
};

const struct cmd_verb cmd_verb_job_killall = {
    .name = "killall",
    .summary = "Send a signal to many running jobs",
    .opts = {kill_opts, killall_opts},
    .run = run_killall,
};

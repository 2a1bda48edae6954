/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux cancel: cancel jobs by id, or all that match. */

#include "config.h"

#include <unistd.h>

#include "shell/cmd/client.h"
#include "shell/cmd/job_raise.h"
#include "shell/cmd/verbs.h"

static flux_future_t *request (flux_t *h, flux_jobid_t id, const void *arg)
{
    return flux_job_cancel (h, id, arg);
}

static int cancel_all (struct cmd *c, bool dry_run)
{
    const char *s, *user = cmd_str (c, "user", NULL);
    int states = 0, errors = 0, iter = 0;
    uint32_t userid = user ? cmd_userid (c, user) : getuid ();

    while ((s = cmd_next (c, "states", &iter)))
        states |= job_parse_states (c, s, false);
    flux_t *h = cmd_open (c);
    int count = job_raiseall (c, h, dry_run, userid, states ? states : FLUX_JOB_STATE_ACTIVE, 0,
                              "cancel", cmd_str (c, "message", NULL), &errors);
    flux_close (h);
    if (count == 0 && !cmd_has (c, "quiet"))
        cmd_warn (c, "Matched 0 jobs");
    else if (count > 0 && dry_run)
        cmd_warn (c, "Would cancel %d job%s", count, count == 1 ? "" : "s");
    else if (count > 0)
        cmd_warn (c, "Canceled %d job%s (%d error%s)", count, count == 1 ? "" : "s", errors,
                  errors == 1 ? "" : "s");
    return 0;
}

static int run (struct cmd *c)
{
    bool all = cmd_has (c, "all") || cmd_has (c, "user") || cmd_has (c, "states");
    bool dry_run = cmd_has (c, "dry-run");

    if (all && c->argc > 0)
        return cmd_fail (c, "give job ids, or --all, --user, --states, not both");
    if (all)
        return cancel_all (c, dry_run);
    if (c->argc == 0)
        return cmd_fail (c, "no jobs are given (see `flux cancel --help`)");
    for (int i = 0; i < c->argc; i++)
        cmd_jobid (c, c->argv[i]);
    if (dry_run) {
        cmd_warn (c, "Would cancel %d job%s", c->argc, c->argc == 1 ? "" : "s");
        return 0;
    }
    return job_for_each (c, c->argc, request, cmd_str (c, "message", NULL));
}

static const struct cmd_opt opts[] = {
    {.name = "all", .help = "Cancel all jobs of this user"},
    {.key = 'n', .name = "dry-run", .help = "Cancel nothing, say how many jobs it would be"},
    {.key = 'q', .name = "quiet", .help = "Say nothing when no job matches"},
    {.key = 'u', .name = "user", .arg = "USER", .help = "Jobs of this user, or of `all'"},
    {.key = 'S',
     .name = "states",
     .arg = "STATES",
     .help = "Jobs in these states (active)",
     .flags = CMD_OPT_REPEAT},
    {.key = 'm', .name = "message", .arg = "NOTE", .help = "Why, for the jobs' eventlogs"},
    {0},
};

const struct cmd_verb cmd_verb_cancel = {
    .name = "cancel",
    .args = "[JOBID...]",
    .summary = "Cancel jobs",
    .opts = {opts},
    .run = run,
    .flags = CMD_VERB_USAGE_2,
};

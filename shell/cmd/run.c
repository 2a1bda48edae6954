/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux run: submit a job and attach to it. */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <flux/idset.h>

#include "lib/job/jobspec_build.h"
#include "shell/cmd/attach.h"
#include "shell/cmd/client.h"
#include "shell/cmd/mpir.h"
#include "shell/cmd/submit_spec.h"
#include "shell/cmd/verbs.h"

static int submit_and_attach (struct cmd *c, const struct submit_spec *spec,
                              const struct attach_opts *opts)
{
    char *text = json_dumps (spec->jobspec, JSON_COMPACT);
    flux_t *h = cmd_open (c);
    flux_future_t *f = flux_job_submit (h, text, spec->urgency, spec->flags);
    flux_jobid_t id;

    if (!f || flux_job_submit_get_id (f, &id) < 0)
        return cmd_fail (c, "%s", cmd_why (f));
    flux_future_destroy (f);
    free (text);
    if (cmd_has (c, "verbose"))
        fprintf (stderr, "jobid: %s\n", FID (id));
    int rc = attach_run (c, h, id, FID (id), opts);
    flux_close (h);
    return rc;
}

/* A script that was made for srun gets what srun prints, and no more. */
static bool is_like_srun (const struct cmd *c)
{
    const char *opt;
    int iter = 0;

    while ((opt = cmd_next (c, "setopt", &iter)))
        if (strcmp (opt, "slurm-env") == 0)
            return true;
    return false;
}

static int run (struct cmd *c)
{
    struct submit_spec spec = {0};
    flux_error_t error = {0};
    const char *input = cmd_str (c, "input", NULL);
    struct idset *ranks = input ? idset_decode (input) : NULL;
    struct attach_opts opts = {
        .label_io = cmd_has (c, "label-io"),
        .unbuffered = cmd_has (c, "unbuffered"),
        .no_redirects = is_like_srun (c),
        .show_events = cmd_count (c, "verbose") > 1,
        .show_exec = cmd_count (c, "verbose") > 2,
        .wait_event = cmd_str (c, "wait-event", NULL),
        .stdin_ranks = ranks ? input : NULL,
        .tail = -1,
    };
    int rc = 0;

    idset_destroy (ranks);
    if (submit_spec_tasks (&spec, c, NULL, &error) < 0)
        return cmd_fail (c, "%s", error.text);
    if (mpir_wanted () && jobspec_setopt_new (spec.jobspec, "stop-tasks-in-exec", json_true ()) < 0)
        return cmd_fail (c, "out of memory");
    if (cmd_has (c, "dry-run")) {
        json_dumpf (spec.jobspec, stdout, JSON_COMPACT);
        printf ("\n");
    } else
        rc = submit_and_attach (c, &spec, &opts);
    submit_spec_clear (&spec);
    return rc;
}

static const struct cmd_opt opts[] = {
    {.name = "wait-event", .arg = "NAME", .help = "Detach after this event of the job (clean)"},
    {0},
};

const struct cmd_verb cmd_verb_run = {
    .name = "run",
    .args = "COMMAND [ARG...]",
    .summary = "Run a job and show its output",
    .opts = {submit_common_opts, submit_task_opts, submit_io_opts, opts},
    .flags = CMD_VERB_USAGE_2 | CMD_VERB_STOP,
    .run = run,
};

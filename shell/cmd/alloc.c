/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux alloc: start an instance as a job, and attach to its initial program. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/job/jobspec_build.h"
#include "shell/cmd/attach.h"
#include "shell/cmd/client.h"
#include "shell/cmd/jobinfo.h"
#include "shell/cmd/submit_spec.h"
#include "shell/cmd/verbs.h"

static void add_pty (struct cmd *c, json_t *jobspec)
{
    const char *option = cmd_has (c, "bg") ? "pty.capture" : "pty.interactive";

    if (!cmd_has (c, "bg") && !isatty (STDIN_FILENO))
        return;
    if (jobspec_setopt_new (jobspec, option, json_integer (1)) < 0)
        cmd_die (c, "out of memory");
}

/* The uri that the instance notes on its job once it can be reached; the caller frees it. The note
 * need not be in the eventlog, so it is asked for until it is there or the job has ended. */
static char *wait_for_uri (struct cmd *c, flux_t *h, flux_jobid_t id)
{
    struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    bool said = false;

    for (;; nanosleep (&pause, NULL)) {
        json_t *in = cmd_pack (c, "{s:I s:[ss]}", "id", id, "attrs", "state", "annotations");
        json_t *out = cmd_rpc (c, h, "job-list.list-id", FLUX_NODEID_ANY, in, FID (id));
        json_t *job = json_object_get (out, "job");
        int state = json_integer_value (json_object_get (job, "state"));
        char *uri = jobinfo_uri (job) ? strdup (jobinfo_uri (job)) : NULL;

        json_decref (out);
        if (state == FLUX_JOB_STATE_RUN && !said && cmd_has (c, "verbose"))
            fprintf (stderr, "%s: resources allocated\n", FID (id));
        said |= state == FLUX_JOB_STATE_RUN;
        if (uri || (state & (FLUX_JOB_STATE_CLEANUP | FLUX_JOB_STATE_INACTIVE)))
            return uri;
    }
}

static int background (struct cmd *c, flux_t *h, flux_jobid_t id)
{
    char *uri = wait_for_uri (c, h, id);
    flux_error_t error = {0};

    if (!uri)
        return cmd_fail (c, "%s: unexpectedly exited", FID (id));
    flux_t *child = cmd_open_uri (uri, &error);
    if (!child)
        return cmd_fail (c, "%s: %s", FID (id), error.text);
    json_t *out = cmd_rpc_try (child, "state-machine.wait", FLUX_NODEID_ANY, NULL, &error);
    if (!out)
        return cmd_fail (c, "%s: instance startup failed: %s", FID (id), error.text);
    json_decref (out);
    flux_close (child);
    free (uri);
    printf ("%s\n", FID (id));
    return 0;
}

static int run (struct cmd *c)
{
    struct submit_spec spec = {0};
    struct attach_opts opts = {.tail = -1};
    flux_error_t error = {0};
    flux_jobid_t id;
    int rc;

    if (submit_spec_nest (&spec, c, &error) < 0)
        return cmd_fail (c, "%s", error.text);
    add_pty (c, spec.jobspec);
    char *text = json_dumps (spec.jobspec, JSON_COMPACT);
    submit_spec_clear (&spec);
    if (cmd_has (c, "dry-run")) {
        printf ("%s\n", text);
        free (text);
        return 0;
    }
    flux_t *h = cmd_open (c);
    flux_future_t *f = flux_job_submit (h, text, spec.urgency, spec.flags);
    if (!f || flux_job_submit_get_id (f, &id) < 0)
        return cmd_fail (c, "%s", cmd_why (f));
    flux_future_destroy (f);
    free (text);
    if (cmd_has (c, "bg"))
        rc = background (c, h, id);
    else {
        if (cmd_has (c, "verbose"))
            fprintf (stderr, "jobid: %s\n", FID (id));
        rc = attach_run (c, h, id, FID (id), &opts);
    }
    flux_close (h);
    return rc;
}

static const struct cmd_opt opts[] = {
    {.name = "bg", .help = "Return when the instance is up, without attaching"},
    {0},
};

const struct cmd_verb cmd_verb_alloc = {
    .name = "alloc",
    .args = "[COMMAND [ARG...]]",
    .summary = "Start an instance as a job and work in it",
    .opts = {submit_common_opts, submit_nest_opts, opts},
    .flags = CMD_VERB_USAGE_2 | CMD_VERB_STOP,
    .run = run,
};

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux job submit. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/util/fdutil.h"
#include "shell/cmd/client.h"
#include "shell/cmd/job.h"
#include "shell/cmd/submit_spec.h"

#define JOBSPEC_SIZE_MAX (64 << 20)

static int run_submit (struct cmd *c)
{
    const char *path = c->argc > 0 ? c->argv[0] : "-";
    flux_error_t error;
    flux_jobid_t id;
    char *text;
    bool from_stdin = strcmp (path, "-") == 0;
    ssize_t n = from_stdin ? fd_read_all (STDIN_FILENO, JOBSPEC_SIZE_MAX, &text)
                           : file_read_all (path, JOBSPEC_SIZE_MAX, &text);

    if (n < 0)
        return cmd_fail (c, "%s: %s", from_stdin ? "standard input" : path, strerror (errno));
    int flags = submit_flags (c, NULL, true, &error);
    if (flags < 0)
        return cmd_fail (c, "%s", error.text);
    int urgency = job_urgency (c, cmd_str (c, "urgency", "default"));
    if (flags & FLUX_JOB_PRE_SIGNED)
        while (n > 0 && strchr (" \n", text[n - 1]))
            text[--n] = '\0';
    flux_t *h = cmd_open (c);
    flux_future_t *f = flux_job_submit (h, text, urgency, flags);
    if (!f || flux_job_submit_get_id (f, &id) < 0)
        return cmd_fail (c, "%s", cmd_why (f));
    printf ("%s\n", FID (id));
    flux_future_destroy (f);
    flux_close (h);
    free (text);
    return 0;
}

static const struct cmd_opt submit_opts[] = {
    {.key = 'u', .name = "urgency", .arg = "N", .help = "0 to 31, hold, expedite or default (16)"},
    {.key = 'f',
     .name = "flags",
     .arg = "FLAGS",
     .help = "debug, waitable, signed, novalidate",
     .flags = CMD_OPT_REPEAT},
    {0},
};

const struct cmd_verb cmd_verb_job_submit = {
    .name = "submit",
    .args = "[FILE]",
    .summary = "Submit a jobspec from a file or standard input",
    .opts = {submit_opts},
    .run = run_submit,
};

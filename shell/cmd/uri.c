/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux uri: the URI of an instance that is named in another way. */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shell/cmd/client.h"
#include "shell/cmd/uri_resolve.h"
#include "shell/cmd/verbs.h"

static int run (struct cmd *c)
{
    flux_error_t error = {0};
    struct timespec ts = {.tv_nsec = 100 * 1000 * 1000};
    char *uri, *out;

    if (c->argc != 1)
        return cmd_fail (c, "one job id or URI is needed");
    while (!(uri = uri_resolve (c->argv[0], &error)) && cmd_has (c, "wait") &&
           (strstr (error.text, "is not running") || strstr (error.text, "is no instance")))
        nanosleep (&ts, NULL);
    if (!uri)
        return cmd_fail (c, "%s: %s", c->argv[0], error.text);
    if (cmd_has (c, "remote"))
        out = uri_remote (uri);
    else if (cmd_has (c, "local") || getenv ("FLUX_URI_RESOLVE_LOCAL"))
        out = uri_local (uri);
    else
        out = strdup (uri);
    printf ("%s\n", out ? out : "");
    free (uri);
    free (out);
    return 0;
}

static const struct cmd_opt opts[] = {
    {.name = "remote", .help = "As other hosts reach it"},
    {.name = "local", .help = "As this host reaches it"},
    {.name = "wait", .help = "Wait until the job is an instance"},
    {0},
};

const struct cmd_verb cmd_verb_uri = {
    .name = "uri",
    .args = "TARGET",
    .summary = "Find the URI of an instance",
    .text = "TARGET is a job id, a path of job ids (f1/f2), pid:PID, `/' for the outermost "
            "instance, `..' for the parent, or a URI.",
    .opts = {opts},
    .run = run,
};

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux resource reload: give an instance other resources while it runs. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/cmd/client.h"
#include "shell/cmd/resource.h"

static int run (struct cmd *c)
{
    flux_error_t error;

    if (c->argc != 1)
        return cmd_fail_usage (c, "one path is needed");
    char *path = realpath (c->argv[0], NULL);
    if (!path)
        return cmd_fail (c, "%s: %s", c->argv[0], strerror (errno));
    json_t *in = cmd_pack (c, "{s:s s:b s:b}", "path", path, "xml", cmd_has (c, "xml"), "force",
                           cmd_has (c, "force"));
    flux_t *h = cmd_open (c);
    json_t *out = cmd_rpc_try (h, "resource.reload", 0, in, &error);
    if (!out)
        cmd_warn (c, "%s", error.text);
    free (path);
    flux_close (h);
    json_decref (out);
    return out ? 0 : 1;
}

static const struct cmd_opt opts[] = {
    {.key = 'x', .name = "xml", .help = "PATH is a folder of hwloc files, RANK.xml"},
    {.key = 'f', .name = "force", .help = "Ranks that the instance does not have are no mistake"},
    {0},
};

const struct cmd_verb cmd_verb_resource_reload = {
    .name = "reload",
    .args = "PATH",
    .summary = "Change the resources to those of a file (R)",
    .opts = {opts},
    .run = run,
};

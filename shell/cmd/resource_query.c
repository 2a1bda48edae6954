/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux resource-query: a program of its own, so that `flux` need not know XML and YAML. */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/util/peers.h"
#include "shell/cmd/verbs.h"

static int run (struct cmd *c)
{
    char *path = peer_find ("flux-resource-query", "resource_query");

    if (!path)
        return cmd_fail (
            c, "flux-resource-query is neither on FLUX_EXEC_PATH nor in " FLUX_LIBEXECDIR);
    char *argv[c->argc + 2];
    argv[0] = path;
    memcpy (argv + 1, c->argv, (c->argc + 1) * sizeof (char *));
    execv (path, argv);
    return cmd_fail (c, "%s: %s", path, strerror (errno));
}

const struct cmd_verb cmd_verb_resource_query = {
    .name = "resource-query",
    .args = "[OPTIONS]",
    .summary = "Match jobspecs against a resource graph from a file",
    .flags = CMD_VERB_RAW,
    .run = run,
};

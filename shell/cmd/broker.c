/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux broker: run the broker itself, with its own options. */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/util/peers.h"
#include "shell/cmd/verbs.h"

static int run (struct cmd *c)
{
    char *path = peer_find ("flux-broker", "broker");

    if (!path)
        return cmd_fail (c, "flux-broker is neither on FLUX_EXEC_PATH nor in " FLUX_LIBEXECDIR);
    char *argv[c->argc + 2];
    argv[0] = path;
    memcpy (argv + 1, c->argv, (c->argc + 1) * sizeof (char *));
    execv (path, argv);
    return cmd_fail (c, "%s: %s", path, strerror (errno));
}

const struct cmd_verb cmd_verb_broker = {
    .name = "broker",
    .args = "[OPTIONS] [COMMAND [ARG...]]",
    .summary = "Run a broker (see flux-broker(1))",
    .flags = CMD_VERB_RAW,
    .run = run,
};

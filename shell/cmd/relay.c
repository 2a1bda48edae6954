/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux relay: pass bytes between standard input and output and the local socket of an instance.
 * The ssh connector runs it on the far side. */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shell/cmd/pump.h"
#include "shell/cmd/verbs.h"

static int run (struct cmd *c)
{
    flux_error_t error = {0};
    int fd;

    if (c->argc != 1)
        return cmd_fail (c, "the path of a local socket is needed");
    if ((fd = pump_connect (c->argv[0], &error)) < 0)
        return cmd_fail (c, "%s", error.text);
    pump (STDIN_FILENO, STDOUT_FILENO, fd);
    close (fd);
    return 0;
}

const struct cmd_verb cmd_verb_relay = {
    .name = "relay",
    .args = "PATH",
    .summary = "Pass messages between ssh and a broker",
    .flags = CMD_VERB_HIDDEN,
    .run = run,
};

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux relay: pass bytes between standard input and output and the local socket of an instance.
 * The ssh and slurm connectors run it on the far side. */

#include "config.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shell/cmd/mux.h"
#include "shell/cmd/pump.h"
#include "shell/cmd/broker_find.h"
#include "shell/cmd/verbs.h"

/* Serve until the transport ends. A first connection shows that somebody listens. */
static int run_mux (struct cmd *c, const char *path)
{
    flux_error_t error = {0};
    int fd = pump_connect (path, &error);
    struct mux *m;

    if (fd < 0)
        return cmd_fail (c, "%s", error.text);
    close (fd);
    signal (SIGPIPE, SIG_IGN);
    if (!(m = mux_create (STDIN_FILENO, STDOUT_FILENO, -1, path)))
        return cmd_fail (c, "out of memory");
    mux_say_ready (m);
    while (mux_turn (m, NULL) == 0)
        ;
    mux_destroy (m);
    return 0;
}

static int run (struct cmd *c)
{
    flux_error_t error = {0};
    int fd;

    if (c->argc != 1)
        return cmd_fail (c, "the path of a local socket, or a Slurm job, is needed");
    const char *path = c->argv[0];
    if (strncmp (path, "slurm:", 6) == 0) {
        const char *uri = broker_find_slurm (path + 6, &error);
        if (!uri) {
            if (errno == ENOENT)
                broker_find_next_node (
                    (const char *[]){"relay", path, cmd_has (c, "mux") ? "--mux" : NULL, NULL});
            return cmd_fail (c, "%s", error.text);
        }
        path = uri + strlen ("local://");
    }
    if (cmd_has (c, "mux"))
        return run_mux (c, path);
    if ((fd = pump_connect (path, &error)) < 0)
        return cmd_fail (c, "%s", error.text);
    pump (STDIN_FILENO, STDOUT_FILENO, fd);
    close (fd);
    return 0;
}

static const struct cmd_opt opts[] = {
    {.name = "mux", .help = "Many connections over one, as flux proxy wants it"},
    {0},
};

const struct cmd_verb cmd_verb_relay = {
    .name = "relay",
    .args = "PATH|slurm:JOBID[.STEP]",
    .summary = "Pass messages between ssh or srun and a broker",
    .opts = {opts},
    .flags = CMD_VERB_HIDDEN,
    .run = run,
};

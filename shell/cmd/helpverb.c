/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux help: the list of verbs, or the man page of one. */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/util/peers.h"
#include "shell/cmd/verbs.h"

/* The man page of a build tree lies beside the program. */
static char *man_target (const char *name)
{
    char *self = peer_self ();
    char *path = NULL, *slash;

    if (self && (slash = strrchr (self, '/')))
        if (asprintf (&path, "%.*s/flux-%s.1", (int)(slash - self), self, name) < 0)
            path = NULL;
    free (self);
    if (path && access (path, R_OK) == 0)
        return path;
    free (path);
    return asprintf (&path, "flux-%s", name) < 0 ? NULL : path;
}

/* True when man(1) showed a page. */
static bool show_man (const char *name)
{
    char *target = man_target (name);
    int status = -1;
    pid_t pid;

    if (!target)
        return false;
    fflush (NULL);
    if ((pid = fork ()) == 0) {
        if (!freopen ("/dev/null", "w", stderr))
            _exit (127);
        if (*target == '/')
            execlp ("man", "man", "-l", target, NULL);
        else
            execlp ("man", "man", target, NULL);
        _exit (127);
    }
    free (target);
    return pid > 0 && waitpid (pid, &status, 0) == pid && status == 0;
}

static int run (struct cmd *c)
{
    const struct cmd_verb *verb;

    if (c->argc == 0) {
        printf ("Usage: flux [OPTIONS...] COMMAND [ARG...]\n\nCommands:\n");
        cmd_help_list (stdout, cmd_verbs);
        printf ("\n`flux help COMMAND` and `flux COMMAND --help` say more.\n");
        return 0;
    }
    verb = cmd_find (cmd_verbs, c->argv[0]);
    if (isatty (STDOUT_FILENO) && !cmd_has (c, "plain") && show_man (c->argv[0]))
        return 0;
    if (!verb)
        return cmd_fail (c, "no help on `%s'", c->argv[0]);
    cmd_help (stdout, NULL, verb);
    return 0;
}

static const struct cmd_opt opts[] = {
    {.name = "plain", .help = "Show the short text even if there is a man page"},
    {0},
};

const struct cmd_verb cmd_verb_help = {
    .name = "help",
    .args = "[COMMAND]",
    .summary = "Show help on the commands, or on one",
    .opts = {opts},
    .run = run,
};

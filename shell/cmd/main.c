/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The `flux` command: global options, then a verb of its own or a `flux-VERB` program found on
 * FLUX_EXEC_PATH. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/cmd/cmd.h"
#include "shell/cmd/uri_resolve.h"
#include "lib/util/peers.h"

static const struct cmd_opt flux_opts[] = {
    {.name = "parent",
     .key = 'p',
     .help = "Talk to the parent of this instance",
     .flags = CMD_OPT_REPEAT},
    {.name = "root", .key = 'r', .help = "Talk to the outermost instance"},
    {.name = "verbose", .key = 'v', .help = "Say which program is run"},
    {.name = "version", .key = 'V', .help = "Run flux version"},
    {.name = "complete", .help = "List what may complete the words", .flags = CMD_OPT_HIDDEN},
    {.name = "man",
     .arg = "FILE",
     .help = "Make a man page out of a template",
     .flags = CMD_OPT_HIDDEN},
    {0},
};

static const struct cmd_verb flux_verb = {
    .name = "flux",
    .args = "COMMAND [ARG...]",
    .summary = "Run a command of the Flux instance's user interface",
    .opts = {flux_opts},
    .flags = CMD_VERB_STOP,
};

static void usage (FILE *f)
{
    fprintf (f, "Usage: flux [OPTIONS...] COMMAND [ARG...]\n"
                "  -h, --help       Show this text\n"
                "  -p, --parent     Talk to the parent of this instance\n"
                "  -r, --root       Talk to the outermost instance\n"
                "  -v, --verbose    Say which program is run\n"
                "  -V, --version    Run flux version\n"
                "\nCommands:\n");
    cmd_help_list (f, cmd_verbs);
    fprintf (f, "\n`flux COMMAND --help` and `flux help COMMAND` say more.\n");
}

/* A verb that somebody else wrote. Returns only when there is none. */
static void exec_external (const struct cmd *c)
{
    char *path;

    if (strchr (c->argv[0], '/'))
        path = strdup (c->argv[0]);
    else
        path = peer_find_on_exec_path (c->argv[0]);
    if (!path)
        return;
    if (cmd_has (c, "verbose"))
        fprintf (stderr, "flux: %s\n", path);
    execv (path, c->argv);
    fprintf (stderr, "flux: %s: %s\n", path, strerror (errno));
    free (path);
    exit (1);
}

/* For the command that follows, the parent is the instance. */
static void select_instance (const struct cmd *c)
{
    flux_error_t error = {0};
    char *uri = uri_parent (NULL, cmd_has (c, "root") ? -1 : cmd_count (c, "parent"), &error);

    if (!uri)
        cmd_die (c, "%s", error.text);
    setenv ("FLUX_URI", uri, 1);
    free (uri);
}

static int run (struct cmd *c)
{
    char *version[] = {"version", NULL};
    const struct cmd_verb *verb;

    if (cmd_has (c, "complete"))
        return cmd_complete (stdout, c->argc, c->argv);
    if (cmd_has (c, "man"))
        return cmd_man (stdout, cmd_str (c, "man", NULL));
    if (cmd_has (c, "version"))
        return cmd_run (cmd_find (cmd_verbs, "version"), 1, version);
    if (cmd_has (c, "help") || c->argc == 0) {
        usage (cmd_has (c, "help") ? stdout : stderr);
        return cmd_has (c, "help") ? 0 : 1;
    }
    if (cmd_has (c, "root") || cmd_has (c, "parent"))
        select_instance (c);
    if ((verb = cmd_find (cmd_verbs, c->argv[0])))
        return cmd_run (verb, c->argc, c->argv);
    exec_external (c);
    return cmd_fail (c, "`%s' is not a flux command (see `flux help`)", c->argv[0]);
}

/* A socket that became descriptor 0 because it was closed would be taken for standard input. */
static void open_std_fds (void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl (fd, F_GETFD) < 0 && open ("/dev/null", O_RDWR) < 0)
            exit (1);
}

int main (int argc, char **argv)
{
    struct cmd c = {.name = "flux"};
    char err[256] = "out of memory";
    int rc;

    open_std_fds ();
    setlocale (LC_CTYPE, "");
    if (cmd_parse (&c, &flux_verb, argc, argv, err, sizeof (err)) < 0)
        rc = cmd_fail (&c, "%s (see `flux --help`)", err);
    else
        rc = run (&c);
    cmd_clear (&c);
    return rc;
}

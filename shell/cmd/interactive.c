/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux interactive: the user's shell in an instance, with a prompt that tells its size and depth:
 * ƒ(s=4,d=0) user@host:dir$ */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shell/cmd/client.h"
#include "shell/cmd/term.h"
#include "shell/cmd/verbs.h"

static const char *base_name (const char *path)
{
    const char *slash = strrchr (path, '/');
    return slash ? slash + 1 : path;
}

/* bash reads its prompt from the user's files, so ours must come after them. */
static void exec_bash (const char *shell, const char *prompt)
{
    char path[64];
    int fd = memfd_create ("flux-bashrc", 0);

    if (fd < 0)
        return;
    dprintf (fd,
             "[ -r /etc/bash.bashrc ] && . /etc/bash.bashrc\n[ -r ~/.bashrc ] && . ~/.bashrc\n"
             "PS1='%s \\u@\\h:\\w\\$ '\nexec %d<&-\n",
             prompt, fd);
    snprintf (path, sizeof (path), "/proc/self/fd/%d", fd);
    execlp (shell, base_name (shell), "--rcfile", path, "-i", NULL);
    close (fd);
}

static int run (struct cmd *c)
{
    const char *shell = getenv ("SHELL"), *size, *level;
    char prompt[64], ps1[128];
    flux_t *h = cmd_open (c);

    size = flux_attr_get (h, "size");
    level = flux_attr_get (h, "instance-level");
    snprintf (prompt, sizeof (prompt), "%s(s=%s,d=%s)", term_utf8 () ? "ƒ" : "f", size ? size : "?",
              level ? level : "0");
    flux_close (h);
    if (!shell || !*shell)
        shell = "/bin/bash";
    if (strcmp (base_name (shell), "bash") == 0)
        exec_bash (shell, prompt);
    snprintf (ps1, sizeof (ps1), "%s $ ", prompt);
    setenv ("PS1", ps1, 1);
    execlp (shell, base_name (shell), NULL);
    return cmd_fail (c, "%s: %s", shell, strerror (errno));
}

const struct cmd_verb cmd_verb_interactive = {
    .name = "interactive",
    .summary = "Run a shell whose prompt tells the instance's size and depth",
    .flags = CMD_VERB_HIDDEN,
    .run = run,
};

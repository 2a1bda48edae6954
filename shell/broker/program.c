/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The initial program, see program.h. */

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/bootstrap/bootstrap.h"
#include "lib/util/spawn.h"
#include "shell/broker/program.h"

struct program {
    struct ev_loop *loop;
    ev_child watcher;
    pid_t pid;
    program_exit_f cb;
    void *arg;
};

static void child_cb (struct ev_loop *loop, ev_child *w, int revents)
{
    struct program *p = w->data;

    ev_child_stop (loop, w);
    p->pid = 0;
    p->cb (w->rstatus, p->arg);
}

static void apply_environment (char **envv)
{
    for (; *envv; envv++) {
        char *eq = strchr (*envv, '=');
        if (!eq) {
            unsetenv (*envv);
            continue;
        }
        *eq = '\0';
        setenv (*envv, eq + 1, 1);
        *eq = '=';
    }
}

/* bash reads PS1 from its start-up files after the environment, so it is told by PROMPT_COMMAND,
 * which those files seldom set, and which takes itself away after the first prompt. */
static void set_prompt (const char *prompt)
{
    char *command;

    setenv ("PS1", prompt, 1);
    if (asprintf (&command, "PS1='%s'; unset PROMPT_COMMAND", prompt) >= 0)
        setenv ("PROMPT_COMMAND", command, 1);
}

/* A program given as one word is a line for the shell when it can't be a name. */
static bool is_line (char **argv)
{
    return !argv[1] && strpbrk (argv[0], " \t\n;&|<>()$`\\\"'*?[]#~={}!") &&
           access (argv[0], X_OK) < 0;
}

struct setup {
    char **envv;
    const char *prompt;
};

static void setup_cb (void *arg)
{
    struct setup *setup = arg;

    bootstrap_scrub_environ ();
    apply_environment (setup->envv);
    if (setup->prompt && isatty (STDIN_FILENO))
        set_prompt (setup->prompt);
}

struct program *program_start (struct ev_loop *loop, char **argv, char **envv, const char *prompt,
                               program_exit_f cb, void *arg, flux_error_t *errp)
{
    struct program *p = calloc (1, sizeof (*p));
    const char *shell = getenv ("SHELL");
    bool interactive = !argv || !argv[0];
    char *shell_argv[] = {(char *)(shell && *shell ? shell : "/bin/sh"), interactive ? NULL : "-c",
                          interactive ? NULL : argv[0], NULL};
    struct setup setup = {envv, interactive ? prompt : NULL};
    struct spawn_spec spec = {
        .argv = interactive || is_line (argv) ? shell_argv : argv,
        .fds = {-1, -1, -1},
        .pdeathsig = SIGTERM, // nothing of the instance outlives its broker
        .setup = setup_cb,
        .arg = &setup,
    };

    if (!p || (p->pid = spawn_program (&spec, errp)) < 0) {
        free (p);
        return NULL;
    }
    p->loop = loop;
    p->cb = cb;
    p->arg = arg;
    ev_child_init (&p->watcher, child_cb, p->pid, 0);
    p->watcher.data = p;
    ev_child_start (loop, &p->watcher);
    return p;
}

int program_kill (struct program *p, int signum)
{
    if (!p || p->pid <= 0) {
        errno = ESRCH;
        return -1;
    }
    return kill (p->pid, signum);
}

bool program_running (const struct program *p)
{
    return p && p->pid > 0;
}

void program_destroy (struct program *p)
{
    if (p) {
        int saved_errno = errno;
        ev_child_stop (p->loop, &p->watcher);
        free (p);
        errno = saved_errno;
    }
}

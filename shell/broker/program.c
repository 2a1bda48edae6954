/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The initial program, see program.h. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/util/errprintf.h"
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

static void child_exec (char **argv, char **envv, const char *prompt, int errfd)
{
    sigset_t none;
    char *shell_argv[] = {NULL, NULL};

    sigemptyset (&none);
    sigprocmask (SIG_SETMASK, &none, NULL);
    for (int sig = 1; sig < NSIG; sig++) {
        if (sig != SIGKILL && sig != SIGSTOP)
            signal (sig, SIG_DFL);
    }
    prctl (PR_SET_PDEATHSIG, SIGTERM); // nothing of the instance outlives its broker
    apply_environment (envv);
    if (!argv || !argv[0]) {
        const char *shell = getenv ("SHELL");
        shell_argv[0] = (char *)(shell && *shell ? shell : "/bin/sh");
        argv = shell_argv;
        if (isatty (STDIN_FILENO))
            set_prompt (prompt);
    }
    execvp (argv[0], argv);
    int errnum = errno;
    (void)!write (errfd, &errnum, sizeof (errnum));
    _exit (errnum == ENOENT ? 127 : 126);
}

struct program *program_start (struct ev_loop *loop, char **argv, char **envv, const char *prompt,
                               program_exit_f cb, void *arg, flux_error_t *errp)
{
    struct program *p = calloc (1, sizeof (*p));
    int pfd[2] = {-1, -1};
    int errnum = 0;

    if (!p || pipe2 (pfd, O_CLOEXEC) < 0) {
        errprintf (errp, "initial program: %s", strerror (errno));
        free (p);
        return NULL;
    }
    p->loop = loop;
    p->cb = cb;
    p->arg = arg;
    p->pid = fork ();
    if (p->pid == 0)
        child_exec (argv, envv, prompt, pfd[1]);
    close (pfd[1]);
    if (p->pid < 0)
        errnum = errno;
    else if (read (pfd[0], &errnum, sizeof (errnum)) != sizeof (errnum))
        errnum = 0;
    close (pfd[0]);
    if (errnum != 0) {
        if (p->pid > 0)
            waitpid (p->pid, NULL, 0);
        free (p);
        errno = errnum;
        errprintf (errp, "%s: %s", argv && argv[0] ? argv[0] : "shell", strerror (errnum));
        return NULL;
    }
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

void program_destroy (struct program *p)
{
    if (p) {
        int saved_errno = errno;
        ev_child_stop (p->loop, &p->watcher);
        free (p);
        errno = saved_errno;
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The process of a spawner: how it begins, and how it ends. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"
#include "lib/util/monotime.h"
#include "shell/service/job_exec/spawner_process.h"

#define SPAWNER_FD 3 // where the spawner finds its end of the socket

/* Our environment, and all symbols bound at the start: once, not again in each fork. Of variables
 * that are there twice the first counts. */
static char **spawner_env (const struct spawner_process *sp)
{
    extern char **environ;
    size_t n = 0, own = 0;

    while (environ[n])
        n++;
    char **env = calloc (n + 3, sizeof (*env));
    if (env) {
        if (sp->plugins)
            env[own++] = sp->plugins;
        memcpy (env + own, environ, n * sizeof (*env));
        env[own + n] = "LD_BIND_NOW=1";
    }
    return env;
}

/* Between vfork and exec. What the broker has open is not the spawner's business. */
static void exec_spawner (struct spawner_process *sp, char **env, int sock, const sigset_t *mask)
{
    char *argv[] = {sp->path, "--spawner", sp->rundir, NULL};
    int devnull = open ("/dev/null", O_RDONLY | O_CLOEXEC);

    if (sock == SPAWNER_FD ? fcntl (sock, F_SETFD, 0) < 0 : dup2 (sock, SPAWNER_FD) < 0)
        _exit (127);
    if (devnull >= 0)
        dup2 (devnull, STDIN_FILENO);
#ifdef SYS_close_range
    syscall (SYS_close_range, SPAWNER_FD + 1, ~0U, 0);
#endif
    for (int sig = 1; sig < NSIG; sig++)
        signal (sig, SIG_DFL);
    sigprocmask (SIG_SETMASK, mask, NULL);
    execve (sp->path, argv, env);
    _exit (127);
}

int spawner_process_start (struct spawner_process *sp, flux_error_t *errp)
{
    int sv[2];
    sigset_t all, old, none;

    if (access (sp->path, X_OK) < 0)
        return errprintf (errp, "%s: %s", sp->path, strerror (errno));
    if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
        return errprintf (errp, "socketpair: %s", strerror (errno));
    sigfillset (&all);
    sigemptyset (&none);
    sigprocmask (SIG_SETMASK, &all, &old);
    char **env = spawner_env (sp);
    pid_t pid = env ? vfork () : -1;
    if (pid == 0)
        exec_spawner (sp, env, sv[1], &none);
    int saved_errno = errno;
    free (env);
    sigprocmask (SIG_SETMASK, &old, NULL);
    close (sv[1]);
    if (pid < 0) {
        close (sv[0]);
        errno = saved_errno;
        return errprintf (errp, "vfork: %s", strerror (errno));
    }
    fd_set_nonblocking (sv[0]);
    sp->pid = pid;
    sp->fd = sv[0];
    return 0;
}

/* The broker's event loop may have waited for the child already; then ECHILD says that it is gone.
 */
static bool process_gone (pid_t pid)
{
    int rc = waitpid (pid, NULL, WNOHANG);
    return rc == pid || (rc < 0 && errno == ECHILD);
}

void spawner_process_end (struct spawner_process *sp, double timeout)
{
    double deadline = monotime_now () + timeout;

    if (sp->pid <= 0)
        return;
    while (!process_gone (sp->pid)) {
        if (monotime_now () > deadline) {
            kill (sp->pid, SIGKILL);
            waitpid (sp->pid, NULL, 0);
            break;
        }
        usleep (500);
    }
    sp->pid = 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/util/errprintf.h"
#include "lib/util/spawn.h"

struct failure {
    int errnum;
    bool cwd;
};

static void fail (int fd, bool cwd)
{
    struct failure failure = {errno, cwd};

    (void)!write (fd, &failure, sizeof (failure));
    _exit (failure.errnum == ENOENT ? 127 : 126);
}

static void reset_signals (void)
{
    sigset_t none;

    for (int sig = 1; sig < NSIG; sig++) {
        if (sig != SIGKILL && sig != SIGSTOP)
            signal (sig, SIG_DFL);
    }
    sigemptyset (&none);
    sigprocmask (SIG_SETMASK, &none, NULL);
}

static bool is_on_path (const char *name)
{
    const char *dir = getenv ("PATH");
    char path[PATH_MAX];

    for (size_t len; dir; dir = dir[len] ? dir + len + 1 : NULL) {
        len = strcspn (dir, ":");
        if (snprintf (path, sizeof (path), "%.*s/%s", (int)len, dir, name) < (int)sizeof (path) &&
            access (path, F_OK) == 0)
            return true;
    }
    return false;
}

/* exec's search says EACCES once it met a folder that it may not read, wherever the program is. */
static void mend_errno (const char *name)
{
    if (errno != EACCES || strchr (name, '/'))
        return;
    errno = is_on_path (name) ? EACCES : ENOENT;
}

static void child (const struct spawn_spec *spec, int errfd)
{
    reset_signals ();
    if (spec->setpgrp)
        setpgid (0, 0);
    if (spec->pdeathsig)
        prctl (PR_SET_PDEATHSIG, spec->pdeathsig);
    for (int i = 0; i < 3; i++) {
        if (spec->fds[i] >= 0 && dup2 (spec->fds[i], i) < 0)
            fail (errfd, false);
    }
    if (spec->cwd && chdir (spec->cwd) < 0)
        fail (errfd, true);
    if (spec->setup)
        spec->setup (spec->arg);
    if (spec->envp)
        execvpe (spec->argv[0], spec->argv, spec->envp);
    else
        execvp (spec->argv[0], spec->argv);
    mend_errno (spec->argv[0]);
    fail (errfd, false);
}

pid_t spawn_program (const struct spawn_spec *spec, flux_error_t *errp)
{
    struct failure failure = {0};
    int pfd[2];
    ssize_t n;

    if (pipe2 (pfd, O_CLOEXEC) < 0)
        return errprintf (errp, "%s: %s", spec->argv[0], strerror (errno));
    pid_t pid = fork ();
    if (pid == 0)
        child (spec, pfd[1]);
    int saved_errno = errno;
    close (pfd[1]);
    do
        n = pid > 0 ? read (pfd[0], &failure, sizeof (failure)) : 0;
    while (n < 0 && errno == EINTR);
    close (pfd[0]);
    if (pid < 0) {
        errno = saved_errno;
        return errprintf (errp, "%s: %s", spec->argv[0], strerror (errno));
    }
    if (n == sizeof (failure)) {
        while (waitpid (pid, NULL, 0) < 0 && errno == EINTR)
            ;
        errno = failure.errnum;
        return errprintf (errp, "%s: %s", failure.cwd ? spec->cwd : spec->argv[0],
                          strerror (errno));
    }
    return pid;
}

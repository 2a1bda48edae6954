/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/shell/task.h"
#include "lib/util/errprintf.h"

/* What went wrong in the child, which until exec has its memory in common with the parent. */
struct failure {
    int errnum;
    const char *what; // NULL: exec
};

static int fail (volatile struct failure *f, const char *what)
{
    f->errnum = errno;
    f->what = what;
    return -1;
}

static const char *search_path (char **env)
{
    for (; *env; env++)
        if (!strncmp (*env, "PATH=", 5))
            return *env + 5;
    return "/usr/local/bin:/usr/bin:/bin";
}

/* A text without "#!" is a script of sh, as execvp(3) has it. */
static void exec_file (const char *path, char **argv, char **env)
{
    execve (path, argv, env);
    if (errno != ENOEXEC)
        return;
    size_t argc = 0;
    while (argv[argc])
        argc++;
    if (argc > 4096) {
        errno = E2BIG;
        return;
    }
    char *sh[argc + 3];
    sh[0] = "/bin/sh";
    sh[1] = (char *)path;
    memcpy (&sh[2], argv + 1, argc * sizeof (*argv));
    execve (sh[0], sh, env);
}

static void exec_search (char **argv, char **env)
{
    const char *name = argv[0], *dir = search_path (env), *end;
    size_t len = strlen (name);
    bool denied = false;
    char path[PATH_MAX];

    if (len == 0 || strchr (name, '/')) {
        exec_file (name, argv, env);
        return;
    }
    do { // a look costs a tenth of an exec that fails
        end = strchrnul (dir, ':');
        size_t n = end - dir;
        if (n + len + 2 <= sizeof (path)) {
            memcpy (path, dir, n);
            if (n > 0)
                path[n++] = '/';
            memcpy (path + n, name, len + 1);
            if (access (path, X_OK) == 0)
                exec_file (path, argv, env);
            if (errno == EACCES)
                denied = true;
            else if (errno != ENOENT && errno != ENOTDIR)
                return;
        }
        dir = end + 1;
    } while (*end);
    errno = denied ? EACCES : ENOENT;
}

/* All three may come from one another's place, so each is first moved above. */
static int set_stdio (const struct task_spec *spec)
{
    int fds[3];

    for (int i = 0; i < 3; i++) {
        fds[i] = spec->stdio[i];
        if (fds[i] < 3 && fds[i] != i && (fds[i] = fcntl (fds[i], F_DUPFD_CLOEXEC, 3)) < 0)
            return -1;
    }
    for (int i = 0; i < 3; i++) {
        if (fds[i] == i ? fcntl (i, F_SETFD, 0) < 0 : dup2 (fds[i], i) < 0)
            return -1;
    }
    if (spec->keep_fd >= 0 && fcntl (spec->keep_fd, F_SETFD, 0) < 0)
        return -1;
    return 0;
}

static int set_rlimits (const struct task_spec *spec)
{
    for (size_t i = 0; i < spec->nrlimits; i++) {
        struct rlimit rl;
        if (getrlimit (spec->rlimits[i].resource, &rl) < 0)
            return -1;
        if (rl.rlim_cur == spec->rlimits[i].soft)
            continue;
        rl.rlim_cur = spec->rlimits[i].soft;
        if (rl.rlim_max != RLIM_INFINITY &&
            (rl.rlim_cur == RLIM_INFINITY || rl.rlim_cur > rl.rlim_max))
            rl.rlim_cur = rl.rlim_max;
        if (setrlimit (spec->rlimits[i].resource, &rl) < 0)
            return -1;
    }
    return 0;
}

static int set_process (const struct task_spec *spec, pid_t parent, volatile struct failure *f)
{
    prctl (PR_SET_PDEATHSIG, SIGKILL);
    if (getppid () != parent) {
        errno = ESRCH;
        return fail (f, "parent");
    }
    if (spec->controlling && setsid () < 0)
        return fail (f, "setsid");
    if (!spec->controlling && spec->own_group && setpgid (0, 0) < 0)
        return fail (f, "setpgid");
    if (set_stdio (spec) < 0)
        return fail (f, "stdio");
    if (spec->controlling && ioctl (0, TIOCSCTTY, 0) < 0)
        return fail (f, "controlling terminal");
    if (spec->cpus_size > 0)
        sched_setaffinity (0, spec->cpus_size, spec->cpus);
    if (set_rlimits (spec) < 0)
        return fail (f, "rlimit");
    if (spec->trace && ptrace (PTRACE_TRACEME, 0, NULL, 0) < 0)
        return fail (f, "ptrace");
    return 0;
}

static void child (const struct task_spec *spec, pid_t parent, volatile struct failure *f)
{
    sigset_t none;

    if (set_process (spec, parent, f) == 0) {
        sigemptyset (&none);
        sigprocmask (SIG_SETMASK, &none, NULL);
        exec_search (spec->argv, spec->env);
        fail (f, NULL);
    }
    _exit (127);
}

pid_t task_launch (const struct task_spec *spec, flux_error_t *errp)
{
    volatile struct failure f = {0};
    pid_t parent = getpid ();

    pid_t pid = vfork ();
    if (pid == 0)
        child (spec, parent, &f);
    if (pid < 0)
        return errprintf (errp, "fork: %s", strerror (errno));
    if (f.errnum == 0)
        return pid;
    waitpid (pid, NULL, 0);
    errno = f.errnum;
    if (!f.what)
        return errprintf (errp, "%s: %s", spec->argv[0], strerror (errno));
    return errprintf (errp, "%s: %s", f.what, strerror (errno));
}

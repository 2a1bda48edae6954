/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* --flux=tasks: a broker as a child of slurmstepd, beside the step's own tasks. slurmstepd starts
 * it before the tasks and ends it after them. (It must end it: in cgroup v1 such a child lands in
 * the job's cgroup, not the step's, and would live on. No double fork, so that it can be reaped.)
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/util/monotime.h"
#include "spank/step.h"

#define END_SECONDS 5.
#define POLL_USEC 10000

/* Hooks run as the user by effective id only; the broker must be the user for good. */
static int drop_privileges (uid_t uid, gid_t gid)
{
    gid_t groups[1024];
    int n = getgroups (1024, groups); // slurmstepd has set the user's

    if (geteuid () != 0 && seteuid (0) < 0)
        return uid == getuid () ? 0 : -1;
    if (n < 0 || setgroups (n, groups) < 0 || setresgid (gid, gid, gid) < 0 ||
        setresuid (uid, uid, uid) < 0)
        return -1;
    return setuid (0) < 0 ? 0 : -1;
}

static void reset_signals (void)
{
    sigset_t none;

    sigemptyset (&none);
    sigprocmask (SIG_SETMASK, &none, NULL);
    for (int sig = 1; sig < NSIG; sig++)
        signal (sig, SIG_DFL);
}

static void plain_fds (void)
{
    int fd = open ("/dev/null", O_RDWR);

    dup2 (fd, STDIN_FILENO);
    dup2 (fd, STDOUT_FILENO);
    closefrom (3);
}

static void child (const struct step *step, uid_t uid, gid_t gid, char **env, pid_t parent)
{
    flux_error_t e;
    const char *cwd;

    plain_fds ();
    reset_signals ();
    if (drop_privileges (uid, gid) < 0)
        _exit (126);
    /* Only now: a change of ids clears it. */
    prctl (PR_SET_PDEATHSIG, SIGTERM);
    if (getppid () != parent)
        _exit (0);
    environ = env;
    if ((cwd = getenv ("PWD")) && chdir (cwd) < 0)
        (void)!chdir ("/");
    (void)launch_broker (&step->launch, env, &e);
    slurm_error ("flux: %s", e.text);
    _exit (127);
}

int beside_start (spank_t sp, struct step *step, char **env)
{
    uid_t uid;
    gid_t gid;
    pid_t parent = getpid ();
    char uri[128];

    if (spank_get_item (sp, S_JOB_UID, &uid) || spank_get_item (sp, S_JOB_GID, &gid))
        return -1;
    strcpy (step->rundir, "/tmp/flux-XXXXXX");
    if (!mkdtemp (step->rundir)) {
        slurm_error ("flux: mkdtemp: %s", strerror (errno));
        step->rundir[0] = '\0';
        return -1;
    }
    step->launch.rundir = step->rundir;
    if ((step->beside = fork ()) < 0) {
        slurm_error ("flux: fork: %s", strerror (errno));
        return -1;
    }
    if (step->beside == 0)
        child (step, uid, gid, env, parent);
    snprintf (uri, sizeof (uri), "local://%s/local-%u", step->rundir, step->launch.rank);
    return spank_setenv (sp, "FLUX_URI", uri, 1) == ESPANK_SUCCESS ? 0 : -1;
}

static bool can_connect (const char *rundir, uint32_t rank)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok;

    snprintf (sun.sun_path, sizeof (sun.sun_path), "%s/local-%u", rundir, rank);
    ok = fd >= 0 && connect (fd, (struct sockaddr *)&sun, sizeof (sun)) == 0;
    if (fd >= 0)
        close (fd);
    return ok;
}

int beside_wait (const struct step *step)
{
    double deadline = monotime_now () + step->launch.set->timeout;

    while (!can_connect (step->rundir, step->launch.rank)) {
        if (kill (step->beside, 0) < 0 || monotime_now () > deadline) {
            slurm_error ("flux: the broker did not come up");
            return -1;
        }
        usleep (POLL_USEC);
    }
    return 0;
}

static bool reaped (pid_t pid, double seconds)
{
    double deadline = monotime_now () + seconds;
    pid_t n;

    while ((n = waitpid (pid, NULL, WNOHANG)) == 0 && monotime_now () < deadline)
        usleep (POLL_USEC);
    return n != 0;
}

void beside_end (struct step *step)
{
    if (step->beside <= 0)
        return;
    kill (step->beside, SIGTERM);
    if (!reaped (step->beside, END_SECONDS)) {
        kill (step->beside, SIGKILL);
        (void)reaped (step->beside, END_SECONDS);
    }
    step->beside = 0;
}

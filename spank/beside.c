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
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
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

/* Of slurmstepd's files keep none but its standard error, and the end of the pipe as number 3. */
static int plain_fds (int ready)
{
    int fd = open ("/dev/null", O_RDWR);

    dup2 (fd, STDIN_FILENO);
    dup2 (fd, STDOUT_FILENO);
    dup2 (ready, 3);
    closefrom (4);
    return 3;
}

static void child (struct step *step, char **env, pid_t parent)
{
    flux_error_t e;
    const char *cwd;

    step->launch.ready_fd = plain_fds (step->launch.ready_fd);
    reset_signals ();
    if (drop_privileges (step->uid, step->gid) < 0)
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
    pid_t parent = getpid ();
    char uri[128];
    int ready[2];

    if (spank_get_item (sp, S_JOB_UID, &step->uid) || spank_get_item (sp, S_JOB_GID, &step->gid))
        return -1;
    strcpy (step->rundir, "/tmp/flux-XXXXXX");
    if (!mkdtemp (step->rundir)) {
        slurm_error ("flux: mkdtemp: %s", strerror (errno));
        step->rundir[0] = '\0';
        return -1;
    }
    step->launch.rundir = step->rundir;
    if (pipe2 (ready, O_CLOEXEC) < 0) {
        slurm_error ("flux: pipe: %s", strerror (errno));
        return -1;
    }
    step->ready = ready[0];
    step->launch.ready_fd = ready[1];
    if ((step->beside = fork ()) < 0) {
        slurm_error ("flux: fork: %s", strerror (errno));
        return -1;
    }
    if (step->beside == 0)
        child (step, env, parent);
    close (ready[1]);
    snprintf (uri, sizeof (uri), "local://%s/local-%u", step->rundir, step->launch.rank);
    return spank_setenv (sp, "FLUX_URI", uri, 1) == ESPANK_SUCCESS ? 0 : -1;
}

/* What a task of a Flux job finds, as far as it is true: the step is no job of the instance, so
 * that there is no FLUX_JOB_ID. */
int beside_task_env (spank_t sp)
{
    static const struct {
        const char *name;
        int item;
    } vars[] = {
        {"FLUX_TASK_RANK", S_TASK_GLOBAL_ID},
        {"FLUX_TASK_LOCAL_ID", S_TASK_ID},
        {"FLUX_JOB_SIZE", S_JOB_TOTAL_TASK_COUNT},
        {"FLUX_JOB_NNODES", S_JOB_NNODES},
    };

    for (size_t i = 0; i < sizeof (vars) / sizeof (vars[0]); i++) {
        char value[16];
        uint32_t n = 0;
        if (spank_get_item (sp, vars[i].item, &n) != ESPANK_SUCCESS) {
            slurm_error ("flux: Slurm does not tell what %s is", vars[i].name);
            return -1;
        }
        snprintf (value, sizeof (value), "%u", (unsigned)n);
        if (spank_setenv (sp, vars[i].name, value, 1) != ESPANK_SUCCESS)
            return -1;
    }
    return 0;
}

/* The byte stays in the pipe for the next task; its end without one means that the broker is gone.
 */
int beside_wait (const struct step *step)
{
    struct pollfd pfd = {.fd = step->ready, .events = POLLIN};
    int n;

    do {
        n = poll (&pfd, 1, step->launch.set->timeout * 1000);
    } while (n < 0 && errno == EINTR);
    if (n > 0 && (pfd.revents & POLLIN))
        return 0;
    slurm_error ("flux: the broker %s", n == 0 ? "did not come up in time" : "did not start");
    return -1;
}

static bool reaped (pid_t pid, double seconds)
{
    double deadline = monotime_now () + seconds;
    pid_t n;

    while ((n = waitpid (pid, NULL, WNOHANG)) == 0 && monotime_now () < deadline)
        usleep (POLL_USEC);
    return n != 0;
}

/* As the user, who can put anything in the place of a folder of his. */
static void remove_rundir (const struct step *step)
{
    pid_t pid = fork ();

    if (pid == 0) {
        if (drop_privileges (step->uid, step->gid) == 0)
            execl ("/bin/rm", "rm", "-rf", "--one-file-system", step->rundir, NULL);
        _exit (1);
    }
    if (pid > 0)
        (void)reaped (pid, END_SECONDS);
}

void beside_end (struct step *step)
{
    if (step->ready >= 0)
        close (step->ready);
    step->ready = -1;
    if (step->beside <= 0)
        return;
    /* The broker stays for those below it in the tree, whose tasks may run as long as they like;
     * slurmstepd's other threads would kill it for a scancel or a time limit. */
    kill (step->beside, SIGTERM);
    while (waitpid (step->beside, NULL, 0) < 0 && errno == EINTR)
        ;
    step->beside = 0;
    remove_rundir (step);
}

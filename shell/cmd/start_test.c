/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Test instances: N brokers as children of `flux start`, which find each other through socket
 * pairs that lead back here. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <flux/hostlist.h>

#include "lib/bootstrap/server.h"
#include "lib/util/monotime.h"
#include "lib/util/removetree.h"
#include "lib/util/waitcode.h"
#include "shell/cmd/start_test.h"

#define BOOTSTRAP_FD_NUMBER 3
#define EXIT_TIMEOUT_DEFAULT 20.
#define START_TIMEOUT_DEFAULT 60.

struct test {
    struct cmd *c;
    const struct start_args *a;
    struct wireup_server *srv;
    struct hostlist *hosts;
    pid_t *pids; // 0: has ended
    int size, left;
    uint32_t quorum;  // see wireup_config
    bool leader_only; // others are started later, by flux overlay rejoin
    sigset_t mask, saved;
    bool any;        // the first broker that ends ends all, and the highest exit code counts
    int exit_code;   // of rank 0, else the first that failed
    double deadline; // when to kill what is left; 0: not yet
    bool killed;
};

static int set_env (const char *name, const char *value, void *arg)
{
    return setenv (name, value, 1);
}

_Noreturn static void child (struct test *t, int rank, int fd)
{
    char **argv = t->a->argv;

    sigprocmask (SIG_SETMASK, &t->saved, NULL);
    prctl (PR_SET_PDEATHSIG, SIGTERM);
    if (rank > 0) {
        argv[t->a->program] = NULL;
        int null = open ("/dev/null", O_RDONLY);
        dup2 (null, STDIN_FILENO);
        close (null);
    }
    if (t->hosts) {
        setenv ("FLUX_BOOTSTRAP_HOSTNAME", hostlist_nth (t->hosts, rank), 1);
        setenv ("FLUX_BOOTSTRAP_HOSTLIST", cmd_str (t->c, "test-hosts", ""), 1);
    }
    if (dup2 (fd, BOOTSTRAP_FD_NUMBER) < 0 ||
        (fd == BOOTSTRAP_FD_NUMBER && fcntl (fd, F_SETFD, 0) < 0) ||
        wireup_server_env (t->srv, rank, BOOTSTRAP_FD_NUMBER, set_env, NULL) < 0) {
        fprintf (stderr, "flux-start: %s\n", strerror (errno));
        _exit (1);
    }
    execvp (argv[0], argv);
    fprintf (stderr, "flux-start: %s: %s\n", argv[0], strerror (errno));
    _exit (127);
}

static int start_one (struct test *t, int rank)
{
    int fds[2];

    if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return -1;
    pid_t pid = fork ();
    if (pid == 0)
        child (t, rank, fds[1]);
    close (fds[1]);
    if (pid < 0) {
        close (fds[0]);
        return -1;
    }
    t->pids[rank] = pid;
    t->left++;
    return wireup_server_add (t->srv, fds[0]);
}

static void kill_all (struct test *t, int signum)
{
    for (int i = 0; i < t->size; i++)
        if (t->pids[i] > 0)
            kill (t->pids[i], signum);
}

static void on_exit_of (struct test *t, int rank, int status, double exit_timeout)
{
    int code = waitcode (status);

    t->pids[rank] = 0;
    t->left--;
    if (t->any) {
        if (t->exit_code < code)
            t->exit_code = code;
        if (t->deadline == 0)
            t->deadline = monotime_now () + exit_timeout;
    }
    if (rank == 0) {
        if (!t->any)
            t->exit_code = code;
        if (t->left > 0 &&
            (t->any || t->deadline == 0)) { // they leave before rank 0 does, when all is well
            if (t->deadline == 0)
                t->deadline = monotime_now () + exit_timeout;
            kill_all (t, SIGTERM);
        }
    }
    if (t->quorum > 0 && rank > 0 && t->pids[0] == 0 && WIFSIGNALED (status))
        return; // it never joined, and was told to end
    if (rank == 0 && !WIFSIGNALED (status))
        return; // the initial program's own exit code needs no comment
    if (code != 0 && !t->killed) {
        if (WIFSIGNALED (status))
            fprintf (stderr, "flux-start: broker of rank %d: %s\n", rank,
                     strsignal (WTERMSIG (status)));
        else
            fprintf (stderr, "flux-start: broker of rank %d exited with code %d\n", rank, code);
        if (t->exit_code == 0 && rank > 0 && t->pids[0] == 0)
            t->exit_code = code;
    }
}

static void reap (struct test *t, double exit_timeout)
{
    int status;
    pid_t pid;

    while ((pid = waitpid (-1, &status, WNOHANG)) > 0)
        for (int i = 0; i < t->size; i++)
            if (t->pids[i] == pid)
                on_exit_of (t, i, status, exit_timeout);
}

static void wait_for_signal (struct test *t)
{
    struct timespec ts = {.tv_sec = 3600};
    siginfo_t si;

    if (t->deadline > 0) {
        double left = t->deadline - monotime_now ();
        if (left < 0)
            left = 0;
        ts.tv_sec = (time_t)left;
        ts.tv_nsec = (long)((left - (time_t)left) * 1e9);
    }
    int signum = sigtimedwait (&t->mask, &si, &ts);
    // ctrl-C reaches the brokers by itself; rank 0 ends the others when it ends
    if ((signum == SIGTERM || signum == SIGHUP) && t->pids[0] > 0)
        kill (t->pids[0], signum);
    if (t->deadline > 0 && monotime_now () >= t->deadline && t->left > 0) {
        if (!t->killed)
            fprintf (stderr, "flux-start: killing %d brokers that did not end\n", t->left);
        t->killed = true;
        kill_all (t, SIGKILL);
        t->deadline += 1;
    }
}

static int serve (struct test *t)
{
    flux_error_t error;

    for (int i = 0; i < (t->leader_only ? 1 : t->size); i++)
        if (start_one (t, i) < 0)
            return cmd_fail (t->c, "cannot start broker %d: %s", i, strerror (errno));
    if (wireup_server_run (t->srv, -1, &error) < 0)
        return cmd_fail (t->c, "%s", error.text);
    return 0;
}

/* So many brokers are enough when the time is over; 0: all. */
static uint32_t get_quorum (const struct test *t)
{
    static const char name[] = "-Sbroker.quorum=";
    long n = 0;

    for (int i = 0; i < t->a->argc && t->a->argv[i]; i++)
        if (strncmp (t->a->argv[i], name, strlen (name)) == 0)
            n = strtol (t->a->argv[i] + strlen (name), NULL, 10);
    return n > 0 && n < t->size ? (uint32_t)n : 0;
}

static void setup (struct test *t)
{
    struct wireup_config config = {
        .size = t->size,
        .jobid = getpid (),
        .timeout = cmd_fsd (t->c, "test-start-timeout", START_TIMEOUT_DEFAULT),
        .quorum = t->quorum,
        .expected = t->leader_only ? 1 : 0,
    };
    const char *hosts = cmd_str (t->c, "test-hosts", NULL);
    flux_error_t error;

    if (hosts && !(t->hosts = hostlist_decode (hosts)))
        cmd_die (t->c, "--test-hosts=%s: not a hostlist", hosts);
    if (hosts && hostlist_count (t->hosts) != t->size)
        cmd_die (t->c, "--test-hosts=%s: %d hosts for %d brokers", hosts, hostlist_count (t->hosts),
                 t->size);
    if (!(t->srv = wireup_server_create (&config, &error)))
        cmd_die (t->c, "%s", error.text);
    sigemptyset (&t->mask);
    sigaddset (&t->mask, SIGCHLD);
    sigaddset (&t->mask, SIGTERM);
    sigaddset (&t->mask, SIGHUP);
    sigaddset (&t->mask, SIGINT);
    sigaddset (&t->mask, SIGQUIT);
    sigprocmask (SIG_BLOCK, &t->mask, &t->saved);
}

/* Brokers end at different times: what was made for all of them is made and removed here. */
static bool make_rundir (struct cmd *c, const char *dir)
{
    if (!dir || mkdir (dir, 0700) == 0)
        return dir != NULL;
    if (errno != EEXIST)
        cmd_die (c, "--rundir=%s: %s", dir, strerror (errno));
    return false;
}

int start_test (struct cmd *c, const struct start_args *a, int size)
{
    const char *mode = cmd_str (c, "test-start-mode", "all");
    const char *exit_mode = cmd_str (c, "test-exit-mode", "leader");
    const char *rundir = cmd_str (c, "rundir", NULL);
    struct test t = {.c = c,
                     .a = a,
                     .size = size,
                     .leader_only = strcmp (mode, "leader") == 0,
                     .any = strcmp (exit_mode, "any") == 0};
    double exit_timeout = cmd_fsd (c, "test-exit-timeout", EXIT_TIMEOUT_DEFAULT);

    if (!t.leader_only && strcmp (mode, "all") != 0)
        return cmd_fail (c, "--test-start-mode=%s: neither all nor leader", mode);
    if (!t.any && strcmp (exit_mode, "leader") != 0)
        return cmd_fail (c, "--test-exit-mode=%s: neither any nor leader", exit_mode);
    bool made = make_rundir (c, rundir);
    if (!(t.pids = calloc (size, sizeof (*t.pids))))
        return cmd_fail (c, "out of memory");
    t.quorum = get_quorum (&t);
    setup (&t);
    bool failed = serve (&t) != 0;
    wireup_server_destroy (t.srv);
    if (failed) { // brokers have got the sentence too and end by themselves
        t.deadline = monotime_now () + 2;
        t.killed = true;
        kill_all (&t, SIGTERM);
    }
    for (reap (&t, exit_timeout); t.left > 0; reap (&t, exit_timeout))
        wait_for_signal (&t);
    if (made)
        remove_tree (rundir);
    if (cmd_has (c, "test-rundir-cleanup"))
        remove_tree (cmd_str (c, "test-rundir", ""));
    hostlist_destroy (t.hosts);
    free (t.pids);
    return failed ? 1 : t.exit_code;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux proxy: run a command in another instance. One on this host needs only its URI; one on
 * another host gets a local socket here, and all connections to it share one ssh or srun (mux.h).
 */

#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/client/transport.h"
#include "lib/util/tmpdir.h"
#include "lib/util/waitcode.h"
#include "shell/cmd/client.h"
#include "shell/cmd/mux.h"
#include "shell/cmd/uri_resolve.h"
#include "shell/cmd/verbs.h"

#define RECONNECT_SECONDS 2

static int exec_command (struct cmd *c, const char *uri)
{
    const char *shell = getenv ("SHELL");
    char *dflt[] = {(char *)(shell && *shell ? shell : "/bin/sh"), NULL};
    char **argv = c->argc > 1 ? c->argv + 1 : dflt;

    setenv ("FLUX_URI", uri, 1);
    execvp (argv[0], argv);
    fprintf (stderr, "flux-proxy: %s: %s\n", argv[0], strerror (errno));
    return errno == ENOENT ? 127 : 126;
}

struct proxy {
    struct cmd *c;
    char *dir;
    char path[108], uri[160];
    int fd;
    struct transport t;
    char *remote;             // [user@]host[:port] of an ssh URI
    pid_t transport, command; // 0: none
    int sock;                 // the transport's other end
    struct mux *mux;
    int code; // of the command
    sigset_t open;
};

static int listen_here (struct proxy *p)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    flux_error_t error;

    if (!(p->dir = tmpdir_make ("flux-proxy-", &error)))
        cmd_die (p->c, "%s", error.text);
    snprintf (p->path, sizeof (p->path), "%s/local-0", p->dir);
    snprintf (p->uri, sizeof (p->uri), "local://%s", p->path);
    snprintf (addr.sun_path, sizeof (addr.sun_path), "%s", p->path);
    if ((p->fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0 ||
        bind (p->fd, (struct sockaddr *)&addr, sizeof (addr)) < 0 || listen (p->fd, 64) < 0)
        return -1;
    return 0;
}

static int transport_start (struct proxy *p)
{
    int fd[2];

    if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
        return -1;
    fflush (NULL);
    if ((p->transport = fork ()) == 0) {
        sigprocmask (SIG_SETMASK, &p->open, NULL);
        setpgid (0, 0); // ctrl-C is for the command
        transport_exec (&p->t, fd[1]);
    }
    close (fd[1]);
    p->sock = fd[0];
    if (p->mux)
        mux_renew (p->mux, p->sock, p->sock);
    else if ((p->mux = mux_create (p->sock, p->sock, p->fd, NULL)) && cmd_has (p->c, "reconnect"))
        mux_follow (p->mux);
    return p->mux && p->transport > 0 ? 0 : -1;
}

static void transport_stop (struct proxy *p)
{
    if (p->mux && cmd_has (p->c, "reconnect"))
        mux_lost (p->mux);
    else {
        mux_destroy (p->mux);
        p->mux = NULL;
    }
    close (p->sock);
    if (p->transport > 0)
        waitpid (p->transport, NULL, 0);
    p->transport = 0;
}

static void on_child (int signum)
{
}

static void reap (struct proxy *p)
{
    int status;
    pid_t pid;

    while ((pid = waitpid (-1, &status, WNOHANG)) > 0) {
        if (pid == p->command) {
            p->code = waitcode (status);
            p->command = 0;
        }
        if (pid == p->transport)
            p->transport = 0;
    }
}

static int begin (struct proxy *p)
{
    if (transport_start (p) < 0)
        return -1;
    while (!mux_is_ready (p->mux)) {
        if (mux_turn (p->mux, &p->open) < 0) {
            transport_stop (p);
            return -1;
        }
    }
    return 0;
}

/* The transport has ended before the command. */
static void on_lost (struct proxy *p)
{
    struct timespec pause = {.tv_sec = RECONNECT_SECONDS};

    cmd_warn (p->c, "lost the connection to %s", p->t.where);
    transport_stop (p);
    if (!cmd_has (p->c, "reconnect")) {
        close (p->fd); // nobody is to wait for an answer
        p->fd = -1;
        if (!cmd_has (p->c, "nohup")) {
            kill (p->command, SIGHUP);
            kill (p->command, SIGCONT);
        }
        return;
    }
    while (p->command > 0 && begin (p) < 0) { // SIGCHLD ends the pause
        ppoll (NULL, 0, &pause, &p->open);
        reap (p);
    }
    if (p->mux && mux_is_ready (p->mux))
        cmd_warn (p->c, "connected again");
}

/* Until the command has ended. */
static void serve (struct proxy *p)
{
    for (reap (p); p->command > 0; reap (p)) {
        if (!p->mux)
            ppoll (NULL, 0, NULL, &p->open);
        else if (mux_turn (p->mux, &p->open) < 0)
            on_lost (p);
    }
}

static void set_signals (struct proxy *p)
{
    struct sigaction sa = {.sa_handler = on_child};
    sigset_t block;

    sigaction (SIGCHLD, &sa, NULL);
    sigemptyset (&block);
    sigaddset (&block, SIGCHLD);
    sigprocmask (SIG_BLOCK, &block, &p->open);
    signal (SIGPIPE, SIG_IGN);
}

static void start_command (struct proxy *p)
{
    fflush (NULL);
    if ((p->command = fork ()) == 0) {
        signal (SIGPIPE, SIG_DFL);
        sigprocmask (SIG_SETMASK, &p->open, NULL);
        if (p->remote)
            setenv ("FLUX_PROXY_REMOTE", p->remote, 1);
        _exit (exec_command (p->c, p->uri));
    }
    signal (SIGINT, SIG_IGN); // is for the command
}

static int run_remote (struct cmd *c, const char *uri)
{
    struct proxy p = {.c = c, .fd = -1};
    flux_error_t error = {0};

    if (transport_init (&p.t, uri, &error) < 0)
        return cmd_fail (c, "%s", error.text);
    transport_option (&p.t, "--mux");
    if (strncmp (uri, "ssh://", 6) == 0)
        p.remote = strndup (uri + 6, strcspn (uri + 6, "/"));
    set_signals (&p);
    if (listen_here (&p) < 0)
        return cmd_fail (c, "%s: %s", p.path, strerror (errno));
    if (begin (&p) < 0) // better found out before the command runs
        p.code = cmd_fail (c, "%s to %s: no connection", p.t.argv[0], p.t.where);
    else {
        start_command (&p);
        serve (&p);
        if (p.mux)
            transport_stop (&p);
    }
    mux_destroy (p.mux);
    unlink (p.path);
    rmdir (p.dir);
    free (p.dir);
    transport_clear (&p.t);
    free (p.remote);
    return p.code;
}

static int run (struct cmd *c)
{
    flux_error_t error = {0};
    char *uri;

    if (c->argc == 0)
        return cmd_fail (c, "a job id or URI is needed");
    char *found = uri_resolve (c->argv[0], &error);
    if (!found || !(uri = uri_prefer_local (found)))
        return cmd_fail (c, "%s: %s", c->argv[0], error.text);
    free (found);
    if (transport_handles (uri))
        return run_remote (c, uri);
    flux_t *h = cmd_open_uri (uri, &error);
    if (!h)
        return cmd_fail (c, "%s: %s", uri, error.text);
    flux_close (h);
    fflush (NULL);
    return exec_command (c, uri);
}

static const struct cmd_opt opts[] = {
    {.key = 'n', .name = "nohup", .help = "Send no SIGHUP when the connection is lost"},
    {.name = "reconnect", .help = "Connect again when the connection is lost"},
    {.key = 'f', .name = "force", .help = "Has no effect: versions are not compared"},
    {0},
};

const struct cmd_verb cmd_verb_proxy = {
    .name = "proxy",
    .args = "TARGET [COMMAND [ARG...]]",
    .summary = "Run a command, or a shell, in another instance",
    .opts = {opts},
    .flags = CMD_VERB_STOP,
    .run = run,
};

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux proxy: run a command in another instance. One on this host needs only its URI; one on
 * another host gets a local socket here, each connection to which is a connection by ssh. */

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

#include "shell/cmd/client.h"
#include "shell/cmd/uri_resolve.h"
#include "shell/cmd/verbs.h"

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
    char dir[64], path[100], uri[160];
    int fd;
    char *host, *remote_path;
};

static int parse_ssh (struct proxy *p, const char *uri)
{
    const char *path = strchr (uri + 6, '/');

    if (!path)
        return -1;
    p->host = strndup (uri + 6, path - uri - 6);
    p->remote_path = strdup (path);
    return p->host && p->remote_path ? 0 : -1;
}

static int listen_here (struct proxy *p)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    strcpy (p->dir, "/tmp/flux-proxy-XXXXXX");
    if (!mkdtemp (p->dir)) // mode 0700: only its owner can connect
        return -1;
    snprintf (p->path, sizeof (p->path), "%s/local-0", p->dir);
    snprintf (p->uri, sizeof (p->uri), "local://%s", p->path);
    snprintf (addr.sun_path, sizeof (addr.sun_path), "%s", p->path);
    if ((p->fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0 ||
        bind (p->fd, (struct sockaddr *)&addr, sizeof (addr)) < 0 || listen (p->fd, 64) < 0)
        return -1;
    return 0;
}

/* A connection becomes the standard input and output of ssh. */
static void serve (struct proxy *p)
{
    int fd = accept4 (p->fd, NULL, NULL, SOCK_CLOEXEC);
    const char *ssh = getenv ("FLUX_SSH"), *rcmd = getenv ("FLUX_SSH_RCMD");
    char *colon = strchr (p->host, ':'), host[256];

    if (fd < 0)
        return;
    if (fork () == 0) {
        dup2 (fd, STDIN_FILENO);
        dup2 (fd, STDOUT_FILENO);
        snprintf (host, sizeof (host), "%.*s", (int)strcspn (p->host, ":"), p->host);
        if (colon)
            execlp (ssh ? ssh : "ssh", "ssh", "-p", colon + 1, host, rcmd ? rcmd : "flux", "relay",
                    p->remote_path, NULL);
        else
            execlp (ssh ? ssh : "ssh", "ssh", host, rcmd ? rcmd : "flux", "relay", p->remote_path,
                    NULL);
        _exit (127);
    }
    close (fd);
}

static void on_child (int signum)
{
}

/* Serve connections until the command has ended; returns its exit code. */
static int serve_while (struct proxy *p, pid_t pid)
{
    struct pollfd pfd = {.fd = p->fd, .events = POLLIN};
    struct sigaction sa = {.sa_handler = on_child};
    sigset_t block, open;
    int status;
    pid_t done;

    sigaction (SIGCHLD, &sa, NULL);
    sigemptyset (&block);
    sigaddset (&block, SIGCHLD);
    sigprocmask (SIG_BLOCK, &block, &open);
    signal (SIGINT, SIG_IGN); // is for the command
    for (;;) {
        while ((done = waitpid (-1, &status, WNOHANG)) > 0)
            if (done == pid)
                return WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
        if (ppoll (&pfd, 1, NULL, &open) > 0)
            serve (p);
    }
}

static int run_remote (struct cmd *c, const char *uri)
{
    struct proxy p = {.fd = -1};
    flux_error_t error = {0};
    pid_t pid;

    if (parse_ssh (&p, uri) < 0)
        return cmd_fail (c, "%s: not ssh://HOST/PATH", uri);
    flux_t *h = cmd_open_uri (uri, &error); // a wrong host is better found before the command runs
    if (!h)
        return cmd_fail (c, "%s: %s", uri, error.text);
    flux_close (h);
    if (listen_here (&p) < 0)
        return cmd_fail (c, "%s: %s", p.path, strerror (errno));
    fflush (NULL);
    if ((pid = fork ()) == 0)
        _exit (exec_command (c, p.uri));
    int rc = pid < 0 ? cmd_fail (c, "%s", strerror (errno)) : serve_while (&p, pid);
    unlink (p.path);
    rmdir (p.dir);
    free (p.host);
    free (p.remote_path);
    return rc;
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
    if (strncmp (uri, "ssh://", 6) == 0)
        return run_remote (c, uri);
    flux_t *h = cmd_open_uri (uri, &error);
    if (!h)
        return cmd_fail (c, "%s: %s", uri, error.text);
    flux_close (h);
    fflush (NULL);
    return exec_command (c, uri);
}

static const struct cmd_opt opts[] = {
    {.key = 'n', .name = "nohup", .help = "Has no effect: hangups go to the command"},
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

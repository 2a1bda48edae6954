/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* ssh://[user@]host[:port]/path runs `flux relay /path` there, which passes bytes, the greeting
 * first, between the broker's socket and its own stdin and stdout.
 *
 * FLUX_SSH names another ssh program, FLUX_SSH_RCMD another flux on the far side. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/client/handle_private.h"
#include "lib/util/errprintf.h"

struct target {
    char *text; // the others point into it
    const char *host;
    const char *port; // or NULL
    const char *path; // without the slash that follows the host
};

static int fail_uri (const char *path, flux_error_t *errp)
{
    errno = EINVAL;
    return errprintf (errp, "ssh://%s: expected ssh://[user@]host[:port]/path", path);
}

/* What reaches a shell on the far side has no characters that mean something to one, and a host
 * does not look like an option of ssh. */
static bool is_plain (const char *s)
{
    static const char ok[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             "_-./@:,+%=[]";

    return *s && *s != '-' && s[strspn (s, ok)] == '\0';
}

static int parse (const char *path, struct target *t, flux_error_t *errp)
{
    char *slash, *colon;

    if (!(t->text = strdup (path)))
        return -1;
    if (!(slash = strchr (t->text, '/')))
        return fail_uri (path, errp);
    *slash = '\0';
    t->host = t->text;
    t->path = slash + 1;
    if ((colon = strrchr (t->text, ':')) && !strchr (colon, ']')) {
        *colon = '\0';
        t->port = colon + 1;
    }
    if (!is_plain (t->host) || !is_plain (t->path) || (t->port && !is_plain (t->port)))
        return fail_uri (path, errp);
    return 0;
}

static void exec_ssh (const struct target *t, int fd)
{
    const char *ssh = getenv ("FLUX_SSH");
    const char *flux = getenv ("FLUX_SSH_RCMD");
    char remote[1024];
    const char *argv[8];
    int n = 0;

    snprintf (remote, sizeof (remote), "/%s", t->path);
    argv[n++] = ssh ? ssh : "ssh";
    if (t->port) {
        argv[n++] = "-p";
        argv[n++] = t->port;
    }
    argv[n++] = t->host;
    argv[n++] = flux ? flux : "flux";
    argv[n++] = "relay";
    argv[n++] = remote;
    argv[n] = NULL;
    if (dup2 (fd, STDIN_FILENO) >= 0 && dup2 (fd, STDOUT_FILENO) >= 0)
        execvp (argv[0], (char **)argv);
    _exit (127);
}

static void reap (void *arg)
{
    pid_t pid = (pid_t)(intptr_t)arg;

    waitpid (pid, NULL, 0); // it ends, since our end of the socket is closed first
}

static flux_t *start (const struct target *t, int flags, flux_error_t *errp)
{
    int fd[2];
    flux_t *h = NULL;

    if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
        return NULL;
    pid_t pid = fork ();
    if (pid == 0)
        exec_ssh (t, fd[1]);
    close (fd[1]);
    if (pid > 0 && stream_read_greeting (fd[0]) == 0 && (h = stream_handle_create (fd[0], flags)))
        handle_on_closed (h, reap, (void *)(intptr_t)pid);
    if (!h) {
        errprintf (errp, "ssh to %s: %s", t->host, strerror (errno));
        int saved_errno = errno;
        close (fd[0]);
        if (pid > 0)
            reap ((void *)(intptr_t)pid);
        errno = saved_errno;
    }
    return h;
}

flux_t *ssh_open (const char *path, int flags, flux_error_t *errp)
{
    struct target t = {0};
    flux_t *h = NULL;

    if (parse (path, &t, errp) == 0)
        h = start (&t, flags, errp);
    free (t.text);
    return h;
}

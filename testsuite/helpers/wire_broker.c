/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Plays a broker for tests of the SPANK plugin and the wire-up alone: every rank tells rank 0 its
 * record over TCP, rank 0 runs the initial program, the others stay until rank 0 is gone. What goes
 * wrong is chosen with $WIRE_BROKER: "RANK:die", "RANK:abort", "RANK:hang". */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/bootstrap/bootstrap.h"
#include "lib/bootstrap/wireup.h"
#include "lib/util/monotime.h"

static int listen_on (const char *address, char *uri, size_t size)
{
    struct sockaddr_in sin = {.sin_family = AF_INET};
    socklen_t len = sizeof (sin);
    int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    inet_pton (AF_INET, address ? address : "127.0.0.1", &sin.sin_addr);
    if (fd < 0 || bind (fd, (struct sockaddr *)&sin, sizeof (sin)) < 0 || listen (fd, 128) < 0 ||
        getsockname (fd, (struct sockaddr *)&sin, &len) < 0)
        return -1;
    snprintf (uri, size, "tcp://%s:%d", address ? address : "127.0.0.1", ntohs (sin.sin_port));
    return fd;
}

static void misbehave (struct bootstrap *b)
{
    const char *how = getenv ("WIRE_BROKER");
    char *end;

    if (!how || strtoul (how, &end, 10) != bootstrap_get_info (b)->rank)
        return;
    if (strcmp (end, ":die") == 0)
        _exit (9);
    if (strcmp (end, ":hang") == 0)
        pause ();
    if (strcmp (end, ":abort") == 0) {
        bootstrap_abort (b, "no memory for the test");
        _exit (9);
    }
}

static int leaf (const struct bootstrap_info *info)
{
    char host[64];
    unsigned port;
    char c;
    int fd;

    if (sscanf (info->parent_uri, "tcp://%63[^:]:%u", host, &port) != 2 ||
        (fd = wireup_connect (host, port, monotime_now () + 10, NULL)) < 0)
        return 1;
    dprintf (fd, "%u %s %s %s\n", info->rank, info->hostname, info->hostlist, info->instance);
    while (recv (fd, &c, 1, 0) < 0 && (errno == EINTR || errno == EAGAIN))
        usleep (10000);
    return 0;
}

static volatile pid_t program;

static void forward (int sig)
{
    kill (program, sig);
}

/* rank 0: hear all, run the program, end as it did */
static int root (const struct bootstrap_info *info, int fd, char **argv)
{
    char *shell[] = {getenv ("SHELL"), NULL};
    int status;
    pid_t pid;

    for (uint32_t i = 1; i < info->size; i++) {
        char line[1024] = "";
        int c = accept4 (fd, NULL, NULL, SOCK_CLOEXEC); // stays open: its end is our end
        ssize_t n = read (c, line, sizeof (line) - 1);

        if (n > 0 && getenv ("WIRE_BROKER_VERBOSE"))
            fprintf (stderr, "broker %s", line);
    }
    if (getenv ("WIRE_BROKER_VERBOSE")) {
        for (const struct bootstrap_attr *a = info->attrs; a->name; a++)
            fprintf (stderr, "attr %s=%s\n", a->name, a->value);
        fprintf (stderr, "jobid %s\n", info->jobid);
    }
    bootstrap_scrub_environ ();
    if (!*argv)
        argv = shell;
    if ((pid = fork ()) == 0) {
        execvp (argv[0], argv);
        _exit (127);
    }
    /* The program is another process of the step's: not all signals reach it by themselves. */
    program = pid;
    for (size_t i = 0; i < 3; i++)
        signal ((int[]){SIGTERM, SIGUSR1, SIGINT}[i], forward);
    while (waitpid (pid, &status, 0) < 0)
        ;
    if (WIFSIGNALED (status)) {
        const struct rlimit none = {0};
        setrlimit (RLIMIT_CORE, &none);
        signal (WTERMSIG (status), SIG_DFL);
        raise (WTERMSIG (status));
    }
    return WEXITSTATUS (status);
}

int main (int argc, char *argv[])
{
    flux_error_t e;
    struct bootstrap *b = bootstrap_begin (&e);
    const struct bootstrap_info *info;
    char uri[128];
    int fd;

    if (!b) {
        fprintf (stderr, "wire_broker: %s\n", e.text);
        return 1;
    }
    info = bootstrap_get_info (b);
    misbehave (b);
    if ((fd = listen_on (info->address, uri, sizeof (uri))) < 0)
        return 1;
    if (bootstrap_finish (b, uri, "key", info->rank == 0 ? BOOTSTRAP_NO_PARENT : 0, &e) < 0)
        return 1;
    argv += argc > 1 && strcmp (argv[1], "--") == 0 ? 2 : 1;
    return info->rank == 0 ? root (info, fd, argv) : leaf (info);
}

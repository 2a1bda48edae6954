/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A module runs in a thread of the broker, or in a process of its own. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/util/errprintf.h"
#include "lib/util/peers.h"
#include "lib/util/spawn.h"
#include "shell/service/module/module_private.h"

static void *thread_main (void *arg)
{
    struct module *m = arg; // of which only what never changes is touched here
    int fd = m->thread_fd;
    mod_main_f main = m->dso.main;
    char uri[32];
    flux_t *h;

    snprintf (uri, sizeof (uri), "fd://%d", fd);
    if (!(h = flux_open (uri, 0))) {
        close (fd);
        return NULL;
    }
    modrun (h, main, 0);
    flux_close (h);
    return NULL;
}

/* Signals are for the broker's own thread. */
int module_start_thread (struct module *m, flux_error_t *errp)
{
    sigset_t all, old;
    int rc;

    m->thread_fd = m->fd;
    sigfillset (&all);
    pthread_sigmask (SIG_SETMASK, &all, &old);
    rc = pthread_create (&m->thread, NULL, thread_main, m);
    pthread_sigmask (SIG_SETMASK, &old, NULL);
    if (rc != 0) {
        errno = rc;
        return errprintf (errp, "thread: %s", strerror (rc));
    }
    m->has_thread = true;
    m->fd = -1;
    return 0;
}

static void child_cb (struct ev_loop *loop, ev_child *w, int revents)
{
    struct module *m = w->data;

    ev_child_stop (loop, w);
    m->pid = 0;
    if (WIFSIGNALED (w->rstatus)) {
        m->errnum = ECONNRESET;
        snprintf (m->errtext, sizeof (m->errtext), "its process was killed by signal %d",
                  WTERMSIG (w->rstatus));
    }
    router_at_turn_end (m->rt, module_end_cb, m);
}

static void pass_fd (void *arg)
{
    struct module *m = arg;
    char uri[32];
    int fd = dup (m->fd); // without close-on-exec

    snprintf (uri, sizeof (uri), "fd://%d", fd);
    setenv ("FLUX_MODULE_URI", uri, 1);
}

int module_start_process (struct module *m, const char *loader, flux_error_t *errp)
{
    char *program = loader ? strdup (loader) : peer_find ("flux-module-exec", "service/module");
    char *argv[] = {program, m->path, NULL};
    struct spawn_spec spec = {
        .argv = argv, .fds = {-1, -1, -1}, .pdeathsig = SIGTERM, .setup = pass_fd, .arg = m};
    pid_t pid;

    if (!program)
        return errprintf (errp, "flux-module-exec was not found");
    pid = spawn_program (&spec, errp);
    free (program);
    if (pid < 0)
        return -1;
    m->pid = pid;
    ev_child_init (&m->child, child_cb, pid, 0);
    m->child.data = m;
    ev_child_start (router_loop (m->rt), &m->child);
    close (m->fd);
    m->fd = -1;
    return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Signals to the job shell, and from it to its tasks. */

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <unistd.h>

#include "lib/shell/proctree.h"
#include "lib/shell/shell.h"
#include "lib/util/monotime.h"

#define WARN_TIMELEFT 60. // seconds before the job's end, when the option does not say
#define WARN_SIGNUM SIGUSR1

void shell_signals (sigset_t *set)
{
    sigemptyset (set);
    sigaddset (set, SIGCHLD);
    sigaddset (set, SIGINT);
    sigaddset (set, SIGTERM);
    sigaddset (set, SIGALRM);
    sigaddset (set, SHELL_SIGNAL_TASKS);
}

void shell_kill_tasks (struct shell *sh, int signum)
{
    sh->sent_kill |= signum == SIGKILL;
    for (int i = 0; i < sh->info->nlocal; i++) {
        pid_t pid = sh->tasks[i].pid;
        if (pid <= 0 || sh->tasks[i].held)
            continue;
        if (!sh->own_group || kill (-pid, signum) < 0)
            kill (pid, signum);
    }
}

/* The end: of all processes of the job here, and of waiting for other nodes, which may be dead. */
static void kill_all (struct shell *sh)
{
    sh->killed = true;
    if (sh->status == 0) // none of the tasks may have been started yet
        sh->status = (128 + SIGKILL) << 8;
    shell_kill_tasks (sh, SIGKILL);
    proctree_kill (NULL, NULL);
    shell_check_ended (sh);
}

static void handle (struct shell *sh, const struct signalfd_siginfo *si)
{
    if (si->ssi_signo == SIGCHLD)
        shell_reap (sh);
    else if (si->ssi_signo == (uint32_t)SHELL_SIGNAL_TASKS && si->ssi_int == SIGKILL)
        kill_all (sh);
    else if (si->ssi_signo == (uint32_t)SHELL_SIGNAL_TASKS)
        shell_kill_tasks (sh, si->ssi_int);
    else
        shell_kill_tasks (sh, si->ssi_signo);
}

static void signals_cb (struct ev_loop *loop, ev_io *w, int revents)
{
    struct signalfd_siginfo si[4];
    ssize_t n = read (w->fd, si, sizeof (si));

    for (ssize_t i = 0; i < n / (ssize_t)sizeof (si[0]); i++)
        handle (w->data, &si[i]);
}

static void warn_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct shell *sh = w->data;
    const char *name = sigabbrev_np (sh->warn_signum);

    if (sh->info->shell_rank == 0)
        output_log (sh->output, LOG_NOTICE, "signal: the job expires in %.1fs, its tasks get SIG%s",
                    sh->info->expiration - walltime_now (), name ? name : "?");
    shell_kill_tasks (sh, sh->warn_signum);
}

/* Option "signal": {"signum":int, "timeleft":duration}, or just true. */
static void start_warning (struct shell *sh)
{
    json_t *o = shell_info_option (sh->info, "signal");
    double timeleft = WARN_TIMELEFT;

    if (!o || sh->info->expiration <= 0. || !shell_info_flag (sh->info, "signal"))
        return;
    sh->warn_signum = WARN_SIGNUM;
    json_unpack (o, "{s?i}", "signum", &sh->warn_signum);
    shell_info_duration (sh->info, "signal.timeleft", &timeleft);
    double delay = sh->info->expiration - timeleft - walltime_now ();
    if (delay <= 0. || sh->warn_signum <= 0)
        return;
    ev_timer_set (&sh->signal_timer, delay, 0.);
    ev_timer_start (sh->loop, &sh->signal_timer);
}

int shell_signals_start (struct shell *sh)
{
    ev_io_init (&sh->signals, signals_cb, sh->start->sigfd, EV_READ);
    sh->signals.data = sh;
    ev_io_start (sh->loop, &sh->signals);
    ev_init (&sh->signal_timer, warn_cb);
    sh->signal_timer.data = sh;
    start_warning (sh);
    return 0;
}

void shell_signals_stop (struct shell *sh)
{
    ev_io_stop (sh->loop, &sh->signals);
    ev_timer_stop (sh->loop, &sh->signal_timer);
}

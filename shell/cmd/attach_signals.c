/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Signals of flux job attach: ctrl-C, ctrl-Z, and those that go on to the job. */

#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/monotime.h"
#include "shell/cmd/attach_private.h"

/* ctrl-C twice within this time cancels, ctrl-C ctrl-Z detaches. */
#define INTERRUPT_SECONDS 2.0

static const int forwarded[] = {SIGTERM, SIGHUP, SIGALRM, SIGUSR1, SIGUSR2};

static void on_interrupt (struct attach *a)
{
    double now = monotime_now ();

    attach_status_clear (a);
    if (a->t_interrupt > 0 && now - a->t_interrupt <= INTERRUPT_SECONDS) {
        attach_answer_later (a, flux_job_cancel (a->h, a->id, "interrupted by ctrl-C"));
        return;
    }
    a->t_interrupt = now;
    flux_watcher_start (a->signals[1]);
    fprintf (stderr, "flux-job: one more ctrl-C within 2s to cancel or ctrl-Z to detach\n");
}

static void on_suspend (struct attach *a)
{
    if (monotime_now () - a->t_interrupt > INTERRUPT_SECONDS) {
        flux_watcher_stop (a->signals[1]);
        fprintf (stderr, "flux-job: one more ctrl-Z to suspend\n");
        return;
    }
    fprintf (stderr, "flux-job: detaching...\n");
    a->done = true;
    flux_reactor_stop (flux_get_reactor (a->h));
}

static void on_signal (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    struct attach *a = arg;
    int signum = flux_signal_watcher_get_signum (w);

    if (signum == SIGINT)
        on_interrupt (a);
    else if (signum == SIGTSTP)
        on_suspend (a);
    else
        attach_answer_later (a, flux_job_kill (a->h, a->id, signum));
}

void attach_watch_signals (struct attach *a)
{
    flux_reactor_t *r = flux_get_reactor (a->h);

    a->signals[0] = flux_signal_watcher_create (r, SIGINT, on_signal, a);
    a->signals[1] = flux_signal_watcher_create (r, SIGTSTP, on_signal, a);
    for (int i = 2; i < ATTACH_NSIGNALS; i++)
        a->signals[i] = flux_signal_watcher_create (r, forwarded[i - 2], on_signal, a);
    for (int i = 0; i < ATTACH_NSIGNALS; i++) {
        if (!a->signals[i])
            cmd_die (a->c, "cannot watch signals: %s", strerror (errno));
        if (i != 1)
            flux_watcher_start (a->signals[i]);
    }
}

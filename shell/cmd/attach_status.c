/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The line of flux job attach that says why the job does not run yet. */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/util/monotime.h"
#include "shell/cmd/attach_private.h"

void attach_status_clear (struct attach *a)
{
    if (a->status_shown)
        fputs (isatty (STDERR_FILENO) ? "\r\033[K" : "\n", stderr);
    a->status_shown = false;
}

static void status_show (struct attach *a)
{
    struct winsize ws;
    int t = (int)(walltime_now () - jobstream_t0 (a->js));
    int width = ioctl (STDERR_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0 ? ws.ws_col : 80;

    if (jobstream_t0 (a->js) == 0 || !a->status || a->running)
        return;
    width -= 20 + strlen (a->idtext);
    fprintf (stderr, "\rflux-job: %s %-*s %02d:%02d:%02d\r", a->idtext, width > 0 ? width : 0,
             a->status, t / 3600, t / 60 % 60, t % 60);
    a->status_shown = true;
}

static void on_tick (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    status_show (arg);
}

void attach_status_event (struct attach *a, const char *name)
{
    static const char *const table[][2] = {
        {"submit", "submitted"},
        {"validate", "resolving dependencies"},
        {"depend", "waiting for priority assignment"},
        {"priority", "waiting for resources"},
        {"alloc", "starting"},
        {"prolog-start", "waiting for prolog"},
        {"prolog-finish", "starting"},
        {"start", "started"},
    };

    for (size_t i = 0; i < sizeof (table) / sizeof (table[0]); i++) {
        if (strcmp (table[i][0], name) != 0)
            continue;
        a->status = table[i][1];
        if (a->opts->show_status) // each of them, however short it was
            status_show (a);
    }
}

void attach_watch_status (struct attach *a)
{
    bool tty = isatty (STDIN_FILENO) && isatty (STDOUT_FILENO) && isatty (STDERR_FILENO);

    if (getenv ("FLUX_ATTACH_NONINTERACTIVE"))
        return;
    if (!a->opts->show_status && (!tty || a->opts->show_events))
        return;
    a->tick = flux_timer_watcher_create (flux_get_reactor (a->h), a->opts->show_status ? 0. : 2.,
                                         1., on_tick, a);
    if (a->tick)
        flux_watcher_start (a->tick);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "lib/util/monotime.h"
#include "shell/cmd/fmt.h"
#include "shell/cmd/progress.h"
#include "shell/cmd/term.h"

#define DRAW_INTERVAL 0.05

static void right_side (const struct progress *p, double now, char *buf, size_t size)
{
    double t = now - p->t0, percent = p->total > 0 ? 100. * p->ended / p->total : 0;
    int s = (int)t;

    if (p->jps)
        snprintf (buf, size, "%5.1f%% %4.1f job/s", percent, t > 0 ? p->ended / t : 0);
    else
        snprintf (buf, size, "%5.1f%% %d:%02d:%02d", percent, s / 3600, s / 60 % 60, s % 60);
}

void progress_line (const struct progress *p, double now, int width, char *buf, size_t size)
{
    char left[128], right[64], bar[3 * 256 + 1];
    const char *full = term_utf8 () ? "█" : "#", *empty = term_utf8 () ? "░" : "-";
    size_t n = 0;

    if (p->submitting)
        snprintf (left, sizeof (left), "Submitting %d jobs: ", p->total);
    else
        snprintf (left, sizeof (left), "PD:%-3d R:%-3d CD:%-3d F:%-3d ", p->pending, p->running,
                  p->complete, p->failed);
    right_side (p, now, right, sizeof (right));
    int room = width - (int)strlen (left) - (int)strlen (right) - 3;
    if (room > 255)
        room = 255;
    int filled = p->total > 0 && room > 0 ? (int)((long)room * p->ended / p->total) : 0;
    for (int i = 0; i < room; i++) {
        const char *s = i < filled ? full : empty;
        memcpy (bar + n, s, strlen (s));
        n += strlen (s);
    }
    bar[n] = '\0';
    if (room > 0)
        snprintf (buf, size, "%s|%s|%s", left, bar, right);
    else
        snprintf (buf, size, "%s%s", left, right);
}

void progress_draw (struct progress *p, bool force)
{
    char line[1024];
    double now = monotime_now ();
    int width = fmt_terminal_width ();

    if (!force && p->shown && now - p->drawn < DRAW_INTERVAL)
        return;
    progress_line (p, now, width > 0 ? width : 80, line, sizeof (line));
    printf ("\r%s\033[K", line);
    fflush (stdout);
    p->shown = true;
    p->drawn = now;
}

void progress_hide (struct progress *p)
{
    if (p->shown)
        printf ("\r\033[K");
    p->shown = false;
}

void progress_end (struct progress *p)
{
    progress_draw (p, true);
    printf ("\n");
    fflush (stdout);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A bar on the last line of the terminal: numbers of jobs by status, percent, time or jobs/s. */

#ifndef FLUX_CMD_PROGRESS_H
#define FLUX_CMD_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct progress {
    int total, ended;
    int pending, running, complete, failed;
    bool jps;        // jobs per second rather than the time
    bool submitting; // only the submission is watched
    double t0;       // monotonic
    double drawn;    // when last
    bool shown;
};

/* The line for `width` columns into buf. */
void progress_line (const struct progress *p, double now, int width, char *buf, size_t size);

/* Draw, at most 20 times a second unless forced. */
void progress_draw (struct progress *p, bool force);

/* Take the line away before something else is printed; progress_draw() brings it back. */
void progress_hide (struct progress *p);

/* The last drawing, and a newline. */
void progress_end (struct progress *p);

#endif /* !FLUX_CMD_PROGRESS_H */

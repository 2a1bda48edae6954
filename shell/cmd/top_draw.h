/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The picture that `flux top` shows of an instance, as lines of text. */

#ifndef FLUX_CMD_TOP_DRAW_H
#define FLUX_CMD_TOP_DRAW_H

#include <jansson.h>
#include <stdbool.h>

#include "lib/util/buf.h"
#include "shell/cmd/jobinfo.h"
#include "shell/cmd/joblist.h"

struct top_view {
    const char *title; // path of job ids, or host
    const char *queue; // NULL: all
    char owner[32];
    double uptime;   // seconds; < 0: not known
    double timeleft; // seconds; < 0: no limit
    json_t *counts;  // of rstates_counts(), may be NULL
    struct joblist_stats stats;
    json_t *jobs; // array, running before pending
    bool details; // show failed and successful jobs apart
    int selected; // index of a job, -1: none
    bool color;
    const char *message; // last line, or NULL
};

/* The frame, each line ending in "\033[K\n" for a terminal, else "\n"; never more than rows. */
void top_draw (struct buf *b, const struct top_view *v, struct jobinfo *ji, int rows, int columns,
               bool terminal);

#endif /* !FLUX_CMD_TOP_DRAW_H */

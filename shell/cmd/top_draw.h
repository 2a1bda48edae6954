/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The picture that `flux top` shows, for a screen or for paper. */

#ifndef FLUX_CMD_TOP_DRAW_H
#define FLUX_CMD_TOP_DRAW_H

#include "shell/cmd/top_model.h"

enum top_style {
    TOP_PLAIN,
    TOP_TITLE,
    TOP_USED,
    TOP_DOWN,
    TOP_GOOD,
    TOP_BAD,
    TOP_HEADING,
    TOP_INSTANCE,
    TOP_SELECTED,
    TOP_STYLES,
};

/* Puts a text, which fits into the columns, somewhere. */
struct top_pen {
    int rows, columns;
    void (*put) (void *arg, int row, int column, const char *text, enum top_style style);
    void *arg;
};

void top_draw (const struct top_pen *pen, struct top *t);

#endif /* !FLUX_CMD_TOP_DRAW_H */

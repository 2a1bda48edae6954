/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the user's terminal can show. */

#ifndef FLUX_CMD_TERM_H
#define FLUX_CMD_TERM_H

#include <stdbool.h>

#include "shell/cmd/cmd.h"

/* The locale says UTF-8. main() has called setlocale(). */
bool term_utf8 (void);

/* An option --color[=WHEN] of the verb, together with NO_COLOR and whether standard output is a
 * terminal. Ends the program when WHEN is not one of auto, always, never. */
bool term_color (const struct cmd *c);

#define TERM_COLOR_HELP "Use color: auto (the default), always or never"
#define TERM_COLOR_L_OPT                                                                           \
    {                                                                                              \
        .key = 'L', .name = "color", .arg = "WHEN", .help = TERM_COLOR_HELP,                       \
        .flags = CMD_OPT_OPTARG | CMD_OPT_NEXT                                                     \
    }

#define TERM_COLOR_OPT                                                                             \
    {                                                                                              \
        .name = "color", .arg = "WHEN", .flags = CMD_OPT_OPTARG | CMD_OPT_NEXT,                    \
        .help = TERM_COLOR_HELP                                                                    \
    }

#endif /* !FLUX_CMD_TERM_H */

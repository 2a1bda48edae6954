/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "lib/job/logtext.h"

void logtext_message (struct buf *b, const json_t *context, bool verbose)
{
    static const char *const levels[] = {"FATAL", "FATAL", "FATAL", "ERROR",
                                         " WARN", NULL,    "DEBUG", "TRACE"};
    const char *message = "", *component = NULL, *file = NULL;
    int rank = -1, level = 5, line = -1;

    json_unpack ((json_t *)context, "{s?i s?i s?s s?s s?s s?i}", "rank", &rank, "level", &level,
                 "message", &message, "component", &component, "file", &file, "line", &line);
    buf_printf (b, "flux-shell");
    if (rank >= 0)
        buf_printf (b, "[%d]", rank);
    if (level >= 0 && level < 8 && levels[level])
        buf_printf (b, ": %s", levels[level]);
    if (component)
        buf_printf (b, ": %s", component);
    if (verbose && file)
        buf_printf (b, ": %s:%d", file, line);
    buf_printf (b, ": %s\n", message);
}

void logtext_append (struct buf *b, double t, const json_t *context, bool verbose)
{
    buf_printf (b, "%.3fs: ", t);
    logtext_message (b, context, verbose);
}

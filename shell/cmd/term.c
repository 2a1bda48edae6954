/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/cmd/term.h"

bool term_utf8 (void)
{
    return strcmp (nl_langinfo (CODESET), "UTF-8") == 0;
}

bool term_color (const struct cmd *c)
{
    const char *no = getenv ("NO_COLOR");
    const char *when = cmd_str (c, "color", cmd_has (c, "color") ? "always" : "default");

    if (strcmp (when, "always") == 0)
        return true;
    if (strcmp (when, "never") == 0)
        return false;
    if (strcmp (when, "auto") == 0)
        return isatty (STDOUT_FILENO);
    if (strcmp (when, "default") != 0)
        cmd_die_usage (c, "--color=%s: not one of auto, always, never", when);
    return !(no && *no) && isatty (STDOUT_FILENO);
}

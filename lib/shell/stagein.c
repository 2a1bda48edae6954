/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/shell/helper.h"
#include "lib/shell/stagein.h"
#include "lib/util/errprintf.h"
#include "lib/util/peers.h"

static const char *string_option (const struct shell_info *info, const char *path, const char *dflt)
{
    const char *s = json_string_value (shell_info_option (info, path));

    return s ? s : dflt;
}

/* "DIR", "local:DIR", "global:DIR": the first node alone puts files into what all share. */
static const char *destination (const struct shell_info *info, const char *tmpdir, bool *mine)
{
    const char *s = string_option (info, "stage-in.destination", NULL);

    *mine = true;
    if (!s)
        return tmpdir;
    if (strncmp (s, "global:", 7) == 0) {
        *mine = info->shell_rank == 0;
        return s + 7;
    }
    return strncmp (s, "local:", 6) == 0 ? s + 6 : s;
}

static int extract (const struct shell_info *info, const char *flux, const char *name,
                    const char *dir, char *const *envv, flux_error_t *errp)
{
    const char *pattern = string_option (info, "stage-in.pattern", NULL);
    const char *argv[] = {flux, "archive", "extract", "--waitcreate=10s", "-n", name, "-C", dir,
                          "--", pattern,   NULL};

    return helper_run ("stage-in", (char *const *)argv, envv, errp);
}

int stagein_run (const struct shell_info *info, const char *tmpdir, char *const *envv,
                 flux_error_t *errp)
{
    json_t *option = shell_info_option (info, "stage-in");
    bool mine;

    if (!option || json_is_false (option) ||
        (json_is_integer (option) && json_integer_value (option) == 0))
        return 0;
    const char *dir = destination (info, tmpdir, &mine);
    if (!mine)
        return 0;
    if (!dir) {
        errno = ENOENT;
        return errprintf (errp, "stage-in: the job has no folder");
    }
    char *flux = peer_find ("flux", "cmd"), *save = NULL;
    char *names = strdup (string_option (info, "stage-in.names", "main"));
    int rc = names ? 0 : -1;
    for (char *name = names ? strtok_r (names, ",", &save) : NULL; rc == 0 && name;
         name = strtok_r (NULL, ",", &save))
        rc = extract (info, flux ? flux : FLUX_BINDIR "/flux", name, dir, envv, errp);
    free (names);
    free (flux);
    return rc;
}

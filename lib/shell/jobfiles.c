/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "lib/archive/extract.h"
#include "lib/shell/jobfiles.h"

int jobfiles_extract (json_t *files, const char *dir, flux_error_t *errp)
{
    static const struct archive_extract x = {.what = "file of the jobspec"};

    return archive_extract (&x, files, dir, errp);
}

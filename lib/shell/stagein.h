/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Option stage-in: files of archives in the instance (flux-archive(1)) are put into the job's
 * folder, or another one, before its tasks start. `flux archive extract` does it, in a process of
 * its own. */

#ifndef FLUX_SHELL_STAGEIN_H
#define FLUX_SHELL_STAGEIN_H

#include <flux/types.h>

#include "lib/shell/info.h"

/* Nothing is done without the option. envv is the environment of the tasks. -1 with a sentence. */
int stagein_run (const struct shell_info *info, const char *tmpdir, char *const *envv,
                 flux_error_t *errp);

#endif /* !FLUX_SHELL_STAGEIN_H */

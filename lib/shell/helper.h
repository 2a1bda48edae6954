/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_SHELL_HELPER_H
#define FLUX_SHELL_HELPER_H

#include <flux/types.h>

/* Run another program of the suite and wait for its end; what it writes to stderr last is the
 * sentence when it fails (exit code not 0), after `what`. envv NULL: this process's environment. */
int helper_run (const char *what, char *const *argv, char *const *envv, flux_error_t *errp);

#endif /* !FLUX_SHELL_HELPER_H */
